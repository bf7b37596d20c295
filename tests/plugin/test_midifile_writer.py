"""Writing MIDI files: bar lines, complete note-offs, all or nothing."""

from pathlib import Path

import pytest

from engine.events import Timebase
from engine.smf.song import MidiFileError, MidiSong, parse_midi, read_midi
from plugin.midifile_writer import Part, midi_bytes, write_midi
from tests.plugin.sentences import assert_is_a_sentence
from tests.strategies import MS

# ------------------------------------------------------------------------------------ writer


def spans(song: MidiSong) -> list[tuple[int, int, int]]:
    return [(n.onset_tick, n.duration_ticks, n.pitch) for n in song.notes]


def test_a_file_starts_and_ends_on_a_bar_line(tmp_path: Path) -> None:
    beat = 500 * MS
    messages = [(6 * beat, b"\x90\x3c\x50"), (7 * beat, b"\x80\x3c\x40")]
    path = write_midi(
        tmp_path / "x.mid",
        [Part("Player", messages), Part("Partner", [])],
        Timebase(120.0, 4.0, tempo_known=True),
        start_beat=1.0,
        name="Зима",
    )
    song = read_midi(path)
    assert spans(song) == [(3 * 480, 480, 60)]
    assert [track.end_tick for track in song.tracks] == [1920] * 3
    assert [track.name for track in song.tracks] == ["Зима", "Player", "Partner"]
    assert (song.format, song.ticks_per_beat) == (1, 480)
    assert song.meters[0].beats_per_bar == 4.0


def test_without_a_tempo_nothing_is_moved() -> None:
    messages = [(3_000 * MS, b"\x90\x3c\x50"), (3_500 * MS, b"\x80\x3c\x40")]
    song = parse_midi(midi_bytes([Part("Player", messages)], Timebase()))
    assert song.notes[0].onset_s == 3.0


def test_an_open_note_and_a_held_pedal_are_released_in_the_file() -> None:
    messages = [(0, b"\x90\x3c\x50"), (10 * MS, b"\xb0\x40\x7f"), (900 * MS, b"\x90\x40\x50")]
    song = parse_midi(midi_bytes([Part("Player", messages)], Timebase()))
    assert spans(song) == [(0, 864, 60), (864, 120, 64)]
    assert song.messages()[-1][1] == b"\xb0\x40\x00"


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    with pytest.raises(MidiFileError, match="could not be written") as refusal:
        write_midi(tmp_path / "no folder" / "x.mid", [], Timebase())
    assert_is_a_sentence(str(refusal.value))
    folder = tmp_path / "x.mid"
    folder.mkdir()
    with pytest.raises(MidiFileError, match="could not be written"):
        write_midi(folder, [], Timebase())
    assert not list(tmp_path.glob(".*")), "no half-written file is left"
    assert folder.is_dir()
