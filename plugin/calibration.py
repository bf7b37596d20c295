"""Measures how late an output sounds: through a loop back into an input, or by a person's taps.

Pure but for the clock and the ports that it is handed. It refuses to keep what it finds:
`plugin.latency` does that.
"""

import statistics
from collections.abc import Callable, Sequence

from plugin.ports import InputPort, OutputPort, arrival_ns, latency_ns
from plugin.realtime.clock import Clock

CLICK_CHANNEL, CLICK_KEY, CLICK_VELOCITY = 9, 76, 100
"""A wood block of General MIDI."""
PING_EVERY_NS, LOST_NS = 37_000_000, 500_000_000
CLICK_LENGTH_NS = 50_000_000
LEAST_TAPS = 6
_POLL_NS = 500_000


def through_loop(
    output: OutputPort, heard: InputPort, clock: Clock, count: int
) -> tuple[list[float], int]:
    """Send so many pings and hear them come back: their delays in ms, and how many were lost.

    Where the system stamps what comes in with its true moment, the way back costs nothing; the
    constant delay that the output adds of itself counts in any case.
    """
    while heard.poll() is not None:
        pass
    delays_ms, lost = [], 0
    for number in range(count):
        key = number % 128
        sent_ns = clock.now_ns()
        output.send(bytes((0x90 | CLICK_CHANNEL, key, 1)))
        back_ns: int | None = None
        while back_ns is None and clock.now_ns() - sent_ns < LOST_NS:
            message = heard.poll()
            if message is None:
                clock.sleep_until_ns(clock.now_ns() + _POLL_NS)
            elif message[:2] == bytes((0x90 | CLICK_CHANNEL, key)) and message[2]:
                back_ns = arrival_ns(heard, clock.now_ns())
        output.send(bytes((0x80 | CLICK_CHANNEL, key, 64)))
        if back_ns is None:
            lost += 1
        else:
            delays_ms.append(max(back_ns - sent_ns, latency_ns(output)) / 1e6)
        # Not in step with the system's periods, whatever they are.
        clock.sleep_until_ns(sent_ns + PING_EVERY_NS + number % 7 * 1_300_000)
    return delays_ms, lost


def by_ear(
    output: OutputPort,
    clock: Clock,
    taps: Callable[[], Sequence[int]],
    *,
    clicks: int,
    bpm: float,
) -> list[float]:
    """Play clicks on the beat; how much later than its click each tap was, in ms.

    taps: the moments (ns) of the taps since it was last asked.
    """
    every_ns = round(60e9 / bpm)
    first_ns = clock.now_ns() + every_ns
    tapped: list[int] = []
    taps()
    for number in range(clicks):
        due_ns = first_ns + number * every_ns
        clock.sleep_until_ns(due_ns)
        output.send(bytes((0x90 | CLICK_CHANNEL, CLICK_KEY, CLICK_VELOCITY)), due_ns)
        clock.sleep_until_ns(due_ns + CLICK_LENGTH_NS)
        output.send(bytes((0x80 | CLICK_CHANNEL, CLICK_KEY, 64)))
        tapped += taps()
    clock.sleep_until_ns(first_ns + clicks * every_ns)
    tapped += taps()
    return tap_delays_ms([first_ns + number * every_ns for number in range(clicks)], tapped)


def tap_delays_ms(clicks_ns: Sequence[int], taps_ns: Sequence[int]) -> list[float]:
    """How far each tap is from its nearest click; the first two, finding in, do not count."""
    found = [min((tap - click for click in clicks_ns), key=abs) / 1e6 for tap in taps_ns]
    return found[2:]


def settled(delays_ms: Sequence[float]) -> tuple[float, float] | None:
    """The median and how far half of them are from it; None where they are too few to tell."""
    if len(delays_ms) < LEAST_TAPS:
        return None
    middle = statistics.median(delays_ms)
    return middle, statistics.median(abs(delay - middle) for delay in delays_ms)
