"""The program that is measured: a real session with its real engine, in a process of its own.

    python -m benchmarks.live.jam

It is wired by `plugin.compose` as `antiphon jam` wires it, terminal and all; in addition every
event is written to standard output as a line of JSON, `[ns, event]`, with the moment of the
monotonic clock at which the session told it. `Jam` is the benchmark's side of it.
"""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from tests.rig.waiting import wait_for

STARTS_WITHIN_S = 60.0
ENDS_WITHIN_S = 20.0
CHILDREN = {"engine": "spawn_main", "ports": "jack_child"}
"""Part of the command line of each process that the session starts."""

Told = tuple[int, dict[str, Any]]
"""Nanoseconds of the monotonic clock, and an event of `plugin.protocol` as a dictionary."""


class Jam:
    """A jam's process and what it has told so far. Thread: any may read."""

    def __init__(self, environment: dict[str, str], folder: Path, *words: str) -> None:
        """`folder` is its data folder, where its log is put, too."""
        self.told: list[Told] = []
        self.listeners: list[Callable[[int, dict[str, Any]], None]] = []
        """Called with every event, in the reader's thread."""
        self.log = folder / "jam.log"
        self._processes: dict[str, psutil.Process] = {}
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.live.jam", *words],
                env={**os.environ, **environment, "ANTIPHON_DATA": str(folder)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Of the session's process."""
        return self._process.pid

    def engine(self) -> psutil.Process | None:
        """The engine's process; None while there is none."""
        return self.processes().get("engine")

    def processes(self) -> dict[str, psutil.Process]:
        """The jam's processes that live: "session", "engine", and "ports" where they have one."""
        if not all(_lives(self._processes.get(name)) for name in ("session", "engine")):
            self._find()
        return {name: process for name, process in self._processes.items() if _lives(process)}

    def _find(self) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            session = psutil.Process(self.pid)
            self._processes["session"] = session
            for child in session.children():
                with contextlib.suppress(psutil.Error):
                    words = " ".join(child.cmdline())
                    for name, part in CHILDREN.items():
                        if part in words and _lives(child):
                            self._processes[name] = child

    def since(self, at_ns: int, kind: str) -> list[Told]:
        """Events of a kind told since a moment."""
        found: list[Told] = []
        for told in reversed(self.told):
            if told[0] < at_ns:
                break
            if told[1]["type"] == kind:
                found.append(told)
        return found[::-1]

    def wait_until_ready(self, since_ns: int = 0) -> int:
        """Wait for the engine; when it was ready."""

        def ready() -> list[Told]:
            self.must_live()
            return self.since(since_ns, "EngineReady")

        return wait_for(ready, lambda: f"the engine: {self.says()}", STARTS_WITHIN_S)[0][0]

    def must_live(self) -> None:
        """Raises RuntimeError with its last words if it has ended."""
        if self._process.poll() is not None:
            raise RuntimeError(f"the jam ended with {self._process.returncode}: {self.says()}")

    def panic(self) -> int:
        """Ask for silence as `antiphon panic` does; when."""
        at_ns = time.monotonic_ns()
        os.kill(self.pid, signal.SIGUSR1)
        return at_ns

    def end(self) -> int:
        """Ask it to end and wait; its exit code."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(ENDS_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._reader.join(5)
        return self._process.returncode

    def says(self) -> str:
        """The end of what it printed."""
        return self.log.read_text(encoding="utf-8")[-2000:]

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with contextlib.suppress(ValueError):
                at_ns, event = json.loads(line)
                self.told.append((at_ns, event))
                for listener in self.listeners:
                    listener(at_ns, event)


def _lives(process: psutil.Process | None) -> bool:
    try:
        return (
            process is not None
            and bool(process.is_running())
            and process.status() != psutil.STATUS_ZOMBIE
        )
    except psutil.NoSuchProcess:
        return False


# --------------------------------------------------------------------------- the jam itself


def main() -> None:
    """Be the jam until told to end."""
    import msgspec

    from plugin import compose, protocol
    from plugin.cables import PortWish
    from plugin.console import Console
    from plugin.control.desk import Desk
    from plugin.control.orders import Put
    from plugin.control.store import Kept
    from plugin.control.wording import read
    from plugin.running import announced
    from plugin.screen import Screen
    from plugin.settings import Settings
    from plugin.signals import heeded

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--in", dest="ins", action="append", default=[])
    parser.add_argument("--out", dest="outs", action="append", default=[])
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--say", action="append", default=[])
    args = parser.parse_args()
    settings = Settings()
    for line in args.say:
        order = read(line, settings)
        if not isinstance(order, Put):
            sys.exit(f"“{line}” sets nothing")
        settings = order.settings
    console = Console(lambda line: print(line, file=sys.stderr, flush=True))
    encoder = msgspec.json.Encoder()

    def show(told: Any) -> None:
        os.write(1, encoder.encode(told) + b"\n")
        console.event(told[1])

    screen = Screen(show, console.close)

    def emit(event: protocol.Event) -> None:
        screen.event((time.monotonic_ns(), event))  # type: ignore[arg-type]

    with (
        heeded() as wishes,
        announced(),
        compose.open_jam(
            compose.system_backend("JACK"),
            emit=emit,
            seed=args.seed,
            desk=Desk(Kept(settings=settings)),
            ins=[PortWish(name) for name in args.ins],
            outs=[PortWish(name) for name in args.outs],
        ) as jam,
    ):

        def silence() -> None:
            jam.session.command(jam.clock.now_ns(), protocol.Panic())

        jam.loop.run(lambda: wishes.grant(silence))
    screen.close()


if __name__ == "__main__":
    main()
