"""What a change is learnt from and tried on: phrases to learn, and phrases that are held back.

About every fourth phrase is held back, chosen by its own notes, so that it is the same one
whatever else is added or removed: no contribution was ever learnt from it, and a new version of
the shared model can be tried on it honestly. It refuses to load torch.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from engine.adapt.material import Material, Take, material_of
from engine.learning import LearnPiece

SECONDS = 20.0
"""As long as learning may take: it bounds how many notes are taken (`material_of`)."""
HELD_OF = 4

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Phrases:
    """All phrases in takes. held: per note, whether its phrase is held back."""

    material: Material
    held: Flags

    @property
    def learnt_notes(self) -> int:
        """How many notes a change is made from."""
        return int((~self.held).sum())

    @property
    def owner(self) -> npt.NDArray[np.int64]:
        """Per note, the number of its phrase."""
        sizes = [end - first for take in self.material.takes for first, end in pairwise(take.cuts)]
        return np.repeat(np.arange(len(sizes)), sizes)


def phrases_of(pieces: Sequence[LearnPiece]) -> Phrases:
    """Made ready. Raises engine.adapt.material.MaterialError where it is too little."""
    material = material_of(pieces, seconds=SECONDS)
    return Phrases(material, divided(material.takes))


def divided(takes: Sequence[Take]) -> Flags:
    """Which notes are held back; of two phrases or more at least one is, and one is not."""
    marks, sizes = [], []
    for take in takes:
        for first, end in pairwise(take.cuts):
            number = hashlib.sha256(np.ascontiguousarray(take.rows[first:end]).tobytes()).digest()
            marks.append(int.from_bytes(number[:4], "big"))
            sizes.append(int(end - first))
    held = np.array([mark % HELD_OF == 0 for mark in marks])
    if len(marks) > 1 and (held.all() or not held.any()):
        held[:] = False
        held[int(np.argmin(marks))] = True
    return np.repeat(held, sizes)
