"""What forbids sharing whatever anybody agreed to: the environment, a setting, a missing extra.

Looking imports nothing of what it looks for. It refuses to be overruled by a record of consent.
"""

from collections.abc import Callable, Mapping
from importlib.util import find_spec

import msgspec

from federation.client import places
from federation.client.consent import Server
from federation.client.places import Places

VARIABLE = "ANTIPHON_NO_SHARING"
NEEDED = ("httpx", "cryptography", "safetensors")
_NO = frozenset({"", "0", "no", "false", "off"})


class Settings(msgspec.Struct, frozen=True):
    """What a person set. never: sharing is not to be had here. server: whom it would be with."""

    server: Server | None = None
    never: bool = False


def settings(where: Places) -> Settings:
    """As they are on disk; a file that cannot be read forbids, for it may have said so."""
    found = places.read(where.settings, Settings)
    if found is None:
        return Settings(never=where.settings.exists())
    return found


def is_there(name: str) -> bool:
    """Whether a package is installed; it is not imported."""
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def forbidden(
    environment: Mapping[str, str], set_: Settings, there: Callable[[str], bool] = is_there
) -> str:
    """Why there can be no sharing on this machine, a sentence and a next step; "" if there can."""
    if environment.get(VARIABLE, "").strip().lower() not in _NO:
        return f"Sharing is switched off by {VARIABLE}: unset it to have a choice."
    if set_.never:
        return "Sharing is switched off in the settings: `antiphon share never --undo` allows it."
    missing = [name for name in NEEDED if not there(name)]
    if missing:
        return (
            f"This install cannot share ({', '.join(missing)} is missing), which is fine; to have "
            "a choice run: pip install 'antiphon[federation]'"
        )
    return ""
