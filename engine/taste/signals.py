"""What a player lets us know about an answer, on purpose or by the way.

Standard library only: the session tells them, the engine learns from them, and both import this.
It refuses to say what a signal is worth: that is `engine.taste.model`.
"""

import enum
import math
from dataclasses import dataclass


class Kind(enum.StrEnum):
    """The kinds of signals."""

    STAR = "star"
    """The player marked the answer as a good one."""
    KEEP = "keep"
    """The player kept or exported it, or chose it among alternatives."""
    DELETE = "delete"
    """The player threw it away."""
    AGAIN = "again"
    """The player asked for another answer to the same phrase."""
    INTERRUPT = "interrupt"
    """The player came in before the answer was over: weak, and the weaker the later."""
    HEARD = "heard"
    """The answer was heard to its end and nothing was said. It counts only against answers to the
    same phrase that the player had asked to be replaced."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal about one answer.

    played: share of the answer that had sounded by then, 0..1; counts for an interruption only.
    Raises ValueError where it is no share.
    """

    kind: Kind
    played: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.played) and 0 <= self.played <= 1):
            raise ValueError(
                f"{self.played} is no share of an answer; give one between 0 (nothing sounded) "
                "and 1 (all of it)."
            )
