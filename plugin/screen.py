"""Shows what happens in a thread of its own, so that a terminal never stops the music.

A terminal that is paused (Ctrl-S), a window that is frozen, a pipe whose reader has gone: whoever
plays hands the event to a queue and goes on. It refuses to know what showing means.
"""

import contextlib
import threading
from collections.abc import Callable
from queue import SimpleQueue

from plugin import protocol

CLOSE_TIMEOUT_S = 2.0


class Screen:
    """Calls `show` with every event, in order, in its own thread."""

    def __init__(
        self, show: Callable[[protocol.Event], None], close: Callable[[], None] = lambda: None
    ) -> None:
        """`close` is called in that thread after the last event."""
        self._show, self._close = show, close
        self._events: SimpleQueue[protocol.Event | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="antiphon-screen", daemon=True)
        self._thread.start()

    def event(self, event: protocol.Event) -> None:
        """Show it soon. Thread: any. Real-time: yes."""
        self._events.put(event)

    def close(self, timeout_s: float = CLOSE_TIMEOUT_S) -> bool:
        """Show what is left and end; False if the terminal does not take it in time."""
        self._events.put(None)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        # The reader of a pipe may have gone: then there is nobody to show anything to.
        with contextlib.suppress(OSError, ValueError):
            while (event := self._events.get()) is not None:
                self._show(event)
            self._close()
            return
        while self._events.get() is not None:
            pass
