"""What happened to a clock's ticks."""

import random

import pytest

from plugin.realtime.tick_faults import Fault, explain, jitter_ns, lost_ticks, server_period_ns
from tests.strategies import MS

NOISE_NS = 1.0 * MS


def late(*ms: float) -> list[float]:
    return [at * MS for at in ms]


def test_a_lost_tick_is_a_step() -> None:
    fault = explain(late(0.3, -0.4, 0.1, 20.5, 21.2, 20.8), NOISE_NS, 3)
    assert fault is not None
    assert (fault.since, fault.bend_ns) == (3, 0.0)
    assert fault.step_ns == pytest.approx(20.8 * MS, abs=0.1 * MS)


def test_another_tempo_is_a_bend() -> None:
    fault = explain(late(0.3, -0.4, 0.1, 16.5, 33.6, 49.9, 66.9), NOISE_NS, 3)
    assert fault is not None
    assert (fault.since, fault.step_ns) == (3, 0.0)
    assert fault.bend_ns == pytest.approx(16.7 * MS, abs=0.1 * MS)


@pytest.mark.parametrize(
    "ms",
    [
        (0.3, -0.4, 0.1, 0.5, -1.2, 0.8),  # nothing happened
        (0.0, 0.0, 0.0, 20.0, 40.0, 40.0),  # two things happened
        (0.0, 0.0, 180.0, 160.0, 140.0, 120.0, 100.0),  # a heap after a stall
        (0.0, 20.0),  # too few to tell
    ],
)
def test_what_makes_no_sense_yet_is_not_explained(ms: tuple[float, ...]) -> None:
    assert explain(late(*ms), NOISE_NS, 3) is None


def test_in_doubt_it_waits() -> None:
    assert explain(late(0.0, 0.0, 3.0, 5.0, 6.0), 1.5 * MS, 3) is None


@pytest.mark.parametrize(
    ("step_ms", "lost"), [(20.0, 1), (61.0, 3), (-19.5, -1), (27.0, 0), (8.0, 0), (-8.0, 0)]
)
def test_ticks_were_lost_where_the_others_are_on_the_line(step_ms: float, lost: int) -> None:
    ticks = [0.0, 0.5, -0.5] * 4 + [step_ms] * 4
    fault = Fault(12, step_ms * MS, 0.0)
    # Taken for far more than it is, as where a server's periods are expected.
    assert lost_ticks(fault, 20 * MS, late(*ticks), 7 * MS) == lost


def test_what_is_known_of_the_jitter_counts_where_few_ticks_tell() -> None:
    fault = Fault(1, 22 * MS, 0.0)
    assert lost_ticks(fault, 20 * MS, late(0.0, 22.0, 22.0, 22.0), 3 * MS) == 1
    assert lost_ticks(fault, 20 * MS, late(0.0, 22.0, 22.0, 22.0), 1 * MS) == 0


def arrivals(bpm: float, server_ms: float, jitter_ms: float, seed: int = 0) -> list[int]:
    chance, found = random.Random(seed), []
    for tick in range(24):
        at = tick * 2_500 / bpm + 3.3
        if server_ms:
            at = -(-at // server_ms) * server_ms
        found.append(round((at + chance.uniform(0, jitter_ms)) * MS))
    return found


@pytest.mark.parametrize("bpm", [60.0, 120.0, 200.0, 300.0])
def test_a_servers_period_is_seen_and_jitter_is_not_taken_for_one(bpm: float) -> None:
    for server_ms in (1024 / 48, 1024 / 44.1):
        found = server_period_ns(arrivals(bpm, server_ms, 1.0))
        assert found == pytest.approx(server_ms * MS) or found == pytest.approx(2 * server_ms * MS)
    for seed in range(50):
        assert server_period_ns(arrivals(bpm, 0.0, 4.0, seed)) is None
    assert server_period_ns([5] * 24) is None


def test_jitter_is_learned_from_arrivals_and_not_from_a_tempo_or_a_lost_tick() -> None:
    chance, known_ns = random.Random(3), 0.2 * MS
    came = [round(k * 20 * MS + k * k * 0.01 * MS + chance.gauss(0, 2.0 * MS)) for k in range(900)]
    for first_ns, second_ns, third_ns in zip(came, came[1:], came[2:], strict=False):
        known_ns = jitter_ns(known_ns, first_ns, second_ns, third_ns)
    assert known_ns == pytest.approx(2.0 * MS, rel=0.35)
    assert jitter_ns(1.0 * MS, 0, 20 * MS, 60 * MS) == 1.0 * MS
