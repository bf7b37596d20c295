"""The tier's child processes: started with a private Flower folder, watched, ended for certain.

Each is a process group of its own, so that what Flower starts in turn ends with it, and hangs on a
leash that ends them even if this process is killed. No thread watches them: `Children.tend` is
called by whoever waits for a result, and starts again what has died.

It refuses to know what the processes do.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

AGAIN_S = 5.0
"""Between two tries: Flower refuses a worker that comes back until its old place is free."""
GRACE_S = 5.0


@dataclass(slots=True)
class Child:
    """One process that should be there. log: where its output goes. died: how often it has."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    vital: bool = False
    """Without it the others are of no use, and it is not started again."""
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    died: int = 0
    not_before_s: float = 0.0

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.poll() is None

    def last_words(self) -> str:
        """The last line that it wrote, for a sentence that says why it is gone."""
        try:
            lines = self.log.read_text("utf-8", "replace").strip().splitlines()
        except OSError:
            lines = []
        return lines[-1].strip()[-200:] if lines else "it said nothing"


class Children:
    """All of them. clock: seconds that only go forward."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._all: list[Child] = []
        self._leash: subprocess.Popen[bytes] | None = None

    def start(self, child: Child) -> None:
        """Start it now, and again whenever it dies. Raises OSError."""
        self._all.append(child)
        self._run(child)

    def tend(self) -> Child | None:
        """Start again what has died; the vital child that is gone, if one is."""
        now_s = self._clock()
        for child in self._all:
            if child.alive:
                continue
            if child.vital:
                return child
            if child.process is not None:
                self._gone(child)
                child.died += 1
                child.not_before_s = now_s + (AGAIN_S if child.died > 1 else 0.0)
            if now_s >= child.not_before_s:
                self._run(child)
        return None

    def end(self) -> None:
        """End all of them, last started first, and everything that they started."""
        for child in reversed(self._all):
            _signal(child, signal.SIGTERM)
        for child in reversed(self._all):
            if child.process is not None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.process.wait(GRACE_S)
                self._gone(child)
        self._all.clear()
        if self._leash is not None and self._leash.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._leash.stdin.close()
            self._leash.wait()
            self._leash = None

    def pids(self) -> dict[str, int]:
        """Of those that run, by name."""
        return {c.name: c.process.pid for c in self._all if c.process is not None and c.alive}

    def _run(self, child: Child) -> None:
        with child.log.open("ab", buffering=0) as log:
            child.process = subprocess.Popen(
                child.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(child.environment),
                start_new_session=True,
            )
        self._tell_leash(f"+{child.process.pid}")

    def _gone(self, child: Child) -> None:
        """What is left of its group goes too."""
        if child.process is not None:
            _signal(child, signal.SIGKILL)
            child.process.wait()
            self._tell_leash(f"-{child.process.pid}")
            child.process = None

    def _tell_leash(self, line: str) -> None:
        if self._leash is None:
            self._leash = subprocess.Popen(
                [sys.executable, "-m", "federation.flower.leash"],
                stdin=subprocess.PIPE,
                cwd=Path(__file__).resolve().parents[2],
                start_new_session=True,
            )
        if self._leash.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._leash.stdin.write(line.encode() + b"\n")
                self._leash.stdin.flush()


def _signal(child: Child, number: signal.Signals) -> None:
    if child.process is not None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, number)
