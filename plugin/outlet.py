"""The way out for sound: an output port that may be gone, told of once and never in the way.

Whatever is sent goes through here, so that nobody who owes a note-off has to fear an error.
"""

from collections.abc import Callable

from plugin.ports import PortError


class Outlet:
    """`send` is an output port's; `gone` is told the first time that it fails. Thread: one."""

    def __init__(self, send: Callable[[bytes], None], gone: Callable[[str], None]) -> None:
        self._send, self._gone = send, gone
        self._told = False

    def send(self, message: bytes) -> None:
        """Hand over one message; it is lost if the port has gone."""
        try:
            self._send(message)
        except PortError as error:
            if not self._told:
                self._told = True
                self._gone(str(error))
