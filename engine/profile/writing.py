"""Writes inside one profile's folder; the caller has the lock.

Every file is whole at any moment. What was damaged is put aside under another name before something
new takes its place. An adapter counts from the moment in which profile.json names it; until then
its files are nobody's. It refuses to write into a profile of a newer Antiphon.
"""

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.adapt import adapter as adapters
from engine.adapt.adapter import Adapter
from engine.profile import arrays, phrases, record, sheet
from engine.profile.disk import Disk, read_bytes, sha256
from engine.profile.phrases import Phrase
from engine.profile.reading import (
    ADAPTERS,
    MEMORY,
    MEMORY_VERSION,
    PHRASES,
    RECORD,
    SETTINGS,
    SETTINGS_VERSION,
    TASTE,
    TASTE_VERSION,
    Part,
    numbers_there,
    read_part,
    read_record,
    unpack_memory,
    unpack_record,
    unpack_settings,
    unpack_taste,
)
from engine.profile.record import Outcome, Record, Version, file_of, phrases_of
from engine.profile.trouble import ChangedError, DamagedError, ProfileError

LONGEST_NAME = phrases.LONGEST_NAME


def memory_bytes(found: arrays.Arrays, notes: int | None) -> bytes:
    """A memory's file. Raises ProfileError."""
    about = {} if notes is None else {"notes": str(notes)}
    try:
        data = arrays.pack("memory", MEMORY_VERSION, found, about)
    except ValueError as error:
        raise _refused("memory", error) from error
    if len(data) > arrays.MOST_BYTES:
        raise _refused("memory", ValueError("it is too large"))
    return data


def taste_bytes(text: str) -> bytes:
    """A taste's file from JSON text. Raises ProfileError."""
    try:
        return sheet.pack("taste", TASTE_VERSION, sheet.parsed(text))
    except ValueError as error:
        raise _refused("taste", error) from error


def settings_bytes(value: Any) -> bytes:
    """The settings' file from a JSON object. Raises ProfileError."""
    try:
        if not isinstance(value, dict):
            raise ValueError("they are no object")
        return sheet.pack("settings", SETTINGS_VERSION, value)
    except ValueError as error:
        raise _refused("settings", error) from error


_READ: dict[str, tuple[Callable[[bytes], Any], int]] = {
    MEMORY: (unpack_memory, arrays.MOST_BYTES),
    TASTE: (unpack_taste, sheet.MOST_BYTES),
    SETTINGS: (unpack_settings, sheet.MOST_BYTES),
    RECORD: (unpack_record, sheet.MOST_BYTES),
}


def put(
    disk: Disk, folder: Path, name: str, file: str, data: bytes, *, after: str | None = None
) -> str:
    """Put one of the files in its place; its stamp. after: the stamp it must have now.

    Raises ProfileError (a newer Antiphon's profile), ChangedError, OSError.
    """
    read_record(folder, name)
    there = read_part(folder / file, *_READ[file])
    if after is not None and there.stamp != after:
        raise ChangedError(
            f"The profile “{name}” was changed by another Antiphon in the meantime: read it again "
            "before saving."
        )
    _replace(disk, folder / file, there, data)
    return sha256(data)[:16]


def put_record(disk: Disk, folder: Path, new: Record) -> None:
    """Write profile.json. Raises OSError."""
    there = read_part(folder / RECORD, *_READ[RECORD])
    _replace(disk, folder / RECORD, there, record_bytes(new))


def record_bytes(new: Record) -> bytes:
    """The file of a record."""
    return sheet.pack("profile", record.FORMAT, record.as_json(new))


def add_adapter(
    disk: Disk,
    folder: Path,
    name: str,
    adapter: Adapter,
    outcome: Outcome,
    learnt: Sequence[Phrase],
    when: str,
) -> Version:
    """One more version, in use from now on if the outcome says that it is kept.

    Raises ProfileError, OSError; then the files of the new version are gone again.
    """
    try:
        kept = phrases.checked(learnt)
        check_numbers(adapter)
        notes = phrases.pack(kept)
    except ValueError as error:
        raise _refused("adapter", error) from error
    found, _ = read_record(folder, name)
    numbers = [*numbers_there(folder), *(version.number for version in found.versions), 0]
    number = max(numbers) + 1
    written = (folder / phrases_of(number), folder / file_of(number)) if outcome.kept else ()
    try:
        if outcome.kept:
            put_phrases(disk, folder, number, notes)
        version = Version(
            number=number,
            file=file_of(number) if outcome.kept else "",
            sha256=put_adapter(disk, folder, number, adapter) if outcome.kept else "",
            made=when,
            kind=adapter.kind,
            rank=adapter.rank,
            prior=adapter.prior,
            learnt_from=tuple(dict.fromkeys(phrase.name for phrase in kept)),
            phrases=len(kept),
            notes=sum(len(phrase.rows) for phrase in kept),
            bits_before=outcome.bits_before,
            bits_after=outcome.bits_after,
            kept=outcome.kept,
            seconds=outcome.seconds,
            before=found.now,
        )
        put_record(disk, folder, checked_record(found.added(version)))
    except Exception:
        for path in written:
            with contextlib.suppress(OSError):
                disk.remove(path)
        raise
    return version


def put_phrases(disk: Disk, folder: Path, number: int, data: bytes) -> None:
    """Write what a version learnt from. Raises OSError."""
    disk.folder(folder / PHRASES)
    disk.write(folder / phrases_of(number), data)


def put_adapter(disk: Disk, folder: Path, number: int, adapter: Adapter) -> str:
    """Write a version's adapter; the SHA-256 of its file. Raises OSError."""
    disk.folder(folder / ADAPTERS)
    path = folder / file_of(number)
    disk.write_by(path, lambda path: adapters.save(path, adapter))
    try:
        return sha256(read_bytes(path, adapters.MOST_BYTES))
    except DamagedError as error:
        raise ProfileError(
            "The adapter is far too large to be kept: learn again with a smaller one."
        ) from error


def check_numbers(adapter: Adapter) -> None:
    """Raises ValueError for an adapter that could not be read again, or whose halves differ."""
    if adapter.rank < 0 or not all(isinstance(fact, str) for fact in adapter.facts.values()):
        raise ValueError("its facts are no words")
    for tensor_name, tensor in adapter.tensors.items():
        if tensor.dtype.kind != "f" or not np.isfinite(tensor).all():
            raise ValueError(f"{tensor_name} is not finite")
        half = tensor_name.removesuffix(adapters.UP)
        if half != tensor_name:
            other = adapter.tensors.get(half + adapters.DOWN)
            if other is None or other.ndim != 2 or tensor.ndim != 2:
                raise ValueError(f"{half} has one half only")
            if tensor.shape[1] != other.shape[0]:
                raise ValueError(f"the halves of {half} do not fit")


def checked_record(new: Record) -> Record:
    """The record if it can be read again. Raises ProfileError."""
    try:
        return record.from_json(record.as_json(new))
    except ValueError as error:
        raise _refused("adapter", error) from error


def sweep(disk: Disk, folder: Path) -> None:
    """Remove half-written files that a killed writer left; never one under its final name."""
    for part in (folder, folder / ADAPTERS, folder / PHRASES):
        for left in part.glob(".*.tmp"):
            with contextlib.suppress(OSError):
                disk.remove(left)


def _replace(disk: Disk, path: Path, there: Part, data: bytes) -> None:
    if there.trouble:
        aside, number = path.with_stem(f"{path.stem} {there.trouble}"), 2
        while aside.exists():
            aside = path.with_stem(f"{path.stem} {there.trouble} ({number})")
            number += 1
        disk.rename(path, aside)
    disk.write(path, data)


def _refused(what: str, why: ValueError) -> ProfileError:
    return ProfileError(
        f"The {what} was not saved ({why}): what was saved before is still there; please report it."
    )
