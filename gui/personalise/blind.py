"""Listening without knowing: two answers in a hidden order, and what the player thought of them.

Plain values, no Qt. Which one is which is told only after the player has chosen, and chosen for
good. The order is drawn from a random generator that is handed in. It refuses to call a few
choices a proof: `told` says when they are more than chance.
"""

import enum
import math
from dataclasses import dataclass
from random import Random

CHANCE = 0.05
"""As many choices for one side by chance: rarer than this counts as more than chance."""


class Side(enum.Enum):
    """What an answer was played with."""

    LEARNT = "learnt"
    UNLEARNT = "unlearnt"


class Pick(enum.Enum):
    """What the player says."""

    FIRST = 0
    SECOND = 1
    NEITHER = 2


@dataclass(frozen=True, slots=True)
class Revealed:
    """A choice, and what was which. chosen: None for no difference."""

    first: Side
    chosen: Side | None


class Blind:
    """One comparison after the other; a choice counts once."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._order: tuple[Side, Side] | None = None
        self._heard: set[int] = set()
        self.revealed: Revealed | None = None
        """What the last choice told; None before it."""
        self.choices: list[Side | None] = []

    @property
    def open(self) -> bool:
        """Whether there are answers that nobody has chosen between yet."""
        return self._order is not None and self.revealed is None

    @property
    def heard_both(self) -> bool:
        """Whether the player knows what to choose between."""
        return self._heard == {0, 1}

    def deal(self) -> tuple[Side, Side]:
        """A new comparison: which side is the first and which the second. For whoever writes them.

        Nothing of it may be shown.
        """
        sides = [Side.LEARNT, Side.UNLEARNT]
        self._rng.shuffle(sides)
        self._order = (sides[0], sides[1])
        self._heard, self.revealed = set(), None
        return self._order

    def heard(self, place: int) -> None:
        """The first (0) or the second (1) was played."""
        self._heard.add(place)

    def pick(self, pick: Pick) -> Revealed:
        """The player's choice, for good. Raises ValueError where there is nothing to choose."""
        if self._order is None or self.revealed is not None:
            raise ValueError("there is nothing to choose between")
        chosen = None if pick is Pick.NEITHER else self._order[pick.value]
        self.revealed = Revealed(self._order[0], chosen)
        self.choices.append(chosen)
        return self.revealed

    def withdraw(self) -> None:
        """What was dealt cannot be heard."""
        self._order = None

    def forget(self) -> None:
        """Something else was learnt: what was chosen before is about another thing."""
        self._order, self.revealed = None, None
        self._heard, self.choices = set(), []


def told(revealed: Revealed) -> str:
    """What was which, in a sentence."""
    first_is = "The first was played" if revealed.first is Side.LEARNT else "The second was played"
    if revealed.chosen is None:
        return f"No difference for you. {first_is} with what was learnt."
    if revealed.chosen is Side.LEARNT:
        return "You chose the one played with what was learnt."
    return f"You chose the one without. {first_is} with what was learnt."


def tally(choices: list[Side | None]) -> str:
    """All choices so far, and whether they say anything."""
    with_it, without = choices.count(Side.LEARNT), choices.count(Side.UNLEARNT)
    neither = len(choices) - with_it - without
    counts = f"So far: {with_it} with, {without} without"
    counts += f", {neither} no difference." if neither else "."
    if with_it + without == 0:
        return counts
    if by_chance(max(with_it, without), with_it + without) <= CHANCE:
        which = "with" if with_it > without else "without"
        return f"{counts} That is more than chance: you like it better {which}."
    return f"{counts} That can still be chance."


def by_chance(most: int, of: int) -> float:
    """How likely fair coins are as one-sided as that, whichever the side (sign test)."""
    tail = sum(math.comb(of, count) for count in range(most, of + 1))
    return min(1.0, 2.0 * float(tail) / float(2**of))
