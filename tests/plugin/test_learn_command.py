"""`antiphon learn` from a terminal, with trainers that do as they are told."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.learning import LearnRequest
from plugin import compose
from plugin.commands import learn
from plugin.midifile_writer import Part, write_midi
from plugin.takes import TakeWriter, library_path
from plugin.trainer_process import TrainerProcess
from tests.fakes import train
from tests.plugin.sentences import assert_is_a_sentence
from tests.plugin.takes_stage import KNOWN, play
from tests.plugin.test_lessons import messages


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[LearnRequest]:
    """What the trainer was asked for; `use` in `run` says which trainer."""
    return []


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, asked: list[LearnRequest], data_folder: Path):
    def go(*words: str, use: Callable[..., None] = train.keep) -> int:
        def start(request: LearnRequest) -> TrainerProcess:
            asked.append(request)
            return TrainerProcess(use, request)

        monkeypatch.setattr(compose, "start_trainer", start)
        parser = argparse.ArgumentParser()
        learn.add_parser(parser.add_subparsers())
        args = parser.parse_args(["learn", *words])
        result = learn.run(args)
        assert isinstance(result, int)
        return result

    return go


@pytest.fixture
def song(tmp_path: Path) -> str:
    path = tmp_path / "song.mid"
    write_midi(path, [Part("P", messages([60, 62, 64]))], KNOWN)
    return str(path)


def test_files_and_takes_go_to_the_trainer_and_what_became_of_it_is_said(
    run, asked, song, data_folder, capsys
):
    writer = TakeWriter(library_path())
    play(writer)
    writer.close()
    assert run(song, "last", "--profile", "anna", "--seconds", "5", "--seed", "4") == 0
    (request,) = asked
    assert request.pieces[0].name == "song.mid"
    assert len(request.pieces) == 2
    assert (request.profile, request.seconds, request.seed) == ("anna", 5.0, 4)
    assert request.folder == str(data_folder / "profiles")
    captured = capsys.readouterr()
    assert captured.out.strip() == "Learnt it."
    assert "s left" in captured.err


def test_one_json_object(run, song, capsys, tmp_path):
    picture = tmp_path / "curve.png"
    assert run(song, "--json", "--picture", str(picture)) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["kept"] is True
    assert found["version"] == 3
    assert found["profile"] == "me"
    assert [one["step"] for one in found["curve"]] == [1, 2, 3, 4]
    assert found["picture"] == str(picture)
    assert picture.read_bytes()[:4] == b"\x89PNG"


def test_what_is_not_kept_is_a_success_that_says_so(run, song, capsys):
    assert run(song, use=train.drop) == 0
    assert capsys.readouterr().out.strip() == "Not better."


@pytest.mark.parametrize("use", [train.refuse, train.stumble])
def test_trouble_of_the_trainer_is_a_sentence(run, song, capsys, use):
    assert run(song, use=use) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert_is_a_sentence(captured.err.strip().splitlines()[-1])


def test_what_is_no_music_is_said_and_nothing_is_started(run, asked, tmp_path, capsys):
    (tmp_path / "junk.mid").write_bytes(b"no music at all")
    assert run(str(tmp_path / "junk.mid")) == 1
    for says in capsys.readouterr().err.strip().splitlines():
        assert_is_a_sentence(says)
    assert run("nothing") == 1
    assert run(str(tmp_path / "junk.mid"), "--weights", "nowhere") == 1
    assert asked == []


def test_a_picture_that_cannot_be_written_costs_only_the_picture(run, song, capsys, tmp_path):
    assert run(song, "--json", "--picture", str(tmp_path / "none" / "x.png")) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["picture"] is None
    assert "could not be written" in captured.err


def test_ctrl_c_asks_it_to_stop_and_waits_for_that(run, song, capsys, monkeypatch):
    pressed: list[bool] = []

    def next_or_ctrl_c(self: TrainerProcess, timeout_s: float = 0.0):
        said = plain(self, timeout_s)
        if said is not None and not pressed:
            pressed.append(True)
            raise KeyboardInterrupt
        return said

    plain = TrainerProcess.next
    monkeypatch.setattr(TrainerProcess, "next", next_or_ctrl_c)
    assert run(song, use=train.endless) == 1
    assert "Stopped; everything stays as it was." in capsys.readouterr().err


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "x", "1e9"])
def test_a_time_that_makes_no_sense_is_wrong_usage(run, song, seconds):
    with pytest.raises(SystemExit) as stop:
        run(song, "--seconds", seconds)
    assert stop.value.code == 2
