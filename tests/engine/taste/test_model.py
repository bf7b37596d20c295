"""A taste learns what it is told, as much as it is told, and in no particular order."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.taste import model
from engine.taste.features import BOUND, COUNT, NAMES
from engine.taste.model import (
    AFTER_AGAIN,
    AVERAGE_SHARE,
    FADE,
    MOST_COMPARISONS,
    STRENGTH,
    Taste,
    TasteError,
)
from engine.taste.signals import Kind, Signal
from tests.engine.taste.lines import blank, vector, vectors

BUSY, CALM = vector(busy=1.0), vector(busy=-1.0)
STAR, DELETE = Signal(Kind.STAR), Signal(Kind.DELETE)
signals = st.builds(Signal, st.sampled_from(Kind), st.floats(0, 1))
lessons = st.lists(
    st.tuples(signals, vectors, st.lists(vectors, max_size=3), st.lists(vectors, max_size=2)),
    max_size=8,
)


def _weight(taste: Taste, name: str) -> float:
    return float(taste.weights[NAMES.index(name)])


def test_a_taste_of_nothing_ranks_by_the_prior_weights():
    taste = blank(busy=2.0, high=-1.0)
    high = vector(busy=1.0, high=1.5)
    assert taste.weights.tolist() == vector(busy=2.0, high=-1.0).tolist()
    assert taste.score(high) == pytest.approx(0.5)
    assert taste.rank([CALM, high, BUSY, vector()]) == [2, 1, 3, 0]
    assert taste.rank([]) == []
    assert blank().rank([BUSY, CALM, BUSY]) == [0, 1, 2], "of equals the first is first"


@pytest.mark.parametrize("kind", [Kind.STAR, Kind.KEEP])
def test_what_is_praised_comes_first_afterwards(kind):
    taste = blank()
    taste.learn(Signal(kind), BUSY, [CALM])
    assert _weight(taste, "busy") > 0.1
    assert taste.rank([CALM, BUSY]) == [1, 0]
    assert abs(taste.weights).sum() == pytest.approx(_weight(taste, "busy")), "nothing else"


@pytest.mark.parametrize("kind", [Kind.DELETE, Kind.AGAIN])
def test_what_is_thrown_away_comes_last_afterwards(kind):
    taste = blank()
    taste.learn(Signal(kind), BUSY, [CALM])
    assert _weight(taste, "busy") < -0.1


def test_a_signal_weighs_the_same_whatever_the_number_of_others():
    one, three = blank(), blank()
    one.learn(STAR, BUSY, [CALM])
    three.learn(STAR, BUSY, [CALM] * 3)
    assert three.weights == pytest.approx(one.weights, abs=0.01)


def test_without_others_an_answer_is_held_against_the_average_one():
    taste = blank()
    taste.learn(STAR, BUSY)
    assert _weight(taste, "busy") > 0.1
    for _ in range(200):
        taste.learn(Signal(Kind.HEARD), vector(busy=3.0))
    before = _weight(taste, "busy")
    taste.learn(STAR, BUSY)
    assert _weight(taste, "busy") < before, "of a player used to more, one that is calm"


def test_an_interruption_weighs_by_how_early_it_comes():
    weights = []
    for played in (0.0, 0.3, 0.9, 1.0):
        taste = blank()
        taste.learn(Signal(Kind.INTERRUPT, played=played), BUSY, [CALM])
        weights.append(_weight(taste, "busy"))
    assert weights == sorted(weights)
    assert len(set(weights)) == len(weights)
    assert weights[0] < weights[-1] == 0
    deleted = blank()
    deleted.learn(DELETE, BUSY, [CALM])
    assert _weight(deleted, "busy") < weights[0], "the earliest is weaker than throwing away"


@pytest.mark.parametrize("kind", list(AFTER_AGAIN))
def test_what_is_kept_after_again_is_better_than_what_was_before(kind):
    taste = blank()
    high = vector(high=1.0)
    taste.learn(Signal(kind), BUSY, before=[high])
    assert _weight(taste, "high") < 0 < _weight(taste, "busy")


def test_being_heard_says_nothing_by_itself():
    taste = blank()
    taste.learn(Signal(Kind.HEARD), BUSY, [CALM])
    assert not taste.weights.any()


def test_again_and_again_does_not_speak_for_the_second():
    taste = blank()
    taste.learn(Signal(Kind.AGAIN), BUSY, before=[vector(high=1.0)])
    assert _weight(taste, "high") == 0


def test_opposite_signals_cancel():
    taste = blank()
    taste.learn(STAR, BUSY, [CALM, vector(high=1.0)])
    taste.learn(DELETE, BUSY, [CALM, vector(high=1.0)])
    once = blank()
    once.learn(STAR, BUSY, [CALM, vector(high=1.0)])
    # What is left is the age of the first and what the average has become since.
    assert abs(taste.weights).max() < 0.05 * abs(once.weights).max()


def test_more_evidence_weighs_more_and_never_without_end():
    taste = blank()
    seen = []
    for _ in range(120):
        taste.learn(STAR, BUSY, [CALM])
        seen.append(_weight(taste, "busy"))
    assert all(one < other for one, other in itertools.pairwise(seen[:20]))
    assert seen[-1] < 5
    assert taste.deviations[NAMES.index("busy")] < 0.9
    assert taste.deviations[NAMES.index("high")] == pytest.approx(1.0)


def test_few_signals_do_not_move_far_from_the_prior():
    near, far = blank(0.2, critic=1.0), blank(2.0, critic=1.0)
    for taste in (near, far):
        taste.learn(DELETE, vector(critic=1.0, busy=1.0), [vector()])
    assert 0 < -_weight(near, "busy") < 0.1
    assert -_weight(far, "busy") > 0.5
    assert _weight(near, "critic") == pytest.approx(1.0, abs=0.1)


def test_the_optimum_is_found_exactly():
    rng = np.random.default_rng(0)
    taste = blank(0.7, critic=0.4)
    for _ in range(30):
        answer, other = rng.normal(size=(2, COUNT))
        taste.learn(Signal(list(Kind)[int(rng.integers(5))], 0.5), answer, [other])
    weights = taste.weights

    def loss(w):
        strength = taste._strength * FADE ** (taste.signals - 1 - taste._born)
        data = strength @ np.logaddexp(0, -taste._differences @ w)
        return data + ((w - vector(critic=0.4)) ** 2).sum() / 0.7**2 / 2

    for _ in range(200):
        assert loss(weights) <= loss(weights + rng.normal(size=COUNT) * 1e-3)


@settings(max_examples=20)
@given(lessons, st.randoms(use_true_random=False))
def test_order_matters_by_age_and_average_alone(some, random):
    tastes = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "AVERAGE_SHARE", 0.0)
        patch.setattr(model, "FADE", 1.0)
        for order in (some, random.sample(some, len(some))):
            taste = blank()
            for lesson in order:
                taste.learn(*lesson)
            tastes.append(taste)
    one, other = tastes
    assert np.isfinite(one.weights).all()
    assert np.isfinite(one.deviations).all()
    assert one.weights == pytest.approx(other.weights, abs=1e-6)


def test_order_does_not_matter_at_all_among_given_alternatives():
    pairs = [(vector(busy=1.0, high=0.5), vector()), (vector(high=-1.0), vector(busy=0.3)),
             (vector(keys=2.0), vector(keys=1.0, busy=1.0))]  # fmt: skip
    found = set()
    for order in itertools.permutations(pairs):
        taste = blank()
        for answer, other in order:
            taste._add(0, 0.7, answer - other)
        taste._fit()
        found.add(tuple(taste.weights.round(9)))
    assert len(found) == 1


def test_an_old_signal_weighs_less_than_a_new_one():
    taste = blank()
    taste.learn(STAR, BUSY, [CALM])
    for _ in range(100):
        taste.learn(STAR, vector(high=1.0), [vector()])
    taste.learn(DELETE, BUSY, [CALM])
    assert _weight(taste, "busy") < -0.1, "the player has changed"


def test_a_slip_is_taken_back_exactly():
    taste, never = blank(), blank()
    for each in (taste, never):
        each.learn(STAR, vector(high=1.0), [vector()])
    number = taste.learn(DELETE, BUSY, [CALM])
    assert taste.weights.tolist() != never.weights.tolist()
    taste.unlearn(number)
    taste.unlearn(number)
    taste.unlearn(999)
    never.learn(Signal(Kind.HEARD), BUSY, [CALM])
    assert taste.weights.tolist() == never.weights.tolist()


def test_what_is_no_feature_is_not_learnt():
    taste = blank()
    bad = np.full(COUNT, np.nan)
    for answer, others, before in ((bad, [], []), (BUSY, [bad], []), (BUSY, [], [bad]),
                                   (BUSY[:-1], [], [])):  # fmt: skip
        with pytest.raises(ValueError, match="finite numbers"):
            taste.learn(STAR, answer, others, before)
    assert taste.signals == 0
    assert not taste.weights.any()


def test_exploring_is_seeded_mostly_best_and_seldom_once_sure():
    candidates = [vector(busy=0.6), vector()]

    def seconds(taste: Taste, explore: float) -> int:
        rng = np.random.default_rng(5)
        return sum(taste.rank(candidates, rng, explore=explore)[0] for _ in range(400))

    doubtful = blank(0.5, busy=0.3)
    assert seconds(doubtful, 0.0) == 0
    assert seconds(doubtful, 1.0) == seconds(doubtful, 1.0)
    assert 20 < seconds(doubtful, 0.5) < seconds(doubtful, 1.0) < 200
    sure = blank(0.5, busy=0.3)
    for _ in range(60):
        sure.learn(STAR, BUSY, [CALM])
    assert seconds(sure, 1.0) < seconds(doubtful, 1.0) / 4


def test_draws_have_the_covariance_that_is_believed():
    taste = blank(1.0)
    for _ in range(20):
        taste.learn(STAR, vector(busy=2.0, high=2.0), [vector()])
    covariance = taste._spread @ taste._spread.T
    busy, high = NAMES.index("busy"), NAMES.index("high")
    assert covariance[busy, high] < -0.05, "either of the two could be the reason"
    assert np.sqrt(np.diag(covariance)) == pytest.approx(taste.deviations)
    x = taste._differences
    chance = 1 / (1 + np.exp(-x @ taste.weights))
    weight = taste._strength * FADE ** (taste.signals - 1 - taste._born) * chance * (1 - chance)
    curvature = np.eye(COUNT) + (x * weight[:, None]).T @ x
    assert covariance @ curvature == pytest.approx(np.eye(COUNT), abs=1e-6)


@settings(max_examples=20)
@given(lessons)
def test_a_taste_comes_out_of_its_file_as_it_went_in(some):
    taste = blank(0.5, critic=0.3)
    for signal, answer, others, before in some:
        taste.learn(signal, answer, others, before)
    text = taste.as_json()
    twin = Taste.from_json(text, taste.prior)
    assert twin.as_json() == text
    assert twin.weights.tolist() == taste.weights.tolist()
    for each in (taste, twin):
        each.learn(STAR, BUSY, [CALM])
    assert twin.weights.tolist() == taste.weights.tolist()
    assert twin.signals == taste.signals == len(some) + 1


def test_a_life_of_signals_stays_small():
    taste = blank()
    rng = np.random.default_rng(1)
    for _ in range(MOST_COMPARISONS):
        taste.learn(STAR, rng.normal(size=COUNT), [rng.normal(size=COUNT)])
    assert len(taste._born) == MOST_COMPARISONS
    assert taste._born.min() == MOST_COMPARISONS // 2, "the oldest went first"
    assert len(taste.as_json()) < 120_000


def _broken() -> dict[str, str]:
    taste = blank()
    taste.learn(STAR, BUSY, [CALM])
    text = taste.as_json()

    def changed(**values: object) -> str:
        return json.dumps({**json.loads(text), **values})

    first = json.loads(text)["comparisons"][0]
    return {
        "no JSON": text[:-20],
        "a list": "[]",
        "nothing": "",
        "deep": "[" * 100_000,
        "another file": changed(format="antiphon memory"),
        "version 0": changed(version=0),
        "no version": changed(version=None),
        "other features": changed(features=list(NAMES)[::-1]),
        "signals": changed(signals=-1),
        "signals, a truth": changed(signals=True),
        "signals, a word": changed(signals="1"),
        "average": changed(average=[0.0] * (COUNT - 1)),
        "average, NaN": changed(average=[float("nan")] * COUNT),
        "comparisons": changed(comparisons={"a": 1}),
        "too many": changed(comparisons=[first] * (MOST_COMPARISONS + 1)),
        "of the future": changed(comparisons=[[1, *first[1:]]]),
        "strength": changed(comparisons=[[0, 1.5, first[2]]]),
        "strength, NaN": changed(comparisons=[[0, float("nan"), first[2]]]),
        "difference": changed(comparisons=[[0, 0.5, [2 * BOUND + 1] * COUNT]]),
        "difference, NaN": changed(comparisons=[[0, 0.5, [float("nan")] * COUNT]]),
        "short": changed(comparisons=[[0, 0.5, first[2][:-1]]]),
        "shorter": changed(comparisons=[[0]]),
    }


@pytest.mark.parametrize("name", list(_broken()))
def test_a_file_that_is_no_taste_is_a_sentence(name):
    with pytest.raises(TasteError) as found:
        Taste.from_json(_broken()[name], blank().prior)
    assert str(found.value).startswith("The taste cannot be read (")
    assert str(found.value).endswith("or begin a new one.")


def test_a_later_version_asks_for_an_update():
    text = json.dumps({**json.loads(blank().as_json()), "version": 2})
    with pytest.raises(TasteError, match=r"later Antiphon \(version 2.*update Antiphon"):
        Taste.from_json(text, blank().prior)


def test_strengths_say_which_way_a_signal_speaks():
    assert set(STRENGTH) == set(Kind)
    assert STRENGTH[Kind.STAR] > STRENGTH[Kind.KEEP] > 0 > STRENGTH[Kind.INTERRUPT]
    assert STRENGTH[Kind.INTERRUPT] > STRENGTH[Kind.AGAIN] > STRENGTH[Kind.DELETE]
    assert AVERAGE_SHARE > 0
