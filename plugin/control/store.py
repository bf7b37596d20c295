"""Keeps the settings, the bindings and the presets in a file, between one jam and the next.

One JSON file in the data folder, written whole or not at all. A file that cannot be read, or that
a newer Antiphon wrote, is put aside under another name and said in a sentence; then the usual
settings are taken. It refuses to be called from the thread that plays: files may take their time.
"""

import os
from pathlib import Path

import msgspec

from engine.files import write_whole
from plugin.control.bindings import ControlMap
from plugin.files import data_folder, unused_path
from plugin.settings import Settings

VERSION = 1
FILE = "playing.json"
MOST_PRESETS = 100
_LARGEST_BYTES = 4_000_000


class StoreError(Exception):
    """The file cannot be written; the message is a sentence and a next step."""


class Kept(msgspec.Struct, frozen=True):
    """What is kept: present settings, bindings, and presets by name in the order of saving."""

    settings: Settings = Settings()
    controls: ControlMap = ControlMap()
    presets: dict[str, Settings] = {}

    def __post_init__(self) -> None:
        if len(self.presets) > MOST_PRESETS:
            raise ValueError(f"More than {MOST_PRESETS} presets are kept; drop one first.")


class _File(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    kept: Kept


class _Head(msgspec.Struct, frozen=True):
    version: int


def path_in(folder: str | os.PathLike[str] | None = None) -> Path:
    """Where the file of this user is, or of the data folder `folder`."""
    return data_folder(folder) / FILE


def load(path: Path) -> tuple[Kept, str]:
    """What is kept in a file, and a sentence for the player where something was wrong, else "".

    Nothing there, nothing wrong: the usual settings.
    """
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            return _put_aside(path, "is far too large to be settings", "damaged")
        content = path.read_bytes()
    except FileNotFoundError:
        return Kept(), ""
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        return Kept(), (
            f"The settings in {path} cannot be read ({reason}): check the file; "
            "this jam begins with the usual ones."
        )
    try:
        if msgspec.json.decode(content, type=_Head).version > VERSION:
            return _put_aside(path, "were written by a newer Antiphon", "newer")
        return msgspec.json.decode(content, type=_File).kept, ""
    # RecursionError: brackets within brackets without end.
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _put_aside(path, "cannot be understood", "damaged")


def save(path: Path, kept: Kept) -> None:
    """Write it all. Raises StoreError; what stood there is then still there."""
    content = msgspec.json.format(msgspec.json.encode(_File(version=VERSION, kept=kept)), indent=1)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, content + b"\n")
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise StoreError(
            f"The settings cannot be kept in {path} ({reason}): free some space or name another "
            "data folder in ANTIPHON_DATA."
        ) from error


def _put_aside(path: Path, what: str, ending: str) -> tuple[Kept, str]:
    aside = unused_path(path.parent, f"{path.stem} {ending}", path.suffix)
    try:
        path.rename(aside)
    except OSError:
        # A folder that allows no renaming allows no writing over it either.
        where = "it was left as it is"
    else:
        where = f"it was kept as {aside.name}"
    return Kept(), f"The settings in {path} {what}: {where}, and the usual settings were taken."
