"""Bits per note of a prior: every note of every stream, each predicted from those before it.

A stream is read in overlapping windows. Only the first starts where the stream does; later ones
have `CONTEXT` notes before the first that is scored (more change the mean by less than 0.001 bits).
Parts of several streams share a window, kept apart by the model as in training, so that short tunes
cost no more than long pieces.

It refuses to train, and to decide what counts: see `engine.evaluate.notes`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from engine.evaluate.notes import Bits, Notes
from engine.model.checkpoint import CheckpointError, load
from engine.model.network import Music, Prior
from engine.model.shape import Shape

WINDOW = 1024
CONTEXT = 256


@dataclass(frozen=True, slots=True)
class Part:
    """Notes first..end of the table, of one stream; those from `scored` on are scored."""

    first: int
    scored: int
    end: int

    def __len__(self) -> int:
        return self.end - self.first


def load_prior(path: Path) -> tuple[Prior, dict[str, str]]:
    """The reference model with the weights of a checkpoint, and its metadata.

    Raises CheckpointError.
    """
    tensors, metadata = load(path)
    try:
        model = Prior(Shape.from_text(metadata))
        model.load_state_dict({name: torch.from_numpy(t) for name, t in tensors.items()})
    except (KeyError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            f"{path.name} does not fit this version's network; name other weights with --weights."
        ) from error
    return model.eval(), metadata


def split(place: np.ndarray, *, window: int = WINDOW, context: int = CONTEXT) -> list[Part]:
    """Parts that score every note once. place: number of each note in its stream, shape (n,)."""
    starts = np.flatnonzero(place == 0)
    parts: list[Part] = []
    for start, end in zip(starts, np.append(starts[1:], len(place)), strict=True):
        scored = first = int(start)
        while True:
            last = min(first + window, int(end))
            parts.append(Part(first, scored, last))
            if last == end:
                break
            first, scored = last - context, last
    return parts


def pack(parts: Sequence[Part], *, window: int = WINDOW) -> list[list[Part]]:
    """Parts that share a window, the largest first (first fit, decreasing)."""
    windows: list[list[Part]] = []
    rooms: list[int] = []
    open_from = 0
    for part in sorted(parts, key=len, reverse=True):
        while open_from < len(rooms) and rooms[open_from] < _LEAST_ROOM:
            open_from += 1
        for number in range(open_from, len(windows)):
            if rooms[number] >= len(part):
                windows[number].append(part)
                rooms[number] -= len(part)
                break
        else:
            windows.append([part])
            rooms.append(window - len(part))
    return windows


_LEAST_ROOM = 8
"""Windows with less room than this are full: no stream is shorter."""


@torch.inference_mode()
def bits_of(
    model: Prior,
    notes: Notes,
    *,
    window: int = WINDOW,
    context: int = CONTEXT,
    rank: torch.Tensor | None = None,
    style: Callable[[int], np.ndarray] | None = None,
    progress: Callable[[int], object] = lambda _: None,
) -> Bits:
    """Bits of each field of each note under the model; `progress` is told the notes scored.

    rank (5,): place of each field in the order of choosing, or None for the usual one. style: the
    numbers of the labels that are told of the stream of a note (labels,), or None to tell none.
    """
    bits = np.zeros(notes.counted.shape, dtype=np.float32)
    for parts in pack(split(notes.place, window=window, context=context), window=window):
        chosen = np.concatenate([np.arange(part.first, part.end) for part in parts])
        segment = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        scored = np.concatenate([np.arange(part.first, part.end) >= part.scored for part in parts])
        counted = notes.counted[chosen] & scored[:, None]
        labels = style and torch.from_numpy(np.stack([style(part.first) for part in parts]))
        music = Music(
            torch.from_numpy(notes.rows[chosen].astype(np.int64))[None],
            torch.from_numpy(segment)[None],
            rank=None if rank is None else rank.expand(1, len(segment), -1),
            style=None if labels is None else labels[segment][None],
        )
        nats = model.losses(music, torch.from_numpy(counted)[None])
        bits[chosen[scored]] = nats[0].numpy()[scored] / math.log(2)
        progress(int(scored.sum()))
    return bits
