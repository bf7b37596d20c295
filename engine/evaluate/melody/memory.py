"""What n-grams make of the melodies of a set: the stand-in for a memory of what was heard.

Plain ones look at pitches (`engine.evaluate.melody.grams`): long-term, short-term, long-term going
on. Others look at the same notes in another way, as multiple viewpoint systems do (Conklin and
Witten 1995, doi:10.1080/09298219508570672): a view counts pitches from somewhere (the note before,
the first note, the key), and its contexts are made of what it likes to know. Each says, in the end,
how probable each pitch is.

It refuses to decide who may be learnt from, and to mix.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.encoding import time_classes
from engine.evaluate.melody.grams import Grams, long_and_short
from engine.evaluate.melody.prior import PITCH, TIMES
from engine.evaluate.melody.sets import Chances, Column, Melody, MelodySet

BACK = 8
"""Earlier notes in the longest context of a view."""
_ROOM = 10  # bits of one value; four make an element of a context


@dataclass(frozen=True, slots=True)
class View:
    """A way to look at a note. Names are those of `_values`.

    counted_from: what the predicted pitch is counted from, "before", "first" or "key". given: what
    is known of the note itself; each: what is known of every earlier one.
    """

    counted_from: str
    given: tuple[str, ...]
    each: tuple[str, ...]


PITCH_VIEWS = (
    View("before", (), ("interval",)),
    View("first", (), ("from_first",)),
    View("before", (), ("interval", "class_from_first")),
)
TIME_VIEWS = (
    View("before", ("bar",), ("interval",)),
    View("before", ("duration",), ("interval", "duration")),
    View("first", ("bar", "duration"), ("from_first",)),
)
KEY_VIEWS = (
    View("key", (), ("in_key",)),
    View("key", ("bar",), ("in_key",)),
    View("key", ("bar", "duration"), ("in_key",)),
    View("before", (), ("interval", "class_in_key")),
)
"""Told the key signature as well, which is not in the notes."""
VIEWS = {PITCH: PITCH_VIEWS, TIMES: (*PITCH_VIEWS, *TIME_VIEWS)}


@dataclass(frozen=True, slots=True)
class Remembered:
    """Predictions of some melodies' notes, melody after melody, each (notes, symbols).

    long, short, going_on: LTM, STM and LTM+ of pitches.
    """

    long: Chances
    short: Chances
    going_on: Chances


def by_pitch(melodies: MelodySet, known: Sequence[int], asked: Sequence[int]) -> Remembered:
    """Predictions of the melodies `asked`, having learnt those `known` (both by number)."""
    symbols = [melodies.symbols(melody) for melody in melodies.melodies]
    found = long_and_short(
        (symbols[number] for number in known),
        [symbols[number] for number in asked],
        len(melodies.alphabet),
    )
    return Remembered(*found)


def by_view(melodies: MelodySet, known: Sequence[int], asked: Sequence[int], view: View) -> Chances:
    """LTM+ of a view, as pitches: (notes, symbols).

    A first note that is counted from the note before may be anything.
    """
    alphabet = melodies.alphabet
    lowest = int(alphabet[0] - alphabet[-1]) - _FARTHEST_KEY
    grams, left_out = Grams(2 * -lowest + 1), frozenset(asked)
    parts: list[Chances] = []
    for number in (*known, *asked):
        melody = melodies.melodies[number]
        origin = _origin(melody, view.counted_from, int(alphabet[0]))
        symbols = (melody.pitch - origin - lowest).tolist()
        tell = number in left_out
        for place, context in enumerate(_contexts(melody, view)):
            if tell and place == 0 and view.counted_from == "before":
                parts.append(np.ones(len(alphabet)))
            elif tell:
                parts.append(grams.chances(context)[alphabet - origin[place] - lowest])
            grams.learn(context, symbols[place])
    chances: Chances = np.array(parts)
    return chances / chances.sum(axis=1, keepdims=True)


_FARTHEST_KEY = 6
_NO_INTERVAL = 0


def _key_shift(melody: Melody) -> int:
    """Semitones from C to the key's major tonic, the nearest way: -5..6."""
    return (7 * melody.sharps + 5) % 12 - 5


def _origin(melody: Melody, counted_from: str, lowest_key: int) -> Column:
    """What each pitch is counted from: (n,)."""
    if counted_from == "before":
        return np.concatenate([melody.pitch[:1], melody.pitch[:-1]])
    if counted_from == "first":
        return np.full(len(melody), melody.pitch[0])
    return np.full(len(melody), lowest_key + _key_shift(melody))


def _values(melody: Melody, name: str) -> Column:
    """One thing to know of every note, as whole numbers from 0 to 1023: (n,)."""
    pitch = melody.pitch
    found: Column
    match name:
        case "interval":
            found = np.diff(pitch, prepend=pitch[:1]) + 128
            found[0] = _NO_INTERVAL
        case "from_first":
            found = pitch - pitch[0] + 128
        case "class_from_first":
            found = (pitch - pitch[0]) % 12
        case "in_key":
            found = pitch - _key_shift(melody) + 12
        case "class_in_key":
            found = (pitch - _key_shift(melody)) % 12
        case "duration":
            found = time_classes(melody.duration)
        case "bar":
            found = np.minimum(melody.bar_tick + 1, 1023)
        case _:
            raise ValueError(f"A view cannot know {name!r}; name one of `_values`.")
    return found


def _contexts(melody: Melody, view: View) -> list[list[int]]:
    """The context of every note: what is given of it, then the notes before, the nearest first."""
    given = [_values(melody, name).tolist() for name in view.given]
    each = np.zeros(len(melody), dtype=np.int64)
    for name in view.each:
        each = (each << _ROOM) + _values(melody, name)
    earlier = each.tolist()
    return [
        [*(values[n] for values in given), *earlier[max(0, n - BACK) : n][::-1]]
        for n in range(len(melody))
    ]
