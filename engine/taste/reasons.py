"""Why an answer was preferred: the two or three features that spoke for it, in plain words.

What speaks for an answer is what its taste weighs and where it differs from the other answers; each
reason carries the number that was measured. It refuses to say what speaks against it, and to find
reasons where there are none.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.taste.features import COUNT, NAMES, Features, Vector

MOST = 3
_LEAST_SHARE = 0.15
"""A reason has at least this share of all that speaks for the answer."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. feature: of `NAMES`; words: "calmer"; number: "0.6 notes to each of yours".

    share: of all that spoke for the answer, 0..1.
    """

    feature: str
    words: str
    number: str
    share: float


def _bits(value: float) -> str:
    return f"{-value:.1f} bits a note"


def _busy(value: float) -> str:
    return f"{2**value:.1f} notes to each of yours in the same time"


def _apart(value: float) -> str:
    return f"{2**value:.1f} times apart from yours"


def _semitones(value: float) -> str:
    way = "above" if value >= 0 else "below"
    return f"{abs(12 * value):.0f} semitones {way} your middle"


def _velocity(value: float) -> str:
    way = "louder" if value >= 0 else "softer"
    return f"{abs(value):.0f} of 127 {way} than you"


def _share(of: str) -> Callable[[float], str]:
    return lambda value: f"{100 * value:.0f} % {of}"


# For each feature: words where more of it is liked, words where less is, and the number.
_WORDS: dict[str, tuple[str, str, Callable[[float], str]]] = {
    "likelihood": ("as expected", "surprising", _bits),
    "memory": ("in your manner", "not in your manner", _bits),
    "critic": ("sounds played", "sounds odd", lambda value: f"critic {value:+.1f}"),
    "quote": ("quotes", "quotes nothing", lambda value: f"{value:.0f} notes in a row at most"),
    "style": ("in the style", "out of the style", lambda value: f"style {value:+.1f}"),
    "busy": ("busier", "calmer", _busy),
    "busy_apart": ("another pace than yours", "as busy as you", _apart),
    "high": ("higher", "lower", _semitones),
    "high_apart": (
        "away from your register",
        "in your register",
        lambda value: f"{12 * value:.0f} semitones from your middle",
    ),
    "loud": ("louder", "softer", _velocity),
    "loud_apart": (
        "another touch than yours",
        "your touch",
        lambda value: f"{value:.0f} of 127 apart",
    ),
    "keys": ("your notes", "other notes than yours", _share("of the notes shared")),
    "steps": ("close to your phrase", "other steps than yours", _share("of the steps shared")),
    "rhythm": ("your rhythm", "another rhythm than yours", _share("of the waits shared")),
    "new": ("new figures", "your figures", _share("of the figures new to you")),
    "fresh": ("not heard lately", "goes on from before", _share("of the figures new from me")),
    "leap": ("wider steps", "smoother", lambda value: f"{2**value - 1:.1f} semitones a step"),
    "leap_apart": ("other leaps than yours", "steps as wide as yours", _apart),
    "even": ("more even", "less even", _share("even")),
    "syncopation": ("off the beat", "on the beat", _share("of the onsets syncopated")),
    "long": ("longer", "shorter", lambda value: f"{2**value:.1f} times as long as your phrase"),
    "repeats": ("comes back to things", "does not repeat", _share("of the steps come again")),
    "chords": ("more chords", "thinner", lambda value: f"{2**value:.1f} notes at once"),
    "chords_apart": ("other chords than yours", "as thick as yours", _apart),
    "legato": ("more legato", "more detached", lambda value: f"{2**value:.1f} times the wait"),
    "legato_apart": ("another articulation", "articulated like you", _apart),
    "wide": ("wider range", "narrower range", lambda value: f"{value:.0f} semitones about"),
    "rising": ("rises", "falls", lambda value: f"{12 * value:+.0f} semitones on the way"),
    "dynamics": ("livelier touch", "more even touch", lambda value: f"{value:.0f} of 127 about"),
}


def why(
    answer: Features, weights: Vector, others: Sequence[Features] = (), *, most: int = MOST
) -> tuple[Reason, ...]:
    """What spoke for this answer by these weights, the strongest first; often none to three.

    others: the answers that it was preferred to; without any it is held against the usual one.
    """
    usual = np.mean([each.standard for each in others], axis=0) if others else np.zeros(COUNT)
    speaks = weights * (answer.standard - usual)
    speaks = np.where(np.isnan(answer.natural), 0.0, speaks)
    total = float(speaks[speaks > 0].sum())
    reasons = []
    for number in np.argsort(-speaks, kind="stable")[:most].tolist():
        if not total or speaks[number] < _LEAST_SHARE * total:
            break
        more, less, tell = _WORDS[NAMES[number]]
        reasons.append(
            Reason(
                feature=NAMES[number],
                words=more if weights[number] > 0 else less,
                number=tell(float(answer.natural[number])),
                share=float(speaks[number]) / total,
            )
        )
    return tuple(reasons)
