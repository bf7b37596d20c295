"""What a session may expect of any engine link: the fake in memory and a real child process."""

from collections.abc import Callable, Iterator

import pytest

from engine.api import Ask, Begin, FromEngine, Hear, Ping, Plan, Pong, Ready
from engine.events import Note, Timebase, Voice
from plugin.engine_link import EngineLink, Stopped
from plugin.engine_process import EngineProcess
from tests.fakes.engine import FakeEngine
from tests.fakes.serve import serve
from tests.rig.waiting import wait_for

NOTE = Note(0.0, 1.0, 60, 80)


def count_heard(engine: FakeEngine) -> Callable[[Ask], list[Plan]]:
    """As `tests.fakes.serve.serve` answers."""

    def answer(ask: Ask) -> list[Plan]:
        note = Note(ask.start_beat, 1.0, len(engine.heard), 80)
        return [Plan(ask.request, (note,), True, 0.0)]

    return answer


def fake() -> FakeEngine:
    engine = FakeEngine()
    engine.answer = count_heard(engine)
    return engine


@pytest.fixture(params=[fake, lambda: EngineProcess(serve)], ids=["fake", "process"])
def link(request: pytest.FixtureRequest) -> Iterator[EngineLink]:
    engine: EngineLink = request.param()
    yield engine
    engine.close()


def next_of(link: EngineLink) -> FromEngine | Stopped:
    return wait_for(link.poll, "the engine's next word", 30.0)


def kill(link: EngineLink) -> None:
    if isinstance(link, FakeEngine):
        link.die()
    else:
        assert isinstance(link, EngineProcess)
        process = link._life._process
        assert process is not None
        process.kill()


def test_it_gets_ready_by_itself_and_answers_in_order(link: EngineLink) -> None:
    assert isinstance(next_of(link), Ready)
    assert link.poll() is None
    link.send(Begin(Timebase()))
    for serial in range(1, 4):
        link.send(Hear(serial, NOTE, Voice.PLAYER))
    link.send(Ping(5))
    link.send(Ask(9, 3, 4.0, 8.0, 1))
    link.send(Ping(6))
    assert next_of(link) == Pong(5)
    assert next_of(link) == Plan(9, (Note(4.0, 1.0, 3, 80),), True, 0.0)
    assert next_of(link) == Pong(6)


def test_a_death_is_told_once_and_what_is_sent_then_is_lost(link: EngineLink) -> None:
    next_of(link)
    kill(link)
    assert isinstance(next_of(link), Stopped)
    link.send(Hear(1, NOTE, Voice.PLAYER))
    link.send(Ask(1, 1, 4.0, 8.0, 1))
    assert link.poll() is None
    link.restart()
    assert isinstance(next_of(link), Ready)
    link.send(Ask(2, 0, 4.0, 8.0, 1))
    assert next_of(link) == Plan(2, (Note(4.0, 1.0, 0, 80),), True, 0.0)


def test_a_restart_of_a_living_one_says_nothing_of_the_old(link: EngineLink) -> None:
    next_of(link)
    link.send(Hear(1, NOTE, Voice.PLAYER))
    link.send(Ping(1))
    assert next_of(link) == Pong(1)
    link.send(Ask(1, 1, 4.0, 8.0, 1))
    link.restart()
    assert isinstance(next_of(link), Ready)
    link.send(Ask(2, 0, 4.0, 8.0, 1))
    assert next_of(link) == Plan(2, (Note(4.0, 1.0, 0, 80),), True, 0.0)
    assert link.poll() is None


def test_closing_twice_is_once(link: EngineLink) -> None:
    next_of(link)
    link.close()
    link.close()
    link.send(Ping(1))
    assert link.poll() is None


def test_closing_at_once_does_not_wait_for_the_start(link: EngineLink) -> None:
    link.close()
    assert link.poll() is None
