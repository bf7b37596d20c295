"""What the roll shows: the notes that sounded, and those that are planned.

A bounded store, pure and without Qt. A note begins, is open while it sounds, and ends once; the
notes of a stretch of time are found by binary search. Times are nanoseconds since the session
began. It refuses to know pixels, and to guess: an end that belongs to no note is nobody's.
"""

import bisect
import operator
from collections.abc import Callable, Iterator
from typing import NamedTuple

from plugin.protocol import NoteSounded
from plugin.served.messages import Ghost, NoteEnded

CAPACITY = 20_000
"""Notes that are remembered: an hour of five and a half a second."""
OPEN_NS = 1 << 62
"""End of a note that still sounds."""
LONG_NS = 1_500_000_000
"""Notes longer than this are kept in a second list, so that a search looks back no further."""
LATE_MS = 5.0
"""A note that sounded later than this after its due time is marked as late."""
MOST_OPEN = 4
"""A key that is struck more often without an end has lost one: the oldest ends."""
SAME_NOTE_NS = 300_000_000
"""How far from its due time a planned note may sound, and still be that one."""


class RollNote:
    """A note that sounded. `end_ns` is `OPEN_NS` while it sounds; late_ms: after its due time."""

    __slots__ = ("bar", "channel", "end_ns", "late_ms", "partner", "pitch", "t_ns", "velocity")

    def __init__(
        self,
        t_ns: int,
        end_ns: int,
        pitch: int,
        velocity: int,
        partner: bool,
        channel: int = 0,
        late_ms: float = 0.0,
        bar: int | None = None,
    ) -> None:
        self.t_ns = t_ns
        self.end_ns = end_ns
        self.pitch = pitch
        self.velocity = velocity
        self.partner = partner
        self.channel = channel
        self.late_ms = late_ms
        self.bar = bar

    @property
    def sounds(self) -> bool:
        """Whether it has not ended."""
        return self.end_ns == OPEN_NS

    def __repr__(self) -> str:
        who = "partner" if self.partner else "player"
        return f"RollNote({who} {self.pitch} at {self.t_ns}..{self.end_ns})"


class Reach(NamedTuple):
    """Lowest and highest pitch of some notes."""

    low: int
    high: int


_onset, _due = operator.attrgetter("t_ns"), operator.attrgetter("due_ns")


class Notes:
    """Thread: one. What is asked costs the logarithm of what is kept, and what is found."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        """`capacity`: the oldest notes are dropped beyond it."""
        self._capacity = capacity
        self._all: list[RollNote] = []  # by onset
        self._long: list[RollNote] = []  # of those, the open and the long ones, by onset
        self._open: dict[tuple[bool, int, int], list[RollNote]] = {}
        self._ghosts: tuple[Ghost, ...] = ()
        self.when_over: Callable[[RollNote], None] = _nothing
        """Called with every note that has ended, whatever ended it."""

    def __len__(self) -> int:
        return len(self._all)

    def began(self, sounded: NoteSounded) -> RollNote:
        """A note begins; the planned one that it was is planned no more."""
        note = RollNote(
            sounded.t_ns,
            OPEN_NS,
            sounded.pitch,
            sounded.velocity,
            sounded.partner,
            sounded.channel,
            sounded.late_ms,
            sounded.bar,
        )
        _put(self._all, note)
        _put(self._long, note)
        waiting = self._open.setdefault((note.partner, note.channel, note.pitch), [])
        waiting.append(note)
        if len(waiting) > MOST_OPEN:
            self._close(waiting.pop(0), note.t_ns)
        if note.partner and self._ghosts:
            self._sounds_now(note)
        if len(self._all) > self._capacity + self._capacity // 8:
            self._drop_oldest()
        return note

    def ended(self, over: NoteEnded) -> RollNote | None:
        """The oldest open note of this key ends; None if none is open."""
        key = (over.partner, over.channel, over.pitch)
        waiting = self._open.get(key)
        if not waiting:
            return None
        note = waiting.pop(0)
        if not waiting:
            del self._open[key]
        self._close(note, over.t_ns)
        return note

    def end_all(self, t_ns: int) -> list[RollNote]:
        """Nothing sounds any more: whatever is open ends now. Those notes."""
        ended = self.open_notes()
        self._open.clear()
        for note in ended:
            self._close(note, t_ns)
        return ended

    def open_notes(self) -> list[RollNote]:
        """What sounds now."""
        return [note for waiting in self._open.values() for note in waiting]

    @property
    def sounds(self) -> bool:
        """Whether anything sounds now."""
        return bool(self._open)

    def plan(self, ghosts: tuple[Ghost, ...]) -> None:
        """This is planned now, and nothing else."""
        self._ghosts = tuple(sorted(ghosts, key=_due))

    @property
    def ghosts(self) -> tuple[Ghost, ...]:
        """What is planned and does not sound yet, by due time."""
        return self._ghosts

    def drop_ghosts(self, before_ns: int) -> None:
        """What was due before this moment is planned no more, though it has not sounded."""
        if self._ghosts and self._ghosts[0].due_ns < before_ns:
            self._ghosts = tuple(ghost for ghost in self._ghosts if ghost.due_ns >= before_ns)

    def between(self, begin_ns: int, end_ns: int) -> list[RollNote]:
        """Notes of which a part sounded in this stretch; long ones first, then by onset.

        A note without length is in the stretch that holds its onset.
        """
        first = bisect.bisect_left(self._all, begin_ns - LONG_NS, key=_onset)
        last = bisect.bisect_left(self._all, end_ns, key=_onset)
        found = [
            note
            for note in self._all[first:last]
            if note.end_ns > begin_ns or note.t_ns >= begin_ns
        ]
        before = bisect.bisect_left(self._long, begin_ns - LONG_NS, key=_onset)
        if before:
            found[:0] = [note for note in self._long[:before] if note.end_ns > begin_ns]
        return found

    def reach(self, begin_ns: int, end_ns: int) -> Reach | None:
        """From which pitch to which this stretch goes, what is planned in it included."""
        pitches = [note.pitch for note in self.between(begin_ns, end_ns)]
        pitches += [ghost.pitch for ghost in self._ghosts if ghost.due_ns < end_ns]
        return Reach(min(pitches), max(pitches)) if pitches else None

    def at(self, t_ns: int, pitch: int, reach_ns: int = 0) -> RollNote | None:
        """The note of this pitch at this moment, give or take `reach_ns`; the partner's first."""
        found = [
            note
            for note in self.between(t_ns - reach_ns, t_ns + reach_ns + 1)
            if note.pitch == pitch
        ]
        return max(found, key=lambda note: (note.partner, note.t_ns), default=None)

    def last(self, count: int, *, partner: bool) -> list[RollNote]:
        """The last `count` notes of one side, by onset."""
        found: list[RollNote] = []
        for note in reversed(self._all):
            if len(found) == count:
                break
            if note.partner == partner:
                found.append(note)
        return found[::-1]

    def __iter__(self) -> Iterator[RollNote]:
        return iter(self._all)

    def shift(self, by_ns: int) -> None:
        """Another session counts time from another moment: everything moves by so much."""
        for note in self._all:
            note.t_ns += by_ns
            if note.end_ns != OPEN_NS:
                note.end_ns += by_ns
        self._ghosts = ()

    def clear(self) -> None:
        """Nothing was played."""
        self._all.clear()
        self._long.clear()
        self._open.clear()
        self._ghosts = ()

    def _close(self, note: RollNote, t_ns: int) -> None:
        note.end_ns = max(note.t_ns, t_ns)
        if note.end_ns - note.t_ns <= LONG_NS:
            place = bisect.bisect_left(self._long, note.t_ns, key=_onset)
            while self._long[place] is not note:
                place += 1
            del self._long[place]
        self.when_over(note)

    def _sounds_now(self, note: RollNote) -> None:
        near = [
            ghost
            for ghost in self._ghosts
            if ghost.pitch == note.pitch and abs(ghost.due_ns - note.t_ns) < SAME_NOTE_NS
        ]
        if near:
            this = min(near, key=lambda ghost: abs(ghost.due_ns - note.t_ns))
            self._ghosts = tuple(ghost for ghost in self._ghosts if ghost is not this)

    def _drop_oldest(self) -> None:
        """What still sounds stays: it will end, and nobody else may be ended in its place."""
        surplus = len(self._all) - self._capacity
        gone = [note for note in self._all[:surplus] if not note.sounds]
        ids = set(map(id, gone))
        self._all[:surplus] = [note for note in self._all[:surplus] if note.sounds]
        self._long = [note for note in self._long if id(note) not in ids]


def _nothing(note: RollNote) -> None:
    """Nobody waits for ends."""


def _put(notes: list[RollNote], note: RollNote) -> None:
    if notes and notes[-1].t_ns > note.t_ns:
        bisect.insort_right(notes, note, key=_onset)
    else:
        notes.append(note)
