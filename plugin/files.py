"""Folders and file names: where Antiphon keeps its things, and names that every system accepts.

Nothing here writes or deletes anything.
"""

import os
import unicodedata
from pathlib import Path

DATA_VARIABLE = "ANTIPHON_DATA"
"""Environment variable that names another data folder."""

_FORBIDDEN = frozenset('<>:"/\\|?*')
_DEVICES = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CLOCK$", "CONIN$", "CONOUT$"]
    + [f"{port}{digit}" for port in ("COM", "LPT") for digit in "0123456789¹²³"]
)
_LONGEST_STEM_BYTES = 120


def data_folder(chosen: str | os.PathLike[str] | None = None) -> Path:
    """The user's data folder: `chosen`, else $ANTIPHON_DATA, else where the system wants it.

    The folder need not exist yet.
    """
    if chosen is not None:
        return Path(chosen)
    if from_environment := os.environ.get(DATA_VARIABLE):
        return Path(from_environment)
    from platformdirs import user_data_path

    # appauthor=False: on Windows one folder, not antiphon\antiphon.
    return user_data_path("antiphon", appauthor=False)


def safe_stem(name: str, fallback: str = "take") -> str:
    """`name` as a file name without its ending that Windows, macOS and Linux all accept.

    No separators, control or invisible characters, no device name of Windows, no dot or space at
    either end, at most 120 bytes. Gives `fallback` where nothing is left. Applying it twice is
    applying it once.
    """
    kept = []
    for char in unicodedata.normalize("NFC", name):
        category = unicodedata.category(char)
        if char in _FORBIDDEN or category == "Cc":
            kept.append("-")
        elif category[0] == "Z":
            kept.append(" ")
        elif category[0] != "C":
            kept.append(char)
    stem = " ".join("".join(kept).split()).strip(". ")
    # Windows reserves a device name also where an ending follows it: "con.first.mid".
    if stem.split(".")[0].rstrip().upper() in _DEVICES:
        stem = "_" + stem
    stem = stem.encode()[:_LONGEST_STEM_BYTES].decode(errors="ignore").rstrip(". ")
    return stem or fallback


def unused_path(folder: Path, stem: str, ending: str) -> Path:
    """`folder`/`stem``ending`, or with (2), (3)... behind the stem where that name is taken."""
    path = folder / f"{stem}{ending}"
    number = 2
    while path.exists():
        path = folder / f"{stem} ({number}){ending}"
        number += 1
    return path
