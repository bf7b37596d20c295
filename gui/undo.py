"""One way back for everything: changes of the desk and of the takes on one stack, newest first.

The desk keeps its own steps in the session and tells only the newest in words; here stands in which
order its changes and those of the takes came. A change of the takes brings its way back along. It
refuses to keep what has no way back, and forgets nothing that the desk could still take back.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal, Slot

from gui.bridge import Bridge
from gui.state import JamState
from plugin.served.messages import DeskIs, Line

MOST_STEPS = 200


@dataclass(frozen=True, slots=True)
class Step:
    """A change in words ("delete “Take 3”"), and how it is taken back and made again."""

    what: str
    undo: Callable[[], object]
    redo: Callable[[], object]


_DESK = Step("", lambda: None, lambda: None)
"""Stands for one change of the desk, whichever it is."""


class UndoStack(QObject):
    """See the module. Thread: the GUI's."""

    changed = Signal()

    def __init__(self, state: JamState, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state, self._bridge = state, bridge
        self._done: deque[Step] = deque(maxlen=MOST_STEPS)
        self._undone: deque[Step] = deque(maxlen=MOST_STEPS)
        self._desk: tuple[str, str] = ("", "")
        self._asked = ""
        state.desk_changed.connect(self._desk_changed)
        bridge.alive_changed.connect(self._alive)

    @property
    def undo_words(self) -> str:
        """What undo would take back, "" for nothing."""
        return self._words(self._done, self._desk[0])

    @property
    def redo_words(self) -> str:
        """What redo would make again, "" for nothing."""
        return self._words(self._undone, self._desk[1])

    def push(self, what: str, undo: Callable[[], object], redo: Callable[[], object]) -> None:
        """A change was just made; what: in words, as in "Undo delete “Take 3”"."""
        self._done.append(Step(what, undo, redo))
        self._undone.clear()
        self.changed.emit()

    def undo(self) -> None:
        """Take back the newest change."""
        self._go(self._done, self._undone, self._desk[0], "undo")

    def redo(self) -> None:
        """Make the last change that was taken back again."""
        self._go(self._undone, self._done, self._desk[1], "redo")

    def _go(self, here: deque[Step], there: deque[Step], desk: str, word: str) -> None:
        step = self._top(here, desk)
        if step is None:
            return
        if here and here[-1] is step:
            here.pop()
        there.append(step)
        if step is _DESK:
            self._asked = word
            self._bridge.send(Line(word))
        elif word == "undo":
            step.undo()
        else:
            step.redo()
        self.changed.emit()

    def _words(self, steps: deque[Step], desk: str) -> str:
        step = self._top(steps, desk)
        return "" if step is None else desk if step is _DESK else step.what

    @staticmethod
    def _top(steps: deque[Step], desk: str) -> Step | None:
        """The newest step that can still be gone; the desk may know older ones than we do."""
        while steps and steps[-1] is _DESK and not desk:
            steps.pop()
        if steps:
            return steps[-1]
        return _DESK if desk else None

    @Slot(object)
    def _desk_changed(self, desk: DeskIs) -> None:
        before, self._desk = self._desk, (desk.undo, desk.redo)
        if before == self._desk:
            return
        if self._asked:
            self._asked = ""
        elif desk.undo and not (desk.redo and desk.redo != before[1]):
            # A new change: the desk, too, forgets then what had been taken back.
            self._done.append(_DESK)
            self._undone.clear()
        self.changed.emit()

    @Slot(bool, str)
    def _alive(self, alive: bool, _says: str) -> None:
        """The desk's steps went with its session; the takes' stay."""
        if alive:
            return
        self._desk, self._asked = ("", ""), ""
        for steps in (self._done, self._undone):
            kept = [step for step in steps if step is not _DESK]
            steps.clear()
            steps.extend(kept)
        self.changed.emit()
