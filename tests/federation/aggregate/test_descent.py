"""FedAvg, FedAvgM and FedAdam, beside the formulas of their papers written out step by step."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.aggregate.descent import FRESH, FedAdam, FedAvg, FedAvgM, State, rule

seeds = st.integers(0, 2**32 - 1)


def _means(seed: int, versions: int = 6) -> list[np.ndarray]:
    return list(np.random.default_rng(seed).normal(size=(versions, 5)))


@given(seeds, st.floats(0.01, 2.0))
def test_fedavg_adds_the_mean_at_the_servers_rate(seed: int, rate: float):
    for mean in _means(seed):
        state, step = FedAvg(rate).step(FRESH, mean)
        assert state is FRESH
        assert np.allclose(step, rate * mean)


def test_reptile_moves_a_part_of_the_way_to_where_the_clients_went():
    """arXiv:1803.02999, batched: φ ← φ + ε/n Σ (φ_k - φ)."""
    start, ended = np.zeros(2), np.array([[1.0, 2.0], [3.0, 0.0]])
    _, step = FedAvg(0.25).step(FRESH, (ended - start).mean(axis=0))
    assert step.tolist() == [0.5, 0.25]


@given(seeds, st.floats(0.0, 0.99), st.floats(0.01, 2.0))
def test_fedavgm_is_the_formula(seed: int, beta: float, rate: float):
    """arXiv:1909.06335, section 4.3: v ← β v + Δw, w ← w + η v (their Δw points down)."""
    rule_, state, velocity = FedAvgM(rate, beta), FRESH, np.zeros(5)
    for mean in _means(seed):
        velocity = beta * velocity + mean
        state, step = rule_.step(state, mean)
        assert np.allclose(step, rate * velocity, rtol=1e-12)


@given(seeds, st.floats(0.001, 1.0))
def test_fedadam_is_the_formula(seed: int, rate: float):
    """arXiv:2003.00295, algorithm 2, with v₋₁ = τ²."""
    rule_, state = FedAdam(rate, 0.9, 0.99, 1e-3), FRESH
    m, v = np.zeros(5), np.full(5, 1e-3**2)
    for mean in _means(seed):
        m = 0.9 * m + 0.1 * mean
        v = 0.99 * v + 0.01 * mean * mean
        state, step = rule_.step(state, mean)
        assert np.allclose(step, rate * m / (np.sqrt(v) + 1e-3), rtol=1e-10)


@pytest.mark.parametrize("rule_", [FedAvgM(), FedAdam()])
def test_a_state_is_never_changed_in_place(rule_: FedAvgM | FedAdam):
    first, _ = rule_.step(FRESH, np.ones(3))
    kept = {name: moment.copy() for name, moment in first.moments.items()}
    rule_.step(first, np.full(3, 5.0))
    assert all(np.array_equal(first.moments[name], moment) for name, moment in kept.items())
    assert FRESH.moments == {}


def test_a_state_of_another_lineage_is_refused():
    with pytest.raises(ValueError, match="another lineage"):
        FedAvgM().step(State({"first": np.ones(4)}), np.ones(3))


def test_rules_have_names():
    for name in ("fedavg", "fedavgm", "fedadam"):
        assert rule(name).name == name
    assert rule("fedavg", 0.5) == FedAvg(0.5)
    with pytest.raises(ValueError, match="name one of"):
        rule("krum")
    with pytest.raises(ValueError, match="above 0"):
        rule("fedavg", 0.0)
