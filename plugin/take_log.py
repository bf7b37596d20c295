"""What a recorder needs of the take library: takes that begin, go on and are over.

`plugin.takes_writer.TakeWriter` is one, tests have another. It refuses to read.
"""

from collections.abc import Mapping
from typing import Protocol

from engine.events import Timebase, Voice


class TakeLog(Protocol):
    """See the module; no method blocks or raises."""

    def begin_take(
        self,
        timebase: Timebase,
        *,
        model: str = "",
        seed: int | None = None,
        settings: Mapping[str, object] | None = None,
        name: str = "",
        start_beat: float = 0.0,
    ) -> str:
        """A new take starts now; its id."""

    def message(self, take_id: str, side: Voice, t_ns: int, message: bytes) -> None:
        """This message sounded `t_ns` after the take's start."""

    def finish(
        self,
        take_id: str,
        *,
        model: str | None = None,
        seed: int | None = None,
        settings: Mapping[str, object] | None = None,
    ) -> None:
        """The take is complete; what is given replaces what `begin_take` said."""

    def star(self, take_id: str, on: bool) -> None:
        """Give a take a star, or take it away."""

    def keep(self, take_id: str) -> None:
        """Note that the player wants to keep this take."""

    def delete(self, take_id: str) -> None:
        """Delete a take that is over, for good."""
