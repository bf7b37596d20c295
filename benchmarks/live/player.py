"""A player who waits for the answer to each phrase, or barges into it: frames in, messages out.

Pure: it is told the server's cycles and what it hears, and says what to play in each cycle. The
same phrases at the same answers give the same performance.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.behaviour.performance import Event


@dataclass
class Turn:
    """A phrase, and when the player goes on after it.

    barge_in_s: so long after the answer's first note. Without it: quiet_s after the answer's last
    note has ended. no_answer_s: as long as no answer has come, so long after the phrase's end.
    """

    events: list[Event] = field(default_factory=list)
    quiet_s: float = 1.0
    barge_in_s: float | None = None
    no_answer_s: float = 6.0


class Player:
    """Plays turns one after the other. All times in frames. Thread: one, but lists may be read."""

    def __init__(self, turns: Sequence[Turn], rate_hz: int) -> None:
        self._turns, self._rate_hz = turns, rate_hz
        self._queue: deque[tuple[int, bytes]] = deque()
        self._sounding: set[tuple[int, int]] = set()
        self._answer: int | None = None
        """First note of the answer since the phrase's end."""
        self._last_heard = 0
        self.played: list[tuple[int, bytes]] = []
        self.heard: list[tuple[int, bytes]] = []
        self.begun: list[int] = []
        self.ended: list[int] = []

    @property
    def resting(self) -> bool:
        """Whether the phrase that was begun last is over."""
        return len(self.ended) == len(self.begun)

    def hear(self, frame: int, message: bytes) -> None:
        """A message came in."""
        self.heard.append((frame, message))
        self._last_heard = frame
        key = (message[0] & 0x0F, message[1])
        if message[0] & 0xF0 == 0x90 and message[2] > 0:
            self._sounding.add(key)
            if self.resting and self._answer is None:
                self._answer = frame
        elif message[0] & 0xF0 in (0x80, 0x90):
            self._sounding.discard(key)

    def due(self, first: int, frames: int) -> list[tuple[int, bytes]]:
        """What to play in the cycle that begins with frame `first`, by ascending offset."""
        if self.resting and len(self.begun) < len(self._turns) and self._goes_on(first):
            events = sorted(self._turns[len(self.begun)].events, key=lambda event: event[0])
            self._queue.extend((first + self._frames(at_s), event) for at_s, event in events)
            self.begun.append(first)
        out = []
        while self._queue and self._queue[0][0] < first + frames:
            frame, message = self._queue.popleft()
            out.append((max(0, frame - first), message))
            self.played.append((max(frame, first), message))
        if not self._queue and not self.resting:
            self.ended.append(self.played[-1][0] if self.played else first)
            self._answer = None
        return out

    def _goes_on(self, now: int) -> bool:
        if not self.ended:
            return True
        turn = self._turns[len(self.ended) - 1]
        if self._answer is None:
            return now >= self.ended[-1] + self._frames(turn.no_answer_s)
        if turn.barge_in_s is not None:
            return now >= self._answer + self._frames(turn.barge_in_s)
        return not self._sounding and now >= self._last_heard + self._frames(turn.quiet_s)

    def _frames(self, seconds: float) -> int:
        return round(seconds * self._rate_hz)
