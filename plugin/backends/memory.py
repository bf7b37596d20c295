"""A MIDI system in memory: the built-in demo plays through it, and tests take its other side.

A `MemoryHub` is the system, a `MemoryBackend` one program on it. Whoever wants to be the DAW makes
a second backend on the same hub and opens the first one's virtual ports by name:

    hub = MemoryHub()
    app, daw = MemoryBackend(hub), MemoryBackend(hub)
    heard = app.open_input("Antiphon In", virtual=True)
    keys = daw.open_output("Antiphon In", virtual=False)
    keys.send(bytes([0x90, 60, 64]))
    assert heard.poll() == bytes([0x90, 60, 64])

It behaves as the real systems do where a musician could tell: a second port of the same name gets
a new name, whoever connects later hears nothing of what was before, a message sent to nobody is
gone, and `unplug` is the cable pulled or the server killed. It refuses to know time: a message
arrives when it is sent.
"""

import threading
from collections import deque
from collections.abc import Collection

from plugin.backends.common import CLOSED, GONE, QUEUE_LIMIT, find_port, require_message
from plugin.ports import InputPort, OutputPort, PortError


class _Socket:
    """A virtual port as the hub knows it: its name, and the queues of everybody who listens."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.alive = True
        self.queues: tuple[deque[bytes], ...] = ()

    def deliver(self, message: bytes) -> None:
        # A new tuple replaces the old one when somebody connects, so this loop needs no lock.
        for queue in self.queues:
            if len(queue) < QUEUE_LIMIT:
                queue.append(message)


class MemoryHub:
    """The system that connects ports. Thread: any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # By direction as the opener sees it: an "input" is what a program can read from.
        self._sockets: dict[str, dict[str, _Socket]] = {"input": {}, "output": {}}
        self._running = True

    def unplug(self, name: str | None = None) -> None:
        """Pull out the virtual port of this name, or end the whole system for good."""
        with self._lock:
            if name is None:
                self._running = False
            for table in self._sockets.values():
                for port in list(table) if name is None else [name]:
                    socket = table.pop(port, None)
                    if socket is not None:
                        socket.alive = False

    def names(self, direction: str, without: Collection[_Socket]) -> list[str]:
        """The virtual ports of one direction, oldest first."""
        with self._lock:
            return [n for n, socket in self._table(direction).items() if socket not in without]

    def make(self, direction: str, name: str) -> _Socket:
        """Make a virtual port; a name that is taken gets a number, as JACK does it."""
        with self._lock:
            table = self._table(direction)
            unique, number = name, 0
            while unique in table:
                number += 1
                unique = f"{name}-{number:02d}"
            socket = table[unique] = _Socket(unique)
            return socket

    def find(self, direction: str, name: str, without: Collection[_Socket]) -> _Socket:
        """The virtual port that fits this name. Raises PortError."""
        with self._lock:
            table = self._table(direction)
            names = [n for n, socket in table.items() if socket not in without]
            return table[find_port(name, names, direction)]

    def remove(self, socket: _Socket) -> None:
        """Take a virtual port away; its listeners keep what has arrived."""
        with self._lock:
            socket.alive = False
            for table in self._sockets.values():
                if table.get(socket.name) is socket:
                    del table[socket.name]

    def listen(self, socket: _Socket) -> deque[bytes]:
        """A new queue that gets everything sent to this port from now on."""
        queue: deque[bytes] = deque()
        with self._lock:
            socket.queues = (*socket.queues, queue)
        return queue

    def leave(self, socket: _Socket, queue: deque[bytes]) -> None:
        """Stop filling a queue."""
        with self._lock:
            socket.queues = tuple(other for other in socket.queues if other is not queue)

    def _table(self, direction: str) -> dict[str, _Socket]:
        if not self._running:
            raise PortError("The MIDI system in memory was unplugged. Make a new one.")
        return self._sockets[direction]


class _MemoryPort:
    """What inputs and outputs have in common: a socket, ours or somebody else's, to give back."""

    def __init__(self, hub: MemoryHub, socket: _Socket, *, ours: bool) -> None:
        self.socket = socket
        self.ours = ours
        self._hub = hub
        self._closed = False

    @property
    def name(self) -> str:
        """The name that a DAW lists."""
        return self.socket.name

    def alive(self) -> bool:
        """False once the port was closed or unplugged. Thread: any."""
        return not self._closed and self.socket.alive

    def close(self) -> None:
        """Give the port back. Twice is once."""
        if not self._closed:
            self._closed = True
            if self.ours:
                self._hub.remove(self.socket)


class _MemoryInput(_MemoryPort):
    def __init__(self, hub: MemoryHub, socket: _Socket, *, ours: bool) -> None:
        super().__init__(hub, socket, ours=ours)
        self._queue = hub.listen(socket)

    def poll(self) -> bytes | None:
        """The next message, None when there is none; what has arrived outlives the cable."""
        if self._closed or not self._queue:
            return None
        return self._queue.popleft()

    def close(self) -> None:
        """Give the port back. Twice is once."""
        self._hub.leave(self.socket, self._queue)
        super().close()


class _MemoryOutput(_MemoryPort):
    def send(self, message: bytes, due_ns: int | None = None) -> None:
        """Hand the message to everybody who listens. Raises PortError once the port has gone."""
        if not self.alive():
            raise PortError(CLOSED if self._closed else GONE)
        require_message(message)
        self.socket.deliver(message)


class MemoryBackend:
    """One program on a hub: it can open what others made, and does not list what it made itself."""

    api = "memory"
    has_virtual_ports = True

    def __init__(self, hub: MemoryHub | None = None) -> None:
        self.hub = hub if hub is not None else MemoryHub()
        self._ports: list[_MemoryPort] = []

    def inputs(self) -> list[str]:
        """Names of the ports that we could read from: the virtual outputs of others."""
        return self.hub.names("input", self._own())

    def outputs(self) -> list[str]:
        """Names of the ports that we could write to: the virtual inputs of others."""
        return self.hub.names("output", self._own())

    def open_input(self, name: str, *, virtual: bool) -> InputPort:
        """Make a port `name` that others write to, or listen to the one that exists."""
        if virtual:
            socket = self.hub.make("output", name)
        else:
            socket = self.hub.find("input", name, self._own())
        port = _MemoryInput(self.hub, socket, ours=virtual)
        self._ports.append(port)
        return port

    def open_output(self, name: str, *, virtual: bool) -> OutputPort:
        """Make a port `name` that others listen to, or write to the one that exists."""
        if virtual:
            socket = self.hub.make("input", name)
        else:
            socket = self.hub.find("output", name, self._own())
        port = _MemoryOutput(self.hub, socket, ours=virtual)
        self._ports.append(port)
        return port

    def close(self) -> None:
        """Close everything that is still open. The hub and its other programs go on."""
        for port in self._ports:
            port.close()
        self._ports.clear()

    def _own(self) -> list[_Socket]:
        return [port.socket for port in self._ports if port.ours]
