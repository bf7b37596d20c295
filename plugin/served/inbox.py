"""What the window asks, read by a thread of its own; whoever plays only looks.

A window that asks too much has to wait; the end of the line is an `End` and comes last. It refuses
to obey.
"""

import contextlib
import threading
from collections.abc import Callable
from queue import Empty, Full, Queue

from plugin.served.frames import End, FrameReader
from plugin.served.messages import Asked

MOST_WAITING = 1024
_LOOK_AGAIN_S = 0.25


class Inbox:
    """Thread: the session's. The reading one ends with the line, or with the process."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        """`read` as `os.read` of the line: it waits."""
        self._reader: FrameReader[Asked] = FrameReader(read, Asked)
        self._queue: Queue[Asked | End] = Queue(MOST_WAITING)
        self._closed = False
        # It may wait in `read` for ever: a name of its own, so that nobody waits for it.
        threading.Thread(target=self._run, name="line", daemon=True).start()

    def next(self, timeout_s: float = 0.0) -> Asked | End | None:
        """What was asked next, None if nothing is within `timeout_s`."""
        try:
            return self._queue.get(timeout_s > 0, timeout_s or None)
        except Empty:
            return None

    def close(self) -> None:
        """Nobody asks `next` any more."""
        self._closed = True

    def _run(self) -> None:
        found: Asked | End | None = None
        while not isinstance(found, End) and not self._closed:
            found = self._reader.next()
            self._put(found)

    def _put(self, found: Asked | End) -> None:
        while not self._closed:
            with contextlib.suppress(Full):
                self._queue.put(found, timeout=_LOOK_AGAIN_S)
                return
