"""Where sharing keeps its things: one folder, readable by its owner alone, gone when it is revoked.

`engine` and `plugin` know the data folder, too; a test holds that all agree. Files are whole or not
there, mode 0600 in a folder 0700. It refuses to make the folder for a look: only what a person has
decided writes.
"""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from engine.files import OWNER_ONLY, write_whole

DATA_VARIABLE = "ANTIPHON_DATA"
FOLDER = "sharing"
OWNER_FOLDER = 0o700
_MOST_BYTES = 16 * 1024 * 1024

Kept = TypeVar("Kept")


class Places:
    """Paths by name. root: the folder of sharing, which need not exist."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.root = data / FOLDER
        self.settings = self.root / "settings.json"
        self.consent = self.root / "consent.json"
        self.course = self.root / "course.json"
        self.ledger = self.root / "ledger.jsonl"
        self.key = self.root / "device.key"
        self.forget = self.root / "forget.json"
        self.material = self.root / "material"
        self.draft = self.root / "draft"
        self.outbox = self.root / "outbox"
        self.received = self.root / "received"
        self.adopted = self.root / "adopted.safetensors"
        self.previous = self.root / "previous.safetensors"


def data_folder(environment: Mapping[str, str]) -> Path:
    """The user's data folder, as the rest of Antiphon finds it."""
    if chosen := environment.get(DATA_VARIABLE):
        return Path(chosen)
    from platformdirs import user_data_path

    return user_data_path("antiphon", appauthor=False)


def write(path: Path, data: bytes) -> None:
    """Whole or not at all, for the owner's eyes. Makes the folders. Raises OSError."""
    make_folder(path.parent)
    write_whole(path, data, OWNER_ONLY)


def make_folder(folder: Path) -> None:
    """The folder of sharing, or one inside it, for the owner alone. Raises OSError."""
    for one in (folder.parent, folder):
        if FOLDER in {one.name, one.parent.name}:
            one.mkdir(mode=OWNER_FOLDER, parents=True, exist_ok=True)
            with contextlib.suppress(OSError):
                one.chmod(OWNER_FOLDER)


def read(path: Path, kind: type[Kept]) -> Kept | None:
    """What was kept there as JSON; None where nothing is, or nothing that can be read."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            return None
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def keep(path: Path, value: object) -> None:
    """A struct as JSON that a person can read. Raises OSError."""
    write(path, msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n")


def remove(path: Path) -> None:
    """The file, if it is there. Raises OSError."""
    path.unlink(missing_ok=True)


def remove_all(folder: Path) -> None:
    """A folder with all that is in it, if it is there; links are removed, not followed."""
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
        return
    if not folder.is_dir():
        return
    for one in folder.iterdir():
        remove_all(one)
    folder.rmdir()
