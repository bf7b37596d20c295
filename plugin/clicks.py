"""Clicks on the port of the notes: where both want one key, who held it makes room.

A metronome on a channel on which somebody plays would otherwise strike a key that sounds, and its
release would end the other's note. It refuses to know when to click.

Thread: one. Real-time: yes.
"""

from collections.abc import Callable

from plugin.realtime.ledger import NOTE_OFF, NOTE_ON, RELEASE_VELOCITY


class Clicks:
    """See the module. `make_room` is told of a key before it is struck."""

    def __init__(
        self,
        send: Callable[[int, bytes], None],
        make_room: Callable[[int, int, int], None],
    ) -> None:
        self._send, self._make_room = send, make_room
        self._key: tuple[int, int] | None = None
        """Channel and pitch of the click that sounds."""

    def send(self, now_ns: int, message: bytes) -> None:
        """A message of the metronome; the release of a click that has made room is left out."""
        key = message[0] & 0x0F, message[1]
        if message[0] & 0xF0 == NOTE_ON:
            self._make_room(now_ns, *key)
            self._key = key
        elif self._key != key:
            return
        else:
            self._key = None
        self._send(now_ns, message)

    def release_key(self, now_ns: int, channel: int, pitch: int) -> None:
        """Somebody else strikes this key: a click on it ends first."""
        if self._key == (channel, pitch):
            self._key = None
            self._send(now_ns, bytes((NOTE_OFF | channel, pitch, RELEASE_VELOCITY)))
