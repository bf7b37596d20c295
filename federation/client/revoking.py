"""The end of sharing: everything of it is deleted here, and the server is asked to forget.

Only the device's own key can sign that question. So if there is one, it stays, with the address of
the server and nothing else, until the server has answered; then it goes, too, and the folder with
it. It refuses to keep anything for a change of mind.
"""

import msgspec

from federation.client import course, places, switches
from federation.client.consent import Server
from federation.client.course import Course
from federation.client.keys import drop_key, has_key
from federation.client.places import Places


class Forget(msgspec.Struct, frozen=True):
    """What is left to be said: to whom."""

    server: Server


def revoke(where: Places, *, keep_received: bool) -> bool:
    """Delete it. Whether the server is still to be told (`told` after it was). Raises OSError."""
    set_, now = switches.settings(where), course.load(where)
    waits = places.read(where.forget, Forget)
    knows = now.enrolled or course.damaged(where)
    if waits is None and set_.server is not None and knows and has_key(where):
        waits = Forget(set_.server)
    places.remove(where.consent)  # first: whatever happens next, nothing is sent any more
    if waits is not None:
        places.keep(where.forget, waits)
    kept = {where.forget, where.key} if waits is not None else set()
    if keep_received:
        kept |= {where.adopted, where.previous, where.received}
        if now.receiving:
            kept.add(where.settings)
    if where.root.is_dir():
        for path in sorted(where.root.iterdir()):
            if path not in kept:
                places.remove_all(path)
    if keep_received and now.receiving:
        places.keep(where.course, Course(receiving=now.receiving))
    if waits is None:
        drop_key(where)
    _tidy(where)
    return waits is not None


def told(where: Places) -> None:
    """The server has answered: the key and the rest go. Raises OSError."""
    drop_key(where)
    places.remove(where.forget)
    _tidy(where)


def _tidy(where: Places) -> None:
    if where.root.is_dir() and not any(where.root.iterdir()):
        where.root.rmdir()
