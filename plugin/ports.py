"""What the session needs of a MIDI system, whichever it is: a few verbs and one error.

The backends (`plugin.backends.*`) implement these protocols; tests/contracts/port_suite.py is the
one suite that every backend passes. Messages are `bytes` of one complete MIDI message, status byte
first. It refuses callbacks: input is polled, because a Python callback inside the MIDI system's
own thread makes the DAW wait for our interpreter (docs/adr/0002).
"""

from typing import Protocol


class PortError(Exception):
    """A MIDI system or port cannot be had; the message is a sentence and a next step."""


class InputPort(Protocol):
    """Where the player's notes come in. Used from one thread only."""

    @property
    def name(self) -> str:
        """The name that a DAW lists."""

    def poll(self) -> bytes | None:
        """The next message in order of arrival, None when there is none. Never blocks."""

    def alive(self) -> bool:
        """False once the MIDI system or the other side has gone; cheap enough for 1 Hz."""

    def close(self) -> None:
        """Give the port back. Twice is once."""


class OutputPort(Protocol):
    """Where the partner's notes go out. Used from one thread only."""

    @property
    def name(self) -> str:
        """The name that a DAW lists."""

    def send(self, message: bytes, due_ns: int | None = None) -> None:
        """Hand over one message at once. Raises PortError if the port has gone; never blocks.

        due_ns: the moment of the monotonic clock for which it is meant, if that is not now: some ms
            ago or ahead. JACK and PipeWire keep to it, others send at once. Messages go out in
            the order in which they were handed over, whatever they were due for.
        """

    def alive(self) -> bool:
        """False once the MIDI system or the other side has gone; cheap enough for 1 Hz."""

    def close(self) -> None:
        """Give the port back. Twice is once."""


def arrival_ns(port: InputPort, now_ns: int) -> int:
    """When the message that was last polled happened; `now_ns` where the backend does not know.

    A backend that knows has an attribute `arrived_ns`, in ns of the monotonic clock.
    """
    arrived_ns: int | None = getattr(port, "arrived_ns", None)
    return now_ns if arrived_ns is None else min(arrived_ns, now_ns)


def latency_ns(port: OutputPort) -> int:
    """The constant time from `due_ns` until a message is out; 0 where the backend adds none."""
    latency: int = getattr(port, "latency_ns", 0)
    return latency


class Backend(Protocol):
    """One MIDI system of this machine, or the one in memory."""

    @property
    def api(self) -> str:
        """Name of the system: "ALSA", "JACK", "PipeWire", "CoreMIDI", "Windows MM" or "memory"."""

    @property
    def has_virtual_ports(self) -> bool:
        """Whether we can make ports of our own, or must use ports that exist."""

    def inputs(self) -> list[str]:
        """Names of the ports that we could read from."""

    def outputs(self) -> list[str]:
        """Names of the ports that we could write to."""

    def open_input(self, name: str, *, virtual: bool) -> InputPort:
        """Make a port `name` (virtual) or open the one that exists. Raises PortError."""

    def open_output(self, name: str, *, virtual: bool) -> OutputPort:
        """Make a port `name` (virtual) or open the one that exists. Raises PortError."""

    def close(self) -> None:
        """Close everything that is still open."""
