"""The compiled part of the quote meter's index: keys of windows, the filter's places, the search.

A window is so many notes of a line one after the other (`engine.quote.lines`); its key is 64 bits
made of its moves. The large set of rare keys is kept as a binary fuse filter (Graf & Lemire 2022,
doi:10.1145/3510449): each key has three places in a table of numbers of four bits whose exclusive
or is the key's mark. A key of the set always matches; one in sixteen of all others does, too. The
small set of common keys is a sorted list of the keys' upper halves.

The search follows every reading that the uneven times of an answer allow, up to `MOST_READINGS`
at once, note after note, and keeps for each how far the training data has been saying the same.

It refuses to own memory and to know files: that is `engine.quote.index`. What only building needs
is `engine.quote.filling`, so that a session does not compile it.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import int64, types, uint8, uint32

from engine.model.compiled import fast, kernel
from engine.quote.lines import ALSO, CHORD, CLASS, FIRST, INTERVAL

Array = npt.NDArray[Any]

SEGMENT, SEGMENTS, SEED = range(3)
"""Numbers of a filter's layout: places in a segment, how many segments a key may begin in, and the
seed of the hash."""
MARKS = 16
"""Different marks: one in so many windows that are not in the set seems to be."""
MOST_READINGS = 32
"""Beyond these a note is read as it is played."""
LONGEST_FIGURE = 4
"""Windows that repeat a figure of so many moves or fewer are everybody's: trills, broken chords."""

_SEED = np.uint64(0x243F6A8885A308D3)
_FACTOR, _LAST_FACTOR = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)
_TURN = np.uint64(0xD6E8FEB86659FD93)
_HALF, _SPREAD, _LOW = np.uint64(32), np.uint64(29), np.uint64(0xFFFFFFFF)

_LINE = types.Array(int64, 2, "C", readonly=True)
_WORDS = types.Array(uint8, 1, "C", readonly=True)
_HALVES = types.Array(uint32, 1, "C", readonly=True)
_LAYOUT = types.Array(int64, 1, "C", readonly=True)


@fast
def key_of(line: Array, start: int, window: int, classes: int) -> Any:
    """Key of the window whose first note is `start`; classes: two bits a move, the last lowest."""
    key, first = _SEED, True
    for place in range(1, window):
        of_move = (classes >> (2 * (window - 1 - place))) & 3
        if first and of_move != CHORD:
            # What this time is longer than lies before the window.
            of_move, first = FIRST, False
        key = (key ^ np.uint64((line[start + place, INTERVAL] + 128) * 4 + of_move)) * _FACTOR
        key ^= key >> _HALF
    key *= _LAST_FACTOR
    return key ^ (key >> _SPREAD)


@fast
def is_figure(line: Array, start: int, window: int, classes: int) -> bool:
    """Whether the window does nothing but repeat a figure of `LONGEST_FIGURE` moves or fewer.

    One or two notes again and again are a figure in any rhythm.
    """
    for length in range(1, LONGEST_FIGURE + 1):
        same = True
        # The class of the first move is unknown, so the second of each kind is compared.
        for place in range(length + 2, window):
            shift = 2 * (window - 1 - place)
            if line[start + place, INTERVAL] != line[start + place - length, INTERVAL] or (
                length > 2 and (classes >> shift) & 3 != (classes >> (shift + 2 * length)) & 3
            ):
                same = False
                break
        if same:
            return True
    return False


@fast
def places_of(key: Any, layout: Array) -> Any:
    """Three places of a key in a table of (segments + 2) * segment numbers, and its mark."""
    segment = layout[SEGMENT]
    mixed = (key ^ np.uint64(layout[SEED])) * _TURN
    mixed ^= mixed >> _HALF
    mixed *= _FACTOR
    mixed ^= mixed >> _SPREAD
    base = np.int64(((mixed >> _HALF) * np.uint64(layout[SEGMENTS])) >> _HALF) * segment
    inside = np.uint64(segment - 1)
    more = mixed * _LAST_FACTOR
    one = base + np.int64(mixed & inside)
    two = base + segment + np.int64((more >> np.uint64(40)) & inside)
    three = base + 2 * segment + np.int64((more >> np.uint64(18)) & inside)
    mark = np.int64((more ^ (more >> _HALF)) & np.uint64(MARKS - 1))
    return one, two, three, mark


@fast
def _number(words: Array, place: int) -> Any:
    """The number of four bits at a place of the packed table."""
    return np.int64(words[place >> 1] >> np.uint8(4 * (place & 1))) & (MARKS - 1)


@fast
def _is_rare(words: Array, layout: Array, key: Any) -> Any:
    one, two, three, mark = places_of(key, layout)
    return _number(words, one) ^ _number(words, two) ^ _number(words, three) == mark


@fast
def _is_common(common: Array, key: Any) -> Any:
    half = key >> _HALF
    low, high = 0, len(common)
    while low < high:
        middle = (low + high) // 2
        if np.uint64(common[middle]) < half:
            low = middle + 1
        else:
            high = middle
    return low < len(common) and np.uint64(common[low]) == half


@kernel(types.UniTuple(int64, 3)(_LINE, int64, _WORDS, _LAYOUT, _HALVES), exact=True)
def search(
    line: Array, window: int, words: Array, layout: Array, common: Array
) -> tuple[int, int, int]:
    """The longest run of windows that are rare, passing through common ones between them.

    (windows of the run that are rare, place in the line of the run's first note, of its last one);
    (0, 0, 0) where no window is known.
    """
    mask = (1 << (2 * (window - 1))) - 1
    classes = np.zeros(2 * MOST_READINGS, np.int64)
    begin = np.zeros(2 * MOST_READINGS, np.int64)
    rares = np.zeros(2 * MOST_READINGS, np.int64)
    after, after_begin, after_rares = classes.copy(), begin.copy(), rares.copy()
    readings, best, best_begin, best_last = 1, 0, 0, 0
    for note in range(1, len(line)):
        made = 0
        both = line[note, CLASS] != line[note, ALSO] and readings <= MOST_READINGS // 2
        for reading in range(readings):
            for turn in range(2 if both else 1):
                of_move = line[note, CLASS] if turn == 0 else line[note, ALSO]
                moved = ((classes[reading] << 2) | of_move) & mask
                place = 0
                while place < made and after[place] != moved:
                    place += 1
                if place == made:
                    made += 1
                elif after_rares[place] >= rares[reading]:
                    continue
                after[place] = moved
                after_begin[place] = begin[reading]
                after_rares[place] = rares[reading]
        readings = made
        start = note - window + 1
        for reading in range(readings):
            classes[reading] = after[reading]
            begin[reading], rares[reading] = after_begin[reading], after_rares[reading]
            if start < 0 or is_figure(line, start, window, classes[reading]):
                continue
            key = key_of(line, start, window, classes[reading])
            if _is_common(common, key):
                continue
            if not _is_rare(words, layout, key):
                rares[reading] = 0
                continue
            if rares[reading] == 0:
                begin[reading] = start
            rares[reading] += 1
            if rares[reading] > best:
                best, best_begin, best_last = rares[reading], begin[reading], note
    return best, best_begin, best_last
