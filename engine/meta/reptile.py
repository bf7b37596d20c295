"""Reptile: the start moves towards where learning leads.

Nichol, Achiam, Schulman 2018, arXiv:1803.02999. Support and query are learnt alike; the difference
between the start and where it ended is the slope. The rates stay as they are: nothing says how they
should change.
"""

import torch

from engine.adapt.descent import Start, Values, descend
from engine.adapt.lesson import Scorer
from engine.meta.tasks import Episode
from engine.meta.turns import everything_of, query_of


def slopes(scorer: Scorer, start: Start, episode: Episode) -> tuple[Values, Values, float]:
    """(slopes of the values, none of the rates, bits a note of the query, which was learnt)."""
    adapted = descend(scorer, everything_of(episode), start)
    with torch.no_grad():
        loss = scorer.mean_bits(query_of(episode), adapted)
    found = {name: (start.values[name] - value).detach() for name, value in adapted.items()}
    return found, {}, float(loss)
