"""The take library: every phrase and its answer, with all that is needed to make it again.

A take is kept as the raw MIDI messages that sounded, in order, each with its side and its time.
`TakeLibrary` lists, gives, names, exports and deletes; `TakeWriter` records while a jam runs, also
in another process at the same time. A take that is discarded is only hidden, and can be restored;
one that is deleted is gone. It refuses to guess: an id that names no take, or several, is a
`TakeError` with a next step.
"""

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

from engine.events import Note, Timebase, Voice
from engine.smf.notes import as_notes, events_of, pair_notes
from plugin.files import safe_stem, unused_path
from plugin.midifile_writer import Part, midi_bytes, write_midi
from plugin.takes_store import TakeError, in_words, library_path, open_library
from plugin.takes_writer import TakeWriter

__all__ = [
    "DEMO_TAKE",
    "Take",
    "TakeError",
    "TakeLibrary",
    "TakeMessage",
    "TakeWriter",
    "library_path",
]

PART_NAMES = {Voice.PLAYER: "Player", Voice.PARTNER: "Partner"}
KEPT_DISCARDED = timedelta(days=30)
"""So long a discarded take can be restored."""
LONGEST_NAME = 200
DEMO_TAKE = "Demo"
"""Name of the takes of a demo: what plays there is not the player. Another name adopts it."""
_SHORTEST_OPEN_NOTE_NS = 100_000_000


@dataclass(frozen=True, slots=True)
class Take:
    """What the library knows of a take, all but its messages.

    started is UTC, ISO 8601; start_beat is the beat, counted from a bar line, at which its time 0
    falls; settings is JSON; finished is false where the program ended in the middle of it.
    deleted: since when it is discarded, UTC, ISO 8601; None for a take that is there.
    """

    id: str
    started: str
    name: str
    tempo_bpm: float
    tempo_known: bool
    beats_per_bar: float
    start_beat: float
    model: str
    seed: int | None
    settings: str
    starred: bool
    finished: bool
    heard_notes: int
    answer_notes: int
    deleted: str | None = None

    @property
    def timebase(self) -> Timebase:
        """Tempo and meter."""
        return Timebase(self.tempo_bpm, self.beats_per_bar, self.tempo_known)

    @property
    def title(self) -> str:
        """Its name, else when it was played, by the clock on the wall."""
        if self.name:
            return self.name
        return f"Take {datetime.fromisoformat(self.started).astimezone():%Y-%m-%d %H.%M.%S}"

    def as_json(self) -> dict[str, object]:
        """Its fields as `antiphon takes list --json` prints them."""
        return asdict(self) | {"settings": json.loads(self.settings)}


_COLUMNS = ", ".join(field.name for field in fields(Take))


@dataclass(frozen=True, slots=True)
class TakeMessage:
    """One raw MIDI message that sounded, `t_ns` after the take's start."""

    side: Voice
    t_ns: int
    message: bytes


class TakeLibrary:
    """Questions to the library at `path`. Where there is none, it is empty, and stays unmade.

    Thread: one at a time · Real-time: no.
    """

    def __init__(self, path: Path | None = None) -> None:
        """`path` is the library's file; by default that of the user."""
        self._path = library_path() if path is None else path
        self._connection: sqlite3.Connection | None = None

    def __enter__(self) -> "TakeLibrary":
        """Nothing is opened before the first question."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Give the file back. Twice is once."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def list_takes(self, *, since: str = "", discarded: bool = False) -> list[Take]:
        """All takes, the newest first; or those that are discarded. Raises TakeError.

        since: only those that began with the take of this id or after it.
        """
        which = "NOT NULL" if discarded else "NULL"
        return self._takes(f"WHERE deleted IS {which} AND id >= ? ORDER BY id DESC", since)

    def get(self, take_id: str, *, discarded: bool = False) -> Take:
        """The take with this id, or the only one whose id starts so. Raises TakeError.

        discarded: look among those that are discarded, too.
        """
        alike = []
        if take_id and take_id.isascii():
            which = "" if discarded else "AND deleted IS NULL"
            query = f"WHERE substr(id, 1, ?) = ? {which} ORDER BY id"
            alike = self._takes(query, len(take_id), take_id)
        if alike and (len(alike) == 1 or alike[0].id == take_id):
            return alike[0]
        if alike:
            first = ", ".join(take.id for take in alike[:3])
            raise TakeError(
                f"{len(alike)} takes start with “{_shown(take_id)}” ({first}...): give more of the "
                "id."
            )
        raise TakeError(
            f"There is no take “{_shown(take_id)}”: `antiphon takes list` shows those there are."
        )

    def messages(self, take_id: str) -> list[TakeMessage]:
        """What sounded in this take, in order. Raises TakeError."""
        rows = self._rows(
            "SELECT side, t_ns, message FROM messages WHERE take_id = ? ORDER BY seq", take_id
        )
        return [TakeMessage(Voice(side), t_ns, bytes(message)) for side, t_ns, message in rows]

    def notes(self, take_id: str) -> dict[Voice, list[Note]]:
        """The notes of either side, in seconds from the take's start. Raises TakeError."""
        messages = self.messages(take_id)
        end = max((message.t_ns for message in messages), default=0)
        return {
            side: as_notes(
                pair_notes(events_of(_of_side(messages, side)), end, _SHORTEST_OPEN_NOTE_NS), 1e9
            )
            for side in Voice
        }

    def export(self, take_id: str, target: Path | None = None) -> Path:
        """Write a take as a MIDI file, format 1, and return where.

        target is a file, or a folder in which the file gets the take's name and tempo without
        replacing another (by default the current folder).

        Raises:
            TakeError: there is no such take, or the library cannot be read.
            MidiFileError: the file could not be written.
        """
        take = self.get(take_id)
        if target is None or target.is_dir():
            target = unused_path(target or Path(), export_stem(take), ".mid")
        parts = self._parts(take)
        return write_midi(target, parts, take.timebase, start_beat=take.start_beat, name=take.title)

    def midi(self, take_id: str) -> bytes:
        """The very bytes that `export` writes. Raises TakeError."""
        take = self.get(take_id)
        parts = self._parts(take)
        return midi_bytes(parts, take.timebase, start_beat=take.start_beat, name=take.title)

    def rename(self, take_id: str, name: str) -> str:
        """Give a take (whole id) a name, "" for none; the name as it is kept. Raises TakeError.

        A name is one line of characters that can be shown.
        """
        kept = tidy_name(name)
        self._each("UPDATE takes SET name = ? WHERE id = ?", [(kept, take_id)])
        return kept

    def star(self, take_ids: Sequence[str], on: bool) -> int:
        """Give these takes (whole ids) a star, or take it away; how many there were.

        Raises TakeError.
        """
        return self._each(
            "UPDATE takes SET starred = ? WHERE id = ?", [(on, take_id) for take_id in take_ids]
        )

    def discard(self, take_ids: Sequence[str], now: datetime | None = None) -> int:
        """Hide these takes (whole ids) until they are restored or, in time, deleted; how many.

        Raises TakeError.
        """
        at = (now or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="milliseconds")
        return self._each(
            "UPDATE takes SET deleted = ? WHERE id = ? AND deleted IS NULL",
            [(at, take_id) for take_id in take_ids],
        )

    def restore(self, take_ids: Sequence[str]) -> int:
        """Have these discarded takes (whole ids) back; how many there were. Raises TakeError."""
        return self._each(
            "UPDATE takes SET deleted = NULL WHERE id = ? AND deleted IS NOT NULL",
            [(take_id,) for take_id in take_ids],
        )

    def empty_bin(self, now: datetime | None = None) -> int:
        """Delete what has been discarded for 30 days; how many that were. Raises TakeError."""
        before = ((now or datetime.now(UTC)) - KEPT_DISCARDED).astimezone(UTC)
        rows = self._rows(
            "SELECT id FROM takes WHERE deleted < ?", before.isoformat(timespec="milliseconds")
        )
        return self.delete([take_id for (take_id,) in rows]) if rows else 0

    def delete(self, take_ids: Sequence[str]) -> int:
        """Delete these takes (whole ids) for good; how many there were. Raises TakeError."""
        ids = [(take_id,) for take_id in take_ids]
        with self._trouble_in_words():
            connection = self._open()
            if connection is None:
                return 0
            with _transaction(connection):
                connection.executemany("DELETE FROM messages WHERE take_id = ?", ids)
                deleted = connection.executemany("DELETE FROM takes WHERE id = ?", ids).rowcount
            # The log beside the library still holds the deleted notes; fold it in.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return max(deleted, 0)

    def _parts(self, take: Take) -> list[Part]:
        messages = self.messages(take.id)
        return [Part(PART_NAMES[side], _of_side(messages, side)) for side in Voice]

    def _each(self, statement: str, values: Sequence[tuple[object, ...]]) -> int:
        """Carry out a statement for each of these values, all or none; how many rows it met."""
        with self._trouble_in_words():
            connection = self._open()
            if connection is None:
                return 0
            with _transaction(connection):
                return max(connection.executemany(statement, values).rowcount, 0)

    def _takes(self, clause: str, *values: object) -> list[Take]:
        rows = self._rows(f"SELECT {_COLUMNS} FROM takes {clause}", *values)
        return [_take(row) for row in rows]

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        with self._trouble_in_words():
            if connection := self._open():
                rows = connection.execute(query, values).fetchall()
        return rows

    def _open(self) -> sqlite3.Connection | None:
        if self._connection is None and self._path.exists():
            self._connection = open_library(self._path, create=False)
        return self._connection

    @contextlib.contextmanager
    def _trouble_in_words(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise in_words(error, self._path) from error


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def tidy_name(name: str) -> str:
    """A name as a take can bear it: one line that can be shown, of at most 200 characters."""
    # U+200D joins emoji; every other invisible character goes.
    shown = "".join(char if char.isprintable() or char == "\u200d" else " " for char in name)
    return " ".join(shown.split())[:LONGEST_NAME].rstrip()


def export_stem(take: Take) -> str:
    """File name of a take without its ending: a DAW shows it as the clip's name."""
    tempo = f" {take.tempo_bpm:.0f}bpm" if take.tempo_known else ""
    return safe_stem(f"{take.title[:80]}{tempo}")


def _of_side(messages: Sequence[TakeMessage], side: Voice) -> list[tuple[int, bytes]]:
    return [(message.t_ns, message.message) for message in messages if message.side == side]


def _take(row: tuple[Any, ...]) -> Take:
    values = dict(zip((field.name for field in fields(Take)), row, strict=True))
    for flag in ("tempo_known", "starred", "finished"):
        values[flag] = bool(values[flag])
    # A seed may be longer than SQLite's integers; it is kept as text.
    values["seed"] = None if values["seed"] is None else int(values["seed"])
    return Take(**values)


def _shown(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text[:60])
