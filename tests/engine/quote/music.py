"""Made-up tunes for the quote meter's tests: notes, and the same notes as training streams."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine.corpus import Stream
from engine.encoding import TICKS_PER_BEAT
from engine.events import Note
from tests.engine.music import stream

STEPS = (0.25, 0.5, 0.5, 1.0, 2.0)


def tune(count: int, *, seed: int = 0, first: int = 0) -> list[Note]:
    """Notes first..first+count of an endless tune without repetition, one for every seed."""
    steps = np.random.default_rng((seed, 0)).choice(STEPS, first + count)
    onset = np.cumsum(steps) - steps
    pitch = np.random.default_rng((seed, 1)).integers(55, 80, first + count)
    return [
        Note(float(onset[n]), float(steps[n]) * 0.9, int(pitch[n]), 80)
        for n in range(first, first + count)
    ]


def moved(
    notes: Sequence[Note], *, up: int = 0, tempo: float = 1.0, later: float = 0.0
) -> list[Note]:
    """The notes in another key, at another tempo, later."""
    return [
        replace(
            note,
            pitch=note.pitch + up,
            onset=note.onset * tempo + later,
            duration=note.duration * tempo,
        )
        for note in notes
    ]


def after(notes: Sequence[Note], more: Sequence[Note]) -> list[Note]:
    """The notes, then `more` of them, a beat later than the last one ends."""
    later = max(note.end for note in notes) + 1.0 - min(note.onset for note in more)
    return [*notes, *moved(more, later=later)]


def as_stream(notes: Sequence[Note], *, piece: str = "tune", drums: bool = False) -> Stream:
    """The notes as a stream of the training data."""
    empty = stream(len(notes), piece=piece, drums=drums)
    return replace(
        empty,
        onset=np.array([note.onset for note in notes]) * TICKS_PER_BEAT,
        duration=np.array([note.duration for note in notes]) * TICKS_PER_BEAT,
        pitch=np.array([note.pitch for note in notes], dtype=np.int16),
    )
