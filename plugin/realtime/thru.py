"""Passes the player's messages on, with a note-off owed for every note-on as everywhere.

Channel messages go out as they came; a key that is struck twice is released in between; what is
still held when the session ends, pedals too, is released. Clock and system messages are never
passed on.
"""

from collections.abc import Callable

from plugin.realtime.echo import THRU_WINDOW_NS, EchoGuard
from plugin.realtime.ledger import CONTROL, SUSTAIN, Ledger, means_all_notes_off


class Thru:
    """Thread: one. Real-time: yes."""

    def __init__(self, send: Callable[[bytes], None], echo: EchoGuard) -> None:
        self._send, self._echo = send, echo
        self._ledger = Ledger()
        self._pedals: set[int] = set()

    def pass_on(self, now_ns: int, message: bytes) -> None:
        """One whole channel message of the player."""
        kind, channel = message[0] & 0xF0, message[0] & 0x0F
        if kind in (0x80, 0x90):
            note_id = channel * 128 + message[1]
            out = self._ledger.stop(note_id)
            if kind == 0x90 and message[2] > 0:
                out += self._ledger.start(note_id, channel, message[1], message[2])
        else:
            out = []
            if means_all_notes_off(message):
                out = self._ledger.stop_channel(channel)
            elif kind == CONTROL and message[1] == SUSTAIN:
                (self._pedals.add if message[2] >= 64 else self._pedals.discard)(channel)
            out.append(message)
        self._put(now_ns, out)

    def release(self, now_ns: int) -> None:
        """Release what is held: keys and pedals."""
        out = self._ledger.stop_all()
        out += [bytes((CONTROL | channel, SUSTAIN, 0)) for channel in sorted(self._pedals)]
        self._pedals.clear()
        self._put(now_ns, out)

    def _put(self, now_ns: int, messages: list[bytes]) -> None:
        for message in messages:
            self._send(message)
            self._echo.sent(now_ns, message, window_ns=THRU_WINDOW_NS)
