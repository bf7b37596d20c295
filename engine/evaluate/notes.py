"""The notes that models are compared on, in one table, and their bits summed up.

Every model is scored on the same notes with the same classes, and the same things count as in
training: not the first onset and voice of a stream (they are given), not a velocity nobody knows.
Sums are over notes, so that the total is the sum of the fields; intervals come from
drawing pieces anew (bootstrap), because the notes of a piece are not independent of each other.

It refuses to know models: bits come in as an array.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.corpus import Stream, rows_of
from engine.encoding import FIELDS
from engine.train.batches import what_counts

Bits = npt.NDArray[np.float32]
"""Bits of each field of each note, 0 where it does not count: shape (n, 5)."""

NAMES = ("total", *FIELDS)
RESAMPLES = 1000
_LOW, _HIGH = 2.5, 97.5
QUICK_STREAM = 512
"""A quick look reads no more notes than this of one stream."""


@dataclass(frozen=True, slots=True)
class Notes:
    """Streams one behind the other; n notes, p pieces.

    rows (n, 9): columns `encoding.COLUMNS`; counted (n, 5): which fields are scored; place (n,):
    number of the note in its stream; piece (n,): index into `collections`, which has one name a
    piece.
    """

    rows: npt.NDArray[np.int16]
    counted: npt.NDArray[np.bool_]
    place: npt.NDArray[np.int32]
    piece: npt.NDArray[np.int32]
    collections: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.rows)


def gather(streams: Sequence[Stream]) -> Notes:
    """All notes of the streams, in order."""
    pieces: dict[tuple[str, str], int] = {}
    rows, counted, place, piece = [], [], [], []
    for stream in streams:
        encoded = rows_of(stream)
        rows.append(encoded.astype(np.int16))
        counted.append(what_counts(encoded, velocity_known=True))
        place.append(np.arange(len(encoded), dtype=np.int32))
        number = pieces.setdefault((stream.collection, stream.piece), len(pieces))
        piece.append(np.full(len(encoded), number, dtype=np.int32))
    return Notes(
        rows=np.concatenate(rows),
        counted=np.concatenate(counted),
        place=np.concatenate(place),
        piece=np.concatenate(piece),
        collections=tuple(collection for collection, _ in pieces),
    )


def join(one: Notes, other: Notes) -> Notes:
    """The notes of one table, then those of the other; pieces stay apart."""
    return Notes(
        rows=np.concatenate([one.rows, other.rows]),
        counted=np.concatenate([one.counted, other.counted]),
        place=np.concatenate([one.place, other.place]),
        piece=np.concatenate([one.piece, other.piece + len(one.collections)]),
        collections=one.collections + other.collections,
    )


def sample(streams: Sequence[Stream], most_notes: int, *, shorten: bool = False) -> list[Stream]:
    """Streams of about `most_notes` notes, the same ones each time; all where that is enough.

    Each collection has about the share of notes that it has in all of them. shorten: many streams
    are heard, each up to `QUICK_STREAM` notes, in place of few whole ones.
    """
    if sum(map(len, streams)) <= most_notes:
        return list(streams)
    weight = [max(1.0, len(stream) / QUICK_STREAM) if shorten else 1.0 for stream in streams]
    # Drawing without return, each stream by its weight: the largest u^(1/weight) come first.
    luck = np.random.default_rng(0).random(len(streams)) ** (1.0 / np.array(weight))
    chosen: list[Stream] = []
    room = most_notes
    for number in np.argsort(-luck):
        stream = streams[number].part(0, QUICK_STREAM) if shorten else streams[number]
        chosen.append(stream)
        room -= len(stream)
        if room <= 0:
            break
    return chosen


def per_note(bits: Bits, counted: npt.NDArray[np.bool_]) -> dict[str, float]:
    """Mean bits a note: the total, each field, and velocity where it is known."""
    notes = max(1, len(bits))
    sums = bits.sum(axis=0, dtype=np.float64)
    found = {"total": float(sums.sum()) / notes}
    found |= {name: float(sums[n]) / notes for n, name in enumerate(FIELDS)}
    found["velocity_known"] = float(sums[3]) / max(1, int(counted[:, 3].sum()))
    return found


def by_collection(bits: Bits, notes: Notes) -> dict[str, dict[str, float]]:
    """`per_note` of each collection, and how many notes and pieces it has here."""
    of_piece = np.array(notes.collections)
    table: dict[str, dict[str, float]] = {}
    for name in dict.fromkeys(notes.collections):
        chosen = (of_piece == name)[notes.piece]
        table[name] = per_note(bits[chosen], notes.counted[chosen])
        table[name] |= {"notes": int(chosen.sum()), "pieces": int((of_piece == name).sum())}
    return table


def intervals(bits: Bits, notes: Notes, *, seed: int = 0) -> dict[str, list[float]]:
    """[low, high] of the mean bits a note, 95 %, if other pieces of the kind had been drawn."""
    pieces = len(notes.collections)
    sums = np.zeros((pieces, len(NAMES) + 1))
    for field in range(len(FIELDS)):
        sums[:, field + 1] = np.bincount(notes.piece, bits[:, field], minlength=pieces)
    sums[:, 0] = sums[:, 1:-1].sum(axis=1)
    sums[:, -1] = np.bincount(notes.piece, minlength=pieces)
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(pieces, np.full(pieces, 1 / pieces), size=RESAMPLES) @ sums
    low, high = np.percentile(drawn[:, :-1] / drawn[:, -1:], [_LOW, _HIGH], axis=0)
    return {name: [float(low[n]), float(high[n])] for n, name in enumerate(NAMES)}
