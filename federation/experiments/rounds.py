"""One arm of the comparison: rounds of learning, combining, and looking at unseen players.

Every round some contributors learn from the shared change as it stands; what comes back is
clipped, combined and added by the functions of `federation.aggregate`. Every few rounds the unseen
players of `meta_valid` are scored; the version at which they do best is the arm's (early stopping
on players who are not the judges). `engine.adapt` then learns each judge on top of it.

It refuses to draw and to write files.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.adapt.descent import Start, descend
from engine.adapt.lesson import Lesson, Scorer
from federation.aggregate.descent import FRESH, State, rule
from federation.aggregate.rules import (
    Sums,
    coordinate_median,
    data_weights,
    fedavg,
    staleness_weight,
    trimmed_mean,
)
from federation.client.learning import SharedScorer, Values, bits, learn, towards_adapting
from federation.experiments.arms import Arm
from federation.experiments.players import Contributor, Unseen
from federation.formats.clipping import clip
from federation.formats.delta import Vector

EACH_ROUND = 12
LOOK_EVERY = 4
MOST_STALE = 5
ATTACK = -20.0
WORSE = 1.005
"""A version whose public bits are more than so many times the last one's is dropped."""
POOLED_STEPS = 4
"""Of Adam for each round of the others, each on as many players as a quarter of a round."""
POOLED_RATE = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """Everybody. public: lessons by which versions are gated."""

    scorer: SharedScorer
    contributors: Sequence[Contributor]
    valid: Sequence[Unseen]
    public: Sequence[Lesson]


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What became of an arm.

    curve: (rounds, share of the prior's bits left to unseen players, mean in percent). best: the
    shared change at the lowest of them. dropped: how many versions the gate did not let through.
    """

    curve: tuple[tuple[int, float], ...]
    best: Vector
    best_round: int
    dropped: int
    change_norm: float


def run(
    world: World, arm: Arm, *, rounds: int, seed: int, tell: Callable[[int], object] = lambda _: 0
) -> Run:
    """See the module. tell: rounds done."""
    rng = np.random.default_rng((seed, 2))
    before = left_of(world.scorer, world.valid, world.scorer.zero())
    at, state = world.scorer.to_vector(world.scorer.zero()), FRESH
    history: list[Vector] = [at]
    curve = [(0, 100.0)]
    best, lengths, dropped = (100.0, at, 0), [1e-9], 0
    pooled = _Pooled(world, rng) if arm.pooled else None
    for number in range(1, rounds + 1):
        if pooled is not None:
            at = pooled.round()
        else:
            changes, weights = _changes(world, arm, history, rng)
            lengths += [float(np.linalg.norm(change)) for change in changes]
            new, state = _next(arm, state, at, changes, weights, rng)
            if arm.gate and _public(world, new) > WORSE * _public(world, at):
                dropped += 1
            else:
                at = new
            history = [*history[-MOST_STALE:], at]
        tell(number)
        if number % LOOK_EVERY == 0 or number == rounds:
            left = left_of(world.scorer, world.valid, world.scorer.of_vector(at))
            share = 100.0 * float(np.mean(left / before))
            curve.append((number, share))
            if share < best[0]:
                best = (share, at, number)
    return Run(tuple(curve), best[1], best[2], dropped, float(np.median(lengths)))


def left_of(scorer: Scorer, players: Sequence[Unseen], values: Values) -> Sums:
    """Bits a note of each player's query."""
    return np.array([bits(scorer, player.query, values) for player in players])


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """Bits of each judge's query.

    alone: by the shared change as it is. taken: where it is taken only because it predicts the
    judge's own phrases better. adapted: with a private adapter learnt on top of that.
    """

    alone: Sums
    taken: Sums
    adapted: Sums


def judged(shared: SharedScorer, best: Vector, judges: Sequence[Unseen], start: Start) -> Judgement:
    """What a shared change is worth to players who took no part."""
    values, nothing = shared.of_vector(best), shared.zero()
    prior, alone = left_of(shared, judges, nothing), left_of(shared, judges, values)
    helps = np.array(
        [
            bits(shared, player.support, values) < bits(shared, player.support, nothing)
            for player in judges
        ]
    )
    adapted = []
    for player, takes in zip(judges, helps, strict=True):
        on_top = Scorer(shared.prior)
        on_top.base = shared.merged(values if takes else nothing)
        own = descend(on_top, player.support, start)
        adapted.append(bits(on_top, player.query, {n: v.detach() for n, v in own.items()}))
    return Judgement(alone, np.where(helps, alone, prior), np.array(adapted))


def _changes(
    world: World, arm: Arm, history: Sequence[Vector], rng: np.random.Generator
) -> tuple[list[Vector], list[float]]:
    """What this round's players send, and its weights."""
    count = min(EACH_ROUND, len(world.contributors))
    chosen = rng.choice(len(world.contributors), count, replace=False)
    bad = set(rng.permutation(count)[: round(arm.attackers * count)].tolist())
    changes, ages, notes = [], [], []
    for place, index in enumerate(chosen):
        player = world.contributors[int(index)]
        age = int(rng.integers(1, MOST_STALE + 1)) if rng.random() < arm.stale else 0
        age = min(age, len(history) - 1)
        begun = history[-1 - age]
        change = world.scorer.to_vector(_learnt(world.scorer, arm, player, begun)) - begun
        change = change * ATTACK if place in bad else change
        changes.append(clip(change, arm.clip) if arm.clip is not None else change)
        ages.append(staleness_weight(age))
        notes.append(player.notes)
    weights = [1.0] * count if arm.z else data_weights(notes)
    return changes, [weight * age for weight, age in zip(weights, ages, strict=True)]


def _learnt(scorer: SharedScorer, arm: Arm, player: Contributor, begun: Vector) -> Values:
    start = scorer.of_vector(begun)
    if arm.adapting:
        support, query = player.halves
        return towards_adapting(scorer, support, query, start, rate=arm.rate, steps=arm.steps)
    return learn(scorer, [player.lesson], start, rate=arm.rate, steps=arm.steps, prox=arm.prox)


def _next(
    arm: Arm,
    state: State,
    at: Vector,
    changes: Sequence[Vector],
    weights: Sequence[float],
    rng: np.random.Generator,
) -> tuple[Vector, State]:
    if arm.combine == "median":
        mean = coordinate_median(changes)
    elif arm.combine == "trimmed":
        mean = trimmed_mean(changes)
    else:
        mean = fedavg(changes, weights)
    if arm.z:
        # As if `cohort` had taken part: the noise on the mean that they would see.
        assert arm.clip is not None
        mean = mean + rng.normal(0.0, arm.z * arm.clip / arm.cohort, mean.shape)
    state, step = rule(arm.server, arm.server_rate).step(state, mean)
    return (at + step).astype(np.float32), state


def _public(world: World, vector: Vector) -> float:
    values = world.scorer.of_vector(vector)
    return float(np.mean([bits(world.scorer, lesson, values) for lesson in world.public]))


class _Pooled:
    """All music in one place, learnt by Adam: what federation is measured against."""

    def __init__(self, world: World, rng: np.random.Generator) -> None:
        self._world, self._rng = world, rng
        self._values: dict[str, Tensor] = {
            name: torch.nn.Parameter(value) for name, value in world.scorer.zero().items()
        }
        self._adam = torch.optim.Adam(list(self._values.values()), lr=POOLED_RATE)

    def round(self) -> Vector:
        """As many lessons as a round of the others has, each as often."""
        for _ in range(POOLED_STEPS):
            self._adam.zero_grad()
            chosen = self._rng.choice(len(self._world.contributors), EACH_ROUND, replace=False)
            for index in chosen:
                lesson = self._world.contributors[int(index)].lesson
                loss = self._world.scorer.mean_bits(lesson, self._values) / len(chosen)
                loss.backward()
            self._adam.step()
        return self._world.scorer.to_vector(
            {name: value.detach() for name, value in self._values.items()}
        )
