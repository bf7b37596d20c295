"""Which contributions make a version: buffered, asynchronous (FedBuff, arXiv:2106.06639).

Nobody waits for a round: contributions come when they come, and K of them from different devices
make the next version. What is too old is left out, and what counts as one device does so once.

Pure functions over what the server leased. It refuses to lease, and to look at the numbers.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from federation.aggregate.rules import staleness_weight

LEAST_DEVICES = 20
MOST_STALE = 5
"""Versions: what started further back than this is not used."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A contribution in the mailbox. received: the order in which they came. notes: as told."""

    uuid: str
    device: str
    from_version: int
    received: int
    notes: int


@dataclass(frozen=True, slots=True)
class Batch:
    """What makes the next version, the weight of each for its age, and what is too old."""

    chosen: tuple[Waiting, ...]
    ages: tuple[float, ...]
    too_old: tuple[Waiting, ...]


def batch(
    waiting: Iterable[Waiting],
    head: int,
    *,
    least: int = LEAST_DEVICES,
    most: int | None = None,
    most_stale: int = MOST_STALE,
) -> Batch:
    """The batch for the version after `head`; nothing is chosen before `least` devices are there.

    First come, first served. Of two by one device the newer base wins (then the later one); the
    other stays. most: how many a version takes; the rest waits for the next one.
    """
    if not 1 <= least <= (most or least):
        raise ValueError(f"From {least} to {most} devices a version makes no sense.")
    usable: dict[str, Waiting] = {}
    too_old = []
    for one in sorted(waiting, key=lambda found: (found.received, found.uuid)):
        if one.from_version > head:
            raise ValueError("A contribution starts from a version that is not there yet.")
        if head - one.from_version > most_stale:
            too_old.append(one)
            continue
        other = usable.get(one.device)
        if other is None or one.from_version >= other.from_version:
            usable[one.device] = one
    chosen = sorted(usable.values(), key=lambda found: (found.received, found.uuid))[:most]
    if len(chosen) < least:
        chosen = []
    ages = tuple(staleness_weight(head - one.from_version) for one in chosen)
    return Batch(tuple(chosen), ages, tuple(too_old))
