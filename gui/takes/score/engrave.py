"""MusicXML to SVG by Verovio, an extra (LGPL-3); imported here, when a score is asked for.

Verovio puts an SVG within an SVG, which Qt silently draws as nothing: the inner one becomes a
group and the outer one gets its coordinates; words within words become plain lines of text. It
refuses to run in the GUI thread's time: call it in a worker.
"""

import importlib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from gui.takes.trouble import ScoreError

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_PLACE = ("x", "y", "text-anchor")
_TEXT_PX = "405px"
MISSING = (
    "The score needs Verovio: run  pip install 'antiphon[score]'  where Antiphon is installed, "
    "then start it again."
)
_OPTIONS = {
    "pageWidth": 2100,
    "pageHeight": 60000,
    "adjustPageHeight": True,
    "scale": 40,
    "footer": "none",
    "header": "auto",
    "breaks": "auto",
    "mnumInterval": 5,
    "svgViewBox": True,
}


def engrave(xml: str) -> str:
    """The score as one SVG that Qt draws. Raises ScoreError."""
    try:
        verovio: Any = importlib.import_module("verovio")
    except ImportError as error:
        raise ScoreError(MISSING) from error
    verovio.enableLog(verovio.LOG_OFF)
    # Verovio keeps this path for each thread, and a worker is none that it was imported in.
    verovio.setDefaultResourcePath(str(Path(verovio.__file__).parent / "data"))
    toolkit = verovio.toolkit()
    toolkit.setOptions(_OPTIONS)
    if not toolkit.loadData(xml):
        raise ScoreError("Verovio cannot engrave this take: export it for another program.")
    return flattened(toolkit.renderToSVG(1))


def flattened(svg: str) -> str:
    """An SVG that QtSvg draws: without an SVG in it, and with no text within text."""
    ET.register_namespace("", _SVG)
    ET.register_namespace("xlink", _XLINK)
    root = ET.fromstring(svg)
    for parent in root.iter():
        for number, inner in enumerate(list(parent)):
            if inner.tag == _tag("svg") and inner.get("viewBox"):
                inner.tag = _tag("g")
                box = inner.attrib.pop("viewBox")
                width, height = box.split()[2:]
                root.set("viewBox", box)
                root.set("width", width)
                root.set("height", height)
            elif inner.tag == _tag("text"):
                parent[number] = _plain_text(inner)
    return ET.tostring(root, encoding="unicode").replace("currentColor", "#000000")


def _plain_text(text: ET.Element) -> ET.Element:
    """One line of text, in the size of its first word and where that one stands."""
    where = {"x": "0", "y": "0"}
    size = ""
    words: list[str] = []

    def walk(element: ET.Element) -> None:
        nonlocal size
        if element.tag == _tag("title"):
            return
        if not words:
            where.update({key: element.attrib[key] for key in _PLACE if key in element.attrib})
        if element.text and element.text.strip():
            own = element.get("font-size", "")
            # A note value within a text comes from Verovio's own font, which Qt does not have.
            from_font = "font-family" in element.attrib
            words.append("♩" if from_font else element.text)
            if not from_font and not size:
                size = own
        for child in element:
            walk(child)

    walk(text)
    plain = ET.Element(_tag("text"), {**where, "font-size": size or _TEXT_PX})
    plain.set("font-family", "serif")
    plain.text = "".join(words)
    plain.tail = text.tail
    return plain


def _tag(name: str) -> str:
    return f"{{{_SVG}}}{name}"
