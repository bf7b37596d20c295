import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.sampling.draw import agree, draw

SIZES = st.integers(1, 40)
logit_rows = SIZES.flatmap(
    lambda size: arrays(np.float32, size, elements=st.floats(-50, 50, width=32))
)


@st.composite
def questions(draw_: st.DrawFn):
    logits = draw_(logit_rows)
    allowed = draw_(arrays(np.bool_, len(logits)).filter(lambda mask: bool(mask.any())))
    return logits, allowed


@given(
    question=questions(),
    temperature=st.one_of(st.just(0.0), st.floats(0.01, 10.0)),
    top_p=st.floats(0.0, 1.0),
    seed=st.integers(0, 2**32),
)
def test_what_is_drawn_is_allowed_and_the_same_for_the_same_seed(
    question, temperature, top_p, seed
):
    logits, allowed = question
    chosen = [
        draw(logits, allowed, temperature=temperature, top_p=top_p, rng=np.random.default_rng(seed))
        for _ in range(2)
    ]
    assert allowed[chosen[0]]
    assert chosen[0] == chosen[1]


@given(size=SIZES, data=st.data())
def test_masks_never_leave_an_empty_choice(size, data):
    masks = data.draw(st.lists(arrays(np.bool_, size), max_size=6))
    allowed = agree(masks, size)
    assert allowed.shape == (size,)
    assert allowed.any()
    # The dearest mask that allows anything holds; a mask is left out only if it has to be.
    held = np.ones(size, dtype=bool)
    for mask in masks:
        if (held & mask).any():
            held &= mask
    assert np.array_equal(allowed, held)


def test_the_cheapest_mask_gives_way():
    low, high = np.array([True, True, False, False]), np.array([False, False, True, True])
    odd = np.array([False, True, False, True])
    assert agree([low, high, odd], 4).tolist() == [False, True, False, False]
    assert agree([high, low, odd], 4).tolist() == [False, False, False, True]


def test_nothing_allowed_is_an_error_of_the_caller():
    with pytest.raises(ValueError, match=r"agree\(\)"):
        draw(
            np.zeros(3, np.float32),
            np.zeros(3, bool),
            temperature=1.0,
            top_p=1.0,
            rng=np.random.default_rng(0),
        )


@given(question=questions(), seed=st.integers(0, 2**32))
def test_temperature_nought_takes_the_likeliest(question, seed):
    logits, allowed = question
    rng = np.random.default_rng(seed)
    chosen = draw(logits, allowed, temperature=0.0, top_p=1.0, rng=rng)
    assert logits[chosen] == logits[allowed].max()


def _frequencies(logits: list[float], *, temperature: float, top_p: float) -> np.ndarray:
    rng = np.random.default_rng(1)
    row, everything = np.array(logits, np.float32), np.ones(len(logits), bool)
    drawn = [
        draw(row, everything, temperature=temperature, top_p=top_p, rng=rng) for _ in range(4000)
    ]
    return np.bincount(drawn, minlength=len(logits)) / 4000


def test_it_draws_as_the_model_believes():
    wanted = np.array([0.5, 0.3, 0.15, 0.05])
    found = _frequencies(np.log(wanted).tolist(), temperature=1.0, top_p=1.0)
    assert found == pytest.approx(wanted, abs=0.03)


def test_a_high_temperature_evens_out_and_a_low_one_sharpens():
    logits = np.log([0.7, 0.3]).tolist()
    assert _frequencies(logits, temperature=100.0, top_p=1.0)[0] == pytest.approx(0.5, abs=0.03)
    assert _frequencies(logits, temperature=0.1, top_p=1.0)[0] > 0.99


def test_top_p_keeps_the_likeliest_that_reach_it():
    logits = np.log([0.05, 0.5, 0.15, 0.3]).tolist()
    found = _frequencies(logits, temperature=1.0, top_p=0.75)
    assert found == pytest.approx([0.0, 0.625, 0.0, 0.375], abs=0.03)
    assert _frequencies(logits, temperature=1.0, top_p=0.0).tolist() == [0.0, 1.0, 0.0, 0.0]


def test_what_is_ruled_out_but_alone_allowed_is_drawn_all_the_same():
    logits = np.array([3.0, -np.inf, -np.inf], np.float32)
    rng, allowed = np.random.default_rng(0), np.array([False, True, True])
    for temperature in (0.0, 1.0):
        drawn = [
            draw(logits, allowed, temperature=temperature, top_p=0.9, rng=rng) for _ in range(40)
        ]
        assert set(drawn) == {1, 2}


@pytest.mark.parametrize("temperature", [1e-300, 1e-7, 1e-6, 1e6])
def test_extreme_temperatures_are_drawn_without_a_warning(temperature):
    logits, rng = np.array([0.0, 60.0, -np.inf], np.float32), np.random.default_rng(0)
    everything = np.ones(3, bool)
    drawn = {
        draw(logits, everything, temperature=temperature, top_p=1.0, rng=rng) for _ in range(60)
    }
    assert drawn == ({0, 1} if temperature > 1 else {1})


def test_choices_as_likely_as_the_last_one_kept_are_kept_too():
    found = _frequencies([0.0] * 4, temperature=1.0, top_p=0.3)
    assert found == pytest.approx([0.25] * 4, abs=0.03)


@pytest.mark.parametrize("top_p", [0.1, 0.4, 0.6, 0.81, 0.97])
def test_a_nucleus_is_drawn_by_its_shares(top_p):
    shares = np.array([0.4, 0.2, 0.15, 0.1, 0.08, 0.05, 0.02])
    kept = shares.cumsum() - shares < top_p
    wanted = np.where(kept, shares, 0) / shares[kept].sum()
    found = _frequencies(np.log(shares).tolist(), temperature=1.0, top_p=top_p)
    assert found == pytest.approx(wanted, abs=0.03)
    assert not found[~kept].any()
