"""What the server does with the mean change: one step of an optimiser whose gradient it is.

    plain      w + η Δ. With Δ = Σ n_k/n (w_k - w) and η = 1 it is FedAvg (arXiv:1602.05629); with
               η < 1 and clients that take more steps it is Reptile (arXiv:1803.02999)
    momentum   m = β m + Δ; w + η m (FedAvgM, Hsu et al. 2019, arXiv:1909.06335)
    adam       m = β1 m + (1-β1) Δ; v = β2 v + (1-β2) Δ²; w + η m / (√v + τ), without correction of
               the start (FedAdam, Reddi et al. 2021, arXiv:2003.00295, algorithm 2)

Each is (state, mean) -> (state, step); the step is added to the model. The state is plain arrays,
so that the server can keep it beside the version. It refuses to change anything in place.
"""

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Sums = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """What an optimiser remembers between versions, by name; nothing before the first."""

    moments: dict[str, Sums]


FRESH = State({})
RATES = {"fedavg": 1.0, "fedavgm": 0.6, "fedadam": 0.01}
"""The server's rate of each rule where nobody names one (docs/adr/0024)."""


class ServerRule(Protocol):
    """See the module."""

    @property
    def name(self) -> str:
        """As the manifest says it."""

    def step(self, state: State, mean: npt.NDArray[Any]) -> tuple[State, Sums]:
        """The state afterwards, and what to add to the model."""


@dataclass(frozen=True, slots=True)
class FedAvg:
    """rate: η, the server's rate; 1 is FedAvg, less is Reptile's outer step."""

    rate: float = 1.0
    name: str = "fedavg"

    def step(self, state: State, mean: npt.NDArray[Any]) -> tuple[State, Sums]:
        """See the module."""
        return state, self.rate * np.asarray(mean, np.float64)


@dataclass(frozen=True, slots=True)
class FedAvgM:
    """momentum: β."""

    rate: float = 1.0
    momentum: float = 0.9
    name: str = "fedavgm"

    def step(self, state: State, mean: npt.NDArray[Any]) -> tuple[State, Sums]:
        """See the module."""
        gradient = np.asarray(mean, np.float64)
        first = self.momentum * _moment(state, "first", gradient) + gradient
        return State({"first": first}), self.rate * first


@dataclass(frozen=True, slots=True)
class FedAdam:
    """As the paper names them; rate: η. v begins at τ², the least that the paper allows."""

    rate: float = 0.01
    beta_1: float = 0.9
    beta_2: float = 0.99
    tau: float = 1e-4
    name: str = "fedadam"

    def step(self, state: State, mean: npt.NDArray[Any]) -> tuple[State, Sums]:
        """See the module."""
        gradient = np.asarray(mean, np.float64)
        first = self.beta_1 * _moment(state, "first", gradient) + (1 - self.beta_1) * gradient
        before = _moment(state, "second", gradient, self.tau**2)
        second = self.beta_2 * before + (1 - self.beta_2) * gradient**2
        return State({"first": first, "second": second}), self.rate * first / (
            np.sqrt(second) + self.tau
        )


def _moment(state: State, name: str, like: Sums, first: float = 0.0) -> Sums:
    found = state.moments.get(name)
    if found is None:
        return np.full(like.shape, first)
    if found.shape != like.shape:
        raise ValueError(
            "The optimiser's state belongs to another lineage; begin with a fresh one."
        )
    return found


def rule(name: str, rate: float | None = None) -> ServerRule:
    """By the name that a manifest or a setting says. Raises ValueError with a sentence."""
    rules: dict[str, Any] = {"fedavg": FedAvg, "fedavgm": FedAvgM, "fedadam": FedAdam}
    if name not in rules:
        raise ValueError(f"There is no rule {name!r}; name one of {', '.join(rules)}.")
    if rate is not None and not (math.isfinite(rate) and rate > 0.0):
        raise ValueError(f"The server's rate {rate} must be above 0.")
    chosen: ServerRule = rules[name](rate=RATES[name] if rate is None else rate)
    return chosen
