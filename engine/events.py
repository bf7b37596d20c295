"""The shared vocabulary of the music: notes, who plays them, and how their time counts.

Standard library only, so that every process can import it for nothing. It refuses to know
MIDI bytes (that is `plugin`), model classes (that is `engine.encoding`) and clocks.
"""

import enum
from dataclasses import dataclass

NOMINAL_BPM = 120.0
"""Tempo at which free time is counted: one "beat" is then half a second."""

DRUM_CHANNEL = 9
"""MIDI channel 10 counted from zero: General MIDI drums."""


class Voice(enum.IntEnum):
    """Who plays a note."""

    PLAYER = 0
    PARTNER = 1


@dataclass(frozen=True, slots=True)
class Note:
    """One note.

    onset and duration are in beats (nominal beats of half a second where no tempo is known), the
    onset counted from the start of the session. pitch is a MIDI key 0..127, velocity 1..127,
    channel 0..15.
    """

    onset: float
    duration: float
    pitch: int
    velocity: int
    channel: int = 0

    @property
    def end(self) -> float:
        """Beat at which the note is released."""
        return self.onset + self.duration


@dataclass(frozen=True, slots=True)
class Timebase:
    """How beats relate to the world: the tempo, and whether anybody told us that tempo.

    Where `tempo_known` is false, bpm is `NOMINAL_BPM` and beats say nothing about bars.
    """

    bpm: float = NOMINAL_BPM
    beats_per_bar: float = 4.0
    tempo_known: bool = False

    @property
    def ns_per_beat(self) -> float:
        """Length of a beat in nanoseconds."""
        return 60e9 / self.bpm
