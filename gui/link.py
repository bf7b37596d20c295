"""What the window needs of a session process, whatever it is: the real one, or a test's.

Qt-free, because the first one is started before Qt is loaded. It refuses to start anything.
"""

from collections.abc import Callable
from typing import Protocol

from plugin.served.messages import Asked, Open, Told


class Link(Protocol):
    """What the bridge needs of `plugin.served.client.SessionProcess`."""

    @property
    def alive(self) -> bool:
        """Whether the process runs and can be spoken to."""

    def send(self, asked: Asked) -> bool:
        """Ask the session for something, or False; never raises."""

    def close(self, timeout_s: float) -> None:
        """End it: asked, waited for, killed."""


StartLink = Callable[[Callable[[Told], None], Open], Link]
"""Starts a session process and asks it to open; what it tells goes to the function, from any
thread, and the last of it is an `Over`."""
