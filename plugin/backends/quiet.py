"""Keeps C libraries off the terminal while we ask them something that they may not have.

ALSA and libjack write to file descriptor 2 behind Python's back, several lines for a question that
is answered by an exception anyway. It refuses to hide Python's own errors: those are raised.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Two threads at once would take each other's /dev/null for the terminal and restore that.
_lock = threading.RLock()


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Send what is written to file descriptor 2 nowhere, for the whole process, until the end.

    Thread: any; the second one waits for the first, so keep the block short.
    """
    with _lock:
        try:
            terminal = os.dup(2)
        except OSError:  # a desktop program may have no stderr at all
            yield
            return
        try:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            try:
                os.dup2(nowhere, 2)
            finally:
                os.close(nowhere)
            yield
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)
