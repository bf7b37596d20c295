"""The memory's weights on disk: what was saved comes back, what does not fit is refused."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from engine.memory import views, weights
from engine.model.checkpoint import CheckpointError
from tests.engine.memory.weights import wild


@pytest.fixture
def path(tmp_path: Path) -> Path:
    weights.save(tmp_path / "memory.safetensors", wild(), half_life=500)
    return tmp_path / "memory.safetensors"


def test_what_was_saved_comes_back(path: Path):
    found, before = weights.load(path), wild()
    assert found.fading == pytest.approx(before.fading)
    for part in ("beside", "alone", "base"):
        for one, other in zip(getattr(found, part), getattr(before, part), strict=True):
            assert one.dtype == np.float32
            assert one == pytest.approx(other, abs=2e-3)


def _rewritten(path: Path, *, metadata: dict[str, str], **changed: np.ndarray) -> Path:
    whole = {"format": weights.FORMAT, "views": weights.views_name(), "half_life": "500"}
    save_file({**load_file(path), **changed}, path, metadata={**whole, **metadata})
    return path


@pytest.mark.parametrize(
    "metadata",
    [{"views": "others"}, {"format": "antiphon-prior-2"}, {"half_life": "0"}, {"half_life": "-3"}],
)
def test_weights_of_another_kind_are_refused(path: Path, metadata: dict[str, str]):
    with pytest.raises(CheckpointError):
        weights.load(_rewritten(path, metadata=metadata))


@pytest.mark.parametrize("tensor", [np.zeros(3, np.float16), None])
def test_weights_of_another_shape_or_not_finite_are_refused(path: Path, tensor):
    if tensor is None:
        tensor = load_file(path)["beside.pitch"]
        tensor[5] = np.nan
    with pytest.raises(CheckpointError):
        weights.load(_rewritten(path, metadata={}, **{"beside.pitch": tensor}))


def test_a_file_that_is_cut_short_or_missing_is_refused(path: Path):
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match="damaged"):
        weights.load(path)
    with pytest.raises(CheckpointError, match="missing"):
        weights.load(path.with_name("other.safetensors"))


def test_the_shipped_weights_fit_this_version():
    found = weights.load()
    assert all(vector.any() for vector in (*found.beside, *found.alone, *found.base))


def test_contexts_are_what_the_table_says():
    assert len(views.TABLE) == len(views.CONTEXTS) == views.FIRSTS[-1]
    for number, context in enumerate(views.CONTEXTS):
        assert views.FIRSTS[context.field] <= number < views.FIRSTS[context.field + 1]
        own = {n for symbol, ago in context.of if ago == 0 for n in views.NEEDED[symbol]}
        assert context.field not in own
        assert views.TABLE[number, views.NEEDS] == sum(1 << field for field in own)
