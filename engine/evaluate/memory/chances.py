"""What the prior says of whole pieces: its log chances of every field of every note, as arrays.

Half precision: a note takes 1.5 kB. It refuses to know the memory.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch

from engine.encoding import FIELD_SIZES
from engine.evaluate.memory.players import Piece
from engine.evaluate.prior import Part, pack, split
from engine.model.network import Music, Prior

Chances = tuple[npt.NDArray[np.float16], ...]
"""By field: (notes, classes), the fields before in the usual order given."""


@torch.inference_mode()
def chances_of(
    model: Prior, pieces: Sequence[Piece], *, progress: Callable[[int], object] = lambda _: None
) -> list[Chances]:
    """The prior's log chances of each piece; `progress` is told the notes that are done."""
    bounds = np.cumsum([0, *map(len, pieces)])
    rows = np.concatenate([piece.rows for piece in pieces])
    place = np.concatenate([np.arange(len(piece)) for piece in pieces])
    every = [np.empty((len(rows), size), dtype=np.float16) for size in FIELD_SIZES]
    parts: list[list[Part]] = pack(split(place))
    for window in parts:
        chosen = np.concatenate([np.arange(part.first, part.end) for part in window])
        segment = np.repeat(np.arange(len(window)), [len(part) for part in window])
        asked = np.concatenate([np.arange(part.first, part.end) >= part.scored for part in window])
        music = Music(torch.from_numpy(rows[chosen])[None], torch.from_numpy(segment)[None])
        for field, logits in enumerate(model(music)):
            found = torch.log_softmax(logits[0], dim=-1)[torch.from_numpy(asked)]
            every[field][chosen[asked]] = found.numpy()
        progress(int(asked.sum()))
    return [tuple(field[first:end] for field in every) for first, end in pairwise(bounds.tolist())]


def bits_of(chances: Chances, piece: Piece) -> npt.NDArray[np.float32]:
    """Bits (n, 5) of a piece under these chances; 0 where it does not count."""
    rows = np.arange(len(piece))
    nats = [-field[rows, piece.rows[:, n]] for n, field in enumerate(chances)]
    bits: npt.NDArray[np.float32] = np.stack(nats, axis=1).astype(np.float32) / np.log(2)
    return np.where(piece.counted, bits, np.float32(0.0)).astype(np.float32)
