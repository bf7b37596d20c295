"""A small synthesizer: MIDI messages in, samples out, so that a newcomer hears the demo.

Every note is a formula of its age: sin θ, sin 2θ, ... by the recurrence of Chebyshev from one sine
and one cosine, each harmonic fading by itself. So a note begins and ends at its own sample, in the
middle of a block too, and nothing drifts. Begin, end and panic are ramps, never steps: that is a
click. The sum goes through tanh, so whatever is played stays below full scale.

It refuses pitch bend, program changes and all other controllers but the sustain pedal, and to know
what time it is: samples are counted. Thread: one.
"""

import math

import numpy as np
from numpy.typing import NDArray

from plugin.voice.timbres import DRUM_CHANNEL, timbre

Samples = NDArray[np.float32]
_Row = NDArray[np.float64]

MOST_NOTES = 32
"""Notes that sound at once; one more silences the oldest."""
ATTACK_S, RELEASE_S, CUT_S = 0.003, 0.12, 0.008
GAIN = 0.35
SUSTAIN, SOUND_OFF, NOTES_OFF = 64, 120, 123
_NEVER = 2**62
_INAUDIBLE = 1e-4


class _Note:
    """A note that sounds: where in samples it began, ends and is cut, and what it is like."""

    def __init__(self, began: int, part: int, channel: int, pitch: int, velocity: int) -> None:
        self.began, self.part, self.channel, self.pitch = began, part, channel, pitch
        self.timbre, self.hz = timbre(part, channel, pitch)
        self.level = velocity / 127
        self.ended = self.cut = _NEVER
        drum = channel == DRUM_CHANNEL
        self.fade_s = self.timbre.fade_s * (1.0 if drum else 2.0 ** ((60 - pitch) / 24))
        self.lasts_s = -math.log(_INAUDIBLE) * self.fade_s
        self.bright = 0.35 + 0.65 * self.level

    @property
    def key(self) -> tuple[int, int, int]:
        """What its note-off says."""
        return self.part, self.channel, self.pitch

    def loudness(self, place: int, highest_hz: float) -> float:
        """Of a harmonic, counted from 0; a harder blow brings out the higher ones."""
        harmonics = self.timbre.harmonics
        if place >= len(harmonics) or (place + 1) * self.hz > highest_hz:
            return 0.0
        return harmonics[place] * self.bright**place


class Synth:
    """See the module."""

    def __init__(self, rate_hz: float) -> None:
        self._rate_hz = rate_hz
        self._sample = 0
        self._notes: list[_Note] = []
        self._pedals: set[tuple[int, int]] = set()
        self._held: set[_Note] = set()
        noise = np.random.default_rng(7).uniform(-1.0, 1.0, round(rate_hz))
        self._noise = noise.astype(np.float32)
        self.volume = 1.0

    @property
    def sample(self) -> int:
        """The next one that is rendered, counted from 0."""
        return self._sample

    @property
    def sounding(self) -> int:
        """Notes that are not over, those that die away too."""
        return len(self._notes)

    def message(self, at: int, part: int, data: bytes) -> None:
        """A MIDI message that takes effect at this sample, not before the next one."""
        if len(data) != 3:
            return
        at = max(at, self._sample)
        kind, channel, number, value = data[0] & 0xF0, data[0] & 0x0F, data[1], data[2]
        if kind == 0x90 and value:
            self._begin(_Note(at, part, channel, number, value))
        elif kind in (0x80, 0x90):
            self._end(at, (part, channel, number))
        elif kind == 0xB0 and number == SUSTAIN:
            self._pedal(at, (part, channel), down=value >= 64)
        elif kind == 0xB0 and number in (SOUND_OFF, NOTES_OFF):
            self._pedals.discard((part, channel))
            for note in self._notes:
                if (note.part, note.channel) == (part, channel):
                    self._silence(note, at, cut=number == SOUND_OFF)

    def panic(self) -> None:
        """Silence within `CUT_S`."""
        self._pedals.clear()
        for note in self._notes:
            self._silence(note, self._sample, cut=True)

    def render(self, frames: int) -> Samples:
        """The next samples, shape (frames, 2), every one between -1 and 1."""
        if not self._notes:
            self._sample += frames
            return np.zeros((frames, 2), dtype=np.float32)
        mixed = self._mixed(np.arange(self._sample, self._sample + frames, dtype=np.float64))
        self._sample += frames
        self._notes = [note for note in self._notes if not self._over(note)]
        bounded: Samples = np.tanh(mixed * np.float32(GAIN * self.volume)).astype(np.float32)
        return bounded

    # -- messages --

    def _begin(self, note: _Note) -> None:
        for other in self._notes:  # struck again: the string is the same
            if other.key == note.key and other.ended == _NEVER:
                self._silence(other, note.began, cut=False)
        alive = [other for other in self._notes if other.cut == _NEVER]
        if len(alive) >= MOST_NOTES:
            self._silence(min(alive, key=_first_to_go), note.began, cut=True)
        if len(self._notes) < 2 * MOST_NOTES:
            self._notes.append(note)

    def _end(self, at: int, key: tuple[int, int, int]) -> None:
        for note in self._notes:
            if note.key == key and note.ended == _NEVER and note.channel != DRUM_CHANNEL:
                if key[:2] in self._pedals:
                    self._held.add(note)
                else:
                    self._silence(note, at, cut=False)

    def _pedal(self, at: int, where: tuple[int, int], *, down: bool) -> None:
        if down:
            self._pedals.add(where)
            return
        self._pedals.discard(where)
        for note in [note for note in self._held if (note.part, note.channel) == where]:
            self._silence(note, at, cut=False)

    def _silence(self, note: _Note, at: int, *, cut: bool) -> None:
        self._held.discard(note)
        if cut:
            note.cut = min(note.cut, at)
        note.ended = min(note.ended, at)

    # -- samples --

    def _mixed(self, now: _Row) -> NDArray[np.float32]:
        """All notes at these samples, shape (frames, 2); one row of numbers a note on the way."""
        notes, rate_hz = self._notes, self._rate_hz
        began = _column([note.began for note in notes])
        age_s = (now - began) / rate_hz
        envelope = _rise(age_s / ATTACK_S)
        ended = _column([note.ended for note in notes])
        envelope *= 1 - _rise((now - ended) / (RELEASE_S * rate_hz))
        cut = _column([note.cut for note in notes])
        envelope *= 1 - _rise((now - cut) / (CUT_S * rate_hz))
        age_s = np.maximum(age_s, 0.0)
        fade = np.exp(age_s / _column([-note.fade_s for note in notes])).astype(np.float32)
        tone = self._harmonics(age_s, fade)
        noise = _column([note.timbre.noise for note in notes]).astype(np.float32)
        if noise.any():
            at = np.maximum(now - began, 0).astype(np.int64) % len(self._noise)
            tone = (1 - noise) * tone + noise * self._noise[at]
        tone *= fade * envelope * _column([note.level**1.6 for note in notes]).astype(np.float32)
        # Equal power: as loud in the middle as at the sides.
        angles = (_column([note.timbre.pan for note in notes]) + 1) * np.pi / 4
        mixed: NDArray[np.float32] = tone.T @ np.hstack((np.cos(angles), np.sin(angles)))
        return mixed

    def _harmonics(self, age_s: _Row, fade: NDArray[np.float32]) -> NDArray[np.float32]:
        """Σ aₙ sin nθ, by sin nθ = 2 cos θ sin (n-1)θ - sin (n-2)θ; higher ones die sooner."""
        notes, highest_hz = self._notes, 0.45 * self._rate_hz
        hz = _column([note.hz for note in notes])
        turn = (2 * np.pi * np.mod(hz * age_s, 1.0)).astype(np.float32)
        before, sine, twice = np.zeros_like(turn), np.sin(turn), 2 * np.cos(turn)
        duller = fade ** _column([note.timbre.dulls for note in notes]).astype(np.float32)
        total, dull = np.zeros_like(turn), np.ones_like(turn)
        for place in range(max(len(note.timbre.harmonics) for note in notes)):
            # A harmonic above the limit would be folded back into a pitch that nobody played.
            loud = _column([note.loudness(place, highest_hz) for note in notes])
            total += loud.astype(np.float32) * dull * sine
            before, sine = sine, twice * sine - before
            dull = dull * duller
        return total

    def _over(self, note: _Note) -> bool:
        """Whether nothing of it will be heard from the next sample on."""
        ends = min(note.cut + CUT_S * self._rate_hz, note.ended + RELEASE_S * self._rate_hz)
        return self._sample >= min(ends, note.began + note.lasts_s * self._rate_hz)


def _first_to_go(note: _Note) -> tuple[bool, int]:
    """What is released already before what is held, the oldest first."""
    return note.ended == _NEVER, note.began


def _column(values: list[float] | list[int]) -> _Row:
    return np.array(values, dtype=np.float64)[:, None]


def _rise(share: _Row) -> NDArray[np.float32]:
    """From 0 to 1 along half a cosine: no corner at either end."""
    bounded = np.clip(share, 0.0, 1.0).astype(np.float32)
    risen: NDArray[np.float32] = 0.5 - 0.5 * np.cos(np.float32(np.pi) * bounded)
    return risen
