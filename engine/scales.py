"""Scales by name: which of the twelve pitch classes a root and a name stand for.

Standard library only, so that every process can offer the names. It refuses to find out which key
is being played (that is `engine.key`) and to mask anything (that is `engine.sampling`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

# Semitones above the root. The modes are rotations of the major scale; melodic minor is the
# ascending one, as jazz uses it; "full minor" has both sixths and both sevenths.
SCALES: dict[str, tuple[int, ...]] = {
    "chromatic": tuple(range(12)),
    "major": (0, 2, 4, 5, 7, 9, 11),
    "natural minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "melodic minor": (0, 2, 3, 5, 7, 9, 11),
    "full minor": (0, 2, 3, 5, 7, 8, 9, 10, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
    "phrygian dominant": (0, 1, 4, 5, 7, 8, 10),
    "lydian dominant": (0, 2, 4, 6, 7, 9, 10),
    "altered": (0, 1, 3, 4, 6, 8, 10),
    "major pentatonic": (0, 2, 4, 7, 9),
    "minor pentatonic": (0, 3, 5, 7, 10),
    "blues": (0, 3, 5, 6, 7, 10),
    "major blues": (0, 2, 3, 4, 7, 9),
    "whole tone": (0, 2, 4, 6, 8, 10),
    "octatonic": (0, 2, 3, 5, 6, 8, 9, 11),
    "half-whole octatonic": (0, 1, 3, 4, 6, 7, 9, 10),
    "augmented": (0, 3, 4, 7, 8, 11),
}
"""Name of a scale -> semitones above its root, ascending. "octatonic" begins with a whole tone."""

ROOTS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
"""What the twelve roots are called here; `root_of` understands every usual spelling."""

_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS = {"#": 1, "♯": 1, "b": -1, "♭": -1}


@dataclass(frozen=True, slots=True)
class Scale:
    """A scale on a root: `Scale(9, "blues")` is A blues.

    root: pitch class, 0 = C .. 11 = B. name: a key of `SCALES`. Raises ValueError otherwise.
    """

    root: int
    name: str = "major"

    def __post_init__(self) -> None:
        if self.root not in range(12):
            raise ValueError(
                f"There is no root {self.root}; count from 0 for C up to 11 for B, "
                "or let root_of() read a name like F#."
            )
        if self.name not in SCALES:
            raise ValueError(
                f"There is no scale called {self.name!r}; take one of {', '.join(SCALES)}."
            )

    @property
    def classes(self) -> tuple[int, ...]:
        """The pitch classes of the scale, ascending from C: numbers 0..11."""
        return tuple(sorted((self.root + step) % 12 for step in SCALES[self.name]))

    def __str__(self) -> str:
        return f"{ROOTS[self.root]} {self.name}"


def root_of(name: str) -> int:
    """Pitch class of a note name: C, f#, Bb, E♭. Raises ValueError for what is none."""
    text = name.strip()
    if text[:1].upper() in _LETTERS and all(sign in _ACCIDENTALS for sign in text[1:]):
        return (_LETTERS[text[0].upper()] + sum(_ACCIDENTALS[sign] for sign in text[1:])) % 12
    raise ValueError(f"{name!r} is no note name; write it like C, F# or Bb.")


def scale_of(classes: Sequence[int]) -> Scale | None:
    """The first scale of `SCALES` with exactly these pitch classes, rooted at the first of them."""
    if not classes:
        return None
    steps = {(pitch - classes[0]) % 12 for pitch in classes}
    for name, wanted in SCALES.items():
        if steps == set(wanted):
            return Scale(classes[0] % 12, name)
    return None
