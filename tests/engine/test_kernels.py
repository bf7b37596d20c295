"""The compiled draw keeps its promises, and weights survive being laid out for it."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.model import compiled
from engine.model.kernels import choose

CHANCES = (np.arange(2000) + 0.5) / 2000


@st.composite
def choices(draw):
    """Logits and what of them is allowed."""
    size = draw(st.integers(1, 60))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    logits = rng.normal(size=size) * draw(st.sampled_from([0.0, 0.1, 1.0, 6.0, 50.0]))
    if draw(st.booleans()):
        logits = np.round(logits)
    logits[rng.random(size) < draw(st.sampled_from([0.0, 0.3, 1.0]))] = -np.inf
    return logits.astype(np.float32), rng.random(size) < draw(st.sampled_from([0.2, 0.7, 1.0]))


@given(
    choices(), st.sampled_from([0.0, 1e-3, 0.5, 1.0, 3.0]), st.floats(0.0, 1.0), st.floats(0.0, 1.0)
)
def test_a_choice_is_allowed_and_possible(given_, temperature: float, top_p: float, chance: float):
    logits, allowed = given_
    found = choose(logits, allowed, temperature, top_p, min(chance, 1.0 - 1e-12))
    if not allowed.any():
        assert found == -1
        return
    assert allowed[found]
    best = logits[allowed].max()
    assert logits[found] > -np.inf or best == -np.inf
    if temperature == 0.0 or top_p == 0.0:
        assert logits[found] == best


@given(choices(), st.sampled_from([0.5, 1.0, 2.0]), st.sampled_from([0.3, 0.9, 0.95, 1.0]))
def test_choices_come_as_often_as_the_nucleus_says(given_, temperature: float, top_p: float):
    logits, allowed = given_
    possible = allowed & (logits > -np.inf)
    assume(possible.any())
    scores = np.where(possible, logits, -np.inf).astype(np.float64) / temperature
    weights = np.exp(scores - scores.max())
    falling = np.sort(weights)[::-1]
    # At the edge of the nucleus rounding decides; an example that lies on it says nothing.
    running = falling.cumsum() / falling.sum()
    assume(top_p == 1.0 or np.abs(running - top_p).min() > 1e-5)
    last = falling[min(int(running.searchsorted(top_p)), possible.sum() - 1)]
    expected = np.where(weights >= last * (1 - 1e-6), weights, 0.0)
    counts = np.bincount(
        [choose(logits, allowed, temperature, top_p, chance) for chance in CHANCES[::4]],
        minlength=len(logits),
    )
    assert counts / counts.sum() == pytest.approx(expected / expected.sum(), abs=0.005)


def test_without_any_probability_one_is_as_good_as_another():
    logits, allowed = np.full(4, -np.inf, np.float32), np.array([True, False, True, True])
    found = [choose(logits, allowed, 1.0, 0.9, chance) for chance in (0.1, 0.5, 0.9)]
    assert found == [0, 2, 3]


def test_masks_that_nobody_may_write_are_read():
    logits, allowed = np.arange(3, dtype=np.float32), np.array([True, True, False])
    logits.setflags(write=False)
    allowed.setflags(write=False)
    assert choose(logits, allowed, 0.0, 1.0, 0.5) == 1


@pytest.mark.parametrize("rows", [1, 64, 65, 289])
def test_panels_are_the_matrix_in_another_order(rows: int):
    matrix = np.random.default_rng(rows).normal(size=(rows, 7)).astype(np.float16)
    panels = compiled.panels(matrix.astype(np.float32))
    assert panels.shape == (-(-rows // compiled.LANES), 7, compiled.LANES)
    found = compiled.matrix_of(panels)
    assert np.array_equal(found[:rows], matrix)
    assert not found[rows:].any()


def test_arrays_that_are_put_together_stay_themselves():
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=(3, 5)).astype(np.float32), np.arange(2000, dtype=np.uint16)]
    found = compiled.together(arrays)
    assert all(map(np.array_equal, found, arrays))
    assert all(array.flags.c_contiguous and array.ctypes.data % 64 == 0 for array in found)
    found[0][:] = 0
    assert np.array_equal(found[1], arrays[1])


def test_compiled_code_is_kept_where_it_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert compiled.cache_folder().parent == tmp_path
    (tmp_path / "file").touch()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file"))
    monkeypatch.setattr(compiled.tempfile, "tempdir", str(tmp_path / "elsewhere"))
    (tmp_path / "elsewhere").mkdir()
    assert compiled.cache_folder().parent == tmp_path / "elsewhere"
