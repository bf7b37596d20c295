"""The command as a whole: workers are real processes, so the tests share a few builds."""

import csv
import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from engine.corpus import load_streams, rows_of
from engine.data import build as building
from engine.data import command
from engine.data.sources import Read, Refused, Task, read
from tests.engine import music
from tests.engine.data.files import meter, notes, tempo, tune, write_midi

pytestmark = pytest.mark.slow


def _run(*words: object) -> int:
    return command.main(["build", "--jobs", "1", *map(str, words)])


def _rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "index.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _hidden(folder: Path) -> list[str]:
    """What a run that ended badly might have forgotten."""
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


@pytest.fixture(scope="module")
def midi_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("midi") / "songs"
    conductor = [tempo(0, 100), meter(0, 3, 2)]
    for seed in range(12):
        line = notes(tune(seed), step=240, length=240, velocities=(seed + 40, seed + 60))
        write_midi(folder / f"s{seed:02}.mid", conductor, line)
    write_midi(
        folder / "zither" / "s03 again.mid",
        conductor,
        notes(tune(3), length=240, velocities=(43, 63)),
    )
    (folder / "broken.mid").write_bytes(b"MThd")
    write_midi(folder / "silent.mid", conductor)
    return folder


@pytest.fixture(scope="module")
def built(midi_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "data"
    assert _run("--out", out, midi_folder) == 0
    return out


def test_what_it_makes_can_be_trained_from(built: Path):
    streams = [
        stream
        for split in {row["split"] for row in _rows(built)}
        for stream in load_streams(built, split, tier="own")
    ]
    assert len(streams) == 12
    for stream in streams:
        seed = int(stream.piece.removeprefix("songs/s"))
        assert stream.pitch.tolist() == tune(seed)
        assert stream.velocity.tolist() == [seed + 40, seed + 60] * 30
        per_note = stream.onset[1]
        assert stream.onset.tolist() == [n * per_note for n in range(60)]
        assert stream.duration.tolist() == [per_note] * 60
        # Eighths in three four: six notes to a bar.
        assert stream.bar_tick.tolist() == [n % 6 * per_note for n in range(60)]
        assert stream.bpm == pytest.approx(100.0, rel=1e-4)
        assert len(rows_of(stream)) == 60


def test_the_report_says_what_was_refused_and_left_out(built: Path):
    report = json.loads((built / "report.json").read_text(encoding="utf-8"))
    assert (report["read"], report["kept"], report["refused"]) == (13, 12, 2)
    assert report["refused_by_reason"] == {
        "It is cut off inside its header": 1,
        "It has no notes": 1,
    }
    assert report["notes"] == 12 * 60
    (copy,) = report["copied_pieces"]
    assert (copy["id"], copy["of"]) == ("songs/zither/s03 again", "songs/s03")
    assert copy["same_notes"]
    assert len(report["refused_files"]) == 2
    assert sum(report["splits"]["own"].values()) == 12


def read_or_die(task: Task) -> list[Read | Refused]:
    """What a worker does whose reader is taken down by one of the files."""
    if task.path.stem == "s05":
        os.kill(os.getpid(), signal.SIGKILL)
    return read(task)


def test_a_file_that_kills_its_reader_is_refused_and_the_others_are_read(
    midi_folder: Path, tmp_path: Path, monkeypatch
):
    monkeypatch.setattr(building, "read", read_or_die)
    assert _run("--out", tmp_path / "data", midi_folder) == 0
    report = json.loads((tmp_path / "data" / "report.json").read_text(encoding="utf-8"))
    assert report["kept"] == 11
    assert report["refused_by_reason"]["Its reader died"] == 1
    (sentence,) = [one["why"] for one in report["refused_files"] if "s05" in one["name"]]
    assert sentence.endswith("because its reader died (SIGKILL): leave it out.")


def test_more_processes_give_the_same_bytes(built: Path, midi_folder: Path, tmp_path: Path):
    assert _run("--jobs", 3, "--out", tmp_path / "data", midi_folder) == 0
    files = sorted(path.relative_to(built) for path in built.rglob("*") if path.is_file())
    again = tmp_path / "data"
    assert files == sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    for name in files:
        assert (built / name).read_bytes() == (again / name).read_bytes(), name


def test_packed_collections_go_through_unchanged(tmp_path: Path, capsys: pytest.CaptureFixture):
    pieces = [
        music.tune(f"tunes/{n}", seed=n, count=50, split=split)
        for n, split in enumerate(("train", "valid", "test", "task_test"))
    ]
    for n, one in enumerate(pieces):
        one.notes = [(240 * k, 240, pitch, 70, 0) for k, pitch in enumerate(tune(n, 50))]
        one.tempos = [(0, 90.0)]
    packed = music.write_folder(tmp_path / "packed", pieces)
    out = tmp_path / "data"
    assert _run("--json", "--out", out, packed) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["splits"] == {"ship": {"task_test": 1, "test": 1, "train": 1, "valid": 1}}
    for split in ("train", "valid", "test", "task_test"):
        before, after = load_streams(packed, split), load_streams(out, split)
        assert len(before) == len(after) == 1
        for given, made in zip(before, after, strict=True):
            assert np.array_equal(rows_of(given), rows_of(made))
            assert given.piece == made.piece


def test_a_folder_that_is_there_is_not_touched_unless_told(
    built: Path, midi_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture
):
    assert _run("--out", built, midi_folder) == 1
    assert "add --force" in capsys.readouterr().err
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "diary.txt").write_text("dear diary")
    assert _run("--force", "--out", precious, midi_folder) == 1
    assert "was not made by this command" in capsys.readouterr().err
    assert (precious / "diary.txt").read_text() == "dear diary"


def test_force_replaces_a_folder_of_ours(midi_folder: Path, tmp_path: Path):
    out = tmp_path / "data"
    (out / "own").mkdir(parents=True)
    for name in ("index.csv", "report.json", "own/old.npz"):
        (out / name).write_text("old")
    assert _run("--force", "--tier", "ship", "--out", out, midi_folder / "s00.mid") == 0
    assert [row["tier"] for row in _rows(out)] == ["ship"]
    assert not (out / "own").exists()
    assert _hidden(tmp_path) == []


def test_nothing_readable_is_a_sentence_and_leaves_nothing(
    midi_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture
):
    (tmp_path / "empty").mkdir()
    for source, words in (
        (tmp_path / "empty", "holds no MIDI files"),
        (tmp_path / "absent", "There is no"),
        (midi_folder / "silent.mid", "has no notes"),
    ):
        assert _run("--out", tmp_path / "data", source) == 1
        said = capsys.readouterr()
        assert said.out == ""
        assert words in said.err.splitlines()[-1]
    assert not (tmp_path / "data").exists()
    assert _hidden(tmp_path) == []


def test_an_out_that_cannot_be_written_is_said_before_anything_is_read(
    midi_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch
):
    monkeypatch.setattr(building, "find", None)  # reading would fail loudly
    (tmp_path / "file").write_text("")
    assert _run("--out", tmp_path / "file" / "data", midi_folder) == 1
    assert "name another with --out" in capsys.readouterr().err


def test_an_interrupted_run_leaves_nothing(
    midi_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch
):
    def stop(folder: Path, *_: object) -> None:
        (folder / "index.csv").write_text("half")
        raise KeyboardInterrupt

    monkeypatch.setattr(building, "write_folder", stop)
    assert _run("--out", tmp_path / "data", midi_folder / "s00.mid") == 1
    assert "nothing was written" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()
    assert _hidden(tmp_path) == []


def test_a_full_disk_is_a_sentence(midi_folder: Path, tmp_path: Path, capsys, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(building, "write_folder", full)
    assert _run("--out", tmp_path / "data", midi_folder / "s00.mid") == 1
    assert "no space left" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()
    assert _hidden(tmp_path) == []


@pytest.mark.parametrize(
    "words", [[], ["build"], ["build", "x"], ["build", "--out", "y"], ["build", "--limit", "0"]]
)
def test_wrong_usage(words: list[str], capsys: pytest.CaptureFixture):
    assert command.main(words) == 2
    assert "usage" in capsys.readouterr().err


def test_shared_music_keeps_its_splits(shared: Path, tmp_path: Path):
    """A small part of the packed collections, with everything that lies in them."""
    part = tmp_path / "part"
    (part / "ship").mkdir(parents=True)
    for name in ("drum_patterns", "openewld"):
        (part / "ship" / f"{name}.npz").write_bytes(
            (shared / "data" / "ship" / f"{name}.npz").read_bytes()
        )
    chosen = [
        row for row in _rows(shared / "data") if row["collection"] in ("drum_patterns", "openewld")
    ]
    with (part / "index.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(chosen[0]))
        writer.writeheader()
        writer.writerows(chosen)
    out = tmp_path / "data"
    assert _run("--keep-copies", "--out", out, part) == 0
    before, after = _rows(part), _rows(out)
    assert [(row["id"], row["split"]) for row in after] == [
        (row["id"], row["split"]) for row in before
    ]
    with (
        np.load(part / "ship" / "openewld.npz") as given,
        np.load(out / "ship" / "openewld.npz") as made,
    ):
        assert set(given.files) == set(made.files)
        words = [
            np.array(bytes(archive["chord_vocab"]).decode().split("\n"))[archive["chord_id"]]
            for archive in (given, made)
        ]
        assert np.array_equal(*words)
        for name in set(given.files) - {"chord_vocab", "chord_id"}:
            assert np.array_equal(given[name], made[name]), name
