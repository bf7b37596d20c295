"""A panel whose rows break is as high as it needs, or scrolls; its rows lie free."""

import pytest
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from gui.theme.theme import Theme
from gui.widgets.fitted import Fitted
from gui.widgets.flow import FlowLayout


@pytest.fixture
def room(qtbot: QtBot, theme: Theme) -> tuple[QWidget, Fitted, QWidget]:
    """A room with something above, and a panel of twelve buttons that break into rows."""
    inside = QWidget()
    flow = FlowLayout(inside)
    for number in range(12):
        flow.addWidget(QPushButton(f"Button {number}"))
    fitted, above, outer = Fitted(inside, theme, 60), QWidget(), QWidget()
    above.setMinimumHeight(100)
    column = QVBoxLayout(outer)
    column.addWidget(above, 1)
    column.addWidget(fitted)
    qtbot.addWidget(outer)
    outer.resize(1400, 400)
    with qtbot.waitExposed(outer):
        outer.show()
    return outer, fitted, inside


def rows_lie_free(inside: QWidget) -> bool:
    buttons = inside.findChildren(QPushButton)
    return all(
        not one.geometry().intersects(other.geometry())
        for at, one in enumerate(buttons)
        for other in buttons[:at]
    )


def test_where_there_is_room_it_does_not_scroll(room, qtbot: QtBot) -> None:
    outer, fitted, inside = room
    layout = inside.layout()
    for width in (1400, 700, 400):
        outer.resize(width, 900)
        qtbot.waitUntil(lambda: fitted.height() == layout.totalHeightForWidth(fitted.width()))
        assert not fitted.verticalScrollBar().isVisible()
        assert rows_lie_free(inside)


def test_where_there_is_none_it_scrolls(room, qtbot: QtBot) -> None:
    outer, fitted, inside = room
    outer.resize(240, 260)
    qtbot.waitUntil(fitted.verticalScrollBar().isVisible)
    assert rows_lie_free(inside)


def test_who_gets_the_keyboard_is_scrolled_into_sight(room, qtbot: QtBot) -> None:
    outer, fitted, inside = room
    outer.resize(240, 260)
    qtbot.waitUntil(fitted.verticalScrollBar().isVisible)
    outer.activateWindow()
    qtbot.waitUntil(outer.isActiveWindow)
    first, *_, last = inside.findChildren(QPushButton)
    first.setFocus()
    for _ in range(11):
        fitted.focusNextPrevChild(True)
    assert last.hasFocus()
    assert not last.visibleRegion().isEmpty()


def test_more_inside_takes_more_room(room, qtbot: QtBot) -> None:
    outer, fitted, inside = room
    outer.resize(400, 900)
    before = fitted.height()
    for number in range(12):
        inside.layout().addWidget(QPushButton(f"More {number}"))
    qtbot.waitUntil(lambda: fitted.height() > before)


def test_a_share_of_the_parent_is_all_it_takes(qtbot: QtBot, theme: Theme) -> None:
    inside = QWidget()
    column = QVBoxLayout(inside)
    for number in range(12):
        column.addWidget(QPushButton(f"Button {number}"))
    outer, fitted = QWidget(), Fitted(inside, theme, 60, share=0.5)
    rows = QVBoxLayout(outer)
    rows.addWidget(QWidget(), 1)
    rows.addWidget(fitted)
    qtbot.addWidget(outer)
    outer.show()
    for height in (300, 500):
        outer.resize(300, height)
        qtbot.waitUntil(lambda high=height: fitted.height() == high // 2)  # type: ignore[misc]
        assert fitted.verticalScrollBar().maximum() > 0
