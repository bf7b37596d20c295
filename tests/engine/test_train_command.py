import json
from pathlib import Path

import pytest

from engine.model import checkpoint
from engine.model.shape import BACKBONES
from engine.train import command, recipe
from engine.train.scenes import FREE_ORDER
from tests.engine.music import tune, write_folder
from tests.fakes import tiny_prior


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "data", [tune("a"), tune("v", split="valid")])


@pytest.mark.slow
def test_it_trains_and_says_where_everything_is(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(recipe, "LENGTH", 32)
    monkeypatch.setattr(recipe, "WIDTH", 1)
    out = tmp_path / "run"
    words = ["--data", str(data), "--out", str(out), "--minutes", "0.001", "--threads", "1"]
    assert command.main([*words, "--width", "16", "--layers", "1", "--heads", "2"]) == 0
    said = capsys.readouterr().out.strip().splitlines()[-1]
    for name in ("best.safetensors", "curve.png", "run.json"):
        assert str(out / name) in said
        assert (out / name).is_file()
    card = json.loads((out / "run.json").read_text())
    assert (out / "curve.png").read_bytes().startswith(b"\x89PNG")
    assert card["shape"]["width"] == "16"
    assert card["shape"]["backbone"] == "transformer"
    # The time is used up: nothing more to train, and the card is what --json prints.
    shape = ["--width", "16", "--layers", "1", "--heads", "2"]
    assert command.main([*words, *shape, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == card


@pytest.mark.slow
def test_another_backbone_and_weights_to_begin_with(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(recipe, "LENGTH", 32)
    monkeypatch.setattr(recipe, "WIDTH", 1)
    words = ["--data", str(data), "--minutes", "0.001", "--threads", "1", "--json"]
    words += ["--width", "16", "--layers", "1", "--heads", "2", "--backbone", "gru"]
    assert command.main([*words, "--out", str(tmp_path / "a"), "--free-order", "0"]) == 0
    card = json.loads(capsys.readouterr().out)
    assert card["shape"]["backbone"] == "gru"
    assert card["free_order"] == 0.0
    best = tmp_path / "a" / "best.safetensors"
    more = [*words, "--out", str(tmp_path / "b"), "--start", str(best)]
    assert command.main(more) == 0
    capsys.readouterr()
    assert command.main([*more[:-4], "--out", str(tmp_path / "c"), "--start", str(data)]) == 1
    assert "no weights at" in _said(capsys)
    other = ["--width", "32", "--out", str(tmp_path / "d"), "--start", str(best)]
    assert command.main([*words, *other]) == 1
    assert "name the same --size" in _said(capsys)


def test_shipping_puts_weights_and_card_into_the_package(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    shipped = tmp_path / "package" / "prior.safetensors"
    shipped.parent.mkdir()
    monkeypatch.setattr(checkpoint, "SHIPPED", shipped)
    best = tiny_prior.write(tmp_path / "best.safetensors", name="prior-7")
    (tmp_path / "run.json").write_text('{"steps": 3, "validation_bits_per_note": 9.5}')
    assert command.main(["--ship", "--out", str(tmp_path)]) == 0
    assert "prior-7" in capsys.readouterr().out
    tensors, metadata = checkpoint.load(shipped)
    assert metadata == checkpoint.load(best)[1]
    assert metadata["name"] == "prior-7"
    assert tensors.keys() == checkpoint.load(best)[0].keys()
    card = json.loads(shipped.with_suffix(".json").read_text())
    assert card == {"steps": 3, "validation_bits_per_note": 9.5, "name": "prior-7"}


def _said(capsys: pytest.CaptureFixture) -> str:
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err
    return captured.err.strip().splitlines()[-1]


def test_what_cannot_be_done_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    out = ["--out", str(tmp_path / "run")]
    assert command.main(out) == 1
    assert "--data" in _said(capsys)
    assert command.main(["--data", str(tmp_path), *out]) == 1
    assert "no index.csv" in _said(capsys)
    assert command.main(["--ship", *out]) == 1
    assert "train first" in _said(capsys)
    (tmp_path / "file").write_text("")
    write_folder(tmp_path / "data", [tune("a"), tune("v", split="valid")])
    assert command.main(["--data", str(tmp_path / "data"), "--out", str(tmp_path / "file")]) == 1
    assert "cannot be written" in _said(capsys)


def test_a_damaged_run_is_not_shipped(tmp_path: Path, capsys: pytest.CaptureFixture):
    (tmp_path / "best.safetensors").write_bytes(b"noise")
    (tmp_path / "run.json").write_text("{}")
    assert command.main(["--ship", "--out", str(tmp_path)]) == 1
    assert "damaged" in _said(capsys)


@pytest.mark.parametrize(
    "words",
    [
        ["--minutes", "soon"],
        ["--minutes", "0"],
        ["--minutes", "nan"],
        ["--threads", "0"],
        ["--size", "huge"],
        ["--backbone", "mamba"],
        ["--free-order", "1.5"],
        ["--free-order", "nan"],
        ["somewhere"],
        ["--data", ".", "--width", "30", "--heads", "4"],
    ],
)
def test_wrong_words_are_wrong_usage(words: list[str], capsys: pytest.CaptureFixture):
    assert command.main(words) == 2
    assert _said(capsys)


def test_help_is_no_error(capsys: pytest.CaptureFixture):
    assert command.main(["--help"]) == 0
    assert "--minutes" in capsys.readouterr().out


def test_the_words_are_those_of_the_recipe():
    assert tuple(recipe.SIZES) == command.SIZES
    assert command.BACKBONES == BACKBONES
    assert command.FREE_ORDER == FREE_ORDER
