"""Tensors as bytes: the safetensors format, written always alike and read without trust.

The safetensors library reads what this writes, and this reads what the library writes (a test holds
both). It is not used because its bytes differ from run to run, while the player is shown the hash
of what is sent, and because it overlooks a name that stands there twice. Nothing is unpickled, and
nothing is allocated beyond the bytes that came: whoever calls `read` has already bounded those.

It refuses to know what the tensors mean.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

MOST_HEADER_BYTES = 16 * 1024
METADATA = "__metadata__"
DTYPES: dict[str, np.dtype[Any]] = {"F16": np.dtype("<f2"), "F32": np.dtype("<f4")}
_LENGTH_BYTES = 8
_ALIGNED = 8

Tensors = Mapping[str, npt.NDArray[Any]]


class TensorFileError(Exception):
    """These bytes are no such file; the message is half a sentence that says why."""


@dataclass(frozen=True, slots=True, eq=False)
class TensorFile:
    """What was in the bytes. tensors: read-only views of them. metadata: words by name."""

    tensors: dict[str, npt.NDArray[Any]]
    metadata: dict[str, str]


def write(tensors: Tensors, metadata: Mapping[str, str], dtype: str) -> bytes:
    """All of them in one type ("F16" or "F32"), by name in sorted order."""
    header: dict[str, Any] = {METADATA: dict(sorted(metadata.items()))}
    pieces, at = [], 0
    for name in sorted(tensors):
        data = np.ascontiguousarray(tensors[name], DTYPES[dtype]).tobytes()
        shape = list(tensors[name].shape)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + len(data)]}
        pieces.append(data)
        at += len(data)
    words = json.dumps(header, separators=(",", ":")).encode()
    words += b" " * (-len(words) % _ALIGNED)
    return len(words).to_bytes(_LENGTH_BYTES, "little") + words + b"".join(pieces)


def read(data: bytes, shapes: Mapping[str, tuple[int, ...]], dtype: str) -> TensorFile:
    """What the bytes hold, if it is exactly these names, shapes and this type, and nothing more.

    Raises TensorFileError. Numbers are not looked at.
    """
    length = int.from_bytes(data[:_LENGTH_BYTES], "little")
    start = _LENGTH_BYTES + length
    if len(data) < _LENGTH_BYTES or length > MOST_HEADER_BYTES or start > len(data):
        raise TensorFileError("it is not a safetensors file")
    header = _header(data[_LENGTH_BYTES:start])
    metadata = _metadata(header.pop(METADATA, {}))
    if header.keys() != shapes.keys():
        raise TensorFileError(_names_differ(set(header), set(shapes)))
    spans, tensors = [], {}
    for name, shape in shapes.items():
        begin, end = _span(name, header[name], shape, dtype)
        spans.append((begin, end))
        if start + end > len(data):
            raise TensorFileError("it ends too early")
        values = np.frombuffer(
            data, DTYPES[dtype], (end - begin) // DTYPES[dtype].itemsize, start + begin
        )
        tensors[name] = values.reshape(shape)
    if not _seamless(spans, len(data) - start):
        raise TensorFileError("its tensors overlap, or it holds bytes that belong to none of them")
    return TensorFile(tensors, metadata)


def _header(words: bytes) -> dict[str, Any]:
    try:
        found = json.loads(words, object_pairs_hook=_no_name_twice)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        raise TensorFileError("its header cannot be read") from error
    if not isinstance(found, dict):
        raise TensorFileError("its header cannot be read")
    return found


def _no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise TensorFileError("a name stands in it twice")
    return found


def _metadata(found: object) -> dict[str, str]:
    if not isinstance(found, dict) or not all(isinstance(word, str) for word in found.values()):
        raise TensorFileError("its metadata is not made of words")
    return found


def _span(name: str, entry: object, shape: tuple[int, ...], dtype: str) -> tuple[int, int]:
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise TensorFileError(f"its entry for {name} cannot be read")
    if entry["dtype"] != dtype:
        raise TensorFileError(f"{name} is not of type {dtype}")
    if not _are_counts(entry["shape"]) or tuple(entry["shape"]) != shape:
        raise TensorFileError(f"{name} has another shape than {' by '.join(map(str, shape))}")
    offsets = entry["data_offsets"]
    size = DTYPES[dtype].itemsize * int(np.prod(shape))
    if not _are_counts(offsets) or len(offsets) != 2 or offsets[1] - offsets[0] != size:
        raise TensorFileError(f"the place of {name} does not fit its shape")
    return offsets[0], offsets[1]


def _are_counts(found: object) -> bool:
    return isinstance(found, list) and all(type(number) is int and number >= 0 for number in found)


def _seamless(spans: list[tuple[int, int]], length: int) -> bool:
    """Whether the spans, in whatever order, fill these bytes: no hole, no overlap, no rest."""
    at = 0
    for begin, end in sorted(spans):
        if begin != at:
            return False
        at = end
    return at == length


def _names_differ(found: set[str], wanted: set[str]) -> str:
    if missing := wanted - found:
        return f"{min(missing)} is missing"
    return f"it holds {len(found - wanted)} tensors that do not belong there"
