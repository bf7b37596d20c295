"""JAM-8: an engine in a real process that is killed, stopped, deaf, or cannot start."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from engine.api import Ask, Failed, FromEngine, Hear, Ping, Plan, Pong, Ready
from engine.events import Note, Timebase, Voice
from plugin.engine_link import Stopped
from plugin.engine_process import EngineProcess
from plugin.partner import Partner
from tests.fakes import serve as engines
from tests.rig.waiting import wait_for
from tests.shared import REPOSITORY

PARENT = """
from plugin.engine_process import EngineProcess
from tests.fakes.serve import serve
from tests.rig.waiting import wait_for
if __name__ == "__main__":
    engine = EngineProcess(serve)
    print(wait_for(engine.poll, "ready", 30.0).parameters, flush=True)
    input()
"""


@pytest.fixture
def start() -> Iterator[Callable[..., EngineProcess]]:
    """Starts engines and ends them all; none may be left."""
    started: list[EngineProcess] = []

    def start_one(serve: Callable[..., None], weights: str | None = None) -> EngineProcess:
        started.append(EngineProcess(serve, weights))
        return started[-1]

    yield start_one
    for engine in started:
        engine.close()
    assert [thread for thread in threading.enumerate() if "engine" in thread.name] == []


def next_of(engine: EngineProcess) -> FromEngine | Stopped:
    return wait_for(engine.poll, "the engine's next word", 30.0)


def gone(process_id: int) -> bool:
    try:
        return psutil.Process(process_id).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def ready(engine: EngineProcess) -> int:
    """The process number that it says of itself."""
    said = next_of(engine)
    assert isinstance(said, Ready)
    return said.parameters


def test_it_runs_in_a_process_of_its_own_with_the_weights_it_was_given(
    start: Callable[..., EngineProcess],
) -> None:
    engine = start(engines.serve, "other.safetensors")
    said = next_of(engine)
    assert said == Ready("other.safetensors", engine.process_id)
    assert engine.process_id != os.getpid()


def test_kill_9_is_told_once_and_a_restart_works(start: Callable[..., EngineProcess]) -> None:
    engine = start(engines.serve)
    first = ready(engine)
    os.kill(first, signal.SIGKILL)
    said = next_of(engine)
    assert isinstance(said, Stopped)
    assert "being restarted" in said.says
    engine.restart()
    second = ready(engine)
    assert second != first
    assert engine.poll() is None
    engine.close()
    assert engine.process_id is None
    assert gone(second)


def test_a_fault_of_the_engine_is_a_sentence(
    start: Callable[..., EngineProcess], capfd: pytest.CaptureFixture[str]
) -> None:
    engine = start(engines.stumble)
    ready(engine)
    engine.send(Ask(1, 0, 0.0, 4.0, 1))
    said = next_of(engine)
    assert isinstance(said, Stopped)
    assert "RuntimeError: a planted fault" in said.says
    engine.close()
    assert capfd.readouterr().err == ""


def test_one_that_says_why_it_cannot_is_heard_before_it_ends(
    start: Callable[..., EngineProcess],
) -> None:
    engine = start(engines.cannot)
    assert next_of(engine) == Failed("No weights; run: make venv")
    assert isinstance(next_of(engine), Stopped)


def test_one_that_cannot_be_started_at_all_is_told(start: Callable[..., EngineProcess]) -> None:
    engine = start(lambda pipe, weights: None)  # it cannot be sent to another process
    said = next_of(engine)
    assert isinstance(said, Stopped)
    assert "cannot be started" in said.says
    engine.send(Ping(1))
    assert engine.process_id is None
    engine.close()


def test_garbage_ends_the_life_and_its_process(start: Callable[..., EngineProcess]) -> None:
    engine = start(engines.say_garbage)
    assert isinstance(next_of(engine), Stopped)
    process_id = engine.process_id
    assert process_id is None or wait_for(lambda: gone(process_id), "its end")


@pytest.mark.parametrize("number", [signal.SIGSTOP, None])
def test_a_stopped_and_a_deaf_one_are_ended_all_the_same(
    start: Callable[..., EngineProcess], number: signal.Signals | None
) -> None:
    engine = start(engines.serve if number else engines.be_deaf)
    process_id = ready(engine)
    if number:
        os.kill(process_id, number)
    for serial in range(5_000):  # more than a pipe holds
        engine.send(Hear(serial, Note(0.0, 1.0, 60, 80), Voice.PLAYER))
    engine.close()
    assert gone(process_id)


def test_a_restart_does_not_wait_for_the_old_one(start: Callable[..., EngineProcess]) -> None:
    engine = start(engines.serve)
    old = ready(engine)
    os.kill(old, signal.SIGSTOP)
    engine.restart()
    new = ready(engine)
    assert new != old
    wait_for(lambda: gone(old), "the end of the stopped one")


def test_what_an_earlier_life_said_is_not_heard(start: Callable[..., EngineProcess]) -> None:
    engine = start(engines.serve)
    ready(engine)
    engine.send(Ping(1))
    wait_for(lambda: engine._inbox, "a word in the queue")
    engine.restart()
    ready(engine)


def test_ctrl_c_while_it_starts_does_not_reach_it(
    start: Callable[..., EngineProcess], capfd: pytest.CaptureFixture[str]
) -> None:
    engine = start(engines.serve)
    process_id = wait_for(lambda: engine.process_id, "its process")
    os.kill(process_id, signal.SIGINT)
    assert ready(engine) == process_id
    os.kill(process_id, signal.SIGINT)
    engine.send(Ping(1))
    assert next_of(engine) == Pong(1)
    assert capfd.readouterr().err == ""


def test_it_ends_with_its_session_even_by_kill_9() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        engine = int(parent.stdout.readline())
        assert not gone(engine)
        parent.kill()
    wait_for(lambda: gone(engine), "the engine's end")


def test_a_session_that_watches_gets_its_answer_after_a_death(
    start: Callable[..., EngineProcess],
) -> None:
    """Partner and process together, on real time: killed, restarted, told again, asked again."""
    engine = start(engines.serve)
    partner = Partner(engine, Timebase())
    first = ready(engine)
    for number in range(3):
        partner.hear(Note(float(number), 1.0, 60, 80), Voice.PLAYER)
    os.kill(first, signal.SIGKILL)
    died = partner.receive(0, next_of(engine))
    assert isinstance(died, Failed)
    assert isinstance(partner.receive(0, next_of(engine)), Ready)
    partner.ask(Ask(0, 0, 4.0, 8.0, 1))
    answer = partner.receive(0, next_of(engine))
    assert isinstance(answer, Plan)
    assert [note.pitch for note in answer.notes] == [3]


def test_at_the_end_it_may_keep_what_it_has_learnt(
    start: Callable[..., EngineProcess], tmp_path: Path
) -> None:
    engine = start(engines.keep_at_the_end, str(tmp_path / "kept"))
    ready(engine)
    for serial in range(1, 4):
        engine.send(Hear(serial, Note(0.0, 1.0, 60, 80), Voice.PLAYER))
    engine.close()
    assert (tmp_path / "kept").read_text() == "3"
    assert engine.poll() is None, "that it has ended is no news"
