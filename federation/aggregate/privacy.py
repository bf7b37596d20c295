"""Noise on the sum, and the account of what it promises: central differential privacy, by device.

What is promised is about one device: whether its change or nothing was in the sum can hardly be
told from the versions (zero-out neighbours; their number is public, and said in the manifest). So
changes are clipped to C, weigh alike, and are put on a grid towards zero, which makes none of them
longer; their sum is a row of whole numbers, to which exact discrete Gaussian noise of deviation z C
is added from a secure source (`federation.formats.chance` says why not floating-point noise). With
the sum on whole numbers, shards and their order change nothing at all.

The accountant is that of dp-accounting (privacy loss distributions), for z and the number of
versions a device took part in, without amplification: who takes part is not chosen by lot. It
accounts for a Gaussian; with 2^20 steps to a deviation the discrete one cannot be told from it.

Below the useful cohort the noise would drown what was learnt. Then it is to stay off and the words
are NOT_YET: an honest no is better than an epsilon that ruins the model. It refuses to be used with
unequal weights, a median or a trimmed mean.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from federation.aggregate.rules import Partial, Sums, combine, partial_sum
from federation.formats.chance import SECURE, Bytes, discrete_gaussian
from federation.formats.clipping import clip

STEPS = 1 << 20
"""The grid: so many steps to one deviation of the noise, far finer than any change."""
MOST_COUNT = 1 << 30
"""Above this the whole numbers of the sum would not be exact in double precision."""
DELTA = 1e-6
USEFUL_NOISE = 0.4
"""How long the noise on the mean may be, in units of C, for a version to be worth making."""
NOT_YET = "not differentially private yet"


@dataclass(frozen=True, slots=True)
class Noise:
    """limit: C. z: the deviation of the noise on the sum, in units of C."""

    limit: float
    z: float

    def __post_init__(self) -> None:
        """Raises ValueError: a noise of nothing is no noise, and has no account."""
        if not (
            math.isfinite(self.z) and self.z > 0.0 and math.isfinite(self.limit) and self.limit > 0
        ):
            raise ValueError(f"Noise needs a limit and a z above 0, not {self.limit} and {self.z}.")

    @property
    def grid(self) -> float:
        """The step between two values that can come out."""
        return self.limit * self.z / STEPS

    def prepared(self, delta: npt.NDArray[Any]) -> Sums:
        """A change as it enters the sum: clipped, then whole steps of the grid, towards zero."""
        whole: Sums = np.trunc(clip(delta, self.limit).astype(np.float64) / self.grid)
        return whole

    def partial_sum(self, deltas: Sequence[npt.NDArray[Any]]) -> Partial:
        """Of a shard, in steps of the grid, all of equal weight: `combine` and `release` follow."""
        return partial_sum([self.prepared(delta) for delta in deltas], [1.0] * len(deltas))

    def release(self, parts: Sequence[Partial], source: Bytes = SECURE) -> Sums:
        """The noisy mean: the only thing that may leave. Each call spends; see `Spent`."""
        whole = combine(parts)
        if whole.weight != whole.count or whole.count > MOST_COUNT:
            raise ValueError("Noise goes with equal weights only; add the changes up without any.")
        noise = discrete_gaussian(len(whole.sum), STEPS, source)
        return (whole.sum + noise) * (self.grid / whole.count)


class Spent(msgspec.Struct, frozen=True):
    """The account of a lineage: which noise was used how often, for the manifest.

    releases: z and how many versions were made with it. most_by_one: how many of them one device
    can be in (None: all), which the server must enforce.
    """

    releases: tuple[tuple[float, int], ...] = ()
    delta: float = DELTA
    most_by_one: int | None = None

    def after(self, z: float) -> "Spent":
        """The account with one more version."""
        counts = dict(self.releases)
        counts[z] = counts.get(z, 0) + 1
        return msgspec.structs.replace(self, releases=tuple(sorted(counts.items())))

    def epsilon(self) -> float:
        """Of the device that took part most often, in the versions with least noise; 0 if none.

        Needs dp-accounting, which only the server has.
        """
        left = self.most_by_one
        events = []
        for z, count in self.releases:  # sorted: least noise first
            times = count if left is None else min(count, left)
            left = None if left is None else left - times
            if times:
                events.append((z, times))
        return epsilon(events, self.delta) if events else 0.0

    def as_words(self) -> dict[str, Any]:
        """Plain values for the manifest; `from_words` reads them."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found

    @classmethod
    def from_words(cls, found: dict[str, Any]) -> "Spent":
        """Raises msgspec.ValidationError."""
        return msgspec.convert(found, cls)


def epsilon(events: Sequence[tuple[float, int]], delta: float = DELTA) -> float:
    """ε at δ of one device that was in `times` versions with noise z, for each (z, times).

    Gaussians compose to a Gaussian, exactly (arXiv:1905.02383, corollary 2): all of them together
    are as good as one with noise (Σ times / z²)^(-1/2), so the account takes no time to speak of.
    """
    from dp_accounting import (  # type: ignore[import-untyped]
        GaussianDpEvent,
        NeighboringRelation,
    )
    from dp_accounting.pld import PLDAccountant  # type: ignore[import-untyped]

    # The sum with a change and without it: a Gaussian of deviation z against a shift of 1.
    shift_2 = sum(times / z**2 for z, times in events)
    fine = 1e-4 * max(1.0, shift_2)  # a huge loss need not be known to the fourth digit
    account = PLDAccountant(
        NeighboringRelation.ADD_OR_REMOVE_ONE, value_discretization_interval=fine
    )
    account.compose(GaussianDpEvent(shift_2**-0.5))
    return float(account.get_epsilon(delta))


def noise_on_mean(z: float, size: int, devices: int) -> float:
    """How long the noise on the mean is, in units of C: z √P / K."""
    return z * math.sqrt(size) / devices


def useful_cohort(z: float, size: int, most: float = USEFUL_NOISE) -> int:
    """From how many devices a version of `size` numbers is worth making with noise z."""
    return math.ceil(z * math.sqrt(size) / most)


def promise(z: float, size: int, devices: int, spent: Spent) -> str:
    """What may be said about a version, in words: a figure, or that there is none yet."""
    if z <= 0.0:
        return NOT_YET
    if devices < useful_cohort(z, size):
        needed = useful_cohort(z, size)
        return f"{NOT_YET}: {needed:,} devices a version are needed, {devices:,} took part"
    return (
        f"ε = {spent.epsilon():.2f} at δ = {spent.delta:g} for the device that took part most often"
    )
