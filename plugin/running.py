"""Lets one Antiphon command find the jams that are running: a small locked file for each.

The files lie in the data folder. It refuses to trust a file: the system takes the lock off when its
process ends, however it ends, so a signal never reaches another program that got the same number.
"""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from plugin.files import data_folder

try:
    import fcntl
except ImportError:  # Windows, which has no such signal either
    fcntl = None  # type: ignore[assignment]

HAS_SIGNAL = hasattr(signal, "SIGUSR1") and fcntl is not None
PATTERN = "jam-*.pid"


@contextlib.contextmanager
def announced() -> Iterator[None]:
    """While this lasts, `ask_for_panic` finds this process; a full disk costs only that.

    SIGUSR1 must have a handler by now.
    """
    path = data_folder() / PATTERN.replace("*", str(os.getpid()))
    with contextlib.ExitStack() as held:
        if HAS_SIGNAL:
            with contextlib.suppress(OSError):
                path.parent.mkdir(parents=True, exist_ok=True)
                file = held.enter_context(path.open("w"))
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                held.callback(_remove, path)
                print(os.getpid(), file=file, flush=True)
        yield


def left_behind() -> bool:
    """Whether a jam was killed since this was asked last: its notes may hang in an instrument."""
    if not HAS_SIGNAL:
        return False
    found = [_lives(path) for path in sorted(data_folder().glob(PATTERN))]
    return False in found


def ask_for_panic() -> bool:
    """Tell every running jam to be quiet at once; False if there is none that could be told."""
    if not HAS_SIGNAL:
        return False
    return sum(_tell(path) for path in sorted(data_folder().glob(PATTERN))) > 0


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


def _lives(path: Path) -> bool | None:
    """Whether its process is there; of a dead one the file goes. None: nobody can say."""
    with contextlib.suppress(OSError), path.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        path.unlink()
        return False
    return None


def _tell(path: Path) -> bool:
    if _lives(path):
        with contextlib.suppress(OSError, ValueError):
            os.kill(int(path.read_text()), signal.SIGUSR1)
            return True
    return False
