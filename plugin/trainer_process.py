"""Keeps one training run in a process of its own, at the lowest priority.

A thread starts the process, hands over the request and reads what the trainer says; whoever started
it only looks into a queue. A trainer that dies says so in the end, and everything is as it was. It
refuses to know what is learnt.
"""

import contextlib
import multiprocessing
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from queue import Empty, SimpleQueue

from engine.learning import (
    FromTrainer,
    LearnCancel,
    Learned,
    LearnFailed,
    LearnRequest,
)
from plugin.engine_process import keep_ctrl_c_from_children

CLOSE_TIMEOUT_S = 2.0
DIED = (
    "The training was ended from outside, and everything is as it was: start it again, it goes on "
    "where it stopped."
)

TrainFunction = Callable[[Connection], None]


class TrainerProcess:
    """One run of `train(pipe)` in a child process."""

    def __init__(self, train: TrainFunction, request: LearnRequest) -> None:
        """Returns at once."""
        self._train, self._request = train, request
        self._said: SimpleQueue[FromTrainer] = SimpleQueue()
        self._pipe: Connection | None = None
        self._process: multiprocessing.process.BaseProcess | None = None
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._run, name="antiphon-trainer", daemon=True)
        self._thread.start()

    @property
    def process_id(self) -> int | None:
        """Of the trainer, None while there is none."""
        with contextlib.suppress(ValueError):
            return self._process.pid if self._process is not None else None
        return None

    def next(self, timeout_s: float = 0.0) -> FromTrainer | None:
        """What it says next, None if nothing comes within `timeout_s`. The last is no progress."""
        try:
            return self._said.get(block=timeout_s > 0, timeout=timeout_s or None)
        except Empty:
            return None

    def cancel(self) -> None:
        """Stop as soon as it can be; the last thing it says is that it did."""
        self._cancelled.set()
        pipe = self._pipe
        if pipe is not None:
            with contextlib.suppress(OSError, ValueError):
                pipe.send(LearnCancel())

    def close(self) -> None:
        """End it, whatever it does. Twice is once."""
        self._cancelled.set()
        process = self._process
        if process is not None:
            with contextlib.suppress(ValueError, OSError):
                process.kill()
        self._thread.join(CLOSE_TIMEOUT_S)

    def _run(self) -> None:
        try:
            process, pipe = self._start()
        except Exception as error:  # no memory, no processes, no file handles left
            self._said.put(
                LearnFailed(f"Training cannot be started ({error}): close other programs.")
            )
            return
        self._process, self._pipe = process, pipe
        last: FromTrainer | None = None
        try:
            pipe.send(self._request)
            if self._cancelled.is_set():
                pipe.send(LearnCancel())
            while not isinstance(last, Learned | LearnFailed):
                last = pipe.recv()
                self._said.put(last)
        except Exception:  # the end of the pipe, or a message that was cut
            if not isinstance(last, Learned | LearnFailed):
                self._said.put(LearnFailed(DIED))
        process.join(CLOSE_TIMEOUT_S)
        with contextlib.suppress(ValueError, OSError):
            process.kill()
            process.join()
            process.close()
        pipe.close()

    def _start(self) -> tuple[multiprocessing.process.BaseProcess, Connection]:
        context = multiprocessing.get_context("spawn")
        pipe, far_end = context.Pipe()
        try:
            process = context.Process(
                target=_train_quietly,
                args=(self._train, far_end),
                name="antiphon-trainer",
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


def _train_quietly(train: TrainFunction, pipe: Connection) -> None:
    """In the child: what goes wrong is a sentence, not a traceback."""
    try:
        train(pipe)
    except Exception as error:
        with contextlib.suppress(OSError):
            pipe.send(
                LearnFailed(
                    f"The trainer stumbled ({type(error).__name__}: {error}), and everything is as "
                    "it was. Please report it."
                )
            )
