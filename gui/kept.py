"""What the window keeps from one start to the next, in window.json: places, ports, keys, theme.

One JSON file in the data folder, written whole or not at all. A file that cannot be understood, or
that a newer Antiphon wrote, is put aside under another name and said in a sentence; the window then
begins as on the first day. How the partner plays is the session's to keep (playing.json). It
refuses to be called in the GUI thread but for the first load and the last save (`gui.keeping`).
"""

import os
from pathlib import Path
from typing import Literal

import msgspec

from engine.files import write_whole
from plugin.files import data_folder, unused_path

VERSION = 1
FILE = "window.json"
_LARGEST_BYTES = 1_000_000
Plain = str | int | float | bool


class KeptError(Exception):
    """The file cannot be written; the message is a sentence and a next step."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """See the module.

    place: left, top, width and height of the window on the desktop. layout: docks and dividers, as
    Qt writes them, in base64. ins, outs, system, profile, thru: as in `Open`. rebound: other keys
    by the action's name. panels: what each panel wants to find again, by its name.
    """

    place: tuple[int, int, int, int] | None = None
    maximized: bool = False
    layout: str = ""
    theme: Literal["dark", "light", "system"] = "dark"
    scale: float = 1.0
    ins: tuple[str, ...] = ()
    outs: tuple[str, ...] = ()
    system: str | None = None
    profile: str | None = None
    thru: bool = False
    rebound: dict[str, str] = {}
    first_run_done: bool = False
    panels: dict[str, dict[str, Plain]] = {}


class _File(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    kept: Kept


class _Head(msgspec.Struct, frozen=True):
    version: int


def path_in(folder: str | os.PathLike[str] | None = None) -> Path:
    """Where the file of this user is, or of the data folder `folder`."""
    return data_folder(folder) / FILE


def load(path: Path) -> tuple[Kept, str]:
    """What is kept, and a sentence where something was wrong, else "".

    Nothing there, nothing wrong: as on the first day.
    """
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            return _put_aside(path, "is far too large", "damaged")
        content = path.read_bytes()
    except FileNotFoundError:
        return Kept(), ""
    except OSError as error:
        return Kept(), (
            f"How the window was left cannot be read from {path} ({_reason(error)}): check the "
            "file; the window begins as on the first day."
        )
    try:
        if msgspec.json.decode(content, type=_Head).version > VERSION:
            return _put_aside(path, "was written by a newer Antiphon", "newer")
        return msgspec.json.decode(content, type=_File).kept, ""
    # RecursionError: brackets within brackets without end.
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _put_aside(path, "cannot be understood", "damaged")


def save(path: Path, kept: Kept) -> None:
    """Write it all. Raises KeptError; what stood there is then still there."""
    content = msgspec.json.format(msgspec.json.encode(_File(version=VERSION, kept=kept)), indent=1)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, content + b"\n")
    except OSError as error:
        raise KeptError(
            f"The window's places and keys cannot be kept in {path} ({_reason(error)}): free some "
            "space or name another data folder in ANTIPHON_DATA. Everything else goes on."
        ) from error


def _reason(error: OSError) -> str:
    return (error.strerror or "unknown reason").lower()


def _put_aside(path: Path, what: str, ending: str) -> tuple[Kept, str]:
    aside = unused_path(path.parent, f"{path.stem} {ending}", path.suffix)
    try:
        path.rename(aside)
    except OSError:
        where = "it was left as it is"
    else:
        where = f"it was kept as {aside.name}"
    return Kept(), f"{path} {what}: {where}, and the window begins as on the first day."
