"""Draws one choice from logits under constraints; never from an empty set.

Masks come in ranks, dearest first: where they contradict each other the cheapest gives way
(`agree`). Constraints mask before probabilities are formed; nothing forbidden can be drawn.
Randomness is a generator that the caller seeds: same seed, same draws.
"""

import math
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]

GREEDY_BELOW = 1e-6
"""Temperatures below this leave one choice within the reach of single precision."""


def agree(masks: Iterable[Mask], size: int) -> Mask:
    """All masks at once, each left out that would leave no choice; dearest first. Shape (size,)."""
    allowed = np.ones(size, dtype=bool)
    for mask in masks:
        both = allowed & mask
        if both.any():
            allowed = both
    return allowed


def draw(
    logits: npt.NDArray[np.float32],
    allowed: Mask,
    *,
    temperature: float,
    top_p: float,
    rng: np.random.Generator,
) -> int:
    """Index of one allowed choice.

    logits, allowed: shape (n,). temperature 0 takes the likeliest. top_p keeps the likeliest
    choices that together reach that probability (nucleus sampling, arXiv:1904.09751), one at least;
    choices as likely as the last of them are kept, too. Raises ValueError if nothing is allowed.
    """
    places = allowed.nonzero()[0]
    if not len(places):
        raise ValueError("nothing is allowed; combine masks with agree()")
    scores = logits.take(places)
    best = int(scores.argmax())
    highest = float(scores[best])
    if highest == -math.inf:
        # Everything allowed has probability nought: one of it is as good as another.
        return int(places[rng.integers(len(places))])
    if temperature < GREEDY_BELOW:
        return int(places[best])
    scores -= highest
    scores *= 1.0 / temperature
    weights = np.exp(scores).astype(np.float64)
    return int(places[_nucleus(weights, top_p, best, rng)])


def _nucleus(
    weights: npt.NDArray[np.float64], top_p: float, best: int, rng: np.random.Generator
) -> int:
    """A place drawn by its weight among the likeliest that reach `top_p` together."""
    running = weights.cumsum()
    total = float(running[-1])
    place = _place(running, total, best, rng)
    if top_p >= 1.0:
        return place
    # Whatever lies in the nucleus may stay. What does not is replaced by a draw from the nucleus:
    # together that is a draw from the nucleus, and the likely case needs no sorting. A weight that
    # is more than the tail together lies in it for certain.
    weight = float(weights[place])
    if weight > (1.0 - top_p) * total or weights.dot(weights > weight) < top_p * total:
        return place
    falling = np.sort(weights)[::-1]
    last = min(int(falling.cumsum().searchsorted(top_p * total)), len(falling) - 1)
    running = np.where(weights >= falling[last], weights, 0.0).cumsum()
    return _place(running, float(running[-1]), best, rng)


def _place(
    running: npt.NDArray[np.float64], total: float, best: int, rng: np.random.Generator
) -> int:
    place = int(running.searchsorted(rng.random() * total, "right"))
    # Rounding may lead past the end.
    return place if place < len(running) else best
