"""Keeps the engine in a process of its own and talks to it over a pipe.

Each life of the engine has its own process, pipe and two threads: one writes what the session
sends, one reads what the engine says, so the thread that plays only touches queues. The engine
ends with its pipe; if this process is killed, the pipe closes and the engine is gone, too.

It refuses to know what the messages mean.
"""

import multiprocessing
import threading
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Connection
from queue import SimpleQueue

from engine.api import FromEngine, ToEngine
from plugin.engine_link import Stopped

END_TIMEOUT_S = 1.0

ServeFunction = Callable[[Connection, str | None], None]


class EngineProcess:
    """An `EngineLink` to a child process that runs `serve(pipe, weights)`."""

    def __init__(self, serve: ServeFunction, weights: str | None = None) -> None:
        self._serve, self._weights = serve, weights
        self._inbox: deque[tuple[_Life, FromEngine | Stopped]] = deque()
        self._life = _Life(serve, weights, self._inbox)

    @property
    def process_id(self) -> int | None:
        """Of the running engine, None while it is being started."""
        return self._life.process_id

    def send(self, message: ToEngine) -> None:
        """Queue a message for the engine's present life."""
        self._life.outbox.put(message)

    def poll(self) -> FromEngine | Stopped | None:
        """The next message of the present life; what an earlier one left behind is dropped."""
        while self._inbox:
            life, message = self._inbox.popleft()
            if life is self._life:
                return message
        return None

    def restart(self) -> None:
        """Start a new life; the old one is ended in the background."""
        old, self._life = self._life, _Life(self._serve, self._weights, self._inbox)
        threading.Thread(target=old.end, name="antiphon-engine-end", daemon=True).start()

    def close(self) -> None:
        """End the engine and wait until it is gone, a second at most before it is killed."""
        self._life.end()


class _Life:
    """One process from start to end."""

    def __init__(
        self,
        serve: ServeFunction,
        weights: str | None,
        inbox: deque[tuple["_Life", FromEngine | Stopped]],
    ) -> None:
        self.outbox: SimpleQueue[ToEngine | None] = SimpleQueue()
        self._inbox = inbox
        # A fresh interpreter: a forked one would inherit threads' locks and the MIDI system.
        context = multiprocessing.get_context("spawn")
        self._pipe, self._far_end = context.Pipe()
        self._process = context.Process(
            target=serve, args=(self._far_end, weights), name="antiphon-engine", daemon=True
        )
        self._ending = False
        self._started = threading.Event()
        self._writer = threading.Thread(
            target=self._write, name="antiphon-engine-write", daemon=True
        )
        self._writer.start()

    @property
    def process_id(self) -> int | None:
        return self._process.pid

    def end(self) -> None:
        """Close the pipe, which ends the engine; kill it if it does not listen."""
        self._ending = True
        self.outbox.put(None)
        self._started.wait()
        self._process.join(END_TIMEOUT_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._writer.join()
        self._process.close()

    def _write(self) -> None:
        self._process.start()
        self._started.set()
        self._far_end.close()
        reader = threading.Thread(target=self._read, name="antiphon-engine-read", daemon=True)
        reader.start()
        while (message := self.outbox.get()) is not None:
            try:
                self._pipe.send(message)
            except OSError:
                break
        if self._ending:
            self._process.terminate()
        reader.join()
        self._pipe.close()

    def _read(self) -> None:
        try:
            while True:
                self._inbox.append((self, self._pipe.recv()))
        except (EOFError, OSError):
            if not self._ending:
                says = "The engine stopped; it is being restarted and the next phrase is answered."
                self._inbox.append((self, Stopped(says)))
