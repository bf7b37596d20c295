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
    choices = np.flatnonzero(allowed)
    if len(choices) == 0:
        raise ValueError("nothing is allowed; combine masks with agree()")
    scores = logits[choices].astype(np.float64)
    if temperature <= 0.0:
        return int(choices[scores.argmax()])
    weights = np.exp((scores - scores.max()) / temperature)
    order = np.argsort(-weights, kind="stable")
    running = np.cumsum(weights[order])
    keep = int(np.searchsorted(running, top_p * running[-1], "left")) + 1
    target = rng.random() * running[min(keep, len(order)) - 1]
    place = int(np.searchsorted(running, target, "right"))
    return int(choices[order[min(place, keep - 1, len(order) - 1)]])
