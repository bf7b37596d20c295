"""Sends what was approved, byte for byte, and asks what became of it: the task `send`.

Before anything leaves, the yes is looked at once more and the log says so. What the server has
acknowledged is noted before it is taken out of the outbox, and its number stays the same until
then, so that nothing is counted twice, whatever is killed. It refuses to send what was not shown.
"""

from typing import TYPE_CHECKING

from federation.client import course, schedule
from federation.client.consent import SEND, ConsentRecord
from federation.client.course import Sent
from federation.client.due import ripe
from federation.client.mailbox import AwayError, Mailbox, RefusedError
from federation.client.means import Done, Means, Tell, log, log_parcel
from federation.client.outbox import Outbox, Parcel
from federation.client.trouble import SharingError

if TYPE_CHECKING:
    from federation.formats.requests import DeviceKey

_ENDS = frozenset({"used", "withdrawn", "expired", "quarantined"})


def send(means: Means, tell: Tell) -> Done:
    """Send what was approved and is ripe, and ask what became of what was sent before."""
    record = means.sharing.need(SEND)
    box, taken = Outbox(means.places), []
    found = [one for one in box.parcels() if ripe(one.not_before, means.now())]
    if not found:
        raise SharingError("Nothing waits to be sent.")
    tell({"step": "sending", "says": "Sending..."})
    mailbox = means.mailbox(record.server)
    try:
        key = means.key(means.places)
        _enrol(means, mailbox, key, record)
        for parcel in found:
            taken.append(_send(means, mailbox, key, record, parcel).id)
        _ask_after(means, mailbox, key)
    except AwayError as error:
        course.failed(means.places, str(error), means.now())
        raise
    finally:
        mailbox.close()
    later = schedule.next_time(means.now(), means.chance).isoformat()
    course.worked(means.places, means.now(), not_before=later)
    return {"sent": taken}, f"Sent: {len(taken)}. `antiphon share log` shows it."


def _enrol(means: Means, mailbox: Mailbox, key: "DeviceKey", record: ConsentRecord) -> None:
    """Once for each server, key and text."""
    mark = f"{record.server.url} {key.id} {record.text_sha256}"
    if course.load(means.places).enrolled == mark:
        return
    means.sharing.need(SEND)
    log(means, "enrol", "begins", record.server)
    # Noted first: what the server may have heard must be forgotten again when it is revoked.
    course.change(means.places, enrolled=f"{mark} asked")
    try:
        mailbox.enrol(key, record)
    except SharingError as error:
        log(means, "enrol", f"failed: {error}", record.server)
        raise
    course.change(means.places, enrolled=mark)
    log(means, "enrol", "done", record.server)


def _send(
    means: Means, mailbox: Mailbox, key: "DeviceKey", record: ConsentRecord, parcel: Parcel
) -> Parcel:
    box = Outbox(means.places)
    data = box.data(parcel)
    means.sharing.need(SEND)
    log_parcel(means, record, parcel, "begins")
    try:
        state = mailbox.put(key, parcel.id, parcel.version, data)
    except RefusedError as error:
        log_parcel(means, record, parcel, f"refused: {error}")
        if error.why in {"unknown", "consent"}:
            course.change(means.places, enrolled="")  # it stays, and is enrolled anew next time
        elif error.why == "clock":
            course.failed(means.places, str(error), means.now())
        elif error.why != "certificate":
            box.remove(parcel.id)
        raise
    except SharingError as error:
        log_parcel(means, record, parcel, f"failed: {error}")
        raise
    log_parcel(means, record, parcel, f"taken: {state.status}")
    sent = Sent(
        parcel.id, means.now().isoformat(), parcel.lineage, parcel.version, parcel.sha256,
        state.status, state.used_in, state.with_others,
    )  # fmt: skip
    # One killed before the next line sends it again: it is still one contribution.
    before = (one for one in course.load(means.places).sent if one.id != parcel.id)
    course.change(means.places, sent=(*before, sent))
    box.remove(parcel.id)
    return parcel


def _ask_after(means: Means, mailbox: Mailbox, key: "DeviceKey") -> None:
    """What became of what was sent before."""
    import msgspec

    found = []
    for one in course.load(means.places).sent:
        if one.state not in _ENDS:
            try:
                state = mailbox.state(key, one.id)
                new = {"state": state.status, "used_in": state.used_in, "others": state.with_others}
                one = msgspec.structs.replace(one, **new)
            except RefusedError:
                one = msgspec.structs.replace(one, state="expired")
        found.append(one)
    course.change(means.places, sent=tuple(found))
