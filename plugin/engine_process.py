"""Keeps the engine in a process of its own and talks to it over a pipe.

Each life of the engine has its own process, pipe and two threads: one starts the process and
writes what the session sends, one reads what the engine says, so the thread that plays only touches
queues. The engine ends with its pipe: if this process is killed, the engine is gone, too. At the
end it is told so and has a moment to keep what it has learnt; then, and when another one takes its
place, it is ended by a kill, which a stopped or hanging process obeys as well.

It refuses to know what the messages mean.
"""

import contextlib
import multiprocessing
import signal
import threading
from collections import deque
from collections.abc import Callable
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from queue import SimpleQueue

from engine.api import End, FromEngine, ToEngine
from plugin.engine_link import Stopped

END_TIMEOUT_S = 2.0
KEEPS_WITHIN_S = 2.0
"""So long an engine may take to keep what it has learnt."""

ServeFunction = Callable[[Connection, str | None], None]


class EngineProcess:
    """An `EngineLink` to a child process that runs `serve(pipe, weights)`."""

    def __init__(self, serve: ServeFunction, weights: str | None = None) -> None:
        self._serve, self._weights = serve, weights
        self._inbox: deque[tuple[_Life, FromEngine | Stopped]] = deque()
        self._ended: list[_Life] = []
        self._life = _Life(serve, weights, self._inbox)

    @property
    def process_id(self) -> int | None:
        """Of the running engine, None while there is none."""
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
        """Start a new life; the old one is killed and cleared away by its own threads."""
        self._life.end()
        self._ended = [life for life in (*self._ended, self._life) if life.running]
        self._life = _Life(self._serve, self._weights, self._inbox)

    def close(self) -> None:
        """End the engine and wait until it is gone. Twice is once."""
        lives = [*self._ended, self._life]
        self._life.finish(KEEPS_WITHIN_S)
        for life in lives:
            life.end()
        for life in lives:
            life.join(END_TIMEOUT_S)


class _Life:
    """One process from start to end. `end` returns at once; nothing here raises."""

    def __init__(
        self,
        serve: ServeFunction,
        weights: str | None,
        inbox: deque[tuple["_Life", FromEngine | Stopped]],
    ) -> None:
        self.outbox: SimpleQueue[ToEngine | None] = SimpleQueue()
        self._serve, self._weights, self._inbox = serve, weights, inbox
        self._process: SpawnProcess | None = None
        self._ending = self._finishing = self._spoke = False
        self._last_words = Stopped(
            "The engine stopped; it is being restarted and the next phrase is answered."
        )
        self._writer = threading.Thread(
            target=self._live, name="antiphon-engine-write", daemon=True
        )
        try:
            self._writer.start()
        except RuntimeError as error:  # no more threads on this machine
            self._cannot_start(error)

    @property
    def process_id(self) -> int | None:
        with contextlib.suppress(ValueError):  # ended and cleared away
            return self._process.pid if self._process is not None else None
        return None

    @property
    def running(self) -> bool:
        """Whether the process or its threads are still there."""
        return self._writer.is_alive()

    def finish(self, patience_s: float) -> None:
        """Tell the engine that it is over and wait until it has ended; one that never spoke: no."""
        if not self._spoke:
            return
        self._finishing = True
        self.outbox.put(End())
        self.outbox.put(None)
        self.join(patience_s)

    def end(self) -> None:
        """Kill the process; the threads end by themselves. Never blocks."""
        self._ending = True
        self.outbox.put(None)
        self._kill()

    def join(self, timeout_s: float) -> None:
        """Wait until everything is cleared away."""
        if self._writer.is_alive():
            self._writer.join(timeout_s)

    def _kill(self) -> None:
        process = self._process
        if process is not None:
            with contextlib.suppress(ValueError, OSError):  # cleared away already
                process.kill()

    def _live(self) -> None:
        """The writer's thread: start, write until told or until the engine ends, clear away."""
        try:
            process, pipe = self._start()
        except Exception as error:  # no memory, no processes, no file handles left
            self._cannot_start(error)
            return
        self._process = process
        reader = threading.Thread(
            target=self._read, args=(pipe,), name="antiphon-engine-read", daemon=True
        )
        reader.start()
        while not self._ending and (message := self.outbox.get()) is not None:
            try:
                pipe.send(message)
            except OSError:
                break
        if self._finishing and not self._ending:
            process.join(KEEPS_WITHIN_S)
        self._kill()
        reader.join()
        process.join()
        pipe.close()
        with contextlib.suppress(ValueError):
            process.close()

    def _start(self) -> tuple[SpawnProcess, Connection]:
        # A fresh interpreter: a forked one would inherit threads' locks and the MIDI system.
        context = multiprocessing.get_context("spawn")
        pipe, far_end = context.Pipe()
        try:
            process = context.Process(
                target=_serve_quietly,
                args=(self._serve, far_end, self._weights),
                name="antiphon-engine",
                daemon=True,
            )
            keep_ctrl_c_from_children()
            process.start()
        except BaseException:
            pipe.close()
            raise
        finally:
            far_end.close()
        return process, pipe

    def _read(self, pipe: Connection) -> None:
        """The reader's thread: whatever ends the line ends this life, with one `Stopped`."""
        try:
            while True:
                message = pipe.recv()
                self._spoke = True
                if isinstance(message, Stopped):
                    self._last_words = message
                else:
                    self._inbox.append((self, message))
        except Exception:  # the end of the pipe, or a message that was cut or garbled
            if not (self._ending or self._finishing):
                self._inbox.append((self, self._last_words))
        self.outbox.put(None)

    def _cannot_start(self, error: Exception) -> None:
        says = f"The engine cannot be started ({error}): close other programs. It is tried again."
        self._inbox.append((self, Stopped(says)))


def keep_ctrl_c_from_children() -> None:
    """Block SIGINT in this thread: a child that is still starting inherits that.

    Ctrl-C goes to the whole process group; the session hears it and ends its engine in order.
    """
    if hasattr(signal, "pthread_sigmask"):
        # It unblocks SIGINT when it starts, so it has to be there before.
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _serve_quietly(serve: ServeFunction, pipe: Connection, weights: str | None) -> None:
    """In the child: what goes wrong is the engine's last words, not a traceback."""
    try:
        serve(pipe, weights)
    except Exception as error:
        says = (
            f"The engine stumbled ({type(error).__name__}: {error}); it is being restarted. "
            "If it happens again, please report it."
        )
        with contextlib.suppress(OSError):
            pipe.send(Stopped(says))
