"""What was ever attempted, line by line, for the player to read: an append-only file of JSON lines.

Before anything leaves, a line says so; when the answer is there, a second one says what came of it.
So nothing leaves without a line, whatever is killed. A last line that was torn by a crash is taken
away before the next one is written. It refuses to change a line, and to hold notes or names.
"""

import os
from datetime import datetime
from pathlib import Path

import msgspec

from engine.files import OWNER_ONLY
from federation.client.places import make_folder


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line. when: ISO 8601. what: consent, off, enrol, send, forget, receive, back.

    attempt: ties the lines of one attempt together. version: the shared version it is about.
    clip: C; norm_before, norm: length before and after; sigma: of the noise added here.
    epsilon_spent, epsilon_left: of the budget, None where the server adds no noise yet.
    """

    when: str
    what: str
    result: str
    attempt: str = ""
    server: str = ""
    version: int | None = None
    bytes: int = 0
    sha256: str = ""
    clip: float | None = None
    norm_before: float | None = None
    norm: float | None = None
    sigma: float | None = None
    epsilon_spent: float | None = None
    epsilon_left: float | None = None


class Ledger:
    """The log in one file, which need not exist."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, entry: Entry) -> None:
        """Write a line; when this returns, it is on the disk. Raises OSError."""
        make_folder(self.path.parent)
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        handle = os.open(self.path, flags, OWNER_ONLY)
        try:
            _mend(handle)
            os.write(handle, msgspec.json.encode(entry) + b"\n")
            os.fsync(handle)
        finally:
            os.close(handle)

    def entries(self) -> tuple[Entry, ...]:
        """All whole lines, the oldest first."""
        try:
            lines = self.path.read_bytes().split(b"\n")[:-1]
        except OSError:
            return ()
        found = []
        for line in lines:
            try:
                found.append(msgspec.json.decode(line, type=Entry))
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue
        return tuple(found)


def _mend(handle: int) -> None:
    """Cut off what stands behind the last end of a line."""
    size = os.lseek(handle, 0, os.SEEK_END)
    whole, at = 0, size
    while at > 0 and not whole:
        start = max(0, at - 4096)
        os.lseek(handle, start, os.SEEK_SET)
        found = os.read(handle, at - start).rfind(b"\n")
        whole, at = (start + found + 1, at) if found >= 0 else (0, start)
    if whole < size:
        os.ftruncate(handle, whole)


def stamp(now: datetime) -> str:
    """A time as it stands in the log: UTC, to the second."""
    return now.isoformat(timespec="seconds")
