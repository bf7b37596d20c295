"""Several predictions of the same notes become one.

`mixed` is the published way: the mean, each weighted by how sure it is, (H / log2 A) ** -bias with
H the entropy of the prediction and A the size of the alphabet (Conklin 1990; Pearce 2005, ch. 6).

`Pool` multiplies in place of adding (a logarithmic opinion pool, Genest and Zidek 1986,
doi:10.1214/ss/1177013825): P(x) ~ product of P_m(x) ** e_m, where the exponent e_m of a model is
linear in how sure it is. Its few numbers are fitted on melodies that are kept back.

It refuses to know where predictions come from. Every prediction is an array (notes, symbols).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.evaluate.melody.sets import Chances, Column

BIAS = 2.0
_LEAST = 1e-12
_PULL = 1.0
"""How strongly a fit holds on to equal exponents, in nats: little, but enough for few notes."""


def uncertainty(chances: Chances) -> Chances:
    """Entropy of each prediction as a share of the largest possible one, in (0, 1]: (notes,)."""
    entropy = -(chances * np.log2(np.maximum(chances, _LEAST))).sum(axis=1)
    most = np.log2(chances.shape[1]) if chances.shape[1] > 1 else 1.0
    return np.clip(entropy / most, 1e-6, 1.0)


def mixed(parts: Sequence[Chances], *, bias: float = BIAS) -> Chances:
    """The mean of several predictions, the surer the heavier: (notes, symbols)."""
    weights = np.array([uncertainty(part) ** -bias for part in parts])
    weights /= weights.sum(axis=0)
    mean: Chances = np.einsum("mn,mnk->nk", weights, np.array(parts))
    return mean


@dataclass(frozen=True, slots=True)
class Pool:
    """A fitted product of predictions; base and lean have one number for each of them.

    The exponent of a model at a note is base + lean * (0.5 - `uncertainty`).
    """

    base: tuple[float, ...]
    lean: tuple[float, ...]

    @classmethod
    def fit(cls, parts: Sequence[Chances], came: Column) -> "Pool":
        """The pool that predicts best what came: (notes,) symbols."""
        logs, sure = _features(parts)
        start = torch.zeros(2, len(parts), dtype=torch.float64)
        start[0] = 1 / len(parts)
        numbers = start.clone().requires_grad_(True)
        target = torch.from_numpy(came)
        optimiser = torch.optim.LBFGS([numbers], max_iter=100, line_search_fn="strong_wolfe")

        def nats() -> Tensor:
            optimiser.zero_grad()
            said = _pooled(numbers, logs, sure).gather(1, target[:, None])
            total = _PULL * (numbers - start).square().sum() - said.sum()
            total.backward()
            return total

        optimiser.step(nats)
        base, lean = numbers.detach().tolist()
        return cls(tuple(base), tuple(lean))

    def chances(self, parts: Sequence[Chances]) -> Chances:
        """The product of these predictions: (notes, symbols)."""
        numbers = torch.tensor([self.base, self.lean], dtype=torch.float64)
        product: Chances = _pooled(numbers, *_features(parts)).exp().numpy()
        return product


def _features(parts: Sequence[Chances]) -> tuple[Tensor, Tensor]:
    """Logarithms (models, notes, symbols) and sureness (models, notes)."""
    logs = np.log(np.maximum(np.array(parts), _LEAST))
    sure = 0.5 - np.array([uncertainty(part) for part in parts])
    return torch.from_numpy(logs), torch.from_numpy(sure)


def _pooled(numbers: Tensor, logs: Tensor, sure: Tensor) -> Tensor:
    exponent = numbers[0][:, None] + numbers[1][:, None] * sure
    return torch.log_softmax((exponent[..., None] * logs).sum(dim=0), dim=-1)
