"""A delta: how a player's training moved the shared model, and the one file in which it travels.

The file is safetensors with every B of the lineage in half precision and six words of metadata:
schema, lineage, version that it started from, number of notes in coarse steps, version of Antiphon.
Nothing else fits in: a name, a shape, a word or a byte more is refused, so that nobody has to
wonder what else a contribution could carry. `decode` takes bytes from anywhere: it needs memory for
a few copies of a file of the right size, never unpickles, and raises nothing but DeltaError.

It refuses to clip (`clipping`) and to decide whether a delta is any good.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from federation.formats import tensorfile
from federation.formats.lineage import Lineage

SCHEMA = "antiphon-delta-1"
MOST_BYTES = 300_000
NOTE_STEPS = (64, 256, 1024, 4096)
"""What is told about the amount of music: the largest of these that was reached, or the first. Two
bits say little about a player, and bound what a lie about them can do."""

Vector = npt.NDArray[np.float32]

_WORDS = frozenset({"schema", "lineage", "from_version", "notes", "app"})
_VERSION = re.compile(r"0|[1-9][0-9]{0,8}")
_APP = re.compile(r"[0-9A-Za-z.+-]{1,32}")


class DeltaError(Exception):
    """These bytes are no contribution; the message is a sentence and a next step."""


@dataclass(frozen=True, slots=True, eq=False)
class Delta:
    """See the module. tensors: B after training minus B of `from_version`, float32.

    lineage: its id. notes: one of NOTE_STEPS. app: the version of Antiphon that made it.
    """

    lineage: str
    from_version: int
    notes: int
    tensors: dict[str, npt.NDArray[np.float32]]
    app: str = "0"

    @property
    def norm(self) -> float:
        """Its length as one vector."""
        return norm(as_vector(self.tensors))


def note_step(notes: int) -> int:
    """The coarse number that is told for a number of notes."""
    return max((step for step in NOTE_STEPS if step <= notes), default=NOTE_STEPS[0])


def encode(delta: Delta, lineage: Lineage) -> bytes:
    """The file; the same delta is always the same bytes. Raises DeltaError.

    Values are rounded to half precision: `decode` of it is exactly what all others will see.
    """
    if (
        delta.lineage != lineage.id
        or {n: t.shape for n, t in delta.tensors.items()} != lineage.shapes
    ):
        raise DeltaError("This change belongs to another model; train again from the newest one.")
    words = {
        "schema": SCHEMA,
        "lineage": delta.lineage,
        "from_version": str(delta.from_version),
        "notes": str(delta.notes),
        "app": delta.app,
    }
    with np.errstate(over="ignore"):  # becomes infinite, and is refused by decode
        data = tensorfile.write(delta.tensors, words, "F16")
    decode(data, lineage)
    return data


def decode(data: bytes, lineage: Lineage) -> Delta:
    """What was sent, checked in all but its length as a vector. Raises nothing but DeltaError."""
    if len(data) > MOST_BYTES:
        raise DeltaError(
            f"This is no contribution: it has {len(data):,} bytes and none has more than "
            f"{MOST_BYTES:,}. Send the file that Antiphon made, unchanged."
        )
    try:
        file = tensorfile.read(data, lineage.shapes, "F16")
    except tensorfile.TensorFileError as error:
        raise DeltaError(
            f"This is no contribution: {error}. Send the file that Antiphon made, unchanged."
        ) from error
    words = file.metadata
    if words.keys() != _WORDS or words["schema"] != SCHEMA:
        raise DeltaError(
            "This contribution is of a form that is not understood here; update Antiphon, then "
            "send again."
        )
    if words["lineage"] != lineage.id:
        raise DeltaError(
            "This contribution belongs to another model; train again from the newest one."
        )
    from_version, notes = words["from_version"], words["notes"]
    if not _VERSION.fullmatch(from_version) or notes not in map(str, NOTE_STEPS):
        raise DeltaError(
            "This contribution does not say what it started from, or how much music is in it; "
            "train again."
        )
    if not _APP.fullmatch(words["app"]):
        raise DeltaError("This contribution does not say which Antiphon made it; train again.")
    tensors = {name: tensor.astype(np.float32) for name, tensor in file.tensors.items()}
    if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
        raise DeltaError("This contribution holds numbers that are not finite; train again.")
    return Delta(lineage.id, int(from_version), int(notes), tensors, words["app"])


def as_vector(tensors: Mapping[str, npt.NDArray[Any]]) -> Vector:
    """All numbers in one row, tensors by name in sorted order."""
    return np.concatenate(
        [np.asarray(tensors[name], np.float32).ravel() for name in sorted(tensors)]
    )


def from_vector(vector: npt.NDArray[Any], lineage: Lineage) -> dict[str, npt.NDArray[np.float32]]:
    """The way back. Raises ValueError if the length is another."""
    if vector.shape != (lineage.size,):
        raise ValueError(f"{vector.shape} numbers are not the {lineage.size} of this lineage")
    found, at = {}, 0
    for name in lineage.names:
        rows, columns = lineage.shapes[name]
        found[name] = vector[at : at + rows * columns].reshape(rows, columns).astype(np.float32)
        at += rows * columns
    return found


def norm(vector: npt.NDArray[Any]) -> float:
    """Euclidean length, added up in double precision."""
    return float(np.linalg.norm(np.asarray(vector, np.float64)))
