"""Training from within a jam: wishes in, events out, and something new to play with."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from plugin import protocol
from plugin.takes import TakeLibrary, TakeWriter
from plugin.tutor import BUSY, IDLE, NOBODY, Tutor
from tests.fakes import train
from tests.plugin.takes_stage import play
from tests.rig.waiting import wait_for


class Jam:
    """What surrounds a tutor: a loop that tends it, and what came of that."""

    def __init__(self, run: Callable[..., None], folder: Path) -> None:
        self.tutor = Tutor(run, library=folder / "takes.sqlite3", folder=folder / "profiles")
        self.tutor.profile = "anna"
        self.events: list[protocol.Event] = []
        self.commands: list[protocol.Command] = []

    def wish(self, what: str) -> None:
        self.tutor.wish(protocol.Learn(what))
        self.tend()

    def tend(self) -> None:
        self.tutor.tend(self.events.append, self.commands.append)

    def until(self, kind: type) -> protocol.Event:
        def found() -> list[protocol.Event]:
            self.tend()
            return [event for event in self.events if isinstance(event, kind)]

        event: protocol.Event = wait_for(found, f"a {kind.__name__}", 60.0)[-1]
        return event


@pytest.fixture
def jam(tmp_path: Path) -> Iterator[Callable[..., Jam]]:
    writer = TakeWriter(tmp_path / "takes.sqlite3")
    play(writer)
    writer.close()
    jams: list[Jam] = []

    def make(run: Callable[..., None]) -> Jam:
        jams.append(Jam(run, tmp_path))
        return jams[-1]

    yield make
    for one in jams:
        one.tutor.close()


def test_what_was_learnt_and_kept_is_played_with_and_each_step_is_told(jam):
    j = jam(train.keep)
    j.wish("last")
    over = j.until(protocol.LearnOver)
    assert over == protocol.LearnOver("anna", True, "Learnt it.", 3, 6.0, 5.0)
    assert j.commands == [protocol.Adopt()]
    steps = [event for event in j.events if isinstance(event, protocol.LearnProgress)]
    assert [(one.step, one.of, one.held_back_bits) for one in steps][1] == (2, 4, 5.5)
    j.tend()
    assert j.commands == [protocol.Adopt()], "once"


def test_what_is_not_kept_changes_nothing(jam):
    j = jam(train.drop)
    j.wish("last")
    assert j.until(protocol.LearnOver).kept is False
    assert j.commands == []


def test_a_refusal_is_said_and_the_next_wish_is_heard(jam):
    j = jam(train.refuse)
    j.wish("last")
    assert "too little" in j.until(protocol.LearnOver).says
    j.wish("starred")
    wait_for(lambda: (j.tend(), len(j.events) > 1)[1], "the second answer")
    assert "star" in j.events[-1].says


def test_one_training_at_a_time_and_it_can_be_stopped(jam):
    j = jam(train.endless)
    j.wish("cancel")
    assert j.events == [protocol.Said(IDLE)]
    j.wish("last")
    j.until(protocol.LearnProgress)
    j.wish("last")
    assert protocol.Said(BUSY) in j.events
    j.wish("cancel")
    assert "Stopped" in j.until(protocol.LearnOver).says
    assert not j.tutor.busy


def test_nobody_learns_nothing(jam):
    j = jam(train.keep)
    j.tutor.profile = ""
    j.wish("last")
    assert j.events == [protocol.Said(NOBODY)]


def test_undo_is_the_engines(jam):
    j = jam(train.keep)
    j.wish("undo")
    assert j.commands == [protocol.Adopt(undo=True)]


def test_the_jam_ends_while_it_learns(jam):
    j = jam(train.deaf)
    j.wish("last")
    j.until(protocol.LearnProgress)
    j.tutor.close()


def test_it_learns_from_what_is_chosen_and_says_what_is_left_out(jam, tmp_path):
    j = jam(train.keep)
    with TakeLibrary(tmp_path / "takes.sqlite3") as library:
        ids = [take.id for take in library.list_takes()]
    j.tutor.learn_from(ids, [str(tmp_path / "none.mid")])
    assert j.until(protocol.LearnOver).kept
    (said,) = [event for event in j.events if isinstance(event, protocol.Said)]
    assert "none.mid" in said.says


def test_what_is_chosen_and_cannot_be_read_is_told(jam):
    j = jam(train.keep)
    j.tutor.learn_from(["2020"], [])
    assert "no take" in j.until(protocol.LearnOver).says
