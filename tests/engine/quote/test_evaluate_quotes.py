"""`antiphon evaluate quotes` on made-up music, and the material it tries the meter on."""

import json
from pathlib import Path

import numpy as np
import pytest

from engine.evaluate import command, quotes
from engine.evaluate.quote_trials import (
    excerpt,
    long_enough,
    over_chords,
    planted,
    random_walk,
    shuffled,
    varied,
)
from engine.events import Note
from engine.quote.build import build, ship
from engine.quote.meter import QuoteMeter
from tests.engine import music
from tests.engine.quote.music import as_stream, tune
from tests.fakes import tiny_prior


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def test_what_is_planted_is_found_and_what_is_shuffled_is_not(rng: np.random.Generator):
    streams = [as_stream(tune(120, seed=n), piece=str(n)) for n in range(4)]
    meter = QuoteMeter(build(streams))
    for length in (18, 30):
        quote = varied(excerpt(streams, length, rng), rng, uneven_beats=0.01)
        answer = planted(quote, tune(8, seed=70), tune(8, seed=71))
        assert len(answer) == length + 16
        assert meter.longest(answer).run >= length - 1
        assert meter.longest(over_chords(quote, rng)).run > 0
        assert meter.longest(shuffled(answer, rng)).run == 0
    assert meter.longest(random_walk(64, rng)).run == 0


def test_a_planted_quote_stands_apart_and_in_order(rng: np.random.Generator):
    before, quote, after = tune(8, seed=1), tune(20, seed=2), tune(8, seed=3)
    answer = planted(quote, before, after)
    assert [note.pitch for note in answer] == [n.pitch for n in (*before, *quote, *after)]
    assert answer[8].onset == pytest.approx(max(note.end for note in answer[:8]) + 1.0)
    assert planted(quote, [], [])[0].onset == 0.0


def test_only_long_pitched_streams_are_excerpted():
    streams = [as_stream(tune(20)), as_stream(tune(60)), as_stream(tune(60), drums=True)]
    assert long_enough(streams, 48) == [streams[1]]


@pytest.mark.parametrize("pitch", [0, 3, 60, 127])
def test_variations_stay_on_the_keyboard(pitch: int):
    notes = [Note(n / 2, 0.5, pitch, 80) for n in range(8)]
    found = [
        note
        for seed in range(20)
        for note in varied(notes, np.random.default_rng(seed), uneven_beats=0.02)
    ]
    assert all(0 <= note.pitch <= 127 and note.onset >= 0.0 for note in found)
    assert len({note.pitch for note in found}) > 3


@pytest.fixture
def data(tmp_path: Path) -> Path:
    pieces = [music.tune(f"a{n}", seed=n, count=80) for n in range(4)]
    pieces += [music.tune(f"e{n}", seed=9 + n, count=80, split="test") for n in range(5)]
    return music.write_folder(tmp_path / "data", pieces)


@pytest.mark.slow
def test_the_report_has_its_figures(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(quotes, "PLANTED", 2)
    index, weights = tmp_path / "quotes.safetensors", tiny_prior.write(tmp_path / "tiny")
    ship(data, index, tier="ship")
    words = ["quotes", "--data", str(data), "--index", str(index), "--weights", str(weights)]
    assert command.main([*words, "--json"]) == 0
    report = json.loads(
        capsys.readouterr().out, parse_constant=lambda name: pytest.fail(f"{name} in JSON")
    )
    assert report["passages"] == 5
    assert report["file_bytes"] == index.stat().st_size
    for name in ("human", "model", "shuffled", "random"):
        shares = list(report[name]["at_least"].values())
        assert shares == sorted(shares, reverse=True)
        low, high = report[name]["too_long_interval"]
        assert low <= report[name]["too_long"] <= high
    assert set(report["exact"]) == {"answers", *map(str, report["lengths"])}
    assert command.main([*words, "--quick"]) == 0
    said = capsys.readouterr().out
    for word in ("MB held", "human (5)", "Planted", "quick look"):
        assert word in said
    assert "Beside exact" not in said


def test_what_cannot_be_done_is_a_sentence(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
):
    words = ["quotes", "--data", str(data), "--index", str(tmp_path / "none.safetensors")]
    assert command.main(words) == 1
    assert "no index of quotes" in capsys.readouterr().err
    assert command.main(["quotes", "--seed", "0"]) == 2
