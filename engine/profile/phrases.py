"""What a player played and an adapter learnt from, kept so that a newer prior can learn it too.

Each phrase is a name and encoded notes. It refuses rows that no encoder makes.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.encoding import COLUMN_SIZES, COLUMNS
from engine.profile import arrays
from engine.profile.trouble import DamagedError

KIND, VERSION = "phrases", 1
MOST_BYTES = 64 * 1024 * 1024
MOST_PHRASES = 100_000
LONGEST_NAME = 300


@dataclass(frozen=True, slots=True, eq=False)
class Phrase:
    """Notes that were played without a break, and the take or file that they come from.

    rows: shape (n, 9), n at least 1, columns and classes of `engine.encoding`.
    """

    name: str
    rows: np.ndarray


def checked(phrases: Sequence[Phrase]) -> tuple[Phrase, ...]:
    """The phrases as they are kept: rows of int16, names not endless. Raises ValueError."""
    if len(phrases) > MOST_PHRASES:
        raise ValueError(f"more than {MOST_PHRASES} phrases")
    return tuple(Phrase(p.name[:LONGEST_NAME], _rows(p.rows)) for p in phrases)


def pack(phrases: Sequence[Phrase]) -> bytes:
    """The bytes of a file. Raises ValueError."""
    return arrays.pack(KIND, VERSION, *as_arrays(phrases))


def unpack(data: bytes) -> tuple[Phrase, ...]:
    """The phrases again. Raises DamagedError, NewerError."""
    return from_arrays(*arrays.unpack(KIND, VERSION, data))


def as_arrays(phrases: Sequence[Phrase]) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """All rows one behind the other, where each phrase ends, and their names. Raises ValueError."""
    kept = checked(phrases)
    empty = np.zeros((0, len(COLUMNS)), np.int16)
    return {
        "rows": np.concatenate([empty, *(phrase.rows for phrase in kept)]),
        "ends": np.cumsum([len(phrase.rows) for phrase in kept], dtype=np.int64),
    }, {"names": json.dumps([phrase.name for phrase in kept])}


def from_arrays(found: arrays.Arrays, about: dict[str, str]) -> tuple[Phrase, ...]:
    """`as_arrays` turned round. Raises DamagedError."""
    try:
        names = json.loads(about["names"])
        ends = [int(end) for end in found["ends"]]
        rows = found["rows"]
        if len(names) != len(ends) or (ends[-1] if ends else 0) != len(rows):
            raise ValueError("names and rows of another number")
        begins = [0, *ends][: len(ends)]
        if any(begin >= end for begin, end in zip(begins, ends, strict=True)):
            raise ValueError("a phrase without notes")
        return checked(
            [
                Phrase(str(name), rows[begin:end])
                for name, begin, end in zip(names, begins, ends, strict=True)
            ]
        )
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise DamagedError(str(error)) from error


def _rows(rows: np.ndarray) -> np.ndarray:
    array = np.asarray(rows)
    if array.ndim != 2 or array.shape[1] != len(COLUMNS) or not len(array):
        raise ValueError(f"rows of shape {array.shape}")
    if array.dtype.kind not in "iu":
        raise ValueError(f"rows of {array.dtype}")
    if (array < 0).any() or (array >= np.array(COLUMN_SIZES)).any():
        raise ValueError("rows of classes that there are not")
    return array.astype(np.int16)
