"""The packed format, both ways: an index.csv, and one `.npz` a collection in its tier's folder.

What `engine.corpus` trains from, `read_collection` gives as pieces and `write_folder` writes. All
event columns of a source (chords, phrases, beats...) are kept, also those that nobody uses yet.

It refuses to choose: splits, duplicates and names are settled before pieces are written.
"""

import csv
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.data.midi import RefusedError
from engine.data.pieces import INDEX_COLUMNS, Column, Events, Piece
from engine.words import shown_name

NEEDED_COLUMNS = frozenset({"id", "collection", "tier", "split", "texture"})
_NOT_EVENTS = ("n", "t")


def read_index(folder: Path) -> list[dict[str, str]] | None:
    """The rows of a packed folder's index.csv, or None where there is no such index.

    Raises:
        RefusedError: the index is there and cannot be read.
    """
    path = folder / "index.csv"
    if not path.is_file():
        return None
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            if not set(reader.fieldnames or ()) >= NEEDED_COLUMNS:
                return None  # some other table of that name
            return [{name: value or "" for name, value in row.items() if name} for row in reader]
    except (OSError, ValueError, csv.Error) as error:
        raise RefusedError(
            "Its index.csv cannot be read",
            f"index.csv of {shown_name(folder)} cannot be read ({error}): fetch the folder again.",
        ) from None


def read_collection(
    path: Path, rows: Sequence[Mapping[str, str]]
) -> tuple[list[Piece], list[Mapping[str, str]]]:
    """The pieces that `rows` (of index.csv) name, in their order, and the rows without a piece.

    Raises:
        RefusedError: the collection cannot be read.
    """
    try:
        with path.open("rb") as file, np.load(file) as archive:
            arrays = {name: archive[name] for name in archive.files}
        ids = bytes(arrays["ids"]).decode("utf-8").split("\n")
        number = {name: n for n, name in enumerate(ids)}
        found = [_piece(arrays, number[row["id"]], row) for row in rows if row["id"] in number]
    except (OSError, ValueError, LookupError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise RefusedError(
            "A packed collection cannot be read",
            f"{shown_name(path)} cannot be read ({error}): fetch the folder again.",
        ) from None
    return found, [row for row in rows if row["id"] not in number]


def _piece(arrays: Mapping[str, Column], number: int, row: Mapping[str, str]) -> Piece:
    def part(name: str) -> slice:
        offsets = arrays[f"{name}_off"]
        return slice(int(offsets[number]), int(offsets[number + 1]))

    notes, tracks = part("n"), part("t")
    drum = arrays["t_drum"][tracks].astype(bool)
    unknown = np.zeros(len(drum), dtype=np.uint8)
    unnamed = np.full(len(drum), -1, dtype=np.int16)
    events = {}
    for name in sorted(key.removesuffix("_off") for key in arrays if key.endswith("_off")):
        if name in _NOT_EVENTS or part(name).start == part(name).stop:
            continue
        columns = {}
        for key in arrays:
            prefix, _, column = key.partition("_")
            if prefix == name and column not in ("off", "dt", "vocab"):
                columns[column] = arrays[key][part(name)]
        if f"{name}_vocab" in arrays:
            words = np.array(bytes(arrays[f"{name}_vocab"]).decode("utf-8").split("\n"))
            columns["id"] = words[columns["id"]]
        events[name] = Events(np.cumsum(arrays[f"{name}_dt"][part(name)].astype(np.int64)), columns)
    return Piece(
        about=dict(row),
        milliseconds=bool(arrays["timebase_ms"][number]),
        onset=np.cumsum(arrays["n_don"][notes].astype(np.int64)),
        duration=arrays["n_dur"][notes].astype(np.int64),
        pitch=arrays["n_pit"][notes].astype(np.uint8),
        velocity=arrays["n_vel"][notes].astype(np.uint8),
        track=arrays["n_trk"][notes].astype(np.uint16),
        program=arrays["t_prog"][tracks].astype(np.int16) if "t_prog" in arrays else unnamed,
        drum=drum,
        role=arrays["t_role"][tracks] if "t_role" in arrays else unknown,
        events=events,
    )


def write_folder(folder: Path, pieces: Sequence[Piece], step: Callable[[int], object]) -> None:
    """Write index.csv and the collections into `folder`, which exists; `step(1)` after each piece.

    Raises:
        OSError: it cannot be written; what is there then is incomplete.
    """
    extra = sorted({name for piece in pieces for name in piece.about} - set(INDEX_COLUMNS))
    with (folder / "index.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*INDEX_COLUMNS, *extra], restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(dict(piece.about) for piece in pieces)
    collections: dict[tuple[str, str], list[Piece]] = {}
    for piece in pieces:
        place = (piece.about["tier"], piece.about["collection"])
        collections.setdefault(place, []).append(piece)
    for (tier, collection), members in collections.items():
        (folder / tier).mkdir(exist_ok=True)
        with (folder / tier / f"{collection}.npz").open("wb") as target:
            arrays: dict[str, Any] = pack(members)
            np.savez_compressed(target, **arrays)
        step(len(members))


def pack(pieces: Sequence[Piece]) -> dict[str, Column]:
    """The arrays of one collection, by their names in the packed format."""
    arrays: dict[str, Column] = {
        "ids": _text(piece.id for piece in pieces),
        "timebase_ms": np.array([piece.milliseconds for piece in pieces]),
        "n_off": _offsets(len(piece) for piece in pieces),
        "n_don": _small(np.concatenate([np.diff(piece.onset, prepend=0) for piece in pieces])),
        "n_dur": _small(np.concatenate([piece.duration for piece in pieces])),
        "n_pit": np.concatenate([piece.pitch for piece in pieces]).astype(np.uint8),
        "n_vel": np.concatenate([piece.velocity for piece in pieces]).astype(np.uint8),
        "n_trk": _small(np.concatenate([piece.track for piece in pieces])),
        "t_off": _offsets(len(piece.drum) for piece in pieces),
        "t_prog": np.concatenate([piece.program for piece in pieces]).astype(np.int16),
        "t_drum": np.concatenate([piece.drum for piece in pieces]),
        "t_role": np.concatenate([piece.role for piece in pieces]).astype(np.uint8),
    }
    for name in sorted({name for piece in pieces for name in piece.events}):
        found = [piece.events.get(name) for piece in pieces]
        there = [events for events in found if events]
        arrays[f"{name}_off"] = _offsets(len(events.times) if events else 0 for events in found)
        differences = [np.diff(events.times, prepend=0) for events in there]
        arrays[f"{name}_dt"] = np.concatenate(differences).astype(np.int32)
        # Where sources differ, a collection keeps what they all say.
        for column in sorted(set.intersection(*(set(events.columns) for events in there))):
            values = np.concatenate([events.columns[column] for events in there])
            if values.dtype.kind == "U":
                words, numbers = np.unique(values, return_inverse=True)
                arrays[f"{name}_vocab"] = _text(words.tolist())
                values = numbers.astype(np.uint16)
            arrays[f"{name}_{column}"] = values
    return arrays


def _offsets(lengths: Iterable[int]) -> Column:
    return np.cumsum([0, *lengths], dtype=np.int64)


def _text(words: Iterable[str]) -> Column:
    return np.frombuffer("\n".join(words).encode("utf-8"), dtype=np.uint8)


def _small(values: Column) -> Column:
    """The same whole numbers, in the smallest type that holds them."""
    largest = int(values.max(initial=0))
    if int(values.min(initial=0)) < 0 or largest > 65_535:
        return values.astype(np.int32)
    return values.astype(np.uint8 if largest < 256 else np.uint16)
