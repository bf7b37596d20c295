from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.key.memory import CHANNELS
from engine.key.network import (
    Classifier,
    KeyWeightsError,
    Network,
    load,
    save,
    unrolled,
)
from engine.key.profiles import softmax
from tests.engine.key.music import tensors


def _views(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((count, CHANNELS * 12)).astype(np.float32)


def test_the_unrolled_matrix_is_a_circular_convolution():
    rng = np.random.default_rng(0)
    kernel, x = rng.normal(size=(3, 2, 12)), rng.normal(size=(2, 12))
    expected = np.zeros((3, 12))
    for out, place in np.ndindex(3, 12):
        for into, step in np.ndindex(2, 12):
            expected[out, place] += kernel[out, into, step] * x[into, (place + step) % 12]
    found = unrolled(kernel) @ x.reshape(-1)
    assert found.reshape(3, 12) == pytest.approx(expected, abs=1e-5)


@given(seed=st.integers(0, 99), turn=st.integers(0, 11))
def test_a_transposed_piece_gets_the_transposed_answer(seed, turn):
    classifier, view = Classifier(tensors(seed=seed)), _views(1, seed)
    turned = np.roll(view.reshape(CHANNELS, 12), turn, axis=1).reshape(1, -1)
    expected = np.roll(classifier.logits(view).reshape(2, 12), turn, axis=1)
    assert classifier.logits(turned).reshape(2, 12) == pytest.approx(expected, abs=1e-4)


def test_one_view_and_many_give_the_same():
    classifier, views = Classifier(tensors()), _views(7)
    many = softmax(classifier.logits(views).astype(np.float64))
    for view, expected in zip(views, many, strict=True):
        assert classifier.chances(view) == pytest.approx(expected, abs=1e-5)


def test_the_torch_reference_agrees():
    torch = pytest.importorskip("torch")
    from engine.key.train import logits

    given_ = tensors(width=7)
    expected = logits({name: torch.from_numpy(t) for name, t in given_.items()},
                      torch.from_numpy(_views(5)))  # fmt: skip
    assert Classifier(given_).logits(_views(5)) == pytest.approx(expected.numpy(), abs=1e-4)


def test_a_network_listens_and_forgets_on_request():
    network = Network(Classifier(tensors()))
    before = network.chances()
    network.hear(60, 1.0)
    assert np.abs(network.chances() - before).max() > 1e-3
    assert network.chances().sum() == pytest.approx(1.0, abs=1e-5)
    network.reset()
    assert network.chances() == pytest.approx(before)


def test_weights_survive_the_disk(tmp_path: Path):
    path = tmp_path / "key.safetensors"
    save(path, tensors(), {"name": "tiny"})
    assert load(path).logits(_views(2)) == pytest.approx(Classifier(tensors()).logits(_views(2)))
    assert [*tmp_path.glob("key.*")] == [path]


def test_what_is_not_ours_is_refused_with_a_sentence(tmp_path: Path):
    path = tmp_path / "key.safetensors"

    def refused(match: str) -> None:
        with pytest.raises(KeyWeightsError, match=match):
            load(path)

    refused("no key weights at")
    save(path, tensors(), {})
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    refused("damaged")
    path.write_bytes(b"noise")
    refused("damaged")
    save(path, tensors(), {"format": "antiphon-key-0"})
    refused("antiphon-key-0, not antiphon-key-1")
    save(path, tensors() | {"last.bias": np.array([0, np.nan], dtype=np.float32)}, {})
    refused("not finite")
    less = tensors()
    less.pop("second.bias")
    save(path, less, {})
    refused("do not fit")
    save(path, tensors() | {"first.weight": np.zeros((5, 3, 12), dtype=np.float32)}, {})
    refused("do not fit")
    wider = {"last.weight": np.zeros((3, 5), np.float32), "last.bias": np.zeros(3, np.float32)}
    save(path, tensors() | wider, {})
    refused("do not (fit|name)")
