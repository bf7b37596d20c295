"""Knobs and pedals: wishes go to the desk as lines that it understands."""

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from gui.actions import Actions
from gui.pages.controls_page import ControlsPage, can_be_held, offered
from gui.state import JamState
from gui.theme.theme import Theme
from plugin.control.bindings import Binding as Bound
from plugin.control.bindings import ControlMap
from plugin.control.desk import Desk
from plugin.control.orders import Learn, Unlearn
from plugin.control.wording import read
from plugin.protocol import Said
from plugin.served.messages import Binding, DeskIs, Line
from plugin.settings import Settings
from tests.gui.fakes import FakeBridge

NOTHING = DeskIs(("Quiet bass",), (), "", "", "")


@pytest.fixture
def page(
    qtbot: QtBot, state: JamState, bridge: FakeBridge, theme: Theme, actions: Actions
) -> ControlsPage:
    made = ControlsPage(state, bridge, theme, actions)
    qtbot.addWidget(made)
    made.show()
    bridge.tell(NOTHING)
    bridge.sent.clear()
    return made


def test_whatever_is_offered_the_desk_can_learn_and_unlearn() -> None:
    for _, word in offered(("Quiet bass",)):
        held = [" held"] if can_be_held(word) else []
        for manner in ("", *held):
            assert isinstance(read(f"learn {word}{manner}", Settings()), Learn)
        assert isinstance(read(f"unlearn {word}", Settings()), Unlearn)


@pytest.mark.parametrize(
    "line", ["learn hold", "learn hold held", "learn closeness", "learn swing"]
)
def test_what_was_learnt_is_taken_off_by_its_button(
    page: ControlsPage, bridge: FakeBridge, line: str
) -> None:
    desk = Desk()
    desk.line(0, line)
    for value in (0, 127) if "closeness" not in line else range(0, 100, 5):
        desk.midi(1, bytes((0xB0, 64 if "hold" in line else 21, value)))
    (bound,) = desk.kept.controls.bindings
    shown = _as_told(bound)
    bridge.tell(DeskIs((), (shown,), "", "", ""))
    page.removes[shown.source].click()
    (asked,) = bridge.sent
    assert isinstance(asked, Line)
    desk.line(2, asked.text)
    assert desk.kept.controls == ControlMap()


def test_learn_waits_and_can_be_stopped(page: ControlsPage, bridge: FakeBridge) -> None:
    page.choose("closeness")
    page.learn.click()
    assert bridge.sent == [Line("learn closeness")]
    bridge.tell(DeskIs((), (), "", "", "closeness"))
    assert page.learn.text() == "Stop waiting"
    assert "Move a knob" in page.says.text()
    page.learn.click()
    assert bridge.sent[-1] == Line("learn off")
    bridge.tell(NOTHING)
    assert page.learn.text() == "Learn"
    assert page.says.text() == ""
    bridge.tell(Said("Controller 21 moves closeness."))
    assert page.says.text() == "Controller 21 moves closeness."


def test_only_what_has_an_opposite_can_be_held(page: ControlsPage, bridge: FakeBridge) -> None:
    page.choose("hold")
    assert page.held.isEnabled()
    page.held.click()
    page.learn.click()
    assert bridge.sent == [Line("learn hold held")]
    page.choose("closeness")
    assert not page.held.isEnabled()
    assert "held" in page.held.toolTip()
    page.learn.click()
    assert bridge.sent[-1] == Line("learn closeness")


def test_presets_are_offered_as_they_come_and_the_choice_stays(
    page: ControlsPage, bridge: FakeBridge
) -> None:
    page.choose("preset Quiet bass")
    page.learn.click()
    assert bridge.sent == [Line("learn preset Quiet bass")]
    page.choose("closeness")
    bridge.tell(DeskIs(("Quiet bass", "Loud"), (), "", "", ""))
    assert page.what.currentData() == "closeness"
    assert page.what.findData("preset Loud") >= 0


def test_what_is_bound_is_listed_in_words(
    qtbot: QtBot, page: ControlsPage, bridge: FakeBridge
) -> None:
    assert page.none.isVisible()
    bridge.tell(DeskIs((), (Binding("controller 21", "closeness"),), "", "", ""))

    def seen() -> set[str]:
        return {label.text() for label in page.findChildren(QLabel) if label.isVisible()}

    qtbot.waitUntil(lambda: {"Controller 21", "closeness"} <= seen())
    assert not page.none.isVisible()


def test_without_a_session_learn_is_off_with_a_reason(
    qtbot: QtBot, state: JamState, bridge: FakeBridge, theme: Theme, actions: Actions
) -> None:
    page = ControlsPage(state, bridge, theme, actions)
    qtbot.addWidget(page)
    assert not page.learn.isEnabled()
    assert "no session" in page.learn.toolTip()


def _as_told(bound: Bound) -> Binding:
    """As the session tells a binding: source and target in words."""
    source, _, target = str(bound).partition(" → ")
    return Binding(source, target)
