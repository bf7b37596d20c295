"""The straight line through a clock's last ticks: where it is now and how fast it goes.

Least squares over the longest stretch that the shorter ones do not contradict, so that a steady
clock is averaged over eight beats while a ramp is followed over a few ticks. Sums are whole
numbers, cumulated: a tick costs the same however long the stretch, and nothing is lost to rounding.
It refuses to know MIDI, and to decide which tick is which: a tick comes with its number.
"""

import math
from typing import NamedTuple

STRETCHES = (12, 24, 48, 96, 192)
"""Ticks of the lines that are compared; 24 are a quarter note."""
CONTRADICTS = 2.5
"""Standard errors of a shorter line at which a longer one is not believed."""
LEAST_NOISE_NS = 200_000.0
"""Less jitter than this is assumed of nobody."""
KEPT = 512


class Fit(NamedTuple):
    """A line through the last `ticks` ticks, with its standard errors."""

    ticks: int
    at_ns: float
    """When its last tick should have come."""
    period_ns: float
    noise_ns: float
    """Standard deviation of the ticks around it."""

    @property
    def phase_error_ns(self) -> float:
        """Standard error of `at_ns`."""
        return 2 * self.noise_ns / math.sqrt(self.ticks)

    @property
    def tempo_error(self) -> float:
        """Standard error of the tempo, as a share of it."""
        return 3.5 * self.noise_ns / math.pow(self.ticks, 1.5) / max(self.period_ns, 1.0)


class TickLine:
    """Ticks (number, arrival) and the line through them. Thread: one. Real-time: yes."""

    def __init__(self) -> None:
        self.noise_ns = LEAST_NOISE_NS
        """Jitter of the arrivals, as the caller knows it over a longer time."""
        self.least_ticks = STRETCHES[0]
        """Shorter stretches are not looked at: where arrivals are quantised, they mislead."""
        self.period_ns = 0.0
        self._numbers: list[int] = []
        # n, sum x, sum xx, sum y, sum xy, sum yy up to and with each tick.
        self._sums: list[tuple[int, int, int, int, int, int]] = [(0, 0, 0, 0, 0, 0)]
        self._base = (0, 0)
        self._given_period_ns: float | None = None
        self._trust = 0
        self._anchor = (0, 0.0)

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def known(self) -> bool:
        """Whether there is a line."""
        return self.period_ns > 0

    def restart(self, period_ns: float | None = None, trust_ticks: int = 0) -> None:
        """Forget the ticks. A tempo that is given counts until there are `trust_ticks` of them.

        Until the next tick the old line goes on.
        """
        self._numbers, self._sums = [], [(0, 0, 0, 0, 0, 0)]
        self._given_period_ns, self._trust = period_ns, trust_ticks

    def add(self, number: int, at_ns: int) -> None:
        """The tick of this number came at this moment; numbers grow."""
        if not self._numbers:
            self._base = (number, at_ns)
        x, y = number - self._base[0], at_ns - self._base[1]
        n, sx, sxx, sy, sxy, syy = self._sums[-1]
        self._sums.append((n + 1, sx + x, sxx + x * x, sy + y, sxy + x * y, syy + y * y))
        self._numbers.append(number)
        if len(self._numbers) > KEPT:
            del self._numbers[: KEPT // 2], self._sums[: KEPT // 2]
        self._draw()

    def drop_from(self, number: int) -> None:
        """Forget the ticks from this number on; the line stays until the next tick."""
        while self._numbers and self._numbers[-1] >= number:
            del self._numbers[-1], self._sums[-1]

    def ns(self, number: float) -> float:
        """When the tick of this number should come."""
        return self._anchor[1] + (number - self._anchor[0]) * self.period_ns

    def number(self, at_ns: float) -> float:
        """Which tick it is at a moment, with what has passed since as a fraction."""
        return self._anchor[0] + (at_ns - self._anchor[1]) / self.period_ns

    def fit(self, ticks: int) -> Fit | None:
        """The line through the last so many ticks; None if there are fewer or they say nothing."""
        if not 3 <= ticks <= len(self._numbers):
            return None
        n, sx, sxx, sy, sxy, syy = (
            b - a for a, b in zip(self._sums[-1 - ticks], self._sums[-1], strict=True)
        )
        cxx, cxy, cyy = n * sxx - sx * sx, n * sxy - sx * sy, n * syy - sy * sy
        if cxx <= 0 or cxy <= 0:
            return None
        period = cxy / cxx
        noise = math.sqrt(max(0, cyy * cxx - cxy * cxy) / cxx / (n * (n - 2)))
        last = self._numbers[-1] - self._base[0]
        at = self._base[1] + sy / n + period * (last - sx / n)
        return Fit(ticks, at, period, max(noise, LEAST_NOISE_NS))

    def _draw(self) -> None:
        last = self._numbers[-1]
        ticks = len(self._numbers)
        if self._given_period_ns is not None and (ticks < self._trust or ticks < 4):
            n, sx, _, sy, _, _ = (
                b - a for a, b in zip(self._sums[0], self._sums[-1], strict=True)
            )
            self.period_ns = self._given_period_ns
            x = last - self._base[0]
            self._anchor = (last, self._base[1] + sy / n + self.period_ns * (x - sx / n))
            return
        chosen = self.longest()
        if chosen is not None:
            self.period_ns, self._anchor = chosen.period_ns, (last, chosen.at_ns)

    def longest(self) -> Fit | None:
        """The line through the longest stretch that no shorter one contradicts."""
        ticks = len(self._numbers)
        stretches = [stretch for stretch in STRETCHES if self.least_ticks <= stretch <= ticks]
        chosen: Fit | None = None
        low, high = -math.inf, math.inf
        for stretch in stretches or [ticks]:
            fit = self.fit(stretch)
            if fit is None or not low <= fit.at_ns <= high:
                break
            chosen = fit
            error = CONTRADICTS * 2 * max(self.noise_ns, LEAST_NOISE_NS) / math.sqrt(stretch)
            low, high = max(low, fit.at_ns - error), min(high, fit.at_ns + error)
        return chosen
