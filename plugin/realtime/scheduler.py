"""Keeps notes until they are due: a heap of absolute deadlines.

It never hands a note out before its time. Of what is due at the same moment note-offs come first,
so that a pitch that is struck again ends before it begins. It refuses to send, to know MIDI bytes
and to look at a clock: the caller says what time it is.
"""

import heapq
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlannedNote:
    """A note of the answer with its identity and its absolute times in nanoseconds."""

    note_id: int
    due_ns: int
    end_ns: int
    channel: int
    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True)
class Due:
    """One end of a note, when its time has come."""

    due_ns: int
    starts: bool
    note: PlannedNote


class Scheduler:
    """Both ends of every committed note, in order of time. Thread: one. Real-time: yes."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, int, PlannedNote]] = []
        self._order = 0

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, note: PlannedNote) -> None:
        """Commit a note: its start and its end."""
        self._push(note.due_ns, 1, note)
        self._push(max(note.end_ns, note.due_ns + 1), 0, note)

    def next_due_ns(self) -> int | None:
        """When something is due next; None while nothing waits."""
        return self._heap[0][0] if self._heap else None

    def take_due(self, now_ns: int) -> Due | None:
        """The next thing whose time has come, None when there is none yet."""
        if not self._heap or self._heap[0][0] > now_ns:
            return None
        due_ns, kind, _, note = heapq.heappop(self._heap)
        return Due(due_ns, kind == 1, note)

    def withdraw_all(self) -> int:
        """Forget everything that waits; how many notes had not begun.

        Ends of notes that sound are forgotten, too: whoever withdraws releases those (the ledger
        knows them).
        """
        unplayed = sum(1 for _, kind, _, _ in self._heap if kind == 1)
        self._heap.clear()
        return unplayed

    def unplayed(self) -> list[PlannedNote]:
        """Notes that have not begun, in order of time."""
        return [note for _, kind, _, note in sorted(self._heap) if kind == 1]

    def cut(self, cut_ns: int) -> int:
        """Nothing sounds from `cut_ns` on: later starts are forgotten, later ends come then.

        Returns how many notes will never begin.
        """
        gone = {n.note_id for due, kind, _, n in self._heap if kind == 1 and due >= cut_ns}
        self._heap = [
            (due if kind == 1 else min(due, cut_ns), kind, order, note)
            for due, kind, order, note in self._heap
            if note.note_id not in gone
        ]
        heapq.heapify(self._heap)
        return len(gone)

    def cancel(self, note_id: int) -> None:
        """Forget both ends of one note; whoever cancels ends it if it sounds."""
        self._heap = [entry for entry in self._heap if entry[3].note_id != note_id]
        heapq.heapify(self._heap)

    def _push(self, due_ns: int, kind: int, note: PlannedNote) -> None:
        self._order += 1
        heapq.heappush(self._heap, (due_ns, kind, self._order, note))
