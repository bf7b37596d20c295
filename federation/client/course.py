"""Where sharing stands between two runs: what was sent when, what failed, what was said already.

It refuses to hold anything that the ledger should, or that would not be forgotten with the rest.
"""

from datetime import datetime

import msgspec

from federation.client import places
from federation.client.places import Places

MOST_SENT = 64


class Sent(msgspec.Struct, frozen=True):
    """A contribution that the server has. state: pending, used or what the server said last.

    used_in: the version it went into; others: how many it was added to. when: ISO 8601.
    """

    id: str
    when: str
    lineage: str
    version: int
    sha256: str
    state: str = "pending"
    used_in: int | None = None
    others: int | None = None


class Course(msgspec.Struct, frozen=True):
    """See the module.

    not_before, receive_not_before: the next times that were drawn, to give and to look. failures:
    in a row, the last at `failed`, for `why`. told: whether `why` was said. answered: when the
    server last did what it was asked for. enrolled: with which
    server, for which text and as which device. receiving: whether new versions are looked for
    unasked, and from whom. epsilon: the newest that a manifest said. refused: a server's hash of a
    version that did not suit.
    """

    paused: bool = False
    not_before: str = ""
    receive_not_before: str = ""
    failures: int = 0
    failed: str = ""
    why: str = ""
    told: bool = False
    answered: str = ""
    enrolled: str = ""
    receiving: str = ""
    looked: str = ""
    epsilon: float | None = None
    refused: str = ""
    sent: tuple[Sent, ...] = ()


def load(where: Places) -> Course:
    """As it stands; a file that cannot be read may have said pause, so it does."""
    return places.read(where.course, Course) or Course(paused=damaged(where))


def damaged(where: Places) -> bool:
    """Whether there is a file that cannot be read."""
    return where.course.exists() and places.read(where.course, Course) is None


def change(where: Places, **changes: object) -> Course:
    """With these changes, and kept. Raises OSError."""
    course = msgspec.structs.replace(load(where), **changes)
    if len(course.sent) > MOST_SENT:
        course = msgspec.structs.replace(course, sent=course.sent[-MOST_SENT:])
    places.keep(where.course, course)
    return course


def failed(where: Places, why: str, now: datetime) -> Course:
    """One failure more; the same `why` as before is not to be said again. Raises OSError."""
    before = load(where)
    told = before.told and before.why == why
    return change(where, failures=before.failures + 1, failed=now.isoformat(), why=why, told=told)


def worked(where: Places, now: datetime, **changes: object) -> Course:
    """It worked: nothing has failed in a row any more. Raises OSError."""
    answered = now.isoformat(timespec="seconds")
    return change(where, failures=0, failed="", why="", told=False, answered=answered, **changes)


def when(text: str) -> datetime | None:
    """A time as it was kept; None for none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
