"""What the player's notes are like, counted as they come, and a pull of the answer toward it.

Counts fade with every note, so they are bounded and follow the player. The pull is a bias added to
a prior's logits: strength times the logarithm of how often a class was heard, against the most
frequent one. It refuses to forbid: a class that was never heard only becomes unlikely.
"""

from dataclasses import dataclass

import numpy as np

from engine.encoding import DURATION, ONSET, PITCH_CLASSES, TIME_CLASSES, VELOCITY, VELOCITY_CLASSES
from engine.sampling.fields import Vector

_FADE = 0.98
"""What is left of a count after another note: half of it after 34."""
_UNHEARD = 0.03
"""A class that was never heard counts as this share of the most frequent one: e^-3.5."""
_TRUST_NOTES = 4.0
"""After so many notes the pull has half of its strength."""
_INTERVAL_REACH = 24
# People's time and touch scatter: a note counts for its neighbours, too.
_TIME_SPREAD = np.array([0.1, 0.3, 0.7, 1.0, 0.7, 0.3, 0.1], dtype=np.float32)
_VELOCITY_SPREAD = np.array([0.4, 0.8, 1.0, 0.8, 0.4], dtype=np.float32)
_MIDDLE = PITCH_CLASSES - 1
"""Place of the interval 0 among the intervals -127..127."""


@dataclass(frozen=True, slots=True)
class Pull:
    """Biases for one answer, made once. All are 0 at what was heard most, negative elsewhere."""

    onset: Vector
    duration: Vector
    velocity: Vector
    pitch_class: Vector
    """For each key by its pitch class: shape (128,)."""
    intervals: Vector
    """Shape (255,), from 127 down to 127 up."""
    drum_keys: Vector

    def bias(self, field: int, last_pitch: int | None, *, drums: bool) -> Vector:
        """What to add to the logits of `field` (a time, a pitch or a velocity).

        last_pitch: the key that an interval counts from, or None. Shape: the field's classes.
        """
        if field == ONSET:
            return self.onset
        if field == DURATION:
            return self.duration
        if field == VELOCITY:
            return self.velocity
        if drums:
            return self.drum_keys
        if last_pitch is None:
            return self.pitch_class
        leaps = self.intervals[_MIDDLE - last_pitch : _MIDDLE - last_pitch + PITCH_CLASSES]
        both: Vector = self.pitch_class + leaps
        return both


class Heard:
    """Fading counts of one player's notes. A note costs microseconds; memory stays the same."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """As if nothing had been heard."""
        edge = len(_TIME_SPREAD) // 2
        self._onset = np.zeros(TIME_CLASSES + 2 * edge, dtype=np.float32)
        self._duration = np.zeros(TIME_CLASSES + 2 * edge, dtype=np.float32)
        self._velocity = np.zeros(
            VELOCITY_CLASSES + 2 * (len(_VELOCITY_SPREAD) // 2), dtype=np.float32
        )
        self._pitch_class = np.zeros(12, dtype=np.float32)
        self._intervals = np.zeros(2 * _INTERVAL_REACH + 1, dtype=np.float32)
        self._drum_keys = np.zeros(PITCH_CLASSES, dtype=np.float32)
        self._weight = 0.0
        self._last: int | None = None

    def fork(self) -> "Heard":
        """Another one that counted the same and then goes its own way."""
        twin = Heard.__new__(Heard)
        twin._onset, twin._duration = self._onset.copy(), self._duration.copy()
        twin._velocity, twin._drum_keys = self._velocity.copy(), self._drum_keys.copy()
        twin._pitch_class, twin._intervals = self._pitch_class.copy(), self._intervals.copy()
        twin._weight, twin._last = self._weight, self._last
        return twin

    @property
    def last_pitch(self) -> int | None:
        """The last pitched key that was heard."""
        return self._last

    def hear(
        self, delta: int | None, pitch: int, duration: int, velocity: int, *, drums: bool = False
    ) -> None:
        """Count a note of the player, in classes of `engine.encoding`.

        delta None: nothing of the player's came before it. duration, velocity 0: not known.
        """
        for counts in (self._onset, self._duration, self._velocity, self._drum_keys):
            counts *= _FADE
        self._weight = self._weight * _FADE + 1
        if delta is not None:
            self._onset[delta : delta + len(_TIME_SPREAD)] += _TIME_SPREAD
        if duration:
            self._duration[duration : duration + len(_TIME_SPREAD)] += _TIME_SPREAD
        if velocity:
            self._velocity[velocity : velocity + len(_VELOCITY_SPREAD)] += _VELOCITY_SPREAD
        if drums:
            self._drum_keys[pitch] += 1
            return
        self._pitch_class *= _FADE
        self._pitch_class[pitch % 12] += 1
        if self._last is not None:
            leap = pitch - self._last
            self._intervals *= _FADE
            if abs(leap) <= _INTERVAL_REACH:
                self._intervals[leap + _INTERVAL_REACH] += 1
        self._last = pitch

    def pull(self, strength: float) -> Pull | None:
        """The pull of what was heard, strength 0..1; None where there is none."""
        if strength <= 0 or self._weight == 0:
            return None
        strength *= self._weight / (self._weight + _TRUST_NOTES)
        edge, soft = len(_TIME_SPREAD) // 2, len(_VELOCITY_SPREAD) // 2
        leaps = np.zeros(2 * PITCH_CLASSES - 1, dtype=np.float32)
        leaps[_MIDDLE - _INTERVAL_REACH : _MIDDLE + _INTERVAL_REACH + 1] = self._intervals
        return Pull(
            onset=_bias(self._onset[edge:-edge], strength),
            duration=_bias(self._duration[edge:-edge], strength),
            velocity=_bias(self._velocity[soft:-soft], strength),
            pitch_class=_bias(np.resize(self._pitch_class, PITCH_CLASSES), strength),
            intervals=_bias(leaps, strength),
            drum_keys=_bias(self._drum_keys, strength),
        )


def _bias(counts: Vector, strength: float) -> Vector:
    most = float(counts.max())
    if most <= 0:
        return np.zeros(counts.shape, dtype=np.float32)
    share = (counts / np.float32(most) + np.float32(_UNHEARD)) / np.float32(1 + _UNHEARD)
    bias: Vector = np.float32(strength) * np.log(share)
    return bias
