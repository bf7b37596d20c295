"""The dock by keyboard and screen reader, in both themes, at 100 % and 200 %."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QLabel

from gui.personalise.blind import Pick
from gui.widgets.card import Card
from plugin import protocol
from plugin.served.messages import Compared
from tests.gui.personalise import stage
from tests.gui.walk import complaints, controls

OVER = protocol.LearnOver("me", True, "Learnt it.", 2, 6.5, 6.0)


def _everything(qtbot, dock, bridge) -> None:
    """Every part of the dock has something to show."""
    bridge.tell(protocol.LearnProgress("me", 1, 4, 6.0, 7.0, 7.1))
    bridge.tell(OVER)
    dock.blind_card.another.click()
    bridge.tell(Compared("me", 2, 1, stage.PHRASE, stage.LEARNT, stage.UNLEARNT))
    qtbot.waitUntil(dock.blind_card.plays[0].isEnabled)
    for button in dock.blind_card.plays:
        button.click()
    dock.profile_card.begin_naming("rename", "me", "Rename")


def test_every_control_has_name_tip_reason_and_is_reached(qtbot, make_dock, bridge, data_folder):
    dock = make_dock(opened=False)
    assert complaints(dock) == []
    bridge.tell(stage.OPENED, stage.READY, stage.partner())
    assert complaints(dock) == []


def test_while_it_learns_and_when_everything_is_there(qtbot, dock, bridge):
    dock.choose_card.button.click()
    bridge.tell(protocol.LearnProgress("me", 1, 4, 6.0, 7.0))
    assert complaints(dock) == []
    bridge.tell(OVER)
    _everything(qtbot, dock, bridge)
    assert complaints(dock) == []
    dock.blind_card.picks[Pick.FIRST].click()
    dock.profile_card.verbs["delete"].trigger()
    assert complaints(dock) == []
    assert len(list(controls(dock))) > 20


def test_every_word_of_the_menu_has_a_tip(dock):
    for action in dock.profile_card.verbs.values():
        assert len(action.toolTip()) > 10
        assert action.statusTip()


@pytest.mark.parametrize("choice", ["dark", "light"])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_nothing_is_cut_off_in_a_narrow_dock(qtbot, dock, bridge, theme, choice, scale):
    theme.choose(choice)
    theme.rescale(scale)
    _everything(qtbot, dock, bridge)
    dock.resize(round(340 * scale), round(1500 * scale))
    qtbot.waitUntil(lambda: dock.profile_card.width() > 200 * scale)
    for card in dock.findChildren(Card):
        assert card.width() <= dock.width(), card.accessibleName()
    for part in dock.findChildren(QAbstractButton):
        if part.isVisible():
            assert part.width() >= part.minimumSizeHint().width(), part.text()
    for label in dock.findChildren(QLabel):
        if label.isVisible() and label.wordWrap():
            assert label.height() >= label.heightForWidth(label.width()), label.text()


def test_the_player_gets_through_with_the_keyboard_alone(qtbot, dock, bridge):
    with qtbot.waitActive(dock):
        dock.activateWindow()
    learn = dock.choose_card.button
    qtbot.waitUntil(learn.isEnabled)
    learn.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(learn, Qt.Key.Key_Space)
    assert dock.learn_card.stop.hasFocus(), "where it can be cancelled"
    bridge.tell(protocol.LearnProgress("me", 1, 4, 6.0, 7.0))
    bridge.tell(OVER)
    qtbot.waitUntil(dock.learn_card.keep_it.hasFocus)
    qtbot.keyClick(dock.learn_card.keep_it, Qt.Key.Key_Space)
    assert dock.learn_card.says.text().startswith("Kept")
