"""What is remembered of the notes to tell their key: a few fading counts over the pitch classes.

Each channel counts something once a note and forgets by its own half-life, so that memory and cost
stay the same however long somebody plays, and a new key replaces an old one. All channels turn
with the music: a transposition by k semitones rotates every channel by k places and does nothing
else. Durations count in relation to the recent ones, so tempo does not matter.

It refuses to know keys: it only counts.
"""

import math

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

HALF_LIVES = (3.0, 10.0, 32.0, 96.0, 384.0)
"""Notes; the number of notes and their durations are kept at each."""
LOW_HALF_LIVES = (10.0, 64.0)
"""Notes; where the bass is."""
STEP_HALF_LIFE = 40.0
"""Notes; which pitch class followed which."""

_TALLY = len(HALF_LIVES)
_LOW = len(LOW_HALF_LIVES)
_PLAIN = 2 * _TALLY + _LOW
CHANNELS = _PLAIN + 12
"""Counts, durations, low notes; then one channel an interval: steps that arrived here by it."""

_LIVES = [*HALF_LIVES, *HALF_LIVES, *LOW_HALF_LIVES, *([STEP_HALF_LIFE] * 12)]
_KEEP: FloatArray = np.repeat(0.5 ** (1.0 / np.array(_LIVES)), 12).astype(np.float32)
_SUMS: FloatArray = np.kron(np.eye(CHANNELS), np.ones(12)).astype(np.float32)
"""Matrix from all counts to the content of each channel; the intervals share one content."""
_SUMS[_PLAIN:] = _SUMS[_PLAIN:].sum(axis=0)
_RECENT = 2
"""Channel of the counts that say what was played lately: half-life 32 notes."""

_DURATION_KEEP = 0.5 ** (1 / 16)
_REGISTER_KEEP = 0.5 ** (1 / 32)
_LEAST_WEIGHT, _MOST_WEIGHT = 0.25, 4.0
_LOW_SLOPE = 4.0
"""Semitones below the running mean pitch that make a note count as low by 73 %."""


class Memory:
    """Fading counts of what was heard."""

    def __init__(self) -> None:
        self._count = np.zeros(CHANNELS * 12, dtype=np.float32)
        self._table = self._count.reshape(CHANNELS, 12)
        self._gain = np.ones(_PLAIN, dtype=np.float32)
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._count[:] = 0.0
        self._last = -1
        self._mean_duration = 0.0
        self._mean_pitch = 0.0
        self._pitch_weight = 0.0

    def fork(self) -> "Memory":
        """Another one that remembers the same and then goes its own way."""
        twin = Memory()
        twin._count[:] = self._count  # `_table` is a view of it
        twin._last, twin._mean_duration = self._last, self._mean_duration
        twin._mean_pitch, twin._pitch_weight = self._mean_pitch, self._pitch_weight
        return twin

    def hear(self, pitch: int, duration: float) -> None:
        """Take in a note. pitch: MIDI key; duration: any unit, 0 or not finite = unknown."""
        here = pitch % 12
        self._count *= _KEEP
        self._gain[_TALLY:-_LOW] = self._weight(duration)
        self._gain[-_LOW:] = self._lowness(pitch)
        self._table[:_PLAIN, here] += self._gain
        if self._last >= 0:
            self._table[_PLAIN + (here - self._last) % 12, here] += np.float32(1.0)
        self._last = here

    def view(self) -> FloatArray:
        """What a classifier sees: shape (CHANNELS * 12,), channel by channel, each value 0..1.

        Square roots of shares; the shares of a channel sum to n / (n + 1) where n is its content,
        so that little evidence looks different from much. The interval channels share one sum.
        """
        content = np.dot(_SUMS, self._count)
        content += np.float32(1.0)
        shares: FloatArray = self._table / content[:, None]
        return np.sqrt(shares, out=shares).reshape(-1)

    def shares(self) -> list[float]:
        """Share of each pitch class in the recent notes, by number: 12 values, all 0 at first."""
        count = self._table[_RECENT]
        return [float(share) for share in count / max(float(count.sum()), 1e-9)]

    def _weight(self, duration: float) -> float:
        """How long a note is beside the recent ones, within reason; 1 where nobody knows."""
        if not 0.0 < duration < math.inf:
            return 1.0
        if self._mean_duration == 0.0:
            self._mean_duration = duration
        self._mean_duration += (1.0 - _DURATION_KEEP) * (duration - self._mean_duration)
        return min(max(duration / self._mean_duration, _LEAST_WEIGHT), _MOST_WEIGHT)

    def _lowness(self, pitch: int) -> float:
        """1 far below the mean of the recent pitches, 0 far above it."""
        self._pitch_weight = self._pitch_weight * _REGISTER_KEEP + 1.0
        self._mean_pitch += (pitch - self._mean_pitch) / self._pitch_weight
        return 1.0 / (1.0 + math.exp((pitch - self._mean_pitch) / _LOW_SLOPE))
