"""PipeWire without sound card or screen, for one test: the JACK server for Ardour.

jackd2 throws Ardour out at one start in four; PipeWire never did. Nothing connects itself here
(there is no session manager), so every connection is one that the test asked for.

It refuses to touch the machine's own PipeWire: it has a run-time folder of its own, and programs
find it by the `environment` that it gives them.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Self

from tests.rig.waiting import wait_for

PERIOD_FRAMES = 256
RATE_HZ = 48_000
PERIOD_MS = 1000 * PERIOD_FRAMES / RATE_HZ

# What a desktop would have set, by which a program could find the person's own servers.
_OF_THE_DESKTOP = (
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "PIPEWIRE_REMOTE",
    "JACK_DEFAULT_SERVER",
)


def why_no_daw() -> str:
    """Empty where Ardour can be run on PipeWire, else what is missing."""
    for program, package in (
        ("pipewire", "pipewire"),
        ("pw-jack", "pipewire-jack"),
        ("ardour7-lua", "ardour"),
    ):
        if shutil.which(program) is None:
            return (
                f"{program} is missing (Debian 12: apt install --no-install-recommends {package})"
            )
    return ""


class PipeWire:
    """A running PipeWire and a home folder for its clients; both are gone when it is closed."""

    def __init__(self) -> None:
        # A short name: the path of a socket may have no more than 107 bytes.
        self._folder = Path(tempfile.mkdtemp(prefix="antiphon-daw-"))
        runtime, home = self._folder / "run", self._folder / "home"
        runtime.mkdir(mode=0o700)
        home.mkdir()
        keep = {name: value for name, value in os.environ.items() if name not in _OF_THE_DESKTOP}
        self.home = home
        self.rate_hz = RATE_HZ
        self.environment = {
            **keep,
            "HOME": str(home),
            "XDG_RUNTIME_DIR": str(runtime),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "PIPEWIRE_QUANTUM": f"{PERIOD_FRAMES}/{RATE_HZ}",
        }
        self._log = (self._folder / "pipewire.log").open("w+", encoding="utf-8")
        self._process = subprocess.Popen(
            ["pipewire"],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_for(
                (runtime / "pipewire-0").is_socket, lambda: f"PipeWire to listen: {self.log()}"
            )
        except BaseException:
            self.close()
            raise

    def run(self, *command: str) -> list[str]:
        """The command line by which a program's libjack is PipeWire's."""
        return ["pw-jack", *command]

    def log(self) -> str:
        """What PipeWire wrote."""
        return Path(self._log.name).read_text(encoding="utf-8", errors="replace")

    def close(self) -> None:
        """End it and wait for it."""
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
