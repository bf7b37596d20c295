"""Files that are dropped anywhere on the window: Personalise opens and looks at them.

What is no MIDI file is said there. A take that is dragged out of the window and let go over it is
left alone. It refuses to read a file.
"""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QWidget

TakeIn = Callable[[tuple[str, ...]], None]
_KINDS = (QEvent.Type.DragEnter, QEvent.Type.DragMove, QEvent.Type.Drop)


class Dropping(QObject):
    """To be made for a window. take_in: gets the paths of what was dropped; none is possible."""

    def __init__(self, window: QWidget, take_in: TakeIn) -> None:
        super().__init__(window)
        self._take_in = take_in
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Takes addresses of files from other programs."""
        if event.type() not in _KINDS or not isinstance(event, QDropEvent):
            return super().eventFilter(watched, event)
        if event.source() is not None or not event.mimeData().hasUrls():
            return False
        event.acceptProposedAction()
        if event.type() is QEvent.Type.Drop:
            urls = event.mimeData().urls()
            self._take_in(tuple(url.toLocalFile() for url in urls if url.isLocalFile()))
        return True
