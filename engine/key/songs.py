"""Pieces whose key is written on them: notes beside the key signature in force at each.

Not every signature can be believed. What is believed is decided here, by rules that look at no
finder's answer:

- a collection in which every signature is the same says nothing (a sequencer's default);
- a collection, or a signature, that never says minor tells the scale, but not the mode;
- EsAC writes down a tonic and no mode: the mode in the data is a guess from the notes, and is
  passed over where the third above that tonic contradicts it;
- a few collections (`_DEFAULTS`) are labelled too rarely to be more than accidents.

A signature names a modal tune by the major or minor key that shares its scale (A dorian is E minor
here), which is the right scale to follow. It refuses to read anything but notes and signatures.
"""

import csv
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.corpus import EVERY_TIER, SHIPPABLE, CorpusError
from engine.key.keys import from_signature

Ints = npt.NDArray[np.int64]

NO_KEY = -1
_MINOR = 1
_UNKNOWN_MODE = 255
_DEFAULTS = frozenset({"freedoom", "openmsx"})
"""Sequenced game music: a few files carry a signature, most of them their program's default."""
_GUESSED_MODES = frozenset({"esac"})
_LEAST_NOTES = 8


@dataclass(frozen=True, slots=True)
class Song:
    """The pitched notes of a piece, by onset, then pitch; arrays of shape (n,).

    onset, duration: the piece's own unit; pitch: MIDI key; key: number 0..23 of the key in force,
    -1 where there is none. mode_known: else only the signature is known, and key is its major.
    """

    piece: str
    collection: str
    onset: Ints
    duration: Ints
    pitch: Ints
    key: Ints
    mode_known: bool

    def __len__(self) -> int:
        return len(self.pitch)


@dataclass(frozen=True, slots=True)
class Refused:
    """A piece whose label is not believed, and why, in a few words."""

    piece: str
    collection: str
    why: str


def load_songs(
    data: Path, split: str, *, tier: str = SHIPPABLE
) -> tuple[list[Song], list[Refused]]:
    """Labelled pieces of a split of one tier (or `EVERY_TIER`), in order, and those refused.

    Pieces without any signature are in neither list. Raises CorpusError.
    """
    asked: dict[str, set[str]] = {}
    for row in _index(data):
        if row["split"] == split and tier in (row["tier"], EVERY_TIER):
            asked.setdefault(f"{row['tier']}/{row['collection']}", set()).add(row["id"])
    songs: list[Song] = []
    refused: list[Refused] = []
    for name, pieces in asked.items():
        for found in _read_collection(data / f"{name}.npz", pieces):
            if isinstance(found, Song):
                songs.append(found)
            else:
                refused.append(found)
    if not songs:
        raise CorpusError(
            f"No piece of split {split!r}, tier {tier!r} in {data} has a key that can be believed; "
            "name another --split, --tier or --data."
        )
    return songs, refused


def _index(data: Path) -> list[dict[str, str]]:
    path = data / "index.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, ValueError, csv.Error) as error:
        raise CorpusError(
            f"{path} cannot be read ({error}); name the data folder with --data."
        ) from error
    if rows and not {"id", "collection", "tier", "split"} <= set(rows[0]):
        raise CorpusError(f"{path} is no index of music; name the data folder with --data.")
    return rows


def _read_collection(path: Path, asked: set[str]) -> Iterator[Song | Refused]:
    try:
        with path.open("rb") as file, np.load(file) as archive:
            arrays = {name: archive[name] for name in archive.files}
        ids = bytes(arrays["ids"]).decode("utf-8").split("\n")
        sharps = arrays.get("key_sharps", np.zeros(0))
        if path.stem in _DEFAULTS or len(np.unique(sharps)) < 2:
            return
        tells_modes = bool((arrays["key_mode"] == _MINOR).any())
        for number, piece in enumerate(ids):
            if piece in asked:
                found = _read_piece(arrays, number, piece, path.stem, tells_modes=tells_modes)
                if found is not None:
                    yield found
    except (OSError, ValueError, LookupError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise CorpusError(f"{path} cannot be read ({error}); fetch the data again.") from error


def _read_piece(
    arrays: dict[str, npt.NDArray[np.generic]],
    number: int,
    piece: str,
    collection: str,
    *,
    tells_modes: bool,
) -> Song | Refused | None:
    def column(name: str, kind: str) -> Ints:
        offsets = arrays[f"{kind}_off"]
        return arrays[name][int(offsets[number]) : int(offsets[number + 1])].astype(np.int64)

    key_at, sharps, mode = (column(f"key_{name}", "key") for name in ("dt", "sharps", "mode"))
    if not len(key_at):
        return None
    pitched = column("t_drum", "t")[column("n_trk", "n")] == 0
    onset = np.cumsum(column("n_don", "n"))[pitched]
    pitch, duration = column("n_pit", "n")[pitched], column("n_dur", "n")[pitched]
    if len(onset) < _LEAST_NOTES:
        return None
    order = np.lexsort((pitch, onset))
    onset, pitch, duration = onset[order], pitch[order], duration[order]

    mode_known = tells_modes and bool((mode != _UNKNOWN_MODE).all())
    named = [
        from_signature(int(s), minor=mode_known and int(m) == _MINOR)
        for s, m in zip(sharps, mode, strict=True)
    ]
    which = np.searchsorted(np.cumsum(key_at), onset, "right") - 1
    key = np.where(which >= 0, np.array(named)[np.maximum(which, 0)], NO_KEY)
    song = Song(piece, collection, onset, duration, pitch, key, mode_known)
    if collection in _GUESSED_MODES and _third_contradicts(song):
        return Refused(piece, collection, "the third contradicts the guessed mode")
    return song


def _third_contradicts(song: Song) -> bool:
    """Whether the third of the other mode sounds longer than that of the label's."""
    key = int(song.key[0])
    sounding = np.bincount((song.pitch - key) % 12, weights=song.duration, minlength=12)
    minor, major = float(sounding[3]), float(sounding[4])
    return major > minor if key >= 12 else minor > major
