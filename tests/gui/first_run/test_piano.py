"""The computer's keys as a piano: notes and their ends, and no note that hangs."""

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from gui.first_run.piano import HIGHEST_OCTAVE, LETTERS, KeyPiano
from gui.theme.theme import Theme
from plugin.protocol import NoteSounded
from plugin.served.messages import Key, NoteEnded
from tests.gui.fakes import FakeBridge


class Stage(QWidget):
    def __init__(self, bridge: FakeBridge, theme: Theme) -> None:
        super().__init__()
        self.piano, self.other = KeyPiano(bridge, theme), QLineEdit()
        layout = QVBoxLayout(self)
        layout.addWidget(self.piano)
        layout.addWidget(self.other)


@pytest.fixture
def stage(qtbot: QtBot, bridge: FakeBridge, theme: Theme) -> Stage:
    made = Stage(bridge, theme)
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    made.piano.setFocus()
    qtbot.waitUntil(made.piano.hasFocus)
    bridge.sent.clear()
    return made


def keys(bridge: FakeBridge) -> list[tuple[int, bool]]:
    return [(one.pitch, one.on) for one in bridge.sent if isinstance(one, Key)]


def test_a_letter_is_a_note_from_press_to_release(
    qtbot: QtBot, bridge: FakeBridge, stage: Stage
) -> None:
    qtbot.keyPress(stage.piano, Qt.Key.Key_D)
    qtbot.keyPress(stage.piano, Qt.Key.Key_G)
    assert stage.piano.held == (64, 67)
    qtbot.keyRelease(stage.piano, Qt.Key.Key_D)
    qtbot.keyRelease(stage.piano, Qt.Key.Key_G)
    assert keys(bridge) == [(64, True), (67, True), (64, False), (67, False)]
    assert stage.piano.held == ()


@pytest.mark.parametrize(("letter", "pitch"), [("A", 60), ("W", 61), ("U", 70), ("K", 72)])
def test_the_letters_lie_as_the_keys_of_a_piano(
    qtbot: QtBot, bridge: FakeBridge, stage: Stage, letter: str, pitch: int
) -> None:
    qtbot.keyPress(stage.piano, letter)
    assert keys(bridge) == [(pitch, True)]
    stage.piano.let_go()


def test_a_key_that_repeats_itself_is_one_note(
    qtbot: QtBot, bridge: FakeBridge, stage: Stage
) -> None:
    qtbot.keyPress(stage.piano, "A")
    handlers = {
        QEvent.Type.KeyRelease: stage.piano.keyReleaseEvent,
        QEvent.Type.KeyPress: stage.piano.keyPressEvent,
    }
    for kind, handle in handlers.items():
        handle(QKeyEvent(kind, Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier, "a", True, 1))
    assert keys(bridge) == [(60, True)]
    stage.piano.let_go()


def test_a_note_held_when_the_focus_goes_is_let_go(
    qtbot: QtBot, bridge: FakeBridge, stage: Stage
) -> None:
    qtbot.keyPress(stage.piano, "A")
    stage.other.setFocus()
    qtbot.waitUntil(stage.other.hasFocus)
    assert bridge.sent[-1] == Key(-1, False)
    assert stage.piano.held == ()
    sent = len(bridge.sent)
    qtbot.keyRelease(stage.piano, "A")
    assert len(bridge.sent) == sent  # it is over already


def test_a_note_held_when_the_piano_is_hidden_is_let_go(
    qtbot: QtBot, bridge: FakeBridge, stage: Stage
) -> None:
    qtbot.mousePress(stage.piano, Qt.MouseButton.LeftButton, pos=stage.piano.rect().bottomLeft())
    qtbot.keyPress(stage.piano, "K")
    stage.hide()
    assert bridge.sent[-1] == Key(-1, False)


def test_another_octave_lets_go_first(qtbot: QtBot, bridge: FakeBridge, stage: Stage) -> None:
    qtbot.keyPress(stage.piano, "A")
    qtbot.keyClick(stage.piano, Qt.Key.Key_Up)
    assert bridge.sent[-1] == Key(-1, False)
    qtbot.keyPress(stage.piano, "A")
    assert bridge.sent[-1] == Key(72, True)
    stage.piano.let_go()
    for _ in range(20):
        qtbot.keyClick(stage.piano, Qt.Key.Key_Up)
    assert stage.piano.octave == HIGHEST_OCTAVE
    assert stage.piano.lowest + len(LETTERS) <= 128


def test_single_letters_are_no_shortcuts_here_but_those_with_ctrl_are(stage: Stage) -> None:
    def taken(modifier: Qt.KeyboardModifier) -> bool:
        event = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_H, modifier, "h")
        event.ignore()
        stage.piano.event(event)
        return event.isAccepted()

    assert taken(Qt.KeyboardModifier.NoModifier)
    assert not taken(Qt.KeyboardModifier.ControlModifier)


def test_the_mouse_plays_a_black_key_where_it_lies_on_white_ones(
    qtbot: QtBot, bridge: FakeBridge, stage: Stage
) -> None:
    boxes = stage.piano._boxes()
    for step in (0, 1, 6, 12):
        at = boxes[step].center().toPoint()
        if step == 0:
            at.setY(stage.piano.height() - 5)
        bridge.sent.clear()
        qtbot.mousePress(stage.piano, Qt.MouseButton.LeftButton, pos=at)
        qtbot.mouseRelease(stage.piano, Qt.MouseButton.LeftButton, pos=at)
        assert keys(bridge) == [(60 + step, True), (60 + step, False)]


def test_what_sounds_lights_up_in_the_colour_of_who_plays(
    bridge: FakeBridge, theme: Theme, stage: Stage
) -> None:
    def colours() -> set[str]:
        picture = stage.piano.grab().toImage()
        box = stage.piano._boxes()[0]
        at = box.center().toPoint()
        return {picture.pixelColor(at.x(), round(box.bottom()) - 8 - at.y() // 2).name()}

    plain = colours()
    bridge.tell(NoteSounded(0, True, 0, 60, 80))
    assert colours() == {theme.colour("partner").name()}
    bridge.tell(NoteEnded(1, True, 0, 60))
    assert colours() == plain
    bridge.tell(NoteSounded(2, True, 0, 60, 80))
    bridge.die("it was killed")  # nobody will tell the end of that note
    assert colours() == plain
