"""What the panel does with takes: reads them, stars, names, deletes, and each way back.

The list is changed when the library has been, never before; what the library refuses is told as a
sentence and changes nothing. Every change goes onto the shared undo. It refuses to delete for good:
what it deletes can be had back for 30 days.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from PySide6.QtCore import QObject, Signal

from gui.bridge import Bridge
from gui.state import JamState
from gui.takes.librarian import Librarian
from gui.takes.model import TakesModel, local_now
from gui.takes.words import counted, searched
from gui.undo import UndoStack
from plugin.protocol import Star, State, TakeMarked
from plugin.takes import Take, TakeLibrary


class Deeds(QObject):
    """See the module. Thread: the GUI's."""

    read = Signal()
    """The list is as the library has it."""
    refused = Signal(str)
    """A sentence and a next step; nothing was changed."""

    def __init__(
        self,
        state: JamState,
        bridge: Bridge,
        librarian: Librarian,
        model: TakesModel,
        undo: UndoStack,
        parent: QObject | None = None,
        now: Callable[[], datetime] = local_now,
    ) -> None:
        super().__init__(parent)
        self._state, self._bridge, self._librarian = state, bridge, librarian
        self._model, self._undo, self._now = model, undo, now
        self._stale = self._reading = False
        self._new: list[str] = []
        """Takes that are new for sure and have not been read."""
        model.renamed.connect(self.rename)
        state.take_saved.connect(self.refresh)
        state.phrase_heard.connect(lambda message: self.refresh())
        state.answer_over.connect(lambda message: self.refresh())
        state.take_marked.connect(self._marked)

    # -- reading --

    def read_all(self) -> None:
        """Read the whole library; what has been in the bin for 30 days goes for good before."""

        def question(library: TakeLibrary) -> tuple[list[Take], list[str]]:
            library.empty_bin(self._now())
            takes = library.list_takes()
            return takes, [searched(take) for take in takes]

        self._librarian.ask(question, self._all_read, self.refused.emit)

    def refresh(self, take_id: str = "") -> None:
        """Read what is new; asked for again meanwhile, it is read once more and not oftener.

        take_id: one that is new for sure. A clock that was set back puts it among older ones.
        """
        if take_id:
            self._new.append(take_id)
        if self._reading:
            self._stale = True
            return
        self._reading, self._stale = True, False
        since = min([self._model.refreshed_from(), *self._new])
        self._new.clear()

        def question(library: TakeLibrary) -> list[Take]:
            return library.list_takes(since=since)

        def done(takes: list[Take]) -> None:
            self._reading = False
            self._model.merge(since, takes)
            self.read.emit()
            if self._stale:
                self.refresh()

        def failed(says: str) -> None:
            self._reading = False
            self.refused.emit(says)

        self._librarian.ask(question, done, failed)

    def _all_read(self, found: tuple[list[Take], list[str]]) -> None:
        self._model.show(*found)
        self.read.emit()

    def _marked(self, message: TakeMarked) -> None:
        """The jam itself starred or deleted one; it counts as told, the disk needs a moment."""
        take = self._model.find(message.take_id)
        if take is None:
            return
        if message.mark == "deleted":
            self._model.remove([take.id])
        elif message.mark in ("starred", "unstarred"):
            self._model.put(replace(take, starred=message.mark == "starred"))

    # -- changing --

    def star(self, take_id: str, on: bool) -> None:
        """Give a take a star, or take it away."""
        take = self._model.find(take_id)
        if take is None or take.starred == on:
            return
        what = f"star {named(take)}" if on else f"take the star of {named(take)} away"
        self._do(
            lambda: self._starred(take_id, on),
            what,
            lambda: self._starred(take_id, not on),
        )

    def rename(self, take_id: str, name: str) -> None:
        """Give a take a name."""
        take = self._model.find(take_id)
        if take is None or name.strip() == take.name:
            return
        before = take.name
        what = f"name “{name.strip()[:40]}”" if name.strip() else f"no name for {named(take)}"
        self._do(lambda: self._named(take_id, name), what, lambda: self._named(take_id, before))

    def delete(self, take_ids: Sequence[str]) -> None:
        """Delete takes; until 30 days are over they can be had back."""
        takes = [take for take_id in take_ids if (take := self._model.find(take_id))]
        if not takes:
            return
        ids = [take.id for take in takes]
        words = named(takes[0]) if len(takes) == 1 else counted(len(takes), "take")
        self._do(lambda: self._deleted(ids), f"delete {words}", lambda: self._restored(ids))

    def _do(self, act: Callable[[], object], what: str, back: Callable[[], object]) -> None:
        act()
        self._undo.push(what, back, act)

    def _starred(self, take_id: str, on: bool) -> None:
        def question(library: TakeLibrary) -> Take:
            library.star([take_id], on)
            return library.get(take_id)

        self._librarian.ask(question, self._model.put, self.refused.emit)
        if self._is_last_answer(take_id):
            self._bridge.send(Star(on))  # the partner learns from it, too

    def _named(self, take_id: str, name: str) -> None:
        def question(library: TakeLibrary) -> Take:
            library.rename(take_id, name)
            return library.get(take_id)

        self._librarian.ask(question, self._model.put, self.refused.emit)

    def _deleted(self, ids: list[str]) -> None:
        def question(library: TakeLibrary) -> None:
            library.discard(ids, self._now())

        self._librarian.ask(question, lambda _: self._model.remove(ids), self.refused.emit)

    def _restored(self, ids: list[str]) -> None:
        def question(library: TakeLibrary) -> list[Take]:
            library.restore(ids)
            return [library.get(take_id) for take_id in ids]

        def done(takes: list[Take]) -> None:
            for take in takes:
                self._model.put(take)

        self._librarian.ask(question, done, self.refused.emit)

    def _is_last_answer(self, take_id: str) -> bool:
        """Whether the session would understand "the last answer" as this take, surely."""
        last = self._state.last_answer
        return (
            last is not None
            and last.take_id == take_id
            and self._state.state is State.LISTENING
            and self._bridge.alive
        )


def named(take: Take) -> str:
    """A take within a sentence."""
    return f"“{take.name[:40]}”" if take.name else take.title[0].lower() + take.title[1:]
