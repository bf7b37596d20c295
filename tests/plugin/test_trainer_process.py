"""A training run in a real process that ends, stumbles, is cancelled, is killed."""

import os
import signal
import threading
from collections.abc import Callable, Iterator

import psutil
import pytest

from engine.events import Note, Timebase
from engine.learning import (
    FromTrainer,
    Learned,
    LearnFailed,
    LearnPiece,
    LearnProgress,
    LearnRequest,
)
from plugin.trainer_process import DIED, TrainerProcess
from tests.fakes import train
from tests.plugin.sentences import assert_is_a_sentence
from tests.rig.waiting import wait_for

REQUEST = LearnRequest("nowhere", "anna", (LearnPiece("a", (Note(0.0, 1.0, 60, 80),), Timebase()),))


@pytest.fixture
def start() -> Iterator[Callable[..., TrainerProcess]]:
    started: list[TrainerProcess] = []

    def start_one(run: Callable[..., None]) -> TrainerProcess:
        started.append(TrainerProcess(run, REQUEST))
        return started[-1]

    yield start_one
    for trainer in started:
        trainer.close()
    assert [thread for thread in threading.enumerate() if "trainer" in thread.name] == []


def over(trainer: TrainerProcess) -> tuple[list[LearnProgress], FromTrainer]:
    """(progress, the last thing it said)."""
    steps: list[LearnProgress] = []
    while True:
        said = trainer.next(60.0)
        assert said is not None, "it says nothing any more"
        if not isinstance(said, LearnProgress):
            return steps, said
        steps.append(said)


def test_progress_then_the_end(start) -> None:
    steps, last = over(start(train.keep))
    assert [one.step for one in steps] == [1, 2, 3, 4]
    assert isinstance(last, Learned)
    assert (last.kept, last.version, last.notes, last.profile) == (True, 3, 1, "anna")


def test_a_refusal_and_a_fault_are_a_sentence(start, capfd) -> None:
    _, refused = over(start(train.refuse))
    assert refused == LearnFailed("3 notes are too little: play at least two phrases.")
    _, stumbled = over(start(train.stumble))
    assert isinstance(stumbled, LearnFailed)
    assert "RuntimeError: a planted fault" in stumbled.says
    assert capfd.readouterr().err == ""


def test_a_cancel_is_heard_and_answered(start) -> None:
    trainer = start(train.endless)
    assert isinstance(trainer.next(60.0), LearnProgress)
    trainer.cancel()
    _, last = over(trainer)
    assert last == LearnFailed("Stopped; everything stays as it was.")


def test_a_cancel_before_it_has_started_counts(start) -> None:
    trainer = start(train.endless)
    trainer.cancel()
    _, last = over(trainer)
    assert isinstance(last, LearnFailed)


def test_a_killed_one_is_told_in_a_sentence(start) -> None:
    trainer = start(train.deaf)
    assert isinstance(trainer.next(60.0), LearnProgress)
    process_id = trainer.process_id
    assert process_id is not None
    os.kill(process_id, signal.SIGKILL)
    _, last = over(trainer)
    assert last == LearnFailed(DIED)
    assert_is_a_sentence(DIED)


def test_closing_ends_one_that_is_deaf_or_stopped(start) -> None:
    trainer = start(train.deaf)
    assert isinstance(trainer.next(60.0), LearnProgress)
    process_id = trainer.process_id
    assert process_id is not None
    os.kill(process_id, signal.SIGSTOP)
    trainer.close()
    wait_for(lambda: not psutil.pid_exists(process_id), "its end")


def test_one_that_cannot_be_started_is_told(start) -> None:
    _, last = over(start(lambda pipe: None))
    assert isinstance(last, LearnFailed)
    assert "cannot be started" in last.says
