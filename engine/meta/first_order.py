"""First-order MAML: as MAML, but each step of the descent counts as if it were a constant.

The slope of the query's loss at the adapted values is taken for that at the first values; a rate's
slope is what its own step's direction gives (arXiv:1703.03400, section 5.2). No derivative of a
derivative, so the fast kernels serve.
"""

import torch

from engine.adapt.descent import Start, Values, step
from engine.adapt.lesson import Scorer
from engine.meta.tasks import Episode
from engine.meta.turns import query_of, support_of


def slopes(scorer: Scorer, start: Start, episode: Episode) -> tuple[Values, Values, float]:
    """(slopes of the values, slopes of the rates, bits a note of the query after learning)."""
    support = support_of(episode)
    values = {name: value.detach().requires_grad_() for name, value in start.values.items()}
    moves: list[Values] = []
    for number in range(start.steps):
        moved, _ = step(scorer, support, values, start.rates, number)
        moves.append({name: (moved[name] - values[name]).detach() for name in values})
        values = {name: value.detach().requires_grad_() for name, value in moved.items()}
    loss = scorer.mean_bits(query_of(episode), values)
    found = dict(zip(values, torch.autograd.grad(loss, list(values.values())), strict=True))
    rates = {
        name: torch.stack([(found[name] * move[name]).sum() for move in moves])
        / start.rates[name].detach().clamp(min=1e-9)
        for name in start.rates
    }
    return found, rates, float(loss.detach())
