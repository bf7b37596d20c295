"""The first ticks of a song: which phase they have.

A transport restarts at any moment, so the ticks after start, continue or a song position may have
another phase than those before, by any part of a tick. Some clocks run on instead, and then the
line that is known is better than a few new ticks. The first ticks are therefore held against the
line as it was; as soon as they differ together, the line begins anew with them. It refuses to doubt
the number of the first one, which was told: however late it is, that is its phase.
"""

import math

from plugin.realtime.tick_line import STRETCHES, TickLine

BEGINNING = 24
"""Ticks that are looked at."""
DIFFERS = 2.5
"""Standard errors by which their mean is off when the phase is another one."""
DIFFERS_NS = 1_000_000
"""Less is followed by the line itself."""
LONGEST = STRETCHES[-2]
"""Ticks for which the tempo from before may count, while they do not contradict it."""
DOUBT = 12.0
"""Squares, of the jitter's, that each lost or doubled tick among them must explain."""


class SongStart:
    """See the module. Thread: one. Real-time: yes."""

    def __init__(self, number: int, line: TickLine, runs: bool) -> None:
        """number: of the first tick. runs: whether the line has ticks that are believed."""
        self._number, self._runs = number, runs
        self._at_ns, self._period_ns = line.ns(number), line.period_ns
        self._is_new = False
        self._count, self._late_ns = 0, 0.0

    def lasts(self, number: int) -> bool:
        """Whether this tick is among the first."""
        return number - self._number < BEGINNING

    def unsure_ns(self, number: int, noise_ns: float) -> float:
        """How far off the phase may be that is taken from the ticks so far."""
        return DIFFERS * noise_ns / math.sqrt(max(number - self._number, 1))

    def is_new(self, number: int, at_ns: int, noise_ns: float, agrees_ns: float) -> bool:
        """Whether this tick proves, with those before it, that the phase is new; once at most.

        agrees_ns: lateness of one that says nothing about the phase, but about what was lost.
        """
        late_ns = at_ns - self._at_ns - (number - self._number) * self._period_ns
        if self._is_new or (self._count and abs(late_ns) > agrees_ns):
            return False
        self._count += 1
        self._late_ns += late_ns
        allowed_ns = max(DIFFERS * noise_ns / math.sqrt(self._count), DIFFERS_NS)
        self._is_new = not self._runs or abs(self._late_ns) / self._count > allowed_ns
        return self._is_new

    def settle(self) -> None:
        """The line has been put right since: there is nothing to hold the ticks against."""
        self._is_new = True

    def begin(self, line: TickLine, ticks: list[tuple[int, int]]) -> None:
        """The line begins anew with these; the tempo that was known is kept."""
        line.restart(self._period_ns, max(BEGINNING, line.least_ticks), LONGEST)
        for number, at_ns in ticks:
            line.add(number, at_ns)

    def shift(self, number: int, step_ns: float, noise_ns: float, ticks: int) -> int:
        """How many ticks were lost where the lateness makes a step; 0 while that is in doubt.

        number: of the first tick after the step; ticks: how many came since, itself included.
        """
        before = number - self._number
        if before <= 0:
            return 0
        shift = round(step_ns / self._period_ns)
        unit = noise_ns * noise_ns * (1 / before + 1 / ticks)
        explained = step_ns**2 - (step_ns - shift * self._period_ns) ** 2
        return shift if explained > DOUBT * abs(shift) * unit else 0
