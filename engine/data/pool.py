"""Work in several processes that outlives a worker that hangs, dies or is killed.

A bad file may take a reader down or keep it for ever, and the pools of the standard library stop
when that happens. Here each worker holds one task at a time, on a pipe of its own: one that takes
too long is killed, one that is gone is replaced, and only its own task is lost. Results come back
in the order of the tasks, whatever the number of workers.

It refuses to try a lost task again: what hung once hangs twice.
"""

import multiprocessing
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")

START_S = 60.0
"""A new process imports numpy and ours first; on a busy machine that takes a while."""


@dataclass(frozen=True, slots=True)
class Lost:
    """What stands for the result of a task that was given up. `why` is the end of a sentence."""

    why: str


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    pipe: "Connection[Any, Any]"
    task: int
    deadline: float


class Pool(Generic[_T, _R]):
    """Workers that do `work(task)`, one task at a time each.

    work must be importable by name, tasks and results must pickle. limit_s is the wall time that
    one task may take. An exception that leaves `work` costs only its own task.
    """

    def __init__(
        self,
        work: Callable[[_T], _R],
        *,
        jobs: int,
        limit_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._work = work
        self._jobs = jobs
        self._limit_s = limit_s
        self._clock = clock
        # Forking a process that has threads (a progress bar has one) may deadlock the child.
        self._context = multiprocessing.get_context("spawn")

    def run(self, tasks: Sequence[_T], step: Callable[[], object]) -> list[_R | Lost]:
        """The result of every task, in order; `step()` after each. Leaves no process behind."""
        results: list[_R | Lost | None] = [None] * len(tasks)
        waiting = iter(range(len(tasks)))
        workers: list[_Worker] = []
        try:
            for _ in range(min(self._jobs, len(tasks))):
                workers.append(self._start(tasks, next(waiting)))
            while workers:
                for worker in self._ready(workers):
                    result = self._result(worker)
                    if result is None:
                        continue
                    results[worker.task] = result
                    step()
                    following = next(waiting, None)
                    if following is None:
                        workers.remove(worker)
                        _stop(worker)
                    elif isinstance(result, Lost) or not self._give(worker, tasks, following):
                        _stop(worker)
                        workers[workers.index(worker)] = self._start(tasks, following)
        finally:
            for worker in workers:
                worker.process.kill()
                _stop(worker)
        return [result for result in results if result is not None]

    def _start(self, tasks: Sequence[_T], number: int) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(self._work, theirs), daemon=True)
        process.start()
        theirs.close()  # so that we notice when the child's copy is gone
        worker = _Worker(process, ours, number, 0.0)
        self._give(worker, tasks, number)
        worker.deadline += START_S
        return worker

    def _give(self, worker: _Worker, tasks: Sequence[_T], number: int) -> bool:
        worker.task, worker.deadline = number, self._clock() + self._limit_s
        try:
            worker.pipe.send(tasks[number])
        except OSError:
            return False  # it died between two tasks
        return True

    def _ready(self, workers: Sequence[_Worker]) -> list[_Worker]:
        """The workers that have answered, died, or taken too long."""
        now = self._clock()
        first = min(worker.deadline for worker in workers)
        answered = wait([worker.pipe for worker in workers], timeout=max(0.0, first - now))
        now = self._clock()
        return [worker for worker in workers if worker.pipe in answered or worker.deadline <= now]

    def _result(self, worker: _Worker) -> "_R | Lost | None":
        try:
            if worker.pipe.poll():
                done: _R | Lost = worker.pipe.recv()
                return done
        except (EOFError, OSError):
            worker.process.join(1.0)
            code = worker.process.exitcode
            return Lost(f"its reader died ({signal_name(code)})")
        if self._clock() < worker.deadline:
            return None
        worker.process.kill()
        return Lost(f"it took longer than {self._limit_s:g} s")


def signal_name(code: int | None) -> str:
    """An exit code in words."""
    if code is not None and code < 0:
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"
    return f"exit code {code}"


def _stop(worker: _Worker) -> None:
    """A closed pipe ends a worker that waits for a task; one that was killed is reaped."""
    worker.pipe.close()
    worker.process.join(5.0)
    if worker.process.is_alive():
        worker.process.kill()
        worker.process.join()
    worker.process.close()


def _serve(work: Callable[[_T], _R], pipe: "Connection[Any, Any]") -> None:
    """What a worker does: one task after the other, until nobody sends any."""
    # Ctrl-C reaches all processes of a terminal; the one that owns the workers ends them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            task = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            result: _R | Lost = work(task)
        except Exception as error:
            result = Lost(f"its reader made a mistake ({type(error).__name__}: {error})")
        try:
            pipe.send(result)
        except OSError:
            return
