"""The noise is the discrete Gaussian that it claims to be, and comes from the system's generator.

Statistics run on a generator with a seed, so they either hold or do not: no test fails by chance.
"""

import math
import os

import numpy as np
import pytest

from federation.formats import chance
from federation.formats.chance import MOST_SIGMA, SECURE, discrete_gaussian, uniform


def _seeded(seed: int) -> chance.Bytes:
    return np.random.default_rng(seed).bytes


def test_the_real_source_is_the_systems_secure_one():
    assert SECURE is os.urandom
    assert not np.array_equal(
        discrete_gaussian(50, 1000, SECURE), discrete_gaussian(50, 1000, SECURE)
    )


def test_all_chance_comes_from_the_source():
    assert np.array_equal(
        discrete_gaussian(500, 12345, _seeded(3)), discrete_gaussian(500, 12345, _seeded(3))
    )


@pytest.mark.parametrize("sigma", [1, 2, 5])
def test_small_sigmas_have_exactly_the_chances_of_the_formula(sigma: int):
    count = 200_000
    drawn = discrete_gaussian(count, sigma, _seeded(sigma))
    values = np.arange(-5 * sigma, 5 * sigma + 1)
    expected = np.exp(-(values**2) / (2 * sigma**2))
    expected = count * expected / expected.sum()
    seen = np.array([(drawn == value).sum() for value in values])
    often = expected > 5
    chi_square = ((seen - expected)[often] ** 2 / expected[often]).sum()
    degrees = often.sum() - 1
    assert chi_square < degrees + 4 * math.sqrt(2 * degrees)


@pytest.mark.parametrize("sigma", [1 << 10, 1 << 20, MOST_SIGMA])
def test_large_sigmas_have_the_moments_of_a_gaussian(sigma: int):
    count = 100_000
    drawn = discrete_gaussian(count, sigma, _seeded(sigma)) / sigma
    assert abs(drawn.mean()) < 4 / math.sqrt(count)
    assert drawn.var() == pytest.approx(1.0, abs=4 * math.sqrt(2 / count))
    assert (drawn**4).mean() == pytest.approx(3.0, abs=4 * math.sqrt(96 / count))
    within = [np.mean(np.abs(drawn) < k) for k in (1, 2, 3)]
    assert within == pytest.approx([0.6827, 0.9545, 0.9973], abs=0.006)


def test_draws_do_not_depend_on_each_other():
    drawn = discrete_gaussian(100_000, 1 << 20, _seeded(8)) / (1 << 20)
    for lag in (1, 2, 7):
        assert abs(np.mean(drawn[lag:] * drawn[:-lag])) < 4 / math.sqrt(len(drawn))


@pytest.mark.parametrize("count", [0, 1, 7])
def test_as_many_as_were_asked_for(count: int):
    assert discrete_gaussian(count, 9, _seeded(1)).shape == (count,)


@pytest.mark.parametrize("sigma", [0, -1, MOST_SIGMA + 1])
def test_a_sigma_beyond_the_arithmetic_is_refused(sigma: int):
    with pytest.raises(ValueError, match="sigma"):
        discrete_gaussian(1, sigma, _seeded(1))


def test_uniform_numbers_are_uniform_and_below():
    drawn = uniform(np.full(60_000, 6, np.int64), _seeded(5))
    seen = np.bincount(drawn, minlength=6)
    assert len(seen) == 6
    assert ((seen - 10_000) ** 2 / 10_000).sum() < 5 + 4 * math.sqrt(10)


def test_what_would_favour_small_numbers_is_drawn_again():
    """63 bits do not go into thirds: the largest value must not be folded back."""
    words = iter([b"\xff" * 8, (9 << 1).to_bytes(8, "little")])
    assert uniform(np.array([5]), lambda _: next(words)).tolist() == [4]
    assert next(words, None) is None
