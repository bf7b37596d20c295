"""What becomes of the profile card and the versions card: store in a worker, session by a message.

Everything that changes a profile ends with a look at the store, so the cards show what is really on
the disk. It refuses to change a profile that is being learnt for.

Thread: the GUI's.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from gui import background
from gui.personalise.again import Again
from gui.personalise.asking import Ask
from gui.personalise.errors import sentence_of
from gui.personalise.partnership import Partnership
from gui.personalise.profile_card import ProfileCard
from gui.personalise.shelf import ENDING, Moved, Shelf, Shown
from gui.personalise.versions_card import VersionsCard
from gui.state import JamState
from gui.undo import UndoStack
from plugin.protocol import LearnOver
from plugin.served.messages import Opened

DEFAULT = "me"
LEARNING = "It is learning: cancel that first, or wait until it is over."
NO_SESSION = "There is no session: start it again first (Partner, Restart the session)."
HOLDS_NOTES = "The file holds the notes that were learnt from: give it only to whom may have them."


@dataclass(slots=True)
class _Deleted:
    """A profile that was deleted, and where it is kept for an undo; None while it is there."""

    name: str
    kept: Path | None = None


class ProfileFlow(QObject):
    """See the module. `changed`: another `shown`, or another `name`."""

    changed = Signal()

    def __init__(
        self,
        state: JamState,
        partnership: Partnership,
        shelf: Shelf,
        profiles: ProfileCard,
        versions: VersionsCard,
        ask: Ask,
        undo: UndoStack,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._undo = undo
        self._state, self._partnership, self._shelf = state, partnership, shelf
        self._profiles, self._versions, self._ask = profiles, versions, ask
        self.shown = Shown()
        self._changing = self._learning = False
        self._waiting: deque[Callable[[], None]] = deque()
        self._answer: Callable[[], None] | None = None
        self._look = Again(self, self._reading, self._looked, self._unreadable)
        profiles.chosen.connect(self._choose)
        profiles.asked.connect(self._asked)
        profiles.named.connect(self._named)
        profiles.original.connect(self._original)
        profiles.confirmed.connect(self._confirmed)
        versions.undo.connect(self.undo)
        versions.redo.connect(self._redo)
        versions.go_to.connect(self._go_to)
        state.profile_changed.connect(self.refresh)
        state.opened_changed.connect(self._allow)
        self._allow()

    @property
    def name(self) -> str:
        """Whose profile the cards are about; "" is nobody's."""
        told = self._partnership.name
        return self.shown.name if told is None else told

    @Slot()
    def refresh(self) -> None:
        """Look at the profiles again."""
        if not self._changing:
            self._look.wish()

    def learning(self, busy: bool) -> None:
        """Whether the profile is being learnt for."""
        self._learning = busy
        self._allow()

    @Slot()
    def undo(self) -> None:
        """One version back."""
        name = self.name
        self._move(lambda: self._shelf.undo(name))

    def _redo(self) -> None:
        name = self.name
        self._move(lambda: self._shelf.redo(name))

    def _go_to(self, version: int | None) -> None:
        name = self.name
        self._move(lambda: self._shelf.go_to(name, version))

    # -- the store --

    def _reading(self) -> Callable[[], Shown]:
        name = self._partnership.name or None
        return lambda: self._shelf.look(name)

    def _looked(self, shown: Shown) -> None:
        self.shown = shown
        self._profiles.show_profiles(shown, self.name)
        self._versions.show_versions(shown if self.name else Shown())
        self._allow()
        self.changed.emit()

    def _unreadable(self, error: Exception) -> None:
        self._profiles.say(sentence_of(error), role="warn")

    def _failed(self, error: Exception) -> None:
        self._changing = False
        self._profiles.say(sentence_of(error), role="warn")
        self._look.wish()
        self._go_on()

    def _move(self, change: Callable[[], Moved], *, undoes: bool = False) -> None:
        """Another version: on the disk, then between two notes. undoes: of the window's undo."""

        def done(moved: Moved) -> None:
            self._partnership.adopt(moved.name)
            self._settled()
            if not undoes:
                self._can_undo(moved, f"{_called(moved.after)} of “{moved.name}”")

        self._do(change, done)

    def learnt(self, told: LearnOver) -> None:
        """A new version is in use: undo goes back to the one before."""
        before = self.shown.version if self.shown.name == told.profile else None
        if told.kept and before != told.version:
            moved = Moved(told.profile, before, told.version)
            self._can_undo(moved, f"learning for “{told.profile}”")
        self.refresh()

    def _can_undo(self, moved: Moved, what: str) -> None:
        name, before, after = moved.name, moved.before, moved.after
        self._undo.push(
            what,
            lambda: self._move(lambda: self._shelf.step_to(name, before), undoes=True),
            lambda: self._move(lambda: self._shelf.step_to(name, after), undoes=True),
        )

    def _do(self, change: Callable[[], Any], done: Callable[[Any], None]) -> None:
        self._begin(lambda: background.run(change, done, self._failed, owner=self))

    def _do_away(self, name: str, change: Callable[[], Any], back: Callable[[Any], str]) -> None:
        """As `_do`, while nobody plays for the profile; `back` gives whose partner to be then."""

        def settled(result: Any) -> str:
            follows = back(result)
            self._settled()
            return follows

        self._begin(lambda: self._partnership.away(name, change, settled, self._failed))

    def _begin(self, change: Callable[[], None]) -> None:
        """One change after the other: a click while one goes on is heard when it is over."""
        if self._changing:
            self._waiting.append(change)
            return
        self._changing, self._answer = True, None
        self._profiles.say("")
        change()

    def _settled(self) -> None:
        self._changing = False
        self._profiles.end_naming()
        self._look.wish()
        self._go_on()

    def _go_on(self) -> None:
        if self._waiting:
            self._begin(self._waiting.popleft())

    # -- clicks --

    def _choose(self, name: str) -> None:
        self._profiles.say("")
        self._partnership.be(name)

    def _original(self) -> None:
        shown = self.shown
        if shown.version is None and shown.can_redo:
            self._redo()
        else:
            self._go_to(None if shown.version is not None else shown.newest)

    def _asked(self, verb: str) -> None:
        name = self.name
        match verb:
            case "create":
                self._profiles.begin_naming(verb, "", "Make it")
            case "rename":
                self._profiles.begin_naming(verb, name, "Rename")
            case "copy":
                self._do(lambda: self._shelf.copy(name), self._copied)
            case "export":
                self._ask(self._profiles, "export", f"{name}{ENDING}", self._export)
            case "import":
                self._ask(self._profiles, "import", "", lambda paths: self.take_in(paths[0]))
            case "delete":
                self._delete(name)

    def _named(self, verb: str, name: str) -> None:
        if verb == "create":
            self._do(lambda: self._shelf.create(name), self._created)
        elif verb == "rename":
            self._rename(self.name, name)

    def _rename(self, old: str, new: str, *, undoes: bool = False) -> None:
        def back(name: str) -> str:
            if not undoes and name != old:
                self._undo.push(
                    f"rename “{old}”",
                    lambda: self._rename(name, old, undoes=True),
                    lambda: self._rename(old, name, undoes=True),
                )
            return name

        self._do_away(old, lambda: self._shelf.rename(old, new), back)

    def _created(self, name: str) -> None:
        self._partnership.be(name)
        self._settled()

    def _copied(self, made: tuple[str, tuple[str, ...]]) -> None:
        name, says = made
        self._settled()
        self._profiles.say(" ".join((f"“{name}” is there.", *says)))

    def _export(self, paths: list[Path]) -> None:
        name, path = self.name, paths[0]

        def done(says: tuple[str, ...]) -> None:
            self._settled()
            self._profiles.say(" ".join((f"“{name}” is in {path.name}.", HOLDS_NOTES, *says)))

        self._do(lambda: self._shelf.export(name, path), done)

    def take_in(self, path: Path) -> None:
        """Import the profile of an exported file."""

        def done(made: tuple[str, tuple[str, ...]]) -> None:
            name, says = made
            self._settled()
            self._offer(
                " ".join((f"“{name}” is there.", *says)),
                "Play with it",
                f"be the partner of “{name}” from now on",
                lambda: self._choose(name),
            )

        self._do(lambda: self._shelf.import_(path), done)

    def _delete(self, name: str) -> None:
        if self.shown.readable:
            self._remove(_Deleted(name))
            return
        self._offer(
            f"“{name}” cannot be read, so deleting it cannot be undone.",
            "Delete for good",
            "removes the profile and all that is in it",
            lambda: self._do_away(
                name, lambda: self._shelf.delete_for_good(name), lambda _: DEFAULT
            ),
        )

    def _remove(self, deleted: "_Deleted", *, undoes: bool = False) -> None:
        name = deleted.name

        def bring_back() -> None:
            self._bring_back(deleted)

        def back(kept: Path) -> str:
            deleted.kept = kept
            self._offer(
                f"“{name}” was deleted.",
                "Undo",
                "brings the profile back with all that it learnt",
                bring_back,
            )
            if not undoes:
                again = lambda: self._remove(deleted, undoes=True)  # noqa: E731
                self._undo.push(f"delete “{name}”", bring_back, again)
            return DEFAULT

        self._do_away(name, lambda: self._shelf.delete(name), back)

    def _bring_back(self, deleted: "_Deleted") -> None:
        kept = deleted.kept
        if kept is None:  # it is back already
            return
        deleted.kept = None

        def back(again: str) -> str:
            deleted.name = again
            return again

        self._do_away(self.name, lambda: self._shelf.bring_back(kept, deleted.name), back)

    def _offer(self, says: str, answer: str, tip: str, do: Callable[[], None]) -> None:
        self._answer = do
        self._profiles.say(says, answer, tip)

    def _confirmed(self) -> None:
        answer, self._answer = self._answer, None
        self._profiles.say("")
        if answer is not None:
            answer()

    @Slot()
    def _allow(self, *_: object) -> None:
        reason = LEARNING if self._learning else ""
        self._profiles.forbid(reason)
        self._versions.forbid(reason)
        opened = isinstance(self._state.opened, Opened)
        self._profiles.forbid_choice("" if opened else NO_SESSION)


def _called(version: int | None) -> str:
    return "the original" if version is None else f"version {version}"
