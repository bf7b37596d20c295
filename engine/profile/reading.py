"""Reads a profile's folder as it is: whatever of it still can be used, and a sentence for the rest.

    profile.json            which adapters there are and which is in use (`engine.profile.record`)
    adapters/0001.safetensors   one file a version (`engine.adapt.adapter`)
    phrases/0001.safetensors    the notes it learnt from (`engine.profile.phrases`)
    memory.safetensors      what was learnt as the player played
    taste.json              what was learnt from stars and refusals
    settings.json           how this player likes the dials

Each file knows by itself whether it is whole. Reading writes nothing: what is damaged stays where
it is until something new takes its place, and is put aside then (`engine.profile.writing`).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from engine.adapt.adapter import Adapter, AdapterError, load
from engine.profile import arrays, phrases, record, sheet
from engine.profile.disk import read_bytes, sha256
from engine.profile.record import Record, Version, file_of, phrases_of
from engine.profile.trouble import DamagedError, NewerError, ProfileError, not_read

RECORD, MEMORY, TASTE, SETTINGS = (
    "profile.json",
    "memory.safetensors",
    "taste.json",
    "settings.json",
)
ADAPTERS, PHRASES = "adapters", "phrases"
MEMORY_VERSION = TASTE_VERSION = SETTINGS_VERSION = 1
DAMAGED, NEWER = "damaged", "newer"
ABSENT = ""
"""Stamp of what was never saved."""
_MOST_ADAPTER_BYTES = 64 * 1024 * 1024
_NUMBERED = re.compile(r"(\d{4,9})\.safetensors")

Check = Callable[[Adapter], object]
"""Raises AdapterError for an adapter that does not fit the model."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file: its value (None: nothing there, or nothing that can be used), and its trouble.

    stamp: changes whenever the file does. trouble: "" or `DAMAGED` or `NEWER`.
    """

    value: Any = None
    stamp: str = ABSENT
    trouble: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """A profile at one moment.

    adapter: ready to be merged, None for the prior alone. version: its number; `record.now` is the
    one that was asked for. memory: arrays as they were saved, None where there are none.
    memory_notes: how many notes it learnt, None if nobody said. taste: JSON text or None.
    settings: a JSON object. stamps: by "memory", "taste", "settings", for saving only over what was
    read. says: sentences for the player about what could not be used.
    """

    name: str
    record: Record
    adapter: Adapter | None = None
    version: int | None = None
    memory: Mapping[str, np.ndarray] | None = None
    memory_notes: int | None = None
    taste: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    stamps: Mapping[str, str] = field(default_factory=dict)
    says: tuple[str, ...] = ()


def read_profile(
    folder: Path, name: str, *, prior: str | None = None, check: Check | None = None
) -> Profile:
    """The profile in a folder. Raises ProfileError where a newer Antiphon made it.

    prior: fingerprint of the weights in use; an adapter of others is not taken. check: what else
    an adapter has to stand.
    """
    found, says = read_record(folder, name)
    adapter, more = _usable(folder, name, found, prior, check)
    says += more
    memory = read_part(folder / MEMORY, unpack_memory, arrays.MOST_BYTES)
    taste = read_part(folder / TASTE, unpack_taste, sheet.MOST_BYTES)
    settings = read_part(folder / SETTINGS, unpack_settings, sheet.MOST_BYTES)
    says += [
        f"{what} of “{name}” {_WHY[part.trouble]}: {instead}, and that file is kept."
        for what, part, instead in (
            ("The memory", memory, "it starts empty"),
            ("The taste", taste, "it starts anew"),
            ("The file of settings", settings, "the usual ones are taken"),
        )
        if part.trouble
    ]
    kept, notes = memory.value or (None, None)
    return Profile(
        name=name,
        record=found,
        adapter=adapter[1] if adapter else None,
        version=adapter[0] if adapter else None,
        memory=kept,
        memory_notes=notes,
        taste=taste.value,
        settings=MappingProxyType(settings.value or {}),
        stamps=MappingProxyType(
            {"memory": memory.stamp, "taste": taste.stamp, "settings": settings.stamp}
        ),
        says=tuple(says),
    )


_WHY = {DAMAGED: "is damaged", NEWER: "was written by a newer Antiphon"}


def read_part(path: Path, unpack: Callable[[bytes], Any], most_bytes: int) -> Part:
    """One file of a profile; never raises for what is in it."""
    try:
        data = read_bytes(path, most_bytes)
    except FileNotFoundError:
        return Part()
    except (OSError, DamagedError) as error:
        return Part(stamp=type(error).__name__, trouble=DAMAGED)
    try:
        return Part(unpack(data), sha256(data)[:16])
    except NewerError:
        return Part(None, sha256(data)[:16], NEWER)
    except DamagedError:
        return Part(None, sha256(data)[:16], DAMAGED)


def read_record(folder: Path, name: str) -> tuple[Record, list[str]]:
    """What is written down, or found out again where that is gone, and sentences about it.

    Raises ProfileError where a newer Antiphon wrote it.
    """
    part = read_part(folder / RECORD, unpack_record, sheet.MOST_BYTES)
    if part.trouble == NEWER:
        raise ProfileError(
            f"The profile “{name}” was made by a newer Antiphon: update Antiphon to use it."
        )
    if part.value is not None:
        return part.value, []
    found = _found_again(folder)
    says = f"The list of what “{name}” has learnt is damaged or gone: it was made anew from the"
    says += " adapters"
    if found.now is not None:
        says += f" and the newest, {found.now}, is used; `antiphon profiles undo` goes back"
    return found, [says + "."]


def numbers_there(folder: Path) -> list[int]:
    """Numbers of the adapters' files in a folder, whatever is in them, in order."""
    try:
        matches = [_NUMBERED.fullmatch(path.name) for path in (folder / ADAPTERS).iterdir()]
    except OSError:
        return []
    numbers = sorted(int(match[1]) for match in matches if match)
    return [n for n in numbers if n > 0 and (folder / file_of(n)).is_file()]


def read_adapter(folder: Path, version: Version) -> Adapter:
    """The adapter of a version. Raises AdapterError, DamagedError, OSError."""
    path = folder / version.file
    if sha256(read_bytes(path, _MOST_ADAPTER_BYTES)) != version.sha256:
        raise DamagedError("the checksum is another")
    adapter = load(path)
    if (adapter.kind, adapter.rank, adapter.prior) != (version.kind, version.rank, version.prior):
        raise DamagedError("another adapter")
    return adapter


def read_phrases(folder: Path, number: int) -> tuple[phrases.Phrase, ...]:
    """What a version learnt from. Raises ProfileError."""
    path = folder / phrases_of(number)
    try:
        return phrases.unpack(read_bytes(path, phrases.MOST_BYTES))
    except DamagedError as error:
        raise ProfileError(
            f"The phrases that version {number} was learnt from are damaged: learn from the takes "
            "themselves."
        ) from error
    except OSError as error:
        raise not_read(error, path) from error


def _usable(
    folder: Path, name: str, found: Record, prior: str | None, check: Check | None
) -> tuple[tuple[int, Adapter] | None, list[str]]:
    """(number, adapter) of the version in use, or of the nearest before it that can be used."""
    broken: list[int] = []
    usable: tuple[int, Adapter] | None = None
    version = found.version(found.now)
    while version is not None:
        if prior is not None and version.prior != prior:
            return None, [
                f"What “{name}” learnt (version {version.number}) was learnt on another model and "
                "is not used: learn again from the same takes to carry it over."
            ]
        try:
            adapter = read_adapter(folder, version)
            if check is not None:
                check(adapter)
        except (AdapterError, DamagedError, OSError):
            broken.append(version.number)
            version = found.version(version.before)
        else:
            usable = version.number, adapter
            break
    if not broken:
        return usable, []
    which = " and ".join(str(number) for number in broken)
    instead = f"version {usable[0]} is used" if usable else "the model plays as it came"
    return usable, [
        f"Version {which} of what “{name}” learnt is damaged: {instead}; learn again to make a "
        "new one."
    ]


def _found_again(folder: Path) -> Record:
    """The record as the other files tell it; the newest adapter counts as the one in use."""
    versions: list[Version] = []
    for number in numbers_there(folder):
        path = folder / file_of(number)
        try:
            adapter, data = load(path), read_bytes(path, _MOST_ADAPTER_BYTES)
            made = _iso(path)
        except (AdapterError, DamagedError, OSError):
            continue
        try:
            learnt = read_phrases(folder, number)
        except ProfileError:
            learnt = ()
        versions.append(
            Version(
                number=number,
                file=file_of(number),
                sha256=sha256(data),
                made=made,
                kind=adapter.kind,
                rank=adapter.rank,
                prior=adapter.prior,
                learnt_from=tuple(dict.fromkeys(phrase.name for phrase in learnt)),
                phrases=len(learnt),
                notes=sum(len(phrase.rows) for phrase in learnt),
                before=versions[-1].number if versions else None,
            )
        )
    try:
        made = _iso(folder)
    except OSError:
        made = ""
    return Record(
        made=versions[0].made if versions else made,
        changed=versions[-1].made if versions else made,
        now=versions[-1].number if versions else None,
        versions=tuple(versions),
    )


def _iso(path: Path) -> str:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")


def unpack_record(data: bytes) -> Record:
    """A profile.json. Raises DamagedError, NewerError."""
    try:
        return record.from_json(sheet.unpack("profile", record.FORMAT, data))
    except ValueError as error:
        raise DamagedError(str(error)) from error


def unpack_memory(data: bytes) -> tuple[Mapping[str, np.ndarray], int | None]:
    """(arrays, notes). Raises DamagedError, NewerError."""
    found, about = arrays.unpack("memory", MEMORY_VERSION, data)
    return MappingProxyType(found), notes_of(about)


def notes_of(about: Mapping[str, str]) -> int | None:
    """How many notes a memory says that it has learnt."""
    words = about.get("notes", "")
    return int(words) if words.isascii() and words.isdigit() and len(words) < 12 else None


def unpack_taste(data: bytes) -> str:
    """JSON text. Raises DamagedError, NewerError."""
    return sheet.canonical(sheet.unpack("taste", TASTE_VERSION, data))


def unpack_settings(data: bytes) -> dict[str, Any]:
    """A JSON object. Raises DamagedError, NewerError."""
    value = sheet.unpack("settings", SETTINGS_VERSION, data)
    if not isinstance(value, dict):
        raise DamagedError("settings are no object")
    return value
