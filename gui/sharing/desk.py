"""The window's one hand on sharing: questions one by one, in a worker, and what runs, followed.

While nothing was ever decided, it is a name and nothing more: nothing of `federation` is imported,
read or written until the dock is first opened, or a yes of an earlier day lies on the disk. It
refuses to decide: it carries out what the player clicked, and what is due by an earlier yes.

Thread: the GUI's.
"""

import logging
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from gui import background
from gui.sharing.seen import Seen, look
from gui.sharing.words import in_window
from gui.sharing.working import Working
from plugin.protocol import NoteSounded

if TYPE_CHECKING:
    from federation.client.child import Line, Work
    from federation.client.sharing import Sharing

FOLDER = "sharing"
"""In the data folder; `federation.client.places` has the same word."""
TICK_MS = 60_000
READY = "A change is ready to be looked at: open Sharing. Nothing is sent before you have seen it."
_log = logging.getLogger(__name__)


def local_now() -> datetime:
    """The moment, by the clock on the wall."""
    return datetime.now().astimezone()


def _real(data: Path) -> "Sharing":
    from federation.client.sharing import Sharing

    return Sharing(data)


class SharingDesk(QObject):
    """See the module.

    seen_changed: another `Seen`. failed: a sentence and a next step. told: something worth a quiet
    mention. task_changed: something began or ended. progressed: a line of it. over: its name and
    its last line.
    """

    seen_changed = Signal(object)
    failed = Signal(str)
    told = Signal(str)
    task_changed = Signal()
    progressed = Signal(object)
    over = Signal(str, object)

    def __init__(
        self,
        data: Path,
        make: "Callable[[Path], Sharing]" = _real,
        *,
        now: Callable[[], datetime] = local_now,
        clock: Callable[[], float] = time.monotonic,
        parent: QObject | None = None,
    ) -> None:
        """data: the data folder. make: the facade over it, called in a worker when it is needed."""
        super().__init__(parent)
        self._data, self._make, self._now, self._clock = data, make, now, clock
        self._sharing: Sharing | None = None
        self._waiting: deque[tuple[Callable[[Sharing], Any], Any, Any]] = deque()
        self._busy = self._looking = self._closed = False
        self._born: Work | None = None
        """Begun in a worker, and not yet followed."""
        self._played_s = clock()
        self._unasked = False
        self.task = ""
        """What runs in a child process now."""
        self.seen: Seen | None = None
        self._working = Working(self)
        self._working.progressed.connect(self.progressed)
        self._working.over.connect(self._ended)
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.tick)

    @property
    def ever(self) -> bool:
        """Whether anything of sharing is kept on this computer."""
        return (self._data / FOLDER).exists()

    @property
    def on(self) -> bool:
        """Whether anything may leave, as far as was looked."""
        return self.seen is not None and self.seen.status.on

    @property
    def busy(self) -> bool:
        """Whether something was asked and not answered."""
        return self._busy

    @property
    def cancelling(self) -> bool:
        """Whether what runs is being stopped."""
        return self._working.cancelling

    @Slot()
    def begin(self) -> None:
        """The window is there: look, but only if there was ever a yes to anything."""
        if self.ever:
            self.look()

    @Slot()
    def look(self) -> None:
        """Read how things stand; `seen_changed` follows."""
        if not self._looking:
            self._looking = True
            self.ask(lambda sharing: look(sharing, self._now), self._seen, self._unseen)

    def decide(
        self, act: "Callable[[Sharing], object]", then: Callable[[], object] | None = None
    ) -> None:
        """Carry out what the player clicked, then look; `then` follows if it could be done."""

        def done(_: object) -> None:
            self.look()
            if then is not None:
                self.ask(lambda _sharing: None, lambda _nothing: then())

        self.ask(act, done, self._refused)

    def start(self, task: str, begin: "Callable[[Sharing], Work | None]") -> None:
        """Begin what takes long; one at a time."""
        if self.task:
            return
        self._set_task(task)
        self.ask(lambda sharing: self._hold(begin(sharing)), self._begun, self._not_begun)

    @Slot()
    def cancel(self) -> None:
        """Stop what runs; everything stays as it was before."""
        self._working.cancel()
        self.task_changed.emit()

    @Slot()
    def tick(self) -> None:
        """Begin what is due by an earlier yes, if anything is."""
        if self.task or self._busy or self.seen is None:
            return
        idle_s = self._clock() - self._played_s

        def question(sharing: "Sharing") -> "tuple[str, Work | None]":
            return sharing.due(idle_s), self._hold(sharing.tick(idle_s))

        def begun(found: "tuple[str, Work | None]") -> None:
            task, work = found
            if work is not None:
                self._unasked = True
                self._set_task(task)
                self._follow(work)

        self.ask(question, begun, _log.info)

    @Slot(object)
    def hear(self, message: object) -> None:
        """The player plays: what was begun unasked has to make room."""
        if isinstance(message, NoteSounded) and not message.partner:
            self._played_s = self._clock()
            if self._unasked and self._working.running:
                self.cancel()

    def ask(
        self,
        question: "Callable[[Sharing], Any]",
        done: Callable[[Any], object] = lambda _: None,
        failed: Callable[[str], object] | None = None,
    ) -> None:
        """Ask in a worker; then `done` is called with the answer, or `failed` with a sentence."""
        self._waiting.append((question, done, failed or self.failed.emit))
        self._next()

    def close_down(self) -> None:
        """The window closes: what was decided is done, what runs is stopped."""
        self._closed = True
        self._timer.stop()
        self._working.close_down()
        born, self._born = self._born, None
        if born is not None:
            born.cancel()
        waiting, self._waiting = list(self._waiting), deque()
        for question, _, failed in waiting:
            if failed == self._refused:
                try:
                    self._answer(question)
                except Exception as error:
                    _log.info("left undone at the end: %s", error)

    # -- inside --

    def _next(self) -> None:
        if self._busy or not self._waiting:
            return
        self._busy = True
        question, done, failed = self._waiting.popleft()

        def answered(result: Any) -> None:
            self._busy = False
            if not self._closed:  # nobody looks any more, and nothing is begun
                done(result)
                self._next()

        def wrong(error: Exception) -> None:
            self._busy = False
            if not self._closed:
                failed(sentence_of(error))
                self._next()

        background.run(lambda: self._answer(question), answered, wrong, owner=self)

    def _answer(self, question: "Callable[[Sharing], Any]") -> Any:
        if self._sharing is None:
            self._sharing = self._make(self._data)
        return question(self._sharing)

    def _seen(self, seen: Seen) -> None:
        self._looking = False
        self.seen = seen
        ticking = seen.status.stage != "off" or seen.status.receiving
        if ticking and not self._timer.isActive():
            self._timer.start()
        elif not ticking:
            self._timer.stop()
        if seen.status.trouble:
            self.failed.emit(in_window(seen.status.trouble))
            self.ask(lambda sharing: sharing.said())
        self.seen_changed.emit(seen)

    def _unseen(self, says: str) -> None:
        self._looking = False
        self.failed.emit(says)

    def _refused(self, says: str) -> None:
        self.failed.emit(says)
        self.look()

    def _begun(self, work: "Work | None") -> None:
        if work is None:
            self._ended({"done": {}})
        else:
            self._follow(work)
            self.task_changed.emit()

    def _hold(self, work: "Work | None") -> "Work | None":
        """In a worker: should the window close before it is followed, it is stopped."""
        self._born = work
        return work

    def _follow(self, work: "Work") -> None:
        self._born = None
        self._working.begin(work)

    def _not_begun(self, says: str) -> None:
        self._set_task("")
        self._refused(says)

    @Slot(object)
    def _ended(self, line: "Line") -> None:
        task, unasked, self._unasked = self.task, self._unasked, False
        self._set_task("")
        if task == "prepare" and unasked and "done" in line:
            self.told.emit(READY)
        if not unasked:
            self.over.emit(task, line)
        self.look()

    def _set_task(self, task: str) -> None:
        self.task = task
        self.task_changed.emit()


def sentence_of(error: Exception) -> str:
    """What went wrong, as a sentence and a next step for a window."""
    if isinstance(error, ImportError):
        return f"This install cannot share ({error}), which is fine; the music goes on."
    from federation.client.trouble import SharingError

    if isinstance(error, SharingError):
        return in_window(str(error))
    if isinstance(error, OSError):
        reason = (error.strerror or "unknown reason").lower()
        return f"The folder of sharing cannot be used ({reason}): free some space and try again."
    _log.error("unexpected in sharing: %s", error, exc_info=error)
    return f"That did not work ({type(error).__name__}: {error}), and nothing more was done."
