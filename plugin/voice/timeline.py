"""When a note that was sent sounds: messages with a moment become messages with a sample.

Everything sounds `LEAD_NS` after the moment for which it was sent. What was late on its way by less
than that is on time again, because ears forgive a delay and not its wavering. A sound card's clock
is not ours: the moment of sample 0 is moved gently after the machine's, or at once after a pause.

It refuses to open a sound card; whoever does calls `fill` from its callback. Thread: `put` any,
`fill` one.
"""

import heapq
from collections import deque
from itertools import count

from plugin.voice.synth import NOTES_OFF, SOUND_OFF, Samples, Synth

LEAD_NS = 20_000_000
MOST_WAITING = 4096
"""Messages; more is a flood, and what is waiting longest is dropped together with all notes."""
_FAR_NS = 30_000_000
"""So far from where it should be, the sound card has paused."""
_PULL = 0.02


class Timeline:
    """A synthesizer that is told in nanoseconds."""

    def __init__(self, synth: Synth, rate_hz: float) -> None:
        self._synth, self._rate_hz = synth, rate_hz
        self._arrived: deque[tuple[int, int, bytes]] = deque()
        self._waiting: list[tuple[int, int, int, bytes]] = []
        self._number = count()
        self._zero_ns: float | None = None

    def put(self, due_ns: int, part: int, data: bytes) -> None:
        """A message that was meant for this moment of the monotonic clock. Thread: any."""
        self._arrived.append((due_ns, part, data))

    def fill(self, now_ns: int, frames: int) -> Samples:
        """The samples of a block that is asked for now, shape (frames, 2)."""
        self._follow(now_ns)
        while self._arrived:
            due_ns, part, data = self._arrived.popleft()
            if _silences(data):
                # Silence is never late: what waits is not played, and what sounds ends now.
                self._waiting = [entry for entry in self._waiting if entry[2] != part]
                heapq.heapify(self._waiting)
                self._synth.message(self._synth.sample, part, data)
                continue
            heapq.heappush(self._waiting, (due_ns + LEAD_NS, next(self._number), part, data))
        if len(self._waiting) > MOST_WAITING:
            self._waiting.clear()
            self._synth.panic()
        while self._waiting:
            at = self._sample_of(self._waiting[0][0])
            if at >= self._synth.sample + frames:
                break
            _, _, part, data = heapq.heappop(self._waiting)
            self._synth.message(at, part, data)
        return self._synth.render(frames)

    def panic(self) -> None:
        """Drop what waits and end what sounds. Thread: that of `fill`."""
        self._arrived.clear()
        self._waiting.clear()
        self._synth.panic()

    def _follow(self, now_ns: int) -> None:
        ideal_ns = now_ns - self._synth.sample * 1e9 / self._rate_hz
        if self._zero_ns is None or abs(ideal_ns - self._zero_ns) > _FAR_NS:
            self._zero_ns = ideal_ns
        else:
            self._zero_ns += (ideal_ns - self._zero_ns) * _PULL

    def _sample_of(self, at_ns: int) -> int:
        assert self._zero_ns is not None
        return round((at_ns - self._zero_ns) * self._rate_hz / 1e9)


def _silences(data: bytes) -> bool:
    return len(data) == 3 and data[0] & 0xF0 == 0xB0 and data[1] in (SOUND_OFF, NOTES_OFF)
