"""What the system asks of a running jam by signals; whoever plays looks at it between two rounds.

Ctrl-C, a closed terminal and `kill` end it in order. SIGUSR1 (`antiphon panic`) silences at once.
Ctrl-Z silences, then stops it until `fg`: a stopped jam holds no note.
"""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from plugin.running import HAS_SIGNAL


@dataclass(slots=True)
class Wishes:
    """What has been asked for and not yet been done."""

    quit: bool = False
    panic: bool = False
    pause: bool = False

    def grant(self, silence: Callable[[], None]) -> bool:
        """Do what can be done here; whether the jam goes on."""
        if self.panic or self.pause:
            self.panic = False
            silence()
        if self.pause:
            self.pause = False
            os.kill(os.getpid(), signal.SIGSTOP)
        return not self.quit


@contextlib.contextmanager
def heeded() -> Iterator[Wishes]:
    """While this lasts, signals become wishes."""
    wishes = Wishes()

    def wish_quit(number: int, frame: object) -> None:
        wishes.quit = True

    def wish_panic(number: int, frame: object) -> None:
        wishes.panic = True

    def wish_pause(number: int, frame: object) -> None:
        wishes.pause = True

    handlers = {signal.SIGINT: wish_quit, signal.SIGTERM: wish_quit}
    if HAS_SIGNAL:
        handlers |= {signal.SIGHUP: wish_quit, signal.SIGUSR1: wish_panic}
        # A shell without job control starts its programs deaf to Ctrl-Z, and so they stay.
        if signal.getsignal(signal.SIGTSTP) is signal.SIG_DFL:
            handlers[signal.SIGTSTP] = wish_pause
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield wishes
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
