"""Which takes may teach the shared model: none, but for those that the player names one by one.

Used by the takes panel and by the dock. It refuses to import anything of sharing by itself: while
it is off, every take is private, and that is said without a look.

Thread: the GUI's.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from gui.sharing.desk import SharingDesk
from gui.sharing.seen import TAKE
from gui.sharing.words import in_window

if TYPE_CHECKING:
    from federation.client.sharing import Sharing

OFF = "Sharing is off, and every take is private: the Sharing dock says what it would be."
LOOKING = "Whether sharing is on is being looked at: a moment."


class Teaching(QObject):
    """See the module. `changed`: other takes may teach, or another reason stands against it."""

    changed = Signal()

    def __init__(self, desk: SharingDesk, library: Path, parent: QObject | None = None) -> None:
        """library: the file of takes."""
        super().__init__(parent)
        self._desk, self._library = desk, library
        desk.seen_changed.connect(self._told)

    @property
    def ids(self) -> frozenset[str]:
        """The takes that may teach."""
        return frozenset(self._desk.seen.takes) if self._desk.seen else frozenset()

    @property
    def reason(self) -> str:
        """Why no take can be let to teach now, "" where it can."""
        seen = self._desk.seen
        if seen is None:
            return LOOKING if self._desk.ever else OFF
        if seen.status.forbidden:
            return in_window(seen.status.forbidden)
        return OFF if seen.status.stage == "off" else ""

    def set_takes(self, take_ids: Sequence[str], *, teach: bool) -> None:
        """Let these takes teach, or make them private again."""
        library, ids = self._library, tuple(take_ids)
        known = dict(self._desk.seen.takes) if self._desk.seen else {}
        if not ids or self.reason:
            return

        def add(sharing: "Sharing") -> None:
            sharing.may_add()
            for take_id in ids:
                if take_id not in known:
                    _add(sharing, library, take_id)

        def remove(sharing: "Sharing") -> None:
            for take_id in ids:
                if take_id in known:
                    sharing.remove_material(known[take_id])

        self._desk.decide(add if teach else remove)

    @Slot(object)
    def _told(self, _seen: object) -> None:
        self.changed.emit()


def _add(sharing: "Sharing", library: Path, take_id: str) -> None:
    """Only the player's side of it. Raises SharingError."""
    from federation.client.trouble import SharingError
    from plugin.lessons import Lessons
    from plugin.takes import TakeError, TakeLibrary

    try:
        with TakeLibrary(library) as takes:
            take = takes.get(take_id)
            lessons = Lessons(takes)
            lessons.add([take_id])
    except TakeError as error:
        raise SharingError(str(error)) from error
    if not lessons.pieces:
        raise SharingError("Nothing of yours is in this take: choose another one.")
    for piece in lessons.pieces:
        sharing.add_material(take.name or take.title, piece, origin=f"{TAKE}{take_id}")
