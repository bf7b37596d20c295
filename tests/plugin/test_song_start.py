"""A transport that stops and goes on at any moment: the first tick is the one that was told.

Whole follower, simulated clocks; errors in ticks against the simulated truth.
"""

import random

import pytest

from plugin.realtime.midi_clock import ClockFollower
from plugin.realtime.song_start import SongStart
from plugin.realtime.tick_line import TickLine
from tests.fakes.clock_master import (
    CONTINUE,
    MS,
    START,
    STOP,
    TICK,
    Late,
    gaussian,
    in_periods,
)


def position(sixteenths: int) -> bytes:
    return bytes((0xF2, sixteenths & 0x7F, sixteenths >> 7))


SONG_TICK, TICKS_BEFORE = 40 * 6, 150


def ticks_at(bpm: float, begin_ns: float, count: int) -> list[float]:
    return [begin_ns + tick * 60e9 / 24 / bpm for tick in range(count)]


def ticks_off(
    bpm: float,
    gap_ms: float,
    late: Late,
    *,
    goes_on: tuple[bytes, ...],
    runs_on: bool = False,
    again_bpm: float | None = None,
    lost: int | None = None,
) -> list[float]:
    """Errors, in ticks, from two beats after a stop and `goes_on`, whose tick comes after the gap.

    runs_on: the clock ticks while the transport stands, in its old phase. lost: this tick after.
    """
    chance, came_ns, follower = random.Random(round(gap_ms)), 0, ClockFollower()

    def hear(sent_ns: float, *messages: bytes) -> None:
        nonlocal came_ns
        came_ns = max(came_ns, round(late(chance, sent_ns)))
        for message in messages:
            follower.tick(came_ns)
            follower.message(came_ns, message)

    before = ticks_at(bpm, 5_000 * MS, TICKS_BEFORE)
    begin_ns = before[-1] + gap_ms * MS
    hear(before[0], START, TICK)
    for sent_ns in before[1:]:
        hear(sent_ns, TICK)
    hear(before[-1], STOP)
    for sent_ns in ticks_at(bpm, before[-1], 200)[1:] if runs_on else []:
        if sent_ns < begin_ns - 1:
            hear(sent_ns, TICK)
    told = {START: 0, CONTINUE: TICKS_BEFORE, position(40): SONG_TICK}[goes_on[0]]
    errors, again_bpm = [], again_bpm or bpm
    for tick, sent_ns in enumerate(ticks_at(again_bpm, begin_ns, 90)):
        if tick == lost:
            continue
        hear(sent_ns, *(goes_on if tick == 0 else ()), TICK)
        now = told + (came_ns - begin_ns) * again_bpm * 24 / 60e9
        if tick == 0:
            assert follower.beat(came_ns) == pytest.approx(told / 24, abs=1.0 / 24)
        elif tick > 48:
            errors.append((follower.beat(came_ns) or 0.0) * 24 - now)
    return errors


GAPS_MS = [*range(0, 60, 2), *range(61, 501, 13)]
"""At most tempos a tick is shorter than 60 ms: longer gaps have the same phases again."""
WAYS = [(START,), (CONTINUE,), (position(40), CONTINUE)]


@pytest.mark.parametrize("runs_on", [False, True], ids=["silent", "runs_on"])
@pytest.mark.parametrize("late", [gaussian(0.0), in_periods(256 / 48)], ids=["quiet", "periods"])
@pytest.mark.parametrize("bpm", [60.0, 97.3, 108.0, 140.0, 188.0, 250.0])
def test_whatever_the_gap_the_first_tick_is_the_one_that_was_told(
    bpm: float, late: Late, runs_on: bool
) -> None:
    """Each way of going on at every third gap."""
    for gap_ms in GAPS_MS:
        errors = ticks_off(bpm, gap_ms, late, goes_on=WAYS[gap_ms % 3], runs_on=runs_on)
        assert max(map(abs, errors)) < 1 / 3, gap_ms


@pytest.mark.parametrize("runs_on", [False, True], ids=["silent", "runs_on"])
@pytest.mark.parametrize(("bpm", "most"), [(60.0, 1 / 3), (108.0, 1 / 3), (160.0, 0.4)])
def test_whatever_the_gap_in_three_milliseconds_of_jitter(
    bpm: float, most: float, runs_on: bool
) -> None:
    for gap_ms in GAPS_MS:
        errors = ticks_off(bpm, gap_ms, gaussian(3.0), goes_on=WAYS[gap_ms % 3], runs_on=runs_on)
        assert max(map(abs, errors)) < most, gap_ms


@pytest.mark.parametrize("runs_on", [False, True], ids=["silent", "runs_on"])
def test_gaps_at_the_tempo_whose_tick_is_as_long_as_a_servers_period(runs_on: bool) -> None:
    """At 108 a tick takes 23.1 ms, 1024 frames at 44.1 kHz take 23.2: it looks like heaps."""
    for gap_ms in [*range(60), *range(60, 501, 7)]:
        errors = ticks_off(108.0, gap_ms, gaussian(0.2), goes_on=WAYS[2], runs_on=runs_on)
        assert max(map(abs, errors)) < 0.2, gap_ms


@pytest.mark.parametrize("again_bpm", [86.4, 105.8, 110.2, 129.6])
def test_another_tempo_after_a_gap_shifts_no_tick(again_bpm: float) -> None:
    for gap_ms in range(3, 501, 17):
        errors = ticks_off(
            108.0, gap_ms, gaussian(3.0), goes_on=WAYS[2], runs_on=True, again_bpm=again_bpm
        )
        assert max(map(abs, errors)) < 1 / 3, gap_ms


@pytest.mark.parametrize("bpm", [60.0, 120.0, 200.0])
@pytest.mark.parametrize("lost", [1, 2, 5, 20])
def test_a_tick_lost_in_the_first_beat_after_a_gap_is_put_right(bpm: float, lost: int) -> None:
    for gap_ms in range(3, 501, 40):
        for runs_on in (False, True):
            errors = ticks_off(
                bpm, gap_ms, gaussian(0.5), goes_on=WAYS[0], runs_on=runs_on, lost=lost
            )
            assert abs(errors[-1]) < 0.25, gap_ms


def known_line(period_ns: int = 20 * MS) -> TickLine:
    line = TickLine()
    for number in range(24):
        line.add(number, number * period_ns)
    return line


def test_ticks_on_the_line_as_it_was_leave_it_alone() -> None:
    start = SongStart(24, known_line(), runs=True)
    for number in range(24, 48):
        assert not start.is_new(number, number * 20 * MS, 1.0 * MS, 6 * MS)
    assert start.lasts(47)
    assert not start.lasts(48)


def test_ticks_that_are_off_together_begin_anew_once_and_keep_the_tempo() -> None:
    line = known_line()
    start = SongStart(24, line, runs=True)
    ticks = [(number, (number * 20 + 2) * MS) for number in range(24, 30)]
    new = [start.is_new(number, at_ns, 1.0 * MS, 6 * MS) for number, at_ns in ticks]
    assert new.index(True) == 1  # one of them may be jitter
    assert new.count(True) == 1
    start.begin(line, ticks)
    assert line.period_ns == pytest.approx(20 * MS)
    assert line.ns(30) == pytest.approx(602 * MS)


def test_one_that_is_far_after_a_lost_tick_tells_nothing_of_the_phase() -> None:
    start = SongStart(24, known_line(), runs=True)
    assert not start.is_new(24, 24 * 20 * MS, 1.0 * MS, 6 * MS)
    assert not start.is_new(25, 26 * 20 * MS, 1.0 * MS, 6 * MS)


def test_a_line_that_was_put_right_is_not_begun_anew() -> None:
    start = SongStart(24, known_line(), runs=True)
    start.settle()
    assert not start.is_new(24, 24 * 20 * MS + 10 * MS, 1.0 * MS, 6 * MS)


def test_without_a_line_the_first_tick_begins_one() -> None:
    assert SongStart(24, known_line(), runs=False).is_new(24, 24 * 20 * MS, 1.0 * MS, 6 * MS)


def test_the_first_tick_is_late_but_no_tick_is_lost() -> None:
    start = SongStart(24, known_line(), runs=True)
    assert start.shift(24, 20.0 * MS, 1.0 * MS, ticks=10) == 0
    assert start.shift(25, 20.0 * MS, 6.0 * MS, ticks=10) == 0  # jitter may be it
    assert start.shift(25, 20.0 * MS, 1.0 * MS, ticks=10) == 1
    assert start.shift(30, -19.0 * MS, 1.0 * MS, ticks=10) == -1
