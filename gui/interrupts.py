"""Ctrl-C and SIGTERM end the window as its close button does.

Python hears signals only between its own instructions, and Qt's loop is none; a socket wakes it. It
refuses to end anything itself: a function is handed in.
"""

import contextlib
import signal
import socket
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

from PySide6.QtCore import QObject, QSocketNotifier

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts(QObject):
    """While this lasts, a signal calls `close` in the GUI thread."""

    def __init__(self, close: Callable[[], object]) -> None:
        super().__init__()
        self._close = close
        self._before: list[tuple[int, Any]] = []
        self._before_fd = -1

    def __enter__(self) -> "Interrupts":
        self._near, self._far = socket.socketpair()
        for end in (self._near, self._far):
            end.setblocking(False)
        self._notifier = QSocketNotifier(self._near.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._woken)
        self._before_fd = signal.set_wakeup_fd(self._far.fileno(), warn_on_full_buffer=False)
        self._before = [(number, signal.signal(number, self._heard)) for number in SIGNALS]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        signal.set_wakeup_fd(self._before_fd)
        for number, handler in self._before:
            signal.signal(number, handler)
        self._notifier.setEnabled(False)
        self._near.close()
        self._far.close()

    def _heard(self, _number: int, _frame: FrameType | None) -> None:
        self._close()

    def _woken(self) -> None:
        # Reading is enough: Python then runs the handler.
        with contextlib.suppress(OSError):
            self._near.recv(64)
