"""Bits per note on music that a run does not learn from, small enough to be asked every few steps.

A fixed sample of stretches, never augmented, is packed as training packs pieces. It is for choosing
the best weights of a run; what is reported comes from `engine.evaluate`, which reads every note. It
refuses to change the model.
"""

import math

import numpy as np
import torch
from torch import Tensor

from engine.corpus import Stream, rows_of
from engine.encoding import FIELDS, ONSET, VOICE
from engine.model.network import Music, Prior
from engine.train.batches import what_counts

NOTES = 40_960
"""About so many notes are asked."""
LENGTH = 384
"""Notes of one row; a stretch has half as many."""


def validation_batches(streams: list[Stream]) -> list[tuple[Music, Tensor]]:
    """A fixed sample of held-out music, every n-th stretch of it, unchanged by augmentation."""
    stretches: list[tuple[Music, Tensor]] = []
    total = sum(len(stream) for stream in streams)
    every = max(1, round(total / NOTES))
    rows, counted, segment = [], [], []
    room, number, turn = LENGTH, 0, 0
    for stream in streams:
        encoded = rows_of(stream)
        scored = what_counts(encoded, velocity_known=True)
        for first in range(0, len(encoded), LENGTH // 2):
            turn += 1
            if turn % every:
                continue
            part = slice(first, first + min(LENGTH // 2, room))
            rows.append(encoded[part])
            counted.append(scored[part])
            segment.append(np.full(len(rows[-1]), number))
            counted[-1][0, (ONSET, VOICE)] = False
            number += 1
            room -= len(rows[-1])
            if room == 0:
                stretches.append(_stretch(rows, segment, counted))
                rows, counted, segment, room = [], [], [], LENGTH
    if rows and not stretches:
        stretches.append(_stretch(rows, segment, counted))
    return stretches


def _stretch(
    rows: list[np.ndarray], segment: list[np.ndarray], counted: list[np.ndarray]
) -> tuple[Music, Tensor]:
    one, two, three = (torch.from_numpy(np.concatenate(part)) for part in (rows, segment, counted))
    return Music(one[None], two[None]), three[None]


@torch.inference_mode()
def bits_per_note(model: Prior, batches: list[tuple[Music, Tensor]]) -> np.ndarray:
    """Mean bits of each field (`encoding.FIELDS`) over all notes: shape (5,)."""
    total, notes = torch.zeros(len(FIELDS), dtype=torch.float64), 0
    for music, counted in batches:
        total += model.losses(music, counted).double().sum(dim=(0, 1))
        notes += music.segment.numel()
    return (total / notes / math.log(2)).numpy()
