"""Writes two answers as MIDI files that can be auditioned, under names that tell nothing.

Called in a worker; no Qt. It refuses to write anywhere but in the folder it is handed, and to leave
files there: `clear` removes them.
"""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from engine.events import Timebase
from plugin.midifile_writer import Part, write_midi
from plugin.served.messages import Sounding

NAMES = ("first.mid", "second.mid")
FOLDER = "comparing"
"""In the data folder."""
_NOTE_ON, _NOTE_OFF, _RELEASE = 0x90, 0x80, 64


def write_answers(
    folder: Path,
    phrase: Sequence[Sounding],
    answers: tuple[Sequence[Sounding], Sequence[Sounding]],
) -> tuple[Path, Path]:
    """Each answer after its phrase, in order. Raises MidiFileError, OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    first, second = (
        write_midi(
            folder / name,
            [Part("You", _messages(phrase)), Part("Partner", _messages(answer))],
            Timebase(),
            name=name.removesuffix(".mid"),
        )
        for name, answer in zip(NAMES, answers, strict=True)
    )
    return first, second


def clear(folder: Path) -> None:
    """Remove what was written; what cannot be removed stays."""
    for name in NAMES:
        with contextlib.suppress(OSError):
            (folder / name).unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        folder.rmdir()


def _messages(notes: Sequence[Sounding]) -> list[tuple[int, bytes]]:
    found = []
    for note in notes:
        begin, end = round(note.onset_s * 1e9), round((note.onset_s + note.duration_s) * 1e9)
        found.append((begin, 1, bytes((_NOTE_ON | note.channel, note.pitch, note.velocity))))
        found.append((end, 0, bytes((_NOTE_OFF | note.channel, note.pitch, _RELEASE))))
    found.sort(key=lambda message: message[:2])  # a key that is struck again is let go first
    return [(t_ns, data) for t_ns, _, data in found]
