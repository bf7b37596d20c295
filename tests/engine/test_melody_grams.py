"""N-grams of melodies and mixtures: right by hand, true probabilities, nothing of the future."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.evaluate.melody.folds import targets
from engine.evaluate.melody.grams import Grams, contexts, long_and_short
from engine.evaluate.melody.memory import KEY_VIEWS, VIEWS, View, by_pitch, by_view
from engine.evaluate.melody.mix import Pool, mixed, uncertainty
from engine.evaluate.melody.prior import TIMES
from engine.evaluate.melody.sets import MelodySet
from tests.engine.melodies import melody

lines = st.lists(st.integers(0, 4), min_size=1, max_size=12)


# --------------------------------------------------------------------------------------- n-grams


@settings(max_examples=60)
@given(known=st.lists(lines, max_size=4), asked=lines, deepest=st.integers(0, 6))
def test_n_grams_are_probabilities_that_rule_nothing_out(known, asked, deepest):
    for chances in long_and_short(known, [asked], 5, deepest=deepest):
        assert chances.shape == (len(asked), 5)
        assert chances.sum(axis=1) == pytest.approx(np.ones(len(asked)))
        assert (chances > 0).all()


def _learn(grams: Grams, melody: list[int], *, deepest: int = 9) -> None:
    for context, symbol in zip(contexts(melody, deepest), melody, strict=True):
        grams.learn(context, symbol)


def test_the_formula_by_hand():
    grams = Grams(3)
    assert grams.chances([]) == pytest.approx([1 / 3] * 3)
    _learn(grams, [0, 1, 0, 2])
    # Without context: counts 2, 1, 1; N = 4, T = 3, the rest of 1 spread with 1 / (3 + 1 - 3).
    base = np.array([2, 1, 1]) / 7 + 3 / 7 * 1.0
    assert grams.chances([]) == pytest.approx(base / base.sum())
    # After 0 came 1 and 2: N = 2, T = 2. They are left out of N below: 2 + T = 5.
    below = np.array([2, 1, 1]) / 5 + 3 / 5 * 1.0
    after = np.array([0, 1, 1]) / 4 + 2 / 4 * below
    assert grams.chances([0]) == pytest.approx(after / after.sum())


def test_the_shortest_context_with_one_continuation_speaks():
    one, deep = Grams(4), Grams(4)
    for tune in ([3, 1, 2], [0, 1, 2]):
        _learn(one, tune, deepest=1)
        _learn(deep, tune)
    assert deep.chances([1, 3]) == pytest.approx(one.chances([1]))


@given(known=st.lists(lines, max_size=3), first=lines, other=lines, second=lines)
def test_what_comes_later_changes_nothing(known, first, other, second):
    place = len(first)
    for one, two in zip(
        long_and_short(known, [first + second, second], 5),
        long_and_short(known, [first + other, other], 5),
        strict=True,
    ):
        assert np.array_equal(one[: place + 1], two[: place + 1])


def test_short_forgets_between_melodies_and_going_on_does_not():
    tune = [0, 1, 2, 3, 0, 1, 2, 3]
    long, short, going_on = long_and_short([], [tune, tune], 4)
    assert np.allclose(long, 1 / 4), "it learnt nothing"
    assert np.array_equal(short[:8], short[8:])
    came = np.arange(8), tune
    assert going_on[8:][came].mean() > going_on[:8][came].mean() + 0.1


def test_intervals_speak_in_every_key():
    tunes = [[60, 62, 64, 62, 60], [65, 67, 69, 67, 65], [60, 69, 60, 69, 60]]
    melodies = MelodySet("nova", tuple(map(melody, tunes)), np.arange(3))
    leaps = by_view(melodies, [0], [1], View("before", (), ("interval",)))
    pitches = by_pitch(melodies, [0], [1]).going_on
    came = np.arange(5), targets(melodies, [1])
    assert leaps[0] == pytest.approx(np.full(6, 1 / 6))
    assert (leaps[came][1:] > pitches[came][1:]).all()


@pytest.mark.parametrize("view", [*VIEWS[TIMES], *KEY_VIEWS])
def test_a_view_is_a_probability_and_sees_no_later_pitch(view: View):
    def seen(tail: list[int]) -> np.ndarray:
        tunes = [[60, 62, 64, 62, 60, 67], [67, 69, 71, 69, 74, 67], [60, 62, 64, *tail]]
        made = [melody(tune) for tune in tunes]
        keyed = [dataclasses.replace(tune, sharps=n % 2) for n, tune in enumerate(made)]
        melodies = MelodySet("nova", tuple(keyed), np.arange(3))
        return by_view(melodies, [0, 1], [2], view)

    one, other = seen([62, 60, 67]), seen([74, 74, 71])
    assert one.shape == (6, 7)
    assert (one > 0).all()
    assert one.sum(axis=1) == pytest.approx(np.ones(6))
    assert np.array_equal(one[:4], other[:4])
    assert not np.array_equal(one[4], other[4])


def test_the_key_makes_two_keys_one():
    tunes = [dataclasses.replace(melody([60, 64, 67, 60]), sharps=0)]
    tunes.append(dataclasses.replace(melody([62, 66, 69, 62]), sharps=2))
    melodies = MelodySet("nova", tuple(tunes), np.arange(2))
    chances = by_view(melodies, [0], [1], KEY_VIEWS[0])
    came = np.arange(4), targets(melodies, [1])
    assert (chances[came] == chances.max(axis=1)).all()


# --------------------------------------------------------------------------------------- mixing


def test_the_surer_weighs_more():
    flat, sure = np.full((1, 4), 1 / 4), np.array([[0.97, 0.01, 0.01, 0.01]])
    assert uncertainty(flat) == pytest.approx([1.0])
    both = mixed([flat, sure])
    assert both.sum() == pytest.approx(1.0)
    assert both[0, 0] > 0.9
    assert mixed([flat, sure], bias=0.0) == pytest.approx((flat + sure) / 2)


def test_a_pool_trusts_who_was_right():
    rng = np.random.default_rng(0)
    came = rng.integers(0, 4, 400)
    right = np.full((400, 4), 0.1)
    right[np.arange(400), came] = 0.7
    wrong = rng.dirichlet(np.ones(4), 400)
    pool = Pool.fit([wrong, right], came)
    assert pool.base[1] > pool.base[0]
    product = pool.chances([wrong, right])
    assert product.sum(axis=1) == pytest.approx(np.ones(400))

    def bits(chances: np.ndarray) -> float:
        return float(-np.log2(chances[np.arange(400), came]).mean())

    assert bits(product) < bits(right)
    assert bits(product) < bits(mixed([wrong, right]))
