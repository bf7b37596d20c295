"""Our own icons: outlines on a 24 x 24 field, in the folder `icons`, drawn in any colour.

Each file says `currentColor` where the colour goes. It refuses names that are no file.
"""

from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

FOLDER = Path(__file__).with_name("icons")
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.svg")))
"""Every icon there is."""
_SIDES_PX = (18, 36, 54)


@lru_cache(200)
def icon(name: str, colour: str, off: str, checked: str) -> QIcon:
    """An icon in a colour "#rrggbb", in `off` while disabled, in `checked` on a checked button.

    Raises KeyError for no icon.
    """
    made = QIcon()
    for side_px in _SIDES_PX:
        made.addPixmap(pixmap(name, colour, side_px), QIcon.Mode.Normal)
        made.addPixmap(pixmap(name, off, side_px), QIcon.Mode.Disabled)
        on = pixmap(name, checked, side_px)
        for mode in (QIcon.Mode.Normal, QIcon.Mode.Active):
            made.addPixmap(on, mode, QIcon.State.On)
    return made


def pixmap(name: str, colour: str, side_px: int) -> QPixmap:
    """An icon as a square of pixels on nothing. Raises KeyError for no icon."""
    drawing = _drawing(name, colour)
    drawn = QPixmap(QSize(side_px, side_px))
    drawn.fill(Qt.GlobalColor.transparent)
    # Ended whatever happens: Qt does not survive a picture that goes while it is painted.
    painter = QPainter(drawn)
    try:
        drawing.render(painter, QRectF(0, 0, side_px, side_px))
    finally:
        painter.end()
    return drawn


def draw(painter: QPainter, place: QRectF, name: str, colour: str) -> None:
    """Draw an icon into a place. Raises KeyError for no icon."""
    _drawing(name, colour).render(painter, place)


def _drawing(name: str, colour: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(_source(name).replace("currentColor", colour).encode()))


@lru_cache(len(NAMES))
def _source(name: str) -> str:
    if name not in NAMES:
        raise KeyError(f"There is no icon {name!r}; there are {', '.join(NAMES)}.")
    return (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
