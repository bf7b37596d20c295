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
