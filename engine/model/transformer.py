"""The first prior: a small causal transformer that takes one step a note.

The backbone reads whole notes (one summed embedding each) and gives one vector a note. Four small
heads then predict the next note's fields one after the other - time to its onset, pitch, duration,
velocity - each given the fields already chosen, so the product of the four probabilities is a true
likelihood of the note.

Music does not change when it is transposed, so the pitch side is told so instead of having to find
out: it reads intervals beside keys, sees which pitch classes were heard lately relative to the last
note, and adds logits for the interval to it to logits for the key.

Pre-norm blocks (RMSNorm, arXiv:1910.07467), rotary positions (arXiv:2104.09864), squared-ReLU
feed-forward (arXiv:2109.08668), a look at the two notes before ahead of attention
(arXiv:2109.08668, section 3.3), attention to the last `window` notes only, so that the recurrent
step of `engine.model.fast` costs the same after ten thousand notes as after three hundred.

This file is the reference for training and evaluation, on torch. It refuses to sample and to keep
state: that is `engine.model.fast`, which computes the same numbers without torch.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.encoding import FIELD_SIZES, PITCH_CLASSES
from engine.model.shape import (
    COLUMN_SIZES,
    FADES,
    FIRST_PITCH,
    HEAD_ECHOES,
    HEAD_SEES,
    INTERVAL_REACH,
    LEAP_REACH,
    LOOK_BACK,
    NORM_EPSILON,
    PITCH_HEAD,
    ROPE_BASE,
    Shape,
)


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
        self.look_back = nn.Parameter(torch.zeros(LOOK_BACK, width))
        self.query_key_value = nn.Linear(width, 3 * width, bias=False)
        self.gather = nn.Linear(width, width, bias=False)
        self.norm_feed = nn.RMSNorm(width, eps=NORM_EPSILON)
        self.widen = nn.Linear(width, 4 * width, bias=False)
        self.narrow = nn.Linear(4 * width, width, bias=False)

    def forward(
        self, x: Tensor, mask: Tensor, same: list[Tensor], cos: Tensor, sin: Tensor
    ) -> Tensor:
        """x: (batch, length, width); mask: (batch, 1, length, length), true where seen.

        same[k]: (batch, length, 1), 1 where the note k + 1 places before is of the same piece.
        """
        batch, length, width = x.shape
        read = normed = self.norm_attend(x)
        for back in range(LOOK_BACK):
            before = normed.roll(back + 1, dims=1) * same[back]
            read = read + before * self.look_back[back]
        mixed = self.query_key_value(read)
        query, key, value = mixed.view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(
            rotate(query, cos, sin), rotate(key, cos, sin), value, attn_mask=mask
        )
        x = x + self.gather(seen.transpose(1, 2).reshape(batch, length, width))
        return x + self.narrow(functional.relu(self.widen(self.norm_feed(x))).square())


class Head(nn.Module):
    """One field: a hidden layer on the backbone's vector plus what the head is told.

    Values of the note before (`echoes`, columns) add their own logits.
    """

    def __init__(
        self, width: int, classes: int, sees: tuple[int, ...], echoes: tuple[int, ...]
    ) -> None:
        super().__init__()
        self.sees, self.echoes = sees, echoes
        self.hidden = nn.Linear(width, width)
        self.given = nn.ModuleList(nn.Embedding(COLUMN_SIZES[column], width) for column in sees)
        self.logits = nn.Linear(width, classes)
        self.echo = nn.ModuleList(nn.Embedding(COLUMN_SIZES[column], classes) for column in echoes)

    def forward(self, x: Tensor, rows: Tensor, first: Tensor) -> Tensor:
        """Logits (batch, length, classes) for the note of `rows` (batch, length, 7).

        first: (batch, length), true where there is no note before.
        """
        logits = self.logits(_squared(_with_given(self, self.hidden(x), rows)))
        before = rows.roll(1, dims=1)
        for column, table in zip(self.echoes, self.echo, strict=True):
            logits = logits + table(before[..., column]) * ~first[..., None]
        return logits


class PitchHead(nn.Module):
    """The pitch: logits of keys plus logits of intervals to the last note."""

    def __init__(self, width: int, classes: int, sees: tuple[int, ...]) -> None:
        super().__init__()
        self.sees = sees
        self.hidden = nn.Linear(width, width)
        self.given = nn.ModuleList(nn.Embedding(COLUMN_SIZES[column], width) for column in sees)
        self.logits = nn.Linear(width, classes)
        self.around = nn.Linear(12 * len(FADES), width, bias=False)
        self.leaps = nn.Linear(width, 2 * LEAP_REACH + 1, bias=False)

    def forward(self, x: Tensor, rows: Tensor, last: Tensor, heard: Tensor) -> Tensor:
        """last: (batch, length) pitch before; heard: (batch, length, 24) as `pitch_memory`."""
        hidden = _squared(_with_given(self, self.hidden(x) + self.around(heard), rows))
        leap = torch.arange(PITCH_CLASSES) - last[..., None]
        place = leap.clamp(-LEAP_REACH, LEAP_REACH) + LEAP_REACH
        return self.logits(hidden) + self.leaps(hidden).gather(-1, place)


def _with_given(head: Head | PitchHead, hidden: Tensor, rows: Tensor) -> Tensor:
    """Add what a head is told of the next note: the columns it sees."""
    for column, table in zip(head.sees, head.given, strict=True):
        hidden = hidden + table(rows[..., column])
    return hidden


def _squared(hidden: Tensor) -> Tensor:
    return functional.relu(hidden).square()


def pitch_memory(pitch: Tensor, segment: Tensor) -> Tensor:
    """Pitch classes heard up to each note, faded, relative to that note's: (batch, length, 24).

    pitch, segment: (batch, length). Each fade's part sums to 1.
    """
    index = torch.arange(pitch.shape[1])
    age = (index[:, None] - index[None, :]).clamp(min=0)
    seen = (index[:, None] >= index[None, :]) & (segment[:, :, None] == segment[:, None, :])
    heard = functional.one_hot(pitch % 12, 12).float()
    turn = (torch.arange(12) + (pitch % 12)[..., None]) % 12
    parts = []
    for fade in FADES:
        weight = (fade**age) * seen
        total = weight @ heard / weight.sum(dim=-1, keepdim=True)
        parts.append(total.gather(-1, turn))
    return torch.cat(parts, dim=-1)


class Prior(nn.Module):
    """The whole network. `forward` scores every note of packed sequences in parallel."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.start = nn.Parameter(torch.zeros(shape.width))
        self.columns = nn.ModuleList(nn.Embedding(size, shape.width) for size in COLUMN_SIZES)
        self.pitch_class = nn.Embedding(12, shape.width)
        self.interval = nn.Embedding(2 * INTERVAL_REACH + 2, shape.width)
        self.heard = nn.Linear(12 * len(FADES), shape.width, bias=False)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.width, eps=NORM_EPSILON)
        self.heads = nn.ModuleList(
            PitchHead(shape.width, classes, sees)
            if number == PITCH_HEAD
            else Head(shape.width, classes, sees, HEAD_ECHOES[number])
            for number, (classes, sees) in enumerate(zip(FIELD_SIZES, HEAD_SEES, strict=True))
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
            if isinstance(head, PitchHead):
                nn.init.normal_(head.leaps.weight, std=0.01)
            else:
                for table in head.echo:
                    nn.init.zeros_(table.weight)

    def read(self, rows: Tensor, first: Tensor, heard: Tensor) -> Tensor:
        """Embed whole notes: (batch, length, 7) integers to (batch, length, width).

        first: (batch, length), true where a piece begins; heard: see `pitch_memory`.
        """
        pitch = rows[..., 1]
        leap = (pitch - pitch.roll(1, dims=1)).clamp(-INTERVAL_REACH, INTERVAL_REACH)
        interval = torch.where(first, 0, leap + INTERVAL_REACH + 1)
        total = self.pitch_class(pitch % 12) + self.interval(interval) + self.heard(heard)
        for column, table in enumerate(self.columns):
            total = total + table(rows[..., column])
        return total

    def forward(self, rows: Tensor, segment: Tensor) -> list[Tensor]:
        """Logits of each field (batch, length, classes), the fields before it taken from rows.

        rows: (batch, length, 7); segment: (batch, length), equal numbers belong to one piece; the
        first note of a piece is predicted from the learnt start and its kind alone.
        """
        length = rows.shape[1]
        index = torch.arange(length)
        places = [
            (index > back) * (segment == segment.roll(back + 1, 1)) for back in range(LOOK_BACK)
        ]
        first = ~places[0]
        heard = pitch_memory(rows[..., 1], segment)
        before = self.read(rows, first, heard).roll(1, dims=1)
        x = torch.where(first[..., None], self.start + self.columns[6](rows[..., 6]), before)
        distance = index[:, None] - index[None, :]
        near = (distance >= 0) & (distance < self.shape.window)
        mask = (near & (segment[:, :, None] == segment[:, None, :]))[:, None]
        cos, sin = rotary_tables(length, self.shape.width // self.shape.heads)
        same = [place[..., None].float() for place in places]
        for block in self.blocks:
            x = block(x, mask, same, cos, sin)
        x = self.norm(x)
        last = torch.where(first, FIRST_PITCH, rows[..., 1].roll(1, dims=1))
        heard = torch.where(first[..., None], 0.0, heard.roll(1, dims=1))
        onset, pitch, duration, velocity = self.heads
        return [
            onset(x, rows, first),
            pitch(x, rows, last, heard),
            duration(x, rows, first),
            velocity(x, rows, first),
        ]

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
