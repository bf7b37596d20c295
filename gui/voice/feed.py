"""From the session's wire to the built-in voice: what is told becomes what is heard.

It is called wherever the session's messages arrive, best in the reader thread: then a window that
paints does not delay a sound. It refuses to know Qt, and everything that is no channel message.
"""

from collections import deque
from typing import Protocol

from plugin.served.messages import Pulse, Wire
from plugin.voice.timbres import PARTNER, PLAYER

MOST_ON_THEIR_WAY = 64
_CHANNEL_MESSAGES = range(0x80, 0xF0)


class Voice(Protocol):
    """What is needed of `plugin.voice.client.VoiceProcess`."""

    def put(self, due_ns: int, part: int, data: bytes) -> None:
        """A message that was meant for this moment of the monotonic clock."""


class VoiceFeed:
    """Thread: any."""

    def __init__(self) -> None:
        self._voice: Voice | None = None
        self._origin_ns: int | None = None
        self._passed_on: deque[bytes] = deque(maxlen=MOST_ON_THEIR_WAY)
        self.player_too = True
        """Whether the player's own notes sound, too."""
        self.thru = False
        """Whether the session passes on what the player plays: then it goes out as well, and is not
        the partner's."""

    def feed(self, voice: Voice | None) -> None:
        """Play to this voice from now on, or to nobody."""
        self._voice = voice

    def hear(self, message: object) -> None:
        """One message of the session; most are none of ours."""
        if isinstance(message, Pulse):
            self._origin_ns = message.origin_ns
        elif isinstance(message, Wire):
            self._wire(message)

    def _wire(self, wire: Wire) -> None:
        voice, origin_ns = self._voice, self._origin_ns
        if voice is None or origin_ns is None:
            return
        if not wire.data or wire.data[0] not in _CHANNEL_MESSAGES:
            return
        if self.thru:
            if not wire.out:
                self._passed_on.append(wire.data)
            elif wire.data in self._passed_on:
                self._passed_on.remove(wire.data)
                return
        if wire.out or self.player_too:
            part = PARTNER if wire.out else PLAYER
            voice.put(origin_ns + wire.t_ns, part, wire.data)
