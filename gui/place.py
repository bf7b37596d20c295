"""Where the window stands: kept as plain numbers, and brought back onto a screen that is there.

A screen may be gone or smaller than last time; a window that nobody can reach is worse than one in
another place. `fitting` is pure. It refuses to know docks: `QMainWindow.saveState` does.
"""

from PySide6.QtCore import QRect
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from gui.kept import Kept

USUAL_PX = (1440, 900)
SMALLEST_PX = (640, 420)
FRAME_PX = 40
"""What a title bar needs above a window that has never been placed by hand."""
SEEN_PX = 80
"""So much of the window's top must lie on a screen, in both directions, to be taken hold of."""
Place = tuple[int, int, int, int]


def fitting(place: Place | None, screens: tuple[Place, ...]) -> Place:
    """A place (left, top, width, height) on one of the screens; the first one is the main one.

    Without a place, or without a screen where enough of it is seen: in the middle of the main one.
    """
    main = QRect(*screens[0])
    wanted = QRect(0, 0, *USUAL_PX) if place is None else QRect(*place)
    for area in (QRect(*screen) for screen in screens) if place is not None else ():
        found = _within(wanted, area, moves=False)
        top = QRect(found.left(), found.top(), found.width(), SEEN_PX).intersected(area)
        if top.width() >= SEEN_PX and top.height() >= SEEN_PX:
            return _place(found)
    room = main.adjusted(0, FRAME_PX, 0, 0)
    wanted.moveCenter(main.center())
    if not room.contains(wanted):
        wanted = _within(wanted, room, moves=True)
    return _place(wanted)


def _within(wanted: QRect, area: QRect, *, moves: bool) -> QRect:
    size = wanted.size().boundedTo(area.size())
    found = QRect(wanted.topLeft(), size)
    if moves:
        found.moveCenter(area.center())
    return found


def _place(rect: QRect) -> Place:
    return rect.left(), rect.top(), rect.width(), rect.height()


def place_of(window: QWidget) -> Place:
    """Where a window is, or would be if it were not maximized."""
    return _place(window.normalGeometry() if window.isMaximized() else window.geometry())


def restore(window: QWidget, kept: Kept) -> None:
    """Put a window where it was, or where it can be seen."""
    main = QGuiApplication.primaryScreen()
    others = [screen for screen in QGuiApplication.screens() if screen is not main]
    screens = tuple(_place(screen.availableGeometry()) for screen in (main, *others))
    window.setGeometry(*fitting(kept.place, screens))
