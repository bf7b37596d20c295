"""Fitting the memory's weights: what it sees is what plays, and it learns what there is."""

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.encoding import FIELD_SIZES, FIELDS, PITCH, VOICE
from engine.evaluate.memory import base, examples, judges
from engine.evaluate.memory.chances import bits_of, chances_of
from engine.evaluate.memory.players import Player, as_many_of_each, piece_of, players_of
from engine.memory.memory import Memory
from engine.memory.offline import score
from engine.memory.weights import Weights, blank, fading_of
from tests.engine import music
from tests.engine.memory.weights import wild
from tests.fakes import tiny_prior

FADING = fading_of(500)


def _player(name: str = "one", pieces: int = 2) -> Player:
    """Pieces that repeat a figure; one of them is played in turns."""
    found = []
    for number in range(pieces):
        stream = music.stream(60, seed=number, pattern=7, piece=str(number))
        found.append(piece_of(stream, np.random.default_rng(1) if number else None))
    return Player(name, "tunes", tuple(found))


@pytest.fixture(scope="module")
def chances():
    return [chances_of(tiny_prior.model(), _player().pieces)]


@pytest.fixture(autouse=True)
def usual_order(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(examples, "FEWER_KNOWN", 0.0)


@pytest.mark.slow
@pytest.mark.parametrize("beside", [True, False])
def test_the_judge_that_is_fitted_is_the_one_that_plays(chances, beside: bool):
    """Bits of the torch judge, from the examples, are those of the compiled one."""
    player, weights = _player(), wild(3)
    given = chances if beside else None
    memory, found = Memory(capacity=1024), []
    for which, piece in enumerate(player.pieces):
        memory.begin()
        told = None if given is None else given[0][which]
        both = Weights(weights.beside, weights.beside, weights.base, FADING)
        found.append(score(memory, piece.rows, piece.counted, told, both))
    live, counted = (
        np.concatenate(found),
        np.concatenate([piece.counted for piece in player.pieces]),
    )
    for field in range(len(FIELDS)):
        table = examples.examples_of(field, [player], given, weights.base[field], FADING)
        judge = judges.Judge(field, seed=0)
        vector, at = weights.beside[field], 0
        with torch.no_grad():
            for parameter in judge.parameters():
                part = vector[at : at + parameter.numel()]
                parameter.copy_(torch.from_numpy(part).view_as(parameter))
                at += parameter.numel()
        assert at == len(vector)
        assert np.array_equal(judge.as_vector(), vector)
        told = judges.bits(judge, table, np.arange(len(table.kind)))
        wanted = live[counted[:, field], field]
        if field == VOICE:  # the side is the prior's affair: the judge is fitted for the family
            assert len(told) == len(wanted)
        else:
            assert np.minimum(told, wanted.max()) == pytest.approx(wanted, abs=0.02)


@pytest.mark.slow
def test_a_figure_that_comes_again_is_learnt():
    player = _player(pieces=3)
    table = examples.examples_of(PITCH, [player] * 9, None, blank().base[PITCH], FADING)
    fitted = judges.fit(PITCH, table, passes=3, seed=1)
    assert fitted.before == pytest.approx(7.0, abs=0.01)  # the base says nothing of 128 keys
    assert fitted.after < 0.8 * fitted.before
    assert fitted.passes >= 1


def test_batches_are_the_notes_that_were_asked_for(chances):
    table = examples.examples_of(PITCH, [_player()], chances, blank().base[PITCH], FADING)
    whole = judges.batch_of(table, np.arange(len(table.kind)))
    some = judges.batch_of(table, np.array([5, 80, 81]))
    judge = judges.Judge(PITCH, seed=2)
    with torch.no_grad():
        assert judge(some) == pytest.approx(judge(whole)[[5, 80, 81]], abs=1e-5)


@pytest.mark.slow
def test_the_base_learns_how_often_and_after_what(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(base, "_PASSES", 6)
    monkeypatch.setattr(base, "_BATCH", 64)
    streams = [music.stream(200, seed=n, pattern=3, piece=str(n)) for n in range(4)]
    tables = base.fit(streams, seed=1)
    assert [len(table) for table in tables] == [base.base.size(field) for field in range(5)]
    rows = piece_of(streams[0]).rows
    for field in range(len(FIELDS)):
        logits = examples.base_chances(field, tables[field], rows)
        assert logits.shape == (len(rows), FIELD_SIZES[field])
        nats = torch.nn.functional.cross_entropy(
            torch.from_numpy(logits[1:]), torch.from_numpy(rows[1:, field])
        )
        assert float(nats) < 0.7 * np.log(FIELD_SIZES[field])


def test_chances_are_the_priors(chances):
    for piece, own in zip(_player().pieces, chances[0], strict=True):
        bits = bits_of(own, piece)
        assert (bits[~piece.counted] == 0).all()
        assert (bits[piece.counted] > 0).all()
        assert [part.shape for part in own] == [(len(piece), size) for size in FIELD_SIZES]
        assert np.exp(own[PITCH].astype(np.float64)).sum(axis=1) == pytest.approx(1.0, abs=0.01)


def test_every_piece_belongs_to_one_player():
    streams = [music.stream(30, seed=n, piece=str(n)) for n in range(9)]
    lone = [music.stream(50, seed=n, piece=f"x{n}", collection="other") for n in range(3)]
    rng = np.random.default_rng(0)
    found = players_of({"a": streams}, lone, rng, most_pieces=4, longest=20)
    names = sorted(piece.name for player in found for piece in player.pieces)
    assert names == sorted([*(str(n) for n in range(9)), "x0", "x1", "x2"])
    assert all(len(player.pieces) <= 4 for player in found)
    assert all(len(piece) <= 20 for player in found for piece in player.pieces)
    few = as_many_of_each(found, 25)
    assert {player.collection for player in few} == {"tunes", "other"}
    assert sum(player.notes for player in few) < sum(player.notes for player in found)


@pytest.mark.slow
def test_the_report_has_every_row(tmp_path: Path):
    """The whole measurement, on a data folder that is made up; it prints and draws."""
    import json
    from contextlib import contextmanager

    from engine.evaluate.memory import report, run

    pieces = [
        music.tune(
            f"p{n}", seed=n % 3, count=130, split="test", phrases=list(range(0, 31200, 2400))
        )
        for n in range(6)
    ]
    data = music.write_folder(tmp_path / "data", pieces)
    _name_tasks(data / "index.csv")
    weights = tiny_prior.write(tmp_path / "tiny.safetensors")
    done = []

    @contextmanager
    def bar(title: str, length: int):
        yield done.append

    found = run.evaluate(data, weights, quick=True, bar=bar)
    json.dumps(found, allow_nan=False)
    assert found["curve"].keys() == {"10", "50", "200"}
    assert found["all"]["gain_percent"] > 10  # a prior that plays nonsense; figures that repeat
    for setting in found["phrases"].values():
        for one in setting.values():
            assert one["bits"]["both"]["total"] < one["bits"]["prior"]["total"]
            assert one["interval"][0] <= one["gain_percent"] <= one["interval"][1]
    text = report.table(found)
    assert "at note" in text
    assert "Another day" in text
    assert report.picture(tmp_path / "out", found).stat().st_size > 1000
    assert sum(done) > 0


def _name_tasks(index: Path) -> None:
    """Add the columns of tasks: all pieces are one player's."""
    head, *lines = index.read_text(encoding="utf-8").splitlines()
    lines = [f"{line},player,meta_test" for line in lines]
    index.write_text("\n".join([f"{head},task,meta_split", *lines, ""]), encoding="utf-8")
