"""What the built-in voice sounds like, as data: player and partner apart, and a few drums.

Every sound is a row of harmonics that fades, or noise that fades; loudness brings brightness. It
refuses to be an instrument that anybody would record: a DAW has those.
"""

from typing import NamedTuple

PLAYER, PARTNER = 0, 1
"""Whose note it is, in every message to the voice."""
DRUM_CHANNEL = 9


class Timbre(NamedTuple):
    """A sound.

    harmonics: loudness of each, from the first. fade_s: time in which middle C falls to a third;
    lower notes take longer. dulls: how much sooner than the first the higher harmonics go. pan: -1
    is left, 1 right. noise: share of noise instead of harmonics. hz: of a drum, whatever its key.
    """

    harmonics: tuple[float, ...]
    fade_s: float
    dulls: float
    pan: float
    noise: float = 0.0
    hz: float = 0.0


PITCHED = {
    PLAYER: Timbre((1.0, 0.50, 0.22, 0.12, 0.06, 0.03), 1.4, 0.8, -0.35),
    PARTNER: Timbre((1.0, 0.08, 0.42, 0.04, 0.16, 0.02), 0.9, 1.1, 0.35),
}
"""Round and to the left; hollow and to the right: told apart with eyes closed."""

_WOOD = Timbre((1.0, 0.0, 0.3), 0.03, 0.5, 0.0, 0.1, 1_100.0)
DRUMS = {
    35: Timbre((1.0, 0.2), 0.10, 0.5, 0.0, 0.05, 55.0),
    36: Timbre((1.0, 0.2), 0.10, 0.5, 0.0, 0.05, 62.0),
    38: Timbre((1.0,), 0.07, 0.5, 0.0, 0.8, 190.0),
    40: Timbre((1.0,), 0.07, 0.5, 0.0, 0.8, 220.0),
    42: Timbre((1.0,), 0.025, 0.5, 0.2, 1.0, 400.0),
    44: Timbre((1.0,), 0.03, 0.5, 0.2, 1.0, 400.0),
    46: Timbre((1.0,), 0.15, 0.5, 0.2, 1.0, 400.0),
    49: Timbre((1.0,), 0.40, 0.5, -0.2, 1.0, 400.0),
    51: Timbre((1.0, 0.4, 0.6), 0.20, 0.5, 0.3, 0.5, 850.0),
    76: _WOOD,
    77: _WOOD._replace(hz=820.0),
}
"""Keys of General MIDI on channel 10; the metronome's are the wood blocks."""
OTHER_DRUM = Timbre((1.0, 0.3), 0.08, 0.5, 0.0, 0.3, 300.0)


def timbre(part: int, channel: int, pitch: int) -> tuple[Timbre, float]:
    """The sound of a note and its frequency in Hz."""
    if channel == DRUM_CHANNEL:
        drum = DRUMS.get(pitch, OTHER_DRUM)
        return drum, drum.hz
    return PITCHED.get(part, PITCHED[PARTNER]), 440.0 * 2.0 ** ((pitch - 69) / 12)
