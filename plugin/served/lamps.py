"""Which lamps are lit: that something went through a port, and what kind of thing.

Twenty times a second is as much as an eye can use of one lamp. It refuses to keep what went
through.

Thread: one. Real-time: yes.
"""

from collections.abc import Callable

from plugin.protocol import Message
from plugin.realtime.clock import Clock
from plugin.served.messages import Active, Kind, Spoke

EVERY_NS = 50_000_000
SPOKE_EVERY_NS = 200_000_000
_CLOCK = frozenset((0xF1, 0xF2, 0xF3, 0xF6, 0xF8, 0xFA, 0xFB, 0xFC))
_SILENT = frozenset((0xFE, 0xFF))


class Lamps:
    """See the module."""

    def __init__(self, clock: Clock, tell: Callable[[Message], object]) -> None:
        self._clock, self._tell = clock, tell
        self._told_ns: dict[tuple[str, bool, Kind], int] = {}
        self._spoke_ns: dict[str, int] = {}
        self.listening = False
        """Whether it is told which port is played into."""

    def through(self, port: str, out: bool, message: bytes) -> None:
        """A message went through this port."""
        status = message[0]
        if status in _SILENT:
            return
        kind: Kind = "control"
        if status & 0xE0 == 0x80:
            kind = "notes"
            if self.listening and not out and status >= 0x90 and message[2]:
                self.spoke(port)
        elif status in _CLOCK:
            kind = "clock"
        now_ns, lamp = self._clock.now_ns(), (port, out, kind)
        if now_ns - self._told_ns.get(lamp, -EVERY_NS) >= EVERY_NS:
            self._told_ns[lamp] = now_ns
            self._tell(Active(port, out, kind))

    def spoke(self, port: str) -> None:
        """Somebody struck a key there."""
        now_ns = self._clock.now_ns()
        if now_ns - self._spoke_ns.get(port, -SPOKE_EVERY_NS) >= SPOKE_EVERY_NS:
            self._spoke_ns[port] = now_ns
            self._tell(Spoke(port))
