"""The memory's fitted weights on disk: judges beside the prior, judges alone, the base.

One safetensors file in half precision, `engine/weights/memory.safetensors`; its header names the
contexts that the judges were fitted for. Whatever is not ours or damaged is refused with one
sentence. It refuses to fit: that is `engine.memory.fit`.
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.encoding import FIELDS
from engine.memory import base, judge
from engine.memory.views import TABLE
from engine.model.checkpoint import CheckpointError

FORMAT = "antiphon-memory-1"
SHIPPED = Path(__file__).resolve().parent.parent / "weights" / "memory.safetensors"
HALF_LIFE = 8000.0
"""Notes after which a vote counts half, where the weights do not say."""

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """By field: judges beside the prior, judges on top of the base, and the base's tables.

    fading: e-folds of a vote for each note that came after it.
    """

    beside: tuple[Vector, ...]
    alone: tuple[Vector, ...]
    base: tuple[Vector, ...]
    fading: float


def views_name() -> str:
    """Changes with the contexts: judges fitted for others do not fit."""
    return hashlib.sha256(TABLE.tobytes()).hexdigest()[:16]


def fading_of(half_life: float) -> float:
    """E-folds a note of a half-life in notes."""
    return math.log(2) / half_life


def as_tensors(weights: Weights) -> dict[str, np.ndarray]:
    """By name, for the file."""
    return {
        f"{part}.{name}": vector
        for part in ("beside", "alone", "base")
        for name, vector in zip(FIELDS, getattr(weights, part), strict=True)
    }


def from_tensors(tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> Weights:
    """Raises CheckpointError where they do not fit this version."""
    sizes = {"beside": judge.size, "alone": judge.size, "base": base.size}
    try:
        if metadata["views"] != views_name():
            raise ValueError("other contexts")
        found = {
            part: tuple(
                np.ascontiguousarray(tensors[f"{part}.{name}"], np.float32).reshape(size(field))
                for field, name in enumerate(FIELDS)
            )
            for part, size in sizes.items()
        }
        fading = fading_of(float(metadata["half_life"]))
    except (KeyError, ValueError, ZeroDivisionError) as error:
        raise CheckpointError(
            "The memory's weights are of another version; use those that came with this Antiphon."
        ) from error
    every = [vector for vectors in found.values() for vector in vectors]
    if not all(np.isfinite(vector).all() for vector in every) or not 0 <= fading < 1:
        raise CheckpointError(
            "The memory's weights hold numbers that are not finite; reinstall Antiphon."
        )
    return Weights(**found, fading=fading)


def load(path: Path = SHIPPED) -> Weights:
    """The weights of a file. Raises CheckpointError."""
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError as error:
        raise CheckpointError(
            "The music engine is not installed; run: pip install 'antiphon[engine]'."
        ) from error
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != FORMAT:
                raise CheckpointError(f"{path.name} is not a memory's; use the shipped weights.")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise CheckpointError(
            f"{path.name} is missing or damaged and was not loaded; reinstall Antiphon."
        ) from error
    return from_tensors(tensors, metadata)


def save(path: Path, weights: Weights, *, half_life: float) -> None:
    """Write the weights in half precision, atomically. Raises OSError."""
    from safetensors.numpy import save_file

    tensors = {name: part.astype(np.float16) for name, part in as_tensors(weights).items()}
    temporary = path.with_suffix(".tmp")
    metadata = {"format": FORMAT, "views": views_name(), "half_life": str(half_life)}
    save_file(tensors, temporary, metadata=metadata)
    temporary.replace(path)


def blank() -> Weights:
    """Judges that add nothing, on a base that knows nothing."""
    return Weights(
        tuple(np.zeros(judge.size(field), np.float32) for field in range(len(FIELDS))),
        tuple(np.zeros(judge.size(field), np.float32) for field in range(len(FIELDS))),
        tuple(np.zeros(base.size(field), np.float32) for field in range(len(FIELDS))),
        fading_of(HALF_LIFE),
    )
