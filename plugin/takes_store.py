"""The file that holds the takes: SQLite in WAL mode, its layout, and its troubles in words.

WAL with synchronous=NORMAL: a commit survives a killed process, and listing takes in one process
never waits for a jam that writes in another. A library of an older Antiphon is brought up to date
when it is opened, whole or not at all. It refuses to repair or delete anything: a damaged library,
or one made by a newer Antiphon, is left as it is and named in a sentence.
"""

import sqlite3
from pathlib import Path

from plugin.files import data_folder

LIBRARY_FILE = "takes.sqlite3"

# Step n makes a library of version n into one of version n + 1; a new one goes through all of them.
# A step is never changed once it is released. `messages` is an append-only log of what sounded;
# `side` is engine.events.Voice. `deleted` is when a take was put into the bin, UTC, else NULL.
_STEPS = (
    """
CREATE TABLE takes (
    id TEXT PRIMARY KEY,
    started TEXT NOT NULL,
    name TEXT NOT NULL,
    tempo_bpm REAL NOT NULL,
    tempo_known INTEGER NOT NULL,
    beats_per_bar REAL NOT NULL,
    start_beat REAL NOT NULL,
    model TEXT NOT NULL,
    seed TEXT,
    settings TEXT NOT NULL,
    starred INTEGER NOT NULL DEFAULT 0,
    finished INTEGER NOT NULL DEFAULT 0,
    heard_notes INTEGER NOT NULL DEFAULT 0,
    answer_notes INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE messages (
    take_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    side INTEGER NOT NULL,
    t_ns INTEGER NOT NULL,
    message BLOB NOT NULL,
    PRIMARY KEY (take_id, seq)
) WITHOUT ROWID;
""",
    """
ALTER TABLE takes ADD COLUMN deleted TEXT;
""",
)
SCHEMA_VERSION = len(_STEPS)

# Trouble that trying again cannot mend.
_HOPELESS = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class TakeError(Exception):
    """The take library cannot do what was asked; the message is a sentence with a next step.

    `hopeless` is true where trying again later cannot help.
    """

    def __init__(self, says: str, *, hopeless: bool = False) -> None:
        """`says` is for the player."""
        super().__init__(says)
        self.hopeless = hopeless


def library_path(folder: Path | None = None) -> Path:
    """Where the take library of this user is, or of the data folder `folder`."""
    return data_folder(folder) / LIBRARY_FILE


def open_library(path: Path, *, create: bool, wait_s: float = 5.0) -> sqlite3.Connection:
    """Open the library at `path`, with `create` make it where there is none.

    The connection is in autocommit mode: begin and commit are written out by the caller.

    Raises:
        TakeError: it cannot be opened, is damaged, or is newer than this program.
    """
    connection: sqlite3.Connection | None = None
    try:
        if create:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        mode = "rwc" if create else "rw"
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=wait_s,
            isolation_level=None,
            check_same_thread=False,
        )
        _prepare(connection, path)
    except (sqlite3.Error, OSError, TakeError) as error:
        if connection is not None:
            connection.close()
        raise in_words(error, path) from error
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    version = _version(connection)
    if version > SCHEMA_VERSION:
        raise TakeError(
            f"The take library {path} was made by a newer Antiphon: update Antiphon, or name "
            "another data folder in ANTIPHON_DATA.",
            hopeless=True,
        )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    # Pages that are kept in memory, in kB: an evening is written once and not read.
    connection.execute("PRAGMA cache_size = -256")
    # What the player deletes is overwritten, not just unlinked.
    connection.execute("PRAGMA secure_delete = ON")
    if version < SCHEMA_VERSION:
        connection.execute("BEGIN IMMEDIATE")
        # Another process may have gone these steps between our look and our lock.
        version = _version(connection)
        for step in _STEPS[version:]:
            for statement in step.split(";"):
                if statement.strip():
                    connection.execute(statement)
        if version < SCHEMA_VERSION:
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def in_words(error: Exception, path: Path) -> TakeError:
    """What went wrong with the library at `path`, as a sentence with a next step."""
    if isinstance(error, TakeError):
        return error
    # Extended codes (SQLITE_IOERR_WRITE) carry the plain one in their low byte.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _HOPELESS:
        says = (
            f"The take library {path} is damaged and was left as it is: move it away to start a "
            "new one (the sqlite3 command `.recover` may rescue its takes)."
        )
    elif code == sqlite3.SQLITE_FULL:
        says = f"The disk of {path.parent} is full: free some space to have takes kept again."
    elif code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        says = (
            f"The take library {path} cannot be opened for writing: check the permissions of its "
            "folder, or name another one in ANTIPHON_DATA."
        )
    elif code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        says = f"Another program holds the take library {path}: close it, or try again."
    elif isinstance(error, OSError):
        reason = (error.strerror or "unknown reason").lower()
        says = (
            f"The folder {path.parent} for takes cannot be used ({reason}): check it, or name "
            "another one in ANTIPHON_DATA."
        )
    else:
        says = (
            f"The take library {path} cannot be used ({error}): check the disk, or name another "
            "data folder in ANTIPHON_DATA."
        )
    return TakeError(says, hopeless=code in _HOPELESS)
