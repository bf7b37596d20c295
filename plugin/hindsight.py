"""What both sides just played, always remembered, so that it can be kept after the fact.

Everything since the last long pause is there, the last `MOST` messages of it, whether the partner
answered, listened or was held. Keeping it writes a take, a piece a round: a long one costs no note
its moment. It refuses to know who plays next, and to look at a clock.

Thread: one. Real-time: yes.
"""

from collections import deque
from collections.abc import Callable
from datetime import datetime

from engine.events import Voice
from engine.smf.notes import SUSTAIN_PEDAL, is_note_on
from plugin.realtime.beats import BeatGrid
from plugin.take_log import TakeLog

MOST = 16_384
PAUSE_NS = 8_000_000_000
PAUSE_BARS = 2
"""A silence of so long, and of so many bars, is between two pieces of music."""
A_ROUND = 64
"""Messages that are handed to the library in one round."""

_Event = tuple[int, Voice, bytes]


class Hindsight:
    """See the module."""

    def __init__(
        self,
        takes: TakeLog,
        grid: BeatGrid,
        local_time: Callable[[], datetime] = datetime.now,
    ) -> None:
        """local_time: what the player's watch says."""
        self._takes, self._grid, self._local_time = takes, grid, local_time
        self._events: deque[_Event] = deque(maxlen=MOST)
        self._down: set[tuple[Voice, int, int]] = set()
        self._pedals: dict[tuple[Voice, int], bytes] = {}
        self._last_ns = 0
        self._unwritten: deque[_Event] = deque()
        self._take_id, self._start_ns = "", 0
        self._settings: dict[str, object] = {}

    def played(self, now_ns: int, side: Voice, message: bytes) -> None:
        """A channel message of either side."""
        if not self._down and now_ns - self._last_ns > self._pause_ns():
            self._events.clear()
            self._events.extend((now_ns, at, pedal) for (at, _), pedal in self._pedals.items())
        self._last_ns = now_ns
        self._events.append((now_ns, side, message))
        kind, channel = message[0] & 0xF0, message[0] & 0x0F
        if kind in (0x80, 0x90):
            key = side, channel, message[1]
            (self._down.add if is_note_on(message) else self._down.discard)(key)
        elif kind == 0xB0 and message[1] == SUSTAIN_PEDAL:
            if message[2] >= 64:
                self._pedals[side, channel] = message
            else:
                self._pedals.pop((side, channel), None)

    def keep(self, model: str, way: str) -> str:
        """Have it written as a take: its id, "" where there is nothing. `write` goes on with it."""
        if not any(is_note_on(message) for _, _, message in self._events):
            return ""
        self.finish()
        self._start_ns = self._events[0][0]
        self._settings = {"way": way, "kept": True}
        self._take_id = self._takes.begin_take(
            self._grid.timebase,
            model=model,
            settings=self._settings,
            name=f"Kept {self._local_time():%H:%M}",
            start_beat=self._grid.beat(self._start_ns),
        )
        self._unwritten.extend(self._events)
        return self._take_id

    def write(self, most: int = A_ROUND) -> None:
        """Hand the next messages to the library. Call it every millisecond."""
        if not self._take_id:
            return
        for _ in range(min(most, len(self._unwritten))):
            at_ns, side, message = self._unwritten.popleft()
            self._takes.message(self._take_id, side, at_ns - self._start_ns, message)
        if not self._unwritten:
            take_id, self._take_id = self._take_id, ""
            self._takes.finish(take_id, settings=self._settings)

    def finish(self) -> None:
        """Hand over whatever waits; no music has to be on time any more."""
        self.write(len(self._unwritten))

    def _pause_ns(self) -> int:
        timebase = self._grid.timebase
        if not timebase.tempo_known:
            return PAUSE_NS
        return max(PAUSE_NS, round(PAUSE_BARS * timebase.beats_per_bar * timebase.ns_per_beat))
