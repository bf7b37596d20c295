"""Several ports as one: inputs merged, each through its own filters; outputs that play the same.

Each input has the channels that it is heard on and a `Thinner` of its own, so that a flood at one
does not cost another anything. An output that fails does not disturb the others.

It refuses to know whether a port comes back: that is `plugin.hotplug`, whose ports go in here.
"""

from collections import deque
from collections.abc import Collection, Sequence

from plugin.ports import InputPort, OutputPort, PortError, arrival_ns, latency_ns
from plugin.realtime.clock import Clock
from plugin.realtime.flood import Thinner

ALL_CHANNELS = frozenset(range(16))
MOST_REFUSED_AT_ONCE = 256


class FilteredInput:
    """An `InputPort` that lets pass what a player can mean, of some channels (0 to 15)."""

    def __init__(
        self, port: InputPort, clock: Clock, channels: Collection[int] = ALL_CHANNELS
    ) -> None:
        self._port, self._clock = port, clock
        self._channels = frozenset(channels)
        self._ready: deque[bytes] = deque()
        self.thinner = Thinner()
        self.arrived_ns: int | None = None

    @property
    def name(self) -> str:
        """The port's."""
        return self._port.name

    def poll(self) -> bytes | None:
        """The next message that passes; None when there is none, or too many do not pass.

        So that a flood is gone through at once, but no longer than other ports can wait.
        """
        for _ in range(MOST_REFUSED_AT_ONCE):
            if self._ready:
                return self._ready.popleft()
            message = self._port.poll()
            now_ns = self._clock.now_ns()
            if message is None:
                self._ready.extend(self.thinner.late(now_ns))
                if not self._ready:
                    return None
                self.arrived_ns = now_ns
                continue
            kind, channel = message[0] & 0xF0, message[0] & 0x0F
            if kind != 0xF0 and channel not in self._channels:
                continue
            if not self.thinner.passes(now_ns, message):
                continue
            self.arrived_ns = arrival_ns(self._port, now_ns)
            if kind == 0x90:
                self._ready.extend(self.thinner.late(now_ns, channel))
            self._ready.append(message)
        return self._ready.popleft() if self._ready else None

    def alive(self) -> bool:
        """As the port."""
        return self._port.alive()

    def close(self) -> None:
        """As the port."""
        self._port.close()


class MergedInput:
    """An `InputPort` made of several. What came first by its own time is not sorted: ms at most."""

    def __init__(self, ports: Sequence[InputPort]) -> None:
        if not ports:
            raise ValueError("an input is made of at least one port")
        self._ports = tuple(ports)
        self._turn = 0
        self._last: InputPort = ports[0]

    @property
    def name(self) -> str:
        """All names."""
        return " and ".join(port.name for port in self._ports)

    @property
    def arrived_ns(self) -> int | None:
        """When the message that was polled last happened, where its port knows."""
        arrived_ns: int | None = getattr(self._last, "arrived_ns", None)
        return arrived_ns

    def poll(self) -> bytes | None:
        """The next message of any; the ports take turns, so that none can drown another."""
        for _ in self._ports:
            port = self._ports[self._turn]
            self._turn = (self._turn + 1) % len(self._ports)
            message = port.poll()
            if message is not None:
                self._last = port
                return message
        return None

    def alive(self) -> bool:
        """Whether any of them is."""
        return any(port.alive() for port in self._ports)

    def close(self) -> None:
        """Close all."""
        for port in self._ports:
            port.close()


class SharedOutput:
    """An `OutputPort` that plays on several."""

    def __init__(self, ports: Sequence[OutputPort]) -> None:
        if not ports:
            raise ValueError("an output is made of at least one port")
        self._ports = tuple(ports)

    @property
    def name(self) -> str:
        """All names."""
        return " and ".join(port.name for port in self._ports)

    @property
    def latency_ns(self) -> int:
        """Of the slowest."""
        return max(latency_ns(port) for port in self._ports)

    def send(self, message: bytes, due_ns: int | None = None) -> None:
        """Hand it to all. Raises PortError, the last one's, if none took it."""
        failed: PortError | None = None
        taken = 0
        for port in self._ports:
            try:
                port.send(message, due_ns)
                taken += 1
            except PortError as error:
                failed = error
        if failed is not None and not taken:
            raise failed

    def alive(self) -> bool:
        """Whether any of them is."""
        return any(port.alive() for port in self._ports)

    def close(self) -> None:
        """Close all."""
        for port in self._ports:
            port.close()
