"""What the figures are made of: lists of moments and messages in, figures out.

Pure. Times are nanoseconds of one monotonic clock. It refuses to judge: that is `aims`.
"""

import bisect
import itertools
import statistics
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tests.behaviour.performance import still_sounding


class Heard(NamedTuple):
    """A message on a wire: the monotonic clock's moment, the message, the server's frame."""

    at_ns: int
    message: bytes
    frame: int = 0


class Struck(NamedTuple):
    """A note's beginning or end."""

    at_ns: int
    channel: int
    pitch: int
    frame: int = 0


AROUND = 25
"""Values on either side that say what is usual."""
CYCLES_AROUND = 5
"""On either side of a frame; they are a sixth of a second apart."""

Percentiles = dict[str, float | None]


def percentiles(values: Iterable[float]) -> Percentiles:
    """p50, p95, p99 and the largest, by nearest rank; None where there is nothing."""
    ordered = sorted(values)

    def at(share: float) -> float | None:
        if not ordered:
            return None
        return round(ordered[max(0, -int(-share * len(ordered) // 1) - 1)], 3)

    return {"p50": at(0.50), "p95": at(0.95), "p99": at(0.99), "max": at(1.0)}


def begins(message: bytes) -> bool:
    """Whether a message begins a note."""
    return message[0] & 0xF0 == 0x90 and message[2] > 0


def ends(message: bytes) -> bool:
    """Whether a message ends a note."""
    return message[0] & 0xF0 == 0x80 or (message[0] & 0xF0 == 0x90 and message[2] == 0)


def note_ons(messages: Iterable[Heard]) -> list[Struck]:
    """Every note that begins."""
    return [
        Struck(h.at_ns, h.message[0] & 15, h.message[1], h.frame)
        for h in messages
        if begins(h.message)
    ]


def note_offs(messages: Iterable[Heard]) -> list[Struck]:
    """Every note that ends."""
    return [
        Struck(h.at_ns, h.message[0] & 15, h.message[1], h.frame)
        for h in messages
        if ends(h.message)
    ]


def beside_usual(values: Sequence[float]) -> list[float]:
    """How far each value is from the median of those around it.

    Two clocks that drift, or of which one jumps now and then, differ by that median.
    """
    found = []
    for place, value in enumerate(values):
        first = max(0, min(place - AROUND, len(values) - 2 * AROUND - 1))
        found.append(abs(value - statistics.median(values[first : first + 2 * AROUND + 1])))
    return found


class ServerClock:
    """The server's frames as moments of the machine's clock, from cycles that were written down.

    Between two stumbles both clocks run alike, but for the moment at which a cycle was noticed: so
    the median of the cycles around counts.
    """

    def __init__(self, cycles: Sequence[Heard], rate_hz: int) -> None:
        """cycles: by ascending frame, as one client noticed them."""
        self._rate_hz = rate_hz
        self._frames = [cycle.frame for cycle in cycles]
        self._offsets_ns = [cycle.at_ns - self._ns(cycle.frame) for cycle in cycles]

    def at_ns(self, frame: int) -> float:
        """When this frame was; without any cycle as if the server had begun with the machine."""
        if not self._frames:
            return self._ns(frame)
        place = bisect.bisect_left(self._frames, frame)
        first = max(0, min(place - CYCLES_AROUND, len(self._frames) - 2 * CYCLES_AROUND))
        around = self._offsets_ns[first : first + 2 * CYCLES_AROUND]
        return self._ns(frame) + statistics.median(around)

    def _ns(self, frames: int) -> float:
        return frames * 1e9 / self._rate_hz


def joined(listeners: Sequence[Sequence[Heard]]) -> list[Heard]:
    """What listeners heard one after the other; what sounds at one ends when it goes."""
    found: list[Heard] = []
    for number, messages in enumerate(listeners):
        found += messages
        if number < len(listeners) - 1 and messages:
            last = messages[-1]
            for channel, pitch in still_sounding((h.at_ns / 1e9, h.message) for h in messages):
                found.append(last._replace(message=bytes((0x80 | channel, pitch, 0))))
    return found


def stuck_notes(messages: Iterable[Heard]) -> int:
    """Notes that were begun and never ended."""
    return len(still_sounding((h.at_ns / 1e9, h.message) for h in messages))


@dataclass(frozen=True, slots=True)
class Matched:
    """Pairs of indices (sent, arrived); what was sent and not heard; what nobody sent."""

    pairs: list[tuple[int, int]]
    lost: list[int]
    extra: list[int]


def match(
    sent: Sequence[Struck], arrived: Sequence[Struck], *, early_ns: int = 0, within_ns: int
) -> Matched:
    """Which arrival belongs to which note: the first of its key that is still waited for.

    It comes at most `within_ns` after it was sent, and at most `early_ns` before: a note is told of
    after it was sent.
    """
    waiting: dict[tuple[int, int], deque[int]] = defaultdict(deque)
    for number, note in enumerate(sent):
        waiting[note.channel, note.pitch].append(number)
    pairs, extra = [], []
    for number, note in enumerate(arrived):
        queue = waiting[note.channel, note.pitch]
        while queue and sent[queue[0]].at_ns < note.at_ns - within_ns:
            queue.popleft()
        if queue and sent[queue[0]].at_ns - early_ns <= note.at_ns:
            pairs.append((queue.popleft(), number))
        else:
            extra.append(number)
    found = {number for number, _ in pairs}
    lost = [number for number in range(len(sent)) if number not in found]
    return Matched(pairs, lost, extra)


def silence_after(
    messages: Sequence[Heard], at_ns: int, *, lasting_ns: int, within_ns: int
) -> int | None:
    """From a moment to the beginning of the first silence that lasts `lasting_ns`, in ns.

    None if nothing sounded at that moment; `within_ns` if no silence came within that.
    """
    sounding: set[tuple[int, int]] = set()
    asked, silent_ns = False, None
    for when_ns, message, _ in messages:
        if when_ns > at_ns and not asked:
            if not sounding:
                return None
            asked = True
        if when_ns > at_ns + within_ns:
            break
        if silent_ns is not None and when_ns - silent_ns >= lasting_ns:
            return silent_ns - at_ns
        key = (message[0] & 0x0F, message[1])
        if begins(message):
            sounding.add(key)
        elif ends(message):
            sounding.discard(key)
        if not asked or sounding:
            silent_ns = None
        elif silent_ns is None:
            silent_ns = when_ns
    if not asked:
        return within_ns if sounding else None
    return within_ns if silent_ns is None else silent_ns - at_ns


def gap_frames(first: Struck, releases: Sequence[Struck]) -> int | None:
    """Frames from the player's last release before a note to that note; None without one.

    releases: by ascending frame.
    """
    place = bisect.bisect_left(releases, first.frame, key=lambda release: release.frame)
    return first.frame - releases[place - 1].frame if place else None


def quarters(moments: Sequence[int], begin_ns: int, end_ns: int) -> list[int]:
    """How many of the moments lie in each quarter of a stretch of time."""
    counts = [0, 0, 0, 0]
    for at_ns in moments:
        if begin_ns <= at_ns < end_ns:
            counts[(at_ns - begin_ns) * 4 // (end_ns - begin_ns)] += 1
    return counts


def used_by_quarter(samples: Sequence[tuple[int, int, float]]) -> list[float]:
    """Seconds of processor time in each quarter of the time that samples (ns, pid, used_s) span.

    What a process had used when it was first seen is not counted; several may follow each other.
    """
    used = [0.0, 0.0, 0.0, 0.0]
    if len(samples) < 2:
        return used
    begin_ns, span_ns = samples[0][0], samples[-1][0] - samples[0][0]
    for before, after in itertools.pairwise(samples):
        if before[1] == after[1]:
            quarter = min(3, (after[0] - begin_ns) * 4 // max(span_ns, 1))
            used[quarter] += after[2] - before[2]
    return used


def growth_mb_per_hour(samples: Sequence[tuple[int, float]]) -> float | None:
    """Slope of (ns, MB) by least squares; None where it says nothing."""
    if len(samples) < 10:
        return None
    hours = [at_ns / 3.6e12 for at_ns, _ in samples]
    slope, _ = statistics.linear_regression(hours, [mb for _, mb in samples])
    return round(slope, 2)
