"""Grids: exact however coarse the classes are, in every meter."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.encoding import MAX_TICKS, TIME_CLASSES, TIME_VALUES, time_class
from engine.sampling.rhythm import CELL_HIGH, CELL_LOW, FREE, Grid, first_onsets, places_in_beat

parts = st.lists(st.sampled_from([1, 2, 3, 4, 5, 6, 7, 8, 12, 16]), min_size=1, max_size=3)
bars = st.sampled_from([384, 288, 336, 120, 156, 96, 100])


def test_every_tick_belongs_to_one_cell():
    assert CELL_LOW[0] == 0
    assert CELL_HIGH[-1] == MAX_TICKS
    assert np.array_equal(CELL_LOW[1:], CELL_HIGH[:-1] + 1)
    assert all(CELL_LOW <= TIME_VALUES)
    assert all(TIME_VALUES <= CELL_HIGH)


@pytest.mark.parametrize(
    ("divided", "swing", "unit", "places"),
    [
        ((1,), 0.7, 8, (0,)),
        ((2,), 0.5, 8, (0, 48)),
        ((2,), 2 / 3, 8, (0, 64)),
        ((2,), 0.75, 16, (0, 48)),
        ((4,), 0.75, 8, (0, 36, 72, 84)),
        ((4,), 0.75, 16, (0, 36, 48, 84)),
        ((3,), 0.6, 8, (0, 32, 64)),
        ((2, 3), 0.5, 8, (0, 32, 48, 64)),
        ((5,), 0.5, 8, (0, 19, 38, 58, 77)),
    ],
)
def test_where_the_parts_of_a_beat_lie(divided, swing, unit, places):
    assert places_in_beat(divided, swing, unit) == places


@given(parts=parts, swing=st.floats(0.5, 0.75), bar=bars, last=st.integers(-500, 5000))
def test_a_class_means_the_grid_tick_of_its_cell_and_none_is_missed(parts, swing, bar, last):
    places = places_in_beat(parts, swing, 8)
    onsets = Grid(places, bar).onsets(last)
    wanted = {
        time_class(offset)
        for offset in range(MAX_TICKS + 1)
        if ((last + offset) % bar) % 96 in places
    }
    assert set(onsets.on_grid.nonzero()[0].tolist()) == wanted
    for number in range(TIME_CLASSES):
        offset = onsets.offsets[number]
        assert time_class(offset) == number
        if number in wanted:
            assert ((last + offset) % bar) % 96 in places
        else:
            assert offset == TIME_VALUES[number]


@given(
    wait=st.integers(0, 9000),
    land=st.none() | st.integers(0, 9000),
    parts=st.none() | parts,
    bar=bars,
    last=st.integers(0, 999),
)
def test_the_first_note_can_come_at_once_and_can_land(wait, land, parts, bar, last):
    grid = None if parts is None else Grid(places_in_beat(parts, 0.5, 8), bar)
    onsets = first_onsets(wait, [], land, grid, last)
    assert onsets.offsets == sorted(set(onsets.offsets))
    assert onsets.at_least(wait).any()
    if land is not None and land >= wait:
        assert onsets.offsets[time_class(land)] == land
        assert onsets.on_grid[time_class(land)]
        assert onsets.below(land + 1)[time_class(land)]
    elif grid is None:
        soonest = next(offset for offset in onsets.offsets if offset >= wait)
        assert soonest == wait or soonest == TIME_VALUES[time_class(wait)]


@given(offset=st.integers(-3, 4000))
def test_masks_of_time_split_the_classes(offset):
    after, before = FREE.at_least(offset), FREE.below(offset)
    assert np.array_equal(after, ~before)
    assert np.array_equal(after, offset <= TIME_VALUES)


def test_a_row_is_not_changed_by_what_is_made_of_it():
    row = Grid((0,), 384).onsets(0)
    kept = row.offsets.copy(), row.on_grid.copy()
    changed = row.with_tick(101)
    assert changed.offsets[time_class(101)] == 101
    assert changed.on_grid[time_class(101)]
    assert row.offsets == kept[0]
    assert np.array_equal(row.on_grid, kept[1])
