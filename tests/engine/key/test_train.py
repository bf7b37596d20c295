import json
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.key import train
from engine.key.examples import Examples
from engine.key.memory import CHANNELS
from engine.key.network import load
from tests.engine.key.music import tune, write_keys


@pytest.fixture
def data(tmp_path: Path) -> Path:
    tunes = [tune(f"a{n}", n % 7 - 3, n % 2) for n in range(8)]
    return write_keys(tmp_path / "data", [*tunes, tune("v", 1, 0, split="valid")])


def test_the_loss_is_that_of_any_right_key():
    right = torch.zeros(2, 24, dtype=torch.bool)
    right[0, 0] = right[1, 0] = right[1, 21] = True
    found = train.losses(torch.zeros(2, 24), right)
    assert found.tolist() == pytest.approx([np.log(24), np.log(12)])


@pytest.mark.slow
def test_it_learns_writes_weights_and_says_what_it_did(
    data: Path, tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(train, "BATCH", 32)
    out = tmp_path / "run" / "key.safetensors"
    words = ["--data", data, "--out", out, "--width", 4, "--passes", 3, "--epochs", 4, "--json"]
    assert train.main([*map(str, words)]) == 0
    captured = capsys.readouterr()
    card = json.loads(captured.out)
    assert json.loads(out.with_suffix(".json").read_text()) == card
    assert "epoch 4" in captured.err
    assert card["epochs"][-1]["train"] < card["epochs"][0]["train"]
    assert card["pieces"] == {"tunes": {"key": 8, "signature_only": 0, "refused": 0}}
    assert card["valid"]["valid"] < np.log(24), "better than knowing nothing"
    views = np.random.default_rng(0).random((3, CHANNELS * 12)).astype(np.float32)
    first = load(out).logits(views)
    assert train.main([*map(str, words)]) == 0
    assert (load(out).logits(views) == first).all(), "same seed, same weights"


def test_a_loss_that_is_no_number_stops_it():
    broken = Examples(
        views=np.full((4, CHANNELS * 12), np.nan, dtype=np.float16),
        right=np.eye(24, dtype=bool)[:4],
        weight=np.ones(4, dtype=np.float32),
    )
    with pytest.raises(ArithmeticError, match="epoch 1"):
        train.fit(broken, broken, width=2, epochs=2, seed=0, say=lambda _: None)


def test_what_cannot_be_done_is_a_sentence(tmp_path: Path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert train.main([]) == 1
    assert "--data" in capsys.readouterr().err
    assert train.main(["--data", str(tmp_path)]) == 1
    assert "index.csv" in capsys.readouterr().err
    assert train.main(["--epochs", "none"]) == 2
