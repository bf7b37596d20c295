"""Where phrases begin: as marked in the data, else where a listener would hear a breath.

Training takes turns there. Marks are used where a piece has them; else silences; else, in music
that never pauses, bars; else the widest gap near a chosen place. It refuses to judge while playing:
then the model says whose turn is next (`engine.planner`), and the session decides.
"""

import numpy as np

from engine.encoding import TICKS_PER_BEAT, IntArray

_SILENCE_TICKS = TICKS_PER_BEAT // 2
_LEAST_NOTES = 3
_MOST_NOTES = 96
_SEARCH_NOTES = 6


def phrase_starts(
    onset: np.ndarray,
    duration: np.ndarray,
    bar_tick: np.ndarray,
    marked: np.ndarray,
    rng: np.random.Generator,
) -> IntArray:
    """Indices of notes that begin a phrase, ascending, never 0.

    onset, duration, bar_tick, marked: shape (n,), in ticks; marked is true where the data has a
    phrase begin. Consecutive starts are at least `_LEAST_NOTES` apart.
    """
    if marked.any():
        return _apart(np.flatnonzero(marked))
    ends = np.maximum.accumulate(onset + duration)
    silence = onset[1:] - ends[:-1]
    heard = _apart(np.flatnonzero(silence >= _SILENCE_TICKS) + 1)
    found: list[int] = []
    # A stretch that goes on for too long without a breath is divided.
    for first, end in zip([0, *heard], [*heard, len(onset)], strict=True):
        found.extend(_divide(int(first), int(end), onset, bar_tick, rng))
        if end < len(onset):
            found.append(int(end))
    return np.array(found, dtype=np.int64)


def _apart(starts: IntArray) -> IntArray:
    kept: list[int] = []
    for start in starts:
        if start - (kept[-1] if kept else 0) >= _LEAST_NOTES:
            kept.append(int(start))
    return np.array(kept, dtype=np.int64)


def _divide(
    first: int, end: int, onset: np.ndarray, bar_tick: np.ndarray, rng: np.random.Generator
) -> list[int]:
    """Starts inside a stretch without silences: every so many bars, or at wide gaps."""
    if end - first <= _MOST_NOTES // 4 or end - first < 2 * _LEAST_NOTES:
        return []
    bars = bar_tick[first:end]
    if (bars >= 0).all():
        downs = np.flatnonzero(np.diff(bars) < 0) + 1
        every = int(rng.choice((1, 2, 4)))
        chosen = downs[every - 1 :: every] + first
        return [int(n) for n in _apart(chosen - first) + first if end - n >= _LEAST_NOTES]
    found: list[int] = []
    at = first
    while True:
        at += int(rng.integers(_LEAST_NOTES + _SEARCH_NOTES, _MOST_NOTES))
        low, high = at - _SEARCH_NOTES, min(at + _SEARCH_NOTES, end - _LEAST_NOTES)
        if high <= low:
            return found
        at = low + int(np.argmax(np.diff(onset[low - 1 : high])))
        found.append(at)
