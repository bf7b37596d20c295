"""Which takes can be learnt from, and which are meant by "all", "starred" or "last evening".

Plain values, no Qt. It refuses to read notes: `gui.personalise.counting` does.
"""

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from plugin.lessons import teaches
from plugin.takes import Take, TakeLibrary

EVENING_PAUSE_S = 4 * 3600.0
"""Takes that lie further apart are of two evenings."""


class Which(enum.StrEnum):
    """What a click chooses."""

    EVENING = "last evening"
    STARRED = "starred"
    ALL = "all"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class TakeRow:
    """A take as the checklist shows it. started: ISO 8601, UTC; notes: the player's."""

    id: str
    name: str
    started: str
    notes: int
    starred: bool


def read_takes(library: Path) -> tuple[TakeRow, ...]:
    """All takes that can teach something, the newest first. Raises TakeError."""
    with TakeLibrary(library) as takes:
        return learnable(takes.list_takes())


def learnable(takes: Iterable[Take]) -> tuple[TakeRow, ...]:
    """As the trainer takes them (`plugin.lessons.teaches`)."""
    return tuple(
        TakeRow(take.id, take.name, take.started, take.heard_notes, take.starred)
        for take in takes
        if teaches(take)
    )


def meant_by(which: Which, rows: Sequence[TakeRow]) -> frozenset[str]:
    """Ids of the takes that a word means."""
    match which:
        case Which.ALL:
            return frozenset(row.id for row in rows)
        case Which.STARRED:
            return frozenset(row.id for row in rows if row.starred)
        case Which.EVENING:
            return _last_evening(rows)
        case Which.NONE:
            return frozenset()


def _last_evening(rows: Sequence[TakeRow]) -> frozenset[str]:
    found: list[str] = []
    later: datetime | None = None
    for row in sorted(rows, key=lambda row: row.started, reverse=True):
        began = datetime.fromisoformat(row.started)
        if later is not None and (later - began).total_seconds() > EVENING_PAUSE_S:
            break
        found.append(row.id)
        later = began
    return frozenset(found)
