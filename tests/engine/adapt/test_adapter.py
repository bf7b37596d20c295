"""Adapters: the same numbers on disk, on numpy, on torch and live; nothing else gets in."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from torch.func import functional_call

from engine.adapt import adapter as adapters
from engine.adapt.adapter import LARGEST, SAID, Adapter, AdapterError, load, merged, save
from engine.adapt.forms import FORMS, first_values, merge_in
from engine.encoding import FIELDS, ORDER, Row
from engine.model import checkpoint
from engine.model.fast import FastPrior
from engine.model.network import Music
from tests.engine.adapt.stage import (
    PRIOR,
    as_adapter,
    assert_is_a_sentence,
    one_thread,
    random_values,
)
from tests.engine.music import rows
from tests.fakes import tiny_prior

__all__ = ["one_thread"]

BASE = {name: tensor.detach() for name, tensor in tiny_prior.model().state_dict().items()}
PLAIN = {name: tensor.numpy() for name, tensor in BASE.items()}


def _adapter(**tensors: np.ndarray) -> Adapter:
    return Adapter("state", 0, PRIOR, dict(tensors))


def _refused(adapter: Adapter) -> str:
    before = {name: tensor.copy() for name, tensor in PLAIN.items()}
    with pytest.raises(AdapterError) as error:
        merged(PLAIN, adapter)
    assert all(np.array_equal(PLAIN[name], tensor) for name, tensor in before.items())
    assert_is_a_sentence(str(error.value))
    return str(error.value)


# ----------------------------------------------------------------------------------------- files


@pytest.mark.parametrize("form", FORMS)
def test_what_is_saved_is_what_is_loaded(tmp_path: Path, form: str):
    made = as_adapter(form, random_values(form, BASE))
    save(tmp_path / "a.safetensors", made)
    found = load(tmp_path / "a.safetensors")
    assert (found.kind, found.rank, found.prior, found.facts) == (
        made.kind,
        made.rank,
        made.prior,
        made.facts,
    )
    assert found.tensors.keys() == made.tensors.keys()
    for name, tensor in made.tensors.items():
        assert found.tensors[name].dtype == np.float32
        assert np.array_equal(found.tensors[name], tensor), name
    assert found.parameters == sum(tensor.size for tensor in made.tensors.values())


def test_what_says_how_it_was_made_does_not_hide_what_it_is(tmp_path: Path):
    made = replace(_adapter(said=np.ones(16)), facts={"kind": "lies", "prior": "lies", "x": "y"})
    save(tmp_path / "a", made)
    found = load(tmp_path / "a")
    assert (found.kind, found.prior, found.facts) == ("state", PRIOR, {"x": "y"})


def _good(folder: Path) -> Path:
    save(folder / "good.safetensors", as_adapter("lora-4", random_values("lora-4", BASE)))
    return folder / "good.safetensors"


METADATA = {"format": adapters.FORMAT, "kind": "state", "rank": "0", "prior": PRIOR}
DAMAGE = {
    "noise": lambda path: path.write_bytes(np.random.default_rng(0).bytes(5000)),
    "nothing": lambda path: path.write_bytes(b""),
    "half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "its head": lambda path: path.write_bytes(path.read_bytes()[:40]),
    "no file": lambda path: path.unlink(),
    "no rank": lambda path: save_file(
        {"said": np.ones(16, np.float32)}, path, {k: v for k, v in METADATA.items() if k != "rank"}
    ),
    "a rank that is none": lambda path: save_file(
        {"said": np.ones(16, np.float32)}, path, {**METADATA, "rank": "many"}
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_a_sentence(tmp_path: Path, damage: str):
    path = _good(tmp_path)
    DAMAGE[damage](path)
    with pytest.raises(AdapterError, match="damaged") as error:
        load(path)
    assert_is_a_sentence(str(error.value))


@pytest.mark.parametrize("metadata", [None, {}, {**METADATA, "format": "antiphon-adapter-0"}])
def test_a_file_of_another_format_is_a_sentence(tmp_path: Path, metadata):
    save_file({"said": np.ones(16, np.float32)}, tmp_path / "a", metadata)
    with pytest.raises(AdapterError, match="not an adapter of this version"):
        load(tmp_path / "a")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_numbers_that_are_none_are_not_loaded(tmp_path: Path, value: float):
    tensor = np.ones(16)
    tensor[3] = value
    save_file({"said": tensor}, tmp_path / "a", METADATA)
    with pytest.raises(AdapterError, match="not finite"):
        load(tmp_path / "a")


def test_a_file_far_too_large_is_not_even_read(tmp_path: Path):
    with (tmp_path / "a").open("wb") as file:
        file.truncate(adapters.MOST_BYTES + 1)
    with pytest.raises(AdapterError, match="far too large"):
        load(tmp_path / "a")


# --------------------------------------------------------------------------------------- merging


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("backbone", tiny_prior.BACKBONES)
def test_numpy_and_torch_merge_alike(form: str, backbone: str):
    base = tiny_prior.model(shape=tiny_prior.BACKBONES[backbone]).state_dict()
    values = random_values(form, base)
    on_torch = merge_in(base, values)
    on_numpy = merged({name: t.numpy() for name, t in base.items()}, as_adapter(form, values))
    assert on_numpy.keys() == on_torch.keys() == base.keys()
    changed = 0
    for name, tensor in on_torch.items():
        assert np.allclose(on_numpy[name], tensor.numpy(), rtol=0, atol=1e-6), name
        changed += not torch.equal(tensor, base[name])
    assert changed >= 2


@pytest.mark.parametrize("form", FORMS)
def test_before_the_first_step_nothing_is_changed(form: str):
    found = merged(PLAIN, as_adapter(form, first_values(form, BASE)))
    assert all(np.array_equal(found[name], tensor) for name, tensor in PLAIN.items())


def test_an_adapter_without_tensors_is_the_prior():
    found = merged(PLAIN, _adapter())
    assert all(found[name] is tensor for name, tensor in PLAIN.items())


@pytest.mark.parametrize("form", ["state", "heads", "lora-4", "all"])
@pytest.mark.parametrize("backbone", ["transformer", "gru"])
def test_the_live_step_plays_what_was_trained(tmp_path: Path, form: str, backbone: str):
    shape = tiny_prior.BACKBONES[backbone]
    path = tiny_prior.write(tmp_path / "prior.safetensors", shape=shape)
    tensors, metadata = checkpoint.load(path)
    model = tiny_prior.model(shape=shape)
    values = random_values(form, model.state_dict(), size=0.2)
    live = FastPrior(merged(tensors, as_adapter(form, values)), metadata)
    plain, notes = FastPrior(tensors, metadata), rows(40, seed=2)
    music = Music(torch.tensor(notes)[None], torch.zeros((1, len(notes)), dtype=torch.long))
    with torch.no_grad():
        expected = functional_call(model, merge_in(dict(model.state_dict()), values), (music,))
    away = np.zeros(len(FIELDS))
    for number, row in enumerate(map(Row._make, notes)):
        for place, field in enumerate(ORDER):
            known = frozenset(ORDER[:place])
            found = live.field(field, row, known)
            # The live step rounds the merged weights to half precision.
            wanted = expected[field][0, number].numpy()
            assert np.allclose(found, wanted, rtol=0.01, atol=0.05), FIELDS[field]
            away[field] = max(away[field], abs(found - plain.field(field, row, known)).max())
        live.read(row)
        plain.read(row)
    assert (away > 0.3).all(), "the adapter is heard in every field"


def test_what_is_said_is_heard_at_the_start_and_with_every_note():
    said = np.linspace(-1, 1, 16).astype(np.float32)
    found = merged(PLAIN, _adapter(said=said))
    assert np.allclose(found["start"] - PLAIN["start"], said, atol=1e-6)
    # For every note the inputs of the first fade add up to one, whatever they are.
    heard = np.random.default_rng(0).random((2, 12))
    heard = (heard / heard.sum(axis=1, keepdims=True)).ravel().astype(np.float32)
    change = found["heard.weight"] @ heard - PLAIN["heard.weight"] @ heard
    assert np.allclose(change, said, atol=1e-5)


# -------------------------------------------------------------------------------------- refusals


def test_an_adapter_of_another_prior_is_refused():
    adapter = _adapter(said=np.ones(16, np.float32))
    assert merged(PLAIN, adapter, fingerprint=PRIOR).keys() == PLAIN.keys()
    with pytest.raises(AdapterError, match="another model") as error:
        merged(PLAIN, adapter, fingerprint="f" * 16)
    assert_is_a_sentence(str(error.value))


ONES = np.ones((4, 16), np.float32)
MATRIX = "heads.0.hidden.weight"
MISFITS = {
    "another width": {"said": np.ones(17, np.float32)},
    "a matrix that is said": {"said": np.ones((16, 1), np.float32)},
    "a number that is said": {"said": np.ones((), np.float32)},
    "a shape that numpy would stretch": {"heads.0.hidden.weight.add": np.ones(16, np.float32)},
    "an unknown tensor": {"nobody.add": np.ones(16, np.float32)},
    "an unknown word": {"start.times": np.ones(16, np.float32)},
    "a tensor's own name": {"start": np.ones(16, np.float32)},
    "up without down": {f"{MATRIX}.up": ONES.T},
    "down without up": {f"{MATRIX}.down": ONES},
    "halves of another rank": {f"{MATRIX}.up": ONES.T, f"{MATRIX}.down": ONES[:3]},
    "halves of another matrix": {
        f"{MATRIX}.up": ONES.T[:7],
        f"{MATRIX}.down": ONES,
    },
}


@pytest.mark.parametrize("what", MISFITS)
def test_what_does_not_fit_is_refused_and_changes_nothing(what: str):
    assert "does not fit" in _refused(_adapter(**MISFITS[what]))


@pytest.mark.parametrize("value", [2 * LARGEST, -2 * LARGEST, 3e38, np.nan, np.inf])
def test_what_half_precision_cannot_hold_is_refused(value: float):
    said = np.zeros(16, np.float32)
    said[5] = value
    assert "cannot hold" in _refused(_adapter(said=said))
    up, down = np.zeros((16, 4), np.float32), np.zeros((4, 16), np.float32)
    up[0, 0], down[0, 0] = value, 2.0
    assert "cannot hold" in _refused(_adapter(**{f"{MATRIX}.up": up, f"{MATRIX}.down": down}))


def test_large_weights_that_can_be_held_are_played(tmp_path: Path):
    path = tiny_prior.write(tmp_path / "prior.safetensors")
    tensors, metadata = checkpoint.load(path)
    said = np.full(16, 0.9 * LARGEST, np.float32)
    live = FastPrior(merged(tensors, _adapter(**{SAID: said})), metadata)
    for row in rows(3):
        live.read(row)
        assert all(np.isfinite(live.field(field, row)).all() for field in range(len(FIELDS)))
