"""The music of the gate: a small packed set of public music that no prior was trained on.

Streams of the test split of the data folder, each collection with about its share, and canaries
made here: scales, broken chords, a repeated note, a beat. It refuses music that may not be given
on: only the tier that ships is taken.
"""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.corpus import Stream, load_streams, rows_of
from engine.encoding import DRUM_FAMILY, TICKS_PER_BEAT
from federation.server.gate import CANARY, STYLE

NOTES = 12_000
LONGEST = 256
_CANARY_NOTES = 64


def packed_music(data: Path, notes: int = NOTES, seed: int = 0) -> tuple[bytes, dict[str, int]]:
    """The file, and how many notes each group has. Raises CorpusError."""
    streams = load_streams(data, "test")
    order = np.random.default_rng(seed).permutation(len(streams))
    chosen: list[tuple[str, Stream]] = []
    total = sum(min(len(stream), LONGEST) for stream in streams)
    room: dict[str, int] = {}
    for stream in streams:
        room[stream.collection] = room.get(stream.collection, 0) + min(len(stream), LONGEST)
    left = {name: max(LONGEST, size * notes // total) for name, size in room.items()}
    for number in order:
        stream = streams[int(number)].part(0, LONGEST)
        if left[stream.collection] > 0:
            left[stream.collection] -= len(stream)
            chosen.append((STYLE + stream.collection, stream))
    return pack([*chosen, *canaries()])


def pack(groups: list[tuple[str, Stream]]) -> tuple[bytes, dict[str, int]]:
    """The file of these streams by group; an .npz of plain numbers, without pickle."""
    from engine.train.batches import what_counts

    names = list(dict.fromkeys(name for name, _ in groups))
    columns: dict[str, list[npt.NDArray[Any]]] = {
        name: [] for name in ("rows", "counted", "place", "group")
    }
    for name, stream in groups:
        encoded = rows_of(stream)
        columns["rows"].append(encoded.astype(np.int16))
        columns["counted"].append(what_counts(encoded, velocity_known=True))
        columns["place"].append(np.arange(len(encoded), dtype=np.int32))
        columns["group"].append(np.full(len(encoded), names.index(name), dtype=np.int32))
    arrays = {name: np.concatenate(parts) for name, parts in columns.items()}
    file = io.BytesIO()
    words = np.frombuffer(json.dumps(names).encode(), np.uint8)
    np.savez_compressed(file, names=words, **arrays)  # type: ignore[arg-type]
    counts = np.bincount(arrays["group"], minlength=len(names))
    return file.getvalue(), {name: int(counts[n]) for n, name in enumerate(names)}


def canaries() -> list[tuple[str, Stream]]:
    """What every model of music knows; made of numbers, in all keys."""
    steps = np.array([0, 2, 4, 5, 7, 9, 11, 12, 11, 9, 7, 5, 4, 2])
    chord = np.array([0, 4, 7, 12, 7, 4])
    beat = np.array([36, 42, 38, 42])
    found = []
    for key in (0, 3, 5, 7, 10):
        found.append(_line("scales", 60 + key + np.resize(steps, _CANARY_NOTES), 1))
        found.append(_line("broken chords", 55 + key + np.resize(chord, _CANARY_NOTES), 2))
        found.append(_line("repeated notes", np.full(_CANARY_NOTES, 60 + key), 1))
    found.append(_line("beat", np.resize(beat, _CANARY_NOTES), 2, drums=True))
    return found


def _line(name: str, pitch: np.ndarray, a_beat: int, *, drums: bool = False) -> tuple[str, Stream]:
    count, step = len(pitch), TICKS_PER_BEAT / a_beat
    onset = np.arange(count) * step
    return CANARY + name, Stream(
        piece=name,
        collection="canary",
        onset=onset,
        duration=np.full(count, step),
        pitch=pitch.astype(np.int16),
        velocity=np.full(count, 80, np.int16),
        bar_tick=(onset % (4 * TICKS_PER_BEAT)).astype(np.int64),
        family=np.full(count, DRUM_FAMILY if drums else 1, np.int8),
        phrase=np.zeros(count, bool),
        tempo_known=True,
        drums=drums,
        bpm=120.0,
    )
