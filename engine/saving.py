"""Saves what was learnt of a player, behind the back of the thread that plays.

What is handed over is written by a thread of its own, the newest of each kind; a disk that is slow
delays nobody. Trouble is kept until somebody asks for it, once each. It refuses to save over what
another program has saved meanwhile.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

import numpy as np

from engine.profile.store import ProfileStore
from engine.profile.trouble import ChangedError, ProfileError

CLOSE_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """What is to be kept of a player: None is left as it is. notes: what the memory has learnt."""

    folder: str
    name: str
    memory: Mapping[str, np.ndarray] | None = None
    notes: int = 0
    taste: str | None = None


@dataclass(slots=True)
class _Stamps:
    """Of one profile's files as they were read or saved last; "" stands for no file."""

    by_kind: dict[str, str]
    lost: bool = False
    """Whether somebody else has saved: nothing of ours is saved any more."""


@dataclass(slots=True)
class _Flush:
    done: threading.Event = field(default_factory=threading.Event)


class Saver:
    """See the module. Every method returns at once but `close`."""

    def __init__(self, store_in: Callable[[Path], ProfileStore] = ProfileStore) -> None:
        """store_in makes a store for a folder (tests give one with an unwell disk)."""
        self._store_in = store_in
        self._queue: SimpleQueue[Learnt | _Flush | None] = SimpleQueue()
        self._stamps: dict[tuple[str, str], _Stamps] = {}
        self._told = ""
        self.troubles: deque[str] = deque()
        """Sentences for the player; whoever says them takes them out."""
        self._thread: threading.Thread | None = None

    def opened(self, folder: str, name: str, stamps: Mapping[str, str]) -> None:
        """A profile was read, and this is how it was."""
        self._stamps[folder, name] = _Stamps(dict(stamps))

    def save(self, learnt: Learnt) -> None:
        """Save it soon."""
        self._queue.put(learnt)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="antiphon-save", daemon=True)
            self._thread.start()

    def flush(self, timeout_s: float = CLOSE_TIMEOUT_S) -> bool:
        """Wait until what was handed over is on disk, or has failed to be."""
        if self._thread is None:
            return True
        flush = _Flush()
        self._queue.put(flush)
        return flush.done.wait(timeout_s)

    def close(self, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """Save what waits, and end."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(timeout_s)

    def _run(self) -> None:
        waiting: Learnt | None = None
        while True:
            item = self._queue.get()
            if isinstance(item, Learnt) and waiting is not None:
                if (item.folder, item.name) == (waiting.folder, waiting.name):
                    item = _together(waiting, item)
                else:
                    self._write(waiting)
            if isinstance(item, Learnt):
                # Of what piles up behind a slow disk only the newest is written.
                waiting = item
                if not self._queue.empty():
                    continue
            if waiting is not None:
                self._write(waiting)
                waiting = None
            if item is None:
                return
            if isinstance(item, _Flush):
                item.done.set()

    def _write(self, learnt: Learnt) -> None:
        stamps = self._stamps.get((learnt.folder, learnt.name))
        if stamps is None or stamps.lost:
            return
        store = self._store_in(Path(learnt.folder))
        now = stamps.by_kind
        try:
            if learnt.memory is not None:
                now["memory"] = store.save_memory(
                    learnt.name, learnt.memory, notes=learnt.notes, after=now.get("memory")
                )
            if learnt.taste is not None:
                now["taste"] = store.save_taste(learnt.name, learnt.taste, after=now.get("taste"))
            self._told = ""
        except ChangedError:
            stamps.lost = True
            self._tell(
                f"Another Antiphon has saved the profile “{learnt.name}” meanwhile: what I learn "
                "of you here is not kept. Play in one at a time, or with --profile and another "
                "name."
            )
        except ProfileError as error:
            self._tell(str(error))

    def _tell(self, says: str) -> None:
        if says != self._told:
            self._told = says
            self.troubles.append(says)


def _together(older: Learnt, newer: Learnt) -> Learnt:
    return Learnt(
        newer.folder,
        newer.name,
        newer.memory if newer.memory is not None else older.memory,
        newer.notes if newer.memory is not None else older.notes,
        newer.taste if newer.taste is not None else older.taste,
    )
