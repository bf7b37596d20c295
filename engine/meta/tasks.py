"""Episodes of few-shot learning, drawn from tasks: some phrases of a player, then what follows.

    same evening   support is the first phrases of a piece, query what follows there
    another day    support and query are from different pieces of the player

A phrase is about `engine.adapt.material.PHRASE_NOTES` notes, cut where `engine.phrases` hears one
begin. It refuses to know models.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.adapt.material import bounds
from engine.corpus import Stream, rows_of
from engine.encoding import IntArray
from engine.phrases import phrase_starts

SAME_EVENING, ANOTHER_DAY = "same evening", "another day"
SETTINGS = (SAME_EVENING, ANOTHER_DAY)
QUERY_PHRASES = 8
_LEAST_QUERY_NOTES = 24


@dataclass(frozen=True, slots=True)
class Episode:
    """support: streams (n_i, 9), each of some phrases; query (m, 9) is scored.

    heard: how many first rows of `query` are the support, heard before it in the same piece (same
    evening); 0 where the query begins a piece.
    """

    task: str
    collection: str
    setting: str
    support: tuple[IntArray, ...]
    query: IntArray
    heard: int

    @property
    def support_notes(self) -> int:
        """Notes to learn from."""
        return sum(map(len, self.support))


@dataclass(frozen=True, slots=True)
class Piece:
    """One stream as rows (n, 9), and where its phrases begin (0 first) and the last one ends."""

    name: str
    collection: str
    rows: IntArray
    cuts: IntArray

    @property
    def phrases(self) -> int:
        """How many there are."""
        return len(self.cuts) - 1

    def part(self, first: int, end: int) -> IntArray:
        """Rows of phrases first..end."""
        return self.rows[self.cuts[first] : self.cuts[end]]


def cut(stream: Stream) -> IntArray:
    """Bounds of phrases: ascending, from 0 to the end (`engine.adapt.material.bounds`)."""
    rng = np.random.default_rng(0)
    starts = phrase_starts(stream.onset, stream.duration, stream.bar_tick, stream.phrase, rng)
    return bounds(starts, len(stream))


def pieces_of(streams: Sequence[Stream]) -> list[Piece]:
    """One piece for each that the streams belong to: its longest stream."""
    longest: dict[str, Stream] = {}
    for stream in streams:
        if stream.piece not in longest or len(stream) > len(longest[stream.piece]):
            longest[stream.piece] = stream
    return [
        Piece(name, stream.collection, rows_of(stream), cut(stream))
        for name, stream in sorted(longest.items())
    ]


def same_evening(
    task: str, pieces: Sequence[Piece], phrases: int, rng: np.random.Generator
) -> Episode | None:
    """The first phrases of one piece and what follows; None where no piece is long enough."""
    able = [piece for piece in pieces if piece.phrases > phrases and _follows(piece, phrases)]
    if not able:
        return None
    piece = able[int(rng.integers(len(able)))]
    end = min(phrases + QUERY_PHRASES, piece.phrases)
    support = piece.part(0, phrases)
    return Episode(
        task, piece.collection, SAME_EVENING, (support,), piece.part(0, end), len(support)
    )


def _follows(piece: Piece, phrases: int) -> bool:
    return bool(piece.cuts[-1] - piece.cuts[phrases] >= _LEAST_QUERY_NOTES)


def another_day(
    task: str, pieces: Sequence[Piece], phrases: int, rng: np.random.Generator
) -> Episode | None:
    """Phrases of some pieces, and the first ones of another; None where there is too little."""
    able = [piece for piece in pieces if piece.phrases >= 1]
    if len(able) < 2:
        return None
    order = [able[n] for n in rng.permutation(len(able))]
    query, others = order[0], order[1:]
    # A player's takes: several pieces, of each some phrases in a row.
    each = max(1, phrases // 4)
    support: list[IntArray] = []
    left = phrases
    for piece in others:
        taken = min(each, left, piece.phrases)
        if taken > 0:
            support.append(piece.part(0, taken))
            left -= taken
    for piece in others:  # few pieces: more of each
        more = min(left, piece.phrases - min(each, piece.phrases))
        if more > 0 and left > 0:
            first = min(each, piece.phrases)
            support.append(piece.part(first, first + more))
            left -= more
    if left > 0:
        return None
    rows = query.part(0, min(QUERY_PHRASES, query.phrases))
    if len(rows) < _LEAST_QUERY_NOTES:
        return None
    return Episode(task, query.collection, ANOTHER_DAY, tuple(support), rows, 0)


def draw(
    setting: str, task: str, pieces: Sequence[Piece], phrases: int, rng: np.random.Generator
) -> Episode | None:
    """An episode of this setting."""
    make = same_evening if setting == SAME_EVENING else another_day
    return make(task, pieces, phrases, rng)
