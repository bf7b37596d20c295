"""Which folders are profiles, and which are what a killed writer left half done.

    .new-...    being made: nobody's yet
    .old-NAME   being replaced: it is still the profile NAME until the new one has its place
    .gone-...   being deleted

Looking changes nothing; `mend` is for who has the lock.
"""

import contextlib
import unicodedata
from pathlib import Path

from engine.profile.disk import Disk
from engine.profile.names import cleaned, same
from engine.profile.reading import ADAPTERS, MEMORY, RECORD, SETTINGS, TASTE

MAKING, GONE, OLD = "new", "gone", ".old-"


def find(profiles: Path, name: str) -> tuple[str, Path] | None:
    """(name as it is kept, folder) of a profile, capitals or not."""
    there = names_in(profiles)
    exact = [found for found in there if found[0] == name]
    return next(iter(exact or [found for found in there if same(found[0], name)]), None)


def names_in(profiles: Path) -> list[tuple[str, Path]]:
    """(name, folder) of all profiles, by name."""
    try:
        folders = list(profiles.iterdir())
    except OSError:
        return []
    found = {_name(folder): folder for folder in folders if _is_profile(folder)}
    for folder in folders:
        name = _name(folder).removeprefix(OLD)
        # Killed between two renames: the old one is still the profile.
        if folder.name.startswith(OLD) and _keeps_something(folder):
            found.setdefault(name, folder)
    return sorted(found.items(), key=lambda pair: pair[0].casefold())


def mend(disk: Disk, profiles: Path) -> None:
    """Finish what a killed writer began, or take it back."""
    with contextlib.suppress(OSError):
        for left in profiles.glob(".*"):
            with contextlib.suppress(OSError):
                if left.name.startswith(OLD):
                    place = profiles / left.name.removeprefix(OLD)
                    if place.exists():
                        disk.remove(left)
                    else:
                        disk.rename(left, place)
                elif left.name.startswith((f".{MAKING}-", f".{GONE}-")) or left.suffix == ".tmp":
                    disk.remove(left)


def _is_profile(folder: Path) -> bool:
    name = _name(folder)
    return cleaned(name) == name and _keeps_something(folder)


def _keeps_something(folder: Path) -> bool:
    try:
        return folder.is_dir() and any(
            (folder / part).exists() for part in (RECORD, MEMORY, TASTE, SETTINGS, ADAPTERS)
        )
    except OSError:
        return False


def _name(folder: Path) -> str:
    # A Mac gives back names with their accents apart.
    return unicodedata.normalize("NFC", folder.name)
