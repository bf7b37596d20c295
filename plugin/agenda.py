"""What the partner plays next: the one plan there is, in beats.

Only what is due within `COMMIT_NS` is handed over to the performer; until then a plan follows the
tempo and costs nothing to replace. It refuses to know who asked for the plan, and why.

Thread: one. Real-time: yes.
"""

import itertools
from collections import deque
from collections.abc import Sequence

from engine.events import Note
from plugin.exchange import note_in_beats
from plugin.realtime.beats import BeatGrid
from plugin.realtime.listener import HeardNote
from plugin.realtime.performer import Performer
from plugin.realtime.scheduler import PlannedNote

COMMIT_NS = 50_000_000
"""What is due so soon is handed to the performer and does not change any more."""
JUMPED_BEATS = 0.05
"""A planned note that lies so far before the place that the song has jumped to is left out."""
SHORTEST_NS = 1_000_000


class Agenda:
    """See the module."""

    def __init__(self, grid: BeatGrid, performer: Performer) -> None:
        self._grid, self._performer = grid, performer
        self._plan: list[Note] = []
        self._until: float | None = None
        self._note_ids = itertools.count(1)
        self.changes = 0
        """Grows whenever something else is planned."""
        self.onsets: deque[float] = deque(maxlen=64)
        """Beats at which notes of the partner began or will, as far as they are committed."""

    @property
    def planned(self) -> list[Note]:
        """What is planned and not committed."""
        return self._plan

    @property
    def busy(self) -> bool:
        """Whether anything of the partner sounds, waits or is planned."""
        return bool(self._plan) or self._performer.busy

    def plan(self, notes: Sequence[Note], *, until: float | None = None) -> None:
        """These notes come next, in order of onset; none sounds beyond the beat `until`."""
        if notes or self._plan:
            self.changes += 1
        self._plan, self._until = list(notes), until

    def plan_more(self, notes: Sequence[Note]) -> None:
        """These come after what is planned."""
        self.changes += 1
        self._plan.extend(notes)

    def cut(self, now_ns: int, cut_ns: int) -> None:
        """Fall silent at `cut_ns`: nothing begins from then on, what sounds ends then."""
        self.changes += 1
        cut_beat = self._grid.beat(cut_ns)
        self._plan = [note for note in self._plan if note.onset < cut_beat]
        self._until = cut_beat
        self._performer.cut(now_ns, cut_ns)

    def commit_due(self, now_ns: int, latency_ns: int, channel: int | None) -> None:
        """Hand over what is due soon; call it every millisecond.

        latency_ns: how much sooner than it is due everything is sent. channel: of all notes, None
        for their own.
        """
        count = 0
        for note in self._plan:
            on_ns = self._grid.ns(note.onset)
            if on_ns - latency_ns > now_ns + COMMIT_NS:
                break
            count += 1
            if self._grid.beat(on_ns) > note.onset + JUMPED_BEATS:
                continue  # the song jumped over it
            end = note.end if self._until is None else min(note.end, self._until)
            end_ns = max(self._grid.ns(end), on_ns + SHORTEST_NS)
            self.perform(note, on_ns - latency_ns, end_ns - latency_ns, channel)
            if not self.onsets or note.onset > self.onsets[-1]:
                self.onsets.append(note.onset)
        del self._plan[:count]

    def perform(self, note: Note, due_ns: int, end_ns: int, channel: int | None) -> int:
        """Commit one note; its number."""
        note_id = next(self._note_ids)
        own = note.channel if channel is None else channel
        self._performer.commit(PlannedNote(note_id, due_ns, end_ns, own, note.pitch, note.velocity))
        return note_id

    def coming(self, latency_ns: int, *, planned: bool) -> list[Note]:
        """What is committed and has not begun, in beats; and what is planned, if that is wished."""
        committed = [
            HeardNote(
                note.due_ns + latency_ns,
                note.end_ns + latency_ns,
                note.channel,
                note.pitch,
                note.velocity,
            )
            for note in self._performer.waiting
        ]
        notes = [note_in_beats(note, self._grid) for note in committed]
        return notes + self._plan if planned else notes
