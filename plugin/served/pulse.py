"""Ten times a second: where time is, how punctual the notes were, how much it all costs.

It refuses to judge the figures.

Thread: one. Real-time: yes.
"""

import math
from collections import deque
from collections.abc import Callable

from plugin.protocol import NoteSounded
from plugin.served.messages import Pulse
from plugin.session import Session
from plugin.transport import Source

EVERY_NS = 100_000_000
REMEMBERED_NS = 10_000_000_000
MOST_NOTES = 512
"""Of a storm of notes the last ones count."""
LOAD_LOOKS = 11


class Pulses:
    """See the module."""

    def __init__(
        self, session: Session, tell: Callable[[Pulse], object], cpu_ns: Callable[[], int]
    ) -> None:
        """cpu_ns: what this process has taken of its cores so far, as `time.process_time_ns`."""
        self._session, self._tell, self._cpu_ns = session, tell, cpu_ns
        self._late: deque[tuple[int, float]] = deque(maxlen=MOST_NOTES)
        self._looks: deque[tuple[int, int]] = deque(maxlen=LOAD_LOOKS)
        self._told_ns = 0

    def sounded(self, now_ns: int, note: NoteSounded) -> None:
        """A note began."""
        if note.partner:
            self._late.append((now_ns, note.late_ms))

    def look(self, now_ns: int, engine_ns: int) -> None:
        """Tell it if it is time. engine_ns: how long the engine took last."""
        if now_ns - self._told_ns < EVERY_NS:
            return
        self._told_ns = now_ns
        self._looks.append((now_ns, self._cpu_ns()))
        while self._late and now_ns - self._late[0][0] > REMEMBERED_NS:
            self._late.popleft()
        late = sorted(late_ms for _, late_ms in self._late)
        session, grid = self._session, self._session.band.grid
        timebase, beat = grid.timebase, grid.beat(now_ns)
        known = timebase.tempo_known
        self._tell(
            Pulse(
                origin_ns=now_ns - grid.since_ns(now_ns),
                now_ns=grid.since_ns(now_ns),
                beat=beat,
                bpm=timebase.bpm if known else 0.0,
                beats_per_bar=timebase.beats_per_bar,
                bar_beat=grid.bar_start(beat) if known else 0.0,
                external=session.transport.source is Source.EXTERNAL,
                running=session.band.rolling,
                holding=session.holding,
                late_p99_ms=late[math.ceil(0.99 * len(late)) - 1] if late else 0.0,
                late_max_ms=late[-1] if late else 0.0,
                engine_ms=engine_ns / 1e6,
                load=self._load(),
            )
        )

    def _load(self) -> float:
        (first_ns, first_cpu_ns), (last_ns, last_cpu_ns) = self._looks[0], self._looks[-1]
        return (last_cpu_ns - first_cpu_ns) / (last_ns - first_ns) if last_ns > first_ns else 0.0
