"""The widget over a session that is none, with a clock that is turned by hand."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.roll.roll import Roll
from gui.roll.view import PX_PER_S
from gui.state import JamState
from gui.theme.theme import Theme
from plugin.protocol import AnswerOver, PhraseHeard, Position
from tests.gui.fakes import FakeBridge
from tests.gui.roll.told import ORIGIN_NS, S, off, on, pulse


class Clock:
    """Session time, by hand."""

    def __init__(self) -> None:
        self.at_s = 0.0

    def __call__(self) -> int:
        return ORIGIN_NS + round(self.at_s * S)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def roll(qtbot: QtBot, bridge: FakeBridge, clock: Clock, theme: Theme) -> Iterator[Roll]:
    state = JamState(bridge, clock_ns=clock)
    made = Roll(state, bridge, theme)
    qtbot.addWidget(made)
    made.resize(840, 320)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.hide()


def rested(roll: Roll, clock: Clock, bridge: FakeBridge, at_s: float) -> None:
    """No clock runs, and the last sound is long over."""
    bridge.tell(pulse(at_s, 0.0))
    clock.at_s = at_s
    roll._tick()


def test_nothing_runs_while_nobody_plays(
    roll: Roll, bridge: FakeBridge, clock: Clock, qtbot: QtBot
) -> None:
    for tenth in range(20):
        clock.at_s = tenth / 10
        bridge.tell(pulse(tenth / 10, 0.0))
    assert not roll.timer.isActive()
    bridge.tell(on(2.0))
    assert roll.timer.isActive()
    bridge.tell(off(2.5))
    assert roll.timer.isActive(), "it has just sounded"
    clock.at_s = 30.0
    qtbot.waitUntil(lambda: not roll.timer.isActive())


def test_a_running_clock_moves_it_and_a_stopped_one_does_not(
    roll: Roll, bridge: FakeBridge, clock: Clock, qtbot: QtBot
) -> None:
    bridge.tell(pulse(10.0, 120.0))
    clock.at_s = 10.0
    assert roll.timer.isActive()
    bridge.tell(pulse(11.0, 120.0, running=False))
    clock.at_s = 20.0
    qtbot.waitUntil(lambda: not roll.timer.isActive())


def test_nothing_runs_that_nobody_sees(roll: Roll, bridge: FakeBridge) -> None:
    bridge.tell(pulse(0.0, 120.0))
    assert roll.timer.isActive()
    roll.hide()
    assert not roll.timer.isActive()
    bridge.tell(on(1.0), pulse(1.0, 120.0))
    assert not roll.timer.isActive()
    roll.show()
    assert roll.timer.isActive()


def test_no_more_frames_than_pixels_to_move_by(roll: Roll, bridge: FakeBridge) -> None:
    bridge.tell(pulse(0.0, 120.0))
    assert roll.timer.interval() == 16
    roll.zoom(0.2)
    assert roll.timer.interval() == 50
    roll.zoom_reset()
    assert roll.timer.interval() == 16


def test_a_session_that_dies_leaves_no_note_and_no_timer(
    roll: Roll, bridge: FakeBridge, clock: Clock, qtbot: QtBot
) -> None:
    bridge.tell(pulse(0.0, 0.0), on(0.5))
    clock.at_s = 1.0
    roll._tick()
    assert roll.scene.notes.sounds
    bridge.die()
    assert not roll.scene.notes.sounds
    qtbot.waitUntil(lambda: not roll.timer.isActive())


def test_a_drag_goes_back_and_end_follows_again(
    roll: Roll, bridge: FakeBridge, clock: Clock, qtbot: QtBot
) -> None:
    bridge.tell(pulse(20.0, 0.0))
    clock.at_s = 20.0
    told: list[bool] = []
    roll.follows_changed.connect(told.append)
    left, right = QPoint(300, 150), QPoint(500, 150)
    qtbot.mousePress(roll, Qt.MouseButton.LeftButton, pos=left)
    qtbot.mouseMove(roll, right)
    qtbot.mouseRelease(roll, Qt.MouseButton.LeftButton, pos=right)
    assert not roll.follows
    assert roll._back.isVisible()
    qtbot.keyClick(roll, Qt.Key.Key_End)
    assert roll.follows
    assert not roll._back.isVisible()
    qtbot.keyClick(roll, Qt.Key.Key_Left)
    assert not roll.follows
    qtbot.mouseClick(roll._back, Qt.MouseButton.LeftButton)
    assert told == [False, True, False, True]


def test_keys_zoom(roll: Roll, qtbot: QtBot) -> None:
    qtbot.keyClick(roll, Qt.Key.Key_Plus)
    assert roll.px_per_s == PX_PER_S * 1.25
    qtbot.keyClick(roll, Qt.Key.Key_Minus)
    qtbot.keyClick(roll, Qt.Key.Key_Minus)
    assert roll.px_per_s == pytest.approx(PX_PER_S / 1.25)
    qtbot.keyClick(roll, Qt.Key.Key_0)
    assert roll.px_per_s == PX_PER_S


def turn(roll: Roll, dx: int, dy: int, keys: Qt.KeyboardModifier) -> None:
    place = QPointF(400, 150)
    QApplication.sendEvent(
        roll,
        QWheelEvent(
            place, place, QPoint(), QPoint(dx, dy), Qt.MouseButton.NoButton, keys,
            Qt.ScrollPhase.NoScrollPhase, False,
        ),
    )  # fmt: skip


def test_the_wheel_zooms_time_keys_and_goes_sideways(roll: Roll, bridge: FakeBridge) -> None:
    none = Qt.KeyboardModifier.NoModifier
    turn(roll, 0, 120, none)
    assert roll.px_per_s == PX_PER_S * 1.25
    rows = roll.scene.view.rows
    turn(roll, 0, -240, Qt.KeyboardModifier.ControlModifier)
    roll.scene.view.settle()
    assert roll.scene.view.rows > rows
    assert roll.follows
    turn(roll, 240, 0, none)
    assert not roll.follows
    roll.follow()
    turn(roll, 0, 240, Qt.KeyboardModifier.ShiftModifier)
    assert not roll.follows


def test_a_note_under_the_mouse_is_said(
    roll: Roll, bridge: FakeBridge, clock: Clock, qtbot: QtBot
) -> None:
    bridge.tell(pulse(0.0, 0.0), on(8.0, 60, partner=True, velocity=64, late_ms=12.4))
    bridge.tell(off(9.5, 60, partner=True))
    clock.at_s = 10.0
    roll._tick()
    said: list[str] = []
    roll.hovered.connect(said.append)
    view, scene = roll.scene.view, roll.scene
    x = scene.keys_px + view.x(9 * S)
    y = scene.ruler_px + view.top(60) + 4
    qtbot.mouseMove(roll, QPoint(x, y))
    assert said == ["C4 · velocity 64 · 8.0 s · partner · 12 ms late"]
    qtbot.mouseMove(roll, QPoint(x, y + 100))
    assert said[-1] == ""


def test_phrases_are_described_once_a_while(roll: Roll, bridge: FakeBridge, qtbot: QtBot) -> None:
    bridge.tell(pulse(0.0, 0.0))
    for number, pitch in enumerate((48, 60, 67)):
        bridge.tell(on(number, pitch), off(number + 0.5, pitch))
    bridge.tell(on(4.0, 72, partner=True), off(4.5, 72, partner=True))
    bridge.tell(PhraseHeard("t", 3, 3.0, 400.0))
    bridge.tell(AnswerOver("t", 1, 0.5, 0, 0, 0.0, False))
    assert roll.accessibleDescription() == "nothing played yet"
    qtbot.waitUntil(lambda: roll.accessibleDescription() != "nothing played yet")
    assert roll.accessibleDescription() == "last phrase: 3 notes, C3 to G4; answer: 1 note, C5"
    assert not roll._say.isActive()


def test_it_wears_another_theme(roll: Roll, theme: Theme, qtbot: QtBot) -> None:
    dark = roll.grab().toImage()
    theme.choose("light")
    light = roll.grab().toImage()
    assert dark.pixelColor(500, 100).lightness() < 60
    assert light.pixelColor(500, 100).lightness() > 200
    theme.choose("dark")
    assert roll.grab().toImage() == dark


def test_trading_is_taken_from_the_position(roll: Roll, bridge: FakeBridge, clock: Clock) -> None:
    bridge.tell(pulse(0.0, 120.0))
    bridge.tell(Position(1, 1, 120.0, False, True, 1, 4))
    assert [(t.partner, t.bars) for t in roll.scene.beats.turns] == [(True, 4)]


@pytest.mark.parametrize("size", [(240, 140), (60, 30), (3000, 900)])
def test_any_size_can_be_painted(roll: Roll, bridge: FakeBridge, size: tuple[int, int]) -> None:
    bridge.tell(pulse(0.0, 120.0), on(0.1), off(0.2))
    roll.setMinimumSize(1, 1)
    roll.resize(*size)
    assert not roll.grab().isNull()


def test_who_paints_sees_what_was_told_just_before(
    roll: Roll, bridge: FakeBridge, clock: Clock, qtbot: QtBot
) -> None:
    """A key that goes down while all rests is seen with the next frame."""
    rested(roll, clock, bridge, 100.0)
    before = roll.grab().toImage()
    bridge.tell(on(100.0, 60))
    clock.at_s = 100.5
    painted: Callable[[], bool] = lambda: roll.grab().toImage() != before  # noqa: E731
    qtbot.waitUntil(painted)
    assert roll.timer.isActive()
