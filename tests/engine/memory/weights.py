"""Weights for tests: judges that trust every vote, and random ones."""

import numpy as np

from engine.encoding import FIELDS
from engine.memory import base, judge
from engine.memory.weights import Weights, blank, fading_of


def _trusting(field: int) -> np.ndarray:
    """The gain of a symbol is half the sum of ln(1 + 4 votes) over the contexts."""
    parts = {name: np.zeros(shape, np.float32) for name, shape in judge.parts(field)}
    parts["pair"][:, 0, -1] = 0.5
    parts["out"][-1] = 1.0
    return np.concatenate([part.ravel() for part in parts.values()])


def trusting() -> Weights:
    """What was heard is likelier, the more often it was heard."""
    judges = tuple(_trusting(field) for field in range(len(FIELDS)))
    return Weights(judges, judges, blank().base, fading_of(8000))


def wild(seed: int = 0) -> Weights:
    """Random numbers everywhere: what holds with them holds with any."""
    rng = np.random.default_rng(seed)

    def drawn(size) -> tuple[np.ndarray, ...]:
        sizes = [size(field) for field in range(len(FIELDS))]
        return tuple(rng.normal(0, 0.7, n).astype(np.float32) for n in sizes)

    return Weights(drawn(judge.size), drawn(judge.size), drawn(base.size), fading_of(500))
