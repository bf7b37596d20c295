"""The way out for sound: an output port that may be gone, told of once and never in the way.

Whatever is sent goes through here, so that nobody who owes a note-off has to fear an error.
"""

from collections.abc import Callable
from typing import Protocol

from plugin.ports import PortError


class Send(Protocol):
    """An output port's `send`."""

    def __call__(self, message: bytes, due_ns: int | None = None) -> None:
        """Hand over one message, meant for `due_ns`."""


class Outlet:
    """`send` is an output port's; `gone` is told the first time that it fails. Thread: one."""

    def __init__(self, send: Send, gone: Callable[[str], None]) -> None:
        self._send, self._gone = send, gone
        self._told = False

    def send(self, message: bytes, due_ns: int | None = None) -> None:
        """Hand over one message; it is lost if the port has gone."""
        try:
            self._send(message, due_ns)
        except PortError as error:
            if not self._told:
                self._told = True
                self._gone(str(error))
