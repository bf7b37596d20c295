"""MAML, second order: the start is moved so that a few steps from it predict what follows.

The query's loss after descent on the support is derived through every step of that descent, with
respect to the first values and to the rates (Finn, Abbeel, Levine 2017, arXiv:1703.03400; learnt
rates as in arXiv:1707.09835). Exact, and about three times the cost of `engine.meta.first_order`.
"""

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from engine.adapt.descent import Start, Values, descend
from engine.adapt.lesson import Scorer
from engine.meta.tasks import Episode
from engine.meta.turns import query_of, support_of


def slopes(scorer: Scorer, start: Start, episode: Episode) -> tuple[Values, Values, float]:
    """(slopes of the values, slopes of the rates, bits a note of the query after learning)."""
    # The fast kernels of attention have no second derivative.
    with sdpa_kernel(SDPBackend.MATH):
        adapted = descend(scorer, support_of(episode), start, derive=True)
        loss: Tensor = scorer.mean_bits(query_of(episode), adapted)
        wanted = [*start.values.values(), *start.rates.values()]
        found = torch.autograd.grad(loss, wanted)
    values = dict(zip(start.values, found, strict=False))
    rates = dict(zip(start.rates, found[len(values) :], strict=True))
    return values, rates, float(loss.detach())
