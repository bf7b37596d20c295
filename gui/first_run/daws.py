"""What to choose in each DAW, taken from the pages in `plugin/daw`: five lines, and whether tried.

The pages are the one source. Names of ports that differ here (Windows, a chosen port) are put in
their place. It refuses Qt and to guess: a page without its lines is left out.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from plugin.commands.daw import FOLDER, SCRIPTS, pages

ORDER = ("ableton-live", "logic", "bitwig", "reaper", "ardour", "cubase", "fl-studio")
OWN_IN, OWN_OUT = "Antiphon In", "Antiphon Out"
_LINE = re.compile(r"^\d\. \*\*(?P<head>[^*]+)\*\*: (?P<says>.+)$")
_MARKS = re.compile(r"[`*]|\[([^\]]*)\]\([^)]*\)")
_HERE = (
    ("antiphon jam in a terminal", "Antiphon"),
    ("antiphon jam", "Antiphon"),
    ("partner channel 2 typed into the jam", "“Partner channel” 2 in the settings"),
)
"""What a page says for a terminal -> what it is in the window."""


@dataclass(frozen=True, slots=True)
class DawPage:
    """A page. lines: heading and text of each. script: where it is, None for none."""

    name: str
    title: str
    tried: bool
    lines: tuple[tuple[str, str], ...]
    script: Path | None


def read(found: dict[str, Path] | None = None) -> tuple[DawPage, ...]:
    """All pages in the order in which people ask for them."""
    made = [_page(name, path) for name, path in (found or pages()).items()]
    order = {name: at for at, name in enumerate(ORDER)}
    return tuple(
        sorted((page for page in made if page.lines), key=lambda page: order.get(page.name, 99))
    )


def _page(name: str, path: Path) -> DawPage:
    text = path.read_text(encoding="utf-8")
    script = FOLDER / SCRIPTS[name] if name in SCRIPTS else None
    return DawPage(
        name,
        text.partition("\n")[0].removeprefix("# ").strip(),
        "\n> **Not tried**" not in text,
        tuple(_lines(text.splitlines())),
        script,
    )


def _lines(text: Iterable[str]) -> Iterable[tuple[str, str]]:
    for line in text:
        if (match := _LINE.match(line)) is not None:
            yield match["head"], _MARKS.sub(lambda mark: mark[1] or "", match["says"])


def worded(says: str, hears: str, plays: str) -> str:
    """A line with the names that our ports have here, in quotes."""
    marked = says.replace(OWN_IN, "\0").replace(OWN_OUT, "\1")
    for typed, here in _HERE:
        marked = marked.replace(typed, here)
    named = marked.replace("\0", f"“{hears}”").replace("\1", f"“{plays}”")
    return named[:1].upper() + named[1:]
