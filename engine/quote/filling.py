"""The compiled part of building an index: the keys of a line's windows, and filling the filter.

It refuses to be imported by the live side, which never fills anything.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import boolean, int64, types, uint8, uint64, void

from engine.model.compiled import kernel
from engine.quote.kernels import is_figure, key_of, places_of
from engine.quote.lines import CLASS

Array = npt.NDArray[Any]

_LINE = types.Array(int64, 2, "C", readonly=True)
_LAYOUT = types.Array(int64, 1, "C", readonly=True)


@kernel(void(_LINE, int64, uint64[::1]), exact=True)
def keys_of(line: Array, window: int, keys: Array) -> None:
    """Write the key of each window of the line; 0 where it repeats a figure.

    keys has shape (m - window + 1,).
    """
    classes, mask = 0, (1 << (2 * (window - 1))) - 1
    for note in range(1, len(line)):
        classes = ((classes << 2) | line[note, CLASS]) & mask
        start = note - window + 1
        if start >= 0:
            if is_figure(line, start, window, classes):
                keys[start] = np.uint64(0)
            else:
                keys[start] = key_of(line, start, window, classes)


@kernel(boolean(uint64[::1], _LAYOUT, uint8[::1]), exact=True)
def fill(keys: Array, layout: Array, table: Array) -> bool:
    """Fill a zeroed table (one number a byte) so that every one of the different keys matches.

    False where this seed leaves keys that cannot be told apart: try another.
    """
    count, size = len(keys), len(table)
    degree = np.zeros(size, np.uint32)
    held = np.zeros(size, np.uint32)
    for number in range(count):
        one, two, three, _ = places_of(keys[number], layout)
        for place in (one, two, three):
            degree[place] += np.uint32(1)
            held[place] ^= np.uint32(number)
    queue = np.empty(size, np.uint32)
    waiting = 0
    for place in range(size):
        if degree[place] == 1:
            queue[waiting] = place
            waiting += 1
    # Whoever is alone at a place is taken out, which may leave others alone.
    taken, taken_at = np.empty(count, np.uint32), np.empty(count, np.uint32)
    done = 0
    while waiting > 0:
        waiting -= 1
        alone = queue[waiting]
        if degree[alone] != 1:
            continue
        number = held[alone]
        taken[done], taken_at[done] = number, alone
        done += 1
        one, two, three, _ = places_of(keys[number], layout)
        for place in (one, two, three):
            degree[place] -= np.uint32(1)
            held[place] ^= number
            if degree[place] == 1:
                queue[waiting] = place
                waiting += 1
    if done < count:
        return False
    for back in range(count - 1, -1, -1):
        one, two, three, mark = places_of(keys[taken[back]], layout)
        number = mark ^ table[one] ^ table[two] ^ table[three]
        table[taken_at[back]] = np.uint8(number)
    return True
