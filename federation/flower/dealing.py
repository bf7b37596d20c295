"""Who works on which shard: every shard counts exactly once, whoever dies, lingers or lies.

A shard is dealt to a worker that is free. If no answer comes in time, or a bad one, the shard is
dealt again, to another worker where there is one: Flower goes on calling a dead worker online for
a minute, so whoever failed once is asked last. An answer that comes late still counts if it is the
first one for its shard; every later one is thrown away.

Pure: the clock is handed in, messages are ids. It refuses to send anything.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from federation.aggregate.rules import Partial, combine


@dataclass(frozen=True, slots=True)
class Given:
    """A shard on its way. since_s: when it was dealt, on the clock of the dealer."""

    worker: int
    shard: int
    since_s: float


class Dealing:
    """See the module. sizes: how many changes each shard has."""

    def __init__(
        self, sizes: Iterable[int], *, timeout_s: float, clock: Callable[[], float]
    ) -> None:
        self._sizes = tuple(sizes)
        self._timeout_s, self._clock = timeout_s, clock
        self._waiting = deque(range(len(self._sizes)))
        self._given: dict[str, Given] = {}
        self._late: dict[str, Given] = {}
        self._found: dict[int, Partial] = {}
        self._failed: set[int] = set()
        self.again = 0
        """How often a shard was dealt anew."""

    @property
    def done(self) -> bool:
        """Whether every shard has its answer."""
        return len(self._found) == len(self._sizes)

    @property
    def awaited(self) -> list[str]:
        """The messages whose answers are still of use."""
        late = [name for name, given in self._late.items() if given.shard not in self._found]
        return [*self._given, *late]

    def next(self, online: Iterable[int]) -> list[tuple[int, int]]:
        """(worker, shard) to be sent now. `sent` must follow for each that was."""
        busy = {given.worker for given in self._given.values()}
        free = sorted(set(online) - busy, key=lambda worker: (worker in self._failed, worker))
        if any(worker not in self._failed for worker in (*free, *busy)):
            free = [worker for worker in free if worker not in self._failed]
        return list(zip(free, self._waiting, strict=False))

    def sent(self, message: str, worker: int, shard: int) -> None:
        """A shard is on its way under this name."""
        self._waiting.remove(shard)
        self._given[message] = Given(worker, shard, self._clock())

    def answered(self, message: str, partial: Partial) -> bool:
        """Whether this answer counts: the first for its shard, of as many changes as were sent."""
        given = self._given.pop(message, None) or self._late.pop(message, None)
        if given is None:
            return False
        if partial.count != self._sizes[given.shard]:
            self._anew(given)
            return False
        if given.shard in self._found:
            return False
        self._found[given.shard] = partial
        if given.shard in self._waiting:  # it had been taken back from a slow worker
            self._waiting.remove(given.shard)
        return True

    def failed(self, message: str) -> None:
        """The worker said that it cannot, or what it said was of no use."""
        given = self._given.pop(message, None) or self._late.pop(message, None)
        if given is not None:
            self._anew(given)

    def overdue(self) -> list[Given]:
        """What took too long since it was dealt; it is dealt again, and may still be answered."""
        now_s = self._clock()
        found = {
            name: given
            for name, given in self._given.items()
            if now_s - given.since_s > self._timeout_s
        }
        for name, given in found.items():
            self._late[name] = self._given.pop(name)
            self._anew(given)
        return list(found.values())

    def total(self) -> Partial:
        """All shards together, in their own order whatever the order of the answers."""
        return combine(self._found[shard] for shard in range(len(self._sizes)))

    def _anew(self, given: Given) -> None:
        self._failed.add(given.worker)
        elsewhere = any(other.shard == given.shard for other in self._given.values())
        if given.shard not in self._found and given.shard not in self._waiting and not elsewhere:
            self._waiting.append(given.shard)
            self.again += 1
