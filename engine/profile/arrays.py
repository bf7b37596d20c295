"""Named arrays in one safetensors file that knows whether it is whole.

Numbers, true or false, and nothing else: there is no pickle, and what is not finite is neither
written nor read. The header carries the format with its version, a checksum over all of it and a
few words of text. It refuses to know what the arrays mean.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from engine.profile.sheet import check_format
from engine.profile.trouble import DamagedError

Arrays = Mapping[str, np.ndarray]

MOST_BYTES = 64 * 1024 * 1024
MOST_HEADER_BYTES = 64 * 1024 * 1024
_TYPES = {
    **{"BOOL": "bool", "F16": "float16", "F32": "float32", "F64": "float64"},
    **{f"I{bits}": f"int{bits}" for bits in (8, 16, 32, 64)},
    **{f"U{bits}": f"uint{bits}" for bits in (8, 16, 32, 64)},
}
_OURS = ("format", "sha256")


def pack(kind: str, version: int, arrays: Arrays, about: Mapping[str, str]) -> bytes:
    """Arrays of any shape, and some text, as the bytes of a file.

    Raises ValueError for arrays of anything but numbers, and for numbers that are not finite.
    """
    from safetensors.numpy import save

    # Not ascontiguousarray: that makes (1,) of ().
    flat = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    for name, array in flat.items():
        if array.dtype.name not in _TYPES.values():
            raise ValueError(f"{name} is of {array.dtype}")
        if not _finite(array):
            raise ValueError(f"{name} is not finite")
    sums = {"format": f"antiphon-{kind}-{version}", "sha256": digest(flat, about)}
    data: bytes = save(flat, metadata={**about, **sums})
    return data


def unpack(kind: str, version: int, data: bytes) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """(arrays, text) again; the arrays cannot be written to. Raises DamagedError, NewerError."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    header = _header(data[: MOST_HEADER_BYTES + 8])
    about = _about(header)
    check_format(about.get("format", ""), kind, version)
    if any(_type_of(entry) not in _TYPES for name, entry in header.items()):
        raise DamagedError("an array of a type that is not ours")
    try:
        arrays = load(data)
    except (SafetensorError, ValueError, TypeError, KeyError, OverflowError) as error:
        raise DamagedError(str(error)) from error
    text = {name: value for name, value in about.items() if name not in _OURS}
    if digest(arrays, text) != about.get("sha256"):
        raise DamagedError("the checksum is another")
    for name, array in arrays.items():
        if not _finite(array):
            raise DamagedError(f"{name} is not finite")
        array.flags.writeable = False
    return arrays, text


def about_of(path: Path) -> dict[str, str]:
    """The text alone, from a file's first bytes: quick, unchecked. Raises OSError, DamagedError."""
    with path.open("rb") as file:
        start = file.read(8)
        data = start + file.read(min(int.from_bytes(start, "little"), MOST_HEADER_BYTES))
    return _about(_header(data))


def digest(arrays: Arrays, about: Mapping[str, str]) -> str:
    """SHA-256 of names, types, shapes, numbers and text, in an order of its own."""
    whole = hashlib.sha256(json.dumps(sorted(about.items())).encode())
    for name in sorted(arrays):
        array = np.asarray(arrays[name], order="C")
        whole.update(json.dumps([name, array.dtype.name, array.shape]).encode())
        whole.update(array.data if array.size else b"")
    return whole.hexdigest()


def _header(data: bytes) -> dict[str, object]:
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > len(data) - 8:
        raise DamagedError("cut off")
    try:
        header = json.loads(data[8 : 8 + length])
    except (ValueError, RecursionError) as error:
        raise DamagedError("the header is no JSON") from error
    if not isinstance(header, dict):
        raise DamagedError("the header is no object")
    return header


def _about(header: dict[str, object]) -> dict[str, str]:
    """The header's text, taken out of it."""
    about = header.pop("__metadata__", None)
    if not isinstance(about, dict) or not all(isinstance(v, str) for v in about.values()):
        raise DamagedError("no text")
    return {str(name): str(value) for name, value in about.items()}


def _type_of(entry: object) -> str:
    return str(entry.get("dtype")) if isinstance(entry, dict) else ""


def _finite(array: np.ndarray) -> bool:
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())
