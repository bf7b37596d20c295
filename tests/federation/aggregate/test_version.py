"""A version: clipped, weighed by data and age, or noisy and alike; whoever does the adding up."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.aggregate.descent import FRESH, FedAvg, FedAvgM
from federation.aggregate.rules import combine, partial_sum
from federation.aggregate.version import MEDIAN, TRIMMED, How, step, weights
from federation.formats.delta import Delta, as_vector, from_vector, norm
from tests.federation.formats.stage import SMALL, delta, vector

HEAD = 5
seeds = st.integers(0, 2**32 - 1)


def _deltas(count: int, seed: int = 0) -> list[Delta]:
    rng = np.random.default_rng(seed)
    return [
        Delta(
            SMALL.id,
            int(rng.integers(2, HEAD + 1)),
            int(rng.choice([64, 256, 1024])),
            from_vector(vector(seed + n, length=float(rng.uniform(0.1, 3))), SMALL),
        )
        for n in range(count)
    ]


@given(seeds)
def test_without_noise_it_is_the_formula(seed: int):
    """η Σ v_k clip(Δ_k) / Σ v_k with v_k = n_k / √(1+s_k)."""
    deltas = _deltas(7, seed)
    most = 4 * np.median([one.notes for one in deltas])
    counted = [min(one.notes, most) / (1 + HEAD - one.from_version) ** 0.5 for one in deltas]
    rows = [as_vector(one.tensors) for one in deltas]
    clipped = [row * min(1, 1.0 / norm(row)) for row in rows]
    formula = 0.5 * sum(v * row for v, row in zip(counted, clipped, strict=True)) / sum(counted)
    state, found = step(deltas, HEAD, FRESH, How(1.0, FedAvg(0.5)))
    assert state is FRESH
    assert np.allclose(found, formula, atol=1e-6)
    assert weights(deltas, HEAD) == pytest.approx(counted)


@given(seeds, st.integers(1, 6))
def test_whoever_adds_up_the_version_is_the_same(seed: int, edge: int):
    def in_shards(rows, counted):
        first = partial_sum(rows[:edge], counted[:edge])
        return combine([partial_sum(rows[edge:], counted[edge:]), first])

    for how in (How(1.0, FedAvgM()), How(1.0, z=2.0)):
        found = [
            step(_deltas(7, seed), HEAD, FRESH, how, add=add, source=np.random.default_rng(1).bytes)
            for add in (partial_sum, in_shards)
        ]
        assert np.allclose(found[0][1], found[1][1], rtol=0, atol=1e-12)


@pytest.mark.parametrize("middle", [MEDIAN, TRIMMED])
def test_a_robust_rule_is_asked_for_by_name(middle: str):
    deltas = _deltas(9)
    attack = Delta(SMALL.id, HEAD, 1024, from_vector(np.full(SMALL.size, -50.0), SMALL))
    rows = [as_vector(one.tensors) for one in deltas]
    _, found = step([*deltas, attack], HEAD, FRESH, How(100.0, middle=middle))
    assert (found >= np.min(rows, axis=0)).all()
    assert (found <= np.max(rows, axis=0)).all()


def test_with_noise_all_weigh_alike_and_the_noise_is_there():
    deltas = _deltas(4)
    rows = [as_vector(one.tensors) for one in deltas]
    plain = np.mean([row * min(1, 1.0 / norm(row)) for row in rows], axis=0)
    found = [step(deltas, HEAD, FRESH, How(1.0, z=1e-4))[1] for _ in range(2)]
    assert np.allclose(found[0], plain, atol=1e-3)
    assert not np.array_equal(*found)


def test_nobody_counts_for_more_than_the_limit():
    huge = Delta(SMALL.id, HEAD, 256, from_vector(vector(1, length=1e4), SMALL))
    _, found = step([huge], HEAD, FRESH, How(0.7))
    assert norm(found) <= 0.7


def test_what_does_not_go_together_is_refused():
    with pytest.raises(ValueError, match="mean only"):
        How(1.0, middle=MEDIAN, z=1.0)
    with pytest.raises(ValueError, match="name mean"):
        How(1.0, middle="krum")
    with pytest.raises(ValueError, match="not there yet"):
        step([delta(from_version=HEAD + 1)], HEAD, FRESH, How(1.0))
