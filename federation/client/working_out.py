"""Works out a change and lays it down to be looked at: the tasks `prepare` and `contribute`.

Before the yes to sending nothing is asked of the server: the change then starts from what was
received before, or from the prior. A yes that is withdrawn meanwhile counts. It refuses to send.
"""

from typing import TYPE_CHECKING

from federation.client import course, material, preview, schedule
from federation.client.consent import LOOK, SEND, ConsentRecord
from federation.client.fetching import fetch
from federation.client.mailbox import AwayError
from federation.client.means import Done, Means, Tell, lineage_of
from federation.client.preview import Preview
from federation.client.trouble import SharingError
from federation.formats.lineage import Lineage

if TYPE_CHECKING:
    from federation.formats.shared import SharedVersion


def prepare(means: Means, tell: Tell) -> Done:
    """Work out what would be sent, and lay it down to be looked at."""
    found = _change(means, tell)
    return {"sha256": found.sha256, "bytes": found.bytes}, "Worked out; nothing was sent."


def contribute(means: Means, tell: Tell) -> Done:
    """Work it out and approve it, as the standing yes allows; it is held for a day."""
    means.sharing.need(SEND)
    found = _change(means, tell)
    later = (means.now() + schedule.HOLD).isoformat()
    parcel = means.sharing.approve(found.sha256, not_before=later)
    return {"id": parcel.id, "not_before": later}, "It is sent tomorrow, unless you say no."


def _change(means: Means, tell: Tell) -> Preview:
    from engine.adapt.material import MaterialError
    from federation.client.lesson import phrases_of
    from federation.client.training import Policy
    from federation.formats.clipping import USUAL_LIMIT
    from federation.formats.shared import nothing_learnt

    record, lineage = means.sharing.need(LOOK), lineage_of(means)
    try:
        phrases = phrases_of(material.pieces(means.places))
    except MaterialError as error:
        raise SharingError(f"{error} Then let them teach, too.") from error
    base = _base(means, record, lineage)
    manifest = base.manifest if base else None
    version = manifest.version if manifest else 0
    if record.stage == SEND:
        _once_a_version(means, lineage, version)
    policy = Policy(
        manifest.clip if manifest and manifest.clip else USUAL_LIMIT,
        record.choices.blur,
        record.choices.epsilon_most,
        manifest.epsilon_spent if manifest else None,
        means.app,
    )
    trainer = means.trainer(means.weights, lineage)
    data, about = trainer.change(
        phrases,
        base.tensors if base else nothing_learnt(lineage),
        version,
        policy,
        chance=means.chance,
        made=means.now().isoformat(timespec="seconds"),
        tell=lambda words, step, of: tell({"step": step, "of": of, "says": f"{words}..."}),
    )
    means.sharing.need(LOOK)  # a yes that was withdrawn meanwhile counts
    preview.put(means.places, data, about)
    later = schedule.next_time(means.now(), means.chance).isoformat()
    course.change(means.places, not_before=later, epsilon=policy.epsilon_spent)
    return about


def _once_a_version(means: Means, lineage: Lineage, version: int) -> None:
    """Raises SharingError if there is nothing to give now."""
    gave = {(one.lineage, one.version) for one in course.load(means.places).sent}
    if version and (lineage.id, version) not in gave:
        return
    later = schedule.next_time(means.now(), means.chance).isoformat()
    course.change(means.places, not_before=later)
    if not version:
        raise SharingError("The server has no shared version yet: try again another day.")
    raise SharingError(
        f"You have given to version {version} already: the next one comes when enough others have."
    )


def _base(means: Means, record: ConsentRecord, lineage: Lineage) -> "SharedVersion | None":
    """What the change starts from. Before the yes to sending nothing is asked of the server."""
    from federation.client.received import newest

    if record.stage != SEND:
        return newest(means.places, record.server, lineage)
    mailbox = means.mailbox(record.server)
    try:
        found = fetch(means, mailbox, record.server, lineage)
        course.worked(means.places, means.now())
        return found
    except AwayError as error:
        course.failed(means.places, str(error), means.now())
        raise
    finally:
        mailbox.close()
