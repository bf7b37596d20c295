"""Many notes at once through the live transformer: as matrix products, layer by layer.

The top layer's state needs only the keys and values of its window, and those need only so many
notes of the layer below, and so on: of a long prompt only the last notes are computed, and the
higher the layer the fewer. The result is the state that the same notes leave one by one, exactly
but for the order of sums.

It refuses to advance anything but the rings it is handed; plain numpy, so the products run on its
BLAS.
"""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.model import compiled
from engine.model.shape import LOOK_BACK, NORM_EPSILON

if TYPE_CHECKING:
    from engine.model.live import LiveTransformer

Matrix = npt.NDArray[np.float32]

_BLOCK = 64
"""Queries that share one product with the keys in their reach."""


def _keyed(wanted: int, window: int) -> int:
    """Last positions whose keys a layer needs, if its output is wanted of the last `wanted`."""
    return max(wanted + window - 1, LOOK_BACK + 1)


def reach_of(live: "LiveTransformer") -> int:
    """How many of the last positions decide the state after them."""
    reach = 1
    for _ in range(len(live.mix)):
        reach = _keyed(reach, live.window) + LOOK_BACK
    return reach


def take_prompt(live: "LiveTransformer", x: Matrix, position: int, out: Matrix) -> None:
    """Positions from `position` on: x (n, padded width); out (width,) is that of the last."""
    x = x[:, : len(live.norm)]
    layers, count = len(live.mix), len(x)
    wanted = [1]
    for _ in range(layers - 1):
        wanted.append(min(_keyed(wanted[-1], live.window) + LOOK_BACK, count))
    for layer, outputs in enumerate(reversed(wanted)):
        x = _layer(live, layer, x, position + count, outputs)
    out[:] = _normed(x[-1:], live.norm)[0]


def _layer(live: "LiveTransformer", layer: int, x: Matrix, end: int, outputs: int) -> Matrix:
    """One layer over the positions before `end`; gives the last `outputs` of them.

    What lies before x is in the rings, or nothing that is wanted hangs on it.
    """
    heads, head_width, ring = live.keys.shape[1], live.keys.shape[3], live.values.shape[3]
    width, first = x.shape[1], end - len(x)
    reads = np.zeros((LOOK_BACK + len(x), width), dtype=np.float32)
    reads[LOOK_BACK:] = _normed(x, live.norms[layer, 0])
    for back in range(1, min(LOOK_BACK, first) + 1):
        reads[LOOK_BACK - back] = live.reads[layer, (first - back) % ring]
    read = reads[LOOK_BACK:].copy()
    for back in range(LOOK_BACK):
        read += reads[LOOK_BACK - 1 - back : -1 - back] * live.look_back[layer, back]
    mixed = _product(read, live.mix[layer], 3 * width)
    parts = mixed.reshape(len(x), 3, heads, head_width).transpose(1, 2, 0, 3)
    angle = np.arange(first, end)[:, None] * live.frequency
    cos, sin = np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
    keys, values = _turned(parts[1], cos, sin), parts[2]
    queries = _turned(parts[0, :, -outputs:], cos[-outputs:], sin[-outputs:])
    queries *= np.float32(head_width**-0.5)
    oldest = max(0, min(first, end - outputs - live.window + 1))
    before = np.arange(oldest, first) % ring
    old_keys, old_values = live.kept(layer, before)
    kept = slice(max(0, len(x) - ring), None)
    slots = np.arange(first, end)[kept] % ring
    live.keep(layer, slots, keys[:, kept], values[:, kept])
    live.reads[layer, slots] = reads[LOOK_BACK:][kept]
    found = _attended(
        queries,
        np.concatenate([old_keys, keys], axis=1),
        np.concatenate([old_values, values], axis=1),
        live.window,
    )
    x = x[-outputs:] + _product(found, live.gather[layer], width)
    wide = _product(_normed(x, live.norms[layer, 1]), live.widen[layer], 4 * width)
    np.maximum(wide, 0, out=wide)
    wide *= wide
    x += _product(wide, live.narrow[layer], width)
    return x


def _attended(queries: Matrix, keys: Matrix, values: Matrix, window: int) -> Matrix:
    """Attention of the last positions (heads, n, head width) to the window before each: (n, width).

    keys, values: (heads, m, head width), m >= n, all up to the last query's own.
    """
    heads, count, head_width = queries.shape
    found = np.empty((count, heads, head_width), dtype=np.float32)
    lead = keys.shape[1] - count
    for begin in range(0, count, _BLOCK):
        end = min(begin + _BLOCK, count)
        low = max(0, lead + begin - window + 1)
        seen = slice(low, lead + end)
        scores = queries[:, begin:end] @ keys[:, seen].transpose(0, 2, 1)
        age = lead + np.arange(begin, end)[:, None] - np.arange(low, lead + end)[None, :]
        scores += np.where((age >= 0) & (age < window), np.float32(0), np.float32(-np.inf))
        scores -= scores.max(axis=2, keepdims=True)
        np.exp(scores, out=scores)
        total = (scores @ values[:, seen]) / scores.sum(axis=2, keepdims=True)
        found[begin:end] = total.transpose(1, 0, 2)
    return found.reshape(count, -1)


def _product(x: Matrix, panels: np.ndarray, rows: int) -> Matrix:
    """x (n, columns) times the matrix (rows, columns) that lies in panels: (n, rows)."""
    found: Matrix = x @ compiled.matrix_of(panels)[:rows].T
    return found


def _turned(x: Matrix, cos: Matrix, sin: Matrix) -> Matrix:
    """Rotary positions on x (heads, n, head width)."""
    half = x.shape[2] // 2
    first, second = x[:, :, :half], x[:, :, half:]
    return np.concatenate((first * cos - second * sin, first * sin + second * cos), axis=2)


def _normed(x: Matrix, weight: Matrix) -> Matrix:
    """RMSNorm of each row of x (n, width), times its weight."""
    squares = np.einsum("nw,nw->n", x, x)[:, None] / x.shape[1]
    normed: Matrix = x / np.sqrt(squares + np.float32(NORM_EPSILON)) * weight
    return normed
