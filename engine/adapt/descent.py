"""The few steps by which an adapter is learnt: descent at rates that were learnt, too.

One step moves each tensor against its gradient, scaled to a mean square of one, by a rate of its
own for this step (learnt rates: Meta-SGD, arXiv:1707.09835; one set a step: arXiv:1810.09502). The
scaling makes a rate the size of the move, whatever the music, so a handful of notes cannot throw
the model far. Plain arithmetic on dictionaries of tensors: it can be derived itself, which is all
that second-order MAML (`engine.meta.maml`) needs.

It refuses to decide how many steps are good, and what is kept (`engine.adapt.learn`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.adapt.lesson import Lesson, Scorer

Values = dict[str, Tensor]
_LEAST_SQUARE = 1e-12


@dataclass(frozen=True, slots=True)
class Start:
    """Where learning begins: first values of an adapter, and the rate of each tensor at each step.

    rates: by the names of the values, shape (steps,), non-negative.
    """

    form: str
    values: Values
    rates: Values

    @property
    def steps(self) -> int:
        """How many steps there are rates for."""
        return len(next(iter(self.rates.values())))


def even_rates(values: Mapping[str, Tensor], rate: float, steps: int) -> Values:
    """The same rate for every tensor and step."""
    return {name: torch.full((steps,), rate) for name in values}


def step(
    scorer: Scorer, lesson: Lesson, values: Values, rates: Mapping[str, Tensor], number: int,
    *, derive: bool = False,
) -> tuple[Values, Tensor]:  # fmt: skip
    """(the values after step `number`, the bits a note before it).

    derive: the new values remember how they came to be (second order).
    """
    loss = scorer.mean_bits(lesson, values)
    slopes = torch.autograd.grad(loss, list(values.values()), create_graph=derive)
    moved = {}
    for (name, value), slope in zip(values.items(), slopes, strict=True):
        size = slope.square().mean().add(_LEAST_SQUARE).sqrt()
        moved[name] = value - rates[name][number] * slope / size
    return moved, loss.detach()


def descend(
    scorer: Scorer,
    lesson: Lesson,
    start: Start,
    *,
    steps: int | None = None,
    derive: bool = False,
    watch: Callable[[int, Values, float], bool] = lambda *_: True,
) -> Values:
    """The values after `steps` steps (all that there are rates for).

    watch: told (steps done, values, bits a note of the lesson before the step) after each step;
    false stops.
    """
    values = start.values
    if not derive:
        values = {name: value.detach().requires_grad_() for name, value in values.items()}
    for number in range(start.steps if steps is None else steps):
        values, loss = step(scorer, lesson, values, start.rates, number, derive=derive)
        if not derive:
            values = {name: value.detach().requires_grad_() for name, value in values.items()}
        if not watch(number + 1, values, float(loss)):
            break
    return values
