"""Runs one thing in a worker, the newest wish last: for what is asked for faster than it is done.

While it runs, further wishes count as one; what an older run found is dropped. It refuses timers.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

from PySide6.QtCore import QObject

from gui import background

Result = TypeVar("Result")


class Again(Generic[Result]):
    """See the module. `make` is called in the GUI's thread and gives what the worker does."""

    def __init__(
        self,
        owner: QObject,
        make: Callable[[], Callable[[], Result]],
        done: Callable[[Result], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """owner: without it nobody is called back."""
        self._owner, self._make, self._done, self._failed = owner, make, done, failed
        self._running = self._wanted = False

    @property
    def running(self) -> bool:
        """Whether something is under way."""
        return self._running

    def wish(self) -> None:
        """Do it, or do it once more when the present run is over."""
        if self._running:
            self._wanted = True
            return
        self._running = True
        background.run(self._make(), self._over, self._wrong, owner=self._owner)

    def _over(self, result: Result) -> None:
        if not self._goes_on():
            self._done(result)

    def _wrong(self, error: Exception) -> None:
        if not self._goes_on():
            self._failed(error)

    def _goes_on(self) -> bool:
        """Whether a newer wish takes the place of what was found."""
        self._running = False
        if not self._wanted:
            return False
        self._wanted = False
        self.wish()
        return True
