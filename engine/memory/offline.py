"""Whole streams scored under prior and memory together, from the prior's chances as arrays.

For evaluations: the same kernels as live (`engine.memory.mixture`), in one compiled loop over the
notes. It refuses to run a prior.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from engine.encoding import COLUMNS, FIELD_SIZES
from engine.memory import kernels
from engine.memory.memory import CAPACITY, Memory
from engine.memory.weights import Weights, load

_LEAST_CAPACITY = 1 << 10


@cache
def _shipped() -> Weights:
    return load()


def bits_with_memory(
    support_rows: Sequence[npt.ArrayLike],
    rows: npt.ArrayLike,
    counted: npt.NDArray[np.bool_],
    log_prior: Sequence[np.ndarray] | None,
    *,
    context_rows: npt.ArrayLike | None = None,
    weights: Weights | None = None,
    closeness: float = 0.0,
) -> npt.NDArray[np.float32]:
    """Bits (n, 5) of each field of a stream's notes, in the usual order; 0 where it is not counted.

    support_rows: streams (n_i, 9) of the player's that were learnt before, oldest first. rows
    (n, 9), counted (n, 5): what is asked. log_prior: by field, the prior's logits or log chances
    (n, classes), the fields before in the usual order given; None for the memory alone.
    context_rows (m, 9): what was heard of the same stream just before; it is learnt, too. The
    memory goes on learning while it is asked. weights: None for the shipped ones (CheckpointError).
    closeness: see `engine.memory.mixture.Mixture`.
    """
    weights = weights or _shipped()
    asked, context = _notes(rows), _notes([] if context_rows is None else context_rows)
    support = [_notes(stream) for stream in support_rows]
    total = sum(map(len, support)) + len(context) + len(asked)
    capacity = min(max(1 << total.bit_length(), _LEAST_CAPACITY), CAPACITY)
    memory = Memory(capacity=capacity)
    for stream in support:
        memory.begin()
        memory.read_many(stream)
    memory.begin()
    memory.read_many(context)
    return score(memory, asked, counted, log_prior, weights, closeness=closeness)


def score(
    memory: Memory,
    rows: npt.ArrayLike,
    counted: npt.NDArray[np.bool_],
    log_prior: Sequence[np.ndarray] | None,
    weights: Weights,
    *,
    closeness: float = 0.0,
) -> npt.NDArray[np.float32]:
    """Bits (n, 5) of rows that follow what the memory has read; it learns them on the way."""
    asked = _notes(rows)
    bits = np.zeros((len(asked), len(FIELD_SIZES)), dtype=np.float32)
    if log_prior is None:
        logits = tuple(np.zeros((0, size), np.float32) for size in FIELD_SIZES)
        judges = weights.alone
    else:
        logits = tuple(
            np.maximum(np.ascontiguousarray(part, dtype=np.float32), np.float32(-1e4))
            for part in log_prior
        )
        judges = weights.beside
        if any(
            part.shape != (len(asked), size) for part, size in zip(logits, FIELD_SIZES, strict=True)
        ):
            raise ValueError("the prior's chances must be one row a note, one column a class")
    kernels.score(
        asked, np.ascontiguousarray(counted, dtype=np.bool_), memory.place, logits,
        log_prior is not None, judges, weights.base, max(1.0 + closeness, 0.0), memory.log,
        memory.links, memory.head, memory.count, memory.capacity, weights.fading, bits,
    )  # fmt: skip
    memory.note_down(asked)
    return bits


def _notes(rows: npt.ArrayLike) -> npt.NDArray[np.int64]:
    return np.ascontiguousarray(rows, dtype=np.int64).reshape(-1, len(COLUMNS))
