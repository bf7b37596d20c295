"""Material that the quote meter is tried on: music that quotes, and music that surely does not.

    planted   notes of a training stream in another key, at another tempo, played unevenly, with
              other music before and after it
    over      a melody of the training music over chords that it never had
    shuffled  the pitches of human passages in another order: human rhythm and range, nobody's tune
    random    a random walk in a scale, in common rhythms

It refuses to measure: that is `engine.evaluate.quotes`.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine.corpus import Stream
from engine.encoding import TICKS_PER_BEAT
from engine.events import Note

AROUND = 8
"""Notes of other music before a planted quote, and after it."""
TEMPOS = (0.5, 0.8, 1.0, 1.25, 2.0)
_SCALE = (0, 2, 4, 5, 7, 9, 11)
_STEPS = (0.25, 0.5, 0.5, 0.5, 1.0)


def notes_of(stream: Stream, first: int, end: int) -> list[Note]:
    """Notes first..end of a stream, the first at beat 0."""
    onset = (stream.onset[first:end] - stream.onset[first]) / TICKS_PER_BEAT
    return [
        Note(float(on), max(float(long) / TICKS_PER_BEAT, 0.01), int(pitch), 80)
        for on, long, pitch in zip(
            onset, stream.duration[first:end], stream.pitch[first:end], strict=True
        )
    ]


def long_enough(streams: Sequence[Stream], length: int) -> list[Stream]:
    """Those of so many notes or more that are no drums."""
    return [stream for stream in streams if len(stream) >= length and not stream.drums]


def excerpt(streams: Sequence[Stream], length: int, rng: np.random.Generator) -> list[Note]:
    """So many notes from anywhere in one of the streams, all of which are `long_enough`."""
    stream = streams[int(rng.integers(len(streams)))]
    first = int(rng.integers(len(stream) - length + 1))
    return notes_of(stream, first, first + length)


def varied(notes: Sequence[Note], rng: np.random.Generator, *, uneven_beats: float) -> list[Note]:
    """The notes in another key, at one of `TEMPOS`, each a little early or late."""
    low, high = min(note.pitch for note in notes), max(note.pitch for note in notes)
    up = int(rng.integers(max(-6, -low), min(6, 127 - high) + 1))
    tempo = float(rng.choice(TEMPOS))
    off = rng.normal(0.0, uneven_beats, len(notes)) if uneven_beats else np.zeros(len(notes))
    return [
        replace(
            note,
            onset=max(0.0, note.onset * tempo + float(late)),
            duration=note.duration * tempo,
            pitch=note.pitch + up,
        )
        for note, late in zip(notes, off, strict=True)
    ]


def planted(quote: Sequence[Note], before: Sequence[Note], after: Sequence[Note]) -> list[Note]:
    """The quote between other music, one beat of silence on either side."""
    found: list[Note] = []
    for part in (before, quote, after):
        start = max((note.end for note in found), default=-1.0) + 1.0
        begin = min((note.onset for note in part), default=0.0)
        found.extend(replace(note, onset=note.onset - begin + start) for note in part)
    return found


def over_chords(melody: Sequence[Note], rng: np.random.Generator) -> list[Note]:
    """The melody, and below it chords of three random notes every other beat."""
    lowest = min(note.pitch for note in melody)
    last = max(note.onset for note in melody)
    chords = [
        Note(float(beat), 1.9, max(0, lowest - int(below)), 70)
        for beat in np.arange(0.0, last, 2.0)
        for below in rng.choice(np.arange(1, 20), size=3, replace=False)
    ]
    return sorted([*melody, *chords], key=lambda note: (note.onset, note.pitch))


def shuffled(notes: Sequence[Note], rng: np.random.Generator) -> list[Note]:
    """The same times with the pitches in another order."""
    pitches = rng.permutation([note.pitch for note in notes])
    return [replace(note, pitch=int(p)) for note, p in zip(notes, pitches, strict=True)]


def random_walk(length: int, rng: np.random.Generator) -> list[Note]:
    """A walk of up to a sixth in a major scale, in sixteenths, eighths and quarters."""
    degree = np.abs((24 + np.cumsum(rng.integers(-5, 6, length))) % 96 - 48)
    steps = rng.choice(_STEPS, length)
    onset = np.concatenate(([0.0], np.cumsum(steps)[:-1]))
    return [
        Note(float(on), float(step), 24 + 12 * int(d // 7) + _SCALE[int(d % 7)], 80)
        for on, step, d in zip(onset, steps, degree, strict=True)
    ]
