"""The loop of a jam without the sound: candidates are ranked, one is played, a player reacts.

Each exchange is a phrase of the pool. The taste draws an order (it explores), the first candidate
is "played", the player lets something be known, the taste learns; "again" brings the next one,
`MOST_AGAIN` times at most. The weights are noted when so many signals have been given; "heard" is
not counted among them, since the player does nothing for it.

It refuses to look at phrases on which the taste is judged: the caller keeps them apart.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.evaluate.taste.players import Player
from engine.evaluate.taste.pool import Asked
from engine.taste.features import COUNT, Known, Scale, Situation, Vector, measure
from engine.taste.model import EXPLORE, Taste
from engine.taste.portrait import Portrait, portrait
from engine.taste.signals import Kind

COUNTS = (0, 5, 10, 20, 40, 80)
"""Numbers of signals after which a taste is judged."""
MOST_AGAIN = 3
MOST_EXCHANGES = 1000
RECENT = 4
"""So many of the partner's last answers are remembered, to tell what is fresh."""


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """A phrase of the pool with everything portrayed once."""

    phrase: Portrait | None
    bar_beats: float | None
    answers: tuple[Portrait | None, ...]
    truth: Portrait | None
    likelihood: tuple[float, ...]

    @classmethod
    def of(cls, asked: Asked) -> "Ready":
        """Portray it."""
        bar = asked.bar_beats
        return cls(
            portrait(asked.phrase, bar),
            bar,
            tuple(portrait(notes, bar) for notes in asked.answers),
            portrait(asked.truth, bar),
            asked.likelihood,
        )

    def natural(self, recent: Sequence[Portrait] = ()) -> list[Vector]:
        """Natural numbers of each answer, then of the truth, each of shape (COUNT,)."""
        figures = frozenset().union(*(each.figures for each in recent))
        situation = Situation(self.phrase, figures, self.bar_beats)
        none = np.full(COUNT, np.nan)
        return [
            none if each is None else measure(each, situation, Known(bits))
            for each, bits in zip((*self.answers, self.truth), self.likelihood, strict=True)
        ]

    def standard(self, scale: Scale, recent: Sequence[Portrait] = ()) -> list[Vector]:
        """The same on one scale."""
        return [scale.standard(each) for each in self.natural(recent)]


@dataclass(slots=True)
class Lived:
    """What came of a player's evening.

    weights: of the taste after so many signals. exchanges: how many phrases that took. first: for
    each exchange the signals before it, and how much more the first answer was liked than the mean
    of its candidates, in deviations.
    """

    weights: dict[int, Vector] = field(default_factory=dict)
    exchanges: dict[int, int] = field(default_factory=dict)
    first: list[tuple[int, float]] = field(default_factory=list)


def live(
    player: Player,
    taste: Taste,
    pool: Sequence[Ready],
    phrases: Sequence[int],
    scale: Scale,
    rng: np.random.Generator,
    *,
    explore: float = EXPLORE,
) -> Lived:
    """Play until the last of `COUNTS` signals were given. phrases: numbers within the pool."""
    lived = Lived()
    recent: deque[Portrait] = deque(maxlen=RECENT)
    signals = 0

    def note(exchange: int) -> None:
        for count in COUNTS:
            if count <= signals and count not in lived.weights:
                lived.weights[count], lived.exchanges[count] = taste.weights, exchange

    note(0)
    order = list(rng.permutation(phrases))
    for exchange in range(MOST_EXCHANGES):
        phrase = int(order[exchange % len(order)])
        each = pool[phrase]
        candidates = each.standard(scale, recent)[:-1]
        ranked = taste.rank(candidates, rng, explore=explore)
        liked = player.now(signals)[phrase]
        lived.first.append((signals, float(liked[ranked[0]] - liked.mean())))
        before: list[Vector] = []
        for chosen in ranked[: MOST_AGAIN + 1]:
            signal = player.judge(phrase, chosen, signals, rng)
            others = [one for number, one in enumerate(candidates) if number != chosen]
            if signal.kind is not Kind.HEARD or before:
                taste.learn(signal, candidates[chosen], others, before)
            if signal.kind is not Kind.HEARD:
                signals += 1
                note(exchange + 1)
            played = each.answers[chosen]
            if signal.kind is not Kind.AGAIN or signals >= COUNTS[-1]:
                break
            before.append(candidates[chosen])
        if played is not None:
            recent.append(played)
        if signals >= COUNTS[-1]:
            break
    return lived
