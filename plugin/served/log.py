"""What a process wrote on standard error: the first part in a file, the last part in memory.

The file of the time before is kept beside it. A folder that cannot be written costs the file, no
more. It refuses to grow: a process that complains without end fills no disk.
"""

import contextlib
import os
from pathlib import Path
from typing import BinaryIO

MOST_BYTES = 256_000
TAIL_BYTES = 4_000


class ErrorLog:
    """Thread: one writes, any reads. Nothing here raises for trouble with the disk."""

    def __init__(self, path: Path) -> None:
        """The file is made when there is something to write."""
        self.path = path
        self._file: BinaryIO | None = None
        self._written = 0
        self._tail = b""

    def add(self, part: bytes) -> None:
        """More of what it wrote."""
        self._tail = (self._tail + part)[-TAIL_BYTES:]
        with contextlib.suppress(OSError, ValueError):
            if not self._written:
                self._open()
            room = MOST_BYTES - self._written
            self._written += len(part)
            if self._file is not None and room > 0:
                self._file.write(part[:room])
                self._file.flush()

    def last_line(self) -> str:
        """The last line that has words in it."""
        lines = self._tail.decode(errors="replace").splitlines()
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def close(self) -> None:
        """Close the file. Twice is once."""
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):
                file.close()

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with contextlib.suppress(OSError):
            os.replace(self.path, self.path.with_suffix(".before.log"))
        self._file = self.path.open("wb")
