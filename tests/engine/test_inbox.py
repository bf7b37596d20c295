"""What a newer message overtakes is not done: the worker's loop, without its process."""

from collections import deque
from collections.abc import Callable

import pytest

from engine.api import (
    Ask,
    Begin,
    Expect,
    Expected,
    Forget,
    FromEngine,
    Hear,
    Ping,
    Plan,
    Pong,
    Rework,
    ToEngine,
)
from engine.events import Note, Timebase, Voice
from engine.limits import Constraints
from engine.model.fast import FastPrior
from engine.planner import Planner
from engine.worker import serve
from tests.engine.serving import engine_of
from tests.fakes import tiny_prior


class Line:
    """A pipe whose other end is a list; `meanwhile` may add to it when something is sent."""

    def __init__(self, *messages: ToEngine) -> None:
        self.waiting = deque(messages)
        self.sent: list[FromEngine] = []
        self.meanwhile: Callable[[FromEngine], None] = lambda message: None

    def poll(self, timeout: float | None = 0.0) -> bool:
        return bool(self.waiting)

    def recv(self) -> ToEngine:
        if not self.waiting:
            raise EOFError
        return self.waiting.popleft()

    def send(self, message: FromEngine) -> None:
        self.sent.append(message)
        self.meanwhile(message)


@pytest.fixture(scope="module")
def prior(tmp_path_factory: pytest.TempPathFactory) -> FastPrior:
    return tiny_prior.fast(tmp_path_factory.mktemp("weights"))


def _hear(serial: int) -> Hear:
    return Hear(serial, Note(serial * 0.5, 0.5, 60 + serial % 12, 80), Voice.PLAYER)


def _ask(request: int, serial: int = 0, *, start: float = 2.0, notes: int = 40) -> Ask:
    limits = Constraints(max_notes=notes)
    return Ask(request, serial, start, start + 99.0, seed=3, limits=limits, may_hand_over=False)


def _served(prior: FastPrior, line: Line) -> list[FromEngine]:
    planner = Planner(prior)
    planner.begin(Timebase())
    with pytest.raises(EOFError):
        serve(line, engine_of(planner, line))
    return line.sent


def _answered(sent: list[FromEngine]) -> list[tuple[str, int]]:
    return [(type(m).__name__, m.request) for m in sent if isinstance(m, Expected | Plan)]


def test_of_a_flood_only_the_last_questions_are_answered(prior):
    # Short of what is looked at in one go; a longer flood is answered once in each.
    count, line = 300, Line()
    for n in range(count):
        line.waiting.extend((_hear(n), Expect(n), _ask(n, n, start=0.5 * n + 1, notes=4)))
    sent = _served(prior, line)
    assert _answered(sent) == [("Expected", count - 1), ("Plan", count - 1)]
    quiet = Line(
        *(_hear(n) for n in range(count)), _ask(1, count, start=0.5 * count + 0.5, notes=4)
    )
    (plan,) = _served(prior, quiet)
    assert isinstance(plan, Plan)
    assert isinstance(sent[-1], Plan)
    assert plan.notes == sent[-1].notes, "every note of the flood was heard"


def test_a_flood_without_end_is_answered_now_and_then(prior):
    line = Line(*(Expect(n) for n in range(5000)))
    answered = [number for _, number in _answered(_served(prior, line))]
    assert answered[-1] == 4999
    assert 1 <= len(answered) <= 10


def test_expect_and_ask_do_not_overtake_each_other(prior):
    for pair in ((_ask(1), Expect(2)), (Expect(2), _ask(1))):
        sent = _served(prior, Line(_hear(1), *pair))
        assert {("Expected", 2), ("Plan", 1)} == set(_answered(sent))
        assert any(isinstance(message, Plan) and message.done for message in sent)


def test_a_plan_goes_on_when_notes_expectations_and_heartbeats_come_meanwhile(prior):
    line = Line(_hear(1), _ask(1))
    line.meanwhile = lambda message: (
        line.waiting.extend((Ping(5), _hear(2), Expect(9)))
        if isinstance(message, Plan) and len(line.sent) == 1
        else None
    )
    sent = _served(prior, line)
    assert [m.token for m in sent if isinstance(m, Pong)] == [5]
    assert isinstance(sent[1], Pong), "not behind the plan"
    assert sum(len(m.notes) for m in sent if isinstance(m, Plan)) == 40


@pytest.mark.parametrize("newer", [_ask(2), Forget(), Begin(Timebase())])
def test_a_plan_ends_when_a_newer_question_or_a_new_session_comes_meanwhile(prior, newer):
    line = Line(_hear(1), _ask(1))
    line.meanwhile = lambda message: (
        line.waiting.append(newer) if isinstance(message, Plan) and len(line.sent) == 1 else None
    )
    first = [m for m in _served(prior, line) if isinstance(m, Plan) and m.request == 1]
    assert len(first) == 1
    assert not first[0].done


def test_what_came_before_a_new_session_is_not_done(prior):
    sent = _served(prior, Line(_hear(1), _ask(1), Expect(2), Forget(), Begin(Timebase()), _ask(3)))
    assert {number for _, number in _answered(sent)} == {3}
    fresh = _served(prior, Line(_ask(3)))
    assert [m.notes for m in sent] == [m.notes for m in fresh]


def test_a_session_in_another_meter_begins_also_if_it_is_told_to_forget_at_once(prior):
    timebase = Timebase(bpm=90.0, beats_per_bar=3.0, tempo_known=True)
    planner = Planner(prior)
    line = Line(Begin(timebase), _hear(1), Forget(), _ask(1))
    with pytest.raises(EOFError):
        serve(line, engine_of(planner, line))
    assert planner.context.timebase == timebase
    assert planner.context.prior.count == 0


def test_every_rework_is_done(prior):
    notes = (Note(0.5, 0.0, 60, 80),)
    line = Line(*(Rework(n, notes, (), seed=n, beside=True) for n in range(9)), _ask(20))
    assert [number for _, number in _answered(_served(prior, line))][:9] == list(range(9))


def test_ends_go_out_with_the_first_piece(prior):
    held = Hear(2, Note(1.0, 0.1, 70, 80), Voice.PLAYER, held=True)
    ask = Ask(1, 1, 2.0, 99.0, 3, Constraints(max_notes=30), may_hand_over=False, so_far=(held,))
    pieces = [m for m in _served(prior, Line(_hear(1), ask)) if isinstance(m, Plan)]
    assert len(pieces) > 2
    assert [pitch for pitch, _ in pieces[0].ends] == [70]
    assert not any(piece.ends for piece in pieces[1:])
