"""Which pieces are the same tune: by their notes, whatever their names, keys and tempos are.

A tune is the set of its shingles: all runs of nine melodic intervals of the highest notes of each
melodic track. Intervals forget the key, runs without rhythm forget tempo and note values. How much
of the smaller set lies in the larger one (containment) says how near two pieces are (Broder, On the
resemblance and containment of documents, 1997). Candidates come from an inverted index, so that
tens of thousands of pieces are compared in seconds.

It refuses to compare drums, and lines of a few notes: for them only equal notes are the same.
"""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.data.pieces import Column, Ints, Piece

Shingles = npt.NDArray[np.uint64]
"""The different shingles of a piece, ascending, shape (n,)."""

INTERVALS = 9
_LARGEST_INTERVAL = 24
_BITS = 6
"""Intervals from -24 to 24 are 49 values: nine of them fit into 54 bits, without any hashing."""
_FEWEST_SHINGLES = 12
_TOGETHER = 24
"""480ths of a beat, or ms, within which notes are one chord."""
_COMMONPLACE_SHARE = 0.01
_COMMONPLACE_FROM = 100
"""A run found in more pieces than this (and this share of all) says nothing: scales, trills."""
_ALL_OF_THEM = 256
"""Pieces with fewer shingles are looked up by all of them, larger ones by every fourth."""
_CANDIDATE_SHARE = 0.5
"""Share of the wanted containment that the sampled shingles must show before all are compared."""


class Pair(NamedTuple):
    """Two pieces, by number (first < second), and how much of the smaller one is in the larger."""

    first: int
    second: int
    containment: float


def digest(piece: Piece) -> str:
    """Equal for pieces with the same notes: names, programs and leading silence do not matter."""
    order = np.lexsort((piece.velocity, piece.duration, piece.pitch, piece.onset))
    columns: tuple[Column, ...] = (
        piece.onset - (piece.onset[0] if len(piece) else 0),
        piece.duration,
        piece.pitch,
        piece.velocity,
        piece.drum[piece.track],
    )
    state = hashlib.sha256(b"ms" if piece.milliseconds else b"q480")
    for column in columns:
        state.update(column[order].astype("<i4").tobytes())
    return state.hexdigest()


def shingles(piece: Piece) -> Shingles:
    """The different runs of nine intervals in the melodic tracks of a piece, shape (n,)."""
    found = []
    for line in np.flatnonzero(~piece.drum):
        chosen = piece.track == line
        top = _highest(piece.onset[chosen], piece.pitch[chosen])
        steps = np.clip(np.diff(top), -_LARGEST_INTERVAL, _LARGEST_INTERVAL) + _LARGEST_INTERVAL
        if len(steps) < INTERVALS:
            continue
        runs = np.lib.stride_tricks.sliding_window_view(steps.astype(np.uint64), INTERVALS)
        shifts = np.arange(INTERVALS, dtype=np.uint64) * np.uint64(_BITS)
        found.append(np.bitwise_or.reduce(runs << shifts, axis=1))
    if not found:
        return np.zeros(0, dtype=np.uint64)
    return np.unique(np.concatenate(found))


def _highest(onset: Ints, pitch: Column) -> Ints:
    """The top notes of a line, one for each moment at which something begins."""
    if not len(onset):
        return np.zeros(0, dtype=np.int64)
    starts = np.flatnonzero(np.diff(onset, prepend=onset[0] - 2 * _TOGETHER) > _TOGETHER)
    return np.maximum.reduceat(pitch.astype(np.int64), starts)


def alike(tunes: Sequence[Shingles], least: float) -> list[Pair]:
    """All pairs of pieces whose containment is at least `least`, by number.

    Runs that are commonplace among these pieces are left out on both sides, and pieces that have
    fewer than twelve others are not compared.
    """
    telling = _without_commonplace(tunes)
    pairs = []
    for first, second in _candidates(telling, least * _CANDIDATE_SHARE):
        one, other = telling[first], telling[second]
        shared = len(np.intersect1d(one, other, assume_unique=True))
        containment = shared / min(len(one), len(other))
        if containment >= least:
            pairs.append(Pair(first, second, containment))
    return pairs


def _without_commonplace(tunes: Sequence[Shingles]) -> list[Shingles]:
    most = max(_COMMONPLACE_FROM, int(len(tunes) * _COMMONPLACE_SHARE))
    if not tunes:
        return []
    values, counts = np.unique(np.concatenate(tunes), return_counts=True)
    commonplace = values[counts > most]
    kept = [tune[~np.isin(tune, commonplace, assume_unique=True)] for tune in tunes]
    return [tune if len(tune) >= _FEWEST_SHINGLES else tune[:0] for tune in kept]


def _candidates(tunes: Sequence[Shingles], least: float) -> list[tuple[int, int]]:
    """Pairs that share enough of the shingles under which they are looked up, ascending."""
    keys, owners = [], []
    sampled_sizes = np.zeros(len(tunes), dtype=np.int64)
    for number, tune in enumerate(tunes):
        # A multiplication spreads the bits; its top two choose a quarter, the same everywhere.
        sampled = (tune * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(62) == 0
        sampled_sizes[number] = sampled.sum()
        chosen = tune if len(tune) < _ALL_OF_THEM else tune[sampled]
        keys.append(chosen)
        owners.append(np.full(len(chosen), number, dtype=np.int64))
    if not any(map(len, keys)):
        return []
    key, owner = np.concatenate(keys), np.concatenate(owners)
    order = np.lexsort((owner, key))
    key, owner = key[order], owner[order]
    codes = []
    at = np.arange(len(key))
    distance = 1
    while len(at):
        at = at[at + distance < len(key)]
        at = at[key[at] == key[at + distance]]
        codes.append(owner[at] * len(tunes) + owner[at + distance])
        distance += 1
    pair, shared = np.unique(np.concatenate(codes), return_counts=True)
    first, second = np.divmod(pair, len(tunes))
    smaller = np.minimum(sampled_sizes[first], sampled_sizes[second])
    enough = shared >= np.maximum(least * smaller, 2)
    return list(zip(first[enough].tolist(), second[enough].tolist(), strict=True))
