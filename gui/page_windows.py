"""Pages beside the window: settings, ports, doctor and their like, one window for each.

A page is made when it is first asked for, is never modal, and closes with Esc; the music and the
main window go on. It refuses to know which pages there are.
"""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, QRect, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.place import FRAME_PX
from gui.theme.theme import Theme

SIZE = (760, 680)
"""Logical pixels; a page that needs less says so by `wants_px`."""


class _PageWindow(QWidget):
    """Closes with Esc, unless what has the keyboard wants it itself."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)


class PageWindows(QObject):
    """`open(name)` shows a page; it stays as it was when it is shown again."""

    def __init__(
        self, owner: QWidget, theme: Theme, pages: Mapping[str, Callable[[], QWidget]]
    ) -> None:
        super().__init__(owner)
        self._owner, self._theme, self._pages = owner, theme, dict(pages)
        self._open: dict[str, QWidget] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._pages

    def open(self, name: str) -> QWidget:
        """Show the page of this name, in front, with the keyboard. Raises KeyError."""
        window = self._open.get(name)
        if window is None:
            window = self._open[name] = self._make(self._pages[name]())
        window.show()
        window.raise_()
        window.activateWindow()
        return window

    @property
    def shown(self) -> tuple[QWidget, ...]:
        """Windows of the pages that are shown now."""
        return tuple(window for window in self._open.values() if window.isVisible())

    def close(self) -> None:
        """Close them all."""
        for window in self._open.values():
            window.close()

    def _make(self, page: QWidget) -> QWidget:
        window = _PageWindow(self._owner, Qt.WindowType.Window)
        title = page.windowTitle() or page.accessibleName()
        window.setWindowTitle(f"{title} — Antiphon")
        window.setAccessibleName(title)
        layout = QVBoxLayout(window)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(page)
        room = self._owner.screen().availableGeometry().adjusted(0, FRAME_PX, 0, 0)
        width, height = (self._theme.px(length) for length in getattr(page, "wants_px", SIZE))
        place = QRect(0, 0, min(width, room.width()), min(height, room.height()))
        place.moveCenter(self._owner.geometry().center())
        place.moveLeft(max(room.left(), min(place.left(), room.right() + 1 - place.width())))
        place.moveTop(max(room.top(), min(place.top(), room.bottom() + 1 - place.height())))
        window.setGeometry(place)
        return window
