"""Everything that the dock shows of sharing, read in one go: a value, made in a worker.

It refuses to change anything: looking writes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from federation.client.consent import ConsentText
    from federation.client.course import Course
    from federation.client.ledger import Entry
    from federation.client.material import Item
    from federation.client.outbox import Parcel
    from federation.client.preview import Preview
    from federation.client.sharing import Sharing
    from federation.client.status import SharingStatus

TAKE = "take "
"""How the origin of a piece begins that is one of the player's takes; its id follows."""


@dataclass(frozen=True, slots=True)
class Seen:
    """See the module. never: the switch in the settings. anything: whether anything is kept."""

    status: "SharingStatus"
    text: "ConsentText"
    items: "tuple[Item, ...]"
    preview: "Preview | None"
    waiting: "tuple[Parcel, ...]"
    log: "tuple[Entry, ...]"
    course: "Course"
    never: bool
    anything: bool
    now: datetime

    @property
    def takes(self) -> dict[str, str]:
        """The takes that may teach, id -> id of the piece."""
        return {
            item.origin.removeprefix(TAKE): item.id
            for item in self.items
            if item.origin.startswith(TAKE)
        }


def look(sharing: "Sharing", now: Callable[[], datetime]) -> Seen:
    """As it is now."""
    from federation.client import switches

    return Seen(
        sharing.status(),
        sharing.consent_text(),
        sharing.material(),
        sharing.preview(),
        tuple(sharing.waiting()),
        sharing.log(),
        sharing.course(),
        switches.settings(sharing.places).never,
        sharing.places.root.exists(),
        now(),
    )
