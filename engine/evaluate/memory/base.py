"""Fits the base of the memory alone: a log-linear bigram, on the training music.

Half of the music is played by two sides in turn, so that the base knows turns. It refuses to look
at music that anything is measured on.
"""

from collections.abc import Callable, Sequence

import numba
import numpy as np
import torch
from torch import Tensor, nn

from engine.corpus import Stream, rows_of
from engine.encoding import FIELD_SIZES, FIELDS, ORDER, PITCH, IntArray
from engine.memory import base, log
from engine.memory.views import SYMBOLS, Symbol
from engine.train.batches import what_counts
from engine.train.scenes import take_turns

NOTES = 400_000
LONGEST = 400
"""Notes of a piece that are learnt from at the most."""
_PASSES, _BATCH, _RATE, _DECAY = 3, 2048, 2e-2, 1e-4
_CHORD = Symbol.CHORD.value
_KIND = 7
KNOWN = tuple(
    sum(1 << field for field in ORDER[: ORDER.index(number)]) for number in range(len(FIELDS))
)
"""Bits of the fields that are chosen before each field in the usual order."""


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _look_up(field, known, rows, lines, links, head, found):  # type: ignore[no-untyped-def]
    """For each note of a stream: rows of the field's tables, then the place of the leaps or -1."""
    now = np.empty(SYMBOLS, np.int64)
    for n in range(len(rows)):
        log.symbols(rows[n], lines, n, n, now)
        found[n, 0] = rows[n, _KIND]
        for look in range(found.shape[1] - 2):
            found[n, look + 1] = base.place_of(field, look, known, now, lines, n, n)
        found[n, -1] = -1
        if n > 0:
            last = lines[n - 1, PITCH]
            found[n, -1] = last + 128 * (now[_CHORD] if known & 1 else 2)
        log.learn(rows[n], lines, links, head, n, n, 0)


class _Base(nn.Module):
    """The tables of one field, to be fitted."""

    def __init__(self, field: int) -> None:
        super().__init__()
        self.field, classes = field, FIELD_SIZES[field]
        self.tables = nn.EmbeddingBag(sum(base.rows_of(field)), classes, mode="sum")
        nn.init.zeros_(self.tables.weight)
        self.leaps = nn.Parameter(torch.zeros(3 * base.LEAPS if field == PITCH else 0))

    def forward(self, places: Tensor) -> Tensor:
        """Logits of notes, from what `_look_up` found of them."""
        logits: Tensor = self.tables(places[:, :-1])
        if self.field == PITCH:
            last, chord = places[:, -1] % 128, places[:, -1] // 128
            leap = torch.arange(128) - last[:, None]
            at = leap.clamp(-base.LEAP_REACH, base.LEAP_REACH) + base.LEAP_REACH
            leaps = self.leaps[chord.clamp(min=0)[:, None] * base.LEAPS + at]
            logits = logits + leaps * (places[:, -1:] >= 0)
        return logits

    def as_vector(self) -> np.ndarray:
        """As `engine.memory.base.lay` takes it."""
        parts = [self.tables.weight.detach().flatten(), self.leaps.detach()]
        return torch.cat(parts).numpy().astype(np.float32)


def sample(streams: Sequence[Stream], notes: int, rng: np.random.Generator) -> list[IntArray]:
    """Parts of streams as rows, as many of each collection; half of them in turns."""
    groups: dict[str, list[Stream]] = {}
    for stream in streams:
        groups.setdefault(stream.collection, []).append(stream)
    found: list[IntArray] = []
    for group in groups.values():
        room = notes // len(groups)
        for number in rng.permutation(len(group)):
            stream = group[int(number)]
            first = int(rng.integers(0, max(len(stream) - LONGEST, 0) + 1))
            part = stream.part(first, first + LONGEST)
            rows = rows_of(part)
            if rng.random() < 0.5:
                take_turns(rows, part, rng)
            found.append(rows)
            room -= len(rows)
            if room <= 0:
                break
    return found


def fit(
    streams: Sequence[Stream], *, seed: int = 1, progress: Callable[[int], object] = lambda _: None
) -> list[np.ndarray]:
    """The tables of each field, as vectors; `progress` is told the passes that are over."""
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    parts = sample(streams, NOTES, rng)
    counted = np.concatenate([what_counts(rows, velocity_known=True) for rows in parts])
    everything = np.concatenate(parts)
    lines = np.zeros((1 << LONGEST.bit_length(), log.LINE), dtype=np.int32)
    links = np.zeros((log.CONTEXTS, 1, log.LINK), dtype=np.int32)  # nothing is evidence
    head = np.full((log.CONTEXTS, 2), -1, dtype=np.int32)
    fitted = []
    for field in range(len(FIELDS)):
        looks = []
        for rows in parts:
            looks.append(np.empty((len(rows), len(base.LOOKS[field]) + 2), dtype=np.int64))
            _look_up(field, KNOWN[field], rows, lines, links, head, looks[-1])
        chosen = counted[:, field]
        places = torch.from_numpy(np.concatenate(looks)[chosen])
        wanted = torch.from_numpy(everything[chosen, field])
        model = _Base(field)
        optimizer = torch.optim.Adam(model.parameters(), lr=_RATE)
        steps = max(len(wanted) // _BATCH, 1) * _PASSES
        for number in range(_PASSES):
            order = torch.from_numpy(rng.permutation(len(wanted)))
            for step, batch in enumerate(order[: len(wanted) // _BATCH * _BATCH].split(_BATCH)):
                done = (number * len(wanted) // _BATCH + step) / steps
                for group in optimizer.param_groups:
                    group["lr"] = _RATE * (1.0 - done)
                loss = nn.functional.cross_entropy(model(places[batch]), wanted[batch])
                loss = loss + _DECAY * sum(p.square().sum() for p in model.parameters()) / _BATCH
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            progress(1)
        fitted.append(model.as_vector())
    return fitted
