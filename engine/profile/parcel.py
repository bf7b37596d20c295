"""A whole profile as one file, `NAME.antiphon-profile`: safetensors, with JSON in its header.

    memory/NAME           arrays of the memory
    adapter/0001/NAME     tensors of a version
    phrases/0001/NAME     what it learnt from

Everything is checked before anything is used: format, checksum, types, shapes, finiteness, sizes,
and that nothing names a file. It refuses to write to the disk, and to take a part of a file.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.adapt.adapter import Adapter
from engine.profile import arrays, phrases, record, sheet
from engine.profile.phrases import Phrase
from engine.profile.record import Record
from engine.profile.trouble import DamagedError
from engine.profile.writing import check_numbers

ENDING = ".antiphon-profile"
MOST_BYTES = 1024 * 1024 * 1024
_KIND, _VERSION = "export", 1
_LONGEST_NAME = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """All that a profile is. adapters, phrases: by the numbers of the versions that are kept.

    taste: JSON text. settings: a JSON object. None where there is none.
    """

    name: str
    record: Record
    adapters: Mapping[int, Adapter]
    phrases: Mapping[int, tuple[Phrase, ...]]
    memory: Mapping[str, np.ndarray] | None = None
    memory_notes: int | None = None
    taste: str | None = None
    settings: Mapping[str, Any] | None = None


def pack(whole: Whole) -> bytes:
    """The bytes of an export. Raises ValueError where it is far too large."""
    tensors: dict[str, np.ndarray] = {}
    names: dict[str, str] = {}
    for array_name, array in (whole.memory or {}).items():
        tensors[f"memory/{array_name}"] = array
    for number, adapter in whole.adapters.items():
        for array_name, array in adapter.tensors.items():
            tensors[f"adapter/{number:04}/{array_name}"] = array
    for number, learnt in whole.phrases.items():
        found, about = phrases.as_arrays(learnt)
        names[f"{number:04}"] = about["names"]
        for array_name, array in found.items():
            tensors[f"phrases/{number:04}/{array_name}"] = array
    says = {
        "name": whole.name,
        "record": record.as_json(whole.record),
        "adapters": {
            f"{number:04}": {
                "kind": adapter.kind,
                "rank": adapter.rank,
                "prior": adapter.prior,
                "facts": adapter.facts,
            }
            for number, adapter in whole.adapters.items()
        },
        "phrases": names,
        "memory": None if whole.memory is None else {"notes": whole.memory_notes},
        "taste": None if whole.taste is None else sheet.parsed(whole.taste),
        "settings": None if whole.settings is None else dict(whole.settings),
    }
    data = arrays.pack(_KIND, _VERSION, tensors, {"profile": sheet.canonical(says)})
    if len(data) > MOST_BYTES:
        raise ValueError(f"more than {MOST_BYTES:,} bytes")
    return data


def unpack(data: bytes) -> Whole:
    """What was packed. Raises DamagedError, NewerError."""
    tensors, about = arrays.unpack(_KIND, _VERSION, data)
    try:
        says = json.loads(about["profile"])
        found = record.from_json(says["record"])
        numbers = [version.number for version in found.kept]
        adapters = {number: _adapter(tensors, says, number) for number in numbers}
        for version in found.kept:
            adapter = adapters[version.number]
            if (adapter.kind, adapter.rank, adapter.prior) != (
                version.kind,
                version.rank,
                version.prior,
            ):
                raise ValueError(f"version {version.number} is another adapter")
        learnt = {
            int(number): phrases.from_arrays(_below(tensors, f"phrases/{number}/"), {"names": text})
            for number, text in says["phrases"].items()
        }
        if not set(learnt) <= set(numbers):
            raise ValueError("phrases of no version")
        memory = says["memory"]
        settings, taste = says["settings"], says["taste"]
        if settings is not None and not isinstance(settings, dict):
            raise ValueError("settings are no object")
        return Whole(
            name=str(says["name"])[:_LONGEST_NAME],
            record=found,
            adapters=adapters,
            phrases=learnt,
            memory=None if memory is None else _below(tensors, "memory/"),
            memory_notes=None if memory is None else _notes(memory["notes"]),
            taste=None if taste is None else sheet.canonical(taste),
            settings=settings,
        )
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise DamagedError(str(error)) from error


def _below(tensors: Mapping[str, np.ndarray], beginning: str) -> dict[str, np.ndarray]:
    return {
        name.removeprefix(beginning): tensor
        for name, tensor in tensors.items()
        if name.startswith(beginning)
    }


def _adapter(tensors: Mapping[str, np.ndarray], says: Any, number: int) -> Adapter:
    about = says["adapters"][f"{number:04}"]
    facts = {str(key): str(value) for key, value in about["facts"].items()}
    found = {
        name: tensor.astype(np.float32)
        for name, tensor in _below(tensors, f"adapter/{number:04}/").items()
    }
    adapter = Adapter(str(about["kind"]), int(about["rank"]), str(about["prior"]), found, facts)
    check_numbers(adapter)
    return adapter


def _notes(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
