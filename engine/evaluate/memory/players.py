"""Players for the memory to follow: pieces by the same one, one after the other, with what counts.

A player of a task is its task; of other music a piece or two of a collection. It refuses to know
models.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.corpus import Stream, rows_of
from engine.encoding import IntArray
from engine.train.batches import what_counts
from engine.train.scenes import take_turns


@dataclass(frozen=True, slots=True)
class Piece:
    """One stream: rows (n, 9), and which fields count (n, 5)."""

    name: str
    rows: IntArray
    counted: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Player:
    """Pieces in the order in which they are heard."""

    name: str
    collection: str
    pieces: tuple[Piece, ...]

    @property
    def notes(self) -> int:
        """Of all pieces."""
        return sum(map(len, self.pieces))


def piece_of(stream: Stream, turns: np.random.Generator | None = None) -> Piece:
    """A stream, played by two sides in turn where a generator is given."""
    rows = rows_of(stream)
    counted = what_counts(rows, velocity_known=True)
    if turns is not None:
        take_turns(rows, stream, turns)
    return Piece(stream.piece, rows, counted)


def one_each(streams: Sequence[Stream]) -> list[Stream]:
    """The longest stream of each piece."""
    longest: dict[str, Stream] = {}
    for stream in streams:
        if stream.piece not in longest or len(stream) > len(longest[stream.piece]):
            longest[stream.piece] = stream
    return [longest[name] for name in sorted(longest)]


def players_of(
    tasks: Mapping[str, Sequence[Stream]],
    others: Sequence[Stream],
    rng: np.random.Generator,
    *,
    most_pieces: int,
    longest: int,
    turns: float = 0.0,
    from_anywhere: float = 0.0,
) -> list[Player]:
    """Players of up to `most_pieces` pieces each, until all of the music is used.

    tasks: streams by task; others: of no task. longest: notes of a piece at the most; turns,
    from_anywhere: share of the pieces that two sides play, and that do not begin at the beginning.
    """
    groups = [(name, one_each(streams), most_pieces) for name, streams in tasks.items()]
    by_collection: dict[str, list[Stream]] = {}
    for stream in others:
        by_collection.setdefault(stream.collection, []).append(stream)
    groups += [(f"{name}: no task", one_each(own), 2) for name, own in by_collection.items()]
    found: list[Player] = []
    for name, streams, most in groups:
        order = [streams[n] for n in rng.permutation(len(streams))]
        while order:
            count = int(rng.integers(1, most + 1))
            pieces = []
            for stream in order[:count]:
                first = 0
                if len(stream) > longest and rng.random() < from_anywhere:
                    first = int(rng.integers(len(stream) - longest))
                part = stream.part(first, first + longest)
                pieces.append(piece_of(part, rng if rng.random() < turns else None))
            found.append(Player(name, order[0].collection, tuple(pieces)))
            order = order[count:]
    return [found[n] for n in rng.permutation(len(found))]


def as_many_of_each(players: Sequence[Player], notes: int) -> list[Player]:
    """Players until each collection has that many notes, or no more."""
    used: dict[str, int] = {}
    chosen = []
    for player in players:
        if used.get(player.collection, 0) < notes:
            used[player.collection] = used.get(player.collection, 0) + player.notes
            chosen.append(player)
    return chosen
