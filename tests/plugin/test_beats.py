"""Nanoseconds and beats."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import Timebase
from plugin.realtime.beats import SLIGHT_NS, BeatGrid
from tests.strategies import MS, timebases

FOUR_FOUR = Timebase(120.0, 4.0, tempo_known=True)


def test_the_first_note_is_beat_0_unless_somebody_said_so() -> None:
    grid = BeatGrid(FOUR_FOUR)
    assert grid.beat(5_000 * MS) == 0.0
    assert grid.since_ns(5_000 * MS) == 0
    grid.begin(5_000 * MS)
    grid.begin(6_000 * MS)
    assert grid.beat(6_000 * MS) == 2.0
    assert grid.ns(2.0) == 6_000 * MS
    early = BeatGrid(FOUR_FOUR, 1_000 * MS)
    early.begin(5_000 * MS)
    assert early.beat(2_000 * MS) == 2.0


@given(timebases(), st.integers(0, 10**15), st.integers(0, 10**13))
def test_there_and_back(timebase: Timebase, origin_ns: int, passed_ns: int) -> None:
    grid = BeatGrid(timebase, origin_ns)
    at_ns = origin_ns + passed_ns
    assert abs(grid.ns(grid.beat(at_ns)) - at_ns) <= 2


@given(timebases(), st.integers(0, 10**11))
def test_a_delay_is_enough_and_keeps_to_the_beat(timebase: Timebase, late_ns: int) -> None:
    grid = BeatGrid(timebase, 0)
    delay_ns = grid.whole_beats_ns(late_ns)
    assert delay_ns >= late_ns
    if not timebase.tempo_known or late_ns <= SLIGHT_NS:
        assert delay_ns == late_ns
    else:
        beats = delay_ns / timebase.ns_per_beat
        assert beats == pytest.approx(round(beats), abs=1e-6)
        assert delay_ns - late_ns <= timebase.ns_per_beat + 1


def test_a_poll_late_is_not_a_beat_late() -> None:
    grid = BeatGrid(FOUR_FOUR, 0)
    assert grid.whole_beats_ns(0) == 0
    assert grid.whole_beats_ns(6 * MS) == 6 * MS
    assert grid.whole_beats_ns(100 * MS) == 500 * MS
    assert grid.whole_beats_ns(500 * MS) == 500 * MS
    assert grid.whole_beats_ns(501 * MS) == 1_000 * MS


# ------------------------------------------------------------------------- a tempo that moves


def grid_at(bpm: float = 120.0, bar: float = 4.0) -> BeatGrid:
    return BeatGrid(Timebase(bpm, bar, tempo_known=True), 0)


def test_a_new_tempo_goes_on_from_where_the_beat_is_and_leaves_the_past_alone() -> None:
    grid = grid_at()
    grid.set_tempo(1_000 * MS, 60.0)
    assert grid.beat(500 * MS) == 1.0
    assert grid.beat(1_000 * MS) == 2.0
    assert grid.beat(2_000 * MS) == 3.0
    assert grid.ns(3.0) == 2_000 * MS
    assert grid.timebase == Timebase(60.0, 4.0, tempo_known=True)
    grid.free(2_000 * MS)
    assert grid.timebase == Timebase(120.0, 4.0, tempo_known=False)
    assert grid.beat(2_500 * MS) == 4.0


def test_a_small_error_is_slewed_a_large_one_jumps_forward_to_the_same_place_in_the_bar() -> None:
    grid = grid_at()
    assert not grid.align(1_000 * MS, 2.1, 120.0)
    assert grid.beat(1_000 * MS) == 2.0
    assert grid.beat(1_250 * MS) == pytest.approx(2.6)
    assert grid.beat(2_000 * MS) == pytest.approx(4.1)
    assert not grid.align(2_000 * MS, 100.0, 120.0)  # bar 25 there, bar 1 here: the same place
    assert grid.beat(3_000 * MS) == pytest.approx(6.0)
    assert grid.align(3_000 * MS, 0.0, 120.0)  # started anew in our mid-bar
    assert grid.beat(3_000 * MS) == pytest.approx(8.0)
    assert grid.ns(7.0) == 3_000 * MS


def test_a_clock_that_comes_first_says_where_in_the_bar_time_begins() -> None:
    grid = BeatGrid(Timebase())
    grid.align(7_000 * MS, 21.5, 100.0)
    assert (grid.beat(7_000 * MS), grid.since_ns(7_000 * MS)) == (1.5, 0)
    grid.begin(9_000 * MS)
    assert grid.since_ns(9_000 * MS) == 2_000 * MS


def test_bars_begin_at_multiples_of_the_bar_after_a_change_of_meter_too() -> None:
    grid = grid_at()
    assert grid.set_meter(2_750 * MS, 3.0)  # a quarter and a half into the second bar
    beat = grid.beat(2_750 * MS)
    assert beat >= 5.5
    assert beat % 3.0 == pytest.approx(1.5)
    assert grid.bar_start(beat) == pytest.approx(beat - 1.5)
    assert grid.next_bar(beat) == pytest.approx(beat + 1.5)
    assert grid.next_bar(6.0) == grid.bar_start(6.0) == 6.0
    assert grid.bar_of(6.0) == 2


def test_the_next_beat_is_a_quarter_of_its_bar_or_the_bar_line() -> None:
    grid = grid_at(bar=3.5)
    beats = [0.0, 0.2, 1.0, 3.0, 3.2, 3.5, 3.6]
    assert [grid.next_beat(beat) for beat in beats] == [0.0, 1.0, 1.0, 3.0, 3.5, 3.5, 4.5]


def test_a_bar_begins_when_it_is_told_to() -> None:
    grid = grid_at()
    assert grid.begin_bar(1_100 * MS)
    assert grid.beat(1_100 * MS) == 4.0
    assert not grid.begin_bar(1_100 * MS)


moves = st.one_of(
    st.tuples(st.just("set_tempo"), st.floats(20.0, 300.0)),
    st.tuples(st.just("free")),
    st.tuples(st.just("align"), st.floats(-10.0, 20_000.0), st.floats(19.0, 315.0)),
    st.tuples(st.just("set_meter"), st.sampled_from([0.5, 1.0, 1.25, 3.0, 3.5, 4.0, 7.0])),
    st.tuples(st.just("begin_bar")),
    st.tuples(st.just("begin")),
)


@given(st.lists(st.tuples(st.integers(0, 3_000 * MS), moves), max_size=40), st.booleans())
def test_beats_only_grow_whatever_happens(
    gestures: list[tuple[int, tuple[str, float]]], begun: bool
) -> None:
    grid = grid_at() if begun else BeatGrid(Timebase())
    now_ns, before = 0, grid.beat(0)
    for apart_ns, (name, *arguments) in gestures:
        for part_ns in (apart_ns // 2, apart_ns - apart_ns // 2):
            now_ns += part_ns
            assert grid.beat(now_ns) >= before
            before = grid.beat(now_ns)
        getattr(grid, name)(now_ns, *arguments)
        assert grid.beat(now_ns) >= before
        assert grid.beat(now_ns) - before <= max(grid.timebase.beats_per_bar, 1e-6) or not before
        before = grid.beat(now_ns)
        if grid.begun:
            for later_ns in (now_ns, now_ns + 123 * MS, now_ns + 9_000 * MS):
                assert abs(grid.ns(grid.beat(later_ns)) - later_ns) <= 2


def test_the_past_is_remembered_and_memory_is_bounded() -> None:
    grid = grid_at()
    now_ns, beats = 0, []
    for tick in range(20_000):
        now_ns += 20 * MS
        grid.align(now_ns, grid.beat(now_ns) + 0.001, 120.0 + tick % 7)
        beats.append((now_ns, grid.beat(now_ns)))
    for at_ns, beat in beats[-1_000:]:
        assert grid.beat(at_ns) == pytest.approx(beat)
    assert max(len(value) for value in vars(grid).values() if isinstance(value, list)) < 5_000
