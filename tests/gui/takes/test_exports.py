"""The files that leave: the same bytes on every way, names that every system takes, 30 days."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.events import Timebase, Voice
from engine.smf.notes import events_of, pair_notes
from engine.smf.song import MidiSong, read_midi
from gui.takes.exports import KEPT, Exports
from gui.takes.trouble import ExportError
from plugin.files import safe_stem
from plugin.midifile_writer import ticks, us_per_beat
from plugin.served.messages import Audition
from plugin.served.scores import Scores
from plugin.takes import TakeLibrary, library_path
from tests.gui.takes.stage import KNOWN, NOON, library
from tests.plugin.sentences import assert_is_a_sentence
from tests.rig.waiting import wait_for
from tests.strategies import awkward_names

DEVICES = {"CON", "PRN", "AUX", "NUL", "COM1", "LPT9", "LPT¹"}


def notes_of(song: MidiSong, first_tick: int) -> list[tuple[int, ...]]:
    """Every note from the first onset on: side, onset, pitch, velocity, channel."""
    return sorted(
        (note.track - 1, note.onset_tick - first_tick, note.pitch, note.velocity, note.channel)
        for note in song.notes
    )


def test_every_way_out_is_the_same_file(data_folder: Path, tmp_path: Path) -> None:
    (take_id,) = library(data_folder, "Night bus")
    exports = Exports(data_folder)
    with TakeLibrary() as takes:
        dragged = exports.write(takes, take_id)
        copied = exports.write(takes, take_id)
        saved = exports.write_to(takes, take_id, tmp_path / "here")
        exported = takes.export(take_id, tmp_path / "there.mid")
    assert dragged == copied == data_folder / "takes/export/Night bus 96bpm.mid"
    assert saved.name == "here.mid"
    content = dragged.read_bytes()
    assert content == saved.read_bytes() == exported.read_bytes()


def test_the_file_is_what_a_daw_wants(data_folder: Path) -> None:
    (take_id,) = library(data_folder, "Night bus")
    with TakeLibrary() as takes:
        song = read_midi(Exports(data_folder).write(takes, take_id))
    assert (song.format, song.ticks_per_beat, len(song.tracks)) == (1, 480, 3)
    assert song.timebase() == Timebase(60e6 / us_per_beat(96.0), 4.0, True)
    # The take began on the second beat of a bar, so its first event lies one beat in.
    assert min(note.onset_tick for note in song.notes) == 480 + ticks(1234, us_per_beat(96.0))
    assert song.warnings == ()
    assert len(song.notes) == 6
    pedals = [message for at, message in song.messages() if message[0] & 0xF0 == 0xB0]
    assert pedals == [b"\xb0\x40\x7f", b"\xb0\x40\x00"]


def test_the_file_holds_what_the_audition_plays(data_folder: Path) -> None:
    (take_id,) = library(data_folder, "Night bus")
    scores = Scores(library_path(data_folder))
    scores.wish(Audition(take_id=take_id))
    found = []

    def read() -> bool:
        one = scores.poll()
        if one is not None:
            found.append(one)
        return bool(found)

    wait_for(read, "the audition's messages")
    scores.close()
    us = us_per_beat(KNOWN.bpm)
    with TakeLibrary() as takes:
        song = read_midi(Exports(data_folder).write(takes, take_id))
    first = min(note.onset_tick for note in song.notes)
    heard = []
    for side in Voice:
        messages = [(ticks(at, us), data) for at, of, data in found[0].score if of is side]
        for note in pair_notes(events_of(messages), 0, 0):
            heard.append((side, note.onset, note.pitch, note.velocity, note.channel))
    assert sorted(heard) == notes_of(song, first)


def test_the_same_take_is_the_same_file_and_another_of_its_name_is_not(data_folder: Path) -> None:
    (first,) = library(data_folder, "Blue")
    (second,) = library(data_folder, "Blue", timebase=Timebase(96.0, 3.0, tempo_known=True))
    exports = Exports(data_folder)
    with TakeLibrary() as takes:
        one = exports.write(takes, first)
        one.write_bytes(b"an older take of this name")
        paths = [exports.write(takes, take_id) for take_id in (first, second, first)]
        assert [path.read_bytes() for path in paths[:2]] == [takes.midi(first), takes.midi(second)]
        takes.rename(first, "Green")
        renamed = exports.write(takes, first)
    assert one.read_bytes() == b"an older take of this name", "a DAW may still read it"
    assert paths[0] == paths[2] == one.with_name("Blue 96bpm (2).mid")
    assert paths[1] == one.with_name("Blue 96bpm (3).mid")
    assert renamed.name == "Green 96bpm.mid"


def test_files_outlive_the_drag_by_thirty_days(data_folder: Path) -> None:
    old, new = library(data_folder, "Old", "New")
    exports = Exports(data_folder)
    with TakeLibrary() as takes:
        paths = [exports.write(takes, take_id) for take_id in (old, new)]
        other = exports.folder / "not ours.txt"
        other.write_text("kept")
        for path in (paths[0], other):
            os.utime(path, (0, (NOON - KEPT - timedelta(seconds=1)).timestamp()))
        os.utime(paths[1], (0, (NOON - KEPT + timedelta(seconds=1)).timestamp()))
        assert exports.tidy(NOON) == 1
        assert [path.exists() for path in (*paths, other)] == [False, True, True]
        os.utime(paths[1], (0, 0))
        assert exports.write(takes, new) == paths[1]
        assert exports.tidy(NOON) == 0, "a file that is handed out again begins its days anew"


def test_tidying_where_there_is_nothing(data_folder: Path) -> None:
    assert Exports(data_folder / "none").tidy(NOON) == 0


def test_a_folder_that_cannot_be_written_is_a_sentence(data_folder: Path, tmp_path: Path) -> None:
    (take_id,) = library(data_folder, "Blue")
    (data_folder / "takes").write_text("a file where the folder should be")
    with TakeLibrary() as takes:
        with pytest.raises(ExportError) as refused:
            Exports(data_folder).write(takes, take_id)
        assert_is_a_sentence(str(refused.value))
        with pytest.raises(ExportError):
            Exports(data_folder).write_to(takes, take_id, tmp_path / "no folder" / "x.mid")


@settings(max_examples=25)
@given(name=awkward_names | st.text(min_size=200, max_size=400) | st.sampled_from(
    ["CON", "nul.mid", "a/b\\c:d", "🎷🎹", "\x00\x1f\x7f", "ends. ", "\u202egnp.exe", "x" * 300]
))  # fmt: skip
def test_any_name_becomes_a_file_that_every_system_takes(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    folder = tmp_path_factory.mktemp("data")
    (take_id,) = library(folder, "")
    with TakeLibrary(library_path(folder)) as takes:
        takes.rename(take_id, name)
        path = Exports(folder).write(takes, take_id)
    stem = path.stem
    assert path.parent == folder / "takes" / "export"
    assert path.suffix == ".mid"
    assert not set(stem) & set('<>:"/\\|?*')
    assert all(char.isprintable() for char in stem)
    assert stem == stem.strip(". ")
    assert stem.split(".")[0].rstrip().upper() not in DEVICES
    assert len(path.name.encode()) <= 255
    assert safe_stem(stem) == stem
    assert len(read_midi(path).notes) == 6
