"""What Ardour recorded, read back from its MIDI files: notes in quarters of the session.

Ardour writes musical time, 19200 ticks a quarter and no tempo, counted from where the region
begins. It refuses to mend: a note without its end, an end without its note and a note of no length
are kept and told.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import mido

TICKS_PER_QUARTER = 19_200


@dataclass(frozen=True)
class Recorded:
    """One note. onset and duration in quarters, the onset from the session's beginning."""

    onset: float
    duration: float
    pitch: int
    velocity: int


@dataclass
class Recording:
    """The notes of one track in order of onset, and what was wrong with them."""

    notes: list[Recorded] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def read_takes(takes: Iterable[tuple[float, Path]]) -> Recording:
    """Read files one after another, each with the quarter at which its zero lies."""
    recording = Recording()
    for start, path in takes:
        _read(start, path, recording)
    recording.notes.sort(key=lambda note: note.onset)
    return recording


def _read(start: float, path: Path, recording: Recording) -> None:
    song = mido.MidiFile(path)
    assert song.ticks_per_beat == TICKS_PER_QUARTER, song.ticks_per_beat
    ticks = 0
    sounding: dict[tuple[int, int], tuple[float, int]] = {}
    for message in mido.merge_tracks(song.tracks):
        ticks += message.time
        at = start + ticks / TICKS_PER_QUARTER
        if message.type not in ("note_on", "note_off"):
            continue
        key = (message.channel, message.note)
        if message.type == "note_on" and message.velocity:
            if key in sounding:
                recording.faults.append(f"{message.note} is struck again at {at:.3f}, not released")
            sounding[key] = (at, message.velocity)
        elif key not in sounding:
            recording.faults.append(f"{message.note} is released at {at:.3f}, but does not sound")
        else:
            onset, velocity = sounding.pop(key)
            recording.notes.append(Recorded(onset, at - onset, message.note, velocity))
            if at <= onset:
                recording.faults.append(f"{message.note} at {onset:.3f} has no length")
    for (_, pitch), (onset, _) in sounding.items():
        recording.faults.append(f"{pitch} at {onset:.3f} is never released")
