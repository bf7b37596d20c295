"""`antiphon train quotes`, and the files that ship."""

import hashlib
import json
from pathlib import Path

import pytest

from engine.quote.index import COMMON_PIECES, COUNTS_FROM, SHIPPED, WINDOW, load
from engine.quote.meter import QuoteMeter
from engine.train import command
from tests.engine.music import tune, write_folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "data", [tune("a"), tune("v", split="valid")])


def test_it_builds_and_writes_a_card(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    out = tmp_path / "quotes.safetensors"
    assert command.main(["quotes", "--data", str(data), "--out", str(out), "--json"]) == 0
    card = json.loads(capsys.readouterr().out)
    assert json.loads(out.with_suffix(".json").read_text()) == card
    assert card["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert card["pieces"] == 1
    QuoteMeter.load(out)


def test_what_cannot_be_done_is_a_sentence(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    nowhere = tmp_path / "missing" / "quotes.safetensors"
    assert command.main(["quotes", "--data", str(tmp_path)]) == 1
    assert "index.csv" in capsys.readouterr().err
    assert command.main(["quotes", "--data", str(data), "--out", str(nowhere)]) == 1
    assert "--out" in capsys.readouterr().err
    assert command.main(["quotes", "--what"]) == 2


def test_the_shipped_index_is_the_one_its_card_tells_of():
    card = json.loads(SHIPPED.with_suffix(".json").read_text())
    text = SHIPPED.read_bytes()
    assert card["sha256"] == hashlib.sha256(text).hexdigest()
    assert card["bytes"] == len(text) < 6_000_000
    index = load()
    assert index.card.items() <= card.items()
    assert (card["window"], card["common_pieces"]) == (WINDOW, COMMON_PIECES)
    assert card["counts_from"] == COUNTS_FROM
    assert (card["tier"], card["split"]) == ("ship", "train")


def test_the_shipped_index_and_weights_are_made_of_the_same_music():
    prior = json.loads(SHIPPED.with_name("prior.json").read_text())
    quotes = json.loads(SHIPPED.with_suffix(".json").read_text())
    assert prior["data_sha256"][:16] == quotes["data_sha256"]
