"""How much of a continuation is copied: the longest run of notes that the training data has, too.

Notes count as the same in any key: a note is its interval from the note before and the time between
the two, in eighths of a beat (nominal ones of half a second where no tempo is known), so that a
copy played a little less evenly is still a copy. Chords are read upwards, as the model learns them.

All training notes and all continuations are sorted by what follows each note (a suffix array made
by prefix doubling, Manber & Myers 1993, doi:10.1137/0222058, to a depth of `DEEPEST` notes). The
longest common run of a note is then shared with one of the two nearest training notes in the order.
About 40 bytes a training note are held while it is sorted.

It refuses to say what is too long: human continuations of the same primes stand beside.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.encoding import PITCH_CLASSES, TICKS_PER_BEAT, TIME_VALUES, Row, time_class, to_ticks
from engine.evaluate.notes import Notes
from engine.events import Note

DEEPEST = 128
"""Longer runs count as so long."""
_STEP_TICKS = TICKS_PER_BEAT // 8
_TIMES = int(TIME_VALUES[-1]) // _STEP_TICKS + 1
_OUTSIDE = 0
"""The first note of a stream or of a continuation follows nothing."""

Symbols = npt.NDArray[np.int32]


def training_symbols(train: Notes) -> Symbols:
    """One number a training note: interval and time from the note before. Shape (n,)."""
    pitch = train.rows[:, Row._fields.index("pitch")].astype(np.int32)
    ticks = TIME_VALUES[train.rows[:, Row._fields.index("delta")]].astype(np.int32)
    symbols = _symbols(np.diff(pitch, prepend=pitch[:1]), ticks)
    symbols[train.place == 0] = _OUTSIDE
    return symbols


def symbols_of(notes: Sequence[Note]) -> Symbols:
    """The same of a continuation, by onset and pitch. Shape (n,)."""
    ordered = sorted(notes, key=lambda note: (to_ticks(note.onset), note.pitch))
    pitch = np.array([note.pitch for note in ordered], dtype=np.int32)
    tick = np.array([to_ticks(note.onset) for note in ordered], dtype=np.int32)
    classes = [time_class(int(gap)) for gap in np.diff(tick, prepend=tick[:1])]
    ticks = TIME_VALUES[np.array(classes, dtype=np.int64)].astype(np.int32)
    symbols = _symbols(np.diff(pitch, prepend=pitch[:1]), ticks)
    symbols[:1] = _OUTSIDE
    return symbols


def _symbols(interval: Symbols, ticks: Symbols) -> Symbols:
    eighths = (2 * ticks + _STEP_TICKS) // (2 * _STEP_TICKS)
    symbols: Symbols = ((interval + PITCH_CLASSES) * _TIMES + eighths + 1).astype(np.int32)
    return symbols


def longest_runs(train: Symbols, asked: Sequence[Symbols], *, deepest: int = DEEPEST) -> list[int]:
    """Notes of the longest run that each asked continuation shares with one training stream.

    A run of n intervals has n + 1 notes; 1 where not even one interval was ever seen, 0 for no
    notes at all.
    """
    if len(train) == 0:
        return [min(len(symbols), 1) for symbols in asked]
    # A run must not leave its continuation or its stream: each of them starts with `_OUTSIDE`,
    # which no run holds.
    text = np.concatenate([train, *asked, np.zeros(1, dtype=np.int32)])
    order = _sorted_suffixes(text, deepest)
    is_train = order < len(train)
    # For each place in the order: the nearest training note before it and after it.
    place = np.arange(len(order))
    before = np.maximum.accumulate(np.where(is_train, place, -1))
    after = np.minimum.accumulate(np.where(is_train, place, len(order))[::-1])[::-1]
    asking = np.flatnonzero(~is_train)
    longest = np.zeros(len(text) - len(train), dtype=np.int64)
    for near in (before[asking], after[asking]):
        there = (near >= 0) & (near < len(order))
        one, other = order[asking[there]], order[near[there]]
        at = one - len(train)
        longest[at] = np.maximum(longest[at], _common(text, one, other, deepest))
    starts = len(train) + np.cumsum([0, *map(len, asked)])
    found = []
    for start, symbols in zip(starts - len(train), asked, strict=False):
        run = int(longest[start : start + len(symbols)].max(initial=0))
        found.append(min(run + 1, len(symbols)) if len(symbols) else 0)
    return found


def _sorted_suffixes(text: Symbols, deepest: int) -> npt.NDArray[np.int64]:
    """Places in the text, sorted by the next `deepest` symbols from each (a power of two)."""
    order = np.argsort(text)
    rank = _ranks(text[order].astype(np.int64), order)
    length = 1
    while length < deepest and rank[order[-1]] + 1 < len(text):
        # Both halves of a window of twice the length are known by their ranks.
        later = np.full(len(text), 0, dtype=np.int64)
        later[:-length] = rank[length:] + 1
        keys = rank * (len(text) + 1) + later
        order = np.argsort(keys)
        rank = _ranks(keys[order], order)
        length *= 2
    return order


def _ranks(ordered: npt.NDArray[np.int64], order: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Number of different keys below each place's own."""
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.cumsum(np.concatenate(([False], ordered[1:] != ordered[:-1])))
    return rank


def _common(
    text: Symbols, one: npt.NDArray[np.int64], other: npt.NDArray[np.int64], deepest: int
) -> npt.NDArray[np.int64]:
    """Symbols that both places have in common from there on, none of them `_OUTSIDE`."""
    length = np.zeros(len(one), dtype=np.int64)
    alive = np.arange(len(one))
    for step in range(deepest):
        first = text[np.minimum(one[alive] + step, len(text) - 1)]
        second = text[np.minimum(other[alive] + step, len(text) - 1)]
        alive = alive[(first == second) & (first != _OUTSIDE)]
        if len(alive) == 0:
            break
        length[alive] += 1
    return length
