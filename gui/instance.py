"""One window for each data folder: a small locked file says whether there is one already.

The system takes the lock off when its process ends, however it ends. It refuses to stand in the way
where no file can be locked (a folder that is read-only): better a window without a lock than none.
Qt-free, so that it is asked before anything is loaded.
"""

import contextlib
import os
from pathlib import Path
from types import TracebackType
from typing import IO

FILE = "window.lock"


class Instance:
    """The claim to a data folder, for as long as it is open. `first`: nobody else has it."""

    def __init__(self, folder: Path) -> None:
        self.first = True
        self._file: IO[str] | None = None
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = (folder / FILE).open("a", encoding="ascii")
        if self._file is not None:
            self.first = _lock(self._file)

    def close(self) -> None:
        """Give it up. Twice is once."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> "Instance":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _lock(file: IO[str]) -> bool:
    """Whether the lock is ours now; a file system without locks gives it to everybody."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        return not isinstance(error, PermissionError)  # what Windows says of a taken lock
    return True
