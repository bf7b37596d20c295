"""Bits per note: the windows miss nothing, the sums are right, the command says it."""

import json
import math
from dataclasses import replace
from itertools import starmap
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.encoding import FIELDS, ORDER, Row
from engine.evaluate import command
from engine.evaluate.notes import (
    QUICK_STREAM,
    Notes,
    by_collection,
    gather,
    intervals,
    per_note,
    sample,
)
from engine.evaluate.prior import bits_of, load_prior, pack, split
from engine.model.checkpoint import CheckpointError, load, save
from engine.model.fast import FastPrior
from engine.model.network import Music
from engine.model.shape import BACKBONES
from tests.engine.music import stream, tune, write_folder
from tests.fakes import tiny_prior

lengths = st.lists(st.integers(1, 300), min_size=1, max_size=12)


@given(lengths=lengths, window=st.integers(40, 120), context=st.integers(0, 30))
def test_every_note_is_scored_once_with_its_context(lengths, window, context):
    place = np.concatenate([np.arange(length) for length in lengths])
    parts = split(place, window=window, context=context)
    scored = np.concatenate([np.arange(part.scored, part.end) for part in parts])
    assert sorted(scored.tolist()) == list(range(len(place)))
    for part in parts:
        assert len(part) <= window
        assert part.scored == part.first or part.scored - part.first == context
        assert (np.diff(place[part.first : part.end]) == 1).all(), "of one stream"
        if part.scored == part.first:
            assert place[part.first] == 0 or context == 0
    windows = pack(parts, window=window)
    assert sorted(part.first for shared in windows for part in shared) == sorted(
        part.first for part in parts
    )
    assert all(sum(map(len, shared)) <= window for shared in windows)


def _notes() -> Notes:
    return gather([stream(150, seed=1), stream(20, seed=2), stream(90, seed=3, velocity=False)])


@pytest.mark.slow
def test_windows_give_what_reading_note_by_note_gives(tmp_path: Path):
    weights = tiny_prior.write(tmp_path / "tiny.safetensors")
    model, metadata = load_prior(weights)
    assert metadata["name"] == "tiny"
    notes = _notes()
    # The pitch memory reaches furthest: what is 120 notes old weighs less than a tenth.
    bits = bits_of(model, notes, window=200, context=150)
    short = bits_of(model, notes, window=110, context=80)
    fast, expected = FastPrior(*load(weights)), np.zeros_like(bits)
    for number, row in enumerate(starmap(Row, notes.rows.tolist())):
        if notes.place[number] == 0:
            fast.reset()
        for place, field in enumerate(ORDER):
            logits = fast.field(field, row, frozenset(ORDER[:place])).astype(np.float64)
            chance = math.exp(logits[row[field]]) / np.exp(logits).sum()
            expected[number, field] = -math.log2(chance) * notes.counted[number, field]
        fast.read(row)
    assert bits == pytest.approx(expected, abs=1e-3)
    assert short.mean() == pytest.approx(expected.mean(), abs=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("backbone", BACKBONES)
def test_a_packed_window_costs_what_each_stream_costs_alone(backbone: str):
    model = tiny_prior.model(shape=replace(tiny_prior.SHAPE, backbone=backbone))
    notes, said = _notes(), []
    rank = torch.randperm(len(FIELDS), generator=torch.Generator().manual_seed(1))
    found = bits_of(model, notes, rank=rank, progress=said.append)
    assert sum(said) == len(notes)
    for first, end in ((0, 150), (150, 170), (170, 260)):
        rows = torch.from_numpy(notes.rows[first:end].astype(np.int64))[None]
        music = Music(
            rows,
            torch.zeros(rows.shape[:2], dtype=torch.long),
            rank=rank.expand(1, end - first, -1),
        )
        with torch.inference_mode():
            nats = model.losses(music, torch.from_numpy(notes.counted[first:end])[None])[0]
        assert found[first:end] == pytest.approx(nats.numpy() / math.log(2), abs=1e-3)


@pytest.mark.slow
def test_styles_are_told_stream_by_stream():
    model, notes = tiny_prior.model(), _notes()
    none = bits_of(model, notes)
    silent = bits_of(model, notes, style=lambda _: np.zeros(2, dtype=np.int64))
    assert silent == pytest.approx(none, abs=1e-5)
    told = bits_of(model, notes, style=lambda note: np.array([0, 2 if note >= 170 else 0]))
    assert told[:170] == pytest.approx(none[:170], abs=1e-5)
    assert abs(told[170:] - none[170:]).mean() > 0.01


def test_means_add_up_and_silence_about_velocity_is_free():
    notes = gather([stream(10), stream(30, collection="b", piece="p", velocity=False)])
    bits = np.where(notes.counted, np.float32(2.0), np.float32(0.0))
    found = per_note(bits, notes.counted)
    assert found["total"] == pytest.approx(sum(found[name] for name in FIELDS))
    assert found["onset"] == found["voice"] == pytest.approx(2 * 38 / 40)
    assert found["velocity"] == pytest.approx(2 * 10 / 40)
    assert found["velocity_known"] == pytest.approx(2.0)
    table = by_collection(bits, notes)
    assert table["b"]["velocity"] == table["b"]["velocity_known"] == 0.0
    assert (table["b"]["notes"], table["b"]["pieces"]) == (30, 1)
    weighed = sum(figures["total"] * figures["notes"] for figures in table.values()) / len(notes)
    assert weighed == pytest.approx(found["total"])


def test_intervals_hold_the_mean_and_shrink_with_more_pieces():
    def spread(pieces: int) -> float:
        notes = gather([stream(10, piece=str(n)) for n in range(pieces)])
        rng = np.random.default_rng(0)
        level = rng.normal(5, 1, pieces).astype(np.float32)
        bits = np.repeat(level, 10)[:, None] * notes.counted
        low, high = intervals(bits, notes)["total"]
        assert low < per_note(bits, notes.counted)["total"] < high
        return high - low

    assert spread(200) < spread(20) / 2
    one = gather([stream(10)])
    assert len(set(intervals(one.counted * np.float32(1), one)["pitch"])) == 1


def test_a_sample_is_the_same_each_time_and_large_enough():
    streams = [stream(50, piece=str(n)) for n in range(40)]
    chosen = [part.piece for part in sample(streams, 500)]
    assert chosen == [part.piece for part in sample(streams, 500)]
    assert len(chosen) == 10
    assert sample(streams, 5000) == streams
    long = [stream(3 * QUICK_STREAM, piece=str(n)) for n in range(9)]
    assert [len(part) for part in sample(long, 2 * QUICK_STREAM, shorten=True)] == [
        QUICK_STREAM
    ] * 2


# --------------------------------------------------------------------------------- the command


@pytest.fixture
def data(tmp_path: Path) -> Path:
    pieces = [tune(f"a{n}", seed=n) for n in range(4)]
    pieces += [tune("v", seed=1, split="valid"), tune("e", seed=2, split="test", count=60)]
    pieces += [tune("x", seed=3, split="test", collection="other")]
    return write_folder(tmp_path / "data", [*pieces, tune("n", split="test", tier="nc")])


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return tiny_prior.write(tmp_path / "tiny.safetensors")


def _run(capsys: pytest.CaptureFixture, *words: object) -> dict:
    assert command.main(["prior", *map(str, words), "--threads", "1", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.slow
def test_the_report_has_its_fields(data: Path, weights: Path, capsys: pytest.CaptureFixture):
    report = _run(capsys, "--data", data, "--weights", weights)
    assert report["notes"] == 100
    assert report["model"] == "tiny"
    assert set(report["by_collection"]) == {"tunes", "other"}
    assert set(report["baselines"]) == {"uniform", "unigram", "backoff"}
    everything = [report["bits_per_note"], *report["baselines"].values()]
    everything += [*report["by_collection"].values(), *report["backbones"].values()]
    for figures in everything:
        assert figures["total"] == pytest.approx(sum(figures[name] for name in FIELDS), abs=1e-4)
    uniform = report["baselines"]["uniform"]
    assert uniform["total"] == pytest.approx(
        (98 * math.log2(289 * 36) + 100 * math.log2(128 * 289 * 33)) / 100
    )
    for name, (low, high) in report["intervals"].items():
        assert low <= report["bits_per_note"][name] + 1e-6
        assert high >= report["bits_per_note"][name] - 1e-6
    assert report["baselines"]["backoff"]["total"] < report["baselines"]["unigram"]["total"]
    assert report["gain"]["over"] == "backoff"
    assert report["gain"]["bits_per_note"] < 0, "random weights know less than any baseline"
    assert set(report["backoff"]) == set(FIELDS)
    assert set(report["backbones"]) == {"transformer"}
    assert report["quick"] is False
    assert report["says"] == []


@pytest.mark.slow
def test_other_weights_stand_beside_it_on_the_same_notes(
    tmp_path: Path, data: Path, weights: Path, capsys: pytest.CaptureFixture
):
    gru = replace(tiny_prior.SHAPE, backbone="gru")
    other = tiny_prior.write(tmp_path / "gru.safetensors", shape=gru)
    words = ["--data", data, "--weights", weights, "--no-baselines"]
    report = _run(capsys, *words, "--beside", other, weights)
    assert list(report["beside"]) == [str(other), str(weights)]
    assert report["beside"][str(other)]["backbone"] == "gru"
    same = report["beside"][str(weights)]
    for name, bits in report["bits_per_note"].items():
        assert same[name] == pytest.approx(bits)
    assert same["intervals"] == report["intervals"]
    assert _run(capsys, *words)["beside"] == {}


@pytest.mark.slow
def test_the_table_is_for_people(data: Path, weights: Path, capsys: pytest.CaptureFixture):
    words = ["prior", "--data", str(data), "--weights", str(weights), "--threads", "1", "--quick"]
    assert command.main(words) == 0
    captured = capsys.readouterr()
    for name in ("uniform", "unigram", "backoff", "tiny", "other", "quick look"):
        assert name in captured.out
    assert "{" not in captured.out


@pytest.mark.slow
def test_other_tiers_splits_and_folders(tmp_path: Path, data: Path, weights, capsys):
    nc = _run(capsys, "--data", data, "--weights", weights, "--tier", "nc")
    assert nc["notes"] == 40
    assert "backoff" in nc["baselines"], "learnt from the shippable tier"
    whole = _run(capsys, "--data", data, "--weights", weights, "--tier", "all", "--no-baselines")
    assert whole["notes"] == 140
    assert whole["baselines"] == {}
    assert _run(capsys, "--data", data, "--weights", weights, "--split", "valid")["notes"] == 40

    train = _run(capsys, "--data", data, "--weights", weights, "--split", "train")
    assert set(train["baselines"]) == {"uniform"}
    assert "another --split" in train["says"][0]
    lone = write_folder(tmp_path / "lone", [tune("e", split="heard", collection="new")])
    alone = _run(capsys, "--data", lone, "--weights", weights, "--split", "heard")
    assert set(alone["baselines"]) == {"uniform"}
    assert "no training split" in alone["says"][0]
    pair = write_folder(tmp_path / "pair", [tune("a"), tune("e", split="test")])
    untuned = _run(capsys, "--data", pair, "--weights", weights)
    assert "no validation split" in untuned["says"][0]
    assert untuned["backoff"]["pitch"]["valid_bits_per_note"] is None


def test_what_cannot_be_done_is_a_sentence(
    tmp_path: Path, data: Path, weights: Path, capsys, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)

    def fails(*words: object) -> str:
        assert command.main(["prior", *map(str, words)]) == 1
        captured = capsys.readouterr()
        assert captured.out == ""
        assert "Traceback" not in captured.err
        return captured.err.strip()

    assert "--data" in fails()
    assert "no index.csv" in fails("--data", tmp_path, "--weights", weights)
    assert "it has " in fails("--data", data, "--weights", weights, "--split", "dress")
    assert "no weights at" in fails("--data", data, "--weights", tmp_path / "none")
    (tmp_path / "noise").write_bytes(b"noise")
    assert "damaged" in fails("--data", data, "--weights", tmp_path / "noise")


@pytest.mark.parametrize(
    "words", [[], ["melodies"], ["prior", "--threads", "0"], ["prior", "--split"], ["prior", "x"]]
)
def test_wrong_words_are_wrong_usage(words: list[str], capsys: pytest.CaptureFixture):
    assert command.main(words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "usage: antiphon evaluate" in captured.err


def test_help_is_no_error(capsys: pytest.CaptureFixture):
    assert command.main(["prior", "--help"]) == 0
    assert "--quick" in capsys.readouterr().out


def test_weights_of_another_network_are_refused(tmp_path: Path, weights: Path):
    tensors, metadata = load(weights)
    tensors.pop("norm.weight")
    save(tmp_path / "less.safetensors", tensors, metadata)
    save(tmp_path / "none.safetensors", tensors, {})
    for name in ("less", "none"):
        with pytest.raises(CheckpointError, match="does not fit"):
            load_prior(tmp_path / f"{name}.safetensors")
    assert torch.get_num_threads() >= 1
