"""What the session tells the window: queued by the thread that plays, written by one of its own.

A window that is frozen reads nothing, and the music must not notice. What is shown for a moment
only (lamps, ghosts, the pulse) is left out while others wait; everything else waits for as long as
memory bears it. It refuses to block whoever plays, and to end because nobody listens.

Thread: `put` any. Real-time: yes.
"""

import contextlib
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

from plugin.protocol import Message
from plugin.served.frames import TooLongError, pack
from plugin.served.messages import Active, Planned, Pulse, Wire

LIGHT = (Active, Planned, Pulse)
MOST_BEFORE_LIGHT = 128
"""While more than so many messages wait, nothing light is added."""
MOST_BEFORE_WIRE = 8_192
MOST = 500_000
"""Hours of playing to a window that hangs."""
MOST_AT_ONCE = 64
CLOSE_TIMEOUT_S = 1.0


class Outbox:
    """See the module. `write` takes a whole chunk, waits, and raises OSError if nobody reads."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self.broken = False
        """Whether nobody reads any more."""
        self._queue: SimpleQueue[Message | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="antiphon-outbox", daemon=True)
        self._thread.start()

    def put(self, message: Message) -> bool:
        """Tell it soon; False if it is left out."""
        waiting = self._queue.qsize()
        if waiting > MOST_BEFORE_LIGHT and (
            isinstance(message, LIGHT)
            or (isinstance(message, Wire) and waiting > MOST_BEFORE_WIRE)
            or waiting > MOST
        ):
            return False
        self._queue.put(message)
        return True

    def close(self, timeout_s: float = CLOSE_TIMEOUT_S) -> bool:
        """Write what waits and end; False if the window does not take it in time."""
        self._queue.put(None)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while (chunk := self._chunk()) is not None:
                self._write(chunk)
            return
        except OSError:
            self.broken = True
        while self._queue.get() is not None:
            pass

    def _chunk(self) -> bytes | None:
        """What waits, as frames; None after the last."""
        frames: list[bytes] = []
        message = self._queue.get()
        while message is not None:
            with contextlib.suppress(TooLongError):
                frames.append(pack(message))
            if len(frames) >= MOST_AT_ONCE:
                break
            try:
                message = self._queue.get_nowait()
            except Empty:
                break
        else:
            if not frames:
                return None
            self._queue.put(None)  # once more, after these
        return b"".join(frames)
