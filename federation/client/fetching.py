"""Shared versions: fetches and checks the newest, tries it, uses it: the task `receive`.

It refuses to use what is not signed, not whole, or not better on the player's own phrases, and it
tells the server nothing of the player: no key goes with the question.
"""

from typing import TYPE_CHECKING

from federation.client import course, material, schedule
from federation.client.consent import Server
from federation.client.mailbox import Mailbox
from federation.client.means import Done, Means, Tell, lineage_of, log
from federation.client.trouble import ForbiddenError, SharingError
from federation.formats.lineage import Lineage

if TYPE_CHECKING:
    from federation.formats.shared import SharedVersion


def receive(means: Means, tell: Tell) -> Done:
    """Look for a newer version, try it, and use it if it is better."""
    from federation.client.adoption import adopt, judge, plays_now, tried_on

    server, lineage = means.sharing.server(), lineage_of(means)
    tell({"step": "looking", "says": "Looking for a newer version..."})
    mailbox = means.mailbox(server)
    try:
        _leave_withdrawn(means, mailbox, server, lineage)
        new = fetch(means, mailbox, server, lineage)
    except ForbiddenError:
        raise
    except SharingError as error:
        # Away, or not to be believed: either way it is left alone for a while.
        course.failed(means.places, str(error), means.now())
        raise
    finally:
        mailbox.close()
    later = schedule.next_time(means.now(), means.chance).isoformat()
    plays = means.sharing.status().version
    if new is None:
        course.worked(means.places, means.now(), receive_not_before=later)
        return {"version": plays, "adopted": False}, "There is no shared version yet."
    known = course.load(means.places).refused == new.manifest.sha256
    course.worked(means.places, means.now(), receive_not_before=later, looked=new.manifest.sha256)
    if known or new.manifest.version == plays:
        return {"version": plays, "adopted": False}, "There is nothing newer for you."
    tell({"step": "trying", "says": f"Trying version {new.manifest.version} on your phrases..."})
    trainer = means.trainer(means.weights, lineage)
    phrases = tried_on(means.places, material.pieces(means.places))
    verdict = judge(trainer, phrases, plays_now(means.places, lineage), new)
    means.sharing.server()  # a switch that was thrown meanwhile counts
    if verdict.better:
        adopt(means.places, trainer, new, lineage)
    elif phrases:
        course.change(means.places, refused=new.manifest.sha256)
    result = "adopted" if verdict.better else "left alone"
    log(means, "receive", result, server, version=new.manifest.version)
    version = new.manifest.version if verdict.better else plays
    return {"version": version, "adopted": verdict.better}, verdict.says


def fetch(
    means: Means, mailbox: Mailbox, server: Server, lineage: Lineage
) -> "SharedVersion | None":
    """The newest version, checked and kept; None where the server has none."""
    from federation.client import received

    answer = mailbox.manifest(lineage.id)
    if answer is None:
        return None
    manifest = received.verified(*answer, server)
    if manifest.withdrawn or manifest.lineage != lineage.id:
        raise SharingError("The server's newest version is not for this Antiphon: update it.")
    kept = received.newest(means.places, server, lineage)
    if kept is not None and kept.manifest == manifest:
        return kept
    data = mailbox.blob(manifest.sha256)
    found = received.opened(manifest, data, lineage)
    means.sharing.server()
    received.put(means.places, *answer, data)
    return found


def _leave_withdrawn(means: Means, mailbox: Mailbox, server: Server, lineage: Lineage) -> None:
    """A version that plays here and was withdrawn gives way to what played before it."""
    from federation.client import adopted, received

    plays = adopted.version(means.places)
    if plays is None:
        return
    answer = mailbox.manifest(lineage.id, plays)
    if answer is not None and received.verified(*answer, server).withdrawn:
        adopted.back(means.places)
        log(means, "receive", "withdrawn, left", server, version=plays)
