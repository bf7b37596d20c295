"""The dock by keyboard and screen reader, in both themes, at 100 % and 200 %."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QLabel, QPushButton, QScrollArea

from gui.sharing.bars import Bars
from gui.sharing.gauge import Gauge
from gui.widgets import Card
from tests.gui.sharing.stage import takes
from tests.gui.walk import complaints, controls


@pytest.fixture
def everything(qtbot, make_dock, settle, machine, gateway, data_folder):
    """Every card has something to show."""
    takes(data_folder, 60, 80)
    machine.agree(gateway.server, pieces=2)
    machine.good(machine.sharing.prepare().wait())
    machine.good(machine.sharing.send(machine.sharing.preview().sha256).wait())
    from federation.formats.shared import nothing_learnt

    gateway.publish(nothing_learnt(gateway.lineage))
    machine.good(machine.sharing.prepare().wait())
    dock = make_dock()
    settle()
    qtbot.waitUntil(lambda: dock.cards.teach.model.rowCount() == 2)
    settle()
    return dock


def open_all(dock) -> None:
    """Whatever can be unfolded is."""
    dock.cards.sheet.expand.click()
    dock.cards.server.expand.click()
    dock.cards.state.stop.click()
    dock.cards.teach.others.setCurrentRow(0)
    dock.cards.log.table.selectRow(0)


def test_every_control_has_name_tip_reason_and_is_reached(make_dock, settle):
    dock = make_dock()
    assert complaints(dock) == [], "before anything is known"
    settle()
    assert complaints(dock) == []


def test_with_everything_there(everything):
    dock = everything
    assert complaints(dock) == []
    open_all(dock)
    assert complaints(dock) == []
    assert len(list(controls(dock))) > 30


def test_switched_off_by_the_environment_every_control_says_so(make_dock, settle, machine, gateway):
    machine.agree(gateway.server, pieces=1)
    machine.environment["ANTIPHON_NO_SHARING"] = "1"
    dock = make_dock()
    settle()
    assert complaints(dock) == []
    assert "ANTIPHON_NO_SHARING" in dock.cards.state.trouble.text()
    assert dock.cards.state.chip.text == "Switched off"


def weight(button: QPushButton) -> tuple[object, ...]:
    return button.size(), button.font(), button.property("kind"), button.isDefault()


def test_yes_and_no_are_of_one_size_and_weight(qtbot, make_dock, settle, theme):
    dock = make_dock()
    settle()
    read = dock.cards.read
    for scale in (1.0, 2.0):
        theme.rescale(scale)
        dock.resize(round(360 * scale), 1500)
        qtbot.waitUntil(lambda: read.show_button.width() > 100)
        assert weight(read.show_button) == weight(read.not_now_button)


def test_the_four_ways_of_the_sheet_are_of_one_size_and_weight(everything):
    sheet = everything.cards.sheet
    buttons = (sheet.send_button, sheet.not_button, sheet.ask_button, sheet.forget_button)
    assert len({button.height() for button in buttons}) == 1
    widths = [button.width() for button in buttons]
    assert max(widths) - min(widths) <= 1, "an odd width is divided by two"
    assert len({button.font().weight() for button in buttons}) == 1
    assert {button.property("kind") for button in buttons} == {None}


def test_both_answers_are_reached_by_tab_and_pressed_by_space(qtbot, make_dock, settle, machine):
    dock = make_dock()
    settle()
    with qtbot.waitActive(dock):
        dock.activateWindow()
    read = dock.cards.read
    read.show_button.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(read.show_button, Qt.Key.Key_Tab)
    assert read.not_now_button.hasFocus()
    with qtbot.waitSignal(dock.not_now):
        qtbot.keyClick(read.not_now_button, Qt.Key.Key_Space)
    assert machine.files() == set()


@pytest.mark.parametrize("choice", ["dark", "light"])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_nothing_is_cut_off_in_a_narrow_dock(qtbot, everything, theme, choice, scale):
    dock = everything
    theme.choose(choice)
    theme.rescale(scale)
    open_all(dock)
    dock.resize(round(350 * scale), round(3200 * scale))
    qtbot.waitUntil(lambda: dock.cards.state.width() > 200 * scale)
    assert_nothing_is_cut_off(dock)


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_nothing_is_cut_off_while_it_is_off(qtbot, make_dock, settle, theme, scale):
    dock = make_dock()
    settle()
    theme.rescale(scale)
    dock.cards.read.expand.click()
    dock.cards.server.expand.click()
    dock.resize(round(350 * scale), round(3200 * scale))
    qtbot.waitUntil(lambda: 200 * scale < dock.cards.read.width() <= dock.width())
    assert_nothing_is_cut_off(dock)


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_it_is_never_narrower_than_what_is_in_it(qtbot, everything, theme, scale):
    dock = everything
    open_all(dock)
    theme.rescale(scale)
    dock.resize(10, 600)
    inside = dock.findChild(QScrollArea)
    qtbot.waitUntil(lambda: inside.viewport().width() >= inside.widget().minimumSizeHint().width())
    assert dock.width() <= 360 * scale, "it has its place in the window"
    assert inside.widget().width() <= inside.viewport().width()


def assert_nothing_is_cut_off(dock) -> None:
    """Every card that is shown is within the dock, every text and button is whole."""
    shown = [card for card in dock.findChildren(Card) if card.isVisible()]
    assert len(shown) > 3
    for card in shown:
        assert card.width() <= dock.width(), card.accessibleName()
    for part in dock.findChildren(QAbstractButton):
        if part.isVisible():
            assert part.width() >= part.minimumSizeHint().width(), part.text()
    for label in dock.findChildren(QLabel):
        if label.isVisible() and label.wordWrap():
            assert label.height() >= label.heightForWidth(label.width()), label.text()


def test_pictures_say_in_words_what_they_show(theme, qtbot):
    bars, gauge = Bars(theme), Gauge(theme)
    for widget in (bars, gauge):
        qtbot.addWidget(widget)
    bars.show_counts((-0.2, -0.1, 0.0, 0.1, 0.2), (1, 4, 4, 1), (0, 5, 5, 0))
    assert bars.accessibleDescription() == (
        "10 numbers, from −0.2 to 0.2 before the limit, from −0.1 to 0.1 after it"
    )
    gauge.show_budget(1.8, 8.0)
    assert gauge.accessibleDescription() == "ε = 1.8 of 8 used"
    empty = gauge.grab().toImage()
    gauge.show_budget(7.9, 8.0)
    assert gauge.grab().toImage() != empty
