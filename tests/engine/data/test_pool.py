import os
import signal
import time

import pytest

from engine.data.pool import Lost, Pool, signal_name

pytestmark = pytest.mark.slow


def work(task: str) -> str:
    """What a worker process does with a word; it is imported there by name."""
    if task == "hang":
        time.sleep(600)
    if task == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if task == "leave":
        os._exit(3)
    if task == "raise":
        raise ValueError("no such word")
    if task == "large":
        return "x" * 3_000_000
    return task.upper()


def _run(tasks: list[str], *, jobs: int, limit_s: float = 60.0) -> tuple[list[str | Lost], int]:
    steps = []
    pool: Pool[str, str] = Pool(work, jobs=jobs, limit_s=limit_s)
    return pool.run(tasks, lambda: steps.append(1)), len(steps)


def test_results_come_in_the_order_of_the_tasks():
    words = [f"word{n}" for n in range(20)]
    results, steps = _run(words, jobs=3)
    assert results == [word.upper() for word in words]
    assert steps == 20


def test_a_worker_that_dies_costs_its_own_task_only():
    results, steps = _run(["a", "die", "b", "leave", "c", "raise", "large", "d"], jobs=2)
    assert [results[n] for n in (0, 2, 4, 7)] == ["A", "B", "C", "D"]
    assert results[6] == "x" * 3_000_000
    killed, left, raised = results[1], results[3], results[5]
    assert isinstance(killed, Lost)
    assert "SIGKILL" in killed.why
    assert isinstance(left, Lost)
    assert "exit code 3" in left.why
    assert isinstance(raised, Lost)
    assert "ValueError: no such word" in raised.why
    assert steps == 8


def test_a_task_that_hangs_is_given_up():
    # The first task of a worker has longer, for its start; so another one hangs.
    results, steps = _run(["a", "hang", "b"], jobs=1, limit_s=0.2)
    assert results == ["A", Lost("it took longer than 0.2 s"), "B"]
    assert steps == 3


def test_what_goes_wrong_outside_leaves_no_worker_behind():
    def stop() -> None:
        raise KeyboardInterrupt

    pool: Pool[str, str] = Pool(work, jobs=2, limit_s=60.0)
    with pytest.raises(KeyboardInterrupt):
        pool.run(["a", "hang"], stop)  # conftest fails the test if a process stays


def test_nothing_to_do_starts_nothing():
    assert _run([], jobs=4) == ([], 0)


def test_an_exit_code_in_words():
    assert signal_name(-signal.SIGSEGV) == "SIGSEGV"
    assert signal_name(-250) == "signal 250"
    assert signal_name(None) == "exit code None"
