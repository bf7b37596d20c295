"""A tempo that is tapped: robust against a tap that slips, forgotten after a pause.

The tempo is the median over the last taps, the beat lies in their middle. It refuses to know what
is tapped with, and who follows.
"""

import itertools
import statistics
from collections import deque
from dataclasses import dataclass

SLOWEST_NS, FASTEST_NS = 3_000_000_000, 200_000_000
"""20 and 300 beats per minute."""
PAUSE_NS = 3_300_000_000
DOUBLE_NS = 120_000_000
"""Two taps closer than this are one: a key that bounces."""
BEYOND = 1.8
"""An interval so many times as long as the usual one begins a new series."""
MEMORY = 9
FEWEST = 3


@dataclass(frozen=True, slots=True)
class Tapped:
    """What the taps say: a beat at `beat_ns`, the `taps`-th of the series, and the tempo."""

    bpm: float
    beat_ns: int
    taps: int


class TapTempo:
    """See the module. Thread: one. Real-time: yes."""

    def __init__(self) -> None:
        self._taps_ns: deque[int] = deque(maxlen=MEMORY)
        self._count = 0

    def tap(self, now_ns: int) -> Tapped | None:
        """One tap; what the series says, None while there are fewer than three."""
        if self._taps_ns:
            since_ns = now_ns - self._taps_ns[-1]
            if since_ns < DOUBLE_NS:
                return None
            intervals_ns = self._intervals_ns()
            usual_ns = statistics.median(intervals_ns) if intervals_ns else SLOWEST_NS
            if since_ns > min(PAUSE_NS, BEYOND * usual_ns):
                self.forget()
        self._taps_ns.append(now_ns)
        self._count += 1
        if len(self._taps_ns) < FEWEST:
            return None
        period_ns = min(max(statistics.median(self._intervals_ns()), FASTEST_NS), SLOWEST_NS)
        # Where the last tap should have been, as each of the series sees it.
        last = len(self._taps_ns) - 1
        beat_ns = statistics.median(
            at_ns + (last - k) * period_ns for k, at_ns in enumerate(self._taps_ns)
        )
        return Tapped(60e9 / period_ns, round(beat_ns), self._count)

    def forget(self) -> None:
        """The next tap is the first of a series."""
        self._taps_ns.clear()
        self._count = 0

    def _intervals_ns(self) -> list[int]:
        taps = list(self._taps_ns)
        return [then - now for now, then in itertools.pairwise(taps)]
