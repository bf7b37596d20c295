from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_torch

from engine.evaluate.prior import load_prior
from engine.model.checkpoint import FORMAT, SHIPPED, CheckpointError, load, save
from engine.model.fast import FastPrior
from engine.model.shape import BACKBONES
from tests.fakes import tiny_prior


def test_what_is_saved_is_loaded(tmp_path: Path):
    tensors = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.ones(4, np.float64)}
    save(tmp_path / "x.safetensors", tensors, {"name": "test", "width": "3"})
    found, metadata = load(tmp_path / "x.safetensors")
    assert {name: (t.dtype.name, t.tolist()) for name, t in found.items()} == {
        name: ("float32", t.tolist()) for name, t in tensors.items()
    }
    assert metadata == {"format": FORMAT, "name": "test", "width": "3"}
    assert [path.name for path in tmp_path.glob("x*")] == ["x.safetensors"], "nothing half-written"


def test_half_precision_halves_the_file(tmp_path: Path):
    save(tmp_path / "x.safetensors", {"a": np.zeros(5000, np.float32)}, {})
    assert (tmp_path / "x.safetensors").stat().st_size < 10_500


def _truncated(path: Path) -> None:
    tiny_prior.write(path)
    path.write_bytes(path.read_bytes()[:-100])


def _not_a_number(path: Path) -> None:
    save(path, {"a": np.array([1.0, np.nan])}, {})


def _infinite(path: Path) -> None:
    save(path, {"a": np.array([1e9])}, {})  # beyond half precision


def _other_version(path: Path) -> None:
    save_file({"a": np.zeros(2)}, path, metadata={"format": "antiphon-prior-99"})


def _not_ours(path: Path) -> None:
    save_file({"a": np.zeros(2)}, path)


def _other_numbers(path: Path) -> None:
    save_torch({"a": torch.zeros(2, dtype=torch.bfloat16)}, path, metadata={"format": FORMAT})


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: None, "no weights at"),
        (lambda path: path.mkdir(), "no weights at"),
        (lambda path: path.write_bytes(b""), "damaged"),
        (lambda path: path.write_bytes(b"\x80\x04pickle"), "damaged"),
        (lambda path: path.write_bytes(b"\xff" * 4096), "damaged"),
        (_truncated, "damaged"),
        (_not_a_number, "not finite"),
        (_other_version, "not a prior of this version"),
        (_not_ours, "no format name"),
        (_other_numbers, "damaged"),
    ],
)
def test_what_is_not_a_prior_is_refused_with_one_sentence(tmp_path: Path, make, says: str):
    path = tmp_path / "prior.safetensors"
    make(path)
    with pytest.raises(CheckpointError, match=says) as refused:
        load(path)
    assert "\n" not in str(refused.value)


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
def test_what_half_precision_cannot_hold_is_refused_when_read(tmp_path: Path):
    _infinite(tmp_path / "prior.safetensors")
    with pytest.raises(CheckpointError, match="not finite"):
        load(tmp_path / "prior.safetensors")


@pytest.mark.parametrize(
    "harm",
    [
        lambda tensors, metadata: metadata.pop("width"),
        lambda tensors, metadata: metadata.update(width="wide"),
        lambda tensors, metadata: metadata.update(width="24"),
        lambda tensors, metadata: metadata.update(layers="9"),
        lambda tensors, metadata: metadata.update(heads="0"),
        lambda tensors, metadata: metadata.update(heads="3"),
        lambda tensors, metadata: metadata.update(window="0"),
        lambda tensors, metadata: metadata.pop("backbone"),
        lambda tensors, metadata: metadata.update(backbone="gru"),
        lambda tensors, metadata: metadata.update(backbone="mamba"),
        lambda tensors, metadata: metadata.update(styles="9"),
        lambda tensors, metadata: metadata.update(styles_known="reel"),
        lambda tensors, metadata: tensors.pop("norm.weight"),
        lambda tensors, metadata: tensors.pop("style.weight"),
        lambda tensors, metadata: tensors.update({"notes.weight": np.zeros((7, 16), np.float32)}),
        lambda tensors, metadata: tensors.update({"heads.0.logits.weight": np.zeros((2, 16))}),
    ],
)
def test_weights_of_another_shape_are_refused(tmp_path: Path, harm):
    tensors, metadata = load(tiny_prior.write(tmp_path / "tiny.safetensors"))
    harm(tensors, metadata)
    with pytest.raises(CheckpointError, match="shape"):
        FastPrior(tensors, metadata)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_every_backbone_comes_back_from_its_file(tmp_path: Path, backbone: str):
    shape = replace(tiny_prior.SHAPE, backbone=backbone)
    path = tiny_prior.write(tmp_path / "x.safetensors", shape=shape)
    model, metadata = load_prior(path)
    expected = tiny_prior.model(shape=shape).state_dict()
    found = model.state_dict()
    assert model.shape == shape
    assert metadata["styles_known"] == tiny_prior.STYLES.as_text()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())


def test_the_shipped_weights_are_small_enough_and_load():
    if not SHIPPED.is_file():
        pytest.skip(f"no shipped weights at {SHIPPED}: train them and use `antiphon train --ship`")
    assert SHIPPED.stat().st_size < 25e6
    prior = FastPrior(*load(SHIPPED))
    assert 1_000_000 < prior.parameters < 13_000_000
