"""What an adapter learns from: phrases as packed rows for the network, and bits of them.

A lesson is what one player played: streams (takes, pieces), each of one or more phrases. It refuses
to train and to judge.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call

from engine.adapt.forms import Weights, merge_in
from engine.encoding import IntArray
from engine.model.network import Music, Prior
from engine.train.batches import what_counts


@dataclass(frozen=True, slots=True)
class Lesson:
    """Notes packed one stream behind the other: one row of the network's input.

    music: batch of 1; counted (1, n, 5): which fields count.
    """

    music: Music
    counted: Tensor

    @property
    def notes(self) -> int:
        """How many notes count."""
        return int(self.counted[..., 1].sum())


def lesson_of(streams: Sequence[IntArray], *, unheard: Sequence[int] | None = None) -> Lesson:
    """The streams (n_i, 9) as a lesson. unheard: so many first notes of each only lead in."""
    counted = []
    for number, rows in enumerate(streams):
        counts = what_counts(rows, velocity_known=True)
        if unheard is not None:
            counts[: unheard[number]] = False
        counted.append(counts)
    segment = np.repeat(np.arange(len(streams)), [len(rows) for rows in streams])
    rows = torch.from_numpy(np.concatenate(streams).astype(np.int64))[None]
    music = Music(rows, torch.from_numpy(segment)[None])
    return Lesson(music, torch.from_numpy(np.concatenate(counted))[None])


class Scorer(nn.Module):
    """The prior as a function of its weights."""

    def __init__(self, prior: Prior) -> None:
        super().__init__()
        self.prior = prior
        self.base = {name: tensor.detach() for name, tensor in prior.state_dict().items()}
        """The prior's own weights by name, outside of every derivative."""

    def forward(self, lesson: Lesson, *, logits: bool = False) -> Tensor | list[Tensor]:
        """Nats of each field of each note (1, n, 5), or logits of each field (1, n, classes)."""
        if logits:
            return self.prior(lesson.music)
        return self.prior.losses(lesson.music, lesson.counted)

    def log_chances(self, lesson: Lesson, values: Weights) -> list[Tensor]:
        """Log-probabilities (n, classes) of each field, those before in the usual order given."""
        found = functional_call(self, self._with(values), (lesson,), {"logits": True})
        return [part[0].log_softmax(dim=-1) for part in found]

    def bits(self, lesson: Lesson, values: Weights) -> Tensor:
        """Bits of each field of each note with an adapter's values: (n, 5); 0 where none count."""
        nats: Tensor = functional_call(self, self._with(values), (lesson,))
        return nats[0] / math.log(2)

    def mean_bits(self, lesson: Lesson, values: Weights) -> Tensor:
        """Bits a note, all fields together: what an adapter is trained to lessen."""
        return self.bits(lesson, values).sum() / max(lesson.notes, 1)

    def _with(self, values: Weights) -> dict[str, Tensor]:
        return {f"prior.{name}": w for name, w in merge_in(self.base, values).items()}
