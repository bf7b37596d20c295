"""Two places of each piece: what is played now, and a take of the same piece.

A place is four bars (8 s without a tempo) as in `engine.evaluate.continuation.passages`; the two
are at least eight bars apart where the piece is long enough, and never overlap. It refuses pieces
that are too short for that.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.corpus import Stream
from engine.encoding import TICKS_PER_BEAT
from engine.evaluate.continuation.passages import BARS, FREE_BEATS, Excerpt, cut, places
from engine.taste.portrait import Portrait, portrait


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two places of one piece, portrayed. labels: of styles, see `engine.styles`."""

    piece: str
    collection: str
    labels: frozenset[str]
    now: Portrait
    take: Portrait
    now_bar: float | None


def pairs(streams: Sequence[Stream], most: int, rng: np.random.Generator) -> list[Pair]:
    """Up to `most` pieces in an order drawn by rng, a pair each."""
    by_piece: dict[str, list[Stream]] = {}
    for stream in streams:
        by_piece.setdefault(stream.piece, []).append(stream)
    names = sorted(by_piece)
    found: list[Pair] = []
    for number in rng.permutation(len(names)):
        lines = by_piece[names[number]]
        stream = lines[int(rng.integers(len(lines)))]
        pair = _pair(stream, rng)
        if pair is not None:
            found.append(pair)
        if len(found) == most:
            break
    return found


def _pair(stream: Stream, rng: np.random.Generator) -> Pair | None:
    starts, bar = places(stream)
    if not len(starts):
        return None
    half = BARS * bar if bar else int(FREE_BEATS * TICKS_PER_BEAT)
    one = int(rng.choice(starts))
    for apart in (2 * half, half):
        others = starts[np.abs(starts - one) >= apart]
        if len(others):
            break
    else:
        return None
    first, second = (cut(stream, start, bar).prime for start in (one, int(rng.choice(others))))
    now, take = portrayed(first), portrayed(second)
    if now is None or take is None:
        return None
    return Pair(
        stream.piece, stream.collection, frozenset(stream.labels), now, take, first.bar_beats
    )


def portrayed(excerpt: Excerpt) -> Portrait | None:
    """The portrait of an excerpt; None for silence."""
    return portrait(excerpt.notes, excerpt.bar_beats)
