"""One phrase of the player and the answer to it, while they last.

What was heard, how long an answer it asks for, what is planned, and by how much the whole plan is
moved if it comes late. It refuses to know clocks, ports and engines.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from engine.events import Note, Timebase
from plugin.realtime.beats import BeatGrid
from plugin.realtime.listener import HeardNote
from plugin.realtime.scheduler import PlannedNote

LEAST_ANSWER_BEATS = 3.0
MOST_ANSWER_BEATS = 24.0
LAST_RING_NS = 2_000_000_000
"""How long after the asked end a piece of the answer may still come."""


@dataclass(slots=True)
class Exchange:
    """The `number`-th of a session."""

    number: int
    heard: list[HeardNote] = field(default_factory=list)
    last_end_ns: int = 0
    """When the last of the heard notes ended."""
    plan: list[Note] = field(default_factory=list)
    plan_done: bool = False
    end_beat: float = 0.0
    """When the answer is over, as it was asked for."""
    shift_ns: int | None = None
    """Set when the answer begins: what the whole plan is moved by."""

    @property
    def answering(self) -> bool:
        """Whether the answer has begun."""
        return self.shift_ns is not None

    @property
    def phrase_ns(self) -> int:
        """Length of the phrase, from its first onset to its last release."""
        return self.last_end_ns - self.heard[0].start_ns if self.heard else 0

    def hear(self, note: HeardNote) -> None:
        """A complete note of the phrase, in order of onset."""
        self.heard.append(note)
        self.last_end_ns = max(self.last_end_ns, note.end_ns)

    def void_plan(self) -> None:
        """Whatever is planned is worth nothing."""
        self.plan, self.plan_done = [], False

    def question(self, start_ns: int, grid: BeatGrid) -> tuple[float, float]:
        """Beats between which the answer shall lie if it begins at `start_ns`."""
        start = grid.beat(start_ns)
        length = grid.beat(self.last_end_ns) - grid.beat(self.heard[0].start_ns)
        self.end_beat = answer_end(start, length, grid.timebase)
        return start, self.end_beat

    def begin_answer(self, now_ns: int, grid: BeatGrid) -> int:
        """Fix when the plan is played; returns when its first note is due.

        A plan that comes too late is moved as a whole, never squeezed.
        """
        first_ns = grid.ns(self.plan[0].onset)
        self.shift_ns = grid.whole_beats_ns(max(0, now_ns - first_ns))
        return first_ns + self.shift_ns

    def committed(
        self, notes: Sequence[Note], note_ids: Iterator[int], grid: BeatGrid
    ) -> Iterator[PlannedNote]:
        """Notes of the plan as they will be played."""
        assert self.shift_ns is not None
        for note in notes:
            yield PlannedNote(
                next(note_ids),
                grid.ns(note.onset) + self.shift_ns,
                grid.ns(note.end) + self.shift_ns,
                note.channel,
                note.pitch,
                note.velocity,
            )

    def over(self, now_ns: int, grid: BeatGrid) -> bool:
        """Whether nothing more can come: all was planned, or its time has passed."""
        assert self.shift_ns is not None
        return self.plan_done or now_ns > grid.ns(self.end_beat) + self.shift_ns + LAST_RING_NS


def answer_end(start_beat: float, phrase_beats: float, timebase: Timebase) -> float:
    """The beat at which an answer is over: as long as the phrase, within reason.

    Where there are bars it ends on a bar line, the nearest one that leaves it its least length.
    """
    length = min(max(phrase_beats, LEAST_ANSWER_BEATS), MOST_ANSWER_BEATS)
    bar = timebase.beats_per_bar
    if not timebase.tempo_known or not 0 < bar <= MOST_ANSWER_BEATS:
        return start_beat + length
    least = math.ceil((start_beat + LEAST_ANSWER_BEATS) / bar)
    return max(round((start_beat + length) / bar), least) * bar
