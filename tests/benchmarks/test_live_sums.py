"""Figures of a live jam are made of these sums."""

import pytest

from benchmarks.live import sums
from benchmarks.live.sums import Heard, Struck

MS = 1_000_000


def on(at_ms: float, pitch: int = 60, velocity: int = 80, channel: int = 0) -> Heard:
    at_ns = round(at_ms * MS)
    return Heard(at_ns, bytes((0x90 | channel, pitch, velocity)), round(at_ms * 48))


def off(at_ms: float, pitch: int = 60, channel: int = 0) -> Heard:
    return Heard(round(at_ms * MS), bytes((0x80 | channel, pitch, 64)), round(at_ms * 48))


def test_percentiles_are_values_that_occurred() -> None:
    found = sums.percentiles(float(n) for n in range(1, 201))
    assert found == {"p50": 100.0, "p95": 190.0, "p99": 198.0, "max": 200.0}
    assert sums.percentiles([7.0]) == {"p50": 7.0, "p95": 7.0, "p99": 7.0, "max": 7.0}
    assert sums.percentiles([])["p99"] is None


def test_one_late_note_in_a_hundred_is_the_p99_of_fewer() -> None:
    assert sums.percentiles([0.0] * 99 + [9.0])["p99"] == 0.0
    assert sums.percentiles([0.0] * 98 + [9.0])["p99"] == 9.0


def test_a_note_on_of_velocity_0_ends_a_note() -> None:
    messages = [on(1), on(2, velocity=0), on(3, 61), off(4, 61), Heard(5, b"\xb0\x40\x7f")]
    assert [note.pitch for note in sums.note_ons(messages)] == [60, 61]
    assert [note.pitch for note in sums.note_offs(messages)] == [60, 61]


def test_what_never_ends_is_stuck() -> None:
    assert sums.stuck_notes([on(1), off(2), on(3, 61), on(4, 62), off(5, 62)]) == 1
    assert sums.stuck_notes([on(1), on(2), off(3)]) == 1
    assert sums.stuck_notes([on(1, channel=1), off(2)]) == 1


def test_what_sounded_at_a_listener_that_went_is_not_stuck() -> None:
    first, second = [on(1), on(2, 62), off(3, 62)], [on(9, 64), off(10, 64), off(11)]
    assert sums.stuck_notes(sums.joined([first, [], second])) == 0
    assert sums.stuck_notes(sums.joined([first, [*second, on(12, 65)]])) == 1
    assert sums.joined([second]) == second


def test_arrivals_find_their_own_note() -> None:
    sent = [
        Struck(0, 0, 60),
        Struck(10 * MS, 0, 60),
        Struck(10 * MS, 1, 60),
        Struck(90 * MS, 0, 61),
    ]
    arrived = [
        Struck(12 * MS, 0, 60),  # too late to be the first, which is lost
        Struck(15 * MS, 1, 60),
        Struck(20 * MS, 0, 64),  # of nobody
        Struck(89 * MS, 0, 61),  # before it was sent
        Struck(93 * MS, 0, 61),
    ]
    found = sums.match(sent, arrived, within_ns=11 * MS)
    assert found.pairs == [(1, 0), (2, 1), (3, 4)]
    assert (found.lost, found.extra) == ([0], [2, 3])


def silence(messages: list[Heard], at_ms: float) -> float | None:
    found = sums.silence_after(
        messages, round(at_ms * MS), lasting_ns=100 * MS, within_ns=1000 * MS
    )
    return None if found is None else found / MS


def test_silence_begins_with_the_last_release() -> None:
    chord = [on(0, 60), on(0, 64), off(26, 60), off(29, 64)]
    assert silence(chord, 20) == 9
    assert silence([*chord, on(400), off(500)], 20) == 9


def test_silence_that_does_not_last_is_none() -> None:
    assert silence([on(0), off(26), on(60), off(90)], 20) == 70


def test_silence_where_nothing_sounds_says_nothing() -> None:
    assert silence([on(0), off(10)], 20) is None
    assert silence([on(0), off(10), on(30), off(40)], 20) is None
    assert silence([], 20) is None


def test_silence_that_never_comes() -> None:
    assert silence([on(0)], 20) == 1000
    assert silence([on(0), off(1500)], 20) == 1000


def test_a_gap_counts_from_the_last_release_before_the_note() -> None:
    releases = sums.note_offs([off(100), off(200, 62), off(900)])
    (first,) = sums.note_ons([on(650)])
    assert sums.gap_frames(first, releases) == 450 * 48
    assert sums.gap_frames(first, releases[2:]) is None


def test_beside_the_usual_a_jump_of_the_clock_does_not_count() -> None:
    steady = [5.0] * 100 + [700.0] * 100
    assert max(sums.beside_usual(steady)) == 0.0
    steady[40] = 8.0
    assert max(sums.beside_usual(steady)) == 3.0
    assert sums.beside_usual([]) == []
    assert sums.beside_usual([1.0, 4.0]) == [1.5, 1.5]


def test_a_frame_is_when_the_cycles_around_it_say() -> None:
    late_ms = [0.0, 0.3, 9.0, 0.0, 0.1]  # one cycle was noticed late: that is not the server's
    before = [Heard(round((n * 170 + late_ms[n % 5]) * MS), b"", n * 8160) for n in range(20)]
    # The server stood still for 40 ms, twice within a few seconds, and counted no frames.
    after = [Heard((n * 170 + (40 if n < 45 else 80)) * MS, b"", n * 8160) for n in range(20, 80)]
    clock = sums.ServerClock(before + after, 48_000)
    assert clock.at_ns(8160 * 10 + 480) == pytest.approx(1710 * MS, abs=0.2 * MS)
    assert clock.at_ns(8160 * 32) == pytest.approx(5480 * MS)
    assert clock.at_ns(8160 * 70) == pytest.approx(11_980 * MS)
    assert sums.ServerClock([], 48_000).at_ns(48) == MS


def test_quarters_of_a_run() -> None:
    assert sums.quarters([0, 24, 25, 99, 100, -1], 0, 100) == [2, 1, 0, 1]


def test_processor_time_of_a_process_that_was_replaced() -> None:
    samples = [(0, 1, 10.0), (25, 1, 11.0), (50, 2, 0.5), (75, 2, 0.75), (100, 2, 4.75)]
    assert sums.used_by_quarter(samples) == [0.0, 1.0, 0.0, 4.25]
    assert sums.used_by_quarter(samples[:1]) == [0.0] * 4


def test_growth_is_a_slope() -> None:
    hour = 3600 * 10**9
    samples = [(n * hour // 10, 100.0 + n) for n in range(20)]
    assert sums.growth_mb_per_hour(samples) == pytest.approx(10.0)
    assert sums.growth_mb_per_hour(samples[:5]) is None
