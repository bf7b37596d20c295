"""Undo goes back through desk and takes in the order in which things were changed."""

import pytest

from gui.state import JamState
from gui.undo import UndoStack
from plugin.served.messages import DeskIs, Line
from tests.gui.fakes import FakeBridge


def desk(undo: str = "", redo: str = "") -> DeskIs:
    return DeskIs((), (), undo, redo, "")


@pytest.fixture
def stack(state: JamState, bridge: FakeBridge) -> UndoStack:
    return UndoStack(state, bridge)


class Bin:
    """Something that can be undone."""

    def __init__(self) -> None:
        self.inside = True

    def push_on(self, stack: UndoStack, what: str = "delete Take 3") -> None:
        stack.push(what, lambda: self.put(False), lambda: self.put(True))

    def put(self, inside: bool) -> None:
        self.inside = inside


def test_nothing_to_take_back(stack: UndoStack, bridge: FakeBridge) -> None:
    stack.undo()
    stack.redo()
    assert (stack.undo_words, stack.redo_words) == ("", "")
    assert bridge.sent == []


def test_the_newest_first_whoever_made_it(stack: UndoStack, bridge: FakeBridge) -> None:
    deleted = Bin()
    bridge.tell(desk("tempo: 96 bpm"))
    deleted.push_on(stack)
    bridge.tell(desk("closeness: 0.5"))
    assert stack.undo_words == "closeness: 0.5"

    stack.undo()
    assert bridge.sent == [Line("undo")]
    bridge.tell(desk("tempo: 96 bpm", "closeness: 0.5"))
    assert stack.undo_words == "delete Take 3"
    assert stack.redo_words == "closeness: 0.5"

    stack.undo()
    assert not deleted.inside
    assert stack.undo_words == "tempo: 96 bpm"
    assert stack.redo_words == "delete Take 3"

    stack.undo()
    bridge.tell(desk("", "tempo: 96 bpm"))
    assert stack.undo_words == ""
    assert stack.redo_words == "tempo: 96 bpm"

    stack.redo()
    bridge.tell(desk("tempo: 96 bpm", "closeness: 0.5"))
    stack.redo()
    assert deleted.inside
    assert stack.redo_words == "closeness: 0.5"
    assert bridge.sent == [Line("undo"), Line("undo"), Line("redo")]


def test_what_the_desk_did_before_the_window_knew_can_be_taken_back(
    stack: UndoStack, bridge: FakeBridge
) -> None:
    bridge.tell(desk("one"))
    bridge.tell(desk("two"))
    stack.undo()
    bridge.tell(desk("one", "two"))
    stack.undo()
    bridge.tell(desk("zero", "one"))
    assert stack.undo_words == "zero"


def test_a_new_change_forgets_what_was_taken_back(stack: UndoStack, bridge: FakeBridge) -> None:
    deleted = Bin()
    deleted.push_on(stack)
    stack.undo()
    assert stack.redo_words == "delete Take 3"
    bridge.tell(desk("tempo: 96 bpm"))
    assert stack.redo_words == ""
    assert stack.undo_words == "tempo: 96 bpm"


def test_a_session_that_is_gone_takes_its_steps_along(stack: UndoStack, bridge: FakeBridge) -> None:
    Bin().push_on(stack)
    bridge.tell(desk("tempo: 96 bpm"))
    bridge.die()
    assert stack.undo_words == "delete Take 3"


def test_an_undo_that_somebody_typed_is_no_new_change(stack: UndoStack, bridge: FakeBridge) -> None:
    bridge.tell(desk("tempo: 96 bpm"))
    Bin().push_on(stack)
    bridge.tell(desk("", "tempo: 96 bpm"))
    assert stack.undo_words == "delete Take 3"
