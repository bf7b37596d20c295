"""The computer's keyboard as an input port: a window says which keys are down.

A key that is struck twice is released in between, so that a window that loses a release leaves
nothing hanging. It refuses to know which letter is which key.
"""

from collections import deque

from plugin.realtime.ledger import NOTE_OFF, NOTE_ON, RELEASE_VELOCITY
from plugin.served.messages import Key

NAME = "computer keys"


class Keys:
    """An `InputPort`. Thread: one. Real-time: yes."""

    name = NAME

    def __init__(self) -> None:
        self._down: set[int] = set()
        self._waiting: deque[bytes] = deque()

    def press(self, key: Key) -> None:
        """As the window says; what is no key of a piano is passed over."""
        if key.on and 0 <= key.pitch < 128:
            self._release(key.pitch)
            self._down.add(key.pitch)
            velocity = min(max(key.velocity, 1), 127)
            self._waiting.append(bytes((NOTE_ON, key.pitch, velocity)))
        elif not key.on:
            for pitch in [key.pitch] if key.pitch >= 0 else sorted(self._down):
                self._release(pitch)

    def poll(self) -> bytes | None:
        """The next message, None when there is none."""
        return self._waiting.popleft() if self._waiting else None

    def alive(self) -> bool:
        """It is the window's: when that goes, all goes."""
        return True

    def close(self) -> None:
        """Play nothing any more."""
        self._waiting.clear()
        self._down.clear()

    def _release(self, pitch: int) -> None:
        if pitch in self._down:
            self._down.discard(pitch)
            self._waiting.append(bytes((NOTE_OFF, pitch, RELEASE_VELOCITY)))
