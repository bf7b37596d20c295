"""The noise has the size that is accounted for, the account is the known table, words honest."""

import math
import os

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.aggregate import privacy
from federation.aggregate.privacy import (
    NOT_YET,
    STEPS,
    Noise,
    Spent,
    epsilon,
    noise_on_mean,
    promise,
    useful_cohort,
)
from federation.aggregate.rules import Partial, partial_sum
from federation.formats.delta import norm

SIZE = 138_352
"""Numbers in a change of the shipped prior."""


def _deltas(count: int, size: int, seed: int = 0) -> list[np.ndarray]:
    return list(np.random.default_rng(seed).normal(0, 0.01, size=(count, size)).astype(np.float32))


def _no_noise(count: int) -> bytes:
    """A source that makes every draw zero is impossible; this one must not be asked."""
    raise AssertionError("asked for chance")


# ------------------------------------------------------------------------------------------- noise


@pytest.mark.parametrize("z", [0.5, 4.0])
def test_the_noise_on_the_mean_has_the_deviation_z_times_c_over_k(z: float):
    count, size, limit = 25, 40_000, 1.5
    deltas = _deltas(count, size)
    noise = Noise(limit, z)
    found = noise.release([noise.partial_sum(deltas)], np.random.default_rng(1).bytes)
    clipped = np.mean([delta * min(1, limit / norm(delta)) for delta in deltas], axis=0)
    off = (found - clipped) * count / (z * limit)
    assert off.std() == pytest.approx(1.0, abs=0.02)
    assert abs(off.mean()) < 0.02
    assert norm(off) / math.sqrt(size) == pytest.approx(1.0, abs=0.02)


def test_the_noise_comes_from_the_systems_secure_source(monkeypatch: pytest.MonkeyPatch):
    assert privacy.SECURE is os.urandom
    assert Noise.release.__defaults__ == (os.urandom,)
    noise = Noise(1.0, 1.0)
    part = noise.partial_sum(_deltas(3, 50))
    assert not np.array_equal(noise.release([part]), noise.release([part]))


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 100), st.floats(0.1, 20))
def test_what_enters_the_sum_is_whole_and_never_longer_than_c(seed: int, limit: float, z: float):
    delta = np.random.default_rng(seed).normal(size=300).astype(np.float32)
    noise = Noise(limit, z)
    whole = noise.prepared(delta)
    assert np.array_equal(whole, np.rint(whole))
    assert norm(whole * noise.grid) <= limit * (1 + 1e-12)
    clipped = delta * min(1.0, limit / norm(delta))
    assert np.abs(whole * noise.grid - clipped).max() <= noise.grid + 1e-6 * limit


@given(st.integers(0, 2**32 - 1), st.integers(1, 9))
def test_shards_change_nothing_at_all(seed: int, edge: int):
    deltas, noise = _deltas(10, 40, seed), Noise(0.05, 2.0)
    source = np.random.default_rng(seed).bytes
    whole = noise.release([noise.partial_sum(deltas)], source)
    source = np.random.default_rng(seed).bytes
    parts = [noise.partial_sum(deltas[edge:]), noise.partial_sum(deltas[:edge])]
    assert np.array_equal(noise.release(parts, source), whole)


def test_unequal_weights_get_no_noise_because_it_would_promise_nothing():
    noise = Noise(1.0, 1.0)
    part = partial_sum([noise.prepared(delta) for delta in _deltas(2, 5)], [1.0, 3.0])
    with pytest.raises(ValueError, match="equal weights"):
        noise.release([part], _no_noise)
    with pytest.raises(ValueError, match="equal weights"):
        noise.release([Partial(np.zeros(2), 2.0**31, 2**31)], _no_noise)


@pytest.mark.parametrize(("limit", "z"), [(0.0, 1.0), (1.0, 0.0), (math.nan, 1.0), (1.0, math.inf)])
def test_a_noise_of_nothing_is_refused(limit: float, z: float):
    with pytest.raises(ValueError, match="above 0"):
        Noise(limit, z)


def test_the_grid_is_far_finer_than_what_is_learnt():
    """Going towards zero on it must not swallow a change: under a hundredth of a usual value."""
    noise = Noise(1.0, 8.0)
    assert noise.grid == 8.0 / STEPS
    assert noise.grid < 0.01 / math.sqrt(SIZE)


# ----------------------------------------------------------------------------------- the accountant

TABLE = {  # z: epsilon after 1, 4, 12, 52, 365 versions at 1e-6
    1.0: (4.89, 11.0, 21.8, 59.5, 272),
    2.0: (2.25, 4.89, 9.25, 23.0, 90),
    4.0: (1.06, 2.25, 4.15, 9.71, 33),
    8.0: (0.50, 1.06, 1.93, 4.34, 13.7),
    16.0: (0.24, 0.50, 0.91, 2.01, 6.0),
}
TIMES = (1, 4, 12, 52, 365)


@pytest.mark.parametrize("z", TABLE)
def test_the_account_is_the_known_table(z: float):
    pytest.importorskip("dp_accounting")
    found = [epsilon([(z, times)]) for times in TIMES]
    assert found == pytest.approx(TABLE[z], rel=0.015, abs=0.006)


def test_the_account_agrees_with_the_exact_curve_of_the_gaussian():
    """Balle and Wang 2018 (arXiv:1805.06530), theorem 8: δ(ε) of m Gaussians is that of one."""
    pytest.importorskip("dp_accounting")

    def phi(x: float) -> float:
        return math.erfc(-x / math.sqrt(2)) / 2

    for z, times in ((4.0, 1), (4.0, 12), (1.0, 4)):
        shift, found = math.sqrt(times) / z, epsilon([(z, times)])
        delta = phi(shift / 2 - found / shift) - math.exp(found) * phi(-shift / 2 - found / shift)
        assert delta == pytest.approx(1e-6, rel=0.02)
        assert delta <= 1.001e-6


@pytest.mark.slow
def test_one_gaussian_stands_for_many():
    dp = pytest.importorskip("dp_accounting")
    from dp_accounting.pld import PLDAccountant

    account = PLDAccountant(dp.NeighboringRelation.ADD_OR_REMOVE_ONE)
    for z, times in ((4.0, 6), (2.0, 2)):
        account.compose(dp.SelfComposedDpEvent(dp.GaussianDpEvent(z), times))
    assert epsilon([(4.0, 6), (2.0, 2)]) == pytest.approx(account.get_epsilon(1e-6), rel=1e-3)


def test_what_was_spent_adds_up_and_goes_into_the_manifest_and_back():
    pytest.importorskip("dp_accounting")
    spent = Spent()
    assert spent.epsilon() == 0.0
    for z in (4.0, 8.0, 4.0):
        spent = spent.after(z)
    assert spent.releases == ((4.0, 2), (8.0, 1))
    words = msgspec.json.decode(msgspec.json.encode(spent.as_words()))
    assert Spent.from_words(words) == spent
    assert spent.epsilon() == pytest.approx(epsilon([(4.0, 2), (8.0, 1)]), rel=1e-6)
    assert epsilon([(4.0, 2)]) < spent.epsilon() < epsilon([(4.0, 3)])


def test_a_device_that_may_be_in_few_versions_spends_on_the_worst_of_them():
    pytest.importorskip("dp_accounting")
    spent = Spent(releases=((4.0, 2), (8.0, 50)), most_by_one=2)
    assert spent.epsilon() == pytest.approx(epsilon([(4.0, 2)]), rel=1e-6)
    spent = Spent(releases=((4.0, 2), (8.0, 50)), most_by_one=3)
    assert spent.epsilon() == pytest.approx(epsilon([(4.0, 2), (8.0, 1)]), rel=1e-6)


# --------------------------------------------------------------------------------- the honest words


def test_the_useful_cohort_follows_from_the_size_of_the_change():
    assert noise_on_mean(4, 10_000, 1000) == pytest.approx(0.40)
    assert useful_cohort(4, 10_000) == 1000
    assert useful_cohort(4, SIZE) == 3720
    assert noise_on_mean(4, SIZE, 3720) <= 0.4 < noise_on_mean(4, SIZE, 3719)


def test_below_the_useful_cohort_the_words_are_not_yet():
    pytest.importorskip("dp_accounting")
    spent = Spent().after(4.0)
    assert promise(0.0, SIZE, 10**6, Spent()) == NOT_YET
    assert promise(4.0, SIZE, 3719, spent) == (
        "not differentially private yet: 3,720 devices a version are needed, 3,719 took part"
    )
    assert promise(4.0, SIZE, 3720, spent).startswith("ε = 1.06 at δ = 1e-06")
