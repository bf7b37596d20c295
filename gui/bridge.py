"""The one door between the window and its session process: messages in and out, alive or not.

What the session tells arrives on a reader thread and leaves here as the signal `told`, in order, in
the GUI thread. A session that dies is noticed, said, and can be started again with the same ports.
It refuses to understand the messages: `gui.state` does.
"""

from collections.abc import Callable

import msgspec
from PySide6.QtCore import QObject, Qt, Signal, Slot

from gui import background
from gui.link import Link, StartLink
from plugin.protocol import EngineReady, UseProfile
from plugin.served.messages import Asked, Line, Open, Over, Told

CLOSE_TIMEOUT_S = 3.0
RESTARTS_IN_A_ROW = 3
"""A session that dies so often before its engine was ready is left to the player's own wish."""


class Bridge(QObject):
    """See the module. Thread: the GUI's, but for what the link calls."""

    told = Signal(object)
    """Every message of the session, in order."""
    alive_changed = Signal(bool, str)
    """Whether there is a session process, and a sentence where there is none."""
    _arrived = Signal(int, object)

    def __init__(
        self,
        start: StartLink,
        opening: Open,
        parent: QObject | None = None,
        overhears: Callable[[Told], None] = lambda message: None,
    ) -> None:
        """`start` is called at once, and again whenever the session is to be another.

        overhears: gets every message before anybody else does, in the link's thread; for what
        must not wait for a window that paints.
        """
        super().__init__(parent)
        self._start, self._opening, self._overhears = start, opening, overhears
        self._life = 0
        self._deaths = 0
        self._closed = False
        self._link: Link | None = None
        self._arrived.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self._begin()

    @property
    def alive(self) -> bool:
        """Whether there is a session process."""
        return self._link is not None and self._link.alive

    @property
    def opening(self) -> Open:
        """How the session was last asked to open; a restart opens the same."""
        return self._opening

    def send(self, asked: Asked) -> None:
        """Ask the session for something; nobody there, nothing happens."""
        if isinstance(asked, Open):
            self._opening = asked
        elif isinstance(asked, UseProfile) and asked.name is not None:
            self._opening = msgspec.structs.replace(self._opening, profile=asked.name)
        if self._link is not None and self._link.alive:
            self._link.send(asked)

    def line(self, text: str) -> None:
        """As if typed in a jam."""
        self.send(Line(text))

    def restart(self) -> None:
        """End the session process, if there is one, and start another with the same ports.

        Returns at once: the old one has three seconds to release its notes and write its takes.
        """
        self._deaths = 0
        link, self._link = self._link, None
        self._life += 1
        if link is None:
            self._begin_again(None)
            return
        self.alive_changed.emit(False, "")
        background.run(lambda: link.close(CLOSE_TIMEOUT_S), self._begin_again, owner=self)

    def close(self) -> None:
        """End everything: notes are released, the process is gone when this returns."""
        self._closed = True
        self._end()

    def _begin(self) -> None:
        self._life += 1
        life = self._life

        def tell(message: Told) -> None:
            self._overhears(message)
            self._arrived.emit(life, message)

        self._link = self._start(tell, self._opening)

    def _begin_again(self, _: object) -> None:
        if not self._closed and self._link is None:
            self._begin()
            self.alive_changed.emit(self.alive, "")

    def _end(self) -> None:
        link, self._link = self._link, None
        self._life += 1  # what it still tells is of the past
        if link is not None:
            link.close(CLOSE_TIMEOUT_S)

    @Slot(int, object)
    def _take(self, life: int, message: Told) -> None:
        if life != self._life:
            return
        if isinstance(message, EngineReady):
            self._deaths = 0
        self.told.emit(message)
        if isinstance(message, Over):
            self._gone(message.says)

    def _gone(self, says: str) -> None:
        """The process has ended by itself: say so, and start another."""
        if self._closed or self._link is None:
            return
        self._end()
        self._deaths += 1
        why = f" ({says.removesuffix('.')})" if says else ""
        if self._deaths > RESTARTS_IN_A_ROW:
            self.alive_changed.emit(
                False, f"The session ends again and again{why}: press Restart, or see the doctor."
            )
            return
        self.alive_changed.emit(False, f"The session ended{why}; it is started again.")
        self._begin_again(None)
