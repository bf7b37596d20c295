"""Waiting for what another process does: until a condition holds, never for a time."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

_Answer = TypeVar("_Answer")

DEADLINE_S = 30.0
"""Far more than anything here takes, on a machine that does other work, and stands still for some
seconds now and then, as virtual ones do."""

_PAUSE_S = 0.002


def wait_for(
    ask: Callable[[], _Answer], what: str | Callable[[], str], deadline_s: float = DEADLINE_S
) -> _Answer:
    """Ask again and again until the answer is true; TimeoutError says `what` never came."""
    pause = threading.Event()
    end_s = time.monotonic() + deadline_s
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > end_s:
            text = what() if callable(what) else what
            raise TimeoutError(f"waited {deadline_s:g} s for {text}")
        pause.wait(_PAUSE_S)
