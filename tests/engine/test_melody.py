"""Melodic expectation: the sets, the prior on melodies, folds that are kept, and the table."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.evaluate import command
from engine.evaluate.melody.folds import parts_of
from engine.evaluate.melody.prior import (
    PITCH,
    TIMES,
    Tuning,
    mean_bits,
    pitch_chances,
    rows_of,
    tuned,
    windows,
)
from engine.evaluate.melody.published import NAMES, PUBLISHED
from engine.evaluate.melody.report import OURS, PRODUCTS, evaluate
from engine.evaluate.melody.sets import (
    FILE,
    FOLDS,
    MelodySet,
    bits_per_pitch,
    interval,
    load_sets,
    melody_of,
    resampled,
)
from tests.engine.melodies import melody, melody_set
from tests.fakes import tiny_prior

# --------------------------------------------------------------------------------------- the sets


def test_bars_are_counted_back_from_the_end():
    tune = melody_of([60, 62, 64, 65], [0, 96, 192, 288], [96, 96, 96, 192], 3, 4)
    assert tune.bar_tick.tolist() == [96, 192, 0, 96]
    assert (melody_of([60], [0], [96], 0, 0).bar_tick == -1).all()


def test_bits_are_means_of_fold_means():
    bits = [np.array([1.0, 3.0]), np.array([4.0]), np.array([5.0, 5.0, 5.0])]
    fold = np.array([0, 0, 1])
    assert bits_per_pitch(bits, fold) == pytest.approx((8 / 3 + 5) / 2)
    low, high = interval(resampled(bits, fold))
    assert low < bits_per_pitch(bits, fold) < high


def test_no_melody_is_learnt_and_asked_about():
    melodies = melody_set(count=43)
    asked: list[int] = []
    for fold in range(FOLDS):
        parts = parts_of(melodies, fold)
        assert parts_of(melodies, fold) == parts
        assert len(parts.valid) == 4
        assert sorted(parts.train + parts.valid + parts.test) == list(range(43))
        asked += parts.test
    assert sorted(asked) == list(range(43))


def test_the_published_figures_add_up():
    for published in PUBLISHED[PITCH]:
        assert tuple(published.bits) == NAMES
        assert np.mean(list(published.bits.values())) == pytest.approx(published.average, abs=1e-3)


@pytest.mark.slow
def test_our_n_grams_are_the_published_ones(shared: Path):
    """The long-term figure of data.md's own re-run, on the smallest set."""
    melodies = load_sets(shared / "data", ["jugoslav"])[0]
    assert (len(melodies.melodies), melodies.notes, len(melodies.alphabet)) == (119, 2691, 25)
    report = evaluate(
        shared / "data",
        None,
        names=["jugoslav"],
        tuning=Tuning(),
        out=None,
        threads=1,
        bar=command._bar,
    )
    found = {name: row["bits"] for name, row in report["seen"][PITCH]["systems"].items()}
    expected = {"LTM": 2.773, "STM": 3.358, "LTM+": 2.590, "LTM+ & STM": 2.552}
    for name, bits in expected.items():
        assert found[name]["jugoslav"] == pytest.approx(bits, abs=0.01)


# --------------------------------------------------------------------------------------- the prior


@pytest.mark.parametrize("seen", [PITCH, TIMES])
def test_the_prior_sees_no_later_note_and_no_other_melody(seen: str):
    model = tiny_prior.model()
    alphabet = np.arange(55, 75)
    tune, other = [60, 62, 64, 65, 67], [70, 60, 71, 61, 72]
    alone = pitch_chances(model, [melody(tune)], alphabet, seen)[0]
    pair = pitch_chances(model, [melody(other), melody(tune)], alphabet, seen)
    assert pair[1] == pytest.approx(alone, abs=1e-5)
    assert alone.sum(axis=1) == pytest.approx(np.ones(5))
    changed = pitch_chances(model, [melody([60, 62, 64, 70, 70])], alphabet, seen)[0]
    assert changed[:4] == pytest.approx(alone[:4], abs=1e-6)
    assert not np.allclose(changed[4], alone[4], atol=1e-4)


def test_pitch_alone_hides_the_rhythm_and_times_show_it():
    model, alphabet, tune = tiny_prior.model(), np.arange(55, 75), [60, 62, 64, 65, 67]
    slow, quick = melody(tune, seed=1), melody(tune, seed=2)
    assert not np.array_equal(slow.duration, quick.duration)
    assert np.array_equal(rows_of(slow, PITCH), rows_of(quick, PITCH))
    hidden = [pitch_chances(model, [one], alphabet, PITCH)[0] for one in (slow, quick)]
    shown = [pitch_chances(model, [one], alphabet, TIMES)[0] for one in (slow, quick)]
    assert np.array_equal(*hidden)
    assert not np.allclose(*shown, atol=1e-4)


@given(st.lists(st.integers(1, 90), min_size=1, max_size=30), st.integers(20, 100))
def test_windows_hold_every_melody_once(lengths, size):
    found = windows(lengths, size=size)
    assert [number for window in found for number in window] == list(range(len(lengths)))
    assert all(
        len(window) == 1 or sum(lengths[number] for number in window) <= size for window in found
    )


@pytest.mark.slow
def test_tuning_learns_and_leaves_the_prior_alone():
    melodies, model = melody_set(), tiny_prior.model()
    parts = parts_of(melodies, 0)
    train, valid, test = (
        [melodies.melodies[number] for number in numbers]
        for numbers in (parts.train, parts.valid, parts.test)
    )
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    told: list[int] = []
    tuning = Tuning(epochs=6, rate=1e-2)
    better = tuned(model, train, valid, melodies.alphabet, PITCH, tuning, progress=told.append)
    assert sum(told) == 6 * sum(map(len, train))
    for name, weight in model.state_dict().items():
        assert weight.equal(before[name]), name

    def bits(prior: object) -> float:
        chances = pitch_chances(prior, test, melodies.alphabet, PITCH)
        return mean_bits(chances, test, melodies.alphabet)

    assert bits(better) < bits(model) - 0.3
    spoilt = tuned(model, train, valid, melodies.alphabet, PITCH, Tuning(epochs=1, rate=30.0))
    assert bits(spoilt) <= bits(model) + 1e-6, "what is worse on the melodies kept back is not kept"


# --------------------------------------------------------------------------------- the command


def _write(folder: Path, sets: list[MelodySet]) -> Path:
    arrays: dict[str, np.ndarray] = {"names": np.array([melodies.name for melodies in sets])}
    for melodies in sets:
        tunes = melodies.melodies
        arrays[f"{melodies.name}_off"] = np.cumsum([0, *map(len, tunes)])
        for column, key in (("pit", "pitch"), ("on", "onset"), ("dur", "duration")):
            scale = 1 if column == "pit" else 5
            joined = np.concatenate([getattr(tune, key) for tune in tunes])
            arrays[f"{melodies.name}_{column}"] = joined * scale
        arrays[f"{melodies.name}_meter"] = np.full((len(tunes), 2), (3, 4))
        arrays[f"{melodies.name}_keysharps"] = np.array([tune.sharps for tune in tunes])
        arrays[f"{melodies.name}_fold"] = melodies.fold
    (folder / FILE).parent.mkdir(parents=True)
    np.savez(folder / FILE, **arrays)
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return _write(
        tmp_path / "data", [melody_set(name="nova"), melody_set(name="chorales", length=9)]
    )


def test_sets_are_read_as_they_were_written(data: Path):
    nova, chorales = load_sets(data)
    assert (nova.name, chorales.name) == ("nova", "chorales")
    for found, made in zip(nova.melodies, melody_set().melodies, strict=True):
        assert np.array_equal(found.pitch, made.pitch)
        assert np.array_equal(found.onset, made.onset)
        assert np.array_equal(found.bar_tick, made.bar_tick)


@pytest.mark.slow
def test_the_report_and_going_on_after_a_stop(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    weights = tiny_prior.write(tmp_path / "tiny.safetensors")
    out = tmp_path / "folds"
    words = ["melody", "--data", data, "--weights", weights, "--epochs", "1", "--threads", "1"]
    words = [*map(str, words), "--out", str(out), "--sets", "chorales"]
    assert command.main([*words, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert len(list(out.iterdir())) == 2 * FOLDS
    assert report["sets"]["chorales"] == {"melodies": 20, "notes": 180, "alphabet": 3}
    for way in (PITCH, TIMES):
        systems = report["seen"][way]["systems"]
        for name, system in systems.items():
            assert system["saw"], name
            assert system["average"] is None or name in {one.name for one in PUBLISHED[way]}
        low, high = systems[OURS]["intervals"]["chorales"]
        assert low <= systems[OURS]["bits"]["chorales"] <= high
        aims = report["seen"][way]["aims"]
        assert [aim["system"] for aim in aims] == list(PRODUCTS[way])
        for aim in aims:
            assert aim["what"] == "chorales"
            assert aim["met"] == (aim["reached"] < aim["below"])
        assert systems["LTM"]["bits"]["chorales"] < math.log2(3)

    def never(*_: object, **__: object) -> None:
        raise AssertionError("tuned again")

    monkeypatch.setattr("engine.evaluate.melody.folds.tuned", never)
    assert command.main(words) == 0
    printed = capsys.readouterr().out
    for expected in (OURS, "Aim, chorales", "saw:", "published LTM+ & STM", "no average"):
        assert expected in printed

    damaged = sorted(out.iterdir())[0]
    damaged.write_bytes(b"half a file")
    with pytest.raises(AssertionError, match="tuned again"):
        command.main(words)
    capsys.readouterr()


def test_the_n_grams_alone_need_no_weights(data: Path, capsys: pytest.CaptureFixture):
    assert command.main(["melody", "--data", str(data), "--no-prior", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["weights"] is None
    assert set(report["seen"]) == {PITCH}
    assert report["seen"][PITCH]["aims"] == []
    assert OURS not in report["seen"][PITCH]["systems"]


def test_what_cannot_be_done_is_a_sentence(tmp_path: Path, data: Path, capsys):
    def fails(*words: object) -> str:
        assert command.main(["melody", *map(str, words)]) == 1
        captured = capsys.readouterr()
        assert captured.out == ""
        assert "Traceback" not in captured.err
        return captured.err.strip()

    assert "no melody sets" in fails("--data", tmp_path, "--no-prior")
    assert "has nova, chorales" in fails("--data", data, "--no-prior", "--sets", "opera")
    assert "no weights at" in fails("--data", data, "--weights", tmp_path / "none")
    (data / FILE).write_bytes(b"noise")
    assert "fetch the data again" in fails("--data", data, "--no-prior")
