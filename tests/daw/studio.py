"""Where a DAW lives for one test: a PipeWire of its own and an empty home folder.

Ardour runs on PipeWire because jackd2 throws it out at one start in four, and PipeWire never did.
Nothing connects itself (there is no session manager): every connection was asked for.
"""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Self

from tests.rig.jackd import RATE_HZ
from tests.rig.pipewire import PipeWireServer, why_no_pipewire

ARDOUR = "ardour7-lua"

# By these a program could find the servers of the person at this machine.
_OF_THE_DESKTOP = (
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "PIPEWIRE_REMOTE",
    "PIPEWIRE_RUNTIME_DIR",
    "JACK_DEFAULT_SERVER",
)


def why_no_daw() -> str:
    """Empty where Ardour can be run on PipeWire, else what is missing."""
    if shutil.which(ARDOUR) is None:
        return f"{ARDOUR} is not installed (Debian 12: apt install --no-install-recommends ardour)"
    return why_no_pipewire()


class Studio:
    """A running PipeWire and a home folder for its clients; both are gone when it is closed."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="antiphon-studio-")
        self.home = Path(self._folder.name)
        self.server = PipeWireServer()
        self.rate_hz = RATE_HZ
        self.skipped = 0
        """Cycles that a DAW missed while it rolled."""
        self.period_ms = 1000 * self.server.period_frames / RATE_HZ
        keep = {name: value for name, value in os.environ.items() if name not in _OF_THE_DESKTOP}
        self.environment = {
            **keep,
            **self.server.environment,
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / ".config"),
        }

    def close(self) -> None:
        """End PipeWire and forget the home."""
        self.server.close()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
