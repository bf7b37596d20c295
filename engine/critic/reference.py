"""The critic on torch: the reference for training; `engine.critic.network` computes the same.

Answers of unlike length stand side by side in a batch, filled up with notes that nobody sees.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# Training is a program of its own; what plays (engine.critic.network) never imports this module.
import torch  # noqa: TID253
from torch import Tensor, nn  # noqa: TID253
from torch.nn import functional  # noqa: TID253

from engine.critic.inputs import MEASURES, RELATIONS, TABLES, Look
from engine.critic.network import HINTS, REACH

WIDTH = 64
LAYERS = 2
HEADS = 4
DROPOUT = 0.15
_NOBODY = -1e9


@dataclass(frozen=True, slots=True)
class Batch:
    """Several looks, b of them, filled up to t notes.

    numbers (b, t, tables), measures (b, t, measures), alike (b, t, relations): as in a look;
    answered, there (b, t): whether a note answers, and whether there is one.
    """

    numbers: Tensor
    measures: Tensor
    alike: Tensor
    answered: Tensor
    there: Tensor


def batch_of(looks: Sequence[Look]) -> Batch:
    """Looks side by side; each must hold at least one note that answers."""
    many, longest = len(looks), max(len(one.numbers) for one in looks)
    numbers = np.full((many, longest, len(TABLES)), sum(TABLES), dtype=np.int64)
    measures = np.zeros((many, longest, MEASURES), dtype=np.float32)
    alike = np.full((many, longest, RELATIONS), -1, dtype=np.int64)
    answered = np.zeros((many, longest), dtype=bool)
    there = np.zeros((many, longest), dtype=bool)
    for place, one in enumerate(looks):
        count = len(one.numbers)
        numbers[place, :count], measures[place, :count] = one.numbers, one.measures
        alike[place, :count], there[place, :count] = one.alike, True
        answered[place, one.heard : count] = True
    return Batch(*(torch.from_numpy(a) for a in (numbers, measures, alike, answered, there)))


class Block(nn.Module):  # type: ignore[misc]  # torch is Any
    """One layer: each note looks at its neighbours, at all others, then thinks."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.near = nn.Parameter((torch.rand(width, 3) - 0.5) * 3**-0.5)
        self.near_bias = nn.Parameter(torch.zeros(width))
        self.attend, self.attended = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.hints = nn.Parameter(torch.zeros(heads, HINTS))
        self.distance = nn.Parameter(torch.zeros(heads, 2 * REACH + 1))
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x: Tensor, hints: Tensor, apart: Tensor, there: Tensor) -> Tensor:
        """x (b, t, width); hints (b, HINTS, t, t); apart (t, t); there (b, t)."""
        many, length, width = x.shape
        heads = len(self.hints)
        y = self.before(x)
        alone = functional.pad(y * there[..., None], (0, 0, 1, 1))
        y = y * (1 + self.near[:, 1]) + self.near_bias
        y = y + alone[:, :-2] * self.near[:, 0] + alone[:, 2:] * self.near[:, 2]
        parts = self.attend(y).view(many, length, 3, heads, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        weight = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
        weight = weight + (self.hints @ hints.flatten(2)).view(many, heads, length, length)
        weight = weight + self.distance[:, apart]
        weight = weight.masked_fill(~there[:, None, None, :], _NOBODY).softmax(-1)
        looked = (weight @ value).transpose(1, 2).reshape(many, length, width)
        x = x + functional.dropout(self.attended(looked), DROPOUT, self.training)
        hidden = functional.relu(self.up(self.between(x)))
        found: Tensor = x + functional.dropout(self.down(hidden), DROPOUT, self.training)
        return found


class Reference(nn.Module):  # type: ignore[misc]  # torch is Any
    """The whole critic; its state has the names and shapes of the weights on disk."""

    def __init__(self, width: int = WIDTH, layers: int = LAYERS, heads: int = HEADS) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(sum(TABLES), width) * 0.3)
        self.measures = nn.Linear(MEASURES, width)
        self.block = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.last = nn.ModuleList([nn.Linear(2 * width, width), nn.Linear(width, 1)])

    def forward(self, batch: Batch) -> Tensor:
        """Logarithm of the odds that a human answered: shape (b,)."""
        # What fills a batch up reads a row of zeros.
        table = functional.pad(self.table, (0, 0, 0, 1))
        x = functional.embedding(batch.numbers, table).sum(2) + self.measures(batch.measures)
        x = functional.dropout(x, DROPOUT, self.training)
        hints, apart = _hints(batch), _apart(x.shape[1])
        for block in self.block:
            x = block(x, hints, apart, batch.there)
        x, own = self.norm(x), batch.answered[..., None]
        mean = (x * own).sum(1) / own.sum(1)
        most = x.masked_fill(~own, _NOBODY).amax(1)
        hidden = functional.relu(self.last[0](torch.cat([mean, most], 1)))
        found: Tensor = self.last[1](functional.dropout(hidden, DROPOUT, self.training))
        return found[:, 0]

    def tensors(self) -> dict[str, np.ndarray]:
        """The weights for `engine.critic.network`."""
        return {name: tensor.detach().numpy().copy() for name, tensor in self.state_dict().items()}


def _hints(batch: Batch) -> Tensor:
    one = batch.alike.transpose(1, 2)
    same = (one[..., :, None] == one[..., None, :]) & (one[..., :, None] >= 0)
    side = batch.answered[:, :, None] == batch.answered[:, None, :]
    both = same[:, 2] & same[:, 3]
    return torch.cat([same, side[:, None], both[:, None]], 1).float()


def _apart(length: int) -> Tensor:
    number = torch.arange(length)
    return (number[None, :] - number[:, None]).clamp(-REACH, REACH) + REACH
