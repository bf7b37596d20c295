"""The take library: nothing that was played is lost, whatever happens to program or disk."""

import argparse
import itertools
import json
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import Timebase, Voice
from plugin.commands import takes as takes_command
from plugin.files import safe_stem, unused_path
from plugin.midifile import read_midi
from plugin.midifile_notes import events_of, is_note_on, pair_notes
from plugin.midifile_writer import ticks, us_per_beat
from plugin.takes import TakeError, TakeLibrary, TakeWriter, export_stem, library_path
from plugin.takes_store import SCHEMA_VERSION, open_library
from tests.shared import REPOSITORY
from tests.strategies import awkward_names, messy_performances, performances, timebases

SECOND = 1_000_000_000
KNOWN = Timebase(96.0, 4.0, tempo_known=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "takes" / "takes.sqlite3"


@pytest.fixture
def writer(path: Path) -> Iterator[TakeWriter]:
    troubles: list[str] = []
    found = TakeWriter(path, on_trouble=troubles.append)
    yield found
    found.close()
    assert troubles == []


def play(writer: TakeWriter, name: str = "", *, notes: int = 3) -> str:
    """A take of `notes` notes heard and one answered."""
    take_id = writer.begin_take(KNOWN, model="prior", seed=7, settings={"top_p": 0.9}, name=name)
    for index in range(notes):
        onset = index * SECOND // 2
        writer.message(take_id, Voice.PLAYER, onset, bytes([0x90, 60 + index, 80]))
        writer.message(take_id, Voice.PLAYER, onset + SECOND // 4, bytes([0x80, 60 + index, 64]))
    writer.message(take_id, Voice.PARTNER, 2 * SECOND, b"\x90\x48\x50")
    writer.message(take_id, Voice.PARTNER, 3 * SECOND, b"\x90\x48\x00")
    writer.finish(take_id)
    return take_id


# ------------------------------------------------------------------------- what is kept


def test_a_take_comes_back_as_it_was_played(path: Path, writer: TakeWriter) -> None:
    take_id = play(writer, "Blue")
    assert writer.flush()
    with TakeLibrary(path) as library:
        (take,) = library.list_takes()
        messages = library.messages(take_id)
        notes = library.notes(take_id)
    assert (take.id, take.name, take.model, take.seed) == (take_id, "Blue", "prior", 7)
    assert (take.heard_notes, take.answer_notes) == (3, 1)
    assert (take.timebase, take.finished, take.starred) == (KNOWN, True, False)
    assert json.loads(take.settings) == {"top_p": 0.9}
    assert datetime.fromisoformat(take.started).tzinfo == UTC
    assert len(messages) == 8
    assert messages[1].message == b"\x80\x3c\x40"
    assert (messages[1].side, messages[1].t_ns) == (Voice.PLAYER, SECOND // 4)
    assert [(n.onset, n.duration, n.pitch) for n in notes[Voice.PARTNER]] == [(2.0, 1.0, 72)]


def test_ids_sort_by_time_even_when_the_clock_goes_back(path: Path) -> None:
    hours = iter([12, 12, 11, 13])
    writer = TakeWriter(path, now=lambda: datetime(2026, 1, 2, next(hours), tzinfo=UTC))
    ids = [writer.begin_take(KNOWN) for _ in range(4)]
    writer.close()
    assert ids == sorted(set(ids))
    assert len({len(take_id) for take_id in ids}) == 1
    with TakeLibrary(path) as library:
        assert [take.id for take in library.list_takes()] == ids[::-1]


def test_finish_may_say_what_begin_could_not_know(path: Path, writer: TakeWriter) -> None:
    take_id = writer.begin_take(Timebase(), name="first")
    writer.finish(take_id, model="prior", seed=2**70, settings={"a": 1})
    assert writer.flush()
    with TakeLibrary(path) as library:
        take = library.get(take_id)
    assert (take.model, take.seed, take.settings, take.name) == (
        "prior",
        2**70,
        '{"a": 1}',
        "first",
    )


def test_what_is_handed_over_is_on_disk_without_being_asked_for(path: Path) -> None:
    committed = threading.Event()
    writer = TakeWriter(path, connect=lambda path: Watched(path, committed).connection)
    play(writer)
    assert committed.wait(10.0)
    with TakeLibrary(path) as library:
        assert len(library.list_takes()) == 1
    writer.close()


class Watched:
    """A library that tells when something was committed."""

    def __init__(self, path: Path, committed: threading.Event) -> None:
        self.connection = open_library(path, create=True)
        self.connection.set_trace_callback(
            lambda statement: committed.set() if statement == "COMMIT" else None
        )


@given(played=messy_performances(), timebase=timebases(), name=awkward_names)
def test_anything_that_comes_through_a_port_is_kept(
    tmp_path_factory: pytest.TempPathFactory,
    played: list[tuple[int, bytes]],
    timebase: Timebase,
    name: str,
) -> None:
    path = tmp_path_factory.mktemp("takes") / "takes.sqlite3"
    writer = TakeWriter(path)
    take_id = writer.begin_take(timebase, name=name)
    for t_ns, message in played:
        writer.message(take_id, Voice.PLAYER, t_ns, message)
    saved = writer.flush()
    writer.close()
    assert saved
    with TakeLibrary(path) as library:
        kept = [(message.t_ns, message.message) for message in library.messages(take_id)]
        take = library.get(take_id)
    assert kept == played
    assert take.heard_notes == sum(is_note_on(message) for _, message in played)


# --------------------------------------------------------------------------------- export


@given(player=performances(), partner=performances(), timebase=timebases())
def test_importing_an_export_gives_the_same_notes(
    tmp_path_factory: pytest.TempPathFactory,
    player: list[tuple[int, bytes]],
    partner: list[tuple[int, bytes]],
    timebase: Timebase,
) -> None:
    folder = tmp_path_factory.mktemp("export")
    writer = TakeWriter(folder / "takes.sqlite3")
    take_id = writer.begin_take(timebase)
    for voice, messages in ((Voice.PLAYER, player), (Voice.PARTNER, partner)):
        for t_ns, message in messages:
            writer.message(take_id, voice, t_ns, message)
    writer.close()
    with TakeLibrary(folder / "takes.sqlite3") as library:
        song = read_midi(library.export(take_id, folder))
    us = us_per_beat(timebase.bpm)
    bar_ticks = round(timebase.beats_per_bar * 480)
    first = ticks(min((t for t, _ in player + partner), default=0), us)
    shift = first // bar_ticks * bar_ticks if timebase.tempo_known else 0
    assert (song.format, song.ticks_per_beat, song.tempos[0].us_per_beat) == (1, 480, us)
    for track, messages in ((1, player), (2, partner)):
        grid = [(ticks(t, us) - shift, message) for t, message in messages]
        assert [
            (n.onset_tick, n.onset_tick + n.duration_ticks, n.pitch, n.velocity, n.channel)
            for n in song.notes
            if n.track == track
        ] == [note[:5] for note in pair_notes(events_of(grid), 0, 0)]


def test_a_take_that_was_cut_off_in_mid_note_exports_with_the_note_released(
    path: Path, writer: TakeWriter, tmp_path: Path
) -> None:
    take_id = writer.begin_take(Timebase())
    writer.message(take_id, Voice.PLAYER, 0, b"\x90\x3c\x50")
    writer.message(take_id, Voice.PLAYER, SECOND, b"\x90\x40\x50")
    assert writer.flush()
    with TakeLibrary(path) as library:
        song = read_midi(library.export(take_id, tmp_path))
        assert not library.get(take_id).finished
        (first, second) = library.notes(take_id)[Voice.PLAYER]
    assert [n.duration_ticks for n in song.notes] == [960, 120]
    assert song.warnings == ()
    assert (first.duration, second.duration) == (1.0, 0.1)


def test_exports_into_a_folder_do_not_replace_each_other(
    path: Path, writer: TakeWriter, tmp_path: Path
) -> None:
    take_id = play(writer, "Blue: one/two")
    assert writer.flush()
    with TakeLibrary(path) as library:
        names = [library.export(take_id, tmp_path).name for _ in range(2)]
        named = library.export(take_id, tmp_path / "mine.mid")
        library.export(take_id, named)
    assert names == ["Blue- one-two 96bpm.mid", "Blue- one-two 96bpm (2).mid"]
    assert len(read_midi(named).notes) == 4


@given(name=awkward_names)
def test_file_names_that_every_system_takes(name: str) -> None:
    stem = safe_stem(name)
    assert stem
    assert not set(stem) & set('<>:"/\\|?*')
    assert stem.isprintable()
    assert stem == stem.strip(". ")
    assert len(stem.encode()) <= 120
    device = stem.split(".")[0].rstrip().upper()
    assert device not in {"CON", "PRN", "AUX", "NUL", "COM1", "LPT9", "LPT¹"}
    assert safe_stem(stem) == stem


def test_an_unused_name_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.mid").touch()
    (tmp_path / "a (2).mid").touch()
    assert unused_path(tmp_path, "a", ".mid").name == "a (3).mid"


# ----------------------------------------------------------------------- ids and deleting


def test_ids_may_be_cut_short_but_not_guessed(path: Path, writer: TakeWriter) -> None:
    ids = [play(writer) for _ in range(2)]
    assert writer.flush()
    with TakeLibrary(path) as library:
        assert library.get(ids[0]).id == ids[0]
        apart = next(at for at in range(len(ids[0])) if ids[0][at] != ids[1][at])
        assert library.get(ids[1][: apart + 1]).id == ids[1]
        with pytest.raises(TakeError, match=r"2 takes start with “20.*give more"):
            library.get("20")
        for unknown in ("", "nothing", "%", "é", "\ud800"):
            with pytest.raises(TakeError, match=r"There is no take .*antiphon takes list"):
                library.get(unknown)


def test_deleted_notes_are_nowhere_on_the_disk(path: Path) -> None:
    secret = b"\xf0do not keep this\xf7"
    writer = TakeWriter(path)
    take_id = play(writer)
    writer.message(take_id, Voice.PLAYER, 0, secret)
    writer.close()
    assert any(secret in file.read_bytes() for file in path.parent.iterdir())
    with TakeLibrary(path) as library:
        assert library.delete([take_id, "no such take"]) == 1
        assert library.list_takes() == []
        assert library.messages(take_id) == []
    assert not any(secret in file.read_bytes() for file in path.parent.iterdir())


def test_a_take_deleted_while_it_is_played_stays_deleted(path: Path, writer: TakeWriter) -> None:
    gone, kept = writer.begin_take(KNOWN), writer.begin_take(KNOWN)
    writer.message(gone, Voice.PLAYER, 0, b"\x90\x3c\x50")
    assert writer.flush()
    with TakeLibrary(path) as library:
        library.delete([gone])
        for take_id in (gone, kept):
            writer.message(take_id, Voice.PLAYER, SECOND, b"\x90\x3e\x50")
        assert writer.flush()
        assert [take.id for take in library.list_takes()] == [kept]
        assert library.messages(gone) == []
        assert len(library.messages(kept)) == 1


def test_a_library_that_is_not_there_is_empty_and_is_not_made(path: Path) -> None:
    with TakeLibrary(path) as library:
        assert library.list_takes() == []
        assert library.delete(["x"]) == 0
    assert not path.parent.exists()


# --------------------------------------------------------------------------------- trouble


def assert_is_a_sentence(text: str) -> None:
    assert text.endswith(".")
    assert "\n" not in text
    assert ": " in text, "a next step follows the colon"


def recording(path: Path, **options: object) -> tuple[list[str], bool]:
    """Play a take into the library at `path`; what was complained of, and whether it was kept."""
    troubles: list[str] = []
    writer = TakeWriter(path, on_trouble=troubles.append, **options)  # type: ignore[arg-type]
    play(writer)
    saved = writer.flush()
    writer.close()
    return troubles, saved


def broken_libraries() -> dict[str, Callable[[Path], None]]:
    def garbage(path: Path) -> None:
        path.write_bytes(b"these are not the takes " * 400)

    def newer(path: Path) -> None:
        connection = open_library(path, create=True)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
        connection.close()

    def torn(path: Path) -> None:
        recording(path)
        data = bytearray(path.read_bytes())
        data[100:4096] = b"\xa5" * 3996
        path.write_bytes(data)

    def folder(path: Path) -> None:
        path.mkdir()

    return {"damaged": garbage, "newer Antiphon": newer, "is damaged": torn, "cannot be": folder}


@pytest.mark.parametrize("says", list(broken_libraries()))
def test_a_library_that_cannot_be_used_is_left_alone_and_the_music_goes_on(
    tmp_path: Path, says: str
) -> None:
    path = tmp_path / "takes.sqlite3"
    broken_libraries()[says](path)
    before = path.read_bytes() if path.is_file() else None
    troubles, saved = recording(path)
    assert not saved
    assert says in troubles[0]
    assert_is_a_sentence(troubles[0])
    assert "could not be kept" in troubles[-1]
    with TakeLibrary(path) as library, pytest.raises(TakeError, match=says) as refusal:
        library.list_takes()
    assert_is_a_sentence(str(refusal.value))
    assert (path.read_bytes() if path.is_file() else None) == before


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    troubles, saved = recording(tmp_path / "file" / "takes.sqlite3")
    assert not saved
    assert_is_a_sentence(troubles[0])
    assert "Takes are not being kept." in troubles[0]


def test_a_full_disk_costs_nothing_once_there_is_room_again(path: Path) -> None:
    room = threading.Event()

    def connect(path: Path) -> sqlite3.Connection:
        connection = open_library(path, create=True)
        if not room.is_set():
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection

    troubles: list[str] = []
    told = threading.Event()

    def on_trouble(says: str) -> None:
        troubles.append(says)
        told.set()
        raise RuntimeError("a listener that fails is no reason to lose takes")

    writer = TakeWriter(path, on_trouble=on_trouble, retry_every_s=0.01, connect=connect)
    ids = [play(writer, notes=100) for _ in range(3)]
    assert told.wait(10.0)
    assert not writer.flush()
    room.set()
    assert writer.flush()
    writer.close()
    assert len(troubles) == 1
    assert "is full: free some space" in troubles[0]
    assert_is_a_sentence(troubles[0])
    with TakeLibrary(path) as library:
        assert [take.heard_notes for take in library.list_takes()] == [100] * 3
        assert [len(library.messages(take_id)) for take_id in ids] == [202] * 3


def test_nothing_is_raised_and_nothing_waits_after_close(path: Path) -> None:
    writer = TakeWriter(path)
    play(writer)
    writer.close()
    writer.close()
    play(writer)
    assert writer.flush()
    with TakeLibrary(path) as library:
        assert len(library.list_takes()) == 1


# --------------------------------------------------------------------- several processes

CHILD = """
import sys, threading, time
from pathlib import Path
from engine.events import Timebase, Voice
from plugin.takes import TakeWriter
writer = TakeWriter(Path(sys.argv[1]))
take_id = writer.begin_take(Timebase())
pause = threading.Event()
count = 0
while True:
    writer.message(take_id, Voice.PLAYER, count, bytes([0x90, count % 128, 64]))
    print(take_id, count, time.monotonic_ns(), flush=True)
    count += 1
    pause.wait(0.002)
"""


def play_and_be_killed(path: Path) -> tuple[str, list[int], int, int]:
    """A child plays and dies of SIGKILL: its take, when it handed over each message, when it died.

    The last figure is the longest time in which the child did not get to run.
    """
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    )
    assert child.stdout is not None
    stamps: list[int] = []
    take_id = ""
    with child:
        for line in child.stdout:
            take_id, count, stamp = line.split()
            assert int(count) == len(stamps)
            stamps.append(int(stamp))
            if stamps[-1] - stamps[0] > 1_800_000_000:
                break
        killed = time.monotonic_ns()
        child.send_signal(signal.SIGKILL)
        # What it still said before it died counts as handed over.
        stamps += [int(line.split()[2]) for line in child.stdout if line.endswith("\n")]
    assert child.returncode == -signal.SIGKILL
    gaps = [later - sooner for sooner, later in itertools.pairwise(stamps)]
    return take_id, stamps, killed, max(gaps)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_kill_at_any_moment_costs_less_than_the_last_second(tmp_path: Path) -> None:
    # A machine that stops the child for long has no say in what the child can promise: such a
    # run is done again. The machine's clock of monotonic time is one for all its processes.
    for attempt in range(6):
        path = tmp_path / f"{attempt}.sqlite3"
        take_id, stamps, killed, longest_gap = play_and_be_killed(path)
        if longest_gap < 250_000_000:
            break
    else:
        pytest.skip("this machine is too busy to time anything")
    must_be_kept = sum(stamp < killed - SECOND for stamp in stamps)
    assert must_be_kept > 50
    with TakeLibrary(path) as library:
        kept = library.messages(take_id)
        take = library.get(take_id)
    assert must_be_kept <= len(kept) <= len(stamps) + 1
    assert [message.t_ns for message in kept] == list(range(len(kept))), "no holes"
    assert take.heard_notes == len(kept)
    assert not take.finished
    connection = open_library(path, create=False)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


@pytest.mark.slow
def test_listing_in_another_process_while_a_jam_is_recorded(
    path: Path, writer: TakeWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTIPHON_DATA", str(path.parent))
    take_id = play(writer)
    assert writer.flush()
    lister = (
        "import argparse, sys; from plugin.commands import takes; p = argparse.ArgumentParser();"
        "takes.add_parser(p.add_subparsers()); a = p.parse_args(sys.argv[1:]); sys.exit(a.run(a))"
    )
    for _ in range(3):
        writer.message(take_id, Voice.PLAYER, 9 * SECOND, b"\x90\x3c\x50")
        listed = subprocess.run(
            [sys.executable, "-c", lister, "takes", "list", "--json"],
            capture_output=True,
            text=True,
            check=True,
            cwd=REPOSITORY,
        )
        assert [take["id"] for take in json.loads(listed.stdout)] == [take_id]
    assert writer.flush()
    with TakeLibrary(path) as library:
        assert library.get(take_id).heard_notes == 6


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
        "import sys, plugin.takes, plugin.midifile, plugin.picture, plugin.commands.takes;"
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


def test_the_real_time_thread_never_waits_for_the_disk(path: Path) -> None:
    """A library that is locked for good: handing over goes on, and the trouble is told."""
    blocker = open_library(path, create=True)
    blocker.execute("BEGIN EXCLUSIVE")
    troubles: list[str] = []
    told = threading.Event()

    def on_trouble(says: str) -> None:
        troubles.append(says)
        told.set()

    writer = TakeWriter(
        path,
        on_trouble=on_trouble,
        retry_every_s=0.01,
        connect=lambda path: open_library(path, create=True, wait_s=0.01),
    )
    take_id = play(writer)
    assert told.wait(10.0)
    assert "Another program holds" in troubles[0]
    blocker.execute("COMMIT")
    blocker.close()
    assert writer.flush()
    writer.close()
    with TakeLibrary(path) as library:
        assert library.get(take_id).heard_notes == 3


@given(name=awkward_names, bpm=st.floats(1, 999))
def test_the_name_of_an_export_can_be_made(name: str, bpm: float) -> None:
    class Named:
        title = name
        tempo_known = True
        tempo_bpm = bpm

    stem = export_stem(Named())  # type: ignore[arg-type]
    assert stem.endswith("bpm")
    assert safe_stem(stem) == stem
