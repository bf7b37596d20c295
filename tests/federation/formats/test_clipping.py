"""Clipping: never longer than C, the same direction, done once is done; blur is what it says."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from federation.formats.clipping import LEAST_LIMIT, blur, clip
from federation.formats.delta import norm

limits = st.floats(LEAST_LIMIT, 1e6)
vectors = arrays(
    np.float32,
    st.integers(1, 50),
    elements=st.floats(width=32, allow_nan=False, allow_infinity=False),
)


@given(vectors, limits)
def test_never_longer_than_the_limit_and_once_is_enough(vector: np.ndarray, limit: float):
    found = clip(vector, limit)
    assert found.dtype == np.float32
    assert norm(found) <= limit
    assert np.array_equal(clip(found, limit), found)


@given(st.integers(0, 2**32 - 1), st.integers(1, 20_000), st.floats(1e-3, 1e3))
def test_what_is_too_long_keeps_its_direction_and_nearly_all_of_the_limit(
    seed: int, size: int, limit: float
):
    vector = np.random.default_rng(seed).normal(size=size).astype(np.float32)
    vector *= 2 * limit / norm(vector)
    found = clip(vector, limit)
    assert limit * (1 - 1e-6) <= norm(found) <= limit
    assert np.allclose(found, vector * (limit / norm(vector)), rtol=1e-5, atol=0)


@given(st.integers(0, 2**32 - 1), limits)
def test_what_fits_stays_as_it_is(seed: int, limit: float):
    vector = np.random.default_rng(seed).normal(size=9)
    vector = (vector * (0.999 * limit / norm(vector))).astype(np.float32)
    found = clip(vector, limit)
    assert np.array_equal(found, vector)
    assert found is not vector


def test_zeros_stay_zeros():
    assert np.array_equal(clip(np.zeros(7, np.float32), 1.0), np.zeros(7, np.float32))
    assert clip(np.zeros(0, np.float32), 1.0).shape == (0,)


@pytest.mark.parametrize("limit", [0.0, -1.0, math.nan, math.inf, 1e-9])
def test_a_limit_without_sense_is_refused(limit: float):
    with pytest.raises(ValueError, match="limit"):
        clip(np.ones(3, np.float32), limit)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_numbers_that_are_not_finite_are_refused(value: float):
    with pytest.raises(ValueError, match="finite"):
        clip(np.array([1.0, value], np.float32), 1.0)


# ---------------------------------------------------------------------------------------- blurring


def test_blur_has_the_deviation_that_was_asked_for():
    found = blur(np.full(60_000, 3.0, np.float32), 0.25, np.random.default_rng(4).bytes)
    assert np.mean(found) == pytest.approx(3.0, abs=4 * 0.25 / math.sqrt(60_000))
    assert np.std(found) == pytest.approx(0.25, rel=0.02)


@given(st.integers(0, 2**32 - 1), st.floats(1e-3, 10))
def test_blurred_values_lie_on_the_grid_of_the_noise(seed: int, sigma: float):
    vector = np.random.default_rng(seed).normal(size=20)
    found = blur(vector, sigma, np.random.default_rng(seed).bytes)
    steps = found.astype(np.float64) / (sigma / 65536)
    assert np.allclose(steps, np.rint(steps), rtol=1e-6, atol=0.01)


def test_no_noise_changes_nothing_and_draws_nothing():
    def no_source(count: int) -> bytes:
        raise AssertionError("asked for chance")

    assert blur(np.array([1.5]), 0.0, no_source).tolist() == [1.5]


@pytest.mark.parametrize("sigma", [-1.0, math.nan, math.inf])
def test_a_noise_without_sense_is_refused(sigma: float):
    with pytest.raises(ValueError, match="noise"):
        blur(np.ones(2), sigma, np.random.default_rng(0).bytes)
