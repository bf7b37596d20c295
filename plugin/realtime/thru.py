"""Passes the player's messages on, with a note-off owed for every note-on as everywhere.

Channel messages go out as they came; a key that is struck twice is released in between; what is
still held when the session ends is released. Clock and system messages are never passed on.
"""

from collections.abc import Callable

from plugin.realtime.echo import THRU_WINDOW_NS, EchoGuard
from plugin.realtime.ledger import Ledger


class Thru:
    """Thread: one. Real-time: yes."""

    def __init__(self, send: Callable[[bytes], None], echo: EchoGuard) -> None:
        self._send, self._echo = send, echo
        self._ledger = Ledger()

    def pass_on(self, now_ns: int, message: bytes) -> None:
        """One whole channel message of the player."""
        kind, channel = message[0] & 0xF0, message[0] & 0x0F
        if kind not in (0x80, 0x90):
            self._send(message)
            return
        note_id = channel * 128 + message[1]
        out = self._ledger.stop(note_id)
        if kind == 0x90 and message[2] > 0:
            out += self._ledger.start(note_id, channel, message[1], message[2])
        for one in out:
            self._send(one)
            self._echo.sent(now_ns, one, window_ns=THRU_WINDOW_NS)

    def close(self) -> None:
        """Release what is held."""
        for message in self._ledger.stop_all():
            self._send(message)
