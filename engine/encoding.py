"""Notes as the model sees them: one row of small integers a note.

    delta     time since the onset before, in `TIME_CLASSES` classes
    pitch     MIDI key, 0..127
    duration  in the same time classes; `OPEN` (class 0) is a note that is still held
    velocity  0 = unknown, else 32 steps of four
    voice     who plays, on which family of instruments (`voice_of`)
    beat_pos  place within the beat in 24ths, 0 = unknown
    bar_pos   which beat of the bar, 0 = unknown, the twelfth and later share a class
    kind      what is known of the music as a whole (`kind_of`)
    to_go     time from the onset before to the phrase's last one, 0 = unknown (`to_go_class`)

Time is counted in ticks of 1/96 beat: 5.2 ms at 120 bpm, so an onset below one beat is exact to
2.6 ms, and triplets, swing and thirty-seconds are exact. Longer gaps are coarser (a 32nd of their
size or better), up to 32 beats. The first five columns are predicted, the last four are given.

It refuses to guess bars: the caller knows the meter or says that it does not.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.events import Note

TICKS_PER_BEAT = 96
MAX_TICKS = 32 * TICKS_PER_BEAT
# (end of the segment, step) in ticks: 1/96 beat below one beat, then ever coarser.
_SEGMENTS = ((96, 1), (192, 2), (384, 4), (768, 8), (1536, 24), (3072, 96))

IntArray = npt.NDArray[np.int64]


def _time_values() -> IntArray:
    values: list[int] = []
    start = 0
    for end, step in _SEGMENTS:
        values.extend(range(start, end, step))
        start = end
    return np.array([*values, MAX_TICKS], dtype=np.int64)


TIME_VALUES: IntArray = _time_values()
"""Ticks that each time class stands for, ascending."""

TIME_CLASSES = len(TIME_VALUES)
PITCH_CLASSES = 128
VELOCITY_CLASSES = 33
FAMILIES = 18
"""Families of instruments: 0 unknown, 1..16 those of General MIDI, 17 drums."""
DRUM_FAMILY = 17
VOICE_CLASSES = 2 * FAMILIES
BEAT_POSITIONS = 25
BAR_POSITIONS = 13
KINDS = 16
UNKNOWN_POSITION = -1
OPEN = 0
"""Duration of a note that is still held: read, never predicted."""
_FINE_BEATS, _MOST_BEATS = 4, 32
TO_GO_CLASSES = 2 + 4 * _FINE_BEATS + (_MOST_BEATS - _FINE_BEATS)

# Nearest class for every tick count; a tie goes to the shorter time.
_NEAREST: IntArray = np.abs(np.arange(MAX_TICKS + 1)[:, None] - TIME_VALUES[None, :]).argmin(axis=1)


class Row(NamedTuple):
    """One encoded note."""

    delta: int
    pitch: int
    duration: int
    velocity: int
    voice: int
    beat_pos: int
    bar_pos: int
    kind: int
    to_go: int


COLUMNS = Row._fields
FIELDS = ("onset", "pitch", "duration", "velocity", "voice")
"""The predicted fields, as they are reported; onset is the column `delta`."""
ONSET, PITCH, DURATION, VELOCITY, VOICE = range(5)

FIELD_SIZES = (TIME_CLASSES, PITCH_CLASSES, TIME_CLASSES, VELOCITY_CLASSES, VOICE_CLASSES)
COLUMN_SIZES = (*FIELD_SIZES, BEAT_POSITIONS, BAR_POSITIONS, KINDS, TO_GO_CLASSES)
"""Number of classes of each column."""
ORDER = (VOICE, ONSET, PITCH, DURATION, VELOCITY)
"""The usual order of choosing: who plays, when, what, how long, how loud."""


def to_ticks(beats: float) -> int:
    """Nearest tick of a time in beats; halves round up, as in `time_class` of arrays."""
    return int(np.floor(beats * TICKS_PER_BEAT + 0.5))


def time_class(ticks: int) -> int:
    """Class of a time difference in ticks; negative counts as 0, too long as the longest."""
    return int(_NEAREST[min(max(ticks, 0), MAX_TICKS)])


def time_classes(ticks: IntArray) -> IntArray:
    """`time_class` of an array of any shape."""
    return _NEAREST[np.clip(ticks, 0, MAX_TICKS)]


def duration_classes(ticks: IntArray) -> IntArray:
    """Class of durations in ticks, of any shape; never class 0."""
    return np.maximum(time_classes(ticks), 1)


def velocity_class(velocity: int) -> int:
    """1..32 for a MIDI velocity 1..127, 0 for unknown (velocity 0)."""
    return 0 if velocity <= 0 else (velocity - 1) // 4 + 1


def velocity_of(velocity_class: int) -> int:
    """MIDI velocity in the middle of a class; unknown becomes 80."""
    return 80 if velocity_class == 0 else 4 * velocity_class - 2


def positions(bar_ticks: IntArray) -> tuple[IntArray, IntArray]:
    """(beat_pos, bar_pos) of ticks since the bar line, `UNKNOWN_POSITION` where there is no bar."""
    known = bar_ticks >= 0
    beat_pos = np.where(known, bar_ticks % TICKS_PER_BEAT // 4 + 1, 0)
    bar_pos = np.where(known, np.minimum(bar_ticks // TICKS_PER_BEAT + 1, BAR_POSITIONS - 1), 0)
    return beat_pos, bar_pos


def position(bar_tick: int) -> tuple[int, int]:
    """`positions` of one note."""
    if bar_tick < 0:
        return 0, 0
    return (
        bar_tick % TICKS_PER_BEAT // 4 + 1,
        min(bar_tick // TICKS_PER_BEAT + 1, BAR_POSITIONS - 1),
    )


def kind_of(
    *, tempo_known: bool, drums: bool = False, turns: bool = False, plain: bool = False
) -> int:
    """What is known of the music as a whole: counted or free time, drums or pitches.

    turns: two sides answer each other; otherwise nobody but the one side plays. plain: only
    pitches are told, rhythm and loudness are hidden.
    """
    return int(tempo_known) + 2 * int(drums) + 4 * int(turns) + 8 * int(plain)


def voice_of(who: int, family: int) -> int:
    """Class of a voice. who: 0 the player, 1 the partner; family: 0..17."""
    return who * FAMILIES + family


def family_of(program: int | None, *, drums: bool) -> int:
    """Family of a General MIDI program 0..127; None is unknown."""
    if drums:
        return DRUM_FAMILY
    return 0 if program is None else program // 8 + 1


def to_go_class(ticks: int) -> int:
    """Class of the time to a phrase's last onset, for `Row.to_go`; negative is unknown."""
    return int(to_go_classes(np.array(ticks)))


def to_go_classes(ticks: IntArray) -> IntArray:
    """`to_go_class` of an array: quarters of a beat below four beats, then beats, up to 32."""
    quarter = ticks * 4 // TICKS_PER_BEAT
    beat = np.minimum(ticks // TICKS_PER_BEAT, _MOST_BEATS)
    classes = np.where(
        quarter < 4 * _FINE_BEATS, 1 + quarter, 1 + 4 * _FINE_BEATS + beat - _FINE_BEATS
    )
    return np.where(ticks < 0, 0, classes)


class NoteEncoder:
    """Encodes and decodes notes one after the other; keeps only the last onset, in ticks.

    beats_per_bar: length of the bar where the tempo is known, else None.
    Onsets are rounded to ticks before differences are taken, so rounding never adds up below one
    beat. A difference that is too long for its class shifts nothing that was heard before.
    """

    def __init__(self, beats_per_bar: float | None) -> None:
        self._bar_ticks = to_ticks(beats_per_bar) if beats_per_bar else 0
        self._last_tick: int | None = None

    @property
    def last_tick(self) -> int | None:
        """Tick of the last onset, None before the first note."""
        return self._last_tick

    def rewind(self, last_tick: int | None) -> None:
        """Go back to an earlier `last_tick`: what was encoded since is forgotten."""
        self._last_tick = last_tick

    def place(self, tick: int) -> tuple[int, int]:
        """(beat_pos, bar_pos) of an onset at `tick`."""
        return position(tick % self._bar_ticks) if self._bar_ticks else (0, 0)

    def encode(
        self, note: Note, *, drums: bool, voice: int = 0, turns: bool = False, held: bool = False
    ) -> Row:
        """The row of the next note; an onset before the last one counts as simultaneous.

        held: the note still sounds, so its duration is not known yet.
        """
        tick = to_ticks(note.onset)
        if self._last_tick is None:
            self._last_tick = tick
        delta = time_class(tick - self._last_tick)
        self._last_tick = max(tick, self._last_tick)
        duration = OPEN if held else max(time_class(to_ticks(note.duration)), 1)
        beat_pos, bar_pos = self.place(self._last_tick)
        kind = kind_of(tempo_known=bool(self._bar_ticks), drums=drums, turns=turns)
        velocity = velocity_class(note.velocity)
        return Row(delta, note.pitch, duration, velocity, voice, beat_pos, bar_pos, kind, 0)

    def decode(self, row: Row, *, channel: int = 0) -> Note:
        """The note of a row that follows the last one; advances the last onset."""
        start = 0 if self._last_tick is None else self._last_tick
        self._last_tick = start + int(TIME_VALUES[row.delta])
        return Note(
            onset=self._last_tick / TICKS_PER_BEAT,
            duration=int(TIME_VALUES[row.duration]) / TICKS_PER_BEAT,
            pitch=row.pitch,
            velocity=velocity_of(row.velocity),
            channel=channel,
        )
