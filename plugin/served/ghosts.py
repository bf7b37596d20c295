"""The plan as a window shows it: notes that are going to sound, if nobody plays before.

It is told when something else is planned, not when time passes: a ghost whose moment has come is
the window's to drop. It refuses to take more time than there is between two notes.

Thread: one. Real-time: yes.
"""

from collections.abc import Callable

from engine.events import Note
from plugin.ensemble import Ensemble
from plugin.exchange import Exchange, Given
from plugin.served.messages import Ghost, Planned

EVERY_NS = 34_000_000
MOST = 192
"""Ghosts at once: more than a screen shows."""
ROOM_NS = 3_000_000
"""The next note is so far away, or the look waits."""
LATEST_NS = 150_000_000

_Sight = tuple[int, int, int, int, bool] | None


class Ghosts:
    """See the module. `tell` gives False for what was not taken; it is told again then."""

    def __init__(self, tell: Callable[[Planned], bool]) -> None:
        self._tell = tell
        self._told_ns = 0
        self._seen: _Sight = None
        self._given: Given | None = None

    def look(self, now_ns: int, band: Ensemble) -> None:
        """Tell the plan if it is another one."""
        if now_ns - self._told_ns < EVERY_NS:
            return
        turn = band.turn if band.turn is not None and not band.turn.answering else None
        sight = _sight(band, turn)
        given = turn.given if turn is not None and sight is not None else None
        if sight == self._seen and given is self._given:
            return
        due_ns = band.performer.next_due_ns()
        waits = due_ns is not None and due_ns - now_ns < ROOM_NS
        if waits and now_ns - self._told_ns < LATEST_NS:
            return
        self._told_ns = now_ns
        if self._tell(Planned(() if sight is None else _ghosts(band, turn))):
            self._seen, self._given = sight, given


def _sight(band: Ensemble, turn: Exchange | None) -> _Sight:
    """What tells one plan from another; None where nothing is planned."""
    planned = len(turn.plan) if turn is not None else 0
    if band.performer.holding or not (planned or band.agenda.busy):
        return None
    number = turn.number if turn is not None else 0
    return band.agenda.changes, band.grid.turns, number, planned, band.yields_ns is not None


def _ghosts(band: Ensemble, turn: Exchange | None) -> tuple[Ghost, ...]:
    grid, early_ns = band.grid, band.latency_ns
    since = grid.since_ns
    found = [
        Ghost(since(note.due_ns), since(note.end_ns), note.pitch, note.velocity)
        for note in band.performer.waiting[:MOST]
    ]
    coming: list[Note] = [*band.agenda.planned[:MOST], *(turn.plan[:MOST] if turn else ())]
    found += [
        Ghost(
            since(grid.ns(note.onset) - early_ns),
            since(grid.ns(note.end) - early_ns),
            note.pitch,
            note.velocity,
        )
        for note in coming
    ]
    return tuple(found[:MOST])
