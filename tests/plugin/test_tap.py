"""Tapped tempos."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.realtime.tap import Tapped, TapTempo
from tests.strategies import MS


def tapped(*at_ms: float) -> Tapped | None:
    taps, found = TapTempo(), None
    for at in at_ms:
        found = taps.tap(round(at * MS))
    return found


def test_two_taps_are_no_tempo_three_are() -> None:
    assert tapped(0, 500) is None
    assert tapped(0, 500, 1_000) == Tapped(120.0, 1_000 * MS, 3)


@given(bpm=st.floats(20.0, 300.0), seed=st.integers(0, 1_000))
def test_a_hand_is_not_exact(bpm: float, seed: int) -> None:
    chance, period = random.Random(seed), 60e3 / bpm
    slack = min(20.0, period / 20)
    found = tapped(*(10_000 + k * period + chance.uniform(-slack, slack) for k in range(9)))
    assert found is not None
    assert found.bpm == pytest.approx(bpm, rel=0.1)
    assert abs(found.beat_ns / MS - 10_000 - 8 * period) < 0.1 * period + slack


def test_one_tap_that_slips_changes_little() -> None:
    found = tapped(0, 500, 1_000, 1_620, 2_000, 2_500, 3_000)
    assert found is not None
    assert found.bpm == pytest.approx(120.0, rel=0.01)
    assert found.beat_ns == pytest.approx(3_000 * MS, abs=5 * MS)


def test_a_pause_begins_a_new_series() -> None:
    assert tapped(0, 500, 1_000, 6_000) is None
    assert tapped(0, 500, 1_000, 2_500, 2_900) is None
    found = tapped(0, 500, 1_000, 6_000, 6_400, 6_800)
    assert found == Tapped(150.0, 6_800 * MS, 3)


def test_a_key_that_bounces_is_one_tap() -> None:
    assert tapped(0, 30, 500, 540, 1_000) == Tapped(120.0, 1_000 * MS, 3)
