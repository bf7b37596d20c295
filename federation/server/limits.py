"""How much one device, and one address, may ask for: token buckets in this process.

A bucket holds `burst` requests and fills by `a_second`; who finds it empty is told when to come
again, before anything of the request is read. A device's bucket is emptied only by requests that
it signed, so nobody can lock another one out by its name. IPv6 addresses count by /64, which is
what one household has. Several gateways share a coarse limit a day beside this, in the database
(`federation.server.quotas`).

Addresses stay in memory, for as long as their bucket is not full. Thread: the event loop's.
"""

import ipaddress
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

MOST_SUBJECTS = 200_000


@dataclass(frozen=True, slots=True)
class Rate:
    """See the module."""

    a_second: float
    burst: float


class Buckets:
    """One bucket a subject; the clock is of seconds that only go forward."""

    def __init__(self, rate: Rate, clock: Callable[[], float], most: int = MOST_SUBJECTS) -> None:
        self._rate, self._clock, self._most = rate, clock, most
        self._found: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._found)

    def wait_s(self, subject: str) -> float:
        """0 if there is a token left, else when there will be one. Takes none."""
        tokens = self._tokens(subject)
        return 0.0 if tokens >= 1.0 else (1.0 - tokens) / self._rate.a_second

    def take(self, subject: str) -> float:
        """Take a token and return 0, or return how long to wait."""
        tokens = self._tokens(subject)
        if tokens < 1.0:
            return (1.0 - tokens) / self._rate.a_second
        self._found[subject] = (tokens - 1.0, self._clock())
        self._found.move_to_end(subject)
        while self._found:
            oldest, (left, at) = next(iter(self._found.items()))
            full = left + (self._clock() - at) * self._rate.a_second >= self._rate.burst
            if not full and len(self._found) <= self._most:
                break
            del self._found[oldest]
        return 0.0

    def _tokens(self, subject: str) -> float:
        left, at = self._found.get(subject, (self._rate.burst, 0.0))
        if subject not in self._found:
            return left
        return min(self._rate.burst, left + (self._clock() - at) * self._rate.a_second)


def household(address: str) -> str:
    """What an address is counted as: itself, or its /64."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if found.version == 4:
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found) >> 64 << 64, 64)))
