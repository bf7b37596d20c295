"""A session process that is none: what panels are tested with."""

from collections.abc import Callable

from PySide6.QtCore import QObject

from gui.bridge import Bridge
from plugin.served.messages import Asked, Open, Over, Told


class FakeLink:
    """Keeps what it is asked; `told` is the bridge's. As `plugin.served.client.SessionProcess`."""

    def __init__(self, told: Callable[[Told], None]) -> None:
        self.told = told
        self.asked: list[Asked] = []
        self.alive = True
        self.closed_after_s: float | None = None

    def send(self, asked: Asked) -> bool:
        self.asked.append(asked)
        return True

    def close(self, timeout_s: float) -> None:
        self.alive = False
        self.closed_after_s = timeout_s


class FakeBridge(Bridge):
    """The real bridge with a session that only listens.

    sent: what the window asked, without the first `Open`. `tell(message)` is the session's word, at
    once. `die(says)` ends the session as a crash would.
    """

    def __init__(self, opening: Open | None = None, parent: QObject | None = None) -> None:
        self.links: list[FakeLink] = []
        self.sent: list[Asked] = []
        super().__init__(self._begin_link, opening or Open(system="memory"), parent)

    def _begin_link(self, told: Callable[[Told], None], opening: Open) -> FakeLink:
        self.links.append(FakeLink(told))
        self.links[-1].send(opening)
        return self.links[-1]

    def send(self, asked: Asked) -> None:
        if self.alive:
            self.sent.append(asked)
        super().send(asked)

    def tell(self, *messages: Told) -> None:
        """The session says these, one after the other."""
        for message in messages:
            self._take(self._life, message)

    def die(self, says: str = "") -> None:
        """The session process ends by itself."""
        self.links[-1].alive = False
        self.tell(Over(says))
