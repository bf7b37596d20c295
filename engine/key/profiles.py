"""The correlation method of key finding, and the published key profiles that it goes by.

Krumhansl and Schmuckler (in Krumhansl, Cognitive Foundations of Musical Pitch, 1990, chapter 4):
the durations of the twelve pitch classes are correlated with a profile of each of the 24 keys; the
best correlation names the key. Two dials beside the original make it fair on live notes: a
half-life, and a bias for minor. Without them it is the original.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.key.keys import KEYS

Array = npt.NDArray[np.float64]

_NUMBERS = {
    # Krumhansl and Kessler 1982, Psychological Review 89: listeners' probe-tone ratings.
    "krumhansl-kessler": (
        (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
        (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
    ),
    # Temperley 1999, Music Perception 17: the same, mended by hand.
    "temperley-1999": (
        (5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0),
        (5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0),
    ),
    # Temperley 2007, Music and Probability: counted in the Kostka-Payne harmony examples.
    "kostka-payne": (
        (0.748, 0.060, 0.488, 0.082, 0.670, 0.460, 0.096, 0.715, 0.104, 0.366, 0.057, 0.400),
        (0.712, 0.084, 0.474, 0.618, 0.049, 0.460, 0.105, 0.747, 0.404, 0.067, 0.133, 0.330),
    ),
    # Aarden 2003, Dynamic Melodic Expectancy (Ohio State): counted in the Essen folk songs.
    "aarden-essen": (
        (
            *(17.7661, 0.145624, 14.9265, 0.160186, 19.8049, 11.3587),
            *(0.291248, 22.062, 0.145624, 8.15494, 0.232998, 4.95122),
        ),
        (
            *(18.2648, 0.737619, 14.0499, 16.8599, 0.702494, 14.4362),
            *(0.702494, 18.6161, 4.56621, 1.93186, 7.37619, 1.75623),
        ),
    ),
}
PROFILES = tuple(_NUMBERS)


@dataclass(frozen=True, slots=True)
class Setting:
    """How the correlation method listens.

    half_life: notes after which a note counts half, infinite = never; durations: notes weigh by
    their duration, else all alike; minor_bias: added to the correlations of minor keys; sharpness:
    from correlations to chances, a softmax's factor.
    """

    profile: str = "krumhansl-kessler"
    half_life: float = math.inf
    durations: bool = True
    minor_bias: float = 0.0
    sharpness: float = 10.0


def templates(profile: str) -> Array:
    """The profile turned to every key, mean 0 and length 1: shape (24, 12)."""
    turned = np.array([np.roll(mode, root) for mode in _NUMBERS[profile] for root in range(12)])
    centred = turned - turned.mean(axis=1, keepdims=True)
    unit: Array = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    return unit


def correlate(counts: Array, profile: str, minor_bias: float = 0.0) -> Array:
    """Pearson correlation of pitch-class weights with each key: shape (..., 12) to (..., 24).

    Where all pitch classes weigh alike there is nothing to tell keys by, and all are 0. Of equal
    keys the first counts as the answer.
    """
    centred = counts - counts.mean(axis=-1, keepdims=True)
    length = np.linalg.norm(centred, axis=-1, keepdims=True)
    unit = np.divide(centred, length, out=np.zeros_like(centred), where=length > 1e-12)
    bias = np.repeat((0.0, minor_bias), 12)
    # Rounded, so that keys that are exactly alike by this profile stay so in any order of adding.
    found: Array = np.round(unit @ templates(profile).T, 9) + bias
    return found


def softmax(scores: Array) -> Array:
    """Scores as chances along the last axis."""
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    chances: Array = weights / weights.sum(axis=-1, keepdims=True)
    return chances


class Correlation:
    """A judge of keys by correlation, note by note."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._keep = 0.5 ** (1.0 / setting.half_life)
        self._counts = np.zeros(12)

    def fork(self) -> "Correlation":
        """A judge that heard the same and then goes its own way."""
        twin = Correlation(self._setting)
        twin._counts[:] = self._counts
        return twin

    def reset(self) -> None:
        """Forget everything."""
        self._counts[:] = 0.0

    def hear(self, pitch: int, duration: float) -> None:
        """Take in a note; a duration that is 0 or not finite counts as 1."""
        known = self._setting.durations and 0.0 < duration < math.inf
        self._counts *= self._keep
        self._counts[pitch % 12] += duration if known else 1.0

    def chances(self) -> Array:
        """Chance of each key: shape (24,)."""
        return self.chances_of(self._counts)

    def view(self) -> Array:
        """What is remembered, to be judged later: shape (12,)."""
        return self._counts.copy()

    def chances_of(self, views: Array) -> Array:
        """Chances of keys for what was remembered: shape (..., 12) to (..., 24)."""
        found = correlate(views, self._setting.profile, self._setting.minor_bias)
        known = views.any(axis=-1, keepdims=True)
        return np.where(known, softmax(found * self._setting.sharpness), 1 / KEYS)

    def shares(self) -> list[float]:
        """Share of each pitch class in what is remembered: 12 values."""
        return [float(share) for share in self._counts / max(float(self._counts.sum()), 1e-9)]
