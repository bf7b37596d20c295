"""An engine that outlives a jam: the next one hears nothing of the last, and that it is ready."""

from engine.api import Ask, Failed, Plan, Ready
from engine.events import Note
from plugin.engine_link import Stopped
from plugin.realtime.clock import ManualClock
from plugin.served.engine_line import EngineLine
from tests.fakes.engine import READY, FakeEngine, answer_with

MS = 1_000_000
ONE = Note(0.0, 1.0, 60, 80)


def everything(line: EngineLine) -> list[object]:
    found: list[object] = []
    while (said := line.poll()) is not None:
        found.append(said)
    return found


def ask(number: int) -> Ask:
    return Ask(number, 0, 0.0, 4.0, 1)


def test_the_first_jam_hears_everything() -> None:
    line = EngineLine(FakeEngine(answer_with(ONE)), ManualClock())
    line.send(ask(1))
    assert [type(said) for said in everything(line)] == [Ready, Plan]


def test_answers_to_the_last_jam_are_not_heard_in_the_next() -> None:
    engine = FakeEngine(answer_with(ONE))
    line = EngineLine(engine, ManualClock())
    everything(line)
    line.send(ask(1))  # nobody listens to the answer
    line.renew()
    line.send(ask(1))  # the next jam counts anew
    said = everything(line)
    assert said[0] == READY
    assert [type(one) for one in said[1:]] == [Plan]


def test_an_engine_that_is_not_ready_yet_says_so_when_it_is_and_once() -> None:
    engine = FakeEngine(ready=False)
    line = EngineLine(engine, ManualClock())
    line.renew()
    assert everything(line) == []  # the pong came, and no engine was ready
    engine.say(READY)
    assert everything(line) == [READY]


def test_an_engine_that_ends_behind_the_fence_is_told() -> None:
    for word in (Stopped("it ended"), Failed("no weights")):
        engine = FakeEngine()
        line = EngineLine(engine, ManualClock())
        everything(line)
        engine.hang()
        line.renew()
        engine.say(word)
        assert everything(line) == [word]


def test_another_engine_is_heard_at_once() -> None:
    engine = FakeEngine()
    line = EngineLine(engine, ManualClock())
    engine.hang()
    line.renew()
    line.restart()
    assert everything(line) == [READY]
    line.close()
    assert engine.closed


def test_it_measures_from_the_question_to_the_first_piece() -> None:
    engine, clock = FakeEngine(), ManualClock()
    line = EngineLine(engine, clock)
    everything(line)
    line.send(ask(1))
    line.send(ask(2))
    clock.advance_ns(20 * MS)
    engine.say(Plan(1, (ONE,), True, 0.0))
    everything(line)
    assert line.took_ns == 0, "an answer to an older question"
    clock.advance_ns(10 * MS)
    engine.say(Plan(2, (ONE,), False, 0.0))
    everything(line)
    clock.advance_ns(10 * MS)
    engine.say(Plan(2, (ONE,), True, 0.0))
    everything(line)
    assert line.took_ns == 30 * MS
