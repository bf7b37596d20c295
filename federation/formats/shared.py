"""A version of the shared model: its manifest, and all B as float32 in one safetensors file.

`SharedVersion.opened` is what a player's machine calls with what came over the line. It checks
length, hash, lineage, names, shapes and that every number is finite and small enough for the
model; only then there is something to try.

It refuses to merge: `engine.adapt.adapter.merged` does that, with A beside these B.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from federation.formats import tensorfile
from federation.formats.lineage import Lineage
from federation.formats.manifest import Manifest, ManifestError

LARGEST = float(np.finfo(np.float16).max)
"""The model holds its weights in half precision."""


@dataclass(frozen=True, slots=True, eq=False)
class SharedVersion:
    """See the module. tensors: all B by name, float32."""

    manifest: Manifest
    tensors: dict[str, npt.NDArray[np.float32]]

    @classmethod
    def opened(cls, manifest: Manifest, data: bytes, lineage: Lineage) -> "SharedVersion":
        """From the bytes that came with a verified manifest. Raises ManifestError."""
        if manifest.lineage != lineage.id:
            raise ManifestError(
                "The new version belongs to another model and was left alone; update Antiphon to "
                "use it."
            )
        if len(data) != manifest.bytes or hashlib.sha256(data).hexdigest() != manifest.sha256:
            raise ManifestError(
                "The new version arrived damaged and was left alone; it is fetched again."
            )
        return cls(manifest, unpacked(data, lineage))


def packed(tensors: Mapping[str, npt.NDArray[Any]], lineage: Lineage) -> bytes:
    """The file of all B; the same numbers are always the same bytes."""
    data = tensorfile.write(tensors, {"lineage": lineage.id}, "F32")
    unpacked(data, lineage)
    return data


def unpacked(data: bytes, lineage: Lineage) -> dict[str, npt.NDArray[np.float32]]:
    """The way back. Raises ManifestError."""
    try:
        file = tensorfile.read(data, lineage.shapes, "F32")
    except tensorfile.TensorFileError as error:
        raise ManifestError(
            f"The new version was left alone: {error}. Yours still works."
        ) from error
    tensors = {name: tensor.astype(np.float32) for name, tensor in file.tensors.items()}
    if not all((np.abs(tensor) <= LARGEST).all() for tensor in tensors.values()):
        raise ManifestError(
            "The new version holds numbers that the model cannot hold and was left alone; yours "
            "still works."
        )
    return tensors


def nothing_learnt(lineage: Lineage) -> dict[str, npt.NDArray[np.float32]]:
    """All B of a model that is the prior: what a lineage begins with."""
    return {name: np.zeros(shape, np.float32) for name, shape in lineage.shapes.items()}
