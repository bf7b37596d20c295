"""Whether it is time: once a day at most, a little later each time, never where it disturbs.

A pure function of what is the case and when. What is not known counts as no: a machine that does
not say whether it is on mains is on battery. It refuses to read clocks, batteries and files.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
JITTER = timedelta(hours=6)
NO_CAP = 1000
IDLE_S = 300.0
"""So long nobody has played, before anything is worked out."""
HOLD = DAY
"""What is sent without asking lies for so long where it can be looked at and taken back."""
FIRST_BACK_OFF, LONGEST_BACK_OFF = timedelta(minutes=15), timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is the case.

    on_mains: None is not known. sent: when contributions were taken by the server. not_before: the
    next time that was drawn, None for none yet. failures: in a row, the last one at `failed`.
    """

    now: datetime
    idle_s: float = 0.0
    on_mains: bool | None = None
    paused: bool = False
    sent: Sequence[datetime] = ()
    not_before: datetime | None = None
    failures: int = 0
    failed: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """due: now. why: why not, a sentence. again: when to look again, None for whenever."""

    due: bool
    why: str = ""
    again: datetime | None = None


def decide(facts: Facts, *, most_a_week: int, mains_only: bool) -> Decision:
    """Whether something may be worked out or sent now, unasked."""
    now = facts.now
    if facts.paused:
        return Decision(False, "Sharing is paused.")
    # A time further ahead than any that is drawn: the clock went back, and it means nothing.
    if facts.not_before is not None and now < facts.not_before <= now + DAY + JITTER:
        return Decision(False, "It was done not long ago.", facts.not_before)
    waits = back_off(facts.failures)
    if facts.failed is not None and facts.failed <= now < facts.failed + waits:
        why = "The server could not be reached; it is tried again later."
        return Decision(False, why, facts.failed + waits)
    week = sorted(when for when in facts.sent if abs(now - when) < WEEK)
    if len(week) >= most_a_week:
        return Decision(False, "As often this week as you allow.", week[-most_a_week] + WEEK)
    if facts.idle_s < IDLE_S:
        return Decision(False, "Not while you play.")
    if mains_only and facts.on_mains is not True:
        return Decision(False, "Not on battery.")
    return Decision(True)


def next_time(now: datetime, chance: Callable[[int], bytes]) -> datetime:
    """A day from now and a little, drawn so that not all come at once."""
    share = int.from_bytes(chance(4), "big") / 2**32
    return now + DAY + share * JITTER


def back_off(failures: int) -> timedelta:
    """How long to leave the server alone after so many failures in a row."""
    if failures <= 0:
        return timedelta(0)
    return min(FIRST_BACK_OFF * (1 << min(failures - 1, 16)), LONGEST_BACK_OFF)
