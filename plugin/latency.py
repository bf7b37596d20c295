"""How late each output sounds, as it was measured once: a small file in the data folder.

    {"format": 1, "ports": {"Synth": {"delay_ms": 12.3, "how": "ear"}}}

Ports are known by name, without the numbers that change. A file that cannot be read is told in a
sentence and counts as empty; it is replaced when something new is measured. It refuses to measure.
"""

import json
import math
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.files import write_whole

FILE_NAME = "latency.json"
MOST_MS = 500.0
_NUMBERS = re.compile(r" \d+:\d+$| \[\d+\](?= \()| \d+$")


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known of one port. `how` is "loop" or "ear"."""

    delay_ms: float
    how: str


class LatencyError(Exception):
    """The file cannot be read or written; the message is a sentence and a next step."""


def delay_ns(folder: Path, port: str) -> int:
    """How much sooner than its moment a note has to be sent to this port; 0 if nobody measured.

    Raises LatencyError for a file that cannot be read: play on with 0.
    """
    found = read(folder).get(known_as(port))
    return round(found.delay_ms * 1e6) if found else 0


def read(folder: Path) -> dict[str, Measured]:
    """Everything that was measured, by port. Raises LatencyError."""
    path = folder / FILE_NAME
    try:
        data = json.loads(path.read_bytes())
        ports = data["ports"]
        return {
            str(port): Measured(_sane(entry["delay_ms"]), str(entry["how"]))
            for port, entry in ports.items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise LatencyError(
            f"The measured delays cannot be read ({path}). Run `antiphon calibrate` again, which "
            "writes them anew."
        ) from error


def write(folder: Path, port: str, measured: Measured) -> None:
    """Keep what was measured of one port. Raises LatencyError."""
    _sane(measured.delay_ms)
    try:
        ports = read(folder)
    except LatencyError:
        ports = {}
    ports[known_as(port)] = measured
    data = {"format": 1, "ports": {name: asdict(entry) for name, entry in sorted(ports.items())}}
    path = folder / FILE_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(data, indent=1).encode() + b"\n")
    except OSError as error:
        raise LatencyError(
            f"The delay cannot be kept in {path} ({error.strerror}). Make the folder writable, or "
            "name another in ANTIPHON_DATA."
        ) from error


def known_as(port: str) -> str:
    """The name under which a port is remembered."""
    return _NUMBERS.sub("", port)


def _sane(delay_ms: object) -> float:
    """Raises ValueError for what cannot be a delay."""
    if not isinstance(delay_ms, int | float) or isinstance(delay_ms, bool):
        raise ValueError("a delay is a number")
    if not math.isfinite(delay_ms) or not 0 <= delay_ms <= MOST_MS:
        raise ValueError(f"a delay lies between 0 and {MOST_MS:g} ms")
    return float(delay_ms)
