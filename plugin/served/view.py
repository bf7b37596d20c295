"""What a window sees of a jam beside its events: lamps, ports, ghosts, pulse, desk and wire.

It looks once a round and tells what has changed, each thing as often as an eye can use it. It
refuses to steer.

Thread: the session's, but for `survey`. Real-time: yes, but for `survey`.
"""

import contextlib
import time
from collections.abc import Callable, Sequence

from plugin.cables import Cables
from plugin.control.desk import Desk
from plugin.control.store import Kept
from plugin.ports import Backend, PortError
from plugin.protocol import Event, Message, NoteSounded
from plugin.realtime.clock import Clock
from plugin.realtime.ledger import silence
from plugin.served.engine_line import EngineLine
from plugin.served.ghosts import Ghosts
from plugin.served.lamps import Lamps
from plugin.served.listening import Listening
from plugin.served.messages import Binding, DeskIs, Ports, Wire
from plugin.served.port_list import PortList
from plugin.served.pulse import Pulses
from plugin.wiring import Jam

SLOW_NS = 50_000_000
"""Desk and ports are looked at so often."""
CPU_NS = time.process_time_ns


class View:
    """A `Watch` of one jam. `begin` and `attach` come before anything else."""

    def __init__(
        self,
        clock: Clock,
        tell: Callable[[Message], bool],
        desk: Desk,
        engine: EngineLine,
    ) -> None:
        """`tell` returns at once; False: it was left out."""
        self._clock, self._tell, self._desk, self._engine = clock, tell, desk, engine
        self.lamps, self._ghosts = Lamps(clock, tell), Ghosts(tell)
        self._ports: PortList | None = None
        self._listening: Listening | None = None
        self._pulses: Pulses | None = None
        self._jam: Jam | None = None
        self._looked_ns = 0
        self._told_ports: Ports | None = None
        self._told_desk: tuple[Kept, str, str, str] | None = None
        self._overhears = self._wire_broke = False

    # -- what is asked --

    def overhear(self, on: bool) -> None:
        """Tell every message of the wire, or none."""
        self._overhears, self._wire_broke = on, False

    def listen(self, on: bool) -> None:
        """Say which of all inputs speaks, or do not."""
        self.lamps.listening = on
        if not on and self._listening is not None:
            self._listening.want(())

    # -- what goes through the ports --

    def begin(self, backend: Backend, cables: Cables) -> None:
        """These ports are open."""
        self._ports = PortList(backend, cables)
        self._listening = Listening(backend, self.lamps.spoke)
        with contextlib.suppress(PortError):
            self.survey()

    def survey(self) -> Sequence[str]:
        """List the ports that there are."""
        if self._ports is None or self._listening is None:
            return ()
        return self._ports.ins if self._listening.busy else self._ports.survey()

    def through(self, port: str, out: bool, message: bytes) -> None:
        """A message went through a port."""
        self.lamps.through(port, out, message)

    def heard(self, message: bytes) -> None:
        """The player said this."""
        if self._overhears:
            self._wire(self._clock.now_ns(), False, message)

    def sent(self, message: bytes, due_ns: int | None) -> None:
        """This went out."""
        if self._overhears:
            self._wire(self._clock.now_ns() if due_ns is None else due_ns, True, message)

    def _wire(self, at_ns: int, out: bool, message: bytes) -> None:
        since_ns = self._since(at_ns)
        if self._wire_broke:  # nobody knows what hangs there
            if not all(self._tell(Wire(since_ns, out, quiet)) for quiet in silence()):
                return
            self._wire_broke = False
        self._wire_broke = not self._tell(Wire(since_ns, out, message))

    # -- what goes on --

    def attach(self, jam: Jam) -> None:
        """This jam is looked at."""
        self._jam = jam
        self._pulses = Pulses(jam.session, self._tell, CPU_NS)
        self._slow_look()

    def event(self, event: Event) -> None:
        """Something that is told anyway."""
        if isinstance(event, NoteSounded) and self._pulses is not None:
            self._pulses.sounded(self._clock.now_ns(), event)

    def look(self, now_ns: int) -> None:
        """Tell what has changed."""
        jam, pulses, listening = self._jam, self._pulses, self._listening
        if jam is None or pulses is None or listening is None:
            return
        pulses.look(now_ns, self._engine.took_ns)
        self._ghosts.look(now_ns, jam.session.band)
        listening.look()
        if now_ns - self._looked_ns >= SLOW_NS:
            self._looked_ns = now_ns
            self._slow_look()

    def close(self) -> None:
        """Nothing is looked at any more."""
        if self._listening is not None:
            self._listening.close()

    def _slow_look(self) -> None:
        assert self._ports is not None
        assert self._listening is not None
        assert self._jam is not None
        ports = self._ports.ports()
        if ports != self._told_ports and self._tell(ports):
            self._told_ports = ports
        self._look_at_desk()
        if self.lamps.listening and not self._jam.cables.hotplug.trying:
            self._listening.want(set(self._ports.ins) - self._ports.chosen_ins)

    def _since(self, at_ns: int) -> int:
        return self._jam.session.band.grid.since_ns(at_ns) if self._jam is not None else 0

    def _look_at_desk(self) -> None:
        desk = self._desk
        desk.expire(self._clock.now_ns())
        learning = "" if desk.learning is None else str(desk.learning)
        sight = desk.kept, desk.undo_what, desk.redo_what, learning
        told = self._told_desk
        if told is not None and told[0] is sight[0] and told[1:] == sight[1:]:
            return
        presets, controls = tuple(desk.kept.presets), desk.kept.controls
        bound = tuple(Binding(str(one.source), str(one.target)) for one in controls.bindings)
        if self._tell(DeskIs(presets, bound, *sight[1:])):
            self._told_desk = sight
