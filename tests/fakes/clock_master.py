"""A DAW's MIDI clock as it arrives: a tempo curve, and what cable and server do to its ticks.

master = ClockMaster([(32, 120.0), (8, 120.0, 140.0)], late=gaussian(3.0), seed=1)
for at_ns, message in master.messages: ...
master.beat(at_ns)     # the truth
"""

import bisect
import itertools
import math
import random
from collections.abc import Callable, Iterable, Sequence

MS = 1_000_000
TICK, START, CONTINUE, STOP = b"\xf8", b"\xfa", b"\xfb", b"\xfc"

Late = Callable[[random.Random, float], float]
"""From the moment at which a tick is sent, in ns, to the moment at which it arrives."""


def gaussian(std_ms: float) -> Late:
    """Early and late with this standard deviation."""
    return lambda chance, at_ns: at_ns + chance.gauss(0.0, std_ms * MS)


def uniform(most_ms: float) -> Late:
    """Up to so much early or late, all alike."""
    return lambda chance, at_ns: at_ns + chance.uniform(-most_ms, most_ms) * MS


def in_periods(period_ms: float) -> Late:
    """A server delivers at the end of its period; we look every millisecond.

    Counted from the middle of what that takes, because the player's notes come as late.
    """
    period_ns = period_ms * MS

    def late(chance: random.Random, at_ns: float) -> float:
        delivered_ns = math.ceil(at_ns / period_ns) * period_ns
        return delivered_ns + chance.uniform(0.0, MS) - period_ns / 2 - MS / 2

    return late


class ClockMaster:
    """See the module. Parts are (beats, bpm) or (beats, first bpm, last bpm), one after another."""

    def __init__(
        self,
        parts: Sequence[tuple[float, ...]],
        *,
        late: Late | None = None,
        seed: int = 0,
        begin_ns: int = 5_000 * MS,
        first: bytes = START,
    ) -> None:
        chance = random.Random(seed)
        self.sent_ns = list(_tick_times(parts, begin_ns))
        arrive = late or gaussian(0.0)
        arrived: list[int] = []
        for at_ns in self.sent_ns:
            came_ns = round(arrive(chance, at_ns))
            arrived.append(max(came_ns, arrived[-1]) if arrived else came_ns)
        self.messages: list[tuple[int, bytes]] = [(at_ns, TICK) for at_ns in arrived]
        if first:
            self.messages.insert(0, (arrived[0], first))

    def beat(self, at_ns: int) -> float:
        """The song's true beat at a moment within it."""
        tick = min(max(bisect.bisect_right(self.sent_ns, at_ns) - 1, 0), len(self.sent_ns) - 2)
        here, then = self.sent_ns[tick : tick + 2]
        return (tick + (at_ns - here) / (then - here)) / 24

    def bpm(self, at_ns: int) -> float:
        """The song's true tempo at a moment within it."""
        tick = min(max(bisect.bisect_right(self.sent_ns, at_ns) - 1, 0), len(self.sent_ns) - 2)
        return 60e9 / 24 / (self.sent_ns[tick + 1] - self.sent_ns[tick])

    def without(self, lost: Iterable[int]) -> list[tuple[int, bytes]]:
        """The messages without those ticks (numbers from 0)."""
        gone, numbers = frozenset(lost), itertools.count()
        return [m for m in self.messages if m[1] != TICK or next(numbers) not in gone]


def _tick_times(parts: Sequence[tuple[float, ...]], begin_ns: int) -> Iterable[float]:
    at_ns = float(begin_ns)
    for beats, first_bpm, *rest in parts:
        last_bpm = rest[0] if rest else first_bpm
        ticks = round(beats * 24)
        for tick in range(ticks):
            yield at_ns
            bpm = first_bpm + (last_bpm - first_bpm) * (tick + 0.5) / ticks
            at_ns += 60e9 / 24 / bpm
    yield at_ns
