"""Which task it is time for, if any: what is agreed to, what waits, and the schedule together.

It opens nothing and writes nothing. It refuses to start anything.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from federation.client import consent, course, material, preview, schedule, switches
from federation.client.consent import Choices, ConsentRecord
from federation.client.course import Course
from federation.client.outbox import Outbox
from federation.client.places import Places
from federation.client.status import stage_of


def due(
    where: Places,
    environment: Mapping[str, str],
    now: datetime,
    idle_s: float,
    on_mains: Callable[[], bool | None],
) -> str:
    """The name of the task, "" for none. idle_s: for so long nobody has played."""
    set_, record = switches.settings(where), consent.load(where)
    stage, kept = stage_of(record, set_), course.load(where)
    if (stage == "off" and not kept.receiving) or switches.forbidden(environment, set_):
        return ""
    choices = record.choices if record is not None and stage != "off" else Choices()
    for task in _wanted(where, record, kept, stage, now):
        if task == "receive" and (set_.server is None or set_.server.url != kept.receiving):
            continue
        facts = schedule.Facts(
            now,
            idle_s,
            on_mains(),
            kept.paused,
            [when for one in kept.sent if (when := course.when(one.when))],
            course.when(_not_before(task, kept)),
            kept.failures,
            course.when(kept.failed),
        )
        most = choices.most_a_week if task != "receive" else schedule.NO_CAP
        if schedule.decide(facts, most_a_week=most, mains_only=choices.mains_only).due:
            return task
    return ""


def ripe(not_before: str, now: datetime) -> bool:
    """Whether what was held for a day may go."""
    when = course.when(not_before)
    # Further ahead than it could have been held: the clock went back since.
    return when is None or when <= now or when > now + schedule.HOLD + schedule.JITTER


def _wanted(
    where: Places, record: ConsentRecord | None, kept: Course, stage: str, now: datetime
) -> Iterator[str]:
    """Giving first; looking has a day of its own, so that both get their turn."""
    waiting = Outbox(where).parcels() if stage == "send" else []
    if any(ripe(parcel.not_before, now) for parcel in waiting):
        yield "send"
    elif stage == "send" and record is not None and not waiting and not _decides(where):
        spent = kept.epsilon
        used_up = spent is not None and spent >= record.choices.epsilon_most
        if material.items(where) and not used_up:
            yield "prepare" if consent.asks_first(record.choices, now.date()) else "contribute"
    if kept.receiving:
        yield "receive"


def _decides(where: Places) -> bool:
    """Whether a person has something to decide on; the very first preview cannot be sent."""
    found = preview.look(where)
    return found is not None and found.version > 0


def _not_before(task: str, kept: Course) -> str:
    """The time that was drawn for it; what was approved is sent when it is ripe."""
    return {"send": "", "receive": kept.receive_not_before}.get(task, kept.not_before)
