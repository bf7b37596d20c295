"""Between a profile's folder and one whole value: for export, import and copy.

An import is checked wholly before the first byte is written. It refuses a file of another kind, a
damaged one, one of a newer Antiphon, and a name that is none.
"""

from pathlib import Path

from engine.adapt.adapter import AdapterError
from engine.profile import parcel, phrases, writing
from engine.profile.disk import Disk, read_bytes
from engine.profile.names import checked
from engine.profile.parcel import Whole
from engine.profile.reading import (
    MEMORY,
    RECORD,
    SETTINGS,
    TASTE,
    Check,
    read_adapter,
    read_phrases,
    read_profile,
)
from engine.profile.trouble import DamagedError, NewerError, ProfileError, not_read
from engine.words import shown_name


def gather(folder: Path, name: str) -> tuple[Whole, tuple[str, ...]]:
    """All of the profile in a folder, and sentences about what is damaged and left out.

    Raises ProfileError where a newer Antiphon made it.
    """
    profile = read_profile(folder, name)
    adapters, learnt, lost = {}, {}, []
    for version in profile.record.kept:
        try:
            adapters[version.number] = read_adapter(folder, version)
        except (AdapterError, DamagedError, OSError):
            lost.append(version.number)
            continue
        try:
            learnt[version.number] = read_phrases(folder, version.number)
        except ProfileError:
            learnt[version.number] = ()
    says = profile.says
    if lost:
        which = ", ".join(str(number) for number in lost)
        says = (*says, f"Left out because it is damaged: version {which} of “{name}”.")
    whole = Whole(
        name=name,
        record=profile.record.without(frozenset(lost)),
        adapters=adapters,
        phrases=learnt,
        memory=profile.memory,
        memory_notes=profile.memory_notes,
        taste=profile.taste,
        settings=profile.settings or None,
    )
    return whole, says


def lay_out(disk: Disk, folder: Path, whole: Whole) -> None:
    """Write a profile into an empty folder, its record last. Raises ProfileError, OSError."""
    sums = {}
    for number, adapter in whole.adapters.items():
        writing.put_phrases(disk, folder, number, phrases.pack(whole.phrases.get(number, ())))
        sums[number] = writing.put_adapter(disk, folder, number, adapter)
    if whole.memory is not None:
        disk.write(folder / MEMORY, writing.memory_bytes(whole.memory, whole.memory_notes))
    if whole.taste is not None:
        disk.write(folder / TASTE, writing.taste_bytes(whole.taste))
    if whole.settings is not None:
        disk.write(folder / SETTINGS, writing.settings_bytes(dict(whole.settings)))
    disk.write(folder / RECORD, writing.record_bytes(whole.record.with_sums(sums)))


def wrapped(whole: Whole) -> bytes:
    """The bytes of an export. Raises ProfileError."""
    try:
        return parcel.pack(whole)
    except ValueError as error:
        raise ProfileError(
            f"“{whole.name}” cannot be exported ({error}): please report it."
        ) from error


def unwrapped(path: Path, *, prior: str | None, check: Check | None) -> Whole:
    """What is in an exported file, all of it checked. Raises ProfileError."""
    shown = shown_name(path)
    try:
        whole = parcel.unpack(read_bytes(path, parcel.MOST_BYTES))
        for adapter in whole.adapters.values():
            if check is not None and adapter.prior == prior:
                check(adapter)
    except OSError as error:
        raise not_read(error, path) from error
    except NewerError as error:
        raise ProfileError(
            f"{shown} was exported by a newer Antiphon: update Antiphon to import it."
        ) from error
    except (DamagedError, AdapterError) as error:
        raise ProfileError(
            f"{shown} is damaged or no exported profile, and nothing of it was taken: export the "
            "profile once more."
        ) from error
    return whole


def name_for(path: Path, whole: Whole, name: str | None) -> str:
    """The name that an imported profile gets. Raises ProfileError."""
    if name is not None:
        return checked(name)
    try:
        return checked(whole.name)
    except ProfileError as error:
        raise ProfileError(
            f"The profile in {shown_name(path)} has no name that will do here: give it one with "
            "--name."
        ) from error
