"""The thread that plays: polls the ports every millisecond and is on time for every note.

It rests until a millisecond has passed, or sleeps until something is due: that the clock does to
the point, and spends its last moment awake, which no mere look at the ports is worth. Everything it
calls returns at once. It refuses to decide anything musical.
"""

import contextlib
import gc
import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from engine.api import FromEngine
from plugin.engine_link import EngineLink, Stopped
from plugin.hotplug import Hotplug
from plugin.ports import InputPort, OutputPort, PortError, arrival_ns
from plugin.realtime.clock import Clock

if TYPE_CHECKING:
    from plugin.session import Session

POLL_EVERY_NS = 1_000_000
NEAR_NS = 500_000
"""What is due so soon after a look is waited for instead: a rest may end that much too late."""
MOST_AT_ONCE = 256
"""Messages of one port between two looks at what is due: a flood does not make notes late."""
LOOK_AT_PORTS_EVERY_NS = 1_000_000_000
LOOK_FOR_MISSING_EVERY_NS = 100_000_000
"""What is missing is opened beside the music; a look only takes it up."""
LOOK_AT_LAST_NS = 3_000_000_000
"""An answer so dense that there is no room between its notes does not put the look off longer."""
LOOK_TAKES_NS = 5_000_000
"""Room that a look at the ports is given before the next note."""
REAL_TIME_PRIORITY = 10


class PortGoneError(Exception):
    """A port or the whole MIDI system went away; the message is a sentence and a next step."""


class Loop:
    """Runs a session over real time. Thread: the one that calls `run`."""

    def __init__(
        self,
        session: "Session",
        *,
        clock: Clock,
        inputs: Sequence[InputPort],
        output: OutputPort,
        engine: EngineLink,
        sources: Callable[[], Sequence[str]] = tuple,
        beside: Callable[[int], None] = lambda now_ns: None,
        hotplug: Hotplug | None = None,
    ) -> None:
        """`sources` lists ports of others that could play to us; `beside` is called every round.

        hotplug looks after the ports; without it, a port that goes ends the loop.
        """
        self._hotplug = hotplug
        self._session, self._clock, self._engine = session, clock, engine
        self._inputs, self._output, self._beside = inputs, output, beside
        self._list_sources, self._sources = sources, frozenset(sources())
        self._looked_ns = clock.now_ns()

    def run(self, go_on: Callable[[], bool]) -> None:
        """Play until `go_on` says no. Raises PortGoneError; the session is left to be closed."""
        with real_time():
            while go_on():
                self.round()

    def round(self) -> None:
        """One look at everything, then sleep until the next is due."""
        began_ns = self._clock.now_ns()
        self._beside(began_ns)
        flooded = False
        for port in self._inputs:
            taken = 0
            while taken < MOST_AT_ONCE and (message := port.poll()) is not None:
                now_ns = self._clock.now_ns()
                self._session.midi(now_ns, message, arrival_ns(port, now_ns))
                taken += 1
            flooded |= taken == MOST_AT_ONCE
        said: FromEngine | Stopped | None
        while (said := self._engine.poll()) is not None:
            self._session.engine_said(self._clock.now_ns(), said)
        next_due_ns = self._session.tick(self._clock.now_ns())
        if self._may_look(began_ns, next_due_ns):
            self._look_at_ports(began_ns)
        if not flooded:
            self._wait(began_ns + POLL_EVERY_NS, next_due_ns)

    def _wait(self, look_ns: int, next_due_ns: int | None) -> None:
        """Until the next look at the ports, or what is due if that is hardly later."""
        if next_due_ns is not None and next_due_ns - look_ns < NEAR_NS:
            self._clock.sleep_until_ns(next_due_ns)
        else:
            self._clock.rest_until_ns(look_ns)

    def _may_look(self, now_ns: int, next_due_ns: int | None) -> bool:
        """Whether it is time to look at the ports, which may cost a millisecond: between notes."""
        waited_ns = now_ns - self._looked_ns
        if self._hotplug and self._hotplug.missing and waited_ns >= LOOK_FOR_MISSING_EVERY_NS:
            return True
        between_notes = next_due_ns is None or next_due_ns - now_ns >= LOOK_TAKES_NS
        return waited_ns >= (LOOK_AT_PORTS_EVERY_NS if between_notes else LOOK_AT_LAST_NS)

    def _look_at_ports(self, now_ns: int) -> None:
        self._looked_ns = now_ns
        if self._hotplug:
            self._hotplug.look(now_ns)
            if not self._hotplug.trying and not self._hotplug.missing:
                with contextlib.suppress(PortError):
                    self._look_at_sources(now_ns, frozenset(self._list_sources()))
            return
        ports: list[InputPort | OutputPort] = [*self._inputs, self._output]
        for port in ports:
            if not port.alive():
                raise PortGoneError(
                    f"The port {port.name} is gone: its device was unplugged or the MIDI system "
                    "ended. Plug it in or start it, then start Antiphon again."
                )
        try:
            sources = frozenset(self._list_sources())
        except PortError as error:
            raise PortGoneError(str(error)) from error
        self._look_at_sources(now_ns, sources)

    def _look_at_sources(self, now_ns: int, sources: frozenset[str]) -> None:
        if self._sources - sources:
            # A program or device that could play to us has ended, perhaps with keys down: their
            # note-offs will not come.
            self._session.player_gone(now_ns)
        self._sources = sources


@contextlib.contextmanager
def real_time() -> Iterator[None]:
    """Ask the system for punctuality, where it grants that: a real-time policy and no pauses.

    Children and new threads do not inherit the policy: a process that computes must never have it.
    """
    before = _wish_for_real_time()
    collecting = gc.isenabled()
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
        gc.unfreeze()
        if before is not None:
            policy, priority = before
            # Who may not set real-time policies without limit may not take the flag off either.
            for flag in (0, os.SCHED_RESET_ON_FORK):
                with contextlib.suppress(OSError):
                    os.sched_setscheduler(0, policy | flag, os.sched_param(priority))
                    break


def _wish_for_real_time() -> tuple[int, int] | None:
    """Ask for the real-time policy; what it was before, None if nothing was changed."""
    if not hasattr(os, "sched_setscheduler"):
        return None
    try:
        before = os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK, os.sched_getparam(0)
        policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
        os.sched_setscheduler(0, policy, os.sched_param(REAL_TIME_PRIORITY))
    except OSError:
        return None
    return before[0], before[1].sched_priority
