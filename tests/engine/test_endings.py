"""Endings: the numbers mean what they say, and the command prints them."""

import json
from pathlib import Path

import numpy as np
import pytest

from engine.evaluate import command
from engine.evaluate.endings import _auc, evaluate
from tests.engine.music import tune, write_folder
from tests.fakes import tiny_prior


def test_auc_is_the_chance_that_an_ending_scores_higher():
    true = np.array([False, True, False, True, False])
    assert _auc([(np.array([0.1, 0.9, 0.2, 0.8, 0.3]), true)]) == 1.0
    assert _auc([(np.array([0.9, 0.1, 0.8, 0.2, 0.7]), true)]) == 0.0
    assert _auc([(np.zeros(5), true)]) == 0.5
    # One of six pairs is the wrong way round, and pieces are taken together.
    halves = [(np.array([0.1, 0.9, 0.5]), true[:3]), (np.array([0.4, 0.3]), true[3:])]
    assert _auc(halves) == pytest.approx(5 / 6)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    phrases = [0, 8 * 240, 16 * 240, 24 * 240]
    pieces = [tune(f"p{n}", seed=n, split="test", phrases=phrases) for n in range(3)]
    return write_folder(tmp_path / "data", [*pieces, tune("unmarked", split="test")])


@pytest.mark.slow
def test_marked_phrases_are_counted_and_others_left_out(data: Path, tmp_path: Path):
    weights = tiny_prior.write(tmp_path / "tiny.safetensors")
    report = evaluate(data, weights, split="test", tier="ship", quick=False)
    assert (report["pieces"], report["phrases"]) == (3, 9)
    assert 0.0 <= report["model"]["auc"] <= 1.0
    assert report["length of the last note"]["auc"] == 0.5  # all notes are of one length


@pytest.mark.slow
def test_the_command_says_it(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture):
    weights = str(tiny_prior.write(tmp_path / "tiny.safetensors"))
    words = ["endings", "--data", str(data), "--weights", weights]
    assert command.main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["phrases"] == 9
    assert command.main(words) == 0
    assert "9 phrases of 3 pieces" in capsys.readouterr().out
