"""Draws one choice from logits under constraints; never from an empty set.

Masks come in ranks, dearest first: where they contradict each other the cheapest gives way
(`agree`). Constraints mask before probabilities are formed; nothing is drawn and then thrown away.
Randomness is a generator that the caller seeds: same seed, same draws.
"""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]


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
    choices that together reach that probability (nucleus sampling, arXiv:1904.09751), one at least.
    Raises ValueError if nothing is allowed.
    """
    scores = np.where(allowed, logits, -np.inf)
    best = int(scores.argmax())
    if not allowed[best]:
        raise ValueError("nothing is allowed; combine masks with agree()")
    if temperature <= 0.0:
        return best
    weights = np.exp((scores - scores[best]) / np.float32(temperature), dtype=np.float64)
    order = weights.argsort()[::-1]
    running = weights[order].cumsum()
    kept = running[: int(running.searchsorted(top_p * running[-1])) + 1]
    place = int(kept.searchsorted(rng.random() * kept[-1], "right"))
    return int(order[min(place, len(kept) - 1)])
