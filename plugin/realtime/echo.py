"""Recognises our own output when the DAW routes it back into our input.

A message that says the same as one we sent a moment ago, and that was not seen back yet, is taken
for its echo. Key and velocity must be the same; the channel may have been changed on the way. The
end of an echoed note is an echo, too. It refuses to guess beyond that: a player's own note is lost
only if it repeats ours, velocity included, within the window.
"""

from collections import deque

ANSWER_WINDOW_NS = 120_000_000
"""How late an answer's echo may come: two trips through a DAW with large buffers."""

THRU_WINDOW_NS = 30_000_000
"""Shorter for what we pass on, since a player repeats a note sooner than a DAW is slow."""


class EchoGuard:
    """Remembers what was sent lately. Thread: one. Real-time: yes."""

    def __init__(self) -> None:
        self._sent: deque[tuple[int, int, int]] = deque()
        self._echoed: dict[int, int] = {}
        self.ignored = 0

    def sent(self, now_ns: int, message: bytes, *, window_ns: int = ANSWER_WINDOW_NS) -> None:
        """Note-ons that went out; anything else is not remembered."""
        if message[0] & 0xF0 == 0x90 and message[2] > 0:
            self._sent.append((now_ns + window_ns, message[1], message[2]))

    def is_echo(self, now_ns: int, message: bytes) -> bool:
        """Whether this incoming message is our own; each sent note is recognised once."""
        kind = message[0] & 0xF0
        if kind == 0x90 and message[2] > 0:
            return self._note_came_back(now_ns, message[1], message[2])
        if kind in (0x80, 0x90) and self._echoed.get(message[1], 0) > 0:
            self._echoed[message[1]] -= 1
            return True
        return False

    def _note_came_back(self, now_ns: int, pitch: int, velocity: int) -> bool:
        while self._sent and self._sent[0][0] < now_ns:
            self._sent.popleft()
        for place, (until_ns, sent_pitch, sent_velocity) in enumerate(self._sent):
            if until_ns >= now_ns and (sent_pitch, sent_velocity) == (pitch, velocity):
                del self._sent[place]
                self._echoed[pitch] = self._echoed.get(pitch, 0) + 1
                self.ignored += 1
                return True
        # The player's own note: the next release of this key is theirs.
        self._echoed.pop(pitch, None)
        return False
