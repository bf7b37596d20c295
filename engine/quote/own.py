"""What the player played, so that an answer can be compared with it: exact, learnt in a moment.

Unlike the training index it keeps the notes' moves themselves, and the places of every `WINDOW`
intervals. Candidates are found by intervals alone and then compared note by note, where either side
may be a little uneven. Repeated notes and trills are everybody's, as in the index.

The newest `MOST_MOVES` moves are kept (an hour or two of playing); of the same few intervals the
newest `MOST_PLACES` places are compared. It refuses to know what a take is and to save anything.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import int64, types, void

from engine.model.compiled import fast, kernel
from engine.quote.index import NO_RUN, Run
from engine.quote.lines import ALSO, CHORD, CLASS, COLUMNS, INTERVAL, NOTE

Array = npt.NDArray[Any]

WINDOW = 8
"""Notes of the shortest run that is told."""
MOST_MOVES = 1 << 16
MOST_PLACES = 1024
_FIGURE = 2
"""Figures of so many moves or fewer are everybody's, in any rhythm: repeated notes, trills."""
_NOWHERE = 1000
"""Interval of a line's first note: no other has it."""
_HEADS = 1 << 15
_FACTOR = 0x9E3779B1

_LINE = types.Array(int64, 2, "C", readonly=True)


@fast
def _slot(line: Array, start: int) -> int:
    """Where the places of the window's intervals begin."""
    key = 0
    for place in range(start + 1, start + WINDOW):
        key = (key * 257 + line[place, INTERVAL] + 128) * _FACTOR & 0x3FFFFFFFFFFF
        key ^= key >> 17
    return key & (_HEADS - 1)


@fast
def _alike(one: Array, at: int, other: Array, there: int) -> Any:
    """Whether two moves may be the same, each as even as people play."""
    if one[at, INTERVAL] != other[there, INTERVAL]:
        return False
    first, second = one[at, CLASS], other[there, CLASS]
    return first == second or first == other[there, ALSO] or second == one[at, ALSO]


@fast
def _is_figure(line: Array, start: int) -> bool:
    for length in range(1, _FIGURE + 1):
        same = True
        for place in range(start + length + 2, start + WINDOW):
            if line[place, INTERVAL] != line[place - length, INTERVAL]:
                same = False
                break
        if same:
            return True
    return False


@kernel(void(int64[:, ::1], int64, int64, int64[::1], int64[::1]), exact=True)
def _learn(moves: Array, begin: int, over: int, heads: Array, before: Array) -> None:
    """Enter the places of the windows that lie in moves[begin:over], one line."""
    for start in range(begin, over - WINDOW + 1):
        slot = _slot(moves, start)
        before[start] = heads[slot]
        heads[slot] = start


@kernel(types.UniTuple(int64, 3)(_LINE, _LINE, int64, int64[::1], int64[::1]), exact=True)
def _search(line: Array, moves: Array, count: int, heads: Array, before: Array) -> Any:
    """(notes, first, last place in the line) of the longest run; (0, 0, 0) where there is none."""
    best, best_begin, best_last = 0, 0, 0
    windows = len(line) - WINDOW + 1
    # figures[n]: how many of the first n windows are figures; they do not count.
    figures = np.zeros(max(windows, 0) + 1, np.int64)
    for start in range(windows):
        figures[start + 1] = figures[start] + int(_is_figure(line, start))
    for start in range(windows):
        if figures[start + 1] > figures[start]:
            continue
        there = heads[_slot(line, start)]
        looked = 0
        while there >= 0 and looked < MOST_PLACES:
            # What goes on from the window before was followed from there.
            followed = start > 0 and figures[start] == figures[start - 1]
            if not (followed and there > 0 and _alike(line, start, moves, there)):
                last, first = 0, True
                while start + last + 1 < len(line) and there + last + 1 < count:
                    at, place = start + last + 1, there + last + 1
                    if first and line[at, CLASS] != CHORD and moves[place, CLASS] != CHORD:
                        # What the first time is longer than lies before the run.
                        if line[at, INTERVAL] != moves[place, INTERVAL]:
                            break
                        first = False
                    elif not _alike(line, at, moves, place):
                        break
                    last += 1
                whole = last + 2 - WINDOW
                if whole > 0:
                    notes = WINDOW - 1 + whole - (figures[start + whole] - figures[start])
                    if notes > best:
                        best, best_begin, best_last = notes, start, start + last
            there = before[there]
            looked += 1
    return best, best_begin, best_last


class Own:
    """The lines that the player played. One thread."""

    def __init__(self, most_moves: int = MOST_MOVES) -> None:
        """most_moves: beyond these the older half is forgotten."""
        self._moves = np.zeros((most_moves, COLUMNS), dtype=np.int64)
        self._heads = np.full(_HEADS, -1, dtype=np.int64)
        self._before = np.full(most_moves, -1, dtype=np.int64)
        self._starts: list[int] = []
        self._count = 0

    def __len__(self) -> int:
        """Moves that are kept, of all lines."""
        return self._count

    def forget(self) -> None:
        """Start anew: another player."""
        self._heads.fill(-1)
        self._starts, self._count = [], 0

    def learn(self, line: Array) -> None:
        """Take in a line (`engine.quote.lines.line_of`); too short ones hold no run."""
        line = line[-(len(self._moves) // 2) :]
        if len(line) < WINDOW:
            return
        if self._count + len(line) > len(self._moves):
            self._forget_older()
        begin, self._count = self._count, self._count + len(line)
        self._moves[begin : self._count] = line
        self._moves[begin, INTERVAL] = _NOWHERE
        self._starts.append(begin)
        _learn(self._moves, begin, self._count, self._heads, self._before)

    def _forget_older(self) -> None:
        """Make room: only lines of the newer half are kept."""
        kept = [start for start in self._starts if start >= self._count // 2]
        ends = [*kept[1:], self._count]
        lines = [self._moves[a:b].copy() for a, b in zip(kept, ends, strict=True)]
        self.forget()
        for line in lines:
            self.learn(line)

    def longest(self, line: Array) -> Run:
        """The longest run that a line shares with one that was learnt; `NO_RUN` below `WINDOW`."""
        notes, begin, last = _search(line, self._moves, self._count, self._heads, self._before)
        if notes == 0:
            return NO_RUN
        onsets = 1 + int((line[begin + 1 : last + 1, CLASS] != CHORD).sum())
        return Run(int(notes), onsets, int(line[begin, NOTE]))
