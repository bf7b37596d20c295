"""The line through a clock's last ticks: where it is now and how fast it goes.

Least squares over the longest stretch that the shorter ones do not contradict, so that a steady
clock is averaged over eight beats while a change is followed over a few ticks. Where a stretch is
bent, because the tempo moves, a parabola's end is taken instead of a straight line's. Sums are
whole numbers, cumulated: a tick costs the same however long the stretch, and nothing is lost to
rounding. It refuses to know MIDI, and to decide which tick is which: a tick comes with its number.
"""

import math
import operator
from typing import NamedTuple

STRETCHES = (12, 24, 48, 96, 192)
"""Ticks of the lines that are compared; 24 are a quarter note."""
CONTRADICTS = 3.0
"""Standard errors of a shorter line at which a longer one is not believed."""
DOUBTS = 1.8
"""Standard errors of the tempo at which one that was given is not believed."""
LEAST_NOISE_NS = 200_000.0
"""Less jitter than this is assumed of nobody."""
BENDS = 24
"""Shorter stretches are too short to see a bend."""
BENT = math.sqrt(5)
"""Standard error of the difference between a parabola's end and a straight line's, in units."""
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


class Sums(NamedTuple):
    """Of powers and products of x (ticks before the last one) and y (ns before it came)."""

    n: int
    x: int
    x2: int
    x3: int
    x4: int
    y: int
    xy: int
    x2y: int
    y2: int

    def straight(self) -> Fit | None:
        """The straight line; None if the ticks say nothing."""
        spread, rise = self.n * self.x2 - self.x**2, self.n * self.xy - self.x * self.y
        if spread <= 0 or rise <= 0:
            return None
        left = (self.n * self.y2 - self.y**2) * spread - rise**2
        noise = math.sqrt(max(0, left) / spread / (self.n * (self.n - 2)))
        at_ns = (self.y * self.x2 - self.x * self.xy) / spread
        return Fit(self.n, at_ns, rise / spread, max(noise, LEAST_NOISE_NS))

    def bent(self) -> tuple[float, float]:
        """Value and slope of the parabola at the last tick."""
        n, x, x2, x3, x4 = self.n, self.x, self.x2, self.x3, self.x4
        a, b, c = x2 * x4 - x3 * x3, x * x4 - x2 * x3, x * x3 - x2 * x2
        d, e = n * x4 - x2 * x2, n * x3 - x * x2
        whole = n * a - x * b + x2 * c
        if whole <= 0:
            return 0.0, 0.0
        at = (self.y * a - self.xy * b + self.x2y * c) / whole
        slope = (self.xy * d - self.y * b - self.x2y * e) / whole
        return at, slope


NOTHING = Sums(0, 0, 0, 0, 0, 0, 0, 0, 0)


class TickLine:
    """Ticks (number, arrival) and the line through them. Thread: one. Real-time: yes."""

    def __init__(self) -> None:
        self.noise_ns = LEAST_NOISE_NS
        """Jitter of the arrivals, as the caller knows it over a longer time."""
        self.least_ticks = STRETCHES[0]
        """Shorter stretches are not looked at: where arrivals are quantised, they mislead."""
        self.period_ns = 0.0
        self._numbers: list[int] = []
        self._sums = [NOTHING]  # cumulated, in the order of `Sums`, counted from `_base`
        self._base, self._last_ns = (0, 0), 0
        self._given_period_ns: float | None = None
        self._trust = (0, 0)
        self._anchor = (0, 0.0)

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def known(self) -> bool:
        """Whether there is a line."""
        return self.period_ns > 0

    def restart(
        self, period_ns: float | None = None, trust_ticks: int = 0, most_ticks: int = 0
    ) -> None:
        """Forget the ticks. A tempo that is given counts until there are `trust_ticks` of them.

        And until there are `most_ticks`, while they do not contradict it. Until the next tick the
        old line goes on.
        """
        self._numbers, self._sums = [], [NOTHING]
        self._given_period_ns, self._trust = period_ns, (trust_ticks, most_ticks)

    def add(self, number: int, at_ns: int) -> None:
        """The tick of this number came at this moment; numbers grow."""
        if not self._numbers:
            self._base = (number, at_ns)
        self._last_ns = at_ns
        x, y = number - self._base[0], at_ns - self._base[1]
        x2 = x * x
        one = (1, x, x2, x2 * x, x2 * x2, y, x * y, x2 * y, y * y)
        self._sums.append(Sums(*map(operator.add, self._sums[-1], one)))
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
        """The straight line through the last so many ticks; None if there are fewer."""
        sums = self._of(ticks)
        fit = sums.straight() if sums else None
        return fit and fit._replace(at_ns=fit.at_ns + self._last_ns)

    def _of(self, ticks: int) -> Sums | None:
        """Sums over the last ticks, counted from the last one: small numbers, exactly."""
        if not 3 <= ticks <= len(self._numbers):
            return None
        n, x, x2, x3, x4, y, xy, x2y, y2 = map(operator.sub, self._sums[-1], self._sums[-1 - ticks])
        p, q = self._numbers[-1] - self._base[0], self._last_ns - self._base[1]
        p2 = p * p
        near_x, near_x2 = x - n * p, x2 - 2 * p * x + n * p2
        return Sums(
            n,
            near_x,
            near_x2,
            x3 - 3 * p * x2 + 3 * p2 * x - n * p2 * p,
            x4 - 4 * p * x3 + 6 * p2 * x2 - 4 * p2 * p * x + n * p2 * p2,
            y - n * q,
            xy - p * y - q * near_x,
            x2y - 2 * p * xy + p2 * y - q * near_x2,
            y2 - 2 * q * y + n * q * q,
        )

    def _draw(self) -> None:
        last, ticks = self._numbers[-1], len(self._numbers)
        if self._given_period_ns is not None and not self._trusts(self._given_period_ns, ticks):
            self._given_period_ns = None
        if self._given_period_ns is not None:
            self.period_ns = self._given_period_ns
            first, all_sums = self._sums[0], self._sums[-1]
            x, y = (all_sums.x - first.x) / ticks, (all_sums.y - first.y) / ticks
            at_ns = self._base[1] + y + self.period_ns * (last - self._base[0] - x)
            self._anchor = (last, at_ns)
            return
        best = self._best()
        if best is not None and best.period_ns > 0:
            self.period_ns, self._anchor = best.period_ns, (last, best.at_ns)

    def _trusts(self, period_ns: float, ticks: int) -> bool:
        least, most = self._trust
        if ticks < max(least, 4) or ticks >= most:
            return ticks < max(least, 4)
        fit = self.fit(ticks)
        if fit is None:
            return True
        fit = fit._replace(noise_ns=max(self.noise_ns, fit.noise_ns))
        return abs(fit.period_ns - period_ns) <= DOUBTS * fit.tempo_error * fit.period_ns

    def _best(self) -> Fit | None:
        """The line, straight or bent, of least error that no shorter stretch contradicts."""
        ticks = len(self._numbers)
        stretches = [stretch for stretch in STRETCHES if self.least_ticks <= stretch <= ticks]
        noise_ns = max(self.noise_ns, LEAST_NOISE_NS)
        bends = BENDS if self.least_ticks == STRETCHES[0] else KEPT  # heaps look bent, too
        best: Fit | None = None
        best_error, straight = math.inf, True
        low, high = -math.inf, math.inf
        for stretch in stretches or [ticks]:
            sums = self._of(stretch)
            fit = sums.straight() if sums else None
            if sums is None or fit is None:
                break
            unit_ns = noise_ns / math.sqrt(stretch)
            at_ns, slope = sums.bent() if stretch >= bends else (fit.at_ns, fit.period_ns)
            straight = straight and abs(at_ns - fit.at_ns) <= CONTRADICTS * BENT * unit_ns
            if straight and low <= fit.at_ns <= high:
                at_ns, slope, error_ns = fit.at_ns, fit.period_ns, 2 * unit_ns
            elif stretch < bends or not low <= at_ns <= high:
                break
            else:
                straight, error_ns = False, 3 * unit_ns
            if error_ns < best_error:
                best, best_error = Fit(stretch, self._last_ns + at_ns, slope, noise_ns), error_ns
            low = max(low, at_ns - CONTRADICTS * error_ns)
            high = min(high, at_ns + CONTRADICTS * error_ns)
        return best
