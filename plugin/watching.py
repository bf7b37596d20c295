"""What may be shown of a jam to somebody who watches its ports: a window's lamps and lists.

A jam without anybody who watches pays nothing for it. It refuses to change what goes through.

Thread: the session's, but for `survey`. Real-time: yes, but for `survey`.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from plugin.ports import Backend, InputPort, OutputPort, latency_ns

if TYPE_CHECKING:
    from plugin.cables import Cables


class Watch(Protocol):
    """See the module."""

    def begin(self, backend: Backend, cables: "Cables") -> None:
        """These ports are open; called once, before anything else."""

    def survey(self) -> Sequence[str]:
        """List the ports that there are; the inputs are given back. May take milliseconds.

        Called about once a second between two notes, or beside the music while a port is away.
        Raises PortError.
        """

    def through(self, port: str, out: bool, message: bytes) -> None:
        """A message went through the port of this name."""

    def heard(self, message: bytes) -> None:
        """The player said this, on whichever port; what a flood loses is left out."""

    def sent(self, message: bytes, due_ns: int | None) -> None:
        """This went out on all ports; due_ns: the moment for which it is meant."""


class WatchedInput:
    """An `InputPort` whose messages are shown on their way."""

    def __init__(self, port: InputPort, show: Callable[[bytes], None]) -> None:
        self._port, self._show = port, show
        self.alive, self.close = port.alive, port.close

    @property
    def name(self) -> str:
        """The port's."""
        return self._port.name

    @property
    def arrived_ns(self) -> int | None:
        """As that of the port."""
        arrived_ns: int | None = getattr(self._port, "arrived_ns", None)
        return arrived_ns

    def poll(self) -> bytes | None:
        """The next message of the port."""
        message = self._port.poll()
        if message is not None:
            self._show(message)
        return message


class WatchedOutput:
    """An `OutputPort` whose messages are shown once they are out."""

    def __init__(self, port: OutputPort, show: Callable[[bytes, int | None], None]) -> None:
        self._port, self._show = port, show
        self.alive, self.close = port.alive, port.close

    @property
    def name(self) -> str:
        """The port's."""
        return self._port.name

    @property
    def latency_ns(self) -> int:
        """As that of the port."""
        return latency_ns(self._port)

    def send(self, message: bytes, due_ns: int | None = None) -> None:
        """As the port."""
        self._port.send(message, due_ns)
        self._show(message, due_ns)
