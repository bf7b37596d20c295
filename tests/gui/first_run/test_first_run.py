"""The four steps, over a fake session: what is asked, what is shown, and every way past them."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox
from pytestqt.qtbot import QtBot

from gui.actions import Actions
from gui.first_run.daw_step import DawStep
from gui.first_run.panel import FirstRun
from gui.first_run.steps import HearStep, PlayStep
from gui.keeping import Keeping
from gui.kept import Kept
from gui.state import JamState
from gui.theme.theme import Theme
from gui.voice.built_in import BuiltInVoice
from gui.voice.feed import VoiceFeed
from plugin.protocol import NoteSounded, Position
from plugin.served.messages import Active, Listen, Open, Opened, PortIs, Ports, Spoke, ThreeNotes
from tests.gui.fakes import FakeBridge

OPENED = Opened(1, "JACK", "Antiphon In", "Antiphon Out", 1, False)
PORTS = Ports(
    "JACK",
    (PortIs("Antiphon In", True, True, True), PortIs("Keys", False, False, True)),
    (PortIs("Synth", False, False, True),),
    True,
)


@pytest.fixture
def keeping(tmp_path: Path, qtbot: QtBot) -> Keeping:
    made = Keeping(tmp_path / "window.json", Kept())
    made._timer.setInterval(0)
    return made


@pytest.fixture
def run(
    qtbot: QtBot,
    state: JamState,
    bridge: FakeBridge,
    theme: Theme,
    actions: Actions,
    keeping: Keeping,
) -> FirstRun:
    bridge.tell(OPENED, PORTS)
    voice = BuiltInVoice(bridge, VoiceFeed(), start=lambda told: pytest.fail("no voice was asked"))
    made = FirstRun(state, bridge, theme, actions, keeping, voice)
    made.voice = voice  # type: ignore[attr-defined]  it lives as long
    qtbot.addWidget(made)
    made.show()
    yield made  # type: ignore[misc]
    made.hide()
    keeping.close()


def asked(bridge: FakeBridge, kind: type) -> list[object]:
    return [one for one in bridge.sent if isinstance(one, kind)]


def test_all_inputs_are_listened_to_only_while_the_first_step_is_seen(
    bridge: FakeBridge, run: FirstRun
) -> None:
    assert asked(bridge, Listen) == [Listen(True)]
    run.go_on()
    assert asked(bridge, Listen) == [Listen(True), Listen(False)]
    run.go(0)
    run.hide()
    assert asked(bridge, Listen)[-1] == Listen(False)


def test_the_port_that_speaks_is_opened_and_kept(
    bridge: FakeBridge, run: FirstRun, keeping: Keeping
) -> None:
    assert run.next.text() == "Skip"
    bridge.tell(Spoke("Keys"))
    assert [one.ins for one in asked(bridge, Open)] == [("Keys",)]  # type: ignore[attr-defined]
    assert keeping.kept.ins == ("Keys",)
    assert "“Keys” speaks" in run.step.says.text()
    assert run.next.text() == "Next"


def test_our_own_port_that_speaks_is_left_as_it_is(bridge: FakeBridge, run: FirstRun) -> None:
    bridge.tell(Spoke("Antiphon In"))
    assert asked(bridge, Open) == []
    assert run.step.done


def test_a_second_port_is_offered_and_not_taken(bridge: FakeBridge, run: FirstRun) -> None:
    step = run.steps[0]
    assert isinstance(step, PlayStep)
    bridge.tell(Spoke("Keys"), Spoke("Pads"))
    assert len(asked(bridge, Open)) == 1
    assert step.other.isVisible()
    step.other.click()
    assert asked(bridge, Open)[-1].ins == ("Pads",)  # type: ignore[attr-defined]
    assert not step.other.isVisible()


def test_a_note_of_the_demo_is_not_taken_for_the_player(bridge: FakeBridge, run: FirstRun) -> None:
    bridge.tell(Opened(1, "memory", "In", "Out", 1, True), NoteSounded(0, False, 0, 60, 80))
    assert not run.step.done
    bridge.tell(OPENED, NoteSounded(0, True, 0, 60, 80))
    assert not run.step.done  # nor the partner
    bridge.tell(NoteSounded(0, False, 0, 60, 80))
    assert run.step.done


def test_three_notes_and_the_output(
    qtbot: QtBot, bridge: FakeBridge, run: FirstRun, keeping: Keeping
) -> None:
    run.go(1)
    step = run.step
    assert isinstance(step, HearStep)
    assert step.output.itemText(0) == "A port of our own, “Antiphon Out”"
    step.three.click()
    assert asked(bridge, ThreeNotes) == [ThreeNotes()]
    assert run.next.text() == "Next"
    _pick(step.output, "Synth")
    assert asked(bridge, Open)[-1].outs == ("Synth",)  # type: ignore[attr-defined]
    assert keeping.kept.outs == ("Synth",)
    assert not step.loopback.isVisible()


def test_where_no_port_can_be_made_loopback_is_explained(bridge: FakeBridge, run: FirstRun) -> None:
    run.go(1)
    step = run.step
    assert isinstance(step, HearStep)
    bridge.tell(Ports("Windows MM", (), (PortIs("loopMIDI Port", False, False, True),), False))
    assert step.loopback.isVisible()
    assert "loopMIDI" in step.loopback.text()
    assert [step.output.itemText(at) for at in range(step.output.count())] == ["loopMIDI Port"]


def test_a_daw_has_its_lines_with_the_names_of_our_ports(bridge: FakeBridge, run: FirstRun) -> None:
    run.go(2)
    step = run.step
    assert isinstance(step, DawStep)
    assert step.heading.text() == "Open your DAW and choose “Antiphon Out” as MIDI input."
    assert {"Ableton Live", "Logic Pro", "Bitwig Studio", "REAPER", "Ardour"} <= {
        button.text() for button in step.buttons.values()
    }
    bridge.tell(Opened(1, "JACK", "Antiphon In-01", "Antiphon Out-01", 1, False))
    step.buttons["reaper"].click()
    assert "“Antiphon Out-01”" in _text(step)
    assert "“Antiphon In-01”" in _text(step)
    assert "Not tried" in _text(step)
    step.buttons["ardour"].click()
    assert "Not tried" not in _text(step)


def test_the_lamp_of_the_clock_and_its_tempo(bridge: FakeBridge, run: FirstRun) -> None:
    run.go(2)
    step = run.step
    assert isinstance(step, DawStep)
    bridge.tell(Active("Antiphon Out", True, "clock"), Active("Antiphon In", False, "notes"))
    assert not step.lamp.lit
    assert not step.done
    bridge.tell(Active("Antiphon In", False, "clock"))
    assert step.lamp.lit
    assert step.done
    bridge.tell(Position(3, 1, 127.96, True))
    assert "128.0 bpm" in step.says.text()
    step.lamp._hold.stop()


def test_who_hears_the_keyboard_directly_can_hear_the_daw_instead(
    bridge: FakeBridge, run: FirstRun
) -> None:
    bridge.tell(Spoke("Keys"))
    run.go(2)
    bridge.tell(OPENED)
    step = run.step
    assert isinstance(step, DawStep)
    assert "“Keys” directly" in step.direct.text()
    step.own.click()
    assert asked(bridge, Open)[-1].ins == ()  # type: ignore[attr-defined]
    assert not step.own.isVisible()


def test_sharing_is_a_statement_and_leads_to_its_page(
    qtbot: QtBot, run: FirstRun, actions: Actions
) -> None:
    run.go(3)
    assert run.step.heading.text() == "Sharing is off."
    assert "?" not in run.step.says.text()
    with qtbot.waitSignal(actions["sharing"].triggered, timeout=1000):
        run.step.more.click()  # type: ignore[attr-defined]


def test_it_can_be_skipped_through_and_is_done_then(
    qtbot: QtBot, run: FirstRun, keeping: Keeping
) -> None:
    for at in range(3):
        assert run.at == at
        run.next.click()
    assert run.next.text() == "Begin to play"
    with qtbot.waitSignal(run.finished, timeout=1000):
        run.next.click()
    assert keeping.kept.first_run_done


def test_closing_it_is_finishing_it(qtbot: QtBot, run: FirstRun, keeping: Keeping) -> None:
    with qtbot.waitSignal(run.finished, timeout=1000):
        run.close_all.click()
    assert keeping.kept.first_run_done
    run.begin()
    assert run.at == 0


def test_however_it_is_closed_it_does_not_come_back(run: FirstRun, keeping: Keeping) -> None:
    assert not keeping.kept.first_run_done
    run.hide()  # as Esc does with its window, or the window's own cross
    assert keeping.kept.first_run_done


def test_enter_presses_what_has_the_keyboard_and_goes_on_elsewhere(
    qtbot: QtBot, run: FirstRun
) -> None:
    run.activateWindow()
    step = run.step
    assert isinstance(step, PlayStep)
    step.piano.setFocus()
    qtbot.waitUntil(step.piano.hasFocus)
    qtbot.keyClick(step.piano, Qt.Key.Key_Return)
    assert run.at == 1
    run.back.setFocus()
    qtbot.keyClick(run.back, Qt.Key.Key_Return)
    assert run.at == 0


def test_another_session_is_listened_to_as_well(bridge: FakeBridge, run: FirstRun) -> None:
    bridge.tell(OPENED)
    assert asked(bridge, Listen) == [Listen(True), Listen(True)]


def test_every_control_has_a_name_and_a_reason_where_it_is_off(run: FirstRun) -> None:
    for at in range(4):
        run.go(at)
        for control in run.findChildren(QAbstractButton):
            if control.isVisibleTo(run):
                assert control.accessibleName() or control.text()
                assert control.toolTip()
                assert control.isEnabled() or "\n" in control.toolTip()
                assert control.focusPolicy() != Qt.FocusPolicy.NoFocus


def _pick(box: QComboBox, words: str) -> None:
    at = box.findText(words)
    box.setCurrentIndex(at)
    box.activated.emit(at)


def _text(step: DawStep) -> str:
    grid = step._grid
    items = [grid.itemAt(at) for at in range(grid.count())]
    return "\n".join(item.widget().text() for item in items if item is not None)  # type: ignore[attr-defined]
