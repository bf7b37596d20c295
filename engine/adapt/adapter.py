"""An adapter: the few numbers by which a player's model differs from the prior, and their file.

Every tensor of an adapter names the tensor of the prior that it changes, and how:

    NAME.add            is added to NAME
    NAME.up, NAME.down  their product is added to NAME (low rank, arXiv:2106.09685)
    SAID                is added to every note that is read, and to the learnt start: the state that
                        the model begins with and goes on in

So an adapted model is a set of tensors like the prior's own, and plays at the same cost. Reading
needs no torch and never unpickles. It refuses adapters of another prior, of other shapes, and
numbers that are not finite or that the model cannot hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.files import write_whole

FORMAT = "antiphon-adapter-1"
ADD, UP, DOWN = ".add", ".up", ".down"
SAID = "said"
ONE_FADE = slice(0, 12)
"""Columns of `heard.weight` whose inputs add up to 1 for every note (`network.pitch_memory`): what
is added to all of them is added to every note that is read."""
MOST_BYTES = 64 * 1024 * 1024
LARGEST = float(np.finfo(np.float16).max)
"""The model holds its weights in half precision: beyond this they would be infinite."""

Tensors = Mapping[str, np.ndarray]


class AdapterError(Exception):
    """The adapter cannot be used; the message is a sentence and a next step."""


@dataclass(frozen=True, slots=True, eq=False)
class Adapter:
    """See the module. prior: fingerprint of the weights that it changes; facts: how it was made."""

    kind: str
    rank: int
    prior: str
    tensors: dict[str, np.ndarray]
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def parameters(self) -> int:
        """How many numbers it has."""
        return sum(int(tensor.size) for tensor in self.tensors.values())


def save(path: Path, adapter: Adapter) -> None:
    """Write it as float32, whole or not at all. Raises OSError."""
    from safetensors.numpy import save as as_bytes

    tensors = {
        name: np.ascontiguousarray(tensor, np.float32) for name, tensor in adapter.tensors.items()
    }
    metadata = {
        **adapter.facts,
        "format": FORMAT,
        "kind": adapter.kind,
        "rank": str(adapter.rank),
        "prior": adapter.prior,
    }
    write_whole(path, as_bytes(tensors, metadata=metadata))


def load(path: Path) -> Adapter:
    """Read and check one. Raises AdapterError."""
    from safetensors import SafetensorError, safe_open

    try:
        if path.stat().st_size > MOST_BYTES:
            raise AdapterError(f"{path.name} is far too large for an adapter; it was not loaded.")
        with safe_open(path, framework="numpy") as file:
            facts = dict(file.metadata() or {})
            if facts.pop("format", None) != FORMAT:
                raise AdapterError(
                    f"{path.name} is not an adapter of this version; learn again to make one."
                )
            with np.errstate(over="ignore"):  # becomes infinite, and is refused below
                tensors = {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}  # noqa: SIM118
        adapter = Adapter(
            facts.pop("kind"), int(facts.pop("rank")), facts.pop("prior"), tensors, facts
        )
    except (SafetensorError, OSError, ValueError, TypeError, KeyError) as error:
        raise AdapterError(
            f"{path.name} is damaged and was not loaded; the version before it still works."
        ) from error
    if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
        raise AdapterError(
            f"{path.name} holds numbers that are not finite and was not loaded; "
            "the version before it still works."
        )
    return adapter


def merged(
    tensors: Tensors, adapter: Adapter, *, fingerprint: str | None = None
) -> dict[str, np.ndarray]:
    """The prior's tensors with the adapter in them; what it does not change is the same array.

    fingerprint: of the prior, checked if given. Raises AdapterError, and changes nothing.
    """
    if fingerprint is not None and adapter.prior != fingerprint:
        raise AdapterError(
            "This adapter was learnt on another model; learn again from the same takes to carry "
            "it over."
        )
    found = dict(tensors)
    try:
        with np.errstate(over="ignore", invalid="ignore"):  # is refused below
            for name, change in adapter.tensors.items():
                _apply(found, name, change, adapter.tensors)
    except (KeyError, ValueError) as error:
        raise AdapterError(
            "This adapter does not fit the model's shape; learn again from the same takes."
        ) from error
    for name, tensor in found.items():
        if tensor is not tensors[name] and not (np.abs(tensor) <= LARGEST).all():
            raise AdapterError(
                "This adapter makes numbers that the model cannot hold; the version before it "
                "still works."
            )
    return found


def _apply(found: dict[str, np.ndarray], name: str, change: np.ndarray, tensors: Tensors) -> None:
    if name == SAID:
        _add(found, "start", change)
        heard = found["heard.weight"].copy()
        heard[:, ONE_FADE] += change[:, None]
        found["heard.weight"] = heard
    elif name.endswith(ADD):
        _add(found, name.removesuffix(ADD), change)
    elif name.endswith(UP):
        base = name.removesuffix(UP)
        _add(found, base, change @ tensors[base + DOWN])
    elif not name.endswith(DOWN) or name.removesuffix(DOWN) + UP not in tensors:
        raise KeyError(name)


def _add(found: dict[str, np.ndarray], name: str, change: np.ndarray) -> None:
    if found[name].shape != change.shape:
        raise ValueError(name)
    found[name] = found[name] + change
