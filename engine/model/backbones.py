"""Backbones of the prior on torch: a transformer, a GRU and an LSTM behind one interface.

`forward(x, segment)` takes embedded notes of packed pieces, shape (batch, length, width), and gives
one vector a note; it never looks ahead nor into another piece. `segment` (batch, length) has equal
numbers for the notes of a piece, one behind the other.

Transformer: pre-norm blocks (RMSNorm, arXiv:1910.07467), rotary positions (arXiv:2104.09864),
squared-ReLU feed-forward (arXiv:2109.08668), a look at the two notes before ahead of attention
(arXiv:2109.08668, section 3.3), attention to the last `window` notes only. GRU (arXiv:1406.1078)
and LSTM (doi:10.1162/neco.1997.9.8.1735): layers of torch beside a residual path.

It refuses to know what the vectors stand for: that is `engine.model.network`.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.model.shape import LOOK_BACK, NORM_EPSILON, ROPE_BASE, Shape


def rotary_tables(length: int, head_width: int) -> tuple[Tensor, Tensor]:
    """cos and sin of shape (length, head_width / 2) for positions 0..length-1."""
    frequency = ROPE_BASE ** (-torch.arange(0, head_width, 2, dtype=torch.float64) / head_width)
    angle = torch.arange(length, dtype=torch.float64)[:, None] * frequency[None, :]
    return angle.cos().float(), angle.sin().float()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn the halves of x, shape (..., length, head_width), by their positions."""
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, first * sin + second * cos), dim=-1)


def before_in_piece(segment: Tensor, back: int) -> Tensor:
    """Whether the note `back` places before is of the same piece: booleans like `segment`."""
    index = torch.arange(segment.shape[1])
    return (index >= back) & (segment == segment.roll(back, 1))


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


class Transformer(nn.Module):
    """Blocks of attention over the last `window` notes of the same piece."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.window, self.head_width = shape.window, shape.width // shape.heads
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        for block in self.blocks:
            nn.init.zeros_(block.gather.weight)
            nn.init.zeros_(block.narrow.weight)

    def forward(self, x: Tensor, segment: Tensor) -> Tensor:
        """(batch, length, width) to the same."""
        length = x.shape[1]
        index = torch.arange(length)
        distance = index[:, None] - index[None, :]
        near = (distance >= 0) & (distance < self.window)
        mask = (near & (segment[:, :, None] == segment[:, None, :]))[:, None]
        cos, sin = rotary_tables(length, self.head_width)
        same = [before_in_piece(segment, back + 1)[..., None].float() for back in range(LOOK_BACK)]
        for block in self.blocks:
            x = block(x, mask, same, cos, sin)
        return x


class Recurrent(nn.Module):
    """Layers of GRU or LSTM over each piece, and their input added to what comes out."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.norm_in = nn.RMSNorm(shape.width, eps=NORM_EPSILON)
        layers = nn.GRU if shape.backbone == "gru" else nn.LSTM
        self.cells = layers(shape.width, shape.hidden, shape.layers, batch_first=True)
        self.gather = nn.Linear(shape.hidden, shape.width, bias=False)

    def forward(self, x: Tensor, segment: Tensor) -> Tensor:
        """(batch, length, width) to the same."""
        new = ~before_in_piece(segment, 1)
        sizes = torch.diff(
            torch.nonzero(new.flatten())[:, 0], append=torch.tensor([new.numel()])
        ).tolist()
        pieces = self.norm_in(x).flatten(0, 1).split(sizes)
        # Packed: the pieces run side by side, and no time is spent on padding.
        packed = nn.utils.rnn.pack_sequence(list(pieces), enforce_sorted=False)
        found = nn.utils.rnn.unpack_sequence(self.cells(packed)[0])
        return x + self.gather(torch.cat(found)).view_as(x)


def backbone(shape: Shape) -> Transformer | Recurrent:
    """The backbone that the shape names."""
    return Transformer(shape) if shape.backbone == "transformer" else Recurrent(shape)
