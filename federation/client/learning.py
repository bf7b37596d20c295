"""How a player's music moves the shared change: a few steps on B, with A as the lineage drew it.

Each step moves all B together against their slope, scaled to a mean square of one, so that a rate
is the size of a move, whatever the music. Together, not each tensor by itself as the private
adapter is learnt (`engine.adapt.descent`): tensors that hardly matter would send noise of full
size, which does not cancel in the sum (docs/adr/0024). FedProx (Li et al. 2020, arXiv:1812.06127)
adds a pull back to where learning began. For a shared model that is good to adapt from,
`towards_adapting` gives the slope after learning instead of the slope itself (Per-FedAvg, Fallah et
al. 2020, arXiv:2002.07948, first order).

It refuses to touch what is not shared (biases, the learnt state), to clip and to send.

Thread: one; needs torch, so it belongs in a process of its own.
"""

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from engine.adapt.forms import Weights, first_values, merge_in
from engine.adapt.lesson import Lesson, Scorer
from engine.model.network import Prior
from federation.formats.delta import Vector, as_vector, from_vector
from federation.formats.lineage import UP, Lineage

Values = dict[str, Tensor]
RATE, STEPS, PROX = 1e-3, 4, 1.0
"""Of those tried the best: unseen players gain as much, less is forgotten (docs/adr/0024)."""
_LEAST_SQUARE = 1e-12


class SharedScorer(Scorer):
    """The prior as a function of the shared B alone."""

    def __init__(self, prior: Prior, lineage: Lineage) -> None:
        super().__init__(prior)
        drawn = first_values(f"lora-{lineage.rank}", self.base, seed=lineage.seed)
        self._frozen = {name: value for name, value in drawn.items() if name.endswith(".down")}
        self.lineage = lineage

    def zero(self) -> Values:
        """B of the first version: nothing is changed."""
        return self.values(
            {name: torch.zeros(shape) for name, shape in self.lineage.shapes.items()}
        )

    def values(self, tensors: Mapping[str, Tensor]) -> Values:
        """B by name in the lineage's order."""
        return {name: tensors[name].detach() for name in self.lineage.names}

    def of_vector(self, vector: Vector) -> Values:
        """B from one vector."""
        tensors = from_vector(vector, self.lineage)
        return self.values({name: torch.from_numpy(part) for name, part in tensors.items()})

    def to_vector(self, values: Mapping[str, Tensor]) -> Vector:
        """B as one vector."""
        return as_vector({name: value.numpy() for name, value in values.items()})

    def merged(self, values: Weights) -> dict[str, Tensor]:
        """The prior's weights with this B in them: what a private adapter is learnt on top of."""
        return dict(merge_in(self.base, {**self._frozen, **values}))

    def _with(self, values: Weights) -> dict[str, Tensor]:
        return super()._with({**self._frozen, **values})


def learn(
    scorer: SharedScorer,
    lessons: Sequence[Lesson],
    start: Values,
    *,
    rate: float,
    steps: int,
    prox: float = 0.0,
    tell: Callable[[int], object] = lambda _: None,
) -> Values:
    """B after `steps` steps, the lessons taken in turn. tell: before each, how many are done.

    rate: size of a move, root of the mean square. prox: FedProx's mu, bits for half the square of
    the distance from the start.
    """
    values = start
    for number in range(steps):
        tell(number)
        slopes, _ = _slopes(scorer, lessons[number % len(lessons)], values)
        if prox:
            slopes = {n: slope + prox * (values[n] - start[n]) for n, slope in slopes.items()}
        values = _moved(values, slopes, rate)
    return values


def towards_adapting(
    scorer: SharedScorer,
    support: Lesson,
    query: Lesson,
    start: Values,
    *,
    rate: float,
    steps: int,
) -> Values:
    """B moved from the start by `steps` times the slope that the query has after learning."""
    values = start
    for _ in range(steps):
        adapted = learn(scorer, [support], values, rate=rate, steps=1)
        slopes, _ = _slopes(scorer, query, adapted)
        values = _moved(values, slopes, rate)
    return values


def bits(scorer: Scorer, lesson: Lesson, values: Values) -> float:
    """Mean bits a note of a lesson."""
    with torch.no_grad():
        return float(scorer.mean_bits(lesson, values))


def _slopes(scorer: SharedScorer, lesson: Lesson, values: Values) -> tuple[Values, float]:
    leaves = {name: value.detach().requires_grad_() for name, value in values.items()}
    loss = scorer.mean_bits(lesson, leaves)
    slopes = torch.autograd.grad(loss, list(leaves.values()))
    return dict(zip(leaves, slopes, strict=True)), float(loss.detach())


def _moved(values: Values, slopes: Values, rate: float) -> Values:
    square = sum(float(slope.square().sum()) for slope in slopes.values())
    count = sum(slope.numel() for slope in slopes.values())
    scale = rate / math.sqrt(square / count + _LEAST_SQUARE)
    return {name: value - scale * slopes[name] for name, value in values.items()}


__all__ = [
    "PROX",
    "RATE",
    "STEPS",
    "UP",
    "SharedScorer",
    "Values",
    "bits",
    "learn",
    "towards_adapting",
]
