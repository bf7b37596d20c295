"""The engine as its session sees it: a process behind a pipe."""

import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.answering import PIECE
from engine.api import (
    Ask,
    Begin,
    Forget,
    FromEngine,
    Hear,
    Ping,
    Plan,
    Pong,
    Ready,
    Refused,
    Rework,
    Tells,
)
from engine.events import Note, Timebase, Voice
from engine.limits import Constraints
from engine.worker import run
from tests.fakes import tiny_prior

PATIENCE_S = 60.0
LONG = Constraints(max_notes=200)

pytestmark = pytest.mark.slow


class Engine:
    """A worker in a process of its own, and our end of its pipe."""

    def __init__(self, weights: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=run, args=(theirs, str(weights)), name="engine")
        self.process.start()
        theirs.close()

    def send(self, *messages: object) -> None:
        for message in messages:
            self.pipe.send(message)

    def receive(self) -> FromEngine:
        assert self.pipe.poll(PATIENCE_S), "the engine does not answer"
        return self.pipe.recv()

    def until_done(self, request: int) -> list[FromEngine]:
        """Everything up to the last piece of the answer to `request`."""
        found = [self.receive()]
        while not (isinstance(found[-1], Plan) and found[-1].done and found[-1].request == request):
            found.append(self.receive())
        return found

    def close(self) -> None:
        self.pipe.close()
        self.process.join(PATIENCE_S)
        assert self.process.exitcode == 0


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_prior.write(tmp_path_factory.mktemp("weights") / "tiny.safetensors")


@pytest.fixture
def engine(weights: Path) -> Iterator[Engine]:
    started = Engine(weights)
    yield started
    started.close()


def _hear(serial: int) -> Hear:
    return Hear(serial, Note(serial * 0.5, 0.5, 60 + serial, 80), Voice.PLAYER)


def _ask(request: int, serial: int, *, seed: int = 3) -> Ask:
    return Ask(request, serial, 2.0, 200.0, seed=seed, limits=LONG)


def _notes(messages: list[FromEngine], request: int) -> list[Note]:
    return [
        note
        for message in messages
        if isinstance(message, Plan) and message.request == request
        for note in message.notes
    ]


def test_it_says_that_it_is_ready_hears_and_answers(engine: Engine):
    ready = engine.receive()
    assert isinstance(ready, Ready)
    assert ready.model == "tiny"
    assert ready.parameters > 1000
    engine.send(Begin(Timebase()), _hear(1), _hear(2), _ask(1, 2))
    pieces = engine.until_done(1)
    assert all(isinstance(piece, Plan) for piece in pieces)
    assert [piece.done for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert [len(piece.notes) for piece in pieces[:-1]] == [PIECE] * (len(pieces) - 1)
    assert len(pieces) > 2
    assert all(piece.compute_ms >= 0 for piece in pieces)
    onsets = [note.onset for note in _notes(pieces, 1)]
    assert onsets == sorted(onsets)
    engine.send(_ask(2, 2, seed=4))
    assert _notes(engine.until_done(2), 2) != _notes(pieces, 1)


def test_a_heartbeat_during_a_plan_is_answered_and_disturbs_nothing(engine: Engine):
    engine.send(_hear(1), _ask(1, 1), Ping(41), Ping(42))
    found = engine.until_done(1)
    assert isinstance(found[0], Ready)
    beats = [number for number, message in enumerate(found) if isinstance(message, Pong)]
    assert [found[number].token for number in beats] == [41, 42]
    assert beats[-1] < len(found) - 1, "answered before the plan was over"
    engine.send(_ask(2, 1))
    assert _notes(engine.until_done(2), 2) == _notes(found, 1)


def test_a_newer_question_ends_a_plan_and_leaves_no_trace(engine: Engine):
    engine.send(_hear(1), _ask(1, 1))
    pieces = [engine.receive(), engine.receive()]
    assert isinstance(pieces[1], Plan), "the first piece of many"
    engine.send(_hear(2), _ask(2, 2))
    found = engine.until_done(2)
    first = [message for message in found if isinstance(message, Plan) and message.request == 1]
    assert not any(piece.done for piece in first)
    engine.send(Begin(Timebase()), Forget(), _hear(1), _hear(2), _ask(3, 2))
    assert _notes(engine.until_done(3), 3) == _notes(found, 2), "the dropped plan left no trace"


def test_to_forget_is_to_begin_anew(engine: Engine):
    engine.send(Begin(Timebase()), _ask(1, 0))
    fresh = _notes(engine.until_done(1), 1)
    engine.send(_hear(1), _hear(2), Forget(), _ask(2, 0))
    assert _notes(engine.until_done(2), 2) == fresh


def test_it_ends_with_its_session_also_in_mid_plan(weights: Path):
    engine = Engine(weights)
    engine.send(_hear(1), _ask(1, 1), _ask(2, 1))
    assert isinstance(engine.receive(), Ready)
    engine.close()


@pytest.mark.parametrize("harm", [lambda path: None, lambda path: path.write_bytes(b"noise")])
def test_without_weights_it_can_use_it_says_so_once_and_plays_from_what_it_hears(
    tmp_path: Path, harm
):
    harm(tmp_path / "prior.safetensors")
    engine = Engine(tmp_path / "prior.safetensors")
    assert engine.receive() == Ready("memory", 0)
    told = engine.receive()
    assert isinstance(told, Tells)
    assert "reinstall Antiphon" in told.says
    engine.send(*(_hear(serial) for serial in range(1, 9)), _ask(1, 8))
    plans = [message for message in engine.until_done(1) if isinstance(message, Plan)]
    notes = [note for plan in plans for note in plan.notes]
    assert notes
    assert plans[-1].alone_notes == len(notes)
    engine.close()


def test_notes_are_reworked_and_what_cannot_be_is_refused(engine: Engine):
    assert isinstance(engine.receive(), Ready)
    notes = tuple(Note(0.5 * n, 0.5, 60 + n, 80) for n in range(6))
    engine.send(Rework(1, notes, ("onset", "duration", "velocity"), seed=4))
    plans = engine.until_done(1)
    made = [note for plan in plans for note in plan.notes]
    assert [note.onset for note in made] == [note.onset for note in notes]
    engine.send(Rework(2, notes, ("onset", "colour"), seed=4))
    refused = engine.receive()
    assert refused == Refused(2, refused.says)
    assert "colour" in refused.says
    engine.send(Ask(3, 0, 4.0, 8.0, seed=1, style=(("polka", 1.0),)))
    assert "no style 'polka'" in engine.receive().says
    engine.send(Ask(4, 0, 4.0, 8.0, seed=1))
    assert any(plan.notes for plan in engine.until_done(4))
