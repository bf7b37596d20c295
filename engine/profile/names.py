"""Names of profiles, and the folder where all profiles lie.

The name of a profile is the name of its folder, on every system: so there are no separators, no
dots or hyphens in front, no device names of Windows, and “Me” is “me”. What will not do is refused
together with a name that will.

`engine` does not know `plugin`, so the few lines that find the data folder stand here once more;
a test holds that both agree.
"""

import os
import unicodedata
from pathlib import Path

from engine.profile.trouble import ProfileError
from engine.words import shown_name

DEFAULT = "me"
"""The profile of who never asked for one."""
FOLDER = "profiles"
LONGEST_BYTES = 80
_DATA_VARIABLE = "ANTIPHON_DATA"
_FORBIDDEN = frozenset('<>:"/\\|?*')
_DEVICES = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CLOCK$", "CONIN$", "CONOUT$"]
    + [f"{port}{digit}" for port in ("COM", "LPT") for digit in "0123456789¹²³"]
)


def profiles_folder(data: str | os.PathLike[str] | None = None) -> Path:
    """Where profiles lie: in the data folder `data`, else in the user's. It need not exist."""
    chosen = data or os.environ.get(_DATA_VARIABLE)
    if chosen:
        return Path(chosen) / FOLDER
    from platformdirs import user_data_path

    return user_data_path("antiphon", appauthor=False) / FOLDER


def cleaned(name: str) -> str:
    """The nearest name that will do; "" where nothing is left. Twice is once."""
    kept = []
    for char in unicodedata.normalize("NFC", name):
        category = unicodedata.category(char)
        if char in _FORBIDDEN or category == "Cc":
            kept.append("-")
        elif category[0] == "Z":
            kept.append(" ")
        elif category[0] != "C":
            kept.append(char)
    stem = " ".join("".join(kept).split()).lstrip("-. ").rstrip(". ")
    if stem.split(".")[0].rstrip().upper() in _DEVICES:
        stem = "_" + stem
    return stem.encode()[:LONGEST_BYTES].decode(errors="ignore").rstrip(". ")


def checked(name: str) -> str:
    """The name in the form in which it is kept. Raises ProfileError."""
    normal = unicodedata.normalize("NFC", name).strip()
    better = cleaned(name)
    if normal and normal == better:
        return normal
    shown = shown_name(normal) if normal and "/" not in normal else "This"
    raise ProfileError(
        f"{shown} cannot be the name of a profile: try “{better or DEFAULT}”, letters and digits."
    )


def same(one: str, other: str) -> bool:
    """Whether two names are one profile; some systems do not tell capitals from small letters."""
    return _folded(one) == _folded(other)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
