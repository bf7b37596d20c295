"""Weights on disk: one safetensors file in half precision, its shape and version in the header.

Reading needs no torch and never unpickles. Whatever is not ours, of another version or damaged is
refused with one sentence, and nothing is loaded.
"""

import hashlib
from pathlib import Path

import numpy as np

FORMAT = "antiphon-prior-2"
SHIPPED = Path(__file__).resolve().parent.parent / "weights" / "prior.safetensors"


class CheckpointError(Exception):
    """The weights cannot be used; the message is a sentence and a next step."""


def save(path: Path, tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> None:
    """Write tensors as float16 with the format's name and `metadata`, atomically."""
    from safetensors.numpy import save_file

    halves = {name: np.ascontiguousarray(t, dtype=np.float16) for name, t in tensors.items()}
    temporary = path.with_suffix(".tmp")
    save_file(halves, temporary, metadata={"format": FORMAT, **metadata})
    temporary.replace(path)


def load(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """(tensors as float32, metadata). Raises CheckpointError."""
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError as error:
        raise CheckpointError(
            "The music engine is not installed; run: pip install 'antiphon[engine]'."
        ) from error
    if not path.is_file():
        raise CheckpointError(f"There are no weights at {path}; reinstall Antiphon to get them.")
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != FORMAT:
                found = metadata.get("format", "no format name")
                raise CheckpointError(
                    f"{path.name} is not a prior of this version ({found}, not {FORMAT}); "
                    "use the weights that came with this Antiphon."
                )
            tensors = {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise CheckpointError(
            f"{path.name} is damaged and was not loaded; reinstall Antiphon to get it whole."
        ) from error
    if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
        raise CheckpointError(
            f"{path.name} holds numbers that are not finite and was not loaded; "
            "reinstall Antiphon to get it whole."
        )
    return tensors, metadata


def fingerprint(path: Path) -> str:
    """First 16 hex digits of the SHA-256 of the weights' file: adapters name it. Raises OSError."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
