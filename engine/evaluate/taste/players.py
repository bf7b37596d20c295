"""Players who know what they like: how much each likes an answer, and what each lets us know.

What is liked is counted from the notes here, in other ways than `engine.taste.features` counts
them, so that a taste has to be found and not to be read off:

    dense      many notes a beat, against the phrase
    high       a high mean key, against the phrase
    close      pitches, leaps, lengths and waits like the phrase's (overlapping areas of mgeval)
    smooth     small steps from note to note
    middling   about three onsets a beat: more is as bad as less, which no sum of weights says
    home       ends on the phrase's last pitch class, which no feature tells: cannot be learnt
    mixed      a sum of the first four and of long notes, weights drawn for each player
    erratic    mixed, and one judgement in three is the toss of a coin
    changing   mixed, and another mixture from the 41st signal on

An answer is judged against the player's own expectation: the likings of all answers of the pool
have mean 0 and deviation 1, and each judgement has noise. Far above 0 is a star, above is kept at
times, below is asked again at times, far below is deleted or interrupted, the rest is let pass. It
refuses to see features and weights.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.evaluate.continuation.passages import Excerpt
from engine.evaluate.continuation.similarity import histograms, likeness, overlap
from engine.evaluate.taste.pool import Asked, Notes
from engine.taste.signals import Kind, Signal

Values = npt.NDArray[np.float64]

KINDS = (
    "dense", "high", "close", "smooth", "middling", "home", "mixed", "erratic", "changing",
)  # fmt: skip
CHANGE_AFTER = 40
"""Signals after which a changing player likes something else."""
NOISE = 0.3
ERRATIC = 1 / 3
_MIDDLING = 3.0
_AXES = ("dense", "high", "close", "smooth", "lengthy")


def _onsets(notes: Notes) -> list[float]:
    return sorted({round(note.onset, 2) for note in notes})


def _dense(asked: Asked, notes: Notes) -> float:
    phrase = asked.phrase
    beats = max(phrase[-1].end - phrase[0].onset, 1.0)
    return float(np.log2((len(notes) + 0.5) / asked.beats) - np.log2(len(phrase) / beats))


def _high(asked: Asked, notes: Notes) -> float:
    own = float(np.mean([note.pitch for note in notes]))
    return own - float(np.mean([note.pitch for note in asked.phrase]))


def _close(asked: Asked, notes: Notes) -> float:
    def shapes(some: Notes, first: float, end: float) -> dict[str, Values]:
        return histograms(Excerpt(some, first, end, asked.bar_beats, drums=False))

    start = notes[0].onset
    own = shapes(notes, start, max(start + 1, notes[-1].onset + 1))
    before = asked.phrase
    return likeness(overlap(own, shapes(before, before[0].onset, before[-1].onset + 1)))


def _smooth(asked: Asked, notes: Notes) -> float:
    del asked
    pitch = [note.pitch for note in notes]
    return -float(np.mean(np.minimum(np.abs(np.diff(pitch)), 12))) if len(pitch) > 1 else 0.0


def _lengthy(asked: Asked, notes: Notes) -> float:
    del asked
    return float(np.log2(np.median([max(note.duration, 1 / 16) for note in notes])))


def _middling(asked: Asked, notes: Notes) -> float:
    return -abs(float(np.log2((len(_onsets(notes)) + 0.5) / asked.beats / _MIDDLING)))


def _home(asked: Asked, notes: Notes) -> float:
    return float(notes[-1].pitch % 12 == asked.phrase[-1].pitch % 12)


LIKINGS: dict[str, Callable[[Asked, Notes], float]] = {
    "dense": _dense,
    "high": _high,
    "close": _close,
    "smooth": _smooth,
    "lengthy": _lengthy,
    "middling": _middling,
    "home": _home,
}


def likings(pool: Sequence[Asked]) -> dict[str, Values]:
    """How each answer does on each liking: mean 0, deviation 1 over all; shape (phrases, answers).

    A silent answer is liked as little as anything.
    """
    found = {}
    for name, liking in LIKINGS.items():
        raw = np.array(
            [
                [liking(asked, notes) if notes else np.nan for notes in asked.answers]
                for asked in pool
            ]
        )
        raw = np.where(np.isnan(raw), np.nanmin(raw), raw)
        found[name] = (raw - raw.mean()) / max(float(raw.std()), 1e-9)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Player:
    """One simulated player.

    liked: how much each answer is liked, (phrases, answers), in deviations. later: the same after
    `CHANGE_AFTER` signals. erratic: share of judgements that are the toss of a coin.
    """

    kind: str
    liked: Values
    later: Values
    erratic: float = 0.0

    def now(self, signals: int) -> Values:
        """How much each answer is liked after so many signals."""
        return self.later if signals >= CHANGE_AFTER else self.liked

    def judge(self, phrase: int, answer: int, signals: int, rng: np.random.Generator) -> Signal:
        """What the player lets us know about an answer that was played to its phrase."""
        feels = float(self.now(signals)[phrase, answer]) + NOISE * rng.standard_normal()
        if rng.random() < self.erratic:
            feels = rng.standard_normal()
        acts = rng.random()
        if feels > 1.2:
            return Signal(Kind.STAR)
        if feels > 0.5 and acts < 0.5:
            return Signal(Kind.KEEP)
        if feels < -1.2:
            if acts < 0.5:
                return Signal(Kind.DELETE)
            return Signal(Kind.INTERRUPT, played=float(rng.uniform(0.1, 0.6)))
        if feels < -0.4 and acts < 0.6:
            return Signal(Kind.AGAIN)
        return Signal(Kind.HEARD)


def player(kind: str, liked: dict[str, Values], rng: np.random.Generator) -> Player:
    """A player of this kind (see `KINDS`); mixtures are drawn."""

    def mixture() -> Values:
        weights = rng.standard_normal(len(_AXES))
        mixed = sum(weight * liked[name] for weight, name in zip(weights, _AXES, strict=True))
        mixed = np.asarray(mixed)
        return (mixed - mixed.mean()) / max(float(mixed.std()), 1e-9)

    if kind == "changing":
        return Player(kind, mixture(), mixture())
    if kind in {"mixed", "erratic"}:
        one = mixture()
        return Player(kind, one, one, ERRATIC if kind == "erratic" else 0.0)
    return Player(kind, liked[kind], liked[kind])
