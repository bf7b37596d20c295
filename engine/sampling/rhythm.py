"""Rhythm grids: which ticks an onset may fall on, and which tick a time class then means.

Time classes are coarse above one beat, and a grid is exact: each class stands for all ticks that
are rounded to it, and with a grid it means the one of them that lies on the grid, if any does. So
a syncopation stays exact however long the rest before it was.

It refuses to know which notes were played; positions count from the bar line.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.encoding import MAX_TICKS, TICKS_PER_BEAT, TIME_CLASSES, TIME_VALUES, time_classes
from engine.sampling.fields import Mask, steps_below, steps_from

_CLASS_OF_TICK = time_classes(np.arange(MAX_TICKS + 1))
CELL_LOW = np.searchsorted(_CLASS_OF_TICK, np.arange(TIME_CLASSES), "left")
"""The shortest time in ticks that is rounded to each class."""
CELL_HIGH = np.searchsorted(_CLASS_OF_TICK, np.arange(TIME_CLASSES), "right") - 1
"""The longest time in ticks that is rounded to each class (the last one takes all beyond, too)."""

FROM = steps_from(TIME_CLASSES)
BELOW = steps_below(TIME_CLASSES)
ANY_TIME = FROM[0]


@dataclass(frozen=True, slots=True)
class Onsets:
    """What the time classes mean at one place of the music.

    offsets: ticks from the last onset that each class means, strictly ascending.
    on_grid: classes whose tick lies on the grid. Shape (TIME_CLASSES,).
    """

    offsets: list[int]
    on_grid: Mask

    def at_least(self, offset: int) -> Mask:
        """Classes that are this many ticks after the last onset, or more."""
        mask: Mask = FROM[bisect_left(self.offsets, offset)]
        return mask

    def below(self, offset: int) -> Mask:
        """Classes that are fewer ticks than this after the last onset."""
        mask: Mask = BELOW[bisect_left(self.offsets, offset)]
        return mask

    def with_tick(self, offset: int) -> "Onsets":
        """The same, but the class that `offset` (0 or more) is rounded to means exactly it.

        That tick counts as one of the grid.
        """
        number = int(_CLASS_OF_TICK[min(offset, MAX_TICKS)])
        offsets, on_grid = self.offsets.copy(), self.on_grid
        offsets[number] = offset
        if not on_grid[number]:
            on_grid = on_grid.copy()
            on_grid[number] = True
        return Onsets(offsets, on_grid)


FREE = Onsets(TIME_VALUES.tolist(), ANY_TIME)
"""No grid: each class means its own value."""


def places_in_beat(parts: Sequence[int], swing: float, swing_unit: int) -> tuple[int, ...]:
    """Ticks within a beat that lie on the grid, ascending.

    parts: equal parts of the beat, each its own grid. swing: share of a pair that its first half
    takes; it bends grids whose parts are a power of two and fine enough to have an off-beat, and
    whatever lies between is bent along.
    """
    pair = 1.0 if swing_unit == 8 else 0.5
    found = set()
    for count in parts:
        swung = count & (count - 1) == 0 and count * pair >= 2
        for number in range(count):
            start, inside = divmod(number / count, pair)
            share = inside / pair
            if swung:
                share = _bent(share, swing)
            found.add(round((start + share) * pair * TICKS_PER_BEAT) % TICKS_PER_BEAT)
    return tuple(sorted(found))


def _bent(share: float, swing: float) -> float:
    if share < 0.5:
        return share * 2 * swing
    return swing + (share - 0.5) * 2 * (1 - swing)


class Grid:
    """The grid of one meter; rows are made when they are first needed, one a place in the bar."""

    def __init__(self, places: Sequence[int], bar_ticks: int) -> None:
        """places: ticks within the beat, one at least. bar_ticks: length of the bar."""
        # Where bars are whole beats every beat is alike; else the beats begin anew with the bar.
        self._period = bar_ticks if bar_ticks % TICKS_PER_BEAT else TICKS_PER_BEAT
        self._on: Mask = np.isin(np.arange(self._period) % TICKS_PER_BEAT, np.array(places))
        if not self._on.any():
            self._on[0] = True
        at = np.flatnonzero(self._on)
        around = np.concatenate([at - self._period, at, at + self._period])
        ticks = np.arange(self._period)
        self._back = ticks - around[np.searchsorted(around, ticks, "right") - 1]
        self._ahead = around[np.searchsorted(around, ticks, "left")] - ticks
        self._rows: dict[int, Onsets] = {}

    def holds(self, tick: int) -> bool:
        """Whether a tick of the session lies on the grid."""
        return bool(self._on[tick % self._period])

    def mask(self, last_tick: int, offsets: Sequence[int]) -> Mask:
        """Which of the times after `last_tick` lie on the grid. Shape: that of `offsets`."""
        held: Mask = self._on[(last_tick + np.array(offsets)) % self._period]
        return held

    def onsets(self, last_tick: int) -> Onsets:
        """What the time classes mean after an onset at `last_tick`."""
        place = last_tick % self._period
        row = self._rows.get(place)
        if row is None:
            row = self._rows[place] = self._row(place)
        return row

    def _row(self, place: int) -> Onsets:
        inside = (place + TIME_VALUES) % self._period
        back, ahead = self._back[inside], self._ahead[inside]
        can_back = back <= TIME_VALUES - CELL_LOW
        can_ahead = ahead <= CELL_HIGH - TIME_VALUES
        go_back = can_back & (~can_ahead | (back < ahead))
        shift = np.where(go_back, -back, np.where(can_ahead, ahead, 0))
        return Onsets((TIME_VALUES + shift).tolist(), can_back | can_ahead)


def first_onsets(
    wait: int, marked: Sequence[int], land: int | None, grid: Grid | None, last_tick: int
) -> Onsets:
    """What the time classes mean for the first note of an answer, `wait` ticks ahead or more.

    The silence before an answer may be longer than any class and fall between two of them. marked:
    ticks from the last onset that suit an entry; the first one of a class is what it means.
    land: ticks to the onset that must not be missed, or None; an entry before it goes first.
    """
    row = FREE if grid is None else grid.onsets(last_tick)
    offsets = row.offsets.copy()
    start = int(_CLASS_OF_TICK[min(wait, MAX_TICKS)])
    # In free time the class that the wait is rounded to means "at once"; else it may be a place.
    free = grid is None and not marked
    offsets[start] = wait if free else max(offsets[start], wait)
    taken: set[int] = set()
    for offset in marked:
        number = int(_CLASS_OF_TICK[min(offset, MAX_TICKS)])
        if number not in taken:
            taken.add(number)
            offsets[number] = offset
    on_grid = ANY_TIME if grid is None else grid.mask(last_tick, offsets)
    onsets = Onsets(offsets, on_grid)
    if land is not None and land >= wait:
        number = int(_CLASS_OF_TICK[min(land, MAX_TICKS)])
        if offsets[number] > land or number not in taken:
            return onsets.with_tick(land)
    return onsets
