"""How the quote meter reads notes: as a line of moves that is the same in any key and at any tempo.

A move is the interval from the note before and how the time to it compares with the time before
that: longer, alike, shorter, or none at all (the notes of a chord, read upwards). Ratios know no
tempo: a tune is the same in double time, in half time and where nobody counts beats. What lies
near the border of two classes, given how evenly people play, is both (`also`).

The same notes are read twice: all of them, and the highest ones alone (the skyline: a note counts
unless a higher one sounds on), so that a melody is found over other chords.

It refuses to judge and to remember: that is `engine.quote.index` and `engine.quote.own`.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import boolean, float64, int64, types

from engine.events import Note
from engine.model.compiled import fast, kernel

Array = npt.NDArray[Any]

TOGETHER_BEATS = 0.06
"""Notes that start within this time of the first of them are a chord: 30 ms at 120 bpm."""
SOUNDS_ON_BEATS = 0.125
"""A higher note that is released within this time of a lower one's start does not hide it."""
UNEVEN_BEATS = 0.05
"""What a time between two onsets may be off, both ends together: 25 ms at 120 bpm."""
CHORD, SHORTER, ALIKE, LONGER = range(4)
FIRST = ALIKE
"""Class of the first move of a window: there is no time before it to compare with."""
_BORDER = 0.5 * math.log(2.0)
"""Halfway between a time and twice that time."""
_MOST_OFF = 0.33
"""Less than `_BORDER`: what is exactly alike is nothing else."""

INTERVAL, CLASS, ALSO, NOTE = range(4)
COLUMNS = 4
"""Columns of a line: interval, class of the move, the other class it may be (or the same), and
which note it leads to (its place among the notes that were read)."""

_TIMES = types.Array(float64, 1, "C", readonly=True)
_PITCHES = types.Array(int64, 1, "C", readonly=True)


def arrays_of(notes: Sequence[Note]) -> tuple[Array, Array, Array]:
    """(onset, end, pitch) by onset, then pitch: what `line_of` reads. Times are beats."""
    ordered = sorted((note.onset, note.pitch, note.duration) for note in notes)
    table = np.array(ordered, dtype=np.float64).reshape(-1, 3)
    onset = np.ascontiguousarray(table[:, 0])
    return onset, onset + table[:, 2], table[:, 1].astype(np.int64)


@fast
def _class_of(ratio: float) -> int:
    if ratio > _BORDER:
        return LONGER
    return SHORTER if ratio < -_BORDER else ALIKE


@kernel(int64[:, ::1](_TIMES, _TIMES, _PITCHES, boolean), exact=True)
def line_of(onset: Array, end: Array, pitch: Array, top: bool) -> Array:
    """The line of notes sorted by onset (all have shape (n,), times in beats); top: the skyline.

    Shape (m, 4), see `COLUMNS`; m <= n. The first move leads from nowhere: interval 0.
    """
    count = len(onset)
    line = np.zeros((count, COLUMNS), np.int64)
    made, begin = 0, 0
    last_pitch, last_time, last_gap = 0, 0.0, 0.0
    held_pitch, held_end = -1, -1e9
    order = np.empty(count, np.int64)
    while begin < count:
        # A chord: upwards, each key once.
        over = begin
        while over < count and onset[over] < onset[begin] + TOGETHER_BEATS:
            place = over
            while place > begin and pitch[order[place - 1]] > pitch[over]:
                order[place] = order[place - 1]
                place -= 1
            order[place] = over
            over += 1
        start = onset[begin]
        low = begin
        if top:
            low = over - 1
            highest = order[low]
            if pitch[highest] < held_pitch and held_end > start + SOUNDS_ON_BEATS:
                begin = over
                continue
            held_pitch, held_end = pitch[highest], end[highest]
        first = True
        for place in range(low, over):
            note = order[place]
            if not first and pitch[note] == last_pitch:
                continue
            if made > 0:
                line[made, 0] = pitch[note] - last_pitch
            line[made, 3] = note
            if first and made > 0:
                gap = start - last_time
                of_move, also = FIRST, FIRST
                if last_gap > 0.0:
                    ratio = math.log(gap / last_gap)
                    of_move = _class_of(ratio)
                    off = min(UNEVEN_BEATS / min(gap, last_gap), _MOST_OFF)
                    also = _class_of(ratio + off if of_move != LONGER else ratio - off)
                    if also == of_move:
                        also = _class_of(ratio - off)
                line[made, 1], line[made, 2] = of_move, also
                last_gap = gap
            elif first:
                line[made, 1], line[made, 2] = FIRST, FIRST
            last_pitch = pitch[note]
            made += 1
            first = False
        last_time = start
        begin = over
    return line[:made]
