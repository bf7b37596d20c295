"""MIDI files as pieces that may teach, for the command line. It refuses to keep them."""

from pathlib import Path

from engine.events import NOMINAL_BPM, Note, Timebase
from engine.learning import LearnPiece
from engine.smf.song import MidiFileError, MidiSong, read_midi
from engine.words import shown_name


class PieceError(Exception):
    """There is no music in it; the message is a sentence and a next step."""


def piece_of(path: Path) -> tuple[LearnPiece, str]:
    """(the piece, where it is from). Raises PieceError."""
    try:
        song = read_midi(path)
    except MidiFileError as error:
        raise PieceError(str(error)) from error
    if not song.notes:
        raise PieceError(f"{shown_name(path)} holds no notes: name another file.")
    found = song.timebase()
    steady = len(song.tempos) == 1 and found.tempo_known
    timebase = found if steady else Timebase()
    notes = song.notes_in_beats() if steady else _free(song)
    ordered = sorted(notes, key=lambda note: (note.onset, note.pitch))
    return LearnPiece(path.stem, tuple(ordered), timebase), f"the file {path.name}"


def _free(song: MidiSong) -> list[Note]:
    """A tempo that changes is free time, counted in beats of half a second."""
    beats = NOMINAL_BPM / 60
    return [
        Note(one.onset_s * beats, one.duration_s * beats, one.pitch, one.velocity, one.channel)
        for one in song.notes
    ]
