"""Keys as values: a root, a mode, how sure somebody is of them, and the notes that go with them.

Keys are numbered 0..23: root + 12 * mode, root 0 = C. Standard library only, so that whoever masks
notes by a key can import it for nothing. It refuses to listen: that is `engine.key.finder`.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass

KEYS = 24
SURE = 0.5
"""From this chance on a key counts as known; `antiphon evaluate key` says how often it is right."""
SEVENTH_HEARD = 0.02
"""Share of the recent notes from which a raised seventh belongs to the minor key being played."""

_MAJOR_STEPS = (0, 2, 4, 5, 7, 9, 11)
_MINOR_STEPS = (0, 2, 3, 5, 7, 8, 10)
_RAISED_SEVENTH = 11
_ROOTS = ("C", "C sharp", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B")
EVERY_PITCH_CLASS = frozenset(range(12))


class Mode(enum.IntEnum):
    """Major or minor; other modes are heard as the one that has their signature."""

    MAJOR = 0
    MINOR = 1


@dataclass(frozen=True, slots=True)
class Key:
    """A key and how sure it is.

    root: pitch class 0..11, 0 = C. confidence: chance that this is the key, 0 where nothing was
    heard. scale_confidence: chance that its signature is right, whichever of the two keys that
    share it is meant; never less than confidence.
    """

    root: int
    mode: Mode
    confidence: float
    scale_confidence: float

    @property
    def number(self) -> int:
        """0..23."""
        return self.root + 12 * self.mode

    @property
    def known(self) -> bool:
        """Whether to rely on root and mode; False says "I do not know yet"."""
        return self.confidence >= SURE

    @property
    def scale_known(self) -> bool:
        """Whether to rely on the signature, which is known earlier than the key."""
        return self.scale_confidence >= SURE

    def __str__(self) -> str:
        return f"{_ROOTS[self.root]} {self.mode.name.lower()}"


UNKNOWN = Key(0, Mode.MAJOR, 0.0, 0.0)
"""What is known of the key before the first note."""


def scale_of(key: Key, heard: Sequence[float] | None = None) -> frozenset[int]:
    """Pitch classes of a key: major, or natural minor.

    heard: share of each of the 12 pitch classes in what was played lately. A minor key also gets
    its raised seventh (harmonic minor) where that sounds. The key is believed as it is: whether to
    believe it is `Key.scale_known`.
    """
    steps = _MAJOR_STEPS if key.mode is Mode.MAJOR else _MINOR_STEPS
    scale = {(key.root + step) % 12 for step in steps}
    seventh = (key.root + _RAISED_SEVENTH) % 12
    if key.mode is Mode.MINOR and heard is not None and heard[seventh] >= SEVENTH_HEARD:
        scale.add(seventh)
    return frozenset(scale)


def relative(number: int) -> int:
    """The key of the other mode that has the same signature."""
    return (number + 9) % 12 + 12 if number < 12 else (number - 12 + 3) % 12


def from_signature(sharps: int, *, minor: bool) -> int:
    """Number of the key with so many sharps (flats are negative)."""
    return (7 * sharps + 9) % 12 + 12 if minor else (7 * sharps) % 12


def mirex_points(said: int, true: int) -> float:
    """What an answer is worth in MIREX's audio key detection: 1, 0.5, 0.3, 0.2 or 0.

    Right; a fifth above or below in the same mode; the relative key; the parallel key; else.
    """
    if said == true:
        return 1.0
    if said // 12 == true // 12:
        return 0.5 if (said - true) % 12 in {5, 7} else 0.0
    if said == relative(true):
        return 0.3
    return 0.2 if said % 12 == true % 12 else 0.0
