"""Every dial as a control: values out and in, keys, mouse, wheel, writing, knobs, reasons."""

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QScrollArea, QVBoxLayout, QWidget

from engine.scales import Scale
from gui.widgets import DialControl, reason_of
from gui.widgets.dial_control import DEFAULT, LEARN, STOP_LEARNING, UNLEARN
from gui.widgets.dial_fields import ChoiceField, NumberField, SwitchField, WordsField
from plugin.control.table import DIALS
from plugin.protocol import Change, SettingsChanged
from plugin.served.messages import Binding, DeskIs, Line
from plugin.settings import Settings, Way, Yield

NOTHING_HELD = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def make(state, bridge, theme, qtbot):
    def make_control(name, **more) -> DialControl:
        control = DialControl(DIALS[name], state, bridge, theme, **more)
        qtbot.addWidget(control)
        control.resize(control.sizeHint())
        with qtbot.waitActive(control):
            control.show()
        bridge.sent.clear()
        return control

    return make_control


def wheel(widget, clicks=1, held=NOTHING_HELD):
    middle = QPointF(widget.rect().center())
    event = QWheelEvent(
        middle,
        QPointF(widget.mapToGlobal(widget.rect().center())),
        QPoint(),
        QPoint(0, 120 * clicks),
        Qt.MouseButton.NoButton,
        held,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)
    return event


def drag(widget, from_px, to_px, held=NOTHING_HELD):
    left = Qt.MouseButton.LeftButton
    for kind, x, buttons in (
        (QEvent.Type.MouseButtonPress, from_px, left),
        (QEvent.Type.MouseMove, to_px, left),
        (QEvent.Type.MouseButtonRelease, to_px, Qt.MouseButton.NoButton),
    ):
        at = QPointF(x, widget.height() / 2)
        button = Qt.MouseButton.NoButton if kind is QEvent.Type.MouseMove else left
        event = QMouseEvent(kind, at, widget.mapToGlobal(at), button, buttons, held)
        QApplication.sendEvent(widget, event)


@pytest.mark.parametrize("name", [dial.name for dial in DIALS])
@pytest.mark.parametrize("wide", [False, True])
def test_every_dial_has_a_control_that_shows_its_default_and_sends_nothing(
    name, wide, make, bridge, state
):
    control = make(name, wide=wide)
    assert control.field.accessibleName() == DIALS[name].label
    assert DIALS[name].words(DIALS[name].default) in control.field.toolTip()
    assert control.field.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert bridge.sent == []
    assert state.settings == Settings()


def test_the_field_fits_the_kind(make):
    fields = {
        "eagerness": NumberField,
        "lowest": NumberField,
        "way": ChoiceField,
        "count in": ChoiceField,
        "grid": ChoiceField,
        "feel": SwitchField,
        "scale": WordsField,
        "style": WordsField,
        "state cc": WordsField,
    }
    assert {name: type(make(name).field) for name in fields} == fields


def test_arrows_step_by_what_the_dial_says(make, qtbot, state, bridge):
    control = make("eagerness")
    qtbot.keyClick(control.field, Qt.Key.Key_Right)
    qtbot.keyClick(control.field, Qt.Key.Key_Right)
    assert state.settings.eagerness == 0.52
    assert bridge.sent == [Change(Settings(eagerness=0.51)), Change(Settings(eagerness=0.52))]
    assert control.value.text == "0.52"
    qtbot.keyClick(control.field, Qt.Key.Key_PageDown)
    assert state.settings.eagerness == 0.42


def test_a_knob_turned_elsewhere_is_shown_and_not_sent_back(make, bridge):
    control = make("eagerness")
    bridge.tell(SettingsChanged(Settings(eagerness=0.9)))
    assert control.value.text == "0.9"
    assert control.field.value() == round(0.9 * control.field.maximum())
    assert bridge.sent == []


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("yield", Settings(yields=Yield.BAR)),
        ("feel", Settings(feel=False)),
        ("way", Settings(way=Way.TRADE)),
        ("count in", Settings(count_in_bars=2)),
    ],
)
def test_every_kind_of_field_follows_without_an_echo(name, settings, make, bridge):
    control = make(name)
    bridge.tell(SettingsChanged(settings))
    assert bridge.sent == []
    shown = {
        "yield": lambda: control.field.currentText() == "end of bar",
        "feel": lambda: not control.field.isChecked() and control.field.text() == "off",
        "way": lambda: control.field.currentText() == "trade",
        "count in": lambda: control.field.currentText() == "2 bars",
    }[name]
    assert shown()


def test_a_value_that_is_in_no_list_is_shown_all_the_same(make, bridge):
    control = make("grid")
    before = control.field.count()
    bridge.tell(SettingsChanged(DIALS["grid"].put(Settings(), (5, 7))))
    assert control.field.currentText() == "5 7"
    bridge.tell(SettingsChanged(Settings()))
    assert control.field.currentText() == "off"
    assert control.field.count() == before


def test_a_tick_and_a_word_are_sent(make, qtbot, state):
    make_feel, make_yield = make("feel"), make("yield")
    qtbot.keyClick(make_feel.field, Qt.Key.Key_Space)
    assert state.settings.feel is False
    qtbot.keyClick(make_yield.field, Qt.Key.Key_Down)
    assert state.settings.yields is Yield.BEAT


def test_a_double_click_and_delete_are_the_default(make, qtbot, state, bridge):
    control = make("eagerness")
    for undo in (
        lambda: qtbot.mouseDClick(control.field, Qt.MouseButton.LeftButton),
        lambda: qtbot.mouseDClick(control.label, Qt.MouseButton.LeftButton),
        lambda: qtbot.keyClick(control.field, Qt.Key.Key_Delete),
    ):
        bridge.tell(SettingsChanged(Settings(eagerness=0.9)))
        undo()
        assert state.settings.eagerness == 0.5


def test_the_default_of_a_list_is_a_double_click_on_its_name(make, qtbot, state, bridge):
    control = make("yield")
    bridge.tell(SettingsChanged(Settings(yields=Yield.BAR)))
    qtbot.mouseDClick(control.label, Qt.MouseButton.LeftButton)
    assert state.settings.yields is Yield.AT_ONCE


def test_the_knob_goes_with_the_mouse_and_finely_with_shift(make, state, theme):
    control = make("eagerness")
    field = control.field
    field.setFixedWidth(200)
    middle = field.width() / 2
    drag(field, middle, middle + 60)
    coarse = state.settings.eagerness - 0.5
    assert coarse == pytest.approx(0.31, abs=0.05)
    control.to_default()
    drag(field, middle, middle + 60, SHIFT)
    assert 0 < state.settings.eagerness - 0.5 < coarse / 4


def test_beside_the_knob_it_jumps_there(make, state):
    control = make("eagerness")
    control.field.setFixedWidth(200)
    drag(control.field, 190, 190)
    assert state.settings.eagerness > 0.9


def test_a_wheel_steps_and_small_turns_add_up(make, state):
    control = make("eagerness")
    wheel(control.field, 3)
    assert state.settings.eagerness == 0.53
    for _ in range(4):
        wheel(control.field, 0.25)
    assert state.settings.eagerness == 0.54


def test_where_the_page_scrolls_the_wheel_is_the_pages(state, bridge, theme, qtbot):
    area, page = QScrollArea(), QWidget()
    column = QVBoxLayout(page)
    control = DialControl(DIALS["eagerness"], state, bridge, theme)
    column.addWidget(control)
    column.addSpacing(2000)
    area.setWidgetResizable(True)
    area.setWidget(page)
    qtbot.addWidget(area)
    with qtbot.waitActive(area):
        area.show()
    area.setFocus()
    assert not wheel(control.field, 1).isAccepted()
    assert state.settings.eagerness == 0.5
    control.field.setFocus()
    wheel(control.field, 1)
    assert state.settings.eagerness == 0.51


def test_a_list_is_not_brushed_by_a_wheel(make, state):
    control = make("yield")
    control.label.setFocus()
    control.field.clearFocus()
    wheel(control.field, -1)
    assert state.settings.yields is Yield.AT_ONCE


def test_return_writes_a_number_and_return_takes_it(make, qtbot, state):
    control = make("eagerness")
    qtbot.keyClick(control.field, Qt.Key.Key_Return)
    assert control.value.writing
    line = control.value.currentWidget()
    qtbot.keyClicks(line, "70%")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert state.settings.eagerness == 0.7
    assert not control.value.writing
    assert control.field.hasFocus()


def test_what_cannot_be_read_is_said_and_escape_takes_it_back(make, qtbot, state):
    control = make("eagerness")
    qtbot.mouseClick(control.value, Qt.MouseButton.LeftButton)
    line = control.value.currentWidget()
    qtbot.keyClicks(line, "loud")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert "takes" in control.trouble.text() or "does not fit" in control.trouble.text()
    assert control.trouble.isVisible()
    qtbot.keyClick(line, Qt.Key.Key_Escape)
    assert not control.trouble.isVisible()
    assert state.settings == Settings()
    assert control.value.text == "0.5"


def test_going_away_takes_what_was_written_and_leaves_the_focus_there(make, qtbot, state):
    control = make("eagerness")
    qtbot.mouseClick(control.value, Qt.MouseButton.LeftButton)
    line = control.value.currentWidget()
    qtbot.keyClicks(line, "0.25")
    qtbot.keyClick(line, Qt.Key.Key_Tab)
    assert state.settings.eagerness == 0.25
    assert not control.value.writing


def test_words_are_written_and_what_does_not_fit_is_said(make, qtbot, state):
    control = make("scale")
    control.field.selectAll()
    qtbot.keyClicks(control.field, "D dorian")
    qtbot.keyClick(control.field, Qt.Key.Key_Return)
    assert state.settings.limits.scale == Scale(2, "dorian")
    control.field.selectAll()
    qtbot.keyClicks(control.field, "H molly")
    qtbot.keyClick(control.field, Qt.Key.Key_Return)
    assert control.trouble.text().endswith(".")
    assert state.settings.limits.scale == Scale(2, "dorian")
    qtbot.keyClick(control.field, Qt.Key.Key_Escape)
    assert control.field.text() == "D dorian"
    assert control.trouble.text() == ""


def by_text(menu, text):
    return next(action for action in menu.actions() if action.text().startswith(text))


def test_a_knob_is_learnt_from_the_menu(make, bridge):
    control = make("closeness")
    by_text(control.menu(), LEARN).trigger()
    assert bridge.sent == [Line("learn closeness")]
    bridge.tell(DeskIs((), (), "", "", "closeness"))
    assert control.learning
    assert "move a knob" in control.label.text()
    by_text(control.menu(), STOP_LEARNING).trigger()
    assert bridge.sent[-1] == Line("learn off")
    bridge.tell(DeskIs((), (Binding("controller 21", "closeness"),), "", "", ""))
    assert not control.learning
    assert "controller 21" in control.field.toolTip()
    by_text(control.menu(), UNLEARN).trigger()
    assert bridge.sent[-1] == Line("unlearn closeness")


def test_what_the_menu_cannot_do_has_a_reason(make):
    control = make("scale")
    menu = control.menu()
    for text in (LEARN, UNLEARN, DEFAULT):
        action = by_text(menu, text)
        assert not action.isEnabled()
        assert reason_of(action).endswith(".")


def test_a_control_is_off_only_with_a_reason(make):
    control = make("eagerness")
    control.set_reason("Nothing can be changed now: wait a moment.")
    assert not control.field.isEnabled()
    assert reason_of(control.field) == "Nothing can be changed now: wait a moment."
    control.set_reason("")
    assert control.field.isEnabled()
    assert reason_of(control.field) == ""


def test_a_label_keeps_its_width_while_its_value_changes(make, bridge):
    control = make("tempo")
    before = control.value.width()
    for bpm in (None, 20.0, 399.0, 120.5):
        bridge.tell(SettingsChanged(Settings(bpm=bpm)))
        assert control.value.width() == before
