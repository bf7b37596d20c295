"""Questions to the take library, one after the other, in a worker: nothing waits in the window.

Each question is a function of an open `TakeLibrary`; its result, or its trouble in words, comes
back in the GUI thread, in the order of asking. It refuses to remember anything.
"""

import logging
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

from PySide6.QtCore import QObject

from engine.smf.chunks import MidiFileError
from gui import background
from gui.takes.trouble import OutputError
from plugin.takes import TakeError, TakeLibrary

Result = TypeVar("Result")
_log = logging.getLogger(__name__)


class Run(Protocol):
    """As `gui.background.run`; tests hand in one of their own."""

    def __call__(
        self,
        function: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
        *,
        owner: QObject,
    ) -> None:
        """Call the function elsewhere, then one of the other two here."""


class Librarian(QObject):
    """See the module. Thread: the GUI's."""

    def __init__(
        self, path: Path, parent: QObject | None = None, run: Run = background.run
    ) -> None:
        """path: of the library's file."""
        super().__init__(parent)
        self.path = path
        self._run = run
        self._waiting: deque[tuple[Callable[[TakeLibrary], Any], Any, Any]] = deque()
        self._busy = False

    @property
    def busy(self) -> bool:
        """Whether something was asked and not answered."""
        return self._busy

    def ask(
        self,
        question: Callable[[TakeLibrary], Result],
        done: Callable[[Result], object] = lambda result: None,
        failed: Callable[[str], object] | None = None,
    ) -> None:
        """Ask; then `done` is called with the answer, or `failed` with a sentence."""
        self._waiting.append((question, done, failed))
        self._next()

    def finish(self) -> None:
        """The window closes: what was asked and has not begun is done now, nobody is told."""
        waiting, self._waiting = list(self._waiting), deque()
        for question, _, _ in waiting:
            try:
                self._answer(question)
            except (TakeError, OutputError, MidiFileError, OSError) as error:
                _log.info("left undone at the end: %s", error)

    def _next(self) -> None:
        if self._busy or not self._waiting:
            return
        self._busy = True
        question, done, failed = self._waiting.popleft()

        def answered(result: Any) -> None:
            self._over()
            done(result)

        def refused(error: Exception) -> None:
            self._over()
            if not isinstance(error, TakeError | OutputError | MidiFileError | OSError):
                _log.error("a question to the library failed", exc_info=error)
            if failed is not None:
                failed(in_words(error))

        self._run(lambda: self._answer(question), answered, refused, owner=self)

    def _over(self) -> None:
        self._busy = False
        self._next()

    def _answer(self, question: Callable[[TakeLibrary], Result]) -> Result:
        with TakeLibrary(self.path) as library:
            return question(library)


def in_words(error: Exception) -> str:
    """A trouble as a sentence with a next step."""
    if isinstance(error, TakeError | OutputError | MidiFileError):
        return str(error)
    if isinstance(error, OSError):
        reason = (error.strerror or "unknown reason").lower()
        where = error.filename or "a file"
        return f"{where} cannot be used ({reason}): check its folder and the space on the disk."
    return f"That did not work ({type(error).__name__}: {error}): try again, or see Help, Doctor."
