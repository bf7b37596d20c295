"""What Python calls of the memory: one field's chances mixed, a whole stream scored.

Learning and unlearning are in `engine.memory.log`. It refuses to own memory: every array is the
caller's.
"""

import math

import numpy as np
from numba import boolean, float32, float64, int64, types, void

from engine.encoding import FIELD_SIZES, ORDER
from engine.memory.base import lay
from engine.memory.judge import log_chances, mix
from engine.memory.log import I1, LINES, LINKS, ROWS, evidence_of, learn, symbols
from engine.memory.views import SYMBOLS
from engine.model.compiled import kernel

Array = np.ndarray

_F1, _F2 = float32[::1], float32[:, ::1]
_FIVE_F1, _FIVE_F2 = types.UniTuple(_F1, len(FIELD_SIZES)), types.UniTuple(_F2, len(FIELD_SIZES))
_NATS_TO_BITS = np.float32(1.0 / math.log(2.0))
_ORDER = np.array(ORDER, dtype=np.int64)
_SIZES = np.array(FIELD_SIZES, dtype=np.int64)
_KIND = 7


@kernel(
    void(int64, _F1, float64, I1, int64, LINES, LINKS, LINES, int64, int64, int64, float64, _F1)
)
def mixed(
    field: int, weights: Array, closer: float, row: Array, known: int, log: Array, links: Array,
    head: Array, count: int, oldest: int, place: int, fading: float, logits: Array,
) -> None:  # fmt: skip
    """See `engine.memory.judge.mix`."""
    mix(field, weights, closer, row, known, log, links, head, count, oldest, place, fading, logits)


@kernel(void(int64, _F1, I1, int64, LINES, int64, int64, _F1))
def based(
    field: int, tables: Array, row: Array, known: int, log: Array, count: int, place: int,
    logits: Array,
) -> None:  # fmt: skip
    """See `engine.memory.base.lay`; only the fields of `row` in `known` are looked at."""
    now = np.empty(SYMBOLS, np.int64)
    symbols(row, log, count, place, now)
    lay(field, tables, row[_KIND], known, now, log, count, place, logits)


@kernel(
    int64(
        ROWS, boolean[:, ::1], int64, _FIVE_F2, boolean, _FIVE_F1, _FIVE_F1, float64, LINES, LINKS,
        LINES, int64, int64, float64, _F2,
    )
)  # fmt: skip
def score(
    rows: Array, counted: Array, place: int, logits: tuple[Array, ...], with_prior: bool,
    judges: tuple[Array, ...], tables: tuple[Array, ...], closer: float, log: Array,
    links: Array, head: Array,
    count: int, capacity: int, fading: float, bits: Array,
) -> int:  # fmt: skip
    """Bits (n, 5) of what counts in rows (n, 9) of a stream, each learnt once it was predicted.

    place: of the first row in its stream; logits: of the prior, by field, each (n, classes), empty
    without prior. Returns the new count.
    """
    now = np.empty(SYMBOLS, np.int64)
    for n in range(len(rows)):
        row, at = rows[n], place + n
        known = np.int64(0)
        for step in range(len(_ORDER)):
            field = _ORDER[step]
            if counted[n, field]:
                found = np.empty(_SIZES[field], np.float32)
                if with_prior:
                    for c in range(len(found)):
                        found[c] = logits[field][n, c]
                else:
                    symbols(row, log, count, at, now)
                    lay(field, tables[field], row[_KIND], known, now, log, count, at, found)
                mix(field, judges[field], closer, row, known, log, links, head, count,
                    max(count - capacity, 0), at, fading, found)  # fmt: skip
                log_chances(found, found)
                bits[n, field] = -found[row[field]] * _NATS_TO_BITS
            known |= 1 << field
        learn(row, log, links, head, count, at, evidence_of(row, at))
        count += 1
    return count
