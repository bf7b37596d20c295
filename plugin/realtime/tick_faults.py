"""What has happened to a clock whose ticks stopped agreeing with their line.

Ticks that were lost or doubled shift all later ones by whole periods; a change of tempo bends the
line; a server that delivers in periods of its own makes ticks come in heaps. Pure functions: they
refuse to remember anything.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

SERVER_PERIODS_NS = tuple(
    frames * 1e9 / rate for frames in (4096, 2048, 1024, 512) for rate in (44_100, 48_000)
)
"""Audio periods long enough to be mistaken for a clock's own; shorter ones are but jitter."""
BESIDE_NS = 1_300_000
"""How far from a multiple of the server's period an interval may lie: we look every millisecond."""
INTERVALS = 24


class Fault(NamedTuple):
    """From the `since`-th tick on, each is late by `step_ns` and by `bend_ns` more than the last.

    One of the two is 0.
    """

    since: int
    step_ns: float
    bend_ns: float


def explain(late_ns: Sequence[float], noise_ns: float, least: int) -> Fault | None:
    """The step or bend that leaves the least of the lateness unexplained; None if much is left.

    late_ns: of successive ticks, against their line. least: ticks since the fault that are needed.
    """
    count = len(late_ns)
    if count < least:
        return None
    best, found = math.inf, None
    before = 0.0
    for since in range(count - least + 1):
        if since:
            before += late_ns[since - 1] ** 2
        after = late_ns[since:]
        n = len(after)
        total, squares = math.fsum(after), math.fsum(late * late for late in after)
        step = total / n
        left = before + squares - n * step * step
        if left < best:
            best, found = left, Fault(since, step, 0.0)
        ramp = math.fsum((k + 1) * late for k, late in enumerate(after))
        weight = n * (n + 1) * (2 * n + 1) / 6
        left = before + squares - ramp * ramp / weight
        if left < best:
            best, found = left, Fault(since, 0.0, ramp / weight)
    return found if best <= count * (2 * noise_ns) ** 2 else None


def server_period_ns(intervals_ns: Sequence[int]) -> float | None:
    """The period of a server that delivers ticks in heaps; None if there is none to be seen.

    intervals_ns: between the last arrivals, `INTERVALS` of them are enough. One in eight may lie
    elsewhere.
    """
    if len(intervals_ns) < INTERVALS:
        return None
    for period_ns in SERVER_PERIODS_NS:
        elsewhere = sum(
            abs(interval - round(interval / period_ns) * period_ns) > BESIDE_NS
            for interval in intervals_ns
        )
        moving = any(interval > period_ns / 2 for interval in intervals_ns)
        if moving and elsewhere * 8 <= len(intervals_ns):
            return period_ns
    return None
