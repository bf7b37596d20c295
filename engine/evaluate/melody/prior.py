"""The prior on single melodies: what it is shown, what it says about each pitch, how it is tuned.

Two ways of being asked. "pitch": the model sees the pitches alone, with rhythm, loudness and bars
hidden, as the published models did. "times": it also sees onset, duration and place in the bar of
this note and of the earlier ones.

The probability of a pitch is taken over the alphabet of the set that the melody belongs to. Tuning
is a few passes over the folds that may be learnt from, in shuffled order and in keys nearby,
measured on a tenth that is kept back; what predicts that tenth best is kept, which may be the
prior as it was.

It refuses to know folds, files and tables: see `engine.evaluate.melody.report`.
"""

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.encoding import (
    COLUMNS,
    DURATION,
    ONSET,
    ORDER,
    PITCH_CLASSES,
    TICKS_PER_BEAT,
    VELOCITY,
    VOICE,
    IntArray,
    duration_classes,
    kind_of,
    positions,
    time_class,
    time_classes,
)
from engine.encoding import PITCH as PITCH_FIELD
from engine.evaluate.melody.sets import Chances, Column, Melody
from engine.model.network import Music, Prior

PITCH, TIMES = "pitch", "times"
SEEN = (PITCH, TIMES)
_BEAT_POS, _BAR_POS, _KIND = (COLUMNS.index(name) for name in ("beat_pos", "bar_pos", "kind"))
_TIMES_FIRST = (VOICE, ONSET, DURATION, PITCH_FIELD, VELOCITY)
_BEAT = time_class(TICKS_PER_BEAT)
WINDOW = 512
"""Notes that the model reads at once; melodies share it and do not see each other."""
_FAR = -1e9
_LEAST = 1e-12


@dataclass(frozen=True, slots=True)
class Tuning:
    """How a copy of the prior is tuned. shift: farthest transposition in semitones.

    dropout: share of the backbone's inputs and outputs that is left out of a step.
    """

    epochs: int = 4
    rate: float = 6e-4
    shift: int = 3
    dropout: float = 0.1
    looks: int = 2
    """How often in an epoch the kept-back melodies are asked."""
    seed: int = 1


def rows_of(melody: Melody, seen: str) -> IntArray:
    """A melody as the model sees it: (n, columns of `encoding.Row`)."""
    rows = np.zeros((len(melody), len(COLUMNS)), dtype=np.int64)
    rows[:, PITCH_FIELD] = melody.pitch
    if seen == PITCH:
        rows[1:, ONSET] = rows[:, DURATION] = _BEAT
        rows[:, _KIND] = kind_of(tempo_known=True, plain=True)
    else:
        rows[:, ONSET] = time_classes(np.diff(melody.onset, prepend=melody.onset[:1]))
        rows[:, DURATION] = duration_classes(melody.duration)
        rows[:, _BEAT_POS], rows[:, _BAR_POS] = positions(melody.bar_tick)
        rows[:, _KIND] = kind_of(tempo_known=True)
    return rows


def pitch_logits(model: Prior, rows: Tensor, segment: Tensor, seen: str) -> Tensor:
    """Logits of the pitch of every note: (batch, length, 128). The one place that asks the model.

    rows: (batch, length, columns); segment: (batch, length), equal within a melody. Only the head
    of the pitch is run; the voice, the onset and, where times are seen, the duration come first.
    """
    order = ORDER if seen == PITCH else _TIMES_FIRST
    rank = torch.tensor([order.index(field) for field in range(len(order))])
    x, before, heard = model.states(Music(rows, segment))
    logits: Tensor = model.heads[PITCH_FIELD](
        x, rows, rank.expand(*segment.shape, -1), before, heard
    )
    return logits


def nats_of(model: Prior, rows: Tensor, segment: Tensor, seen: str, allowed: Tensor) -> Tensor:
    """Log-probabilities of the allowed pitches, far below zero elsewhere: (batch, length, 128).

    allowed: booleans, (128,) or one row a note.
    """
    logits = pitch_logits(model, rows, segment, seen)
    return functional.log_softmax(logits.masked_fill(~allowed, _FAR), dim=-1)


@torch.inference_mode()
def pitch_chances(
    model: Prior, melodies: Sequence[Melody], alphabet: Column, seen: str
) -> list[Chances]:
    """For each melody the probability of each key of the alphabet at each note: (n, symbols)."""
    allowed = torch.zeros(PITCH_CLASSES, dtype=torch.bool)
    allowed[torch.from_numpy(alphabet)] = True
    found: list[Chances] = [np.zeros((0, len(alphabet)))] * len(melodies)
    for window in windows([len(melody) for melody in melodies]):
        rows, segment = _packed([rows_of(melodies[number], seen) for number in window])
        nats = nats_of(model, rows, segment, seen, allowed)[0].double()
        chances = nats.exp().clamp(min=_LEAST).numpy()
        ends = np.cumsum([len(melodies[number]) for number in window])[:-1]
        for number, part in zip(window, np.split(chances[:, alphabet], ends), strict=True):
            found[number] = part / part.sum(axis=1, keepdims=True)
    return found


def windows(lengths: Sequence[int], *, size: int = WINDOW) -> list[list[int]]:
    """Numbers of the melodies that share a window, in order; a longer one has one of its own."""
    shared: list[list[int]] = []
    room = 0
    for number, length in enumerate(lengths):
        if not shared or length > room:
            shared.append([])
            room = size
        shared[-1].append(number)
        room -= length
    return shared


def mean_bits(chances: Sequence[Chances], melodies: Sequence[Melody], alphabet: Column) -> float:
    """Mean bits a pitch over all notes of the melodies."""
    return float(np.concatenate(bits_of(chances, melodies, alphabet)).mean())


def bits_of(
    chances: Sequence[Chances], melodies: Sequence[Melody], alphabet: Column
) -> list[Chances]:
    """Bits of each note of each melody, given `pitch_chances` of them."""
    return [
        -np.log2(part[np.arange(len(part)), np.searchsorted(alphabet, melody.pitch)])
        for part, melody in zip(chances, melodies, strict=True)
    ]


def tuned(
    prior: Prior,
    train: Sequence[Melody],
    valid: Sequence[Melody],
    alphabet: Column,
    seen: str,
    tuning: Tuning,
    *,
    progress: Callable[[int], object] = lambda _: None,
) -> Prior:
    """A copy of the prior that has learnt the melodies of `train`; `progress` is told the notes."""
    rng = np.random.default_rng(tuning.seed)
    model = copy.deepcopy(prior)
    model.dropout.p = tuning.dropout
    best = mean_bits(pitch_chances(model, valid, alphabet, seen), valid, alphabet)
    kept = copy.deepcopy(model.state_dict())
    optimiser = torch.optim.AdamW(model.parameters(), lr=tuning.rate, betas=(0.9, 0.98))
    steps = list(_steps(train, tuning, rng))
    every = max(1, math.ceil(len(steps) / (tuning.epochs * tuning.looks)))
    for number, window in enumerate(steps, start=1):
        for group in optimiser.param_groups:
            group["lr"] = tuning.rate * _share(number, len(steps))
        model.train()
        loss = _loss(model, [train[which] for which in window], alphabet, seen, tuning, rng)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        progress(sum(len(train[which]) for which in window))
        if number % every == 0 or number == len(steps):
            model.eval()
            bits = mean_bits(pitch_chances(model, valid, alphabet, seen), valid, alphabet)
            if bits < best:
                best, kept = bits, copy.deepcopy(model.state_dict())
    model.load_state_dict(kept)
    return model.eval()


def _steps(train: Sequence[Melody], tuning: Tuning, rng: np.random.Generator) -> list[list[int]]:
    """The melodies of each step, epoch after epoch, each epoch in an order of its own."""
    steps: list[list[int]] = []
    for _ in range(tuning.epochs):
        order = rng.permutation(len(train))
        for window in windows([len(train[which]) for which in order]):
            steps.append([int(order[place]) for place in window])
    return steps


def _share(step: int, steps: int) -> float:
    """Share of the peak rate: up over the first twentieth, then linearly down to a twentieth."""
    return min(1.0, step / max(1.0, steps / 20)) * max(1.0 - step / steps, 0.05)


def _loss(
    model: Prior,
    melodies: Sequence[Melody],
    alphabet: Column,
    seen: str,
    tuning: Tuning,
    rng: np.random.Generator,
) -> Tensor:
    """Mean nats a pitch of melodies that are each moved to a key nearby, alphabet and all."""
    parts, allowed = [], []
    low = max(-tuning.shift, -int(alphabet[0]))
    high = min(tuning.shift, PITCH_CLASSES - 1 - int(alphabet[-1]))
    for melody in melodies:
        shift = int(rng.integers(low, high + 1))
        rows = rows_of(melody, seen)
        rows[:, PITCH_FIELD] += shift
        keys = np.zeros(PITCH_CLASSES, dtype=bool)
        keys[alphabet + shift] = True
        parts.append(rows)
        allowed.append(np.broadcast_to(keys, (len(rows), PITCH_CLASSES)))
    rows, segment = _packed(parts)
    mask = torch.from_numpy(np.concatenate(allowed))[None]
    nats = nats_of(model, rows, segment, seen, mask)
    return -nats.gather(-1, rows[..., PITCH_FIELD : PITCH_FIELD + 1]).mean()


def _packed(parts: Sequence[IntArray]) -> tuple[Tensor, Tensor]:
    """Rows one behind the other and the number of the part each belongs to, as one batch."""
    segment = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    return torch.from_numpy(np.concatenate(parts))[None], torch.from_numpy(segment)[None]
