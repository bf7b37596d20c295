"""An adopted version of the shared model is in what plays; without the file all is as before."""

from pathlib import Path

import numpy as np
import pytest

from engine.adapt.adapter import DOWN, UP, Adapter, merged, save
from engine.building import ADOPTED, Builder
from engine.model.checkpoint import fingerprint, load
from federation.formats.lineage import Lineage
from tests.fakes import tiny_prior


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_prior.write(tmp_path_factory.mktemp("weights") / "tiny.safetensors")


def _shared(weights: Path, *, prior: str = "", size: float = 0.1) -> Adapter:
    """Every matrix changed a little."""
    tensors, _ = load(weights)
    lineage = Lineage.of_prior(tensors, prior or fingerprint(weights))
    rng = np.random.default_rng(1)
    found = {}
    for name, (rows, rank) in lineage.shapes.items():
        base = name.removesuffix(UP)
        found[name] = (size * rng.normal(size=(rows, rank))).astype(np.float32)
        found[base + DOWN] = rng.normal(size=(rank, tensors[base].shape[1])).astype(np.float32)
    return Adapter("lora", lineage.rank, lineage.prior, found, {"shared_version": "7"})


def _weights_of(built: Builder) -> dict[str, np.ndarray]:
    found = built._tensors
    assert found is not None
    return found


def test_without_the_file_nothing_is_different(weights, tmp_path):
    built = Builder(weights, tmp_path / "none.safetensors")
    assert (built.says, built.shared) == ([], "")
    tensors, _ = load(weights)
    assert all(np.array_equal(_weights_of(built)[name], tensors[name]) for name in tensors)


def test_an_adopted_version_is_merged_and_the_prior_keeps_its_name(weights, tmp_path):
    path = tmp_path / "adopted.safetensors"
    save(path, _shared(weights))
    built = Builder(weights, path)
    assert (built.shared, built.prior_name) == ("7", fingerprint(weights))
    tensors, _ = load(weights)
    expected = merged(tensors, _shared(weights))
    changed = [name for name in tensors if not np.array_equal(tensors[name], expected[name])]
    assert changed
    assert all(np.allclose(_weights_of(built)[name], expected[name]) for name in tensors)


def test_it_is_looked_for_in_the_data_folder(weights, tmp_path, monkeypatch):
    monkeypatch.setenv("ANTIPHON_DATA", str(tmp_path))
    path = tmp_path.joinpath(*ADOPTED)
    path.parent.mkdir()
    save(path, _shared(weights))
    assert Builder(weights).shared == "7"


def test_a_private_adapter_is_added_on_top(weights, tmp_path):
    path = tmp_path / "adopted.safetensors"
    save(path, _shared(weights))
    tensors, metadata = load(weights)
    private = Adapter("state", 0, fingerprint(weights), {"said": np.full(16, 0.5, np.float32)})
    built = Builder(weights, path)
    both = merged(merged(tensors, _shared(weights)), private)
    found = merged(_weights_of(built), private, fingerprint=built.prior_name)
    assert all(np.allclose(found[name], both[name]) for name in both)
    assert built.prior(private) is not None
    assert metadata


@pytest.mark.parametrize("what", ["another prior", "torn", "too large"])
def test_what_does_not_fit_is_left_out_and_said(weights, tmp_path, what):
    path = tmp_path / "adopted.safetensors"
    if what == "another prior":
        save(path, _shared(weights, prior="0" * 16))
    elif what == "torn":
        save(path, _shared(weights))
        path.write_bytes(path.read_bytes()[:-5])
    else:
        save(path, _shared(weights, size=1e6))
    built = Builder(weights, path)
    tensors, _ = load(weights)
    assert built.shared == ""
    assert "What others shared is left out" in built.says[0]
    assert all(np.array_equal(_weights_of(built)[name], tensors[name]) for name in tensors)


def test_sharing_writes_where_the_engine_looks(tmp_path):
    from federation.client.places import Places

    assert Places(tmp_path).adopted == tmp_path.joinpath(*ADOPTED)
