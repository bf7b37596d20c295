"""The log of what was heard, compiled: a note is learnt in a few writes, and unlearnt exactly.

The log is a ring by position (of 2^n lines), one line a note: its symbols, what of it is evidence,
its place in its stream. `links` are rings, too, one a context: the key of the context that ended
there, the position before with the same key, and what the context counts. `head` holds the latest
position of each key. So learning is a few writes a context, the chain of earlier places comes for
nothing (and is read from memory at one place a note), and the last note is unlearnt by putting
`head` back.

It refuses to own memory: every array is the caller's.
"""

import math
from typing import Any

import numpy as np
from numba import int32, int64, void

from engine.encoding import (
    DURATION,
    FAMILIES,
    FIELDS,
    ONSET,
    OPEN,
    TIME_VALUES,
    VELOCITY,
    VOICE,
)
from engine.memory.views import FIELD, FIRST_PART, NONE, PARTS, SAYS, SYMBOLS, TABLE, Symbol
from engine.model.compiled import fast, kernel

Array = np.ndarray

CONTEXTS = len(TABLE)
EVIDENCE_AT = SYMBOLS
STREAM_AT = EVIDENCE_AT + 1
LINE = EVIDENCE_AT + 2
"""Integers of the log that a note takes."""
KEY, BEFORE, SAID = range(3)
LINK = 3
"""Integers of a link."""
TOGETHER_TICKS = 4
"""Onsets so close sound as one chord."""
_STEPS_AN_OCTAVE = 2.5
_COARSE = np.array(
    [
        0
        if ticks <= TOGETHER_TICKS
        else 1 + round(_STEPS_AN_OCTAVE * math.log2(ticks / (TOGETHER_TICKS + 1)))
        for ticks in TIME_VALUES.tolist()
    ],
    dtype=np.int64,
)
COARSE_TIMES = int(_COARSE.max()) + 1
MOST_TOGETHER = 6
_TABLE = np.ascontiguousarray(TABLE)
_BASS, _PLACE = Symbol.BASS.value, Symbol.PLACE.value
_SCATTER, _SALT = np.int64(0x2127599BF4325C37), np.int64(0x2545F4914F6CDD1D)
_KEY_BITS = np.int64(0x7FFFFFFF)

I1, ROWS, LINES, LINKS = int64[::1], int64[:, ::1], int32[:, ::1], int32[:, :, ::1]
_ALL_FIELDS = (1 << len(FIELDS)) - 1


@fast
def symbols(row: Array, log: Array, count: int, place: int, now: Array) -> None:
    """The symbols (SYMBOLS,) of a row (9,) that is number `place` of its stream."""
    before = log[(count - 1) & (len(log) - 1)]
    pitch, velocity = row[1], row[3]
    time = _COARSE[row[0]]
    chord = place > 0 and time == 0
    now[0], now[1], now[2], now[3] = row[0], pitch, row[2], velocity
    now[4], now[5], now[6] = row[4] % FAMILIES, row[5], row[6]
    now[7] = time
    now[8] = _COARSE[row[2]] if row[2] > 0 else -1
    now[9] = (velocity + 1) // 3
    now[10] = 1 if chord else 0
    now[11] = before[_BASS] if chord else pitch
    now[12] = min(before[_PLACE] + 1, MOST_TOGETHER) if chord else 1
    now[13] = pitch - before[1] if place > 0 else NONE
    now[14] = pitch - before[_BASS] if place > 0 else NONE
    now[15] = velocity - before[3] if place > 0 else NONE
    now[16] = row[4] // FAMILIES


@fast
def key_of(context: int, now: Array, log: Array, count: int, place: int) -> Any:
    """Key of a context of the note `now`, which is or would be number `count`: 31 bits."""
    h = np.int64(context + 1) * _SALT
    for part in range(_TABLE[context, PARTS]):
        symbol = _TABLE[context, FIRST_PART + 2 * part]
        ago = _TABLE[context, FIRST_PART + 2 * part + 1]
        value = np.int64(NONE)
        if ago == 0:
            value = np.int64(now[symbol])
        elif ago <= place:
            value = np.int64(log[(count - ago) & (len(log) - 1), symbol])
        h = (h ^ (value - np.int64(NONE - 1))) * _SCATTER
        h ^= (h >> np.int64(29)) & np.int64(0x7FFFFFFFF)
    return (h >> np.int64(32)) & _KEY_BITS


@kernel(void(I1, LINES, LINKS, LINES, int64, int64, int64))
def learn(
    row: Array, log: Array, links: Array, head: Array, count: int, place: int, evidence: int
) -> None:
    """Take in note number `count`; evidence: bits of the fields that it says something about."""
    line = log[count & (len(log) - 1)]
    now = np.empty(SYMBOLS, np.int64)
    symbols(row, log, count, place, now)
    for context in range(CONTEXTS):
        if (evidence >> _TABLE[context, FIELD]) & 1:
            key = key_of(context, now, log, count, place)
            slot = key & np.int64(head.shape[1] - 1)
            link = links[context, count & (len(log) - 1)]
            link[KEY] = key
            link[BEFORE] = head[context, slot]
            link[SAID] = now[_TABLE[context, SAYS]]
            head[context, slot] = count
    for symbol in range(SYMBOLS):
        line[symbol] = now[symbol]
    line[EVIDENCE_AT] = evidence
    line[STREAM_AT] = place


@kernel(void(LINES, LINKS, LINES, int64, int64))
def unlearn(log: Array, links: Array, head: Array, count: int, to: int) -> None:
    """Put `head` back as it was when only `to` of the `count` notes had been read."""
    for position in range(count - 1, to - 1, -1):
        at = position & (len(log) - 1)
        for context in range(CONTEXTS):
            if (log[at, EVIDENCE_AT] >> _TABLE[context, FIELD]) & 1:
                link = links[context, at]
                slot = np.int64(link[KEY]) & np.int64(head.shape[1] - 1)
                head[context, slot] = link[BEFORE]


@fast
def evidence_of(row: Array, place: int) -> int:
    """Bits of the fields that a note is evidence for: none if it is the partner's.

    Not the first onset and voice of a stream, an end that nobody knows yet, an unknown velocity.
    """
    if row[VOICE] >= FAMILIES:
        return 0
    bits = _ALL_FIELDS
    if place == 0:
        bits &= ~((1 << ONSET) | (1 << VOICE))
    if row[DURATION] == OPEN:
        bits &= ~(1 << DURATION)
    if row[VELOCITY] == 0:
        bits &= ~(1 << VELOCITY)
    return bits


@kernel(int64(ROWS, LINES, LINKS, LINES, int64, int64))
def learn_all(rows: Array, log: Array, links: Array, head: Array, count: int, place: int) -> int:
    """Take in rows (n, 9) one after the other, from number `count` on; returns the new count."""
    for n in range(len(rows)):
        learn(rows[n], log, links, head, count, place + n, evidence_of(rows[n], place + n))
        count += 1
    return count
