"""The first prior: a small causal transformer that takes one step a note.

The backbone reads whole notes (one summed embedding each) and gives one vector a note. Four small
heads then predict the next note's fields one after the other - time to its onset, pitch, duration,
velocity - each given the fields already chosen, so the product of the four probabilities is a true
likelihood of the note.

Pre-norm blocks (RMSNorm, arXiv:1910.07467), rotary positions (arXiv:2104.09864), squared-ReLU
feed-forward (arXiv:2109.08668), attention to the last `window` notes only, so that the recurrent
step of `engine.model.fast` costs the same after ten thousand notes as after three hundred.

This file is the reference for training and evaluation, on torch. It refuses to sample and to keep
state: that is `engine.model.fast`, which computes the same numbers without torch.
"""

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.encoding import (
    BAR_POSITIONS,
    BEAT_POSITIONS,
    FIELD_SIZES,
    KINDS,
    PITCH_CLASSES,
    TIME_CLASSES,
    VELOCITY_CLASSES,
)

ROPE_BASE = 10_000.0
NORM_EPSILON = 1e-6

# Size of the table of each input column, in the order of `encoding.COLUMNS`.
COLUMN_SIZES = (
    TIME_CLASSES,
    PITCH_CLASSES,
    TIME_CLASSES,
    VELOCITY_CLASSES,
    BEAT_POSITIONS,
    BAR_POSITIONS,
    KINDS,
)
# Columns of the next note that each head is told, by index: what is chosen before it, and where in
# the bar the chosen onset falls.
HEAD_SEES = ((6,), (0, 4, 5, 6), (0, 1, 4, 5, 6), (0, 1, 2, 4, 5, 6))


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of the network; `window` is how many notes back each layer attends."""

    width: int = 256
    layers: int = 4
    heads: int = 4
    window: int = 256

    def as_text(self) -> dict[str, str]:
        """For the metadata of a checkpoint."""
        return {name: str(value) for name, value in asdict(self).items()}


def rotary_tables(length: int, head_width: int) -> tuple[Tensor, Tensor]:
    """cos and sin of shape (length, head_width / 2) for positions 0..length-1."""
    frequency = ROPE_BASE ** (-torch.arange(0, head_width, 2, dtype=torch.float64) / head_width)
    angle = torch.arange(length, dtype=torch.float64)[:, None] * frequency[None, :]
    return angle.cos().float(), angle.sin().float()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn the halves of x, shape (..., length, head_width), by their positions."""
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, first * sin + second * cos), dim=-1)


class Block(nn.Module):
    """Attention and feed-forward, each behind a norm and added to the stream."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width = shape.width
        self.heads = shape.heads
        self.norm_attend = nn.RMSNorm(width, eps=NORM_EPSILON)
        self.query_key_value = nn.Linear(width, 3 * width, bias=False)
        self.gather = nn.Linear(width, width, bias=False)
        self.norm_feed = nn.RMSNorm(width, eps=NORM_EPSILON)
        self.widen = nn.Linear(width, 4 * width, bias=False)
        self.narrow = nn.Linear(4 * width, width, bias=False)

    def forward(self, x: Tensor, mask: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """x: (batch, length, width); mask: (batch, 1, length, length), true where seen."""
        batch, length, width = x.shape
        mixed = self.query_key_value(self.norm_attend(x))
        query, key, value = mixed.view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(
            rotate(query, cos, sin), rotate(key, cos, sin), value, attn_mask=mask
        )
        x = x + self.gather(seen.transpose(1, 2).reshape(batch, length, width))
        return x + self.narrow(functional.relu(self.widen(self.norm_feed(x))).square())


class Head(nn.Module):
    """One field: a hidden layer on the backbone's vector plus what the head is told."""

    def __init__(self, width: int, classes: int, sees: tuple[int, ...]) -> None:
        super().__init__()
        self.sees = sees
        self.hidden = nn.Linear(width, width)
        self.given = nn.ModuleList(nn.Embedding(COLUMN_SIZES[column], width) for column in sees)
        self.logits = nn.Linear(width, classes)

    def forward(self, x: Tensor, rows: Tensor) -> Tensor:
        """Logits (batch, length, classes) for the note of `rows` (batch, length, 7)."""
        hidden = self.hidden(x)
        for column, table in zip(self.sees, self.given, strict=True):
            hidden = hidden + table(rows[..., column])
        return self.logits(functional.relu(hidden).square())


class Prior(nn.Module):
    """The whole network. `forward` scores every note of packed sequences in parallel."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.start = nn.Parameter(torch.zeros(shape.width))
        self.columns = nn.ModuleList(nn.Embedding(size, shape.width) for size in COLUMN_SIZES)
        self.pitch_class = nn.Embedding(12, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.width, eps=NORM_EPSILON)
        self.heads = nn.ModuleList(
            Head(shape.width, classes, sees)
            for classes, sees in zip(FIELD_SIZES, HEAD_SEES, strict=True)
        )
        self.reset()

    def reset(self) -> None:
        """Small embeddings, scaled linear maps, residual outputs starting at nothing."""
        for module in self.modules():
            if isinstance(module, nn.Embedding):
                nn.init.normal_(module.weight, std=0.05)
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=module.in_features**-0.5)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        for block in self.blocks:
            nn.init.zeros_(block.gather.weight)
            nn.init.zeros_(block.narrow.weight)
        for head in self.heads:
            nn.init.normal_(head.logits.weight, std=0.01)

    def read(self, rows: Tensor) -> Tensor:
        """Embed whole notes: (..., 7) integers to (..., width)."""
        total = self.pitch_class(rows[..., 1] % 12)
        for column, table in enumerate(self.columns):
            total = total + table(rows[..., column])
        return total

    def backbone(self, rows: Tensor, segment: Tensor) -> Tensor:
        """Vectors (batch, length, width) that predict each note from those before it.

        rows: (batch, length, 7); segment: (batch, length), equal numbers belong to one piece; the
        first note of a segment is predicted from the learnt start and its kind alone.
        """
        length = rows.shape[1]
        first = torch.ones_like(segment, dtype=torch.bool)
        first[:, 1:] = segment[:, 1:] != segment[:, :-1]
        before = self.read(rows).roll(1, dims=1)
        x = torch.where(first[..., None], self.start + self.columns[6](rows[..., 6]), before)
        index = torch.arange(length)
        distance = index[:, None] - index[None, :]
        near = (distance >= 0) & (distance < self.shape.window)
        mask = (near & (segment[:, :, None] == segment[:, None, :]))[:, None]
        cos, sin = rotary_tables(length, self.shape.width // self.shape.heads)
        for block in self.blocks:
            x = block(x, mask, cos, sin)
        return self.norm(x)

    def forward(self, rows: Tensor, segment: Tensor) -> list[Tensor]:
        """Logits of each field (batch, length, classes), the fields before it taken from rows."""
        x = self.backbone(rows, segment)
        return [head(x, rows) for head in self.heads]

    def losses(self, rows: Tensor, segment: Tensor, counted: Tensor) -> Tensor:
        """Cross-entropy in nats of each field of each note: (batch, length, 4).

        counted: (batch, length, 4) booleans; what is not counted (padding, unknown velocity, the
        first onset of a piece, which is 0 by convention) is 0.
        """
        logits = self(rows, segment)
        parts = [
            functional.cross_entropy(
                field.flatten(0, 1), rows[..., column].flatten(), reduction="none"
            )
            for column, field in enumerate(logits)
        ]
        return torch.stack(parts, dim=-1).view(counted.shape) * counted
