"""Writes down what a session tells and when, for whoever measures it. Off by default.

    ANTIPHON_DIARY=FILE python -m plugin.served

Every message that is put on the line is appended to the file as well, as a frame with the moment at
which it was told: `python -m benchmarks.live` sums it up. A thread of its own writes, and the music
waits for it as little as for a window. It refuses to know more than the window is told.
"""

from collections.abc import Callable
from pathlib import Path

from plugin.protocol import Message
from plugin.served.messages import Told
from plugin.served.outbox import CLOSE_TIMEOUT_S, Outbox

VARIABLE = "ANTIPHON_DIARY"
"""Environment variable that names the file."""


class Noted(Message, frozen=True):
    """One line of the diary. at_ns: of the monotonic clock, which all processes share."""

    at_ns: int
    told: Told


class Diary(Outbox):
    """An outbox of which everything is noted that goes through it."""

    def __init__(
        self, write: Callable[[bytes], None], path: Path, clock_ns: Callable[[], int]
    ) -> None:
        """`write` as of any outbox. Raises OSError if the file cannot be opened."""
        self._file = path.open("ab", buffering=0)
        self._notes = Outbox(self._keep)
        self._clock_ns = clock_ns
        super().__init__(write)

    def put(self, message: Message) -> bool:
        """Tell it soon, and note it; False if it is left out."""
        if not super().put(message):
            return False
        self._notes.put(Noted(self._clock_ns(), message))  # type: ignore[arg-type]
        return True

    def close(self, timeout_s: float = CLOSE_TIMEOUT_S) -> bool:
        """As of any outbox; what was noted is in the file then."""
        told = super().close(timeout_s)
        if self._notes.close(timeout_s):
            self._file.close()
        return told

    def _keep(self, chunk: bytes) -> None:
        self._file.write(chunk)
