"""Lines that a musician types while the jam runs, read in a thread of its own.

Whoever plays asks `poll` and never waits. The end of the input ends the reading, not the jam. It
reads the file descriptor itself: a thread that sleeps inside Python's own standard input takes
the interpreter down when the program ends. It refuses to know what a line means.
"""

import contextlib
import os
import select
import threading
from queue import Empty, Full, Queue
from typing import TextIO

MOST_LINES = 64
"""Lines that wait; whoever pipes more in has to wait too."""
LONGEST_LINE = 1_000
"""Bytes of a line; the rest of it is not read."""
_CHUNK_BYTES = 4096
_LOOK_AGAIN_S = 0.25


class Terminal:
    """Lines of a stream, one at a time. Thread: one. Real-time: `poll`."""

    def __init__(self, stream: TextIO | None) -> None:
        """`stream` is sys.stdin, a pipe, a file, or None where a program has no input."""
        self._stream = stream
        self._lines: Queue[str] = Queue(MOST_LINES)
        self._stop = threading.Event()
        self._ended = stream is None
        self._descriptor = _descriptor(stream)
        # What closes the one end wakes whoever sleeps on the other.
        self._asleep, self._waker = os.pipe()
        self._thread = threading.Thread(target=self._run, name="antiphon-terminal", daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Whether no line will come any more but those that wait."""
        return self._ended

    def poll(self) -> str | None:
        """The next line without its end, None when there is none. Never blocks."""
        try:
            return self._lines.get_nowait()
        except Empty:
            return None

    def close(self, timeout_s: float = 1.0) -> bool:
        """Read no more; False where a line is waited for that only its writer can end (Windows)."""
        if not self._stop.is_set():
            self._stop.set()
            os.close(self._waker)
            self._thread.join(timeout_s)
            if not self._thread.is_alive():
                os.close(self._asleep)
        return not self._thread.is_alive()

    def _run(self) -> None:
        # A terminal that has gone, a stream that somebody closed: no more lines, no more to say.
        with contextlib.suppress(OSError, ValueError):
            begun = b""
            while not self._stop.is_set() and (chunk := self._read()):
                *lines, begun = (begun + chunk).split(b"\n")
                begun = begun[:LONGEST_LINE]
                for line in lines:
                    self._put(line)
            if begun:
                self._put(begun)
        self._ended = True

    def _read(self) -> bytes:
        """What comes next; nothing at the end, or when it is time to stop."""
        if self._stream is None:
            return b""
        if self._descriptor is None:
            return self._stream.read(_CHUNK_BYTES).encode(errors="replace")
        if os.name == "posix" and not self._wait(self._descriptor):
            return b""
        return os.read(self._descriptor, _CHUNK_BYTES)

    def _wait(self, descriptor: int) -> bool:
        """Sleep until there is something to read; False when it is time to stop."""
        while True:
            if _in_background(descriptor):
                # Reading now would have the system stop the whole program, music and all.
                ready, _, _ = select.select([self._asleep], [], [], _LOOK_AGAIN_S)
            else:
                ready, _, _ = select.select([descriptor, self._asleep], [], [])
            if self._asleep in ready:
                return False
            if descriptor in ready and not _in_background(descriptor):
                return True

    def _put(self, line: bytes) -> None:
        text = line[:LONGEST_LINE].decode(errors="replace").rstrip("\r")
        while not self._stop.is_set():
            with contextlib.suppress(Full):
                self._lines.put(text, timeout=_LOOK_AGAIN_S)
                return


def _descriptor(stream: TextIO | None) -> int | None:
    # A stream in memory has none; one that is closed says ValueError.
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return None if stream is None else stream.fileno()
    return None


def _in_background(descriptor: int) -> bool:
    """Whether this is a terminal that another program has the keyboard of."""
    if not hasattr(os, "tcgetpgrp") or not os.isatty(descriptor):
        return False
    # A terminal that is not the one we were started from has no foreground for us.
    with contextlib.suppress(OSError):
        return os.tcgetpgrp(descriptor) != os.getpgrp()
    return False
