"""Which threads are JACK's: those that began while its client was made and that are not Python's.

Told apart from outside, look by look, so every order of starting and ending is played here without
a server and without a thread.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from plugin.backends import jack_pulse
from plugin.backends.jack_pulse import foreign_since, python_ids, task_ids
from plugin.ports import PortError

Known = set[int | None]
Look = tuple[Known, set[int], Known]

BEFORE = {1, 2}
"""The main thread and another that was there before."""
JACK = {10, 11}
READER = 12
"""A thread of ours that starts while JACK's client is made: the one that reads from the engine."""


class FakeSystem:
    """A process whose threads change from look to look; the last look goes on for ever.

    A look is what Python knows just before the tasks are listed, the tasks, and what Python knows
    just after. None is a thread that was started and has no number yet.
    """

    def __init__(self, *looks: Look) -> None:
        self._moments = self._endless(list(looks))

    def foreign(self) -> set[int]:
        return foreign_since(BEFORE, self._tasks, self._pythons)

    def _endless(self, looks: list[Look]) -> Iterator[Iterable[int | None]]:
        for look in looks:
            yield from look
        while True:
            yield from looks[-1]

    def _tasks(self) -> set[int]:
        return {task for task in next(self._moments) if task is not None}

    def _pythons(self) -> Known:
        return set(next(self._moments))


SETTLED: Look = ({1, 2}, BEFORE | JACK, {1, 2})
WITH_READER: Look = ({1, 2, READER}, BEFORE | JACK | {READER}, {1, 2, READER})


def test_what_began_and_is_not_pythons_is_jacks() -> None:
    assert FakeSystem(SETTLED).foreign() == JACK


def test_a_thread_of_ours_that_runs_is_not_jacks() -> None:
    assert FakeSystem(WITH_READER).foreign() == JACK


def test_a_thread_that_has_no_number_yet_is_waited_for() -> None:
    """What once made the end of the engine the end of the port."""
    starting: Look = ({1, 2, None}, BEFORE | JACK | {READER}, {1, 2, None})
    assert FakeSystem(starting, starting, starting, WITH_READER).foreign() == JACK


def test_a_thread_that_starts_between_two_questions_is_not_jacks() -> None:
    starting: Look = ({1, 2}, BEFORE | JACK | {READER}, {1, 2, READER})
    assert FakeSystem(starting, WITH_READER).foreign() == JACK


def test_a_thread_that_python_has_forgotten_but_the_system_has_not_is_not_jacks() -> None:
    ending: Look = ({1, 2, READER}, BEFORE | JACK | {READER}, {1, 2})
    ended: Look = ({1, 2}, BEFORE | JACK | {READER}, {1, 2})
    assert FakeSystem(ending, ended, ended, SETTLED).foreign() == JACK


def test_a_thread_that_nobody_ever_saw_run_is_not_jacks_once_it_is_gone() -> None:
    ended: Look = ({1, 2}, BEFORE | JACK | {READER}, {1, 2})
    assert FakeSystem(ended, SETTLED).foreign() == JACK


def test_a_thread_that_was_there_before_may_end_meanwhile() -> None:
    assert FakeSystem(({1}, {1} | JACK, {1})).foreign() == JACK


def test_threads_that_never_settle_are_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jack_pulse, "_SETTLE_PAUSE_S", 0.0)
    starting: Look = ({1, 2, None}, BEFORE | JACK | {READER}, {1, 2, None})
    with pytest.raises(PortError, match="does not show whether it runs"):
        FakeSystem(starting).foreign()


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="only Linux lists tasks")
def test_every_thread_of_python_is_a_task_of_the_system() -> None:
    assert python_ids() <= task_ids()
