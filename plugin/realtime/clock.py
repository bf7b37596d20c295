"""Time, as a parameter: integer nanoseconds of a monotonic clock.

Nothing else in `plugin` reads a clock or sleeps; what takes a `Clock` is tested on a manual one.
"""

import time
from typing import Protocol


class Clock(Protocol):
    """A source of time. Thread: any. Real-time: yes."""

    def now_ns(self) -> int:
        """Nanoseconds since some fixed moment, never going back."""

    def sleep_until_ns(self, due_ns: int) -> None:
        """Return at `due_ns` or as soon after it as can be; at once if it has passed."""

    def rest_until_ns(self, at_ns: int) -> None:
        """Return after `at_ns`, when the system happens to wake us: some 0.1 ms, asleep."""


class MonotonicClock:
    """The machine's clock. Sleeps until just before the due time, then spins."""

    def __init__(self, *, spin_ns: int = 150_000) -> None:
        self._spin_ns = spin_ns

    def now_ns(self) -> int:
        """Nanoseconds of the monotonic clock, the same in every process on Linux."""
        return time.monotonic_ns()

    def sleep_until_ns(self, due_ns: int) -> None:
        """A sleep wakes late by about 0.1 ms; the last `spin_ns` are spent awake instead."""
        sleep_ns = due_ns - time.monotonic_ns() - self._spin_ns
        if sleep_ns > 0:
            time.sleep(sleep_ns / 1e9)
        while time.monotonic_ns() < due_ns:
            pass

    def rest_until_ns(self, at_ns: int) -> None:
        """No time is spent awake: for looks that may come a little later."""
        rest_ns = at_ns - time.monotonic_ns()
        if rest_ns > 0:
            time.sleep(rest_ns / 1e9)


class ManualClock:
    """A clock that moves only when told; sleeping moves it. For tests and simulations."""

    def __init__(self, start_ns: int = 0) -> None:
        self._now_ns = start_ns

    def now_ns(self) -> int:
        """The moment that was set."""
        return self._now_ns

    def sleep_until_ns(self, due_ns: int) -> None:
        """Jump to `due_ns`."""
        self._now_ns = max(self._now_ns, due_ns)

    def rest_until_ns(self, at_ns: int) -> None:
        """Jump to `at_ns`."""
        self.sleep_until_ns(at_ns)

    def advance_ns(self, by_ns: int) -> None:
        """Let time pass."""
        if by_ns < 0:
            raise ValueError("time does not go back")
        self._now_ns += by_ns
