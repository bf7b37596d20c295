"""What is auditioned now, one for the whole window: a take, or an alternative, or nothing.

The session plays and says, by name, what is heard and when it is over; here stands which of our
wishes that was. It refuses to claim that something plays before the session has said so.
"""

from PySide6.QtCore import QObject, Signal, Slot

from gui.bridge import Bridge
from gui.state import JamState
from plugin.served.messages import Audition
from plugin.takes import Take


class Auditions(QObject):
    """See the module. `changed`: something else is heard now, or nothing."""

    changed = Signal()

    def __init__(self, state: JamState, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._asked: tuple[Audition, str] | None = None
        """What was wished last, and the name under which the session will tell of it."""
        self._now: Audition | None = None
        state.auditioning_changed.connect(self._told)

    @property
    def take_id(self) -> str:
        """The take that is heard, "" for none."""
        return self._now.take_id if self._now is not None else ""

    @property
    def alternative(self) -> int:
        """Number of the alternative that is heard, from 1; 0 for none."""
        return self._now.alternative if self._now is not None else 0

    def play_take(self, take: Take) -> None:
        """Play a take from its beginning."""
        self._ask(Audition(take_id=take.id), take.title)

    def play_alternative(self, number: int) -> None:
        """Play an alternative of the last phrase, from 1."""
        self._ask(Audition(alternative=number), f"alternative {number}")

    def toggle_take(self, take: Take) -> None:
        """Play it, or stop it if it is what plays."""
        if take.id == self.take_id:
            self.stop()
        else:
            self.play_take(take)

    def toggle_alternative(self, number: int) -> None:
        """Play it, or stop it if it is what plays."""
        if number == self.alternative:
            self.stop()
        else:
            self.play_alternative(number)

    def wishes_alternative(self, number: int) -> bool:
        """Whether this one is heard, or was asked for and is about to be."""
        asked = self._asked is not None and self._asked[0].alternative == number
        return asked or self.alternative == number

    def stop(self) -> None:
        """Stop whatever is auditioned; without anything: nothing."""
        if self._now is not None or self._asked is not None:
            self._asked = None
            self._bridge.send(Audition())

    def _ask(self, wish: Audition, name: str) -> None:
        self._asked = wish, name
        self._bridge.send(wish)

    @Slot(str)
    def _told(self, name: str) -> None:
        before = self._now
        # Somebody else's audition, of the Personalise dock, is none of ours.
        ours = self._asked is not None and name == self._asked[1]
        self._now = self._asked[0] if self._asked is not None and ours else None
        if name or not self._bridge.alive:
            self._asked = None
        if self._now != before:
            self.changed.emit()
