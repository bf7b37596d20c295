"""The prior on torch: the reference for training and evaluation.

The backbone reads whole notes (one summed embedding each) and gives one vector a note. Five heads
then predict the next note's fields - time to its onset, pitch, duration, velocity, voice - one
after the other in any order: a head is told the fields chosen before it and nothing of the others,
so for every order the product of the five probabilities is a true likelihood of the note
(orderless training: arXiv:1310.1757).

Music does not change when it is transposed, so the pitch side is told so instead of having to find
out: it reads intervals beside keys, sees which pitch classes were heard lately relative to the last
note, and adds logits for the interval to it to logits for the key.

Labels of style are vectors of their own, averaged and added to every note; none is as good as any.

It refuses to sample and to keep state: that is `engine.model.fast`, which computes the same numbers
without torch.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.encoding import (
    FAMILIES,
    FIELD_SIZES,
    ORDER,
    PITCH,
    PITCH_CLASSES,
    VOICE,
    VOICE_CLASSES,
)
from engine.model.backbones import backbone, before_in_piece
from engine.model.shape import (
    FADES,
    FIRST_PITCH,
    HEAD_ECHOES,
    HEAD_TOLD,
    INTERVAL_REACH,
    LEAP_REACH,
    NEEDS,
    NORM_EPSILON,
    READ_STARTS,
    READS,
    TOLD_STARTS,
    Shape,
)

_FIELDS = len(FIELD_SIZES)
KIND_COLUMN = 7


@dataclass(frozen=True, slots=True)
class Music:
    """Packed pieces for the network; integers unless said otherwise.

    rows (batch, length, 9): the notes as they are to be predicted. segment (batch, length): equal
    numbers belong to one piece. read: `rows` as the past shows them (a held note is open), or None
    where that is the same. rank (batch, length, 5): place of each field in the order of choosing,
    or None for `encoding.ORDER`. style (batch, length, labels): numbers of labels, 0 for none, or
    None.
    """

    rows: Tensor
    segment: Tensor
    read: Tensor | None = None
    rank: Tensor | None = None
    style: Tensor | None = None

    def without_style(self) -> "Music":
        """The same with every label dropped."""
        return replace(self, style=None)


def usual_rank() -> Tensor:
    """Place of each field in `encoding.ORDER`: shape (5,)."""
    return torch.tensor([ORDER.index(field) for field in range(_FIELDS)])


def _squared(hidden: Tensor) -> Tensor:
    return functional.relu(hidden).square()


class Head(nn.Module):
    """One field: a hidden layer on the backbone's vector plus what the head is told.

    The head of the pitch also sees what was heard lately and adds logits of intervals; the others
    add logits that hang on values of the note before (`HEAD_ECHOES`); that of the voice adds logits
    of going on and of passing the turn.
    """

    def __init__(self, width: int, field: int) -> None:
        super().__init__()
        self.field = field
        classes, size = FIELD_SIZES[field], TOLD_STARTS[field][-1]
        self.hidden = nn.Linear(width, width)
        self.told = nn.EmbeddingBag(size + 1, width, mode="sum", padding_idx=size)
        self.logits = nn.Linear(width, classes)
        self.echo = nn.ModuleList(nn.Embedding(n, classes) for n in _echo_sizes(field))
        if field == VOICE:
            self.turns = nn.Linear(width, 2, bias=False)
        if field == PITCH:
            self.around = nn.Linear(12 * len(FADES), width, bias=False)
            self.leaps = nn.Linear(width, 2 * LEAP_REACH + 1, bias=False)

    def forward(
        self, x: Tensor, rows: Tensor, rank: Tensor, before: "Before", heard: Tensor
    ) -> Tensor:
        """Logits (batch, length, classes) for the notes of `rows`, given those ranked before.

        heard: (batch, length, 24) as `pitch_memory`, of the notes before.
        """
        hidden = self.hidden(x) + self._told(rows, rank)
        if self.field == PITCH:
            hidden = _squared(hidden + self.around(heard))
            leap = torch.arange(PITCH_CLASSES) - before.pitch[..., None]
            place = leap.clamp(-LEAP_REACH, LEAP_REACH) + LEAP_REACH
            return self.logits(hidden) + self.leaps(hidden).gather(-1, place)
        hidden = _squared(hidden)
        logits = self.logits(hidden)
        if self.field == VOICE:
            # Logits of "the same voice" and of "the same instrument of the other side".
            last = before.rows[..., VOICE]
            voices = torch.stack([last, (last + FAMILIES) % VOICE_CLASSES], dim=-1)
            turns = self.turns(hidden) * ~before.none[..., None]
            logits = logits.scatter_add(-1, voices, turns.to(logits.dtype))
        for column, table in zip(HEAD_ECHOES[self.field], self.echo, strict=True):
            logits = logits + table(before.rows[..., column]) * ~before.none[..., None]
        return logits

    def _told(self, rows: Tensor, rank: Tensor) -> Tensor:
        """Sum of the vectors of the columns that are known when this field is chosen."""
        nothing = TOLD_STARTS[self.field][-1]
        known = rank < rank[..., self.field, None]
        places = []
        for column, start in zip(HEAD_TOLD[self.field], TOLD_STARTS[self.field], strict=False):
            place = rows[..., column] + start
            if column in NEEDS:
                place = torch.where(known[..., NEEDS[column]], place, nothing)
            places.append(place)
        chosen = torch.stack(places, dim=-1)
        return self.told(chosen.flatten(0, 1)).view(*chosen.shape[:2], -1)


def _echo_sizes(field: int) -> list[int]:
    return [FIELD_SIZES[column] for column in HEAD_ECHOES[field]]


@dataclass(frozen=True, slots=True)
class Before:
    """The note before each note: its row, its pitch, and whether there is none."""

    rows: Tensor
    pitch: Tensor
    none: Tensor


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

    def __init__(self, shape: Shape, *, dropout: float = 0.0) -> None:
        """dropout: share of the backbone's inputs and outputs that training leaves out."""
        super().__init__()
        self.shape = shape
        self.dropout = nn.Dropout(dropout)
        self.start = nn.Parameter(torch.zeros(shape.width))
        self.notes = nn.EmbeddingBag(READ_STARTS[-1], shape.width, mode="sum")
        self.heard = nn.Linear(12 * len(FADES), shape.width, bias=False)
        self.style = nn.EmbeddingBag(shape.styles + 1, shape.width, mode="mean", padding_idx=0)
        self.backbone = backbone(shape)
        self.norm = nn.RMSNorm(shape.width, eps=NORM_EPSILON)
        self.heads = nn.ModuleList(Head(shape.width, field) for field in range(_FIELDS))
        self.reset()

    def reset(self) -> None:
        """Small embeddings, scaled linear maps; residual outputs and echoes start at nothing."""
        for name, module in self.named_modules():
            if isinstance(module, nn.Embedding | nn.EmbeddingBag):
                nn.init.normal_(module.weight, std=0.05)
                if module.padding_idx is not None:
                    nn.init.zeros_(module.weight[module.padding_idx].detach())
            elif isinstance(module, nn.Linear):
                std = module.in_features**-0.5
                if name.endswith(("logits", "leaps", "turns")):
                    std = 0.01
                elif name.endswith(("gather", "narrow")):
                    std = 0.0
                nn.init.normal_(module.weight, std=std)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        nn.init.zeros_(self.style.weight)
        for head in self.heads:
            for table in head.echo:
                nn.init.zeros_(table.weight)

    def embed(self, rows: Tensor, first: Tensor, heard: Tensor) -> Tensor:
        """Embed whole notes: (batch, length, 9) integers to (batch, length, width).

        first: (batch, length), true where a piece begins; heard: see `pitch_memory`.
        """
        pitch = rows[..., PITCH]
        leap = (pitch - pitch.roll(1, dims=1)).clamp(-INTERVAL_REACH, INTERVAL_REACH)
        interval = torch.where(first, 0, leap + INTERVAL_REACH + 1)
        parts = [*(rows[..., column] for column in READS), pitch % 12, interval]
        places = torch.stack(parts, dim=-1) + torch.tensor(READ_STARTS[:-1])
        total = self.notes(places.flatten(0, 1)).view(*pitch.shape, -1)
        return total + self.heard(heard)

    def states(self, music: Music) -> tuple[Tensor, Before, Tensor]:
        """The vector that predicts each note, the note before it, and what was heard till then."""
        read = music.rows if music.read is None else music.read
        first = ~before_in_piece(music.segment, 1)
        heard = pitch_memory(read[..., PITCH], music.segment)
        x = self.embed(read, first, heard).roll(1, dims=1)
        kind = self.notes.weight[READ_STARTS[KIND_COLUMN] + read[..., KIND_COLUMN]]
        x = torch.where(first[..., None], self.start + kind, x)
        if music.style is not None:
            x = x + self.style(music.style.flatten(0, 1)).view_as(x)
        x = self.dropout(self.norm(self.backbone(self.dropout(x), music.segment)))
        last = torch.where(first, FIRST_PITCH, read[..., PITCH].roll(1, dims=1))
        heard = torch.where(first[..., None], 0.0, heard.roll(1, dims=1))
        return x, Before(read.roll(1, dims=1), last, first), heard

    def forward(self, music: Music) -> list[Tensor]:
        """Logits of each field (batch, length, classes), the fields ranked before it given.

        The first note of a piece is predicted from the learnt start, its kind and style alone.
        """
        x, before, heard = self.states(music)
        rank = usual_rank().expand(*music.segment.shape, -1) if music.rank is None else music.rank
        return [head(x, music.rows, rank, before, heard) for head in self.heads]

    def losses(self, music: Music, counted: Tensor) -> Tensor:
        """Cross-entropy in nats of each field of each note: (batch, length, 5).

        counted: (batch, length, 5) booleans; what is not counted (padding, unknown velocity, the
        first onset of a piece, which is 0 by convention) is 0.
        """
        parts = [
            functional.cross_entropy(
                logits.flatten(0, 1), music.rows[..., field].flatten(), reduction="none"
            )
            for field, logits in enumerate(self(music))
        ]
        return torch.stack(parts, dim=-1).view(counted.shape) * counted
