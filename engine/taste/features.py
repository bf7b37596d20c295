"""An answer in numbers that a taste can weigh: beside the phrase, beside the last answers, alone.

`measure` gives natural numbers (octaves, shares, doublings), `features` the same on one scale: each
less its usual value, divided by how much it differs between answers to one phrase, and bounded.
Whatever is not known is NaN in the first and 0, the usual, in the second, so it weighs nothing.

It refuses to judge, and to compute likelihoods, quotes and the critic's opinion: they are handed in
by whoever has them (`Known`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.events import Note
from engine.taste.portrait import NAN, Portrait, Step, portrait

Vector = npt.NDArray[np.float64]

NAMES = (
    "likelihood", "memory", "critic", "quote", "style",
    "busy", "busy_apart", "high", "high_apart", "loud", "loud_apart",
    "keys", "steps", "rhythm", "new", "fresh",
    "leap", "leap_apart", "even", "syncopation", "long", "repeats",
    "chords", "chords_apart", "legato", "legato_apart", "wide", "rising", "dynamics",
)  # fmt: skip
"""What is known of an answer, in this order:

    likelihood, memory     mean log-likelihood of a note, in bits, under the prior and the memory
    critic, quote, style   the critic's score; notes of the longest quote; how well a style is met
    busy, high, loud       against the phrase: doublings of onsets a beat, octaves, velocity
    ..._apart              the same without its sign: how far from the phrase, either way
    keys, steps, rhythm    overlap with the phrase: pitch classes (keys of drums), leaps, waits
    new, fresh             share of its figures that the phrase, the last answers did not have
    leap, even, wide, rising, dynamics, syncopation, repeats    as in `engine.taste.portrait`
    long                   doublings of its length against the phrase's
    chords, legato         doublings of notes an onset, of duration against wait
"""
COUNT = len(NAMES)
BOUND = 5.0
"""No feature is further than this from the usual value."""


@dataclass(frozen=True, slots=True)
class Known:
    """What other parts know of an answer; None is not known. Units: see `NAMES`."""

    likelihood: float | None = None
    memory: float | None = None
    critic: float | None = None
    quote: float | None = None
    style: float | None = None


NOTHING = Known()


@dataclass(frozen=True, slots=True, eq=False)
class Situation:
    """What an answer is heard beside: the player's last phrase, the partner's last answers.

    bar_beats: length of a bar; None where no tempo is known. Made once for all candidates.
    """

    phrase: Portrait | None = None
    recent: frozenset[tuple[Step, Step]] = frozenset()
    bar_beats: float | None = None

    @classmethod
    def of(
        cls,
        phrase: Sequence[Note],
        bar_beats: float | None = None,
        recent: Sequence[Sequence[Note]] = (),
    ) -> "Situation":
        """From notes. recent: the partner's last answers, each as notes; the last few will do."""
        portraits = [portrait(notes, bar_beats) for notes in recent]
        figures = [found.figures for found in portraits if found is not None]
        return cls(portrait(phrase, bar_beats), frozenset().union(*figures), bar_beats)


def measure(answer: Portrait, situation: Situation, known: Known = NOTHING) -> Vector:
    """The natural numbers that `NAMES` names. Shape (COUNT,); NaN where not known."""
    phrase = situation.phrase
    found = [NAN if number is None else float(number) for number in (
        known.likelihood, known.memory, known.critic, known.quote, known.style
    )]  # fmt: skip
    own = answer.figures
    chords, legato = math.log2(answer.chords), math.log2(answer.legato)
    leap = math.log2(1 + answer.leap)
    if phrase is None or phrase.drums != answer.drums:
        busy = high = loud = long = keys = steps = rhythm = new = NAN
        leap_apart = chords_apart = legato_apart = NAN
    else:
        busy = math.log2(answer.busy / phrase.busy)
        high = (answer.pitch - phrase.pitch) / 12
        loud = answer.loud - phrase.loud
        long = math.log2(answer.beats / phrase.beats)
        keys = _overlap(answer.keys, phrase.keys)
        steps, rhythm = _overlap(answer.steps, phrase.steps), _overlap(answer.waits, phrase.waits)
        new = len(own - phrase.figures) / len(own) if own else NAN
        leap_apart = abs(leap - math.log2(1 + phrase.leap))
        chords_apart = abs(chords - math.log2(phrase.chords))
        legato_apart = abs(legato - math.log2(phrase.legato))
    recent = situation.recent
    found += [
        busy, abs(busy), high, abs(high), loud, abs(loud),
        keys, steps, rhythm, new, len(own - recent) / len(own) if own and recent else NAN,
        leap, leap_apart, answer.even, answer.syncopation, long, answer.repeats,
        chords, chords_apart, legato, legato_apart, answer.wide, answer.rising, answer.dynamics,
    ]  # fmt: skip
    return np.array(found)


def _overlap(one: Vector, other: Vector) -> float:
    """Shared area of two histograms, 0..1; NaN where one of them is empty."""
    if not one.any() or not other.any():
        return NAN
    return float(np.minimum(one, other).sum())


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """What is usual.

    centre: mean of each natural number; spread: how much it differs between answers to one phrase,
    above 0. Both of shape (COUNT,).
    """

    centre: Vector
    spread: Vector

    def standard(self, measured: Vector) -> Vector:
        """Natural numbers on one scale: bounded, finite, 0 where not known."""
        found = np.clip((measured - self.centre) / self.spread, -BOUND, BOUND)
        return np.nan_to_num(found, nan=0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """An answer's numbers: natural (NaN where not known), and on one scale. Shape (COUNT,)."""

    natural: Vector
    standard: Vector
    portrait: Portrait | None = None


def features(
    notes: Sequence[Note], situation: Situation, known: Known = NOTHING, scale: Scale | None = None
) -> Features:
    """Features of an answer, well below a millisecond. No notes: nothing is known of it.

    scale: the shipped one where None. Raises TasteError where that is damaged.
    """
    if scale is None:
        from engine.taste.shipped import shipped

        scale = shipped().scale
    found = portrait(notes, situation.bar_beats)
    natural = np.full(COUNT, NAN) if found is None else measure(found, situation, known)
    return Features(natural, scale.standard(natural), found)
