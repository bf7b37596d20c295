"""What a profile asks of the disk: whole files, folders that come and go at once, and a lock.

All writing goes through one small object, so that tests can let any step of it fail or be the last.
A lock of the system is let go when its process ends, however it ends. It refuses to know what the
bytes mean.
"""

import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from engine.files import write_whole
from engine.profile.trouble import DamagedError, ProfileError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK = ".lock"
WAIT_S = 10.0
READER_WAITS_S = 2.0
_AGAIN_S = 0.01


class Disk:
    """Every step that changes something on the disk. Each raises OSError."""

    def folder(self, path: Path) -> None:
        """Make a folder where there is none; only its owner may look in."""
        path.mkdir(parents=True, exist_ok=True, mode=0o700)

    def write(self, path: Path, data: bytes) -> None:
        """Put `data` in a file: all of it, or the file is as it was."""
        write_whole(path, data)
        self._settle(path.parent)

    def write_by(self, path: Path, writer: Callable[[Path], object]) -> None:
        """Have somebody else write a file whole or not at all."""
        writer(path)
        self._settle(path.parent)

    def rename(self, old: Path, new: Path) -> None:
        """Give a file or folder another name, at once; nothing may stand there."""
        os.rename(old, new)
        self._settle(new.parent)

    def remove(self, path: Path) -> None:
        """Remove a file, or a folder with all that is in it."""
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def beside(self, folder: Path, purpose: str) -> Path:
        """A new empty folder in `folder` under a name that is no profile's."""
        return Path(tempfile.mkdtemp(dir=folder, prefix=f".{purpose}-"))

    @staticmethod
    def _settle(folder: Path) -> None:
        """A name in a folder outlives a power cut once the folder itself is written."""
        with contextlib.suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


@contextlib.contextmanager
def locked(
    folder: Path,
    *,
    shared: bool = False,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[None]:
    """Keep other writers away from the profiles in `folder`, readers too unless `shared`.

    A reader that may not lock, or waits too long, goes on without: files are whole at any moment,
    it might only see two of them of different age. So does a writer where the system has no locks.

    Raises:
        ProfileError: somebody else has been writing for ten seconds.
        OSError: the folder is not there or must not be written (writers only).
    """
    with contextlib.ExitStack() as held:
        try:
            # A reader makes nothing: without a lock nobody has written here yet.
            file = held.enter_context((folder / LOCK).open("rb" if shared else "a+b"))
        except OSError:
            if not shared:
                raise
            yield
            return
        until = clock() + (READER_WAITS_S if shared else WAIT_S)
        while not _try_lock(file, shared=shared):
            if clock() >= until:
                if shared:
                    break
                raise ProfileError(
                    f"Another Antiphon is busy with the profiles in {folder}: try again in a "
                    "moment."
                )
            sleep(_AGAIN_S)
        yield


def _try_lock(file: IO[bytes], *, shared: bool) -> bool:
    """False where somebody else has it."""
    try:
        if sys.platform == "win32":  # knows no lock that readers share
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:  # a file system without locks
        return True
    return True


def read_bytes(path: Path, most_bytes: int) -> bytes:
    """All of a file. Raises OSError, or DamagedError where it is larger than it may be."""
    with path.open("rb") as file:
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise DamagedError(f"more than {most_bytes:,} bytes")
    return data


def sha256(data: bytes) -> str:
    """64 hex digits."""
    return hashlib.sha256(data).hexdigest()
