"""Swing and push: what is found, and that bending time loses nothing."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.feel import MOST_PUSH_BEATS, Feel


def eighths(swing: float, push: float = 0.0, *, beats: int = 16, noise: float = 0.0) -> Feel:
    feel, rng = Feel(), random.Random(3)
    for beat in range(beats):
        for part in (0.0, swing):
            feel.hear(4.0 + beat + part + push + rng.gauss(0.0, noise))
    feel.settle()
    return feel


@pytest.mark.parametrize("swing", [0.5, 0.55, 0.6, 2 / 3, 0.7])
@pytest.mark.parametrize("push", [-0.08, 0.0, 0.05])
def test_swing_and_push_are_found(swing: float, push: float) -> None:
    feel = eighths(swing, push, noise=0.01)
    assert feel.swing == pytest.approx(swing, abs=0.015)
    assert feel.push == pytest.approx(push, abs=0.015)


def test_a_few_notes_say_nothing() -> None:
    assert (eighths(2 / 3, beats=4).swing, eighths(0.5, 0.08, beats=3).push) == (0.5, 0.0)


@pytest.mark.parametrize(
    "parts",
    [
        (0.0, 0.25, 0.5, 0.75),  # sixteenths
        (0.0, 1 / 3, 2 / 3),  # triplets
        (0.0, 0.75),  # dotted
        (0.0,),
    ],
)
def test_other_rhythms_are_no_swing(parts: tuple[float, ...]) -> None:
    feel = Feel()
    for beat in range(16):
        for part in parts:
            feel.hear(beat + part)
    feel.settle()
    assert (feel.swing, feel.push) == (0.5, 0.0)


def test_an_irregular_player_is_left_alone() -> None:
    feel, rng = Feel(), random.Random(1)
    beat = 0.0
    for _ in range(60):
        beat += rng.uniform(0.1, 0.9)
        feel.hear(beat)
    feel.settle()
    assert (feel.swing, feel.push) == (0.5, 0.0)


def test_swing_that_is_set_by_hand_is_not_doubled() -> None:
    feel = eighths(2 / 3)
    feel.settle(swings=False)
    assert feel.swing == 0.5


@given(
    st.floats(0.45, 0.72),
    st.floats(-MOST_PUSH_BEATS, MOST_PUSH_BEATS),
    st.lists(st.floats(-10.0, 1000.0), min_size=2, max_size=9),
)
def test_bending_loses_nothing_and_keeps_the_order(
    swing: float, push: float, beats: list[float]
) -> None:
    feel = Feel()
    feel.swing, feel.push = swing, push
    for beat in beats:
        assert feel.straight(feel.played(beat)) == pytest.approx(beat, abs=1e-9)
        assert feel.played(feel.straight(beat)) == pytest.approx(beat, abs=1e-9)
    bent = [feel.played(beat) for beat in sorted(beats)]
    assert all(a <= b + 1e-12 for a, b in pairwise(bent))


def test_without_a_habit_nothing_is_bent() -> None:
    feel = Feel()
    assert [feel.played(b) for b in (0.0, 0.3, 7.75)] == [0.0, 0.3, 7.75]
    eighth = eighths(2 / 3)
    assert eighth.played(2.5) == pytest.approx(2 + 2 / 3, abs=0.01)
    assert eighth.played(2.0) == 2.0
