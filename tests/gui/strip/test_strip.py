"""The partner strip: state, turn, ways, first dials, all dials, presets."""

import pytest
from PySide6.QtCore import Qt

from gui.state import Standing
from gui.strip.more import MoreDials
from gui.strip.presets import SHOWN as PRESETS_SHOWN
from gui.strip.presets import PresetRow
from gui.strip.strip import FIRST_DIALS, PartnerStrip
from gui.strip.ways import EXPLAINED, WayRow
from gui.widgets import reason_of
from plugin.control.table import DIALS
from plugin.control.wording import WAY_DIALS
from plugin.protocol import (
    Again,
    Change,
    EngineReady,
    Forget,
    Hold,
    Position,
    SettingsChanged,
    State,
    StateChanged,
)
from plugin.served.messages import DeskIs, Line, Opened, Pulse, RestartEngine
from plugin.settings import Settings, Way

PULSE = Pulse(0, 0, 0.0, 96.0, 4.0, 0.0, False, True, False, 1.0, 1.0, 5.0, 0.2)


@pytest.fixture
def strip(state, bridge, theme, actions, qtbot) -> PartnerStrip:
    made = PartnerStrip(state, bridge, theme, actions)
    qtbot.addWidget(made)
    made.resize(1280, 240)
    with qtbot.waitActive(made):
        made.show()
    bridge.tell(Opened(1, "memory", "Keys", "Antiphon", 1, False), EngineReady("m", 1))
    bridge.sent.clear()
    return made


def desk(*presets) -> DeskIs:
    return DeskIs(presets, (), "", "", "")


# -- state and turn --


def test_what_the_partner_does_is_shown(strip, bridge):
    assert strip.badge.standing is Standing.LISTENING
    bridge.tell(StateChanged(State.ANSWERING))
    assert strip.badge.text == "Answering"


def test_what_has_ended_can_be_started_again(strip, bridge, qtbot):
    button = strip.restart[Standing.ENGINE_STOPPED]
    assert button.isHidden()
    bridge.tell(StateChanged(State.ENGINE_STOPPED))
    assert button.isVisible()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert bridge.sent == [RestartEngine()]
    bridge.tell(EngineReady("m", 1), StateChanged(State.LISTENING))
    assert button.isHidden()


def test_without_a_session_that_can_be_started(strip, bridge):
    bridge.die()
    assert strip.badge.standing is Standing.OFF
    assert strip.restart[Standing.OFF].isVisible()


def test_thinking_for_more_than_a_bar_is_said_quietly(strip, bridge):
    bridge.tell(StateChanged(State.THINKING))
    for bar, beat in ((3, 2), (3, 3), (4, 1), (4, 2)):
        bridge.tell(Position(bar, beat, 96.0, external=False))
    assert strip.note.text() == ""
    bridge.tell(Position(4, 3, 96.0, external=False))
    assert "more than a bar" in strip.note.text()
    bridge.tell(StateChanged(State.ANSWERING))
    assert strip.note.text() == ""


def test_the_turn_is_shown_to_the_bar(strip, bridge):
    assert strip.turn.isHidden()
    bridge.tell(SettingsChanged(Settings(way=Way.TRADE, bpm=96.0)), PULSE)
    assert strip.turn.isVisible()
    assert "begins" in strip.turn.text
    bridge.tell(Position(1, 1, 96.0, False, False, 1, 4))
    assert strip.turn.text == "You: bar 1 of 4"
    yours = strip.turn.grab().toImage()
    bridge.tell(Position(5, 1, 96.0, False, True, 1, 4))
    assert strip.turn.text == "Partner: bar 1 of 4"
    assert strip.turn.grab().toImage() != yours
    bridge.tell(SettingsChanged(Settings()))
    assert strip.turn.isHidden()


# -- what can be asked --


def test_hold_again_and_forget_are_asked(strip, bridge, actions):
    for name in ("hold", "again", "forget"):
        actions[name].trigger()
    assert bridge.sent == [Hold(True), Again(), Forget()]
    actions["hold"].trigger()
    assert bridge.sent[-1] == Hold(False)


# -- ways --


@pytest.fixture
def ways(state, bridge, theme, qtbot) -> WayRow:
    made = WayRow(state, bridge, theme)
    qtbot.addWidget(made)
    with qtbot.waitActive(made):
        made.show()
    return made


def test_every_way_has_a_name_and_a_line():
    assert set(EXPLAINED) == set(Way)
    for _, says in EXPLAINED.values():
        assert says.endswith(".")


@pytest.mark.parametrize("way", list(Way))
def test_a_way_is_chosen_by_a_press_and_explained(way, ways, qtbot, state, bridge):
    qtbot.mouseClick(ways.buttons[way], Qt.MouseButton.LeftButton)
    assert state.settings.way is way
    assert bridge.sent == ([] if way is Way.ANSWER else [Change(Settings(way=way))])
    assert ways.way is way
    assert ways.says.text() == EXPLAINED[way][1]
    shown = [name for name, dial in ways.dials.items() if dial.isVisible()]
    assert shown == ([way] if way in WAY_DIALS else [])


def test_arrows_go_through_the_ways_and_one_of_them_is_reached_by_tab(ways, qtbot, state):
    ways.buttons[Way.ANSWER].setFocus()
    qtbot.keyClick(ways.buttons[Way.ANSWER], Qt.Key.Key_Right)
    assert state.settings.way is Way.TRADE
    assert ways.buttons[Way.TRADE].hasFocus()
    tabbed = [
        way
        for way, button in ways.buttons.items()
        if button.focusPolicy() & Qt.FocusPolicy.TabFocus
    ]
    assert tabbed == [Way.TRADE]
    qtbot.keyClick(ways.buttons[Way.TRADE], Qt.Key.Key_Left)
    qtbot.keyClick(ways.buttons[Way.ANSWER], Qt.Key.Key_Left)
    assert state.settings.way is Way.ANSWER


def test_a_way_chosen_elsewhere_is_shown_and_not_sent_back(ways, bridge):
    bridge.tell(SettingsChanged(Settings(way=Way.VARY)))
    assert ways.way is Way.VARY
    assert bridge.sent == []


# -- dials --


def test_the_first_dials_are_those_of_the_table(strip, qtbot, state):
    names = [name for group in FIRST_DIALS for name, _ in group]
    assert set(strip.dials) == set(names) <= {dial.name for dial in DIALS}
    qtbot.keyClick(strip.dials["closeness"].field, Qt.Key.Key_Right)
    assert state.settings.limits.closeness == 0.01
    qtbot.keyClick(strip.dials["root"].field, Qt.Key.Key_Down)
    assert str(state.settings.limits.scale) == "C major"


def test_more_opens_once_and_has_every_dial(strip, qtbot):
    qtbot.mouseClick(strip.more, Qt.MouseButton.LeftButton)
    page = strip.more_dials
    assert page.isVisible()
    assert set(page.controls) == {dial.name for dial in DIALS}
    assert page.windowModality() is Qt.WindowModality.NonModal
    page.close()
    qtbot.mouseClick(strip.more, Qt.MouseButton.LeftButton)
    assert strip.more_dials is page


@pytest.fixture
def more(state, bridge, theme, qtbot) -> MoreDials:
    made = MoreDials(state, bridge, theme)
    qtbot.addWidget(made)
    made.resize(640, 600)
    made.show()
    return made


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("swing", {"swing", "swing unit", "feel"}),
        ("polyphony", {"most at once"}),
        ("channel partner", {"partner channel"}),
    ],
)
def test_a_search_finds_by_any_word(wanted, found, more):
    more.search.setText(wanted)
    assert {name for name, control in more.controls.items() if control.isVisible()} == found
    assert more.nothing.isHidden()
    more.search.setText("")
    assert all(not control.isHidden() for control in more.controls.values())


def test_a_search_for_nothing_says_so(more):
    more.search.setText("xylophone")
    assert "xylophone" in more.nothing.text()
    assert more.nothing.isVisible()
    assert not any(card.isVisible() for card in more.cards.values())


def test_all_to_default_is_off_with_a_reason_until_something_differs(more, qtbot, bridge):
    assert reason_of(more.usual).endswith(".")
    bridge.tell(SettingsChanged(Settings(eagerness=0.9)))
    qtbot.mouseClick(more.usual, Qt.MouseButton.LeftButton)
    assert bridge.sent == [Line("reset")]


# -- presets --


@pytest.fixture
def presets(state, bridge, theme, actions, qtbot) -> PresetRow:
    made = PresetRow(state, bridge, theme, actions)
    qtbot.addWidget(made)
    made.resize(900, 60)
    with qtbot.waitActive(made):
        made.show()
    bridge.tell(Opened(1, "memory", "In", "Out", 1, False), desk("Quiet bass", "Trade & 4s"))
    bridge.sent.clear()
    return made


def test_without_a_session_no_preset_is_a_dead_button(presets, actions, bridge):
    assert all(button.isEnabled() for button in (*presets.buttons, presets.add))
    bridge.die()
    for button in (*presets.buttons, presets.add):
        assert "no session" in reason_of(button)
    bridge.tell(Opened(1, "memory", "In", "Out", 1, False))
    assert all(button.isEnabled() for button in (*presets.buttons, presets.add))


def labels(presets) -> list[str]:
    return [button.text() for button in presets.buttons]


def test_presets_are_shown_with_number_name_and_key(presets):
    assert labels(presets) == ["1  Quiet bass", "2  Trade && 4s"]
    assert presets.buttons[0].accessibleName() == "Preset Quiet bass"
    assert "(1)" in presets.buttons[0].toolTip()


def test_a_preset_is_loaded_by_a_press(presets, qtbot, bridge):
    qtbot.mouseClick(presets.buttons[1], Qt.MouseButton.LeftButton)
    assert bridge.sent == [Line("load Trade & 4s")]


def test_a_new_one_is_named_in_the_row(presets, qtbot, bridge):
    qtbot.mouseClick(presets.add, Qt.MouseButton.LeftButton)
    assert presets.line.hasFocus()
    qtbot.keyClicks(presets.line, " Shadow  in thirds ")
    qtbot.keyClick(presets.line, Qt.Key.Key_Return)
    assert bridge.sent == [Line("save Shadow in thirds")]
    assert presets.line.isHidden()
    assert presets.add.isVisible()


def test_escape_leaves_it(presets, qtbot, bridge):
    qtbot.mouseClick(presets.add, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(presets.line, "nonsense")
    qtbot.keyClick(presets.line, Qt.Key.Key_Escape)
    assert bridge.sent == []
    assert presets.line.isHidden()


def test_a_preset_is_replaced_renamed_bound_and_dropped(presets, qtbot, bridge):
    menu = presets.menu("Quiet bass")
    actions = [action for action in menu.actions() if not action.isSeparator()]
    for action in (actions[0], actions[2], actions[3]):
        action.trigger()
    assert bridge.sent == [
        Line("save Quiet bass"),
        Line("learn preset Quiet bass"),
        Line("drop Quiet bass"),
    ]
    actions[1].trigger()
    assert presets.line.text() == "Quiet bass"
    qtbot.keyClicks(presets.line, "Deep bass")
    qtbot.keyClick(presets.line, Qt.Key.Key_Return)
    assert bridge.sent[-1] == Line("rename Quiet bass to Deep bass")


def test_those_without_a_key_are_mentioned(presets, bridge):
    bridge.tell(desk(*(f"Preset {n}" for n in range(PRESETS_SHOWN + 3))))
    assert len(presets.buttons) == PRESETS_SHOWN
    assert "3 more" in presets.add.toolTip()


def test_a_new_list_while_a_name_is_written_leaves_the_name(presets, qtbot, bridge):
    qtbot.mouseClick(presets.add, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(presets.line, "Half")
    bridge.tell(desk("One"))
    assert labels(presets) == ["1  One"]
    assert presets.line.isVisible()
    assert presets.line.text() == "Half"
