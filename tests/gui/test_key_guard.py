"""Single keys are the actions', but not where somebody writes or presses a button."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QLineEdit,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from gui.key_guard import KeyGuard


@pytest.fixture
def guard(qapp: QApplication) -> Iterator[KeyGuard]:
    made = KeyGuard()
    qapp.installEventFilter(made)
    yield made
    qapp.removeEventFilter(made)


class Field(QWidget):
    """Some widgets, and actions on A, Space, Del and Ctrl+E that count."""

    def __init__(self) -> None:
        super().__init__()
        self.text, self.button, self.slider = QLineEdit(), QPushButton("Press"), QSlider()
        self.box = QComboBox()
        self.box.addItems(["one", "two"])
        layout = QVBoxLayout(self)
        self.done: list[str] = []
        for widget in (self.text, self.button, self.slider, self.box):
            layout.addWidget(widget)
        for key in ("A", "Space", "Del", "Ctrl+E"):
            action = self.addAction(key)
            action.setShortcut(QKeySequence(key))
            action.triggered.connect(lambda _checked, key=key: self.done.append(key))


@pytest.fixture
def field(guard: KeyGuard, qtbot: QtBot) -> Field:
    made = Field()
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    with qtbot.waitActive(made):
        pass
    return made


def test_letters_are_written_where_one_writes(field: Field, qtbot: QtBot) -> None:
    field.text.setFocus()
    qtbot.keyClicks(field.text, "a b")
    qtbot.keyClick(field.text, Qt.Key.Key_Delete)
    assert field.text.text() == "a b"
    assert field.done == []
    qtbot.keyClick(field.text, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    assert field.done == ["Ctrl+E"]


def test_space_presses_the_button_that_has_the_keyboard(field: Field, qtbot: QtBot) -> None:
    field.button.setFocus()
    with qtbot.waitSignal(field.button.clicked):
        qtbot.keyClick(field.button, Qt.Key.Key_Space)
    assert field.done == []
    qtbot.keyClick(field.button, Qt.Key.Key_A)
    assert field.done == ["A"]


def test_space_elsewhere_is_the_action(field: Field, qtbot: QtBot) -> None:
    field.slider.setFocus()
    qtbot.keyClick(field.slider, Qt.Key.Key_Space)
    assert field.done == ["Space"]


def test_a_letter_on_a_list_of_choices_is_the_action(field: Field, qtbot: QtBot) -> None:
    field.box.setFocus()
    qtbot.keyClick(field.box, Qt.Key.Key_A)
    assert field.done == ["A"]
    field.box.setEditable(True)
    field.box.setFocus()
    qtbot.keyClick(field.box, Qt.Key.Key_A)
    assert field.done == ["A"]


def test_a_field_that_only_shows_takes_no_letters(field: Field, qtbot: QtBot) -> None:
    field.text.setReadOnly(True)
    field.text.setFocus()
    qtbot.keyClick(field.text, Qt.Key.Key_A)
    assert field.done == ["A"]
