"""The program that is measured, as a player has it: a session process, and what it has told so far.

`Alone` is `python -m plugin.served` without a window: this process is at the other end of its line
and asks what a window would. `benchmarks.live.window.Windowed` is the whole app. Of both, all that
is known is what the session tells anyway, as it notes it in its diary (`plugin.served.diary`), and
what the machine says of their processes.
"""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import msgspec
import psutil

from plugin.control import store
from plugin.control.desk import Desk
from plugin.control.orders import Put
from plugin.control.wording import read
from plugin.files import DATA_VARIABLE
from plugin.served import diary
from plugin.served.client import SessionProcess
from plugin.served.messages import Asked, Open, Over, Told
from plugin.settings import Settings
from tests.rig.waiting import wait_for

STARTS_WITHIN_S = 60.0
ENDS_WITHIN_S = 20.0
SESSION = "plugin.served"
CHILDREN = {"engine": "spawn_main", "ports": "jack_child"}
"""Part of the command line of each process that the session starts."""
TRAINERS_NICE = 19
"""A child whose priority is so much lower than ours, or the lowest, is the trainer."""
READ_EVERY_S = 0.005
PROFILE = "player"

Happened = tuple[int, dict[str, Any]]
"""Nanoseconds of the monotonic clock, and a message as a dictionary."""


def settings_from(lines: list[str]) -> Settings:
    """The usual settings, with these lines as a player types them. Raises ValueError."""
    settings = Settings()
    for line in lines:
        order = read(line, settings)
        if not isinstance(order, Put):
            raise ValueError(f"“{line}” sets nothing")
        settings = order.settings
    return settings


def furnish(folder: Path, settings: Settings) -> None:
    """A data folder in which somebody has played like this before."""
    store.save(store.path_in(folder), Desk(store.Kept(settings=settings)).kept)


class Jam:
    """See the module. Thread: any may read."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        """`folder` is its data folder, where its diary is, too."""
        self.told: list[Happened] = []
        self.listeners: list[Callable[[int, dict[str, Any]], None]] = []
        """Called with every message, in the reader's thread."""
        self.folder = folder
        self._diary = folder / "diary"
        self._diary.touch()
        self.environment = {
            **os.environ,
            **environment,
            DATA_VARIABLE: str(folder),
            diary.VARIABLE: str(self._diary),
        }
        self._processes: dict[str, psutil.Process] = {}
        self._over = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    # -- what each way of starting it has of its own --

    def ask(self, asked: Asked) -> None:
        """Ask the session for something, as its window does."""
        raise NotImplementedError

    def session_id(self) -> int | None:
        """Of the session's process; None while there is none."""
        raise NotImplementedError

    def also(self) -> dict[str, psutil.Process]:
        """Processes that belong to it and that the session did not start, by name."""
        return {}

    def ended(self) -> str | None:
        """Its last words if it has ended, else None."""
        raise NotImplementedError

    def figures(self) -> dict[str, object]:
        """What it counted itself, once it has ended."""
        return {}

    def _end(self) -> int:
        """Ask it to end and wait; its exit code. Twice is once."""
        raise NotImplementedError

    # -- for both --

    def engine(self) -> psutil.Process | None:
        """The engine's process; None while there is none."""
        return self.processes().get("engine")

    def processes(self) -> dict[str, psutil.Process]:
        """What lives: "session", "engine", "ports" where it has one; with a window that, too."""
        if not all(_plays(self._processes.get(name)) for name in ("session", "engine")):
            self._find()
        return {name: process for name, process in self._processes.items() if _plays(process)}

    def since(self, at_ns: int, kind: str) -> list[Happened]:
        """Messages of a kind told since a moment."""
        found: list[Happened] = []
        for told in reversed(self.told):
            if told[0] < at_ns:
                break
            if told[1]["type"] == kind:
                found.append(told)
        return found[::-1]

    def wait_until_ready(self, since_ns: int = 0) -> int:
        """Wait for the engine; when it was ready."""

        def ready() -> list[Happened]:
            self.must_live()
            return self.since(since_ns, "EngineReady")

        return wait_for(ready, lambda: f"the engine: {self.says()}", STARTS_WITHIN_S)[0][0]

    def must_live(self) -> None:
        """Raises RuntimeError with its last words if it has ended."""
        says = self.ended()
        if says is not None:
            raise RuntimeError(f"the jam ended ({says}): {self.says()}")

    def panic(self) -> int:
        """Ask for silence as `antiphon panic` does; when."""
        session = self.session_id()
        at_ns = time.monotonic_ns()
        if session is not None:
            os.kill(session, signal.SIGUSR1)
        return at_ns

    def end(self) -> int:
        """Ask it to end and wait; its exit code. Twice is once."""
        code = self._end()
        self._over.set()
        self._reader.join(5)
        return code

    def says(self) -> str:
        """The end of what its processes complained of, and of what went wrong."""
        logs = [path.read_text(encoding="utf-8")[-2000:] for path in self.folder.glob("*.log")]
        wrong = [event["says"] for _, event in self.told if event["type"] == "NotOpened"]
        return "\n".join([*wrong, *logs])

    def _find(self) -> None:
        self._processes.update(self.also())
        pid = self.session_id()
        if pid is None:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            session = psutil.Process(pid)
            self._processes["session"] = session
            for child in session.children():
                with contextlib.suppress(psutil.Error):
                    words = " ".join(child.cmdline())
                    for name, part in CHILDREN.items():
                        if part in words and _plays(child):
                            self._processes[name] = child

    def _read(self) -> None:
        """The diary as it grows."""
        decode = msgspec.msgpack.Decoder().decode
        unread = b""
        with self._diary.open("rb") as file:
            while True:
                over = self._over.is_set()  # before it is read for the last time
                unread += file.read()
                while len(unread) >= 4 + (size := int.from_bytes(unread[:4])) > 4:
                    noted, unread = decode(unread[4 : 4 + size]), unread[4 + size :]
                    self._hear(noted["at_ns"], noted["told"])
                if over:
                    return
                self._over.wait(READ_EVERY_S)

    def _hear(self, at_ns: int, event: dict[str, Any]) -> None:
        self.told.append((at_ns, event))
        for listener in list(self.listeners):
            listener(at_ns, event)


class Starts(Protocol):
    """A way to start a jam."""

    def __call__(self, environment: dict[str, str], folder: Path, opening: Open) -> Jam:
        """Start it in this data folder, with these ports."""


class Alone(Jam):
    """A session without a window."""

    def __init__(self, environment: dict[str, str], folder: Path, opening: Open) -> None:
        super().__init__(environment, folder)
        self._last: Told | None = None
        self._session = SessionProcess(self._hears, self.environment)
        self.ask(opening)

    def ask(self, asked: Asked) -> None:
        """See `Jam`."""
        self._session.send(asked)

    def session_id(self) -> int | None:
        """See `Jam`."""
        return self._session.process_id

    def ended(self) -> str | None:
        """See `Jam`."""
        return self._last.says if isinstance(self._last, Over) else None

    def _end(self) -> int:
        self._session.close(ENDS_WITHIN_S)
        return 1 if self.ended() else 0

    def _hears(self, message: Told) -> None:
        """As a window: everything is read, and here nothing is done with it."""
        self._last = message


def _plays(process: psutil.Process | None) -> bool:
    """Whether it lives and is no trainer."""
    with contextlib.suppress(psutil.NoSuchProcess):
        lowest = min(psutil.Process().nice() + TRAINERS_NICE, TRAINERS_NICE)
        return process is not None and _lives(process) and process.nice() < lowest
    return False


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running()) and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
