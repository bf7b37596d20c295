"""What part of time and pitch the roll shows, and where: pixels of moments, rows of pitches.

Everything counts device pixels. A moment has an absolute pixel, the same in every frame, and a
frame begins at one of them: so nothing trembles while it scrolls. It follows the present until it
is dragged away, and the pitches that are played. Pure; it refuses to know Qt and to read a clock.
"""

import math

from gui.roll.notes import Reach

PX_PER_S = 100.0
"""Logical pixels a second."""
LEAST_PX_PER_S, MOST_PX_PER_S = 6.0, 1200.0
ZOOM_STEP = 1.25
NOW_SHARE = 0.75
"""Where the present stands; the rest is for what is planned."""
LEAST_ROWS, USUAL_ROWS, MOST_ROWS = 12, 25, 128
FIRST_REACH = Reach(51, 69)
MARGIN_ROWS = 3
SLACK_ROWS = 7
"""The rows become fewer where so many are without use."""
GLIDE_NS = 90_000_000
"""Time in which a movement comes nearer to its end by two thirds."""
NEAR_ROWS = 0.02


class View:
    """Thread: one. `width` and `height` are those of the rows, without keyboard and ruler."""

    def __init__(self) -> None:
        self.width = self.height = 1
        self.dpr = 1.0
        self.follows = True
        self.px_per_s = PX_PER_S
        self.now_ns = 0
        """The present as it is shown."""
        self._reach, self._rows = FIRST_REACH, 1.0
        self._goal = _widened(self._reach, self._rows)
        self.low, self.high = float(self._goal.low), float(self._goal.high)
        """Pitches of the lowest and the highest row, on their way to where they shall be."""
        self._left_ns = 0
        self._behind_ns = 0.0

    # ------------------------------------------------------------------------------ time

    @property
    def px_per_ns(self) -> float:
        """Device pixels of a nanosecond."""
        return self.px_per_s * self.dpr / 1e9

    def pixel(self, t_ns: float) -> int:
        """The absolute pixel of a moment."""
        return math.floor(t_ns * self.px_per_ns)

    def moment(self, pixel: float) -> int:
        """The moment at which an absolute pixel begins."""
        return round(pixel / self.px_per_ns)

    @property
    def left(self) -> int:
        """The absolute pixel at the left edge."""
        if self.follows:
            return self.pixel(self.now_ns) - round(NOW_SHARE * self.width)
        return self.pixel(self._left_ns)

    @property
    def span_ns(self) -> tuple[int, int]:
        """The stretch of time that is shown."""
        return self.moment(self.left), self.moment(self.left + self.width)

    def x(self, t_ns: float) -> int:
        """Where a moment is, from the left edge."""
        return self.pixel(t_ns) - self.left

    def tick(self, now_ns: int, passed_ns: int) -> None:
        """So much time has passed. What was at rest catches up, gliding."""
        left = math.exp(-passed_ns / GLIDE_NS)
        self._behind_ns = self._behind_ns * left if self._behind_ns > 1e6 else 0.0
        self.now_ns = now_ns - round(self._behind_ns)
        if self.glides:
            share = 1.0 - left
            self.low += (self._goal.low - self.low) * share
            self.high += (self._goal.high - self.high) * share
            if max(abs(self.low - self._goal.low), abs(self.high - self._goal.high)) < NEAR_ROWS:
                self.low, self.high = float(self._goal.low), float(self._goal.high)

    def wake(self, now_ns: int) -> None:
        """It rested since `self.now_ns`: glide to the present, but no further than what is seen."""
        seen_ns = self.width / self.px_per_ns
        self._behind_ns = float(min(max(now_ns - self.now_ns, 0), seen_ns))

    def zoom(self, factor: float, x: float | None = None) -> None:
        """Show time `factor` times as wide; what is at `x` stays there, if time does not move."""
        x = self.width / 2 if x is None else x
        about_ns = self.moment(self.left + x)
        self.px_per_s = min(max(self.px_per_s * factor, LEAST_PX_PER_S), MOST_PX_PER_S)
        self._left_ns = about_ns - round(x / self.px_per_ns)

    def drag(self, pixels: float) -> None:
        """Go so many pixels back in time (or ahead, below 0) and stay there."""
        begin_ns = self.moment(self.left - pixels)
        self.follows = False
        # No further ahead than where the present is followed.
        limit_ns = self.now_ns - round(NOW_SHARE * self.width / self.px_per_ns)
        if begin_ns >= limit_ns:
            self.follow()
        else:
            self._left_ns = begin_ns

    def follow(self) -> None:
        """Show the present again."""
        self.follows = True
        self._left_ns = self.moment(self.left)

    def reset(self) -> None:
        """As it was in the beginning: the present, the usual width, as many rows as are needed."""
        self.px_per_s = PX_PER_S
        self.zoom_rows(1.0 / self._rows)
        self.follow()

    def shift(self, by_ns: int) -> None:
        """Time is counted from another moment."""
        self._left_ns += by_ns
        self.now_ns += by_ns

    # ------------------------------------------------------------------------------ pitch

    @property
    def rows(self) -> float:
        """How many pitches are shown."""
        return self.high - self.low + 1

    @property
    def glides(self) -> bool:
        """Whether the rows are on their way."""
        return self.low != self._goal.low or self.high != self._goal.high

    @property
    def catches_up(self) -> bool:
        """Whether the present is on its way."""
        return self._behind_ns > 0

    def top(self, pitch: float) -> int:
        """The first pixel of a pitch's row, from the top; the row above ends before it."""
        return math.floor((self.high - pitch) * self.height / self.rows)

    def pitch(self, y: float) -> int:
        """The pitch whose row this pixel belongs to."""
        guess = math.floor(self.high + 1 - y * self.rows / self.height)
        while self.top(guess) > y:
            guess += 1
        while self.top(guess - 1) <= y:
            guess -= 1
        return guess

    def zoom_rows(self, factor: float) -> None:
        """Show more rows, or fewer, than are needed."""
        self._rows = min(max(self._rows * factor, 0.4), 4.0)
        self._goal = _widened(self._reach, self._rows)

    def aim(self, reach: Reach | None) -> None:
        """These pitches are in sight: show them, and not many more."""
        self._reach = reach = reach or self._reach
        wanted, goal = _widened(reach, self._rows), self._goal
        fits = goal.low <= reach.low and reach.high <= goal.high
        fits = fits or wanted.high - wanted.low == goal.high - goal.low < reach.high - reach.low
        near = max(abs(wanted.low - goal.low), abs(wanted.high - goal.high)) < SLACK_ROWS
        if not (fits and near):
            self._goal = wanted

    def settle(self) -> None:
        """Be there at once."""
        self.low, self.high = float(self._goal.low), float(self._goal.high)
        self._behind_ns = 0.0


def _widened(reach: Reach, share: float) -> Reach:
    """With a margin, at least as many rows as usual, times `share`; inside MIDI's keys."""
    rows = max(reach.high - reach.low + 1 + 2 * MARGIN_ROWS, USUAL_ROWS)
    rows = min(max(round(rows * share), LEAST_ROWS), MOST_ROWS)
    low = min(max((reach.low + reach.high + 1 - rows + 1) // 2, 0), 128 - rows)
    return Reach(low, low + rows - 1)
