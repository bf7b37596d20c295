"""Whether the machine is on mains: True, False, or None where the system does not say.

Linux tells in /sys/class/power_supply, macOS by `pmset`, Windows by GetSystemPowerStatus. A machine
with no battery at all is on mains, if the system can be asked at all. It refuses to guess.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

SUPPLIES = Path("/sys/class/power_supply")
_PMSET_S = 5.0
_ONLINE, _OFFLINE = 1, 0


def on_mains() -> bool | None:
    """See the module."""
    ways: dict[str, Callable[[], bool | None]] = {
        "darwin": of_pmset,
        "win32": of_windows,
        "linux": lambda: of_supplies(SUPPLIES),
    }
    way = ways.get(sys.platform)
    return way() if way else None


def of_supplies(folder: Path) -> bool | None:
    """Linux: any mains or USB supply that is online; without a battery of the machine: mains."""
    try:
        supplies = sorted(folder.iterdir())
    except OSError:
        return None
    online, battery = False, False
    for supply in supplies:
        kind = _word(supply / "type")
        if kind in {"Mains", "USB"}:
            online = online or _word(supply / "online") == "1"
        elif kind == "Battery" and _word(supply / "scope") != "Device":  # not a mouse's
            battery = True
    return online or not battery


def of_pmset() -> bool | None:
    """macOS: the first line says what power is drawn from."""
    try:
        said = subprocess.run(
            ["/usr/bin/pmset", "-g", "batt"],
            capture_output=True, text=True, check=True, timeout=_PMSET_S,
        ).stdout  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return of_words(said)


def of_words(said: str) -> bool | None:
    """What `pmset -g batt` said."""
    first = said.partition("\n")[0]
    if "AC Power" in first:
        return True
    return False if "Battery Power" in first or "UPS Power" in first else None


def of_windows() -> bool | None:
    """Windows: the first byte of its answer, 255 is unknown."""
    import ctypes

    answer = (ctypes.c_ubyte * 12)()
    windows = getattr(ctypes, "windll", None)
    if windows is None or not windows.kernel32.GetSystemPowerStatus(ctypes.byref(answer)):
        return None
    line = int(answer[0])
    return {_ONLINE: True, _OFFLINE: False}.get(line)


def _word(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
