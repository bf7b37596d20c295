"""Phrases of real performances: what the benchmark's player plays.

Held-out pieces of the shared data, with the timing, touch and pedal that their players gave them:
transcribed jazz solos (wjd), piano rolls (pianoroll) and the accompaniments of pop songs (pop909).
They are cut where phrases begin (as marked, else `engine.phrases`). It refuses to quantise, to
correct and to transpose; a key that is struck again while it is down is released first, as on a
keyboard.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.encoding import TICKS_PER_BEAT
from engine.events import NOMINAL_BPM
from engine.phrases import phrase_starts
from tests.behaviour.performance import Event

HELD_OUT = ("valid", "test", "task_valid", "task_test")
COLLECTIONS = {"wjd": 7, "pianoroll": 0, "pop909": 3}
"""Of each collection the tracks of this role: the solo, both hands, the accompaniment."""
LEAST_NOTES, MOST_NOTES = 3, 80
LEAST_S, MOST_S = 0.8, 4.5
RING_S = 1.5
"""No key of the phrase's end is held for longer: the rest belongs to what came after."""
GUESSED_VELOCITY = 80
PIECES_OF_EACH = 60
LEAST_NOTE_MS, RELEASE_BEFORE_MS = 12.0, 2.0

_TICKS_PER_MS = TICKS_PER_BEAT * NOMINAL_BPM / 60_000


@dataclass(frozen=True, slots=True)
class Phrase:
    """Messages of one phrase, in seconds from its first onset; `notes` of them begin a note."""

    piece: str
    events: list[Event]
    notes: int


@dataclass(frozen=True, slots=True)
class Performance:
    """One performance in ms: notes of shape (n,), moves of the pedal (p,), phrase marks (m,)."""

    piece: str
    onset: np.ndarray
    end: np.ndarray
    pitch: np.ndarray
    velocity: np.ndarray
    pedal_at: np.ndarray
    pedal_down: np.ndarray
    marked: np.ndarray


def shuffled_phrases(data: Path, seed: int) -> list[Phrase]:
    """Phrases of all collections in a seeded order, each collection as often as the others."""
    rng = random.Random(seed)
    by_collection = []
    for name, role in COLLECTIONS.items():
        found = [
            phrase
            for performance in performances(data, name, role, rng)
            for phrase in phrases_of(performance, seed)
        ]
        rng.shuffle(found)
        by_collection.append(found)
    return [phrase for group in zip(*by_collection, strict=False) for phrase in group]


def performances(data: Path, name: str, role: int, rng: random.Random) -> Iterator[Performance]:
    """Held-out pieces of one collection."""
    held_out = set()
    for line in (data / "index.csv").read_text(encoding="utf-8").splitlines():
        columns = line.split(",")
        if columns[1] == name and columns[3] in HELD_OUT:
            held_out.add(columns[0])
    with np.load(data / "ship" / f"{name}.npz") as archive:
        arrays = {key: archive[key] for key in archive.files}
    numbers = {piece: n for n, piece in enumerate(bytes(arrays["ids"]).decode().split("\n"))}
    chosen = rng.sample(sorted(held_out), min(PIECES_OF_EACH, len(held_out)))
    for piece in chosen:
        yield _performance(arrays, numbers[piece], piece, role)


def _performance(arrays: dict[str, np.ndarray], number: int, piece: str, role: int) -> Performance:
    notes = slice(*arrays["n_off"][number : number + 2])
    tracks = slice(*arrays["t_off"][number : number + 2])
    mine = np.isin(arrays["n_trk"][notes], np.flatnonzero(arrays["t_role"][tracks] == role))
    onset = np.cumsum(arrays["n_don"][notes].astype(np.int64))
    return Performance(
        piece,
        onset[mine],
        (onset + arrays["n_dur"][notes])[mine],
        arrays["n_pit"][notes][mine],
        arrays["n_vel"][notes][mine],
        *_events(arrays, "pedal", number, "on"),
        *_events(arrays, "phrase", number),
    )


def _events(
    arrays: dict[str, np.ndarray], name: str, number: int, *columns: str
) -> list[np.ndarray]:
    if f"{name}_off" not in arrays:
        return [np.zeros(0, np.int64) for _ in range(1 + len(columns))]
    part = slice(*arrays[f"{name}_off"][number : number + 2])
    times = np.cumsum(arrays[f"{name}_dt"][part].astype(np.int64))
    return [times, *(arrays[f"{name}_{column}"][part] for column in columns)]


def phrases_of(performance: Performance, seed: int) -> Iterator[Phrase]:
    """The phrases that are neither fragments nor speeches."""
    onset = performance.onset
    starts = phrase_starts(
        onset * _TICKS_PER_MS,
        (performance.end - onset) * _TICKS_PER_MS,
        np.full(len(onset), -1),
        np.isin(onset, performance.marked),
        np.random.default_rng(seed),
    )
    for first, end in zip([0, *starts], [*starts, len(onset)], strict=True):
        long_s = (onset[end - 1] - onset[first]) / 1e3 if end > first else 0.0
        if LEAST_NOTES <= end - first <= MOST_NOTES and LEAST_S <= long_s <= MOST_S:
            yield _phrase(performance, int(first), int(end))


def _phrase(performance: Performance, first: int, end: int) -> Phrase:
    begin_ms = int(performance.onset[first])
    last_ms = int(performance.onset[end - 1])
    next_ms = performance.onset[end] if end < len(performance.onset) else last_ms + 10**6
    latest_ms = min(last_ms + RING_S * 1e3, max(int(next_ms), last_ms + 100))
    events: list[Event] = []
    struck_again: dict[int, float] = {}
    for number in range(end - 1, first - 1, -1):
        pitch, at_ms = int(performance.pitch[number]), int(performance.onset[number])
        again_ms = struck_again.get(pitch, latest_ms)
        if again_ms - at_ms < LEAST_NOTE_MS:
            continue  # two voices on one key
        off_ms = min(float(performance.end[number]), again_ms - RELEASE_BEFORE_MS)
        off_ms = max(off_ms, at_ms + LEAST_NOTE_MS - RELEASE_BEFORE_MS)
        struck_again[pitch] = at_ms
        velocity = int(performance.velocity[number]) or GUESSED_VELOCITY
        events.append(((at_ms - begin_ms) / 1e3, bytes((0x90, pitch, velocity))))
        events.append(((off_ms - begin_ms) / 1e3, bytes((0x80, pitch, 64))))
    inside = (performance.pedal_at >= begin_ms) & (performance.pedal_at < latest_ms)
    for at_ms, is_down in zip(
        performance.pedal_at[inside], performance.pedal_down[inside], strict=True
    ):
        events.append(((int(at_ms) - begin_ms) / 1e3, bytes((0xB0, 64, 127 if is_down else 0))))
    if inside.any():
        events.append(((latest_ms - begin_ms) / 1e3, bytes((0xB0, 64, 0))))
    events.sort(key=lambda event: event[0])
    notes = sum(message[0] == 0x90 for _, message in events)
    return Phrase(performance.piece, events, notes)
