"""What a memory falls back to where there is no prior: sums of a few small tables.

For each field some symbols of the note before and of the note itself each add a row of a table to
the logits (a log-linear bigram); the pitch also counts from the note before. It knows how music
goes in general, badly: the memory on top of it makes it the player's.

It refuses to be a model: it exists so that the music goes on when the prior does not.
"""

from typing import Any

import numpy as np

from engine.encoding import (
    BEAT_POSITIONS,
    FAMILIES,
    FIELD_SIZES,
    KINDS,
    PITCH,
    VELOCITY_CLASSES,
)
from engine.memory.log import COARSE_TIMES, MOST_TOGETHER
from engine.memory.views import NEEDED, Symbol
from engine.model.compiled import fast

Array = np.ndarray
S = Symbol

KIND = -1
"""Stands for the music's kind, which is no symbol."""
LEAP_REACH = 36
LEAPS = 2 * LEAP_REACH + 1
_ROOM = {
    S.TIME: COARSE_TIMES, S.LENGTH: COARSE_TIMES, S.BEAT: BEAT_POSITIONS, S.CHORD: 2,
    S.PLACE: MOST_TOGETHER + 1, S.FAMILY: FAMILIES, S.VELOCITY: VELOCITY_CLASSES, S.SIDE: 2,
}  # fmt: skip
LOOKS: tuple[tuple[tuple[Symbol, int], ...], ...] = (
    ((S.TIME, 1), (S.LENGTH, 1), (S.BEAT, 1), (S.PLACE, 1)),
    ((S.CHORD, 0), (S.FAMILY, 0)),
    ((S.TIME, 0), (S.LENGTH, 1), (S.BEAT, 0), (S.FAMILY, 0), (S.CHORD, 0)),
    ((S.VELOCITY, 1), (S.CHORD, 0)),
    ((S.FAMILY, 1), (S.SIDE, 1)),
)
"""By field: (symbol, notes ago). Each has a row for "not known", too; the kind comes first."""


def rows_of(field: int) -> tuple[int, ...]:
    """Rows of each of a field's tables: of the kind, then of each look."""
    return (KINDS, *(_ROOM[symbol] + 1 for symbol, _ in LOOKS[field]))


def size(field: int) -> int:
    """Numbers of a field's tables, and of the leaps for the pitch."""
    return sum(rows_of(field)) * FIELD_SIZES[field] + (3 * LEAPS if field == PITCH else 0)


def _rules() -> np.ndarray:
    """For each field and look: symbol, ago, first row, rows, bits that must be known; -1 ends."""
    rules = np.full((len(LOOKS), max(map(len, LOOKS)) + 1, 5), -1, dtype=np.int64)
    for field, looks in enumerate(LOOKS):
        first = KINDS
        for n, (symbol, ago) in enumerate(looks):
            needs = sum(1 << one for one in NEEDED.get(symbol, ())) if ago == 0 else 0
            rules[field, n] = symbol, ago, first, _ROOM[symbol], needs
            first += _ROOM[symbol] + 1
    return rules


_RULES = _rules()
_CHORD, _KIND = S.CHORD.value, 7


@fast
def place_of(field: int, look: int, known: int, now: Array, log: Array, count: int,
             place: int) -> Any:  # fmt: skip
    """Row of a field's tables that a look finds."""
    symbol, ago, first, rows, needs = _RULES[field, look]
    value = np.int64(-1)
    if ago == 0 and not needs & ~known:
        value = np.int64(now[symbol])
    elif 0 < ago <= place:
        value = np.int64(log[(count - ago) & (len(log) - 1), symbol])
    return first + (value if 0 <= value < rows else rows)


@fast
def lay(field: int, tables: Array, kind: int, known: int, now: Array, log: Array, count: int,
        place: int, logits: Array) -> None:  # fmt: skip
    """Logits (classes,) of a field from its tables (see `size`), one behind the other."""
    classes = len(logits)
    for c in range(classes):
        logits[c] = tables[kind * classes + c]
    look = 0
    while _RULES[field, look, 0] >= 0:
        row = place_of(field, look, known, now, log, count, place)
        for c in range(classes):
            logits[c] += tables[row * classes + c]
        look += 1
    if field == PITCH and place > 0:
        leaps = len(tables) - 3 * LEAPS + LEAPS * (now[_CHORD] if known & 1 else 2)
        last = log[(count - 1) & (len(log) - 1), PITCH]
        for c in range(classes):
            logits[c] += tables[leaps + min(max(c - last, -LEAP_REACH), LEAP_REACH) + LEAP_REACH]
