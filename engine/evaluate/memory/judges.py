"""Fits a judge: how the votes of the contexts change what the prior believes.

The same numbers as `engine.memory.judge`, on torch, many notes at a time (a test holds the two
together). The best pass is kept, by players who are left out. It refuses to gather votes.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from engine.evaluate.memory.examples import Examples, Ints
from engine.memory.judge import MOST_GAIN, WIDTH, parts
from engine.memory.weights import Vector

PASSES = 5
LEFT_OUT = 0.12
"""Share of the players by whom the best pass is chosen."""
_BATCH, _RATE, _DECAY, _WARM_UP = 512, 4e-3, 1e-3, 50
_ASKED_AT_ONCE = 2048
_SPREADS = {"pair": 0.2, "whole": 0.1, "alone": 0.2, "kinds": 0.05, "out": 0.1}


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """Some notes of `Examples`, numbered from 0; votes (symbols, contexts * 3), 0 for none."""

    kind: Tensor
    whole: Tensor
    moment: Tensor
    wanted: Tensor
    note: Tensor
    chance: Tensor
    votes: Tensor


def _ranges(first: Ints, end: Ints) -> tuple[Ints, Ints]:
    """All numbers of first..end for each pair, and which pair each is of."""
    length = end - first
    begin = np.cumsum(length) - length
    which = np.repeat(np.arange(len(first)), length)
    return np.arange(int(length.sum())) - begin[which] + first[which], which


def batch_of(examples: Examples, notes: Ints) -> _Batch:
    """These notes with their symbols and votes."""
    symbols, note = _ranges(examples.first[notes], examples.first[notes + 1])
    votes, symbol = _ranges(examples.pairs[symbols], examples.pairs[symbols + 1])
    begin = np.cumsum(examples.first[notes + 1] - examples.first[notes])
    begin = np.concatenate([[0], begin[:-1]])
    seen = np.zeros((len(symbols), examples.whole.shape[1], examples.vote.shape[1]), np.float32)
    seen[symbol, examples.context[votes]] = examples.vote[votes]
    wanted = examples.wanted[notes]
    wanted = np.where(wanted >= 0, wanted - examples.first[notes] + begin, -1)
    return _Batch(
        kind=torch.from_numpy(examples.kind[notes]),
        whole=torch.from_numpy(examples.whole[notes]),
        moment=torch.from_numpy(examples.moment[notes]),
        wanted=torch.from_numpy(wanted),
        note=torch.from_numpy(note),
        chance=torch.from_numpy(examples.chance[symbols]),
        votes=torch.from_numpy(seen).flatten(1),
    )


class Judge(nn.Module):
    """The judge of one field; see `engine.memory.judge`."""

    def __init__(self, field: int, *, seed: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        for name, shape in parts(field):
            start = torch.randn(shape, generator=generator) * _SPREADS[name]
            self.register_parameter(name, nn.Parameter(start))
        self._names = [name for name, _ in parts(field)]

    def gains(self, batch: _Batch) -> Tensor:
        """What is added to the log chance of each symbol that has votes."""
        pair, whole, alone, kinds, out = (self.get_parameter(name) for name in self._names)
        base = kinds[batch.kind] + batch.whole.flatten(1) @ whole.flatten(0, 1)
        base = base + batch.moment[:, :1] * alone[2] + batch.moment[:, 1:2] * alone[3]
        units = base[batch.note] + batch.chance[:, None] * 0.1 * alone[0]
        units = units + batch.chance.exp()[:, None] * alone[1]
        units = units + batch.votes @ pair.flatten(0, 1)
        units = torch.cat([units[:, : WIDTH - 1].relu(), units[:, WIDTH - 1 :]], dim=1)
        return (units @ out).clamp(-float(MOST_GAIN), float(MOST_GAIN))

    def forward(self, batch: _Batch) -> Tensor:
        """Nats of what came, of each note; only what has votes changes, so the sum is short."""
        gains = self.gains(batch)
        change = batch.chance.exp() * (gains.exp() - 1.0)
        total = torch.ones(len(batch.kind)).index_add(0, batch.note, change)
        padded = torch.cat([gains, torch.zeros(1)])  # -1 finds the zero
        return total.clamp(min=1e-6).log() - batch.moment[:, 2] - padded[batch.wanted]

    def as_vector(self) -> Vector:
        """As `engine.memory.judge` takes it."""
        flat = [self.get_parameter(name).detach().flatten() for name in self._names]
        return torch.cat(flat).numpy().astype(np.float32)


@torch.no_grad()
def bits(judge: Judge, examples: Examples, notes: Ints) -> np.ndarray:
    """Bits of each of these notes."""
    batches = [
        batch_of(examples, notes[first : first + _ASKED_AT_ONCE])
        for first in range(0, len(notes), _ASKED_AT_ONCE)
    ]
    found = [judge(batch).numpy() for batch in batches]
    return np.concatenate(found) / math.log(2) if found else np.zeros(0)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A judge and how it did on the players that were left out: bits a note, prior and both."""

    vector: Vector
    before: float
    after: float
    passes: int


def fit(
    field: int,
    examples: Examples,
    *,
    seed: int = 1,
    passes: int = PASSES,
    progress: Callable[[int], object] = lambda _: None,
) -> Fitted:
    """Fit the judge of a field; `progress` is told the passes that are over."""
    rng = np.random.default_rng(seed)
    out = rng.random(int(examples.player.max()) + 1) < LEFT_OUT
    out[int(rng.integers(len(out)))] = True
    asked = np.flatnonzero(out[examples.player])
    train = np.flatnonzero(~out[examples.player])
    judge = Judge(field, seed=seed)
    optimizer = torch.optim.AdamW(
        judge.parameters(), lr=_RATE, weight_decay=_DECAY, betas=(0.9, 0.99)
    )
    steps = max(passes * (len(train) // _BATCH), 1)
    best = Fitted(judge.as_vector(), 0.0, math.inf, 0)
    before = float(-examples.moment[asked, 2].mean() / math.log(2))
    step = 0
    for number in range(passes):
        order = rng.permutation(train)
        for first in range(0, len(order) - _BATCH + 1, _BATCH):
            rate = _RATE * min(1.0, step / _WARM_UP) * (1.0 - step / steps)
            for group in optimizer.param_groups:
                group["lr"] = rate
            loss = judge(batch_of(examples, order[first : first + _BATCH])).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
        after = float(bits(judge, examples, asked).mean())
        if after < best.after:
            best = Fitted(judge.as_vector(), before, after, number + 1)
        progress(1)
    return best
