"""Lamps, chips, cards, plot, help line, state, timing, flow, buttons of actions."""

import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QAction, QCursor, QStatusTipEvent
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QVBoxLayout, QWidget

from gui.state import Standing
from gui.widgets import (
    ActionButton,
    Card,
    Chip,
    Curve,
    FlowLayout,
    HelpLine,
    Lamp,
    OnTime,
    Plot,
    StateBadge,
    explain,
    reason_of,
    why_not,
)
from gui.widgets.lamp import COLOURS, HOLD_MS, SHAPES
from gui.widgets.on_time import in_a_word, in_words
from gui.widgets.plot import ticks
from gui.widgets.state_badge import SHOWN
from plugin.served.messages import Pulse


def pulse(now_ns=0, late_ms=1.0, load=0.2) -> Pulse:
    return Pulse(0, now_ns, 0.0, 96.0, 4.0, 0.0, False, True, False, late_ms, late_ms, 5.0, load)


def shown(widget, qtbot):
    qtbot.addWidget(widget)
    widget.resize(widget.sizeHint())
    widget.show()
    return widget


def test_a_control_says_name_what_it_does_key_and_default(qtbot):
    button = shown(QPushButton("x"), qtbot)
    explain(button, "Hold", "the partner begins no note", key="H", default="off")
    assert button.accessibleName() == "Hold"
    assert button.toolTip().startswith("Hold — the partner begins no note (H)\nDefault: off")
    assert "\n" not in button.statusTip()


def test_a_reason_is_added_and_taken_away_again(qtbot):
    button = shown(QPushButton("x"), qtbot)
    explain(button, "Export", "writes the take")
    why_not(button, "There is no take yet: play a phrase.")
    assert not button.isEnabled()
    assert reason_of(button) == "There is no take yet: play a phrase."
    assert button.toolTip().startswith("Export")
    explain(button, "Export all", "writes all takes")
    why_not(button, "")
    assert button.isEnabled()
    assert button.toolTip() == "Export all — writes all takes"
    assert reason_of(button) == ""


def test_a_lamp_is_lit_for_a_while_and_goes_out(theme, qtbot):
    lamp = shown(Lamp(theme, "notes", "Notes in, Keys"), qtbot)
    dark = lamp.grab().toImage()
    lamp.light()
    assert lamp.lit
    assert lamp.grab().toImage() != dark
    qtbot.waitUntil(lambda: not lamp.lit)
    assert lamp.grab().toImage() == dark
    assert HOLD_MS == 120


def test_lamps_differ_by_shape_and_by_colour():
    assert len(set(SHAPES.values())) == len(set(COLOURS.values())) == 3


def test_a_lamp_without_a_port_looks_different(theme, qtbot):
    lamp = shown(Lamp(theme, "clock", "Clock out, Keys"), qtbot)
    there = lamp.grab().toImage()
    lamp.set_away(True)
    assert lamp.grab().toImage() != there


def test_a_chip_is_as_wide_as_its_words(theme, qtbot):
    chip = shown(Chip(theme, "key D minor", "the key that you were in", shape="circle"), qtbot)
    short = chip.sizeHint().width()
    chip.say("your rhythm from bar 3")
    assert chip.sizeHint().width() > short
    assert chip.accessibleName() == "your rhythm from bar 3"
    theme.rescale(2.0)
    assert chip.sizeHint().width() > 2 * short


def test_a_card_without_a_title_has_no_empty_line(theme, qtbot):
    card = Card(theme)
    qtbot.addWidget(card)
    assert card.heading.isHidden()
    card.retitle("Takes")
    assert not card.heading.isHidden()
    assert card.accessibleName() == "Takes"


def test_states_differ_by_shape_and_word_and_fit_one_width(theme, qtbot):
    assert set(SHOWN) == set(Standing)
    assert len({shape for shape, _, _ in SHOWN.values()}) == len(SHOWN)
    badge = shown(StateBadge(theme), qtbot)
    width = badge.sizeHint().width()
    seen = set()
    for standing in Standing:
        badge.stand(standing)
        assert badge.text.casefold() == standing.value
        assert badge.text.casefold() in badge.accessibleName().casefold()
        stopped = standing is Standing.ENGINE_STOPPED
        assert (badge.sizeHint().width() > width) is stopped
        seen.add(bytes(badge.grab().toImage().bits()))
    assert len(seen) == len(Standing)


def test_timing_in_a_word_and_in_words(theme, state, bridge, qtbot):
    timing = shown(OnTime(state, theme), qtbot)
    assert timing.text == "No session"
    bridge.tell(pulse(0))
    assert timing.text == "On time"
    bridge.tell(pulse(100_000_000, late_ms=12.4))
    assert timing.text == "On time", "a word that changes ten times a second cannot be read"
    bridge.tell(pulse(600_000_000, late_ms=12.4))
    assert timing.text == "Late by 12 ms"
    assert timing.accessibleName() == "Timing: Late by 12 ms"
    bridge.tell(pulse(0))
    assert timing.text == "On time", "another session has another time"


def test_every_word_on_timing_is_a_sentence_with_a_next_step_where_it_is_late():
    for one in (None, pulse(), pulse(late_ms=30.0), pulse(load=0.95)):
        for line in in_words(one)[1:]:
            assert line[0].isupper()
            assert line.endswith(".")
    assert any("Try:" in line for line in in_words(pulse(late_ms=30.0)))
    assert not any("Try:" in line for line in in_words(pulse()))
    assert in_a_word(pulse(late_ms=12.0)) == "Late by 12 ms"


@pytest.mark.parametrize("press", ["mouse", "keyboard"])
def test_timing_is_explained_when_pressed(press, theme, state, bridge, qtbot):
    timing = shown(OnTime(state, theme), qtbot)
    bridge.tell(pulse(late_ms=30.0))
    if press == "mouse":
        qtbot.mouseClick(timing, Qt.MouseButton.LeftButton)
    else:
        qtbot.keyClick(timing, Qt.Key.Key_Return)
    words = [label.text() for label in timing.popup.findChildren(QLabel)]
    assert words == list(in_words(pulse(late_ms=30.0)))
    timing.popup.close()


def test_a_plot_says_what_it_shows(theme, qtbot):
    plot = shown(Plot(theme, "Held back", "step", "bits per note"), qtbot)
    assert plot.accessibleDescription() == "nothing measured yet"
    empty = plot.grab().toImage()
    before = Curve("before", ((0, 5.0), (10, 5.0)), dashed=True, colour="text_soft")
    after = Curve("after", ((0, 5.0), (10, 4.25)), ((0, 4.8, 5.2), (10, 4.0, 4.5)))
    plot.show_curves((before, after))
    assert plot.grab().toImage() != empty
    words = plot.accessibleDescription()
    assert "after: 4.25 bits per note, from 5 (between 4 and 4.5)" in words
    plot.show_curves((Curve("one", ((3, 2.0),), ((3, 1.5, 2.5),)),))
    plot.grab()
    assert "one: 2 bits per note" in plot.accessibleDescription()


def test_where_something_else_was_measured_the_line_of_a_plot_is_broken(theme, qtbot):
    plot = shown(Plot(theme, "Held back", "step", "bits per note"), qtbot)
    points = ((0, 5.0), (1, 4.0), (2, 9.0), (3, 8.0))
    drawn = []
    for breaks in (frozenset(), frozenset({2}), frozenset({1, 2, 3})):
        plot.show_curves((Curve("held back", points, breaks=breaks),))
        drawn.append(plot.grab().toImage())
    colour = theme.colour("partner").rgb()
    inked = [
        sum(
            image.pixel(x, y) == colour for x in range(image.width()) for y in range(image.height())
        )
        for image in drawn
    ]
    assert inked[0] > inked[1] > inked[2] > 0, "only the marks are left"


@pytest.mark.parametrize(
    ("low", "high"), [(4.0, 5.0), (0.0, 0.0), (-3.2, 7.9), (1e-6, 2e-6), (5.0, 5.0), (0, 1e9)]
)
def test_ticks_go_around_what_is_shown(low, high):
    made = ticks(low, high)
    assert made[0] <= low <= high <= made[-1]
    assert 2 <= len(made) <= 7
    assert made == sorted(set(made))


def test_the_help_line_shows_help_over_words_and_words_again(theme, qtbot):
    window = QWidget()
    column = QVBoxLayout(window)
    line, one, two = HelpLine(theme), QPushButton("one"), QPushButton("two")
    for widget in (line, one, two):
        column.addWidget(widget)
    explain(one, "One", "does one thing")
    qtbot.addWidget(window)
    line.watch(window)
    window.move(QCursor.pos() + QPoint(200, 200))  # nothing is pointed at by chance
    with qtbot.waitActive(window):
        window.show()
    two.setFocus()
    line.say("The partner listens.")
    assert line.text == "The partner listens."
    one.setFocus()
    assert line.text == "One — does one thing"
    line.trouble("The port is gone: plug it in.")
    assert line.text == "The port is gone: plug it in.", "help never hides what has just happened"
    QApplication.sendEvent(window, QStatusTipEvent("pointed at"))
    assert line.text == "pointed at"
    line.trouble("The port is back: go on.")
    assert line.text == "pointed at"
    QApplication.sendEvent(window, QStatusTipEvent(""))
    assert line.text == "The port is back: go on."
    two.setFocus()
    one.setFocus()
    assert line.text == "One — does one thing"
    two.setFocus()
    assert line.text == "The port is back: go on."


def test_a_long_message_does_not_make_the_window_wider(theme, qtbot):
    line = HelpLine(theme)
    qtbot.addWidget(line)
    before = line.minimumSizeHint().width()
    line.trouble("word " * 200)
    assert line.minimumSizeHint().width() <= before + theme.px(40)


def test_a_flow_goes_on_in_the_next_line(qtbot):
    box = QWidget()
    qtbot.addWidget(box)
    flow = FlowLayout(box)
    flow.setSpacing(10)
    flow.setContentsMargins(0, 0, 0, 0)
    widgets = [QWidget() for _ in range(4)]
    for widget in widgets:
        widget.setFixedSize(QSize(100, 20))
        flow.addWidget(widget)
    assert flow.sizeHint() == QSize(430, 20)
    assert flow.minimumSize() == QSize(100, 20)
    assert flow.heightForWidth(430) == 20
    assert flow.heightForWidth(215) == 50
    box.resize(215, 50)
    box.show()
    assert [widget.pos() for widget in widgets] == [
        QPoint(0, 0),
        QPoint(110, 0),
        QPoint(0, 30),
        QPoint(110, 30),
    ]
    widgets[0].hide()
    assert flow.heightForWidth(320) == 20


def test_a_button_is_its_action(theme, qtbot):
    action = QAction("Hold")
    action.setCheckable(True)
    action.setToolTip("Hold — the partner begins no note (H)")
    button = shown(ActionButton(theme, action, "hold", words=False), qtbot)
    assert button.accessibleName() == "Hold"
    assert button.toolTip() == action.toolTip()
    assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
    with qtbot.waitSignal(action.triggered):
        qtbot.keyClick(button, Qt.Key.Key_Space)
    assert action.isChecked()
    assert button.isChecked()
    action.setText("Go on")
    assert button.accessibleName() == "Go on"
    action.setToolTip("Go on\nThere is no session: wait.")
    action.setEnabled(False)
    assert not button.isEnabled()
    assert reason_of(button) == "There is no session: wait."
