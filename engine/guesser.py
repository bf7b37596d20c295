"""What answers are drawn from: whatever reads notes and guesses the next one.

The prior (`engine.model.fast`), the prior with a memory of the player (`engine.memory.mixture`) and
the models that both are compared with are used through this. It refuses to do anything.
"""

from collections.abc import Mapping, Sequence, Set
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from engine.styles import Vocabulary

Vector = npt.NDArray[np.float32]


class Guesser(Protocol):
    """See `engine.model.fast.FastPrior`, whose methods these are."""

    styles: Vocabulary

    def reset(self) -> None:
        """Forget every note; the style stays."""

    def set_style(self, weights: Mapping[int, float]) -> None:
        """Guess as in these styles: weights by number of label."""

    def mark(self) -> Any:
        """This place, to come back to."""

    def back_to(self, mark: Any) -> None:
        """Return to a mark: what was read since is as if it had not been."""

    def read(self, row: Sequence[int]) -> None:
        """Take in one note that has happened."""

    def read_many(self, rows: npt.ArrayLike) -> None:
        """Take in rows (n, 9), as one after the other."""

    def field(self, number: int, row: Sequence[int], known: Set[int] = frozenset()) -> Vector:
        """Logits of field `number` of the next note, given the known fields of `row`."""


class Memory(Protocol):
    """What was learnt from the player's notes as they came (`engine.memory.memory`)."""

    def begin(self) -> None:
        """A new stream: nothing before is context any more; what was learnt stays."""

    def read(self, row: Sequence[int]) -> None:
        """Take in one note: context, and learnt where it is the player's."""

    def rows(self) -> dict[str, np.ndarray]:
        """What must be saved."""

    @property
    def players_notes(self) -> int:
        """Notes of the player's that are remembered."""


@runtime_checkable
class Mixed(Guesser, Protocol):
    """A prior and a memory that guess together; see `engine.memory.mixture.Mixture`.

    prior: None where there is none: then the memory guesses alone. closeness: 1 closer to the
    player .. 0 as fitted .. -1 further.
    """

    prior: Any
    memory: Any
    closeness: float

    def reread(self, styles: Mapping[int, float], rows: npt.ArrayLike) -> None:
        """Have the prior alone read these rows again, in these styles."""
