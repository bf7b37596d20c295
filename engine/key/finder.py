"""Follows the key of what is being played: one note in, the key as it stands out.

The live side of "scale: follow me". It listens to pitched notes only, never says more than it
knows (`Key.known`), forgets as the music goes on, and costs the same on the thousandth note as on
the first. Numpy only; not thread safe: one finder belongs to one listener.

It refuses to choose notes: masks are made by whoever asks for `scale`.
"""

from typing import Protocol

from engine.events import DRUM_CHANNEL, Note
from engine.key.keys import EVERY_PITCH_CLASS, UNKNOWN, Key, Mode, relative, scale_of
from engine.key.network import Network, load
from engine.key.profiles import Array


class Judge(Protocol):
    """A way to tell keys apart; the classifier and the correlation method are two."""

    def fork(self) -> "Judge":
        """A judge that heard the same and then goes its own way."""

    def reset(self) -> None:
        """Forget everything."""

    def hear(self, pitch: int, duration: float) -> None:
        """Take in a pitched note; a duration of 0 is unknown."""

    def chances(self) -> Array:
        """Chance of each of the 24 keys."""

    def shares(self) -> list[float]:
        """Share of each pitch class in the recent notes."""


class KeyFinder:
    """The key of what was heard lately."""

    def __init__(self, judge: Judge | None = None) -> None:
        """Listen with the shipped classifier, or another judge. Raises KeyWeightsError."""
        self._judge: Judge = judge or Network(load())
        self._key: Key | None = UNKNOWN

    def fork(self) -> "KeyFinder":
        """A finder that heard the same and then goes its own way."""
        twin = KeyFinder(self._judge.fork())
        twin._key = self._key
        return twin

    def reset(self) -> None:
        """Forget everything."""
        self._judge.reset()
        self._key = UNKNOWN

    def hear(self, note: Note) -> None:
        """Take in a note; drums are passed over."""
        if note.channel != DRUM_CHANNEL:
            self._judge.hear(note.pitch, note.duration)
            self._key = None

    def key(self) -> Key:
        """The likeliest key now, with its confidence: 0 before the first note."""
        if self._key is None:
            chances = self._judge.chances()
            best = int(chances.argmax())
            chance = float(chances[best])
            both = min(1.0, chance + float(chances[relative(best)]))
            self._key = Key(best % 12, Mode(best // 12), chance, both)
        return self._key

    def scale(self) -> frozenset[int]:
        """Pitch classes to use when following; all twelve while the signature is not known."""
        key = self.key()
        return scale_of(key, self._judge.shares()) if key.scale_known else EVERY_PITCH_CLASS
