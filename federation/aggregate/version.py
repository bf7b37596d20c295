"""One version: from what devices sent to what is added to the model, all the way in a function.

Clip again (nobody is trusted to have clipped), weigh by data and age, or alike where noise is on,
add up, and let the server's rule make a step of the mean. The adding up can be handed in: it is
`rules.partial_sum` in one process, and `Tier.aggregate` with workers; both give the same.

It refuses to choose contributions (`buffer`), to say whether the version is good (the gate), and to
mix what does not go together: noise belongs to clipped sums of equal weight, not to a median.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

from federation.aggregate.descent import FedAvg, ServerRule, State
from federation.aggregate.privacy import Noise
from federation.aggregate.rules import (
    Partial,
    Sums,
    coordinate_median,
    data_weights,
    partial_sum,
    staleness_weight,
    trimmed_mean,
)
from federation.formats.chance import SECURE, Bytes
from federation.formats.clipping import clip
from federation.formats.delta import Delta, as_vector

MEAN, MEDIAN, TRIMMED = "mean", "median", "trimmed"

Add = Callable[[Sequence[npt.NDArray[Any]], Sequence[float]], Partial]


@dataclass(frozen=True, slots=True)
class How:
    """limit: C. server: what makes a step of the mean. middle: mean, median or trimmed.

    z: noise on the sum in units of C, 0 for none. Raises ValueError where it does not go together.
    """

    limit: float
    server: ServerRule = field(default_factory=FedAvg)
    middle: str = MEAN
    z: float = 0.0

    def __post_init__(self) -> None:
        """See the class."""
        if self.middle not in {MEAN, MEDIAN, TRIMMED}:
            raise ValueError(f"There is no rule {self.middle!r}; name mean, median or trimmed.")
        if self.z and self.middle != MEAN:
            raise ValueError("Noise goes with the mean only; leave the noise off during an attack.")


def step(
    deltas: Sequence[Delta],
    head: int,
    state: State,
    how: How,
    *,
    add: Add = partial_sum,
    source: Bytes = SECURE,
) -> tuple[State, Sums]:
    """The server's state afterwards, and what to add to B of version `head` (as one vector).

    deltas: of one lineage, each of another device, none from a version after `head`.
    """
    vectors = [clip(as_vector(delta.tensors), how.limit) for delta in deltas]
    return how.server.step(state, _middle(deltas, vectors, head, how, add, source))


def weights(deltas: Sequence[Delta], head: int) -> list[float]:
    """By data and age: n_k / √(1+s)."""
    by_data = data_weights([delta.notes for delta in deltas])
    ages = [staleness_weight(head - delta.from_version) for delta in deltas]
    return [amount * age for amount, age in zip(by_data, ages, strict=True)]


def _middle(
    deltas: Sequence[Delta],
    vectors: Sequence[npt.NDArray[Any]],
    head: int,
    how: How,
    add: Add,
    source: Bytes,
) -> Sums:
    if how.middle == MEDIAN:
        return coordinate_median(vectors)
    if how.middle == TRIMMED:
        return trimmed_mean(vectors)
    if how.z:
        noise = Noise(how.limit, how.z)
        prepared = [noise.prepared(vector) for vector in vectors]
        return noise.release([add(prepared, [1.0] * len(prepared))], source)
    return add(vectors, weights(deltas, head)).mean()
