"""The settings page: all dials, all keys, looks; each counts at once."""

import pytest
from PySide6.QtCore import Qt

from gui.action_list import ACTIONS, MENUS
from gui.settings_page import SettingsPage
from gui.theme.theme import SCALES
from gui.widgets import reason_of


@pytest.fixture
def page(state, bridge, theme, actions, qtbot) -> SettingsPage:
    made = SettingsPage(state, bridge, theme, actions)
    qtbot.addWidget(made)
    made.resize(700, 640)
    with qtbot.waitActive(made):
        made.show()
    return made


def show(page, index):
    page.tabs.setCurrentIndex(index)


def test_every_action_in_a_menu_has_a_key_field(page):
    assert set(page.keys.fields) == {spec.name for spec in ACTIONS if spec.menu in MENUS}


def test_a_key_is_pressed_and_counts(page, qtbot, actions):
    show(page, 1)
    field = page.keys.fields["hold"]
    field.setFocus()
    qtbot.keyClick(field, Qt.Key.Key_G)
    qtbot.waitUntil(lambda: actions.key("hold") == "G")
    assert page.keys.says.text() == ""


def test_a_key_that_is_taken_is_refused_and_the_field_goes_back(page, actions):
    page.keys.change("hold", "F")
    assert "Forget" in page.keys.says.text()
    assert actions.key("hold") == "H"
    assert page.keys.fields["hold"].keySequence().toString() == "H"


def test_backspace_takes_the_key_away_but_not_from_panic(page, qtbot, actions):
    show(page, 1)
    for name in ("hold", "panic"):
        field = page.keys.fields[name]
        field.setFocus()
        qtbot.keyClick(field, Qt.Key.Key_Backspace)
        if name == "hold":
            qtbot.waitUntil(lambda: actions.key("hold") == "")
        else:
            qtbot.waitUntil(lambda: "always has a key" in page.keys.says.text())
    assert actions.key("panic") == "Ctrl+."


def test_usual_keys_come_back(page, qtbot, actions):
    assert reason_of(page.keys.usual).endswith(".")
    page.keys.change("hold", "G")
    show(page, 1)
    qtbot.mouseClick(page.keys.usual, Qt.MouseButton.LeftButton)
    assert actions.key("hold") == "H"
    assert page.keys.fields["hold"].keySequence().toString() == "H"


def test_the_theme_is_chosen_and_follows_other_hands(page, qtbot, theme):
    show(page, 2)
    qtbot.keyClick(page.looks.themes["light"], Qt.Key.Key_Space)
    assert theme.choice == "light"
    theme.choose("system")
    assert page.looks.themes["system"].isChecked()


@pytest.mark.parametrize("scale", SCALES)
def test_the_size_is_chosen(scale, page, qtbot, theme):
    show(page, 2)
    qtbot.mouseClick(page.looks.scales[scale], Qt.MouseButton.LeftButton)
    assert theme.scale == scale
    assert page.looks.scales[scale].isChecked()
