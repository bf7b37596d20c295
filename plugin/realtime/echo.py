"""Recognises our own output when the DAW routes it back into our input.

A message that says the same as one we sent a moment ago, and that was not seen back yet, is taken
for its echo; the channel may have been changed on the way. It refuses to guess beyond that: a
player's own note is lost only if it repeats ours, velocity included, within the window.

    note-on    key and velocity are those of one that was sent
    note-off   we released that key, and its note-on came back: a player's release of a key that
               the player struck is never taken
    the rest   only while there is a loop, that is, soon after a note came back: a wheel repeats
               its values by itself

What is passed on (thru) is more doubtful, because the player may strike a key again: for longer
than a moment it counts only while there is a loop, or while the key has not been released since.
"""

from collections import deque
from typing import NamedTuple

ANSWER_WINDOW_NS = 120_000_000
"""How late an echo may come: two trips through a DAW with large buffers."""

THRU_WINDOW_NS = 30_000_000
"""How soon an echo of what is passed on comes for sure, and a player's repetition does not."""

LOOP_NS = 10_000_000_000
"""For so long after an echo there is a loop."""

_Said = tuple[int, ...]


class _Sent(NamedTuple):
    sure_until_ns: int
    until_ns: int
    said: _Said


class EchoGuard:
    """Remembers what was sent lately. Thread: one. Real-time: yes."""

    def __init__(self) -> None:
        self._sent: deque[_Sent] = deque()
        self._came_back: dict[int, int] = {}
        """How many notes of a key came back whose ends did not yet."""
        self._loop_until_ns: int | None = None
        self.ignored = 0
        """Notes that came back."""

    def sent(self, now_ns: int, message: bytes, *, window_ns: int = ANSWER_WINDOW_NS) -> None:
        """A channel message went out; after window_ns its echo is doubtful."""
        self._drop_old(now_ns)
        until_ns = now_ns + max(window_ns, ANSWER_WINDOW_NS)
        self._sent.append(_Sent(now_ns + window_ns, until_ns, _said(message)))

    def is_echo(self, now_ns: int, message: bytes) -> bool:
        """Whether this incoming channel message is our own; each sent one is recognised once."""
        self._drop_old(now_ns)
        said = _said(message)
        kind, key = said[0], said[1]
        if kind == 0x80 and not self._came_back.get(key):
            return False
        if kind not in (0x80, 0x90) and not self._is_loop(now_ns):
            return False
        for place, sent in enumerate(self._sent):
            if sent.said == said and self._counts(now_ns, sent):
                del self._sent[place]
                break
        else:
            return False
        if kind == 0x90:
            self.ignored += 1
            self._came_back[key] = self._came_back.get(key, 0) + 1
            self._loop_until_ns = now_ns + LOOP_NS
        elif kind == 0x80:
            self._came_back[key] -= 1
        return True

    def _counts(self, now_ns: int, sent: _Sent) -> bool:
        if now_ns <= sent.sure_until_ns or self._is_loop(now_ns):
            return True
        released = (0x80, sent.said[1])
        return all(other.said != released for other in self._sent)

    def _is_loop(self, now_ns: int) -> bool:
        return self._loop_until_ns is not None and now_ns <= self._loop_until_ns

    def _drop_old(self, now_ns: int) -> None:
        while self._sent and self._sent[0].until_ns < now_ns:
            kind, *rest = self._sent.popleft().said
            if kind == 0x80:
                self._came_back.pop(rest[0], None)  # its echo will not come any more


def _said(message: bytes) -> _Said:
    """What a message says, whatever its channel and however it writes a release."""
    kind = message[0] & 0xF0
    if kind == 0x80 or (kind == 0x90 and message[2] == 0):
        return (0x80, message[1])
    return (kind, *message[1:])
