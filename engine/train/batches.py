"""Makes training batches: draws pieces, augments them, packs them without padding.

Every batch is a pure function of (seed, step), so a run that was killed goes on with the same
batches. Augmentation only makes what a player could have played: another key, another tempo, the
piece in free time, a human's small deviations, another loudness.

It refuses to read files (`engine.corpus`) and to touch torch.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.corpus import Stream, rows_of
from engine.encoding import TICKS_PER_BEAT, UNKNOWN_POSITION, IntArray
from engine.events import NOMINAL_BPM

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
    "oneills1850": 0.02,
    "ryans_mammoth": 0.015,
    "airds": 0.01,
    "esac": 0.025,
    "openewld": 0.008,
    "drum_patterns": 0.002,
}


@dataclass(frozen=True, slots=True)
class Batch:
    """rows (batch, length, 7), segment (batch, length), counted (batch, length, 4)."""

    rows: IntArray
    segment: IntArray
    counted: npt.NDArray[np.bool_]


class Sampler:
    """Draws packed batches of augmented music from streams.

    length: notes in a row; width: rows in a batch. Thread: any, stateless between calls.
    """

    def __init__(self, streams: list[Stream], *, seed: int, length: int, width: int) -> None:
        self._seed, self._length, self._width = seed, length, width
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
        packed = [self._row(rng) for _ in range(self._width)]
        return Batch(
            rows=np.stack([rows for rows, _, _ in packed]),
            segment=np.stack([segment for _, segment, _ in packed]),
            counted=np.stack([counted for _, _, counted in packed]),
        )

    def _row(self, rng: np.random.Generator) -> tuple[IntArray, IntArray, npt.NDArray[np.bool_]]:
        """One row: pieces one behind the other until `length` notes are full."""
        rows: list[IntArray] = []
        counted: list[npt.NDArray[np.bool_]] = []
        segment: list[IntArray] = []
        room = self._length
        while room > 0:
            group = int(np.searchsorted(self._shares, rng.random(), "right"))
            which = int(np.searchsorted(self._starts[group], rng.random(), "right"))
            piece, known = augment(_excerpt(self._groups[group][which], room, rng), rng)
            encoded = rows_of(piece)
            rows.append(encoded)
            counted.append(what_counts(encoded, velocity_known=known))
            segment.append(np.full(len(encoded), len(segment), dtype=np.int64))
            room -= len(encoded)
        return np.concatenate(rows), np.concatenate(segment), np.concatenate(counted)


def what_counts(rows: IntArray, *, velocity_known: bool) -> npt.NDArray[np.bool_]:
    """Which fields of one piece's notes are scored: not the first onset, not unknown velocity."""
    counted = np.ones((len(rows), 4), dtype=bool)
    counted[0, 0] = False
    counted[:, 3] = (rows[:, 3] > 0) & velocity_known
    return counted


def _excerpt(stream: Stream, room: int, rng: np.random.Generator) -> Stream:
    """At most `room` notes; a fifth of what is too long starts where the piece does."""
    spare = len(stream) - room
    first = int(rng.integers(0, spare + 1)) if spare > 0 and rng.random() < 0.8 else 0
    return stream.part(first, first + room)


def augment(stream: Stream, rng: np.random.Generator) -> tuple[Stream, bool]:
    """Another way to play the same music, and whether its velocities are real."""
    onset, duration = stream.onset.copy(), stream.duration.copy()
    pitch, bar_tick = stream.pitch.copy(), stream.bar_tick.copy()
    velocity, tempo_known = stream.velocity.copy(), stream.tempo_known

    if not stream.drums:
        low, high = int(pitch.min()), int(pitch.max())
        pitch = pitch + int(rng.integers(max(-6, -low), min(6, 127 - high) + 1))

    velocity_known = bool((velocity > 0).all())
    if not velocity_known and rng.random() < 0.6:
        # A player's notes always have a velocity: show the model some, without scoring them.
        level = rng.uniform(45, 110) + rng.normal(0, rng.uniform(0, 9), len(velocity))
        velocity = np.clip(np.rint(level), 1, 127).astype(velocity.dtype)
    elif velocity_known:
        shift = rng.integers(-10, 11)
        velocity = np.clip(velocity + shift, 1, 127).astype(velocity.dtype)

    looseness = 0.0
    if tempo_known and rng.random() < 0.25:
        looseness = rng.uniform(0.3, 2.5)  # ticks; 2.5 is 13 ms at 120 bpm
        articulation = rng.uniform(0.6, 1.05)
        moved = onset + rng.normal(0, looseness, len(onset))
        bar_tick = _moved_in_bar(bar_tick, np.floor(moved + 0.5) - np.floor(onset + 0.5))
        onset = moved
        duration = np.maximum(duration * articulation + rng.normal(0, 2.0, len(onset)), 1.0)
    if tempo_known and rng.random() < 0.3:
        # The same music without a clock: seconds at the nominal tempo, no bars.
        scale = NOMINAL_BPM / np.clip(stream.bpm * rng.uniform(0.8, 1.25), 40, 240)
        onset, duration, tempo_known = onset * scale, duration * scale, False
        bar_tick = np.full(len(onset), UNKNOWN_POSITION, dtype=bar_tick.dtype)
    elif not tempo_known:
        scale = rng.uniform(0.85, 1.18)
        onset, duration = onset * scale, duration * scale

    order = np.lexsort((pitch, np.floor(onset + 0.5))) if looseness or not tempo_known else None
    if order is not None:
        onset, duration, pitch = onset[order], duration[order], pitch[order]
        velocity, bar_tick = velocity[order], bar_tick[order]
    played = replace(
        stream,
        onset=onset,
        duration=duration,
        pitch=pitch,
        velocity=velocity,
        bar_tick=bar_tick,
        tempo_known=tempo_known,
    )
    return played, velocity_known


def _moved_in_bar(bar_tick: np.ndarray, ticks: np.ndarray) -> np.ndarray:
    """Ticks since the bar line of notes that were moved; a bar is what the piece's longest was."""
    bar = -(-(int(bar_tick.max()) + 1) // TICKS_PER_BEAT) * TICKS_PER_BEAT
    if bar <= 0:
        return bar_tick
    moved = (bar_tick + ticks.astype(bar_tick.dtype)) % bar
    return np.where(bar_tick >= 0, moved, bar_tick)
