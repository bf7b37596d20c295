"""Work that may take its time, beside the GUI thread: files, the take library, pictures.

`run` hands a function to Qt's thread pool and brings its result, or its error, back as a call in
the GUI thread. It refuses to touch widgets from the pool: what runs there is given plain values
and gives plain values back.
"""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, QThreadPool, Signal, Slot

Result = TypeVar("Result")
_log = logging.getLogger(__name__)


class _Reply(QObject):
    """Lives in the thread that asked, and is called back there."""

    arrived = Signal(object, object)

    def __init__(
        self,
        done: Callable[[Any], None] | None,
        failed: Callable[[Exception], None] | None,
        owner: QObject | None,
    ) -> None:
        super().__init__()
        self._done, self._failed, self._owner = done, failed, owner
        self.arrived.connect(self._reply, Qt.ConnectionType.QueuedConnection)

    @Slot(object, object)
    def _reply(self, result: object, error: Exception | None) -> None:
        _waiting.discard(self)
        if self._owner is not None and not shiboken6.isValid(self._owner):
            return  # whoever asked is gone
        if error is None:
            if self._done is not None:
                self._done(result)
        elif self._failed is not None:
            self._failed(error)
        else:
            _log.error("background work failed: %s", error, exc_info=error)


_waiting: set[_Reply] = set()
"""Replies on their way; a QObject that nobody holds would be gone before its signal arrives."""


def run(
    function: Callable[[], Result],
    done: Callable[[Result], None] | None = None,
    failed: Callable[[Exception], None] | None = None,
    *,
    owner: QObject | None = None,
) -> None:
    """Call `function` on the thread pool, then `done(result)` or `failed(error)` in this thread.

    owner: without it (deleted meanwhile) nobody is called back. An error that nobody handles is
    logged. Thread: the GUI's.
    """
    reply = _Reply(done, failed, owner)
    _waiting.add(reply)

    def job() -> None:
        try:
            result, error = function(), None
        except Exception as raised:
            result, error = None, raised
        if shiboken6.isValid(reply):
            reply.arrived.emit(result, error)

    # A function, not a QRunnable of ours: of those PySide6 keeps some for ever, with all that
    # they hold.
    QThreadPool.globalInstance().start(job)


def finish(timeout_ms: int = 2000) -> bool:
    """Wait for what still runs, at the end; False where something goes on longer."""
    return QThreadPool.globalInstance().waitForDone(timeout_ms)
