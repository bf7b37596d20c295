"""What a window asks is done, or said not to be; the music goes on in either case."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.api import Candidate, Candidates, Playing, Quoted
from engine.events import Note
from plugin import protocol
from plugin.control.desk import Desk
from plugin.protocol import Auditioning, Message, PhraseHeard, Said, SettingsChanged, Trouble
from plugin.served.keys import Keys
from plugin.served.messages import (
    Asked,
    Audition,
    Key,
    LearnFrom,
    Line,
    Listen,
    Open,
    Overhear,
    ThreeNotes,
)
from plugin.served.orders import LONGEST_LINE, Orders
from plugin.served.scores import Scores
from plugin.steering import Steering
from tests.fakes.engine import FakeEngine, answer_with
from tests.fakes.stage import Stage
from tests.plugin.test_session import LINE, PHRASE


class Noted:
    """Notes whatever is called, with what."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []
        self.profile = "anna"

    def __getattr__(self, name: str) -> object:
        return lambda *values: self.calls.append((name, *values))


class Window:
    def __init__(self, folder: Path) -> None:
        self.stage = Stage(FakeEngine(answer_with(*LINE)))
        self.told: list[Message] = []
        self.tutor, self.comparing, self.view = Noted(), Noted(), Noted()
        self.keys, self.scores = Keys(), Scores(folder / "takes.sqlite3")
        self.orders = Orders(
            self.told.append,
            tutor=self.tutor,  # type: ignore[arg-type]
            comparing=self.comparing,  # type: ignore[arg-type]
            scores=self.scores,
            keys=self.keys,
            view=self.view,  # type: ignore[arg-type]
        )
        steering = Steering(Desk(), self.stage.events.append)
        steering.attach(self.stage.session)
        self.jam = SimpleNamespace(session=self.stage.session, steering=steering)

    def ask(self, asked: Asked) -> None:
        self.orders.obey(self.stage.now_ns, self.jam, asked)  # type: ignore[arg-type]


@pytest.fixture
def window(tmp_path: Path) -> Window:
    return Window(tmp_path)


def test_each_wish_goes_to_whoever_can_do_it(window: Window) -> None:
    window.ask(Line("bars 2"))
    (changed,) = window.stage.of(SettingsChanged)
    assert changed.settings.bars == 2  # type: ignore[attr-defined]
    window.ask(Key(60, True))
    assert window.keys.poll() == bytes((0x90, 60, 80))
    window.ask(LearnFrom(("1",), ("a.mid",)))
    window.ask(protocol.Learn("cancel"))
    assert window.tutor.calls == [
        ("learn_from", ("1",), ("a.mid",)),
        ("wish", protocol.Learn("cancel")),
    ]
    window.ask(Listen(True))
    window.ask(Overhear(False))
    assert window.view.calls == [("listen", True), ("overhear", False)]
    window.ask(protocol.Hold(True))
    assert window.stage.session.holding
    window.ask(Open())
    window.ask(protocol.Quit())
    assert window.told == []


def test_a_line_is_no_longer_than_one_that_is_typed(window: Window) -> None:
    window.ask(Line("help " + "x" * 100_000))
    (said,) = window.stage.of(Said)
    assert len(said.says) < LONGEST_LINE + 200  # type: ignore[attr-defined]


def test_a_fault_is_said_and_the_next_wish_is_done(
    window: Window, capsys: pytest.CaptureFixture[str]
) -> None:
    window.jam.steering = None
    window.ask(Line("bars 2"))
    (trouble,) = window.told
    assert isinstance(trouble, Trouble)
    assert "AttributeError" in trouble.says
    assert "Traceback" in capsys.readouterr().err
    window.ask(ThreeNotes())
    assert window.stage.of(Auditioning) == [Auditioning("three notes")]


def test_an_alternative_is_heard_with_its_number(window: Window) -> None:
    s = window.stage
    s.play(*PHRASE)
    s.engine.say(Playing("anna", "prior", None, 0))
    s.run_until(PhraseHeard)
    ask = s.engine.asks[-1]
    others = tuple(
        Candidate(seed, (Note(9.0, 0.4, 90 + seed, 80),), 1.0 - seed, (), Quoted(0, ""))
        for seed in (1, 2)
    )
    s.engine.say(Candidates(ask.request, others))
    s.run(10)
    s.port.sent.clear()
    window.ask(Audition(alternative=2))
    s.run(1_000)
    assert [m[1] for _, m in s.port.note_ons] == [92]
    window.ask(Audition(alternative=3))
    assert isinstance(window.told[-1], Said)
    window.ask(ThreeNotes())
    window.ask(Audition())
    assert [event.name for event in s.of(Auditioning)] == [  # type: ignore[attr-defined]
        "alternative 2",
        "",
        "three notes",
        "",
    ]
