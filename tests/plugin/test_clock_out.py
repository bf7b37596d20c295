"""Our clock for others."""

import pytest

from engine.events import Timebase
from plugin.realtime.beats import BeatGrid
from plugin.realtime.clock_out import ClockOut
from plugin.realtime.midi_clock import ClockFollower
from tests.fakes.clock_master import CONTINUE, START, STOP, TICK
from tests.strategies import MS

Sent = list[tuple[int, bytes]]


def stage(bpm: float = 120.0) -> tuple[BeatGrid, ClockOut, Sent]:
    sent: Sent = []
    grid = BeatGrid(Timebase(bpm, 4.0, tempo_known=True), 0)
    return grid, ClockOut(grid, lambda at, m: sent.append((at, m))), sent


def run(clock: ClockOut, from_ns: int, until_ns: int) -> None:
    now_ns = from_ns
    while now_ns <= until_ns:
        clock.tick(now_ns)
        due_ns = clock.next_due_ns()
        now_ns = until_ns + 1 if due_ns is None else max(due_ns, now_ns + 1)


def test_twenty_four_ticks_a_quarter_note_at_their_moments() -> None:
    _, clock, sent = stage()
    clock.switch_on(0)
    clock.start(0)
    run(clock, 0, 1_000 * MS)
    assert sent[0] == (0, START)
    assert [at for at, m in sent if m == TICK] == [round(k * 500 * MS / 24) for k in range(49)]


def test_after_a_stall_there_is_no_heap_and_the_phase_is_kept() -> None:
    _, clock, sent = stage()
    clock.switch_on(0)
    run(clock, 0, 500 * MS)
    sent.clear()
    run(clock, 809 * MS, 900 * MS)
    times = [at for at, _ in sent]
    assert len(times) == 5
    assert times[0] == 809 * MS or times[0] == round(39 * 500 * MS / 24)
    assert all(at * 24 / (500 * MS) == pytest.approx(round(at * 24 / (500 * MS)), abs=1e-5)
               for at in times[1:])  # fmt: skip


def test_start_stop_and_going_on_from_a_position() -> None:
    _, clock, sent = stage()
    clock.start(0)
    assert sent == []  # nobody follows
    clock.switch_on(0)
    clock.start(0)
    clock.stop(MS)
    clock.stop(MS)
    clock.start(2 * MS, song_beat=40.3)
    clock.switch_off(3 * MS)
    assert [m for _, m in sent] == [START, STOP, bytes((0xF2, 162 & 127, 1)), CONTINUE, STOP]
    assert clock.next_due_ns() is None


def test_a_follower_of_ours_finds_our_beat() -> None:
    grid, clock, sent = stage(97.0)
    clock.switch_on(0)
    clock.start(0)
    run(clock, 0, 10_000 * MS)
    follower = ClockFollower()
    for at_ns, message in sent:
        follower.message(at_ns, message)
    assert follower.bpm == pytest.approx(97.0, rel=1e-6)
    assert follower.beat(10_000 * MS) == pytest.approx(grid.beat(10_000 * MS), abs=1e-5)
