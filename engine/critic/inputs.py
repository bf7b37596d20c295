"""What the critic looks at: each note as a few numbers of tables and a few measures.

Pitch counts by distance - from the note before, from what was heard, from the pitch classes heard -
so that a transposed phrase with its transposed answer looks the same. Loudness counts only where
the player's is known, and against the player's.

Whatever comes in is made whole: classes out of reach are taken as the last ones, only the last
notes heard and the first ones answered count. It refuses to judge.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.encoding import (
    BAR_POSITIONS,
    BEAT_POSITIONS,
    COLUMN_SIZES,
    DURATION,
    KINDS,
    ONSET,
    PITCH,
    TIME_CLASSES,
    TIME_VALUES,
    VELOCITY,
    IntArray,
)

FloatArray = npt.NDArray[np.float32]

MOST_HEARD = 96
MOST_ANSWERED = 128
"""Notes that are looked at: the last ones heard, the first ones answered."""
INTERVAL_REACH = 24
_NO_INTERVAL = 2 * INTERVAL_REACH + 1
_BEAT_POS, _BAR_POS, _KIND = 5, 6, 7

TABLES = (2, TIME_CLASSES, TIME_CLASSES, 2 * INTERVAL_REACH + 2, BEAT_POSITIONS, BAR_POSITIONS,
          KINDS)  # fmt: skip
"""Sizes of the tables: who, onset, duration, interval, place in beat and bar, kind."""
MEASURES = 24
"""Measures of each note, see `look`."""
RELATIONS = 5
"""What one note can have in common with another: pitch, pitch class, step in pitch, step in time,
place in the bar."""


@dataclass(frozen=True, slots=True)
class Look:
    """One answer behind what was heard, t notes together.

    numbers (t, len(TABLES)): rows of the tables laid one behind the other; measures (t, MEASURES);
    alike (t, RELATIONS): numbers that are equal where two notes have something in common; heard:
    how many of the notes were heard.
    """

    numbers: IntArray
    measures: FloatArray
    alike: IntArray
    heard: int


_STARTS = np.concatenate([[0], np.cumsum(TABLES)[:-1]])
_LIMITS = np.array(COLUMN_SIZES) - 1


def look(heard: npt.ArrayLike, answer: npt.ArrayLike) -> Look:
    """What the critic sees of rows (n, 9) and (m, 9); any numbers of notes, none included."""
    before = np.asarray(heard, dtype=np.int64).reshape(-1, len(COLUMN_SIZES))[-MOST_HEARD:]
    after = np.asarray(answer, dtype=np.int64).reshape(-1, len(COLUMN_SIZES))[:MOST_ANSWERED]
    rows = np.clip(np.concatenate([before, after]), 0, _LIMITS)
    many, known = len(rows), len(before)
    who = (np.arange(many) >= known).astype(np.int64)
    delta = np.where(np.arange(many) > 0, rows[:, ONSET], 0)
    wait, pitch = TIME_VALUES[delta], rows[:, PITCH]
    at = np.cumsum(wait)
    leap = np.diff(pitch, prepend=pitch[:1])
    interval = np.clip(leap, -INTERVAL_REACH, INTERVAL_REACH) + INTERVAL_REACH
    interval[:1] = _NO_INTERVAL
    numbers = np.stack(
        [who, delta, rows[:, DURATION], interval, rows[:, _BEAT_POS], rows[:, _BAR_POS],
         rows[:, _KIND]], axis=1
    )  # fmt: skip
    place = np.where(
        rows[:, _BEAT_POS] > 0, rows[:, _BAR_POS] * BEAT_POSITIONS + rows[:, _BEAT_POS], -1
    )
    step = np.clip(leap, -127, 127) + 128
    return Look(
        numbers + _STARTS,
        _measures(rows, known, wait, at, pitch),
        np.stack([pitch, pitch % 12, step, delta, place], axis=1),
        known,
    )


def _measures(
    rows: IntArray, known: int, wait: IntArray, at: IntArray, pitch: IntArray
) -> FloatArray:
    """Shape (t, MEASURES): times, heights and loudness, each near -2 .. 2."""
    lasts = np.maximum(TIME_VALUES[rows[:, DURATION]], 1)
    follows = np.append(at, at[-1:] + 384)[np.searchsorted(at, at, "right")]
    gap = np.maximum(follows - at, 1)
    classes = pitch % 12
    profile = np.bincount(classes[:known], minlength=12) / max(known, 1)
    heard_pitch = pitch[:known] if known else pitch
    middle = float(heard_pitch.mean()) if len(heard_pitch) else 60.0
    top, low = (int(heard_pitch.max()), int(heard_pitch.min())) if len(heard_pitch) else (60, 60)
    often = np.bincount(pitch[:known], minlength=128)[pitch]
    velocity = rows[:, VELOCITY]
    told = velocity[:known][velocity[:known] > 0]
    usual = float(told.mean()) if len(told) else 0.0
    loud = np.where((velocity > 0) & (usual > 0), velocity - usual, 0)
    since = np.maximum(at - (at[known] if known < len(at) else 0), 0)
    columns = [
        np.log2(1 + wait / 12) / 3,
        np.log2(lasts / 48) / 3,
        np.clip(np.log2(lasts / gap), -4, 4) / 2,
        (pitch - middle) / 12,
        (pitch - 64) / 24,
        np.maximum(pitch - top, 0) / 6,
        np.maximum(low - pitch, 0) / 6,
        np.log2(1 + often) / 2,
        loud / 4,
        np.full(len(rows), float(usual > 0)),
        np.log2(1 + since / 96) / 3,
        np.minimum(wait % 24, 24 - wait % 24) / 12,
    ]
    around = 4 * profile[(classes[:, None] + np.arange(12)) % 12]
    found: FloatArray = np.concatenate([np.stack(columns, axis=1), around], axis=1).astype(
        np.float32
    )
    return found
