"""Keeps what sounds while it sounds: the real-time thread enqueues, a thread of its own writes.

What was handed over is on disk a quarter of a second later at the latest, so a kill -9 costs less
than a second of music. Trouble (a full disk, a folder that may not be written, a damaged library)
is told once through `on_trouble`; what could not be written waits and is tried again, and the
music goes on. Nothing here raises into the thread that plays, and nothing is deleted that the
player did not name.
"""

import contextlib
import json
import random
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import isfinite
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic

from engine.events import NOMINAL_BPM, Timebase, Voice
from engine.smf.notes import is_note_on
from plugin.takes_store import TakeError, in_words, open_library

COMMIT_EVERY_S = 0.25
RETRY_EVERY_S = 2.0

MOST_WAITING = 200_000
"""Changes kept in memory while the disk refuses them; about an hour of dense playing."""

_LONGEST_NS = 2**63 - 1
_ID_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"

_INSERT_TAKE = """
INSERT INTO takes (id, started, name, tempo_bpm, tempo_known, beats_per_bar, start_beat,
                   model, seed, settings)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
# Another process may have deleted the take meanwhile: then its messages are dropped as well.
_INSERT_MESSAGE = """
INSERT INTO messages (take_id, seq, side, t_ns, message)
SELECT ?1, ?2, ?3, ?4, ?5 WHERE EXISTS (SELECT 1 FROM takes WHERE id = ?1)
"""
_COUNT_NOTES = """
UPDATE takes SET heard_notes = heard_notes + ?, answer_notes = answer_notes + ? WHERE id = ?
"""
_FINISH_TAKE = """
UPDATE takes SET finished = 1, name = coalesce(?, name), model = coalesce(?, model),
                 seed = coalesce(?, seed), settings = coalesce(?, settings)
WHERE id = ?
"""


_STAR = "UPDATE takes SET starred = ? WHERE id = ?"
_KEEP = "UPDATE takes SET settings = json_set(settings, '$.kept', json('true')) WHERE id = ?"
_DELETE = (
    "DELETE FROM messages WHERE take_id = ?",
    "DELETE FROM takes WHERE id = ?",
)


@dataclass(frozen=True, slots=True)
class _Begin:
    row: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Message:
    take_id: str
    side: int
    t_ns: int
    message: bytes


@dataclass(frozen=True, slots=True)
class _Finish:
    row: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Flush:
    done: threading.Event
    saved: list[bool] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Mark:
    """Statements about one take that is there, each with its values."""

    statements: tuple[tuple[str, tuple[object, ...]], ...]
    deletes: bool = False


class _Stop:
    pass


_Change = _Begin | _Message | _Finish | _Mark


class TakeWriter:
    """Writes takes into the library at `path`, behind the back of the thread that plays.

    `begin_take`, `message` and `finish` belong to one thread, never block on the disk and never
    raise for trouble with it. `on_trouble` and `on_saved` are called from the writer's own thread,
    `on_saved` with the id of each take that is whole on disk from then on.
    """

    def __init__(
        self,
        path: Path,
        *,
        on_trouble: Callable[[str], None] = lambda says: None,
        on_saved: Callable[[str], None] = lambda take_id: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        commit_every_s: float = COMMIT_EVERY_S,
        retry_every_s: float = RETRY_EVERY_S,
        connect: Callable[[Path], sqlite3.Connection] | None = None,
        named: str = "",
    ) -> None:
        """Start the writer's thread; the library is opened, and made, there.

        now gives UTC for a take's name and start; connect opens the library (tests give it an
        unwell one). named: what takes are called that begin without a name.
        """
        self._path = path
        self._on_trouble, self._on_saved = on_trouble, on_saved
        self._now, self._named = now, named
        self._commit_every_s = commit_every_s
        self._retry_every_s = retry_every_s
        self._connect = connect or (lambda path: open_library(path, create=True, wait_s=2.0))
        self._queue: SimpleQueue[_Change | _Flush | _Stop] = SimpleQueue()
        self._closed = False
        self._last_stamp = datetime.min.replace(tzinfo=UTC)
        # Below: the writer thread's own.
        self._connection: sqlite3.Connection | None = None
        self._waiting: deque[_Change] = deque()
        self._next_seq: dict[str, int] = {}
        self._told = ""
        self._lost = 0
        """Changes that will never be on disk."""
        self._hopeless = False
        self._thread = threading.Thread(target=self._run, name="antiphon-takes", daemon=True)
        self._thread.start()

    def begin_take(
        self,
        timebase: Timebase,
        *,
        model: str = "",
        seed: int | None = None,
        settings: Mapping[str, object] | None = None,
        name: str = "",
        start_beat: float = 0.0,
    ) -> str:
        """A new take starts now; its id, which later takes' ids sort after.

        start_beat is the beat, counted from a bar line, at which the take's time 0 falls.
        """
        started = self._now()
        take_id = self._new_id(started)
        self._put(
            _Begin(
                (
                    take_id,
                    started.isoformat(timespec="milliseconds"),
                    _clean(name or self._named),
                    _finite(timebase.bpm, NOMINAL_BPM),
                    timebase.tempo_known,
                    _finite(timebase.beats_per_bar, 4.0),
                    _finite(start_beat, 0.0),
                    _clean(model),
                    None if seed is None else str(seed),
                    _json(settings or {}),
                )
            )
        )
        return take_id

    def message(self, take_id: str, side: Voice, t_ns: int, message: bytes) -> None:
        """This raw MIDI message of `side` sounded `t_ns` after the take's start.

        Thread: the one that plays · Real-time: yes (one append to a queue).
        """
        self._put(_Message(take_id, side, t_ns, message))

    def finish(
        self,
        take_id: str,
        *,
        name: str | None = None,
        model: str | None = None,
        seed: int | None = None,
        settings: Mapping[str, object] | None = None,
    ) -> None:
        """The take is complete; what is given replaces what `begin_take` said."""
        seed_text = None if seed is None else str(seed)
        settings_text = None if settings is None else _json(settings)
        name_text = None if name is None else _clean(name)
        model_text = None if model is None else _clean(model)
        self._put(_Finish((name_text, model_text, seed_text, settings_text, take_id)))

    def star(self, take_id: str, on: bool) -> None:
        """Give a take a star, or take it away."""
        self._put(_Mark(((_STAR, (on, take_id)),)))

    def keep(self, take_id: str) -> None:
        """Note in a take's settings that the player wants to keep it."""
        self._put(_Mark(((_KEEP, (take_id,)),)))

    def delete(self, take_id: str) -> None:
        """Delete a take for good."""
        self._put(_Mark(tuple((statement, (take_id,)) for statement in _DELETE), deletes=True))

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Wait until all that was handed over before is on disk; whether it is."""
        if self._closed:
            return not self._lost and not self._waiting
        request = _Flush(threading.Event())
        self._queue.put(request)
        return request.done.wait(timeout_s) and request.saved[0]

    def close(self, timeout_s: float = 10.0) -> None:
        """Write what is left and end the thread. Twice is once."""
        if not self._closed:
            self._closed = True
            self._queue.put(_Stop())
        self._thread.join(timeout_s)

    def _put(self, change: _Change) -> None:
        if not self._closed:
            self._queue.put(change)

    def _new_id(self, started: datetime) -> str:
        """Time to the millisecond, for people and for sorting, and four letters against chance."""
        # Two takes within a millisecond, or a clock that was set back: stay in order.
        self._last_stamp = max(started, self._last_stamp + timedelta(milliseconds=1))
        stamp = self._last_stamp.strftime("%Y%m%d-%H%M%S-")
        letters = "".join(random.choices(_ID_LETTERS, k=4))
        return f"{stamp}{self._last_stamp.microsecond // 1000:03d}{letters}"

    # From here on: the writer's thread.

    def _run(self) -> None:
        commit_at = float("inf")
        while True:
            try:
                wait_s = max(0.0, commit_at - monotonic()) if self._waiting else None
                item = self._queue.get(timeout=wait_s)
            except Empty:
                item = None
            if isinstance(item, _Change):
                if not self._waiting:
                    commit_at = monotonic() + self._commit_every_s
                self._keep(item)
            if item is None or isinstance(item, _Flush | _Stop) or monotonic() >= commit_at:
                saved = self._commit()
                commit_at = monotonic() + self._retry_every_s
                if isinstance(item, _Flush):
                    item.saved.append(saved)
                    item.done.set()
                if isinstance(item, _Stop):
                    self._end(saved)
                    return

    def _keep(self, change: _Change) -> None:
        if self._hopeless or len(self._waiting) >= MOST_WAITING:
            self._lost += 1
        else:
            self._waiting.append(change)

    def _commit(self) -> bool:
        """Write all that waits in one transaction; on trouble it goes on waiting."""
        if not self._waiting:
            return not self._lost
        try:
            if self._connection is None:
                self._connection = self._connect(self._path)
            self._connection.execute("BEGIN IMMEDIATE")
            seqs = self._apply(self._connection)
            self._connection.execute("COMMIT")
        except (sqlite3.Error, OSError, TakeError) as error:
            self._give_back()
            trouble = in_words(error, self._path)
            if trouble.hopeless:
                self._hopeless = True
                self._lost += len(self._waiting)
                self._waiting.clear()
            self._tell(f"{trouble} Takes are not being kept.")
            return False
        if any(isinstance(change, _Mark) and change.deletes for change in self._waiting):
            with contextlib.suppress(sqlite3.Error):
                # The log beside the library still holds the deleted notes; fold it in.
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self._next_seq.update(seqs)
        whole = [change.row[-1] for change in self._waiting if isinstance(change, _Finish)]
        self._waiting.clear()
        self._told = ""
        for take_id in whole:
            with contextlib.suppress(Exception):
                self._on_saved(str(take_id))
        return not self._lost

    def _apply(self, connection: sqlite3.Connection) -> dict[str, int]:
        """Carry out all that waits; the next message number of each take that was touched."""
        seqs: dict[str, int] = {}
        notes: dict[str, list[int]] = {}
        for change in self._waiting:
            if isinstance(change, _Message):
                take_id = change.take_id
                seq = seqs.get(take_id, self._next_seq.get(take_id, 0))
                seqs[take_id] = seq + 1
                t_ns = min(max(change.t_ns, 0), _LONGEST_NS)
                row = (take_id, seq, int(change.side), t_ns, change.message)
                connection.execute(_INSERT_MESSAGE, row)
                if is_note_on(change.message):
                    notes.setdefault(take_id, [0, 0])[change.side] += 1
            elif isinstance(change, _Mark):
                for statement, values in change.statements:
                    connection.execute(statement, values)
            elif isinstance(change, _Begin):
                connection.execute(_INSERT_TAKE, change.row)
            else:
                connection.execute(_FINISH_TAKE, change.row)
        for take_id, (heard, answered) in notes.items():
            connection.execute(_COUNT_NOTES, (heard, answered, take_id))
        return seqs

    def _give_back(self) -> None:
        """Drop a connection that failed; what it had not committed is undone by SQLite."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    def _tell(self, says: str) -> None:
        if says != self._told:
            self._told = says
            # Whatever the listener does with it, the takes that still can be kept are kept.
            with contextlib.suppress(Exception):
                self._on_trouble(says)

    def _end(self, saved: bool) -> None:
        if not saved:
            lost = self._lost + len(self._waiting)
            self._tell(f"{lost} messages of the last takes could not be kept.")
        self._give_back()


def _clean(text: str) -> str:
    """Text that can be stored: a file name may hold bytes that are no characters."""
    return text.encode("utf-8", "replace").decode()


def _finite(number: float, otherwise: float) -> float:
    return number if isfinite(number) else otherwise


def _json(settings: Mapping[str, object]) -> str:
    return json.dumps(settings, sort_keys=True, default=str)
