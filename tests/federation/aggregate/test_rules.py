"""The rules are the formulas that they name, and do not care how changes are dealt into shards."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.aggregate.rules import (
    Partial,
    combine,
    coordinate_median,
    data_weights,
    fedavg,
    partial_sum,
    staleness_weight,
    trimmed_mean,
)

seeds = st.integers(0, 2**32 - 1)
counts = st.integers(1, 30)


def _table(seed: int, count: int, size: int = 7) -> np.ndarray:
    """Changes of very different length, so that the order of a sloppy sum would show."""
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(count, size)) * 10.0 ** rng.uniform(-6, 2, (count, 1))).astype("f4")


@given(seeds, counts)
def test_fedavg_is_the_formula_over_whole_models(seed: int, count: int):
    """w + η Σ n_k/n (w_k - w), with w_k the model that client k ended with."""
    rng = np.random.default_rng(seed)
    start, ended = rng.normal(size=7), rng.normal(size=(count, 7))
    notes = rng.integers(1, 5000, count)
    rate = 0.7
    formula = start.copy()
    for k in range(count):
        formula += rate * notes[k] / notes.sum() * (ended[k] - start)
    ours = start + rate * fedavg(list(ended - start), [float(n) for n in notes])
    assert np.allclose(ours, formula, rtol=0, atol=1e-12)


@given(seeds, counts, st.lists(st.integers(0, 29), max_size=6), st.randoms())
def test_shards_and_their_order_make_no_difference(seed, count, cuts, chance):
    table = _table(seed, count)
    weights = np.random.default_rng(seed).uniform(0.1, 4096, count).tolist()
    order = list(range(count))
    chance.shuffle(order)
    edges = sorted({0, count, *(cut for cut in cuts if cut < count)})
    shards = [order[a:b] for a, b in pairwise(edges)]
    chance.shuffle(shards)
    parts = [partial_sum([table[i] for i in s], [weights[i] for i in s]) for s in shards]
    whole = partial_sum(list(table), weights)
    found = combine(parts)
    assert found.count == whole.count == count
    assert found.weight == pytest.approx(whole.weight, rel=1e-12)
    scale = np.abs(table).max()
    assert np.allclose(found.mean(), whole.mean(), rtol=0, atol=1e-12 * scale)


def test_a_partial_is_sum_weight_and_count():
    found = partial_sum([np.array([1.0, 2.0]), np.array([10.0, 0.0])], [2.0, 0.5])
    assert (found.sum.tolist(), found.weight, found.count) == ([7.0, 4.0], 2.5, 2)
    assert found.mean().tolist() == [2.8, 1.6]


@pytest.mark.parametrize("weight", [-1.0, math.nan, math.inf])
def test_weights_without_sense_are_refused(weight: float):
    with pytest.raises(ValueError, match="weight"):
        partial_sum([np.ones(2)], [weight])


def test_what_does_not_go_together_is_refused():
    with pytest.raises(ValueError, match="together"):
        partial_sum([np.ones(2)], [])
    with pytest.raises(ValueError, match="together"):
        partial_sum([], [])
    with pytest.raises(ValueError, match="together"):
        partial_sum([np.ones(2), np.ones(3)], [1.0, 1.0])
    with pytest.raises(ValueError, match="weigh nothing"):
        partial_sum([np.ones(2)], [0.0]).mean()
    with pytest.raises(ValueError, match="nothing"):
        combine([])
    with pytest.raises(ValueError, match="nothing"):
        coordinate_median([])


def test_combining_changes_no_part():
    part = Partial(np.ones(2), 1.0, 1)
    combine([part, part])
    assert part.sum.tolist() == [1.0, 1.0]


# ------------------------------------------------------------------------------------ robust rules


@given(seeds, counts)
def test_the_median_is_numpys_and_minds_no_order(seed: int, count: int):
    table = _table(seed, count)
    found = coordinate_median(list(table))
    assert np.array_equal(found, np.median(table.astype(np.float64), axis=0))
    assert np.array_equal(coordinate_median(list(table[::-1])), found)


@given(seeds, counts, st.floats(0.0, 0.49))
def test_the_trimmed_mean_leaves_out_the_ends_of_each_coordinate(seed, count, share):
    table = _table(seed, count)
    found = trimmed_mean(list(table), share)
    cut = int(count * share)
    for column in range(table.shape[1]):
        kept = sorted(table[:, column].astype(np.float64))[cut : count - cut]
        assert found[column] == pytest.approx(np.mean(kept), rel=1e-9, abs=1e-12)
    assert np.allclose(trimmed_mean(list(table[::-1]), share), found, rtol=1e-12, atol=0)


def test_no_trimming_is_the_mean():
    table = _table(3, 9)
    assert np.allclose(trimmed_mean(list(table), 0.0), fedavg(list(table), [1.0] * 9))


@pytest.mark.parametrize("share", [-0.1, 0.5, 1.0])
def test_trimming_all_of_them_is_refused(share: float):
    with pytest.raises(ValueError, match="leaves nothing"):
        trimmed_mean([np.ones(2)], share)


@pytest.mark.parametrize("robust", [coordinate_median, lambda rows: trimmed_mean(rows, 0.25)])
def test_a_fifth_of_attackers_moves_a_robust_rule_no_further_than_the_honest_lie(robust):
    honest = np.random.default_rng(0).normal(1.0, 0.1, size=(16, 50))
    attack = np.full((4, 50), -20.0)
    found = robust([*honest, *attack])
    assert (found >= honest.min(axis=0)).all()
    assert (found <= honest.max(axis=0)).all()
    assert (fedavg([*honest, *attack], [1.0] * 20) < honest.min(axis=0)).all()


# ----------------------------------------------------------------------------------------- weights


def test_staleness_is_one_over_the_root_of_one_and_s():
    assert [staleness_weight(s) for s in (0, 1, 3, 8)] == pytest.approx([1, 0.5**0.5, 0.5, 1 / 3])
    with pytest.raises(ValueError, match="not there yet"):
        staleness_weight(-1)


def test_nobody_weighs_more_than_four_times_the_usual():
    assert data_weights([64, 256, 256, 4096]) == [64.0, 256.0, 256.0, 1024.0]
    assert data_weights([4096] * 5) == [4096.0] * 5
    assert data_weights([]) == []
