"""A private PipeWire without sound card, for one test run; our ports reach it as on a desktop.

It offers what `JackServer` does. The test's own process never joins it (a process loads one
libjack, and that is jackd's): programs of PipeWire list and connect, which it stands, as jackd does
not.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from plugin.backends.jack import pipewire_library
from tests.rig.jackd import PERIOD_FRAMES, RATE_HZ
from tests.rig.waiting import wait_for

SETTLING_CYCLES = 8
"""Ports count as connected some cycles before what is sent arrives."""


def why_no_pipewire() -> str:
    """Empty where PipeWire can be run and reached, else what is missing."""
    for program in ("pipewire", "pw-link"):
        if shutil.which(program) is None:
            return f"{program} is not installed (Debian, Ubuntu: apt install pipewire)"
    if pipewire_library() is None:
        return "PipeWire's libjack is not installed (Debian, Ubuntu: apt install pipewire-jack)"
    return ""


class PipeWireServer:
    """A running pipewire, without session manager: nothing is connected by itself."""

    def __init__(self, period_frames: int = PERIOD_FRAMES) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="antiphon-pipewire-")
        self.period_frames = period_frames
        self._process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            ["pipewire"],
            env={**os.environ, "XDG_RUNTIME_DIR": self._folder.name},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            wait_for((Path(self._folder.name) / "pipewire-0").is_socket, "pipewire to answer")
        except BaseException:
            process.kill()
            process.wait()
            raise
        return process

    @property
    def environment(self) -> dict[str, str]:
        """Variables by which a child process finds this server and no other."""
        return {
            "XDG_RUNTIME_DIR": self._folder.name,
            "PIPEWIRE_QUANTUM": f"{self.period_frames}/{RATE_HZ}",
            "LD_LIBRARY_PATH": str(pipewire_library()),
        }

    @contextlib.contextmanager
    def as_default(self) -> Iterator[None]:
        """Let children of this process find this server; the library they find by themselves."""
        ours = {name: text for name, text in self.environment.items() if name != "LD_LIBRARY_PATH"}
        before = {name: os.environ.get(name) for name in ours}
        os.environ.update(ours)
        try:
            yield
        finally:
            for name, text in before.items():
                if text is None:
                    del os.environ[name]
                else:
                    os.environ[name] = text

    def ports(self, part: str = "") -> list[str]:
        """Names of the ports that contain `part`, `client:port`."""
        return [name for name in dict.fromkeys(self._link("-io")) if part in name]

    def wait_for_port(self, part: str) -> str:
        """Wait until a port has `part` in its name; its whole name."""
        return wait_for(lambda: self.ports(part), lambda: f'"{part}" among {self.ports()}')[0]

    def wait_until_gone(self, part: str) -> None:
        """Wait until no port has `part` in its name."""
        wait_for(lambda: not self.ports(part), lambda: f'"{part}" to go from {self.ports()}')

    def connect(self, source: str, destination: str) -> None:
        """Connect two ports, given by parts of their names, and wait until it is so."""
        source, destination = self.wait_for_port(source), self.wait_for_port(destination)

        def connected() -> bool:
            self._link(source, destination)
            return destination in self.connections(source)

        wait_for(connected, f"{source} -> {destination}")
        threading.Event().wait(SETTLING_CYCLES * self.period_frames / RATE_HZ)

    def connections(self, port: str) -> list[str]:
        """Names of the ports that this output is connected to."""
        found, here = [], False
        for line in self._link("-ol"):
            if not line.startswith(" "):
                here = line == port
            elif here:
                found.append(line.replace("|->", "").strip())
        return found

    def kill(self) -> None:
        """End the server as a crash would, under whatever clients it has."""
        self._process.kill()
        self._process.wait()

    def restart(self) -> None:
        """Start it anew after `kill`."""
        for left in Path(self._folder.name).iterdir():
            left.unlink()
        self._process = self._start()

    def freeze(self) -> None:
        """Stop the server where it stands."""
        self._process.send_signal(signal.SIGSTOP)

    def close(self) -> None:
        """End the server and wait for it. Twice is once."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self.kill()
        self._folder.cleanup()

    def _link(self, *words: str) -> list[str]:
        environment = {**os.environ, "XDG_RUNTIME_DIR": self._folder.name}
        done = subprocess.run(
            ["pw-link", *words], env=environment, capture_output=True, text=True, check=False
        )
        return done.stdout.splitlines()

    def __enter__(self) -> "PipeWireServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
