"""Faults on a timetable while the jam is played: killed engines, and ports that go and come back.

Every 30 s the engine is killed (-9). Every 60 s a port goes: in turn the player's program vanishes
with keys down and comes back, the listener's does, the player's cable is pulled out and put in
again, the listener's is. What is measured is how long it took from the fault (of a port: from its
return) until the partner could answer again.
"""

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil

from benchmarks.live.jam import Jam
from tests.rig.jackd import JackServer

ENGINE_EVERY_S = 30.0
PORT_EVERY_S = 60.0
FIRST_PORT_S = 15.0
UNPLUGGED_S = 1.5
PORT_FAULTS = ("player gone", "listener gone", "player unplugged", "listener unplugged")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. back_ns: when all was as before; None if that did not come."""

    kind: str
    at_ns: int
    plugged_ns: int
    """When the other side was there again; of an engine, when it was killed."""
    back_ns: int | None

    @property
    def back_s(self) -> float | None:
        """How long it took us, once we could."""
        return None if self.back_ns is None else (self.back_ns - self.plugged_ns) / 1e9


class Faults:
    """Breaks things in a thread until closed."""

    def __init__(
        self,
        jam: Jam,
        server: JackServer,
        *,
        cables: dict[str, tuple[str, str]],
        replace: dict[str, Callable[[], tuple[int, int | None]]],
    ) -> None:
        """What can be broken, by the name of the fault.

        cables: source and destination. replace: makes a program's ports vanish and return, and says
        when they had returned and when the jam had found them.
        """
        self._jam, self._server = jam, server
        self._cables, self._replace = cables, replace
        self._ended = threading.Event()
        self.faults: list[Fault] = []
        self.broken = ""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """No more faults; the last is mended first."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        began_s = time.monotonic()
        next_engine_s, next_port_s = began_s + ENGINE_EVERY_S, began_s + FIRST_PORT_S
        ports = 0
        try:
            while not self._ended.wait(
                max(0.0, min(next_engine_s, next_port_s) - time.monotonic())
            ):
                if next_engine_s <= next_port_s:
                    next_engine_s += ENGINE_EVERY_S
                    self._kill_engine()
                else:
                    next_port_s += PORT_EVERY_S
                    self._unplug(PORT_FAULTS[ports % len(PORT_FAULTS)])
                    ports += 1
        except Exception as error:
            self.broken = repr(error)

    def _kill_engine(self) -> None:
        engine = self._jam.engine()
        if engine is None:
            return
        at_ns = time.monotonic_ns()
        with contextlib.suppress(psutil.Error):
            engine.kill()
        back_ns = None
        with contextlib.suppress(TimeoutError):
            back_ns = self._jam.wait_until_ready(at_ns)
        self.faults.append(Fault("engine killed", at_ns, at_ns, back_ns))

    def _unplug(self, kind: str) -> None:
        at_ns = time.monotonic_ns()
        if kind in self._cables:
            source, destination = self._cables[kind]
            self._server.control.disconnect(  # type: ignore[attr-defined]
                self._server.wait_for_port(source), self._server.wait_for_port(destination)
            )
            self._ended.wait(UNPLUGGED_S)
            plugged_ns = time.monotonic_ns()
            self._server.connect(source, destination)
            back_ns: int | None = time.monotonic_ns()
        else:
            plugged_ns, back_ns = self._replace[kind]()
        self.faults.append(Fault(kind, at_ns, plugged_ns, back_ns))
