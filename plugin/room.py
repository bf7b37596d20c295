"""Who holds which key of the output: whoever strikes one has the others let go of it first.

Partner, player (passed on), metronome and an audition share one port; a key that two of them held
would be ended by the first release. It refuses to know who they are.

Thread: one. Real-time: yes.
"""

from collections.abc import Callable
from typing import Protocol

Release = Callable[[int, int, int], None]
"""Told the moment, a channel and a key: what sounds there ends now."""


class Holder(Protocol):
    """Somebody who strikes keys."""

    def release_key(self, now_ns: int, channel: int, pitch: int) -> None:
        """Somebody else strikes this key: end it first."""


class Room:
    """See the module."""

    def __init__(self) -> None:
        self._holders: dict[str, Holder] = {}

    def between(self, **holders: Holder) -> None:
        """These are all who strike keys."""
        self._holders = holders

    def maker(self, name: str) -> Release:
        """What the holder of this name calls before it strikes a key."""

        def make_room(now_ns: int, channel: int, pitch: int) -> None:
            for other, holder in self._holders.items():
                if other != name:
                    holder.release_key(now_ns, channel, pitch)

        return make_room
