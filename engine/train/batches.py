"""Makes training batches: draws pieces, augments them, sets scenes, packs them without padding.

Every batch is a pure function of (seed, step), so a run that was killed goes on with the same
batches. It refuses to read files (`engine.corpus`) and to touch torch.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.corpus import Stream, rows_of
from engine.encoding import FIELDS, ONSET, VELOCITY, VOICE, IntArray
from engine.styles import Vocabulary
from engine.train import scenes
from engine.train.augment import augment

# Share of the notes drawn from each collection. By size alone scores and rolls would drown the
# improvisers, drummers and songs that a player at a DAW is closer to. Others share the rest.
SHARES = {
    "pianoroll": 0.20,
    "pop909": 0.19,
    "wjd": 0.10,
    "groove": 0.07,
    "freedoom": 0.05,
    "polish": 0.10,
    "openscore_lieder": 0.08,
    "openscore_quartets": 0.05,
    "mutopia": 0.05,
    "chopin_fe": 0.03,
    "oneills1850": 0.022,
    "ryans_mammoth": 0.018,
    "airds": 0.015,
    "esac": 0.04,
    "openewld": 0.01,
    "drum_patterns": 0.002,
}


MOST_LABELS = 4
"""Labels of one piece that are told at a time."""
_TURNS, _HELD, _PLAIN = 0.45, 0.25, 0.3
"""How often a piece is played in turns, shows held notes, and (a melody) hides its rhythm."""
_NO_STYLE, _DROP_LABEL = 0.4, 0.4

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Batch:
    """Integers of `engine.model.network.Music`, and which fields are scored.

    rows, read (batch, length, 9); segment (batch, length); rank, counted (batch, length, 5); style
    (batch, length, MOST_LABELS).
    """

    rows: IntArray
    read: IntArray
    segment: IntArray
    rank: IntArray
    style: IntArray
    counted: Bools


class Sampler:
    """Draws packed batches of augmented music from streams.

    length: notes in a row; width: rows in a batch. Thread: any, stateless between calls.
    """

    def __init__(
        self,
        streams: list[Stream],
        *,
        seed: int,
        length: int,
        width: int,
        styles: Vocabulary,
        free_order: float = scenes.FREE_ORDER,
    ) -> None:
        self._seed, self._length, self._width = seed, length, width
        self._free_order = free_order
        labels = {stream.labels for stream in streams}
        self._labels = {names: np.array(styles.numbers(names)) for names in labels}
        self._groups: list[list[Stream]] = []
        self._starts: list[npt.NDArray[np.float64]] = []
        shares: list[float] = []
        by_collection: dict[str, list[Stream]] = {}
        for stream in streams:
            by_collection.setdefault(stream.collection, []).append(stream)
        for name, group in by_collection.items():
            sizes = np.array([len(stream) for stream in group], dtype=np.float64)
            self._groups.append(group)
            self._starts.append(np.cumsum(sizes) / sizes.sum())
            shares.append(SHARES.get(name, 0.01))
        self._shares = np.cumsum(shares) / np.sum(shares)

    def batch(self, step: int) -> Batch:
        """The batch of this step."""
        rng = np.random.default_rng((self._seed, step))
        rows = [self._row(rng) for _ in range(self._width)]
        parts = [np.stack(part) for part in zip(*rows, strict=True)]
        rank = scenes.ranks(self._width * self._length, self._free_order, rng)
        rank = rank.reshape(self._width, self._length, len(FIELDS))
        return Batch(
            rows=parts[0],
            read=parts[1],
            segment=parts[2],
            rank=rank,
            style=parts[3],
            counted=parts[4],
        )

    def _row(self, rng: np.random.Generator) -> list[np.ndarray]:
        """One row: pieces one behind the other until `length` notes are full."""
        pieces: list[tuple[np.ndarray, ...]] = []
        room = self._length
        while room > 0:
            group = int(np.searchsorted(self._shares, rng.random(), "right"))
            which = int(np.searchsorted(self._starts[group], rng.random(), "right"))
            piece, known = augment(_excerpt(self._groups[group][which], room, rng), rng)
            rows, read, counted = _scene(piece, rng, velocity_known=known)
            segment = np.full(len(rows), len(pieces), dtype=np.int64)
            pieces.append((rows, read, segment, self._style(piece, rng), counted))
            room -= len(rows)
        return [np.concatenate(part) for part in zip(*pieces, strict=True)]

    def _style(self, stream: Stream, rng: np.random.Generator) -> IntArray:
        """Labels that are told of this piece, in every note: (n, MOST_LABELS), 0 for none."""
        told = np.zeros(MOST_LABELS, dtype=np.int64)
        labels = self._labels[stream.labels]
        if len(labels) and rng.random() >= _NO_STYLE:
            kept = labels[rng.random(len(labels)) >= _DROP_LABEL]
            chosen = rng.permutation(kept if len(kept) else labels)[:MOST_LABELS]
            told[: len(chosen)] = chosen
        return np.tile(told, (len(stream), 1))


def _scene(
    piece: Stream, rng: np.random.Generator, *, velocity_known: bool
) -> tuple[IntArray, IntArray, Bools]:
    """The piece's rows, how the past shows them, and what is scored."""
    rows = rows_of(piece)
    counted = what_counts(rows, velocity_known=velocity_known)
    if scenes.is_melody(piece) and rng.random() < _PLAIN:
        scenes.hide_rhythm(rows, counted)
        return rows, rows, counted
    starts = np.zeros(0, dtype=np.int64)
    if rng.random() < _TURNS:
        starts = scenes.take_turns(rows, piece, rng)
    read = rows
    if rng.random() < _HELD and len(rows) > 1:
        read = scenes.hold(
            rows, piece, int(rng.choice(starts if len(starts) else len(rows) - 1) or 1)
        )
    return rows, read, counted


def what_counts(rows: IntArray, *, velocity_known: bool) -> Bools:
    """Which fields of one piece's notes are scored: (n, 5).

    Not the first onset and voice, which are given, nor unknown velocity.
    """
    counted = np.ones((len(rows), len(FIELDS)), dtype=bool)
    counted[0, (ONSET, VOICE)] = False
    counted[:, VELOCITY] = (rows[:, VELOCITY] > 0) & velocity_known
    return counted


def _excerpt(stream: Stream, room: int, rng: np.random.Generator) -> Stream:
    """At most `room` notes; a fifth of what is too long starts where the piece does."""
    spare = len(stream) - room
    first = int(rng.integers(0, spare + 1)) if spare > 0 and rng.random() < 0.8 else 0
    return stream.part(first, first + room)
