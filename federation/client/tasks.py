"""The things that take long, by name: prepare, contribute, send, receive, forget. Each runs once.

Every task checks the switches and the yes when it begins, and again before anything leaves or is
written: a yes that is withdrawn meanwhile counts. Before anything leaves, the log says so. What
goes wrong is a sentence, and is counted, so that the schedule leaves the server alone for a while.

It refuses to decide: whoever starts it has.
"""

from federation.client.fetching import receive
from federation.client.means import Done, Means, Tell
from federation.client.sending import send
from federation.client.working_out import contribute, prepare


def run(task: str, means: Means, tell: Tell) -> Done:
    """One task by its name. Raises SharingError, OSError."""
    return TASKS[task](means, tell)


def forget(means: Means, tell: Tell) -> Done:
    """Ask the server to forget this device; after that the key goes, too."""
    from federation.client import places, revoking

    waits = places.read(means.places.forget, revoking.Forget)
    if waits is None:
        return {"forgotten": True}, ""
    tell({"step": "forgetting", "says": "Asking the server to forget this device..."})
    mailbox = means.mailbox(waits.server)
    try:
        mailbox.forget(means.key(means.places))
    finally:
        mailbox.close()
    revoking.told(means.places)
    return {
        "forgotten": True
    }, "The server has deleted what waited there, and takes nothing of this key any more."


TASKS = {
    "prepare": prepare, "contribute": contribute, "send": send, "receive": receive,
    "forget": forget,
}  # fmt: skip


__all__ = ["TASKS", "Means", "run"]
