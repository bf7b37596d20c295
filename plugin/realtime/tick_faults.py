"""What has happened to a clock whose ticks stopped agreeing with their line.

Ticks that were lost or doubled shift all later ones by whole periods; a change of tempo bends the
line; a server that delivers in periods of its own makes ticks come in heaps. Pure functions: they
refuse to remember anything.
"""

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

SERVER_PERIODS_NS = tuple(
    frames * 1e9 / rate for frames in (4096, 2048, 1024, 512) for rate in (44_100, 48_000)
)
"""Audio periods long enough to be mistaken for a clock's own; shorter ones are but jitter."""
BESIDE_NS = 800_000
"""How far from its beat an arrival may lie: we look every millisecond."""
ARRIVALS = 24
FASTEST_TICK_NS = 7_900_000
SURE, SURE_WHICH = 20.0, 9.0
"""Squares that a fault must explain, and by how many more than the other kind: of the jitter's."""
MOST_LEFT = 8.0
"""Squares that a fault may leave unexplained, beside two for each tick since, in the same units."""
UNDECIDED = 24
"""Ticks after which the likelier kind of fault is taken."""
ENOUGH, NEAR_NS = 12, 1e6
"""Ticks that tell their jitter; as near as this, a line of ticks is the one that was expected."""
NOISE_SHARE = 1 / 48
"""What one tick counts for in the jitter that is known."""


class Fault(NamedTuple):
    """From the `since`-th tick on, each is late by `step_ns` and by `bend_ns` more than the last.

    One of the two is 0.
    """

    since: int
    step_ns: float
    bend_ns: float


def explain(late_ns: Sequence[float], noise_ns: float, least: int) -> Fault | None:
    """The step or bend that leaves the least of the lateness unexplained; None if much is left.

    late_ns: of successive ticks, against their line. least: ticks since a step that are needed,
    one more since a bend.
    """
    count, unit = len(late_ns), noise_ns * noise_ns
    nothing = math.fsum(late * late for late in late_ns)
    step_left = bend_left = math.inf
    step = bend = Fault(0, 0.0, 0.0)
    for since in range(count - least + 1):
        after = late_ns[since:]
        n = len(after)
        squares = math.fsum(late * late for late in after)
        most = squares - (2 * n + MOST_LEFT) * unit
        # What a constant, or a line from zero, takes away of the sum of squares.
        total = math.fsum(after)
        taken = total * total / n
        if taken >= most and nothing - taken < step_left:
            step_left, step = nothing - taken, Fault(since, total / n, 0.0)
        rise, weight = (
            math.fsum((k + 1) * x for k, x in enumerate(after)),
            n * (n + 1) * (2 * n + 1),
        )
        taken = 6 * rise * rise / weight
        if n > least and taken >= most and nothing - taken < bend_left:
            bend_left, bend = nothing - taken, Fault(since, 0.0, 6 * rise / weight)
    best, left = (step, step_left) if step_left < bend_left else (bend, bend_left)
    if nothing - left < SURE * unit:
        return None
    doubtful = abs(step_left - bend_left) < SURE_WHICH * unit
    return None if doubtful and count - best.since < UNDECIDED else best


def lost_ticks(fault: Fault, period_ns: float, late_ns: Sequence[float], noise_ns: float) -> int:
    """How many ticks were lost where all since are late, fewer than none where some were doubled.

    Those that go on between the lines were sent later: the other stood still for a moment, as in a
    dropout, and its song with it. Then none was lost.
    """
    lost = round(fault.step_ns / period_ns)
    before, since = late_ns[: fault.since], late_ns[fault.since :]
    if len(before) >= ENOUGH:  # the jitter that is known may be that of a server's periods
        noise_ns = min(noise_ns, statistics.pstdev(before))
    near_ns = max(3 * noise_ns / math.sqrt(len(since)), NEAR_NS)
    return lost if abs(fault.step_ns - lost * period_ns) <= near_ns else 0


def jitter_ns(known_ns: float, first_ns: int, second_ns: int, third_ns: int) -> float:
    """The jitter's standard deviation, as one more tick teaches it; the three last arrivals.

    From second differences, which do not mind a tempo that moves.
    """
    bent_ns = third_ns - 2 * second_ns + first_ns
    if abs(bent_ns) >= 10 * known_ns + 1e6:  # this is no jitter
        return known_ns
    return math.sqrt(known_ns**2 + (bent_ns**2 / 6 - known_ns**2) * NOISE_SHARE)


def server_period_ns(arrivals_ns: Sequence[int]) -> float | None:
    """The period of a server that delivers ticks in heaps; None if there is none to be seen.

    arrivals_ns: the last `ARRIVALS` ticks. Of these, all but one in eight lie on the server's beat.
    """
    if len(arrivals_ns) < ARRIVALS:
        return None
    for period_ns in SERVER_PERIODS_NS:
        turns = [(at_ns - arrivals_ns[0]) / period_ns * math.tau for at_ns in arrivals_ns]
        middle = math.atan2(math.fsum(map(math.sin, turns)), math.fsum(map(math.cos, turns)))
        near = math.cos(BESIDE_NS / period_ns * math.tau)
        heaps = Counter(round((turn - middle) / math.tau) for turn in turns)
        if max(heaps.values()) > period_ns / FASTEST_TICK_NS + 2:
            continue  # no tempo fills a heap like this: it is a stall that has ended
        if sum(math.cos(turn - middle) < near for turn in turns) * 8 <= len(turns):
            return period_ns
    return None
