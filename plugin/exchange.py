"""One phrase of the player and the answer to it, while they last.

What was heard, how long an answer it asks for, what is planned, and by how much the whole plan is
moved if it comes late. It refuses to know clocks, ports and engines.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from engine.api import Candidate, Playing
from engine.events import Note, Timebase
from plugin.locked import Locked
from plugin.realtime.beats import BeatGrid
from plugin.realtime.listener import HeardNote

MOST_HEARD = 1024
"""Of a phrase that is longer the first notes are forgotten: nobody has to wait for the last."""
LEAST_ANSWER_BEATS = 3.0
MOST_ANSWER_BEATS = 24.0
LAST_RING_NS = 2_000_000_000
"""How long after the asked end a piece of the answer may still come."""

Print = tuple[tuple[int, int, int], ...]
"""What tells one answer from another: onsets since its start and lengths in 1/96 beats, keys."""


@dataclass(frozen=True, slots=True)
class Given:
    """What the plan of an answer was drawn with, and what else was drawn for its question.

    seed None: the engine did not say. playing: whose partner it was then. candidates: best first,
    as soon as they are known. limits: what holds for all of them.
    """

    request: int
    seed: int | None
    playing: Playing | None = None
    candidates: tuple[Candidate, ...] = ()
    limits: object = None
    alone_notes: int = 0

    def as_settings(self) -> dict[str, object]:
        """What a take keeps of it, so that the answer can be made again."""
        found: dict[str, object] = {}
        if self.seed is not None:
            found["played_seed"] = self.seed
        if self.playing is not None:
            found["profile"] = self.playing.profile
            found["adapter"] = self.playing.adapter
            found["learnt_notes"] = self.playing.learnt_notes
        if self.alone_notes:
            found["alone_notes"] = self.alone_notes
        if self.candidates:
            found["candidates"] = [[one.seed, round(one.score, 3)] for one in self.candidates]
        own = next((one for one in self.candidates if one.seed == self.seed), None)
        if own is not None:
            found["why"] = list(own.why)
            found["quoted_notes"], found["quoted_from"] = own.quoted.notes, own.quoted.source
        return found


@dataclass(slots=True)
class Exchange:
    """The `number`-th of a session; `attempt` counts the answers to one and the same phrase."""

    number: int
    attempt: int = 0
    heard: list[HeardNote] = field(default_factory=list)
    last_end_ns: int = 0
    """When the last of the heard notes ended."""
    go_ns: int | None = None
    """When a sign passed the turn on; None: silence does."""
    asked_ns: int = 0
    """When the answer begins, as it was asked for."""
    plan: list[Note] = field(default_factory=list)
    plan_done: bool = False
    end_beat: float = 0.0
    """When the answer is over, as it was asked for."""
    shift_beats: float | None = None
    """Set when the answer begins: what the whole plan is moved by."""
    prints: set[Print] = field(default_factory=set)
    """Of the answers that this phrase has had."""
    given: Given | None = None
    """What the planned answer was drawn with."""
    played: set[int] = field(default_factory=set)
    """Seeds of the candidates that this phrase has had."""
    lock: Locked | None = None
    """What the answer takes over from the one before, at the beats of that one."""
    kept: tuple[Note, ...] = ()
    """The same as it is planned: the plan begins with it."""

    @property
    def answering(self) -> bool:
        """Whether the answer has begun."""
        return self.shift_beats is not None

    @property
    def phrase_ns(self) -> int:
        """Length of the phrase, from its first onset to its last release."""
        if not self.heard:
            return 0
        return self.last_end_ns - min(note.start_ns for note in self.heard)

    def hear(self, note: HeardNote) -> None:
        """A complete note of the phrase."""
        if len(self.heard) >= MOST_HEARD:
            del self.heard[: MOST_HEARD // 4]
        self.heard.append(note)
        self.last_end_ns = max(self.last_end_ns, note.end_ns)

    def phrase(self, grid: BeatGrid, most: int) -> list[Note]:
        """The phrase in beats, in order of onset; of a long one the last notes."""
        ordered = sorted(self.heard, key=lambda note: (note.start_ns, note.pitch))
        return [note_in_beats(note, grid) for note in ordered[-most:]]

    def void_plan(self) -> None:
        """Whatever is planned is worth nothing."""
        self.plan, self.plan_done, self.kept = [], False, ()

    def question(self, start_ns: int, grid: BeatGrid) -> tuple[float, float]:
        """Beats between which the answer shall lie if it begins at `start_ns`."""
        self.asked_ns = start_ns
        start = grid.beat(start_ns)
        length = 0.0
        if self.heard:
            first_ns = min(note.start_ns for note in self.heard)
            length = grid.beat(self.last_end_ns) - grid.beat(first_ns)
        self.end_beat = answer_end(start, length, grid.timebase)
        return start, self.end_beat

    def question_after_lock(
        self, lock: Locked, start_ns: int, grid: BeatGrid
    ) -> tuple[float, float]:
        """Beats between which the rest shall lie if what is kept begins at `start_ns` or later."""
        moved = lock.moved(start_ns, grid)
        self.plan, self.kept = list(moved.notes), moved.notes
        _, end = self.question(grid.ns(moved.notes[0].onset), grid)
        self.asked_ns = start_ns
        self.end_beat = max(end, answer_end(moved.boundary_beat, 0.0, grid.timebase))
        return moved.boundary_beat, self.end_beat

    def begin_answer(self, now_ns: int, grid: BeatGrid) -> int:
        """Fix when the plan is played; returns when its first note is due.

        A plan that comes too late is moved as a whole, never squeezed.
        """
        first_ns = grid.ns(self.plan[0].onset)
        shift_ns = grid.whole_beats_ns(max(0, now_ns - first_ns))
        self.shift_beats = grid.beat(first_ns + shift_ns) - grid.beat(first_ns)
        return first_ns + shift_ns

    def moved(self, notes: Sequence[Note]) -> list[Note]:
        """Notes of the plan as they will be played."""
        shift = self.shift_beats or 0.0
        return [replace(note, onset=note.onset + shift) for note in notes] if shift else [*notes]

    def over(self, now_ns: int, grid: BeatGrid) -> bool:
        """Whether nothing more can come: all was planned, or its time has passed."""
        end_beat = self.end_beat + (self.shift_beats or 0.0)
        return self.plan_done or now_ns > grid.ns(end_beat) + LAST_RING_NS

    def is_repetition(self) -> bool:
        """Whether this phrase has had the planned answer before; remembers it."""
        found = print_of(self.plan)
        known = found in self.prints
        self.prints.add(found)
        return known

    def replace_plan(self, notes: Sequence[Note]) -> bool:
        """Another answer in the place of the planned one, unless it was given before.

        What is kept of an earlier answer stays.
        """
        whole = [*self.kept, *notes]
        if not notes or (self.attempt and print_of(whole) in self.prints):
            return False
        self.plan, self.plan_done = whole, True
        self.prints.add(print_of(whole))
        return True

    def next_candidate(self, limits: object) -> Candidate | None:
        """The best of the drawn answers that this phrase has not had, under the same limits."""
        if self.given is None or self.given.limits != limits:
            return None
        left = (one for one in self.given.candidates if one.seed not in self.played and one.notes)
        return next(left, None)


def print_of(notes: Sequence[Note]) -> Print:
    """What tells these notes from others."""
    start = notes[0].onset if notes else 0.0
    return tuple((round(96 * (n.onset - start)), round(96 * n.duration), n.pitch) for n in notes)


def note_in_beats(note: HeardNote, grid: BeatGrid) -> Note:
    """A heard note in beats of the session."""
    start, end = grid.beat(note.start_ns), grid.beat(note.end_ns)
    return Note(start, end - start, note.pitch, note.velocity, note.channel)


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
