"""How many changes become one: the same pure functions for one process, the tier and simulations.

All of them see plain vectors (float32, one row per change) and weights. What is a sum is added up
in double precision from parts, so that it does not matter into which shards the rows were dealt,
or in which order the parts came back.

    plain      Σ n_k/n Δ_k, the mean by data (FedAvg, McMahan et al. 2017, arXiv:1602.05629)
    median     of each coordinate; trimmed mean of each coordinate (Yin et al. 2018,
               arXiv:1803.01498): for an attack. Both need all rows in one place, take no weights,
               and must not be used with noise: their sensitivity is another.

What the server does with the mean is `federation.aggregate.descent`. It refuses to read files.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Rows = Sequence[npt.NDArray[Any]]
Sums = npt.NDArray[np.float64]

TIMES_MEDIAN = 4.0
"""How much more than the usual one contribution may weigh."""


@dataclass(frozen=True, slots=True, eq=False)
class Partial:
    """What a shard comes to. sum: Σ w_k Δ_k. weight: Σ w_k. count: how many changes are in it."""

    sum: Sums
    weight: float
    count: int

    def mean(self) -> Sums:
        """Σ w_k Δ_k / Σ w_k. Raises ValueError if nothing counts."""
        if not self.weight > 0.0:
            raise ValueError("There is no mean of changes that weigh nothing.")
        return self.sum / self.weight


def partial_sum(deltas: Rows, weights: Sequence[float]) -> Partial:
    """One shard: at least one change, a weight from 0 on for each. Raises ValueError."""
    if len(deltas) != len(weights) or not deltas:
        raise ValueError(f"{len(deltas)} changes and {len(weights)} weights do not go together.")
    if not all(math.isfinite(weight) and weight >= 0.0 for weight in weights):
        raise ValueError("A weight must be a finite number from 0 on.")
    total = np.zeros(np.shape(deltas[0]), np.float64)
    for delta, weight in zip(deltas, weights, strict=True):
        if delta.shape != total.shape:
            raise ValueError(f"Changes of {delta.shape} and {total.shape} do not go together.")
        total += float(weight) * np.asarray(delta, np.float64)
    return Partial(total, math.fsum(weights), len(deltas))


def combine(partials: Iterable[Partial]) -> Partial:
    """All shards together, in any order. Raises ValueError if there is none."""
    parts = list(partials)
    if not parts:
        raise ValueError("There is nothing to combine.")
    total = np.sum([part.sum for part in parts], axis=0)
    return Partial(
        total, math.fsum(part.weight for part in parts), sum(part.count for part in parts)
    )


def fedavg(deltas: Rows, weights: Sequence[float]) -> Sums:
    """The weighted mean of the changes: what FedAvg adds to the model at a server rate of 1."""
    return partial_sum(deltas, weights).mean()


def coordinate_median(deltas: Rows) -> Sums:
    """Of each coordinate by itself; half of all may lie without moving it far."""
    return np.asarray(np.median(_table(deltas), axis=0), np.float64)


def trimmed_mean(deltas: Rows, share: float = 0.2) -> Sums:
    """The mean of each coordinate without the `share` lowest and the `share` highest values."""
    if not 0.0 <= share < 0.5:
        raise ValueError(f"A share of {share} leaves nothing; name one from 0 to below 0.5.")
    table = np.sort(_table(deltas), axis=0)
    cut = int(len(table) * share)
    return np.asarray(table[cut : len(table) - cut].mean(axis=0), np.float64)


def staleness_weight(versions_behind: int) -> float:
    """1/√(1+s): what came from s versions ago counts less (FedBuff, arXiv:2106.06639)."""
    if versions_behind < 0:
        raise ValueError("A change cannot come from a version that is not there yet.")
    return 1.0 / math.sqrt(1.0 + versions_behind)


def data_weights(notes: Sequence[int], times: float = TIMES_MEDIAN) -> list[float]:
    """n_k of FedAvg: the told numbers of notes, none more than `times` the median of all.

    What is told cannot be checked, so a liar gains at most this factor.
    """
    most = times * float(np.median(notes)) if len(notes) else 0.0
    return [min(float(number), most) for number in notes]


def _table(deltas: Rows) -> Sums:
    if not deltas:
        raise ValueError("There is nothing to combine.")
    return np.stack([np.asarray(delta, np.float64) for delta in deltas])
