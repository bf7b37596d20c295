"""The arithmetic of the live step, as numba compiles it into `engine.model.kernels`.

Vectors that products write to are padded to whole panels (`compiled.padded`). Weights are stored as
`engine.model.compiled` lays them.

It refuses to be called from Python: each function becomes part of the kernel that calls it.
"""

import math
from typing import Any

import numpy as np

from engine.model.compiled import LANES, VALUE_LANES, as_float, fast, panel, real, value_panel
from engine.model.shape import NORM_EPSILON

Array = np.ndarray

ZERO = np.float32(0)
_LOG2E, _LN2_HIGH, _LN2_LOW = 1.4426950408889634, 0.693359375, -2.12194440e-4


@fast
def exp(x: Any) -> Any:
    """e^x to one unit in the last place or two, for x <= 88; without calls, so loops are vectors.

    Reduction and polynomial as in the Cephes library (expf).
    """
    x = max(x, np.float32(-87.0))  # below, the number would have no exponent left
    whole = np.floor(x * np.float32(_LOG2E) + np.float32(0.5))
    x = x - whole * np.float32(_LN2_HIGH) - whole * np.float32(_LN2_LOW)
    total = np.float32(1.9875691500e-4)
    total = total * x + np.float32(1.3981999507e-3)
    total = total * x + np.float32(8.3334519073e-3)
    total = total * x + np.float32(4.1665795894e-2)
    total = total * x + np.float32(1.6666665459e-1)
    total = total * x + np.float32(5.0000001201e-1)
    total = total * x * x + x + np.float32(1.0)
    return total * as_float(np.int32((np.int32(whole) + np.int32(127)) << np.int32(23)))


@fast
def sigmoid(x: Any) -> Any:
    """1 / (1 + e^-x)."""
    return np.float32(1.0) / (np.float32(1.0) + exp(min(-x, np.float32(80.0))))


@fast
def add_product(weights: Array, x: Array, out: Array) -> None:
    """out += weights @ x; weights: panels. x may be longer than the panels are deep."""
    count, depth, _ = weights.shape
    for k in range(count):
        panel(weights, k * depth * LANES, x, depth, out[k * LANES :])


@fast
def normed(x: Array, weight: Array, out: Array) -> None:
    """RMSNorm of x, as far as the weight goes, times the weight."""
    total = ZERO
    for i in range(len(weight)):
        total += x[i] * x[i]
    scale = np.float32(1.0 / math.sqrt(total / len(weight) + NORM_EPSILON))
    for i in range(len(weight)):
        out[i] = x[i] * scale * weight[i]


@fast
def add_stored(x: Array, other: Array) -> None:
    """Add stored weights to the front of x."""
    for i in range(len(other)):
        x[i] += real(other[i])


@fast
def square_relu(x: Array) -> None:
    """Squares of what is positive, in place."""
    for i in range(len(x)):
        positive = max(x[i], ZERO)
        x[i] = positive * positive


@fast
def turn(x: Array, cos: Array, sin: Array, scale: float) -> None:
    """Rotary position, in place, on the two halves of a head."""
    half = len(cos)
    for i in range(half):
        first, second = x[i] * scale, x[half + i] * scale
        x[i] = first * cos[i] - second * sin[i]
        x[half + i] = first * sin[i] + second * cos[i]


@fast
def attend(
    query: Array, keys: Array, values: Array, position: int, window: int,
    scores: Array, found: Array,
) -> None:  # fmt: skip
    """found = what the query sees of the last `window` positions.

    keys (ring / LANES, head width, LANES), values (parts, ring, VALUE_LANES) of one head.
    """
    blocks, head_width, _ = keys.shape
    ring = blocks * LANES
    seen = min(position + 1, window)
    begin = (position + 1 - seen) % ring
    skipped = begin % LANES  # scores are made block by block, also of a few that are not seen
    made = 0
    while made < skipped + seen:
        scores[made : made + LANES] = ZERO
        block = (begin // LANES + made // LANES) % blocks
        panel(keys, block * head_width * LANES, query, head_width, scores[made:])
        made += LANES
    seen_scores = scores[skipped : skipped + seen]
    most = seen_scores[0]
    for t in range(seen):
        most = max(most, seen_scores[t])
    total = ZERO
    for t in range(seen):
        seen_scores[t] = exp(seen_scores[t] - most)
        total += seen_scores[t]
    found[:] = ZERO
    early = min(seen, ring - begin)  # the others lie at the ring's front
    for part in range(len(values)):
        out, start = found[part * VALUE_LANES :], part * ring
        value_panel(values, (start + begin) * VALUE_LANES, seen_scores, early, out)
        if early < seen:
            late = seen_scores[early:]
            value_panel(values, start * VALUE_LANES, late, seen - early, out)
    share = np.float32(1.0) / total
    for d in range(len(found)):
        found[d] *= share


@fast
def gru(gates: Array, own: Array, hidden: Array, out: Array) -> None:
    """The next state, from what comes in and what the state adds: (reset, keep, new) each."""
    units = len(hidden)
    for i in range(units):
        reset = sigmoid(gates[i] + own[i])
        keep = sigmoid(gates[units + i] + own[units + i])
        x = gates[2 * units + i] + reset * own[2 * units + i]
        new = np.float32(2.0) * sigmoid(np.float32(2.0) * x) - np.float32(1.0)
        out[i] = new + keep * (hidden[i] - new)


@fast
def lstm(gates: Array, own: Array, cell: Array, out: Array, out_cell: Array) -> None:
    """The next state and cell, from (take, keep, new, show) of what comes in and of the state."""
    units, one, two = len(cell), np.float32(1.0), np.float32(2.0)
    for i in range(units):
        take = sigmoid(gates[i] + own[i])
        keep = sigmoid(gates[units + i] + own[units + i])
        new = two * sigmoid(two * (gates[2 * units + i] + own[2 * units + i])) - one
        show = sigmoid(gates[3 * units + i] + own[3 * units + i])
        out_cell[i] = keep * cell[i] + take * new
        out[i] = show * (two * sigmoid(two * out_cell[i]) - one)


@fast
def soften(logits: Array, most: float, sharpness: float, out: Array) -> None:
    """Logits to weights; the likeliest has 1."""
    for k in range(len(logits)):
        out[k] = exp(min((logits[k] - most) * sharpness, ZERO))
