"""A classifier two-sample test: can a small network tell a system's continuations from human ones?

Lopez-Paz & Oquab, "Revisiting classifier two-sample tests" (ICLR 2017, arXiv:1610.06545): a
classifier learns on one part of the examples and is asked about the rest; accuracy is 0.5 if the
two kinds cannot be told apart. An example is a prime with a continuation, the human one or the
system's, so every prime stands on both sides, and never in both halves. Each half is asked once
after learning on the other, so that every prime counts.

The network is a mean of several small perceptrons over what `traits` says of a continuation given
its prime. It refuses to tune itself on what it is asked.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from engine.evaluate.continuation.passages import Excerpt, Passage
from engine.evaluate.continuation.traits import Values, features

_NETWORKS = 5
_WIDTH = 48
_EPOCHS = 100
_BATCH = 50
_RATE = 2e-3
_DECAY = 3e-2
_DROPOUT = 0.4


@dataclass(frozen=True, slots=True)
class Verdict:
    """right: for each prime the share of its two examples that were told rightly. Shape (n,)."""

    right: Values

    @property
    def accuracy(self) -> float:
        """0.5 if nothing could be told."""
        return float(self.right.mean())


def tell_apart(
    passages: Sequence[Passage],
    system: Sequence[Excerpt],
    *,
    seed: int,
    progress: Callable[[], object] = lambda: None,
) -> Verdict:
    """Tell `system` (one continuation a passage) from the truth; `progress` is called twice."""
    human = np.stack([features(each, each.truth) for each in passages])
    other = np.stack([features(each, found) for each, found in zip(passages, system, strict=True)])
    order = np.random.default_rng(seed).permutation(len(passages))
    halves = (order[: len(order) // 2], order[len(order) // 2 :])
    right = np.zeros(len(passages))
    for learnt, asked in (halves, halves[::-1]):
        guess = _guess(human[learnt], other[learnt], np.concatenate([human[asked], other[asked]]),
                       seed=seed)  # fmt: skip
        of_human, of_other = guess[: len(asked)], guess[len(asked) :]
        right[asked] = ((of_human < 0.5) * 1.0 + (of_other >= 0.5) * 1.0) / 2
        progress()
    return Verdict(right)


def _guess(human: Values, other: Values, asked: Values, *, seed: int) -> Values:
    """Probability that each asked example is the system's."""
    inputs = np.concatenate([human, other])
    mean, spread = inputs.mean(0), inputs.std(0)
    # What never varies says nothing, and what hardly varies must not shout.
    scale = np.where(spread > 1e-6, 1 / np.maximum(spread, 1e-2), 0.0)

    def ready(values: Values) -> torch.Tensor:
        return torch.from_numpy(np.clip((values - mean) * scale, -4, 4).astype(np.float32))

    wanted = torch.cat([torch.zeros(len(human)), torch.ones(len(other))])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        networks = _fit(ready(inputs), wanted)
    with torch.inference_mode():
        logits = networks(ready(asked).expand(_NETWORKS, -1, -1))
        guess: Values = torch.sigmoid(logits).mean(0).double().numpy()
        return guess


class _Networks(nn.Module):
    """Perceptrons side by side, each with weights and examples of its own."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.into = nn.Parameter(torch.randn(_NETWORKS, inputs, _WIDTH) * inputs**-0.5)
        self.bias = nn.Parameter(torch.zeros(_NETWORKS, 1, _WIDTH))
        self.out = nn.Parameter(torch.randn(_NETWORKS, _WIDTH, 1) * _WIDTH**-0.5)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Logits, shape (networks, examples), of inputs (networks, examples, features)."""
        seen = nn.functional.dropout(inputs, _DROPOUT / 2, self.training)
        hidden = torch.relu(torch.baddbmm(self.bias, seen, self.into))
        hidden = nn.functional.dropout(hidden, _DROPOUT, self.training)
        return torch.bmm(hidden, self.out)[:, :, 0]


def _fit(inputs: torch.Tensor, wanted: torch.Tensor) -> _Networks:
    """The networks, trained for a fixed time, each on an order of its own."""
    networks = _Networks(inputs.shape[1])
    adam = torch.optim.AdamW(networks.parameters(), lr=_RATE, weight_decay=_DECAY)
    for _ in range(_EPOCHS):
        orders = torch.rand(_NETWORKS, len(inputs)).argsort(1)
        for chosen in orders.split(_BATCH, 1):
            # Wrong by a twentieth on purpose: no example is worth certainty.
            target = 0.9 * wanted[chosen] + 0.05
            loss = nn.functional.binary_cross_entropy_with_logits(networks(inputs[chosen]), target)
            adam.zero_grad()
            (_NETWORKS * loss).backward()
            adam.step()
    return networks.eval()
