"""`antiphon takes` from a terminal."""

import argparse
import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from engine.smf.song import read_midi
from plugin.commands import takes as takes_command
from plugin.takes import TakeLibrary, TakeWriter, library_path
from tests.plugin.sentences import assert_is_a_sentence
from tests.plugin.takes_stage import play
from tests.shared import REPOSITORY

# --------------------------------------------------------------------------- command line


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    takes_command.add_parser(parser.add_subparsers())
    args = parser.parse_args(["takes", *words])
    result = takes_command.run(args)
    assert isinstance(result, int)
    return result


@pytest.fixture
def three(data_folder: Path) -> list[str]:
    path = library_path()
    assert path.parent == data_folder
    writer = TakeWriter(path)
    ids = [play(writer, name) for name in ("Blue", "Green", "")]
    writer.close()
    return ids


def test_list(three: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert lines[0].split() == ["ID", "STARTED", "HEARD", "ANSWER", "MODEL", "SEED", "NAME"]
    assert [line.split()[0] for line in lines[1:]] == three[::-1]
    assert lines[3].endswith("Blue")

    assert run("list", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    for take in listed:
        assert take["heard_notes"] == 3
        assert take["answer_notes"] == 1
        assert take["model"] == "prior"
        assert take["seed"] == 7
        assert take["starred"] is False
        assert take["settings"] == {"top_p": 0.9}
        assert datetime.fromisoformat(take["started"])
    assert [take["id"] for take in listed] == three[::-1]


def test_list_of_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []
    assert run("list") == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "No takes yet" in captured.err


def test_star_and_unstar(three: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    def starred() -> set[str]:
        capsys.readouterr()
        assert run("list", "--json") == 0
        return {take["id"] for take in json.loads(capsys.readouterr().out) if take["starred"]}

    assert run("star", three[0], three[2]) == 0
    assert starred() == {three[0], three[2]}
    assert run("unstar", three[0], "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"unstarred": [three[0]]}
    assert starred() == {three[2]}
    assert run("star", three[1], "nobody") == 1
    assert_is_a_sentence(capsys.readouterr().err.strip())
    assert starred() == {three[2]}, "all of them or none"


def test_export(three: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("export", three[0], "-o", str(tmp_path), "--json") == 0
    exported = json.loads(capsys.readouterr().out)
    assert exported["id"] == three[0]
    assert len(read_midi(exported["midi"]).notes) == 4

    assert run("export", three[1], "-o", str(tmp_path / "x.mid")) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "x.mid")

    assert run("export", three[1], "-o", str(tmp_path / "none" / "x.mid")) == 1
    assert "choose another folder" in capsys.readouterr().err
    assert run("export", "unknown") == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert_is_a_sentence(captured.err.strip())


def test_delete(three: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("delete", three[0], "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"deleted": [three[0]]}
    for words in (["--all"], three[1:], [three[1][:-1]], [], [three[1], "--all", "--yes"]):
        assert run("delete", *words) in (1, 2)
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.count("\n") == 1
    assert run("delete", "unknown", "--yes") == 1
    assert run("list", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)) == 2
    assert run("delete", "--all", "--yes") == 0
    assert "Deleted 2 takes." in capsys.readouterr().out


def test_rename(three: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("rename", three[2], " Night  bus\n", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"id": three[2], "name": "Night bus"}
    assert run("rename", three[2], "") == 0
    assert capsys.readouterr().out == f"{three[2]} has no name now.\n"
    assert run("rename", "unknown", "x") == 1
    assert_is_a_sentence(capsys.readouterr().err.strip())


def test_what_the_window_deleted_is_hidden_comes_back_or_goes_for_good(
    three: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    def listed(*more: str) -> list[str]:
        capsys.readouterr()
        assert run("list", "--json", *more) == 0
        return [take["id"] for take in json.loads(capsys.readouterr().out)]

    assert run("list", "--deleted") == 0
    assert "No deleted takes" in capsys.readouterr().err
    with TakeLibrary() as library:
        library.discard(three[:2])
    assert listed() == [three[2]]
    assert listed("--deleted") == [three[1], three[0]]
    assert run("export", three[0]) == 1
    assert run("restore", three[0]) == 0
    assert capsys.readouterr().out == "1 take is back.\n"
    assert listed() == [three[2], three[0]]
    assert run("delete", three[1], "--json") == 0
    assert listed("--deleted") == []

    with TakeLibrary() as library:
        library.discard([three[0]])
    capsys.readouterr()
    assert run("delete", "--all", "--yes") == 0
    assert "Deleted 2 takes." in capsys.readouterr().out
    assert listed("--deleted") == []


def test_names_do_not_upset_the_terminal(
    data_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    writer = TakeWriter(library_path())
    play(writer, "a\x1b[31m\nb")
    writer.close()
    assert run("list") == 0
    out = capsys.readouterr().out
    assert len(out.splitlines()) == 2
    assert "\x1b" not in out


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys, plugin.takes, engine.smf.song, plugin.picture, plugin.commands.takes;"
        "print(*sorted({'mido', 'numpy', 'matplotlib', 'platformdirs'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    assert done.stdout.strip() == ""


def test_wrong_usage() -> None:
    for words in ([], ["sing"], ["export"]):
        with pytest.raises(SystemExit) as left:
            run(*words)
        assert left.value.code == 2
