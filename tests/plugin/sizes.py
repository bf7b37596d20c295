"""How much a session holds on to: every container that it reaches, by where it is."""

from collections import deque
from collections.abc import Iterator

from plugin.session import Session

OTHERS = {"_emit", "_steer", "_takes", "_engine"}
"""Not the session's own."""


def sizes(session: Session) -> dict[str, int]:
    """Length of every list, tuple, dictionary, set and deque, by its way from the session."""
    return dict(_containers(session, "session", set()))


def _containers(thing: object, path: str, seen: set[int]) -> Iterator[tuple[str, int]]:
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, list | dict | set | deque | tuple):
        yield path, len(thing)
        inside = list(thing.values()) if isinstance(thing, dict) else list(thing)
        for at, part in enumerate(inside[:64]):
            yield from _containers(part, f"{path}[{at}]", seen)
        return
    if not type(thing).__module__.startswith("plugin."):
        return
    names = [*getattr(thing, "__dict__", {})]
    for kind in type(thing).__mro__:
        slots = getattr(kind, "__slots__", ())
        names += [slots] if isinstance(slots, str) else [*slots]
    for name in names:
        if name not in OTHERS and hasattr(thing, name):
            yield from _containers(getattr(thing, name), f"{path}.{name}", seen)
