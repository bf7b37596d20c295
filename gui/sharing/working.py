"""Follows one child process of sharing: its lines, its end, its cancelling. Nothing waits for it.

Looking for lines and ending the process happen in a worker, never two at once: a child that takes
its time to go holds nobody up. It refuses to know what the child does.

Thread: the GUI's.
"""

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from gui import background

if TYPE_CHECKING:
    from federation.client.child import Line, Work

LOOK_EVERY_MS = 150
CANCELLED = "It was stopped, and nothing was changed."


class Working(QObject):
    """See the module. progressed: a line; over: the last one, with `done` or `failed`."""

    progressed = Signal(object)
    over = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work: Work | None = None
        self._asking = self._cancelled = False
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_EVERY_MS)
        self._timer.timeout.connect(self._look)

    @property
    def running(self) -> bool:
        """Whether something is on its way."""
        return self._work is not None

    @property
    def cancelling(self) -> bool:
        """Whether it is being stopped."""
        return self._cancelled

    def begin(self, work: "Work") -> None:
        """Follow this one; there is only one at a time."""
        self._work, self._cancelled = work, False
        self._timer.start()
        self._look()

    @Slot()
    def cancel(self) -> None:
        """Stop it; everything stays as it was before."""
        if self._work is not None and not self._cancelled:
            self._cancelled = True
            self._look()

    def close_down(self) -> None:
        """The window closes: what runs is stopped, and gone when this returns."""
        self._timer.stop()
        background.finish()
        work, self._work = self._work, None
        if work is not None and not work.over:
            work.cancel()

    @Slot()
    def _look(self) -> None:
        if self._asking or self._work is None:
            return
        self._asking = True
        if self._cancelled:
            background.run(self._work.cancel, self._gone, self._lost, owner=self)
        else:
            background.run(self._work.poll, self._heard, self._lost, owner=self)

    def _heard(self, lines: "list[Line]") -> None:
        self._asking = False
        if self._work is None:
            return
        for line in lines:
            if "done" in line or "failed" in line:
                self._end(line)
                return
            self.progressed.emit(line)
        if self._cancelled:
            self._look()

    def _gone(self, _nothing: Any) -> None:
        self._asking = False
        self._end({"failed": CANCELLED})

    def _lost(self, error: Exception) -> None:
        self._asking = False
        self._end({"failed": f"It ended unexpectedly ({error}), and nothing was changed."})

    def _end(self, line: "Line") -> None:
        if self._work is not None:
            self._timer.stop()
            self._work = None
            self.over.emit(line)
