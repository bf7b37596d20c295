"""Files that are whole or not there: nothing is ever half written under its final name.

Standard library only. It refuses to know what the bytes mean.
"""

import contextlib
import os
import secrets
from pathlib import Path

OWNER_ONLY = 0o600
"""A `mode` for what nobody else may read."""


def write_whole(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Write `data` to `path`: whoever reads it finds the old bytes or the new ones, all of them.

    On a full disk, and when killed at any moment, the old file stays. mode: who may read it, from
    its first byte on; without it whoever may read any new file of this user. Raises OSError.
    """
    name = path.with_name(f".{secrets.token_hex(8)}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    handle = os.open(name, flags, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
