"""The kernels of the live step: one backbone's step, taking notes in, one field's logits, a draw.

Everything is compiled for the types named here when the module is imported, or read from the cache;
nothing compiles later, in the middle of a session. They let other threads run.

It refuses to own memory: every array is the caller's. What a position keeps lies at its slot, the
position modulo the length of the ring.
"""

import math

import numpy as np
from numba import boolean, float32, float64, int64, types, void

from engine.encoding import FAMILIES, PITCH, PITCH_CLASSES, VOICE, VOICE_CLASSES
from engine.model.arithmetic import (
    ZERO,
    add_product,
    add_stored,
    attend,
    gru,
    lstm,
    normed,
    soften,
    square_relu,
    turn,
)
from engine.model.compiled import LANES, STORED, VALUE_LANES, fast, kernel
from engine.model.shape import (
    FADES,
    FIRST_PITCH,
    INTERVAL_AT,
    INTERVAL_REACH,
    LEAP_REACH,
    LOOK_BACK,
    PITCH_CLASS_AT,
    READ_STARTS,
    READS,
)

Array = np.ndarray

_W2, _W3, _W4 = STORED[:, ::1], STORED[:, :, ::1], STORED[:, :, :, ::1]
_F1, _F2, _F3, _F5 = float32[::1], float32[:, ::1], float32[:, :, ::1], float32[:, :, :, :, ::1]
_I1, _I2 = int64[::1], int64[:, ::1]
_LOGITS, _MASK = (types.Array(dtype, 1, "C", readonly=True) for dtype in (float32, boolean))
GREEDY_BELOW = 1e-6
"""Temperatures below this leave one choice within the reach of single precision."""
_FADES = tuple(np.float32(fade) for fade in FADES)


@kernel(
    void(_F1, _W4, _W4, _W4, _W4, _F3, _F3, _F5, _F5, _F3, float64[::1], int64, int64, _F1, _F1)
)
def transformer(
    x: Array, mix: Array, gather: Array, widen: Array, narrow: Array, norms: Array,
    look_back: Array, keys: Array, values: Array, reads: Array, frequency: Array,
    position: int, window: int, norm: Array, out: Array,
) -> None:  # fmt: skip
    """One step of the transformer. x (padded width) is used up; out (width,) is what comes of it.

    Panels of each layer: mix (to query, key and value), gather, widen, narrow. norms (layers, 2,
    width); keys, values: see `_attend`, for (layers, heads); reads (layers, ring, width).
    """
    layers, heads, _, head_width, _ = keys.shape
    parts, ring, width = values.shape[2], values.shape[3], len(norm)
    slot = position % ring
    half = head_width // 2
    cos, sin = np.empty(half, np.float32), np.empty(half, np.float32)
    for i in range(half):
        cos[i], sin[i] = math.cos(position * frequency[i]), math.sin(position * frequency[i])
    scale = np.float32(1.0 / math.sqrt(head_width))
    read, gathered = np.empty(width, np.float32), np.empty(width, np.float32)
    mixed = np.empty(mix.shape[1] * LANES, np.float32)
    wide = np.empty(widen.shape[1] * LANES, np.float32)
    scores = np.empty(window + 2 * LANES, np.float32)
    found = np.empty(parts * VALUE_LANES, np.float32)
    for layer in range(layers):
        own = reads[layer, slot]
        normed(x, norms[layer, 0], own)
        read[:] = own
        for back in range(min(LOOK_BACK, position)):
            before, share = reads[layer, (position - 1 - back) % ring], look_back[layer, back]
            for i in range(width):
                read[i] += before[i] * share[i]
        mixed[:] = ZERO
        add_product(mix[layer], read, mixed)
        for head in range(heads):
            first = head * head_width
            query, key = mixed[first : first + head_width], mixed[width + first :]
            value = mixed[2 * width + first :]
            turn(query, cos, sin, scale)
            turn(key, cos, sin, np.float32(1.0))
            for d in range(head_width):
                keys[layer, head, slot // LANES, d, slot % LANES] = key[d]
                values[layer, head, d // VALUE_LANES, slot, d % VALUE_LANES] = value[d]
            attend(query, keys[layer, head], values[layer, head], position, window, scores, found)
            gathered[first : first + head_width] = found[:head_width]
        add_product(gather[layer], gathered, x)
        normed(x, norms[layer, 1], read)
        wide[:] = ZERO
        add_product(widen[layer], read, wide)
        square_relu(wide)
        add_product(narrow[layer], wide, x)
    normed(x, norm, out)


@kernel(void(_F1, _W3, _W4, _W4, _F3, _W3, _F1, _F1, _F3, _F3, int64, _F1))
def recurrent(
    x: Array, first: Array, deeper: Array, own: Array, biases: Array, gather: Array,
    norm_in: Array, norm: Array, hidden: Array, cells: Array, position: int, out: Array,
) -> None:  # fmt: skip
    """One step of a GRU (no cells: their ring is empty) or LSTM. x (padded width) is used up.

    Panels of what comes in, first and deeper (layers - 1, ...), and of the state, own (layers, ...)
    and gather. biases (layers, 2, padded gates); hidden, cells (ring, layers, units).
    """
    ring, layers, _ = hidden.shape
    slot, before = position % ring, (position - 1) % ring
    read = np.empty(len(norm), np.float32)
    came, held = np.empty_like(biases[0, 0]), np.empty_like(biases[0, 0])
    normed(x, norm_in, read)
    for layer in range(layers):
        came[:], held[:] = biases[layer, 0], biases[layer, 1]
        if layer == 0:
            add_product(first, read, came)
        else:
            add_product(deeper[layer - 1], hidden[slot, layer - 1], came)
        if position == 0:
            hidden[before, layer] = ZERO
            if len(cells):
                cells[before, layer] = ZERO
        add_product(own[layer], hidden[before, layer], held)
        if len(cells):
            lstm(came, held, cells[before, layer], hidden[slot, layer], cells[slot, layer])
        else:
            gru(came, held, hidden[before, layer], hidden[slot, layer])
    add_product(gather, hidden[slot, layers - 1], x)
    normed(x, norm, out)


@kernel(void(_I2, _W2, _W3, _I2, _F3, _F2, int64, _F2))
def take(
    rows: Array, notes: Array, heard_in: Array, past: Array, memory: Array, heard: Array,
    position: int, out: Array,
) -> None:  # fmt: skip
    """Notes of rows (n, 9) at positions from `position` on: what was heard, and the embeddings.

    Kept for each position: past (ring, 9), its row; memory (ring, fades, 13), pitch classes heard
    and their sum, faded; heard (ring, 24), the shares counted from the note's own pitch class. out
    (wanted, padded width) gets the embeddings of the last notes. The position before must be in the
    rings; the pitch of position 0 is -1.
    """
    ring = len(memory)
    for n in range(len(rows)):
        slot, before = (position + n) % ring, (position + n - 1) % ring
        pitch, last = rows[n, PITCH], past[before, PITCH]
        past[slot] = rows[n]
        for part in range(len(_FADES)):
            now = memory[slot, part]
            for j in range(13):
                now[j] = memory[before, part, j] * _FADES[part]
            now[pitch % 12] += np.float32(1.0)
            now[12] += np.float32(1.0)
            for j in range(12):
                heard[slot, 12 * part + j] = now[(j + pitch) % 12] / now[12]
        place = n - len(rows) + len(out)
        if place < 0:
            continue
        x = out[place]
        x[:] = ZERO
        add_product(heard_in, heard[slot], x)
        for column in range(len(READS)):
            add_stored(x, notes[READ_STARTS[column] + rows[n, READS[column]]])
        add_stored(x, notes[READ_STARTS[PITCH_CLASS_AT] + pitch % 12])
        interval = 0
        if last >= 0:
            leap = min(max(pitch - last, -INTERVAL_REACH), INTERVAL_REACH)
            interval = leap + INTERVAL_REACH + 1
        add_stored(x, notes[READ_STARTS[INTERVAL_AT] + interval])


@kernel(
    void(
        int64, _W3, _F1, _W2, _I1, _I1, _I1, _W3, _F1, _W2, _I1, _W3, _W3,
        _F2, _I2, _F2, int64, _I1, int64, _F1,
    )
)  # fmt: skip
def head(
    field: int, hidden_in: Array, bias: Array, told: Array, columns: Array, starts: Array,
    needs: Array, logits_in: Array, logits_bias: Array, echo: Array, echoes: Array,
    relative: Array, around: Array,
    outputs: Array, past: Array, heard: Array, position: int, row: Array, known: int, out: Array,
) -> None:  # fmt: skip
    """Logits of one field after `position`, given the columns of row (9,) that are `known`: bits.

    told: the vectors of the columns that may be told, `columns` from `starts` on; needs: the bit
    without which a column is not told, -1 for none. echo: tables of classes laid one behind the
    other, (column, start) by turns in `echoes`, for the note before. relative: to the logits of
    intervals (pitch) or of going on and passing the turn (voice), else empty. around: of what was
    heard, for the pitch alone. By position: outputs (ring, width) of the backbone; past, heard: see
    `take`. out (padded classes).
    """
    slot = position % len(past)
    last, hidden = past[slot], bias.copy()
    add_product(hidden_in, outputs[slot], hidden)
    for k in range(len(columns)):
        if needs[k] < 0 or (known >> needs[k]) & 1:
            add_stored(hidden, told[starts[k] + row[columns[k]]])
    if field == PITCH:
        add_product(around, heard[slot], hidden)
    square_relu(hidden)
    out[:] = logits_bias
    add_product(logits_in, hidden, out)
    steps = np.zeros(len(relative) * LANES, np.float32)
    add_product(relative, hidden, steps)
    if field == PITCH:
        centre = last[PITCH] if last[PITCH] >= 0 else FIRST_PITCH
        for key in range(PITCH_CLASSES):
            out[key] += steps[min(max(key - centre, -LEAP_REACH), LEAP_REACH) + LEAP_REACH]
    elif field == VOICE and last[PITCH] >= 0:
        out[last[VOICE]] += steps[0]
        out[(last[VOICE] + FAMILIES) % VOICE_CLASSES] += steps[1]
    if last[PITCH] >= 0:
        for k in range(0, len(echoes), 2):
            add_stored(out, echo[echoes[k + 1] + last[echoes[k]]])


@fast
def _least_kept(weights: Array, likely: Array, most: float, missing: float) -> float:
    """The least of the largest weights that add up to `missing`, at most `most`; one at least.

    Found by halving, without sorting. likely: places of the weights that count; it is used up.
    """
    least, left = most, len(likely)
    while left > 0:
        pivot = weights[likely[left // 2]]
        above = same = 0.0
        for n in range(left):
            weight = weights[likely[n]]
            above += weight if weight > pivot else 0.0
            same += weight if weight == pivot else 0.0
        higher = above >= missing
        if not higher:
            least, missing = pivot, missing - above - same
            if missing <= 0.0:
                break
        kept = 0
        for n in range(left):
            k = likely[n]
            if weights[k] > pivot if higher else weights[k] < pivot:
                likely[kept] = k
                kept += 1
        left = kept
    return least


@kernel(int64(_LOGITS, _MASK, float64, float64, float64), exact=True)
def choose(logits: Array, allowed: Array, temperature: float, top_p: float, chance: float) -> int:
    """Index of one allowed choice, -1 if there is none.

    chance: a number drawn evenly from 0..1. A temperature below `GREEDY_BELOW` takes the likeliest;
    top_p keeps the likeliest that together reach that probability (nucleus sampling,
    arXiv:1904.09751) and those as likely as the last of them. Of choices without any probability
    one is as good as another.
    """
    count, best, possible = len(logits), -1, 0
    for k in range(count):
        if allowed[k]:
            possible += 1
            if best < 0 or logits[k] > logits[best]:
                best = k
    if best < 0 or (temperature < GREEDY_BELOW and logits[best] > -np.inf):
        return best
    weights = np.ones(count, np.float32)
    if logits[best] > -np.inf:
        soften(logits, logits[best], np.float32(1.0 / temperature), weights)
    likely = np.empty(possible, np.int64)
    left, total = 0, 0.0
    for k in range(count):
        if not allowed[k] or logits[k] == -np.inf < logits[best]:
            weights[k] = ZERO
        else:
            likely[left] = k
            left += 1
            total += weights[k]
    least = _least_kept(weights, likely[:left], weights[best], top_p * total)
    total = 0.0
    for k in range(count):
        total += weights[k] if weights[k] >= least else 0.0
    place, chosen = chance * total, best
    for k in range(count):
        if weights[k] >= least and weights[k] > ZERO:
            chosen = k
            place -= weights[k]
            if place < 0.0:
                break
    return chosen
