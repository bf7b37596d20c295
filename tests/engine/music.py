"""Small made-up music for the engine's tests: streams, and data folders in the packed format."""

import csv
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.corpus import Stream
from engine.encoding import COLUMN_SIZES, DRUM_FAMILY, TICKS_PER_BEAT, Row
from engine.events import Note

COLUMNS = (
    *("id", "collection", "tier", "split", "texture"),
    *("title", "composer", "performer", "style"),
)


def rows(count: int, *, seed: int = 0, kind: int = 1) -> list[Row]:
    """Encoded notes in which every class of every column may occur, except that none is held."""
    rng = np.random.default_rng(seed)
    found = []
    for n in range(count):
        values = [int(rng.integers(0, size)) for size in COLUMN_SIZES]
        row = Row(*values)._replace(kind=kind, duration=int(rng.integers(1, COLUMN_SIZES[2])))
        together = n == 0 or rng.random() < 0.3
        found.append(row._replace(delta=0) if together else row)
    return found


def stream(
    count: int = 64,
    *,
    seed: int = 0,
    collection: str = "tunes",
    piece: str = "tune",
    velocity: bool = True,
    drums: bool = False,
    tempo_known: bool = True,
    pattern: int = 0,
    family: int = 1,
    phrases: tuple[int, ...] = (),
    labels: tuple[str, ...] = (),
) -> Stream:
    """A tune in eighths; with `pattern` it repeats after that many notes.

    phrases: numbers of the notes that are marked as a phrase's first.
    """
    rng = np.random.default_rng(seed)
    pitch = rng.integers(48, 84, pattern or count)
    level = rng.integers(1, 128, pattern or count)
    onset = np.arange(count) * (TICKS_PER_BEAT / 2)
    return Stream(
        piece=piece,
        collection=collection,
        onset=onset,
        duration=np.full(count, TICKS_PER_BEAT / 2),
        pitch=np.resize(pitch, count).astype(np.int16),
        velocity=(np.resize(level, count) if velocity else np.zeros(count)).astype(np.int16),
        bar_tick=(
            onset.astype(np.int64) % (4 * TICKS_PER_BEAT) if tempo_known else np.full(count, -1)
        ),
        family=np.full(count, DRUM_FAMILY if drums else family, dtype=np.int8),
        phrase=np.isin(np.arange(count), phrases),
        tempo_known=tempo_known,
        drums=drums,
        bpm=100.0,
        labels=labels,
    )


@dataclass
class Piece:
    """One piece of a data folder. Times are 480ths of a quarter, or ms where `milliseconds`.

    notes: (onset, duration, pitch, velocity, track), by onset; drum_tracks: their numbers; meters:
    (time, numerator, denominator); tempos: (time, bpm); beats: (time, 1 on a downbeat); programs:
    of the tracks, where any is known; phrases: times at which one begins.
    """

    id: str
    notes: list[tuple[int, int, int, int, int]]
    collection: str = "tunes"
    tier: str = "ship"
    split: str = "train"
    texture: str = "poly"
    title: str = ""
    composer: str = ""
    performer: str = ""
    style: str = ""
    tracks: int = 1
    programs: tuple[int, ...] = ()
    drum_tracks: tuple[int, ...] = ()
    milliseconds: bool = False
    meters: list[tuple[int, int, int]] = field(default_factory=list)
    tempos: list[tuple[int, float]] = field(default_factory=list)
    beats: list[tuple[int, int]] = field(default_factory=list)
    phrases: list[int] = field(default_factory=list)


def tune(name: str, *, seed: int = 0, count: int = 40, split: str = "train", **more) -> Piece:
    """A piece of eighths over a repeated figure, with velocities."""
    rng = np.random.default_rng(seed)
    figure = rng.integers(55, 80, 4)
    notes = [(240 * n, 240, int(figure[n % 4]), 60 + 8 * (n % 4), 0) for n in range(count)]
    return Piece(id=name, notes=notes, split=split, meters=[(0, 4, 4)], **more)


def write_folder(folder: Path, pieces: list[Piece]) -> Path:
    """The pieces as index.csv and one .npz a collection; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "index.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for piece in pieces:
            writer.writerow({column: getattr(piece, column) for column in COLUMNS})
    for place in {(piece.tier, piece.collection) for piece in pieces}:
        chosen = [piece for piece in pieces if (piece.tier, piece.collection) == place]
        (folder / place[0]).mkdir(exist_ok=True)
        np.savez_compressed(folder / place[0] / f"{place[1]}.npz", **_pack(chosen))
    return folder


def _pack(pieces: list[Piece]) -> dict[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {
        "ids": np.frombuffer("\n".join(piece.id for piece in pieces).encode(), dtype=np.uint8),
        "timebase_ms": np.array([piece.milliseconds for piece in pieces]),
        "t_off": np.cumsum([0, *(piece.tracks for piece in pieces)]),
        "t_drum": np.concatenate(
            [np.isin(np.arange(piece.tracks), piece.drum_tracks) for piece in pieces]
        ),
    }
    if any(piece.programs for piece in pieces):
        arrays["t_prog"] = np.concatenate(
            [np.resize(piece.programs or (0,), piece.tracks) for piece in pieces]
        ).astype(np.uint8)
    notes = [np.array(piece.notes, dtype=np.int64).reshape(-1, 5) for piece in pieces]
    together = np.concatenate(notes)
    arrays["n_off"] = np.cumsum([0, *map(len, notes)])
    arrays["n_don"] = np.concatenate([np.diff(part[:, 0], prepend=0) for part in notes])
    for column, name in enumerate(("dur", "pit", "vel", "trk"), start=1):
        arrays[f"n_{name}"] = together[:, column]
    kinds = {"meter": ("num", "den"), "tempo": ("bpm",), "beat": ("down",), "phrase": ()}
    for name, columns in kinds.items():
        events = [
            np.array(getattr(piece, f"{name}s"), dtype=np.float64).reshape(-1, 1 + len(columns))
            for piece in pieces
        ]
        together = np.concatenate(events)
        arrays[f"{name}_off"] = np.cumsum([0, *map(len, events)])
        arrays[f"{name}_dt"] = np.concatenate(
            [np.diff(part[:, 0], prepend=0.0) for part in events]
        ).astype(np.int32)
        for number, column in enumerate(columns, start=1):
            kind = np.float32 if column == "bpm" else np.int16
            arrays[f"{name}_{column}"] = together[:, number].astype(kind)
    return arrays


def notes_of(piece: Piece) -> list[Note]:
    """The notes of a piece in 480ths, as a player's: onsets and durations in beats."""
    return [Note(o / 480, d / 480, p, max(v, 1)) for o, d, p, v, _ in piece.notes]
