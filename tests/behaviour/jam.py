"""A real `antiphon jam` on a private JACK server, as a test sees it: a process with two ports.

It refuses to look inside: what the jam does is heard by `tests.behaviour.client`, its engine is
found among its children as anybody could. What it said and how it ended is printed, which pytest
shows of a test that failed.
"""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Self

import psutil

from tests.behaviour.client import Rehearsal, Script, start
from tests.behaviour.performance import Segment
from tests.rig.jackd import JackServer
from tests.rig.waiting import DEADLINE_S, wait_for

READY = "Ready to hear you"


class RunningJam:
    """Started and ready to hear; ended when left."""

    def __init__(self, server: JackServer, folder: Path, *words: str) -> None:
        self._server = server
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115  closed by __exit__
        self._process = subprocess.Popen(
            [sys.executable, "-m", "plugin", "jam", "--system", "JACK", "--seed", "7", *words],
            cwd=folder,
            env={**os.environ, **server.environment, "PYTHONPATH": os.getcwd()},
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            self.input = server.wait_for_port("Antiphon In")
            self.output = server.wait_for_port("Antiphon Out")
            self.wait_for_line(READY)
        except BaseException:
            self._process.kill()
            raise

    def wait_for_line(self, part: str, times: int = 1) -> None:
        """Wait until the jam has said `part` so often."""
        wait_for(
            lambda: self.says().count(part) >= times,
            lambda: f"{part!r} x{times} in: {self.says()}",
            30.0,
        )

    def says(self) -> str:
        """Everything it has printed."""
        self._log.flush()
        return Path(f"/proc/self/fd/{self._log.fileno()}").read_text(encoding="utf-8")

    def type(self, text: str) -> None:
        """Write a line into its terminal."""
        assert self._process.stdin is not None
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()

    def engine(self) -> psutil.Process:
        """The engine's process."""

        def found() -> list[psutil.Process]:
            children = psutil.Process(self._process.pid).children()
            return [child for child in children if "spawn_main" in " ".join(child.cmdline())]

        return wait_for(found, "an engine among the jam's children")[0]

    def perform(self, segments: list[Segment]) -> Rehearsal:
        """Let a client play these into the jam and tell what came out."""
        script = Script(segments=segments, play_to=self.input, record_from=[self.output])
        with start(script, self._server.environment) as client:
            heard = client.result(timeout_s=110)
        print(
            f"the client: began {heard.begun}, ended {heard.ended}, timed out {heard.timed_out}, "
            f"{len(heard.recorded)} messages came, {heard.xruns} xruns"
        )
        return heard

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to the session's process."""
        self._process.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Ask it to end; its exit code."""
        if self._process.poll() is None:
            self._process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Wait until it has ended by itself; its exit code."""
        return self._process.wait(DEADLINE_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        print(f"the jam ended with {self._process.returncode} and said: {self.says()}")
        self._log.close()
