"""What is the case with sharing, in one value. Looking writes nothing and opens nothing."""

from collections.abc import Mapping
from dataclasses import dataclass

from federation.client import consent, course, material, preview, switches
from federation.client.adopted import version
from federation.client.consent import Choices, ConsentRecord, Server
from federation.client.outbox import Outbox
from federation.client.places import Places


@dataclass(frozen=True, slots=True)
class SharingStatus:
    """What is the case. stage: "off", "look" (previews only) or "send".

    forbidden: what switches it off whatever was agreed to, "" for nothing. asks_again: why an
    earlier yes no longer holds. next_time: ISO 8601, "" for as soon as it suits. trouble: a
    sentence, to be said once (`said` it). forgetting: the server has not heard yet that it should
    forget. version: of the shared model that plays here, None for the prior alone. epsilon_left:
    None where nothing is promised yet.
    """

    stage: str
    forbidden: str
    asks_again: str
    paused: bool
    server: Server | None
    choices: Choices | None
    agreed: str
    items: int
    notes: int
    preview: bool
    waiting: int
    sent: int
    last_sent: str
    next_time: str
    receiving: bool
    version: int | None
    previous: bool
    epsilon_spent: float | None
    epsilon_left: float | None
    trouble: str
    forgetting: bool

    @property
    def on(self) -> bool:
        """Whether anything may leave."""
        return self.stage == "send" and not self.forbidden


def stage_of(record: ConsentRecord | None, set_: switches.Settings) -> str:
    """Of the yes, if it holds; else "off"."""
    return "off" if record is None or consent.why_not(record, set_.server) else record.stage


def status_of(where: Places, environment: Mapping[str, str]) -> SharingStatus:
    """See the module."""
    set_ = switches.settings(where)
    record, now = consent.load(where), course.load(where)
    stage = stage_of(record, set_)
    choices = record.choices if record else None
    again = consent.why_not(record, set_.server) if record else ""
    if record is None and where.consent.exists():
        again = "What you agreed to cannot be read: say yes anew with `antiphon share on`."
    shown = material.items(where)
    spent = now.epsilon
    return SharingStatus(
        stage,
        switches.forbidden(environment, set_),
        again,
        now.paused,
        set_.server,
        choices,
        record.agreed if record else "",
        len(shown),
        sum(item.notes for item in shown),
        preview.look(where) is not None,
        len(Outbox(where).parcels()),
        len(now.sent),
        now.sent[-1].when if now.sent else "",
        now.not_before if stage != "off" else "",
        bool(now.receiving),
        version(where),
        where.previous.exists(),
        spent,
        None if spent is None or choices is None else max(0.0, choices.epsilon_most - spent),
        "" if now.told else now.why,
        where.forget.exists(),
    )
