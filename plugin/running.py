"""Lets one Antiphon command find the jam that is running: a small file in the data folder.

It refuses to trust the file: a process that is gone, or is another program's by now, is no jam.
"""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from plugin.files import data_folder

FILE_NAME = "jam.pid"
HAS_SIGNAL = hasattr(signal, "SIGUSR1")


@contextlib.contextmanager
def announced() -> Iterator[None]:
    """While this lasts, `ask_for_panic` finds this process; a full disk costs only that."""
    path = data_folder() / FILE_NAME
    mine = str(os.getpid())
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(mine)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            if path.read_text() == mine:
                path.unlink()


def ask_for_panic() -> bool:
    """Tell the running jam to be quiet at once; False if there is none that could be told."""
    if not HAS_SIGNAL:
        return False
    try:
        process_id = int((data_folder() / FILE_NAME).read_text())
        if process_id <= 0 or not _is_ours(process_id):
            return False
        os.kill(process_id, signal.SIGUSR1)
    except (OSError, ValueError):
        return False
    return True


def _is_ours(process_id: int) -> bool:
    """Whether that process looks like an Antiphon; a signal would end any other program."""
    command_line = Path(f"/proc/{process_id}/cmdline")
    if not command_line.parent.parent.joinpath("self").exists():
        return True  # no such file system here (macOS): believe the file
    try:
        return b"antiphon" in command_line.read_bytes() or b"plugin" in command_line.read_bytes()
    except OSError:
        return False
