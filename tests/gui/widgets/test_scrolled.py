"""A panel that needs a certain height scrolls where there is less, and keeps no window large."""

from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from gui.theme.theme import Theme
from gui.widgets.scrolled import Scrolled


def test_it_is_as_low_as_it_must_be_and_shows_what_has_the_keyboard(
    qtbot: QtBot, theme: Theme
) -> None:
    inside = QWidget()
    column = QVBoxLayout(inside)
    buttons = [QPushButton(f"Button {number}") for number in range(12)]
    for button in buttons:
        column.addWidget(button)
    scrolled = Scrolled(inside, theme, 80)
    qtbot.addWidget(scrolled)
    scrolled.resize(200, 90)
    with qtbot.waitActive(scrolled):
        scrolled.show()
    assert scrolled.minimumSizeHint().height() == theme.px(80)
    assert inside.height() > scrolled.height()
    buttons[0].setFocus()
    for _ in buttons[1:]:
        scrolled.focusNextPrevChild(True)
    last = buttons[-1]
    assert last.hasFocus()
    seen = last.mapTo(scrolled.viewport(), last.rect().center())
    assert scrolled.viewport().rect().contains(seen)
