"""The transport bar: lamps, tempo, place in the song, who leads, panic."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel

from gui.transport.bar import FOLLOWS, OWN, RESTS, WAITS, TransportBar, who_leads
from gui.transport.port_lamps import MOST_PORTS
from gui.transport.tempo import words_of
from gui.widgets import DialControl, reason_of
from plugin.protocol import Change, Panic, Position, SettingsChanged, Tap
from plugin.served.messages import Active, Opened, PortIs, Ports, Pulse
from plugin.settings import ClockSource, Settings

KEYS = PortIs("Keys", ours=False, chosen=True, alive=True)
OUT = PortIs("Antiphon", ours=True, chosen=True, alive=True)
OTHER = PortIs("Other", ours=False, chosen=False, alive=True)


def pulse(*, external=False, running=True, bpm=96.0, now_ns=0) -> Pulse:
    return Pulse(0, now_ns, 0.0, bpm, 4.0, 0.0, external, running, False, 1.0, 1.0, 5.0, 0.2)


@pytest.fixture
def bar(state, bridge, theme, actions, qtbot) -> TransportBar:
    made = TransportBar(state, bridge, theme, actions)
    qtbot.addWidget(made)
    made.resize(1200, 120)
    with qtbot.waitActive(made):
        made.show()
    bridge.tell(Opened(1, "memory", "Keys", "Antiphon", 1, False))
    bridge.tell(Ports("memory", (KEYS, OTHER), (OUT,), True))
    bridge.sent.clear()
    return made


def texts(widget) -> list[str]:
    QApplication.processEvents()  # what is new in a layout is shown by the event loop
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible()]


def test_each_port_in_use_has_three_lamps_and_each_message_lights_its_own(bar, bridge):
    assert set(bar.ins.lamps) == {("Keys", kind) for kind in ("notes", "control", "clock")}
    bridge.tell(Active("Keys", False, "notes"))
    assert [key for key, lamp in bar.ins.lamps.items() if lamp.lit] == [("Keys", "notes")]
    assert not any(lamp.lit for lamp in bar.outs.lamps.values())
    bridge.tell(Active("Antiphon", True, "clock"))
    assert [key for key, lamp in bar.outs.lamps.items() if lamp.lit] == [("Antiphon", "clock")]


def test_a_lamp_says_kind_direction_and_port(bar):
    assert bar.ins.lamps["Keys", "notes"].accessibleName() == "Notes in, Keys"
    assert bar.outs.lamps["Antiphon", "clock"].accessibleName() == "Clock out, Antiphon"


def test_a_port_that_is_away_says_so_and_comes_back(bar, bridge):
    away = PortIs("Keys", ours=False, chosen=True, alive=False)
    bridge.tell(Ports("memory", (away,), (OUT,), True))
    assert texts(bar.ins) == ["In: Keys, away"]
    bridge.tell(Ports("memory", (KEYS,), (OUT,), True))
    assert texts(bar.ins) == ["In: Keys"]


def test_no_port_is_said(bar, bridge):
    bridge.tell(Ports("memory", (OTHER,), (), True))
    assert texts(bar.ins) == ["In: no port"]
    assert texts(bar.outs) == ["Out: no port"]
    bridge.tell(Active("Keys", False, "notes"))


def test_ports_beyond_the_room_light_the_last_lamp(bar, bridge):
    many = tuple(PortIs(f"Keys {n}", False, True, True) for n in range(MOST_PORTS + 2))
    bridge.tell(Ports("memory", many, (OUT,), True))
    bridge.tell(Active(f"Keys {MOST_PORTS + 1}", False, "control"))
    lit = [key for key, lamp in bar.ins.lamps.items() if lamp.lit]
    assert lit == [(f"Keys {MOST_PORTS - 1}", "control")]


@pytest.mark.parametrize(
    ("written", "bpm"),
    [("120", 120.0), ("97,5", 97.5), ("88 bpm", 88.0), ("free", None), ("", None)],
)
def test_a_tempo_is_written(written, bpm, bar, qtbot, state, bridge):
    bridge.tell(SettingsChanged(Settings(bpm=96.0)))
    assert bar.tempo.text() == "96.0 bpm"
    bar.tempo.setFocus()
    bar.tempo.selectAll()
    qtbot.keyClick(bar.tempo, Qt.Key.Key_Delete)
    qtbot.keyClicks(bar.tempo, written)
    qtbot.keyClick(bar.tempo, Qt.Key.Key_Return)
    assert state.settings.bpm == bpm
    assert bar.tempo.text() == words_of(bpm)
    assert not bar.tempo.hasFocus(), "the keys of the window are for the music again"


def test_a_tempo_that_cannot_be_is_said_and_taken_back(bar, qtbot, state, bridge):
    bar.tempo.setFocus()
    bar.tempo.selectAll()
    qtbot.keyClicks(bar.tempo, "9000")
    with qtbot.waitSignal(state.trouble) as said:
        qtbot.keyClick(bar.tempo, Qt.Key.Key_Return)
    assert "tempo" in said.args[0]
    qtbot.keyClick(bar.tempo, Qt.Key.Key_Escape)
    assert bar.tempo.text() == "free"
    assert bridge.sent == []


def test_whoever_writes_is_not_interrupted_by_the_session(bar, qtbot, bridge):
    bar.tempo.setFocus()
    bar.tempo.selectAll()
    qtbot.keyClicks(bar.tempo, "13")
    bridge.tell(SettingsChanged(Settings(bpm=96.0)), pulse())
    assert bar.tempo.text() == "13"


def wheel(widget, clicks, held=Qt.KeyboardModifier.NoModifier):
    at = QPointF(widget.rect().center())
    event = QWheelEvent(
        at,
        QPointF(widget.mapToGlobal(widget.rect().center())),
        QPoint(),
        QPoint(0, 120 * clicks),
        Qt.MouseButton.NoButton,
        held,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


def test_the_wheel_and_the_arrows_turn_the_tempo(bar, qtbot, state):
    wheel(bar.tempo, 1)
    assert state.settings.bpm == 120.0, "from free time it begins where most music is"
    wheel(bar.tempo, -3)
    assert state.settings.bpm == 117.0
    wheel(bar.tempo, 1, Qt.KeyboardModifier.ShiftModifier)
    assert state.settings.bpm == 117.1
    qtbot.keyClick(bar.tempo, Qt.Key.Key_Up)
    assert state.settings.bpm == 118.1
    wheel(bar.tempo, -1000)
    assert state.settings.bpm == 20.0


def test_while_the_daw_leads_its_tempo_is_shown_and_holds(bar, bridge, state):
    bridge.tell(SettingsChanged(Settings(bpm=96.0)), pulse(external=True, bpm=133.4))
    assert bar.tempo.text() == "133.4 bpm"
    assert bar.tempo.isReadOnly()
    assert "DAW leads" in bar.tempo.toolTip()
    wheel(bar.tempo, 1)
    assert state.settings.bpm == 96.0
    bridge.tell(pulse(external=False))
    assert bar.tempo.text() == "96.0 bpm"
    assert not bar.tempo.isReadOnly()


def test_bar_and_beat_are_the_sessions(bar, bridge):
    assert bar.place.text == "free"
    bridge.tell(SettingsChanged(Settings(bpm=96.0)))
    assert bar.place.text == "–.–"
    bridge.tell(pulse(), Position(12, 3, 96.0, external=False))
    assert (bar.place.text, bar.place.beat, bar.place.beats) == ("12.3", 3, 4)
    assert "bar 12, beat 3" in bar.place.accessibleDescription()
    bridge.tell(SettingsChanged(Settings(bpm=96.0, beats_per_bar=3.5)))
    assert bar.place.beats == 4
    bridge.tell(pulse(running=False))
    assert bar.place.text == "–.–"


@pytest.mark.parametrize(
    ("clock", "told", "word"),
    [
        (ClockSource.AUTO, None, RESTS),
        (ClockSource.AUTO, pulse(), OWN),
        (ClockSource.AUTO, pulse(external=True), FOLLOWS),
        (ClockSource.EXTERNAL, pulse(running=False), WAITS),
        (ClockSource.EXTERNAL, pulse(external=True, running=False), WAITS),
        (ClockSource.EXTERNAL, pulse(external=True), FOLLOWS),
        (ClockSource.INTERNAL, pulse(running=False), RESTS),
    ],
)
def test_who_leads_is_said(clock, told, word):
    assert who_leads(clock, told) == word


def test_the_bar_says_that_it_waits_and_why_there_is_no_count_in(bar, bridge):
    assert reason_of(bar.count_in.field) == ""
    bridge.tell(SettingsChanged(Settings(clock=ClockSource.EXTERNAL)))
    assert bar.leads.text() == WAITS
    assert "internal" in reason_of(bar.count_in.field)
    bridge.tell(pulse(external=True))
    assert bar.leads.text() == FOLLOWS
    assert not bar.count_in.field.isEnabled()
    bridge.tell(SettingsChanged(Settings()), pulse())
    assert bar.leads.text() == OWN
    assert bar.count_in.field.isEnabled()


def test_panic_and_tap_are_asked_at_once(bar, qtbot, bridge, actions):
    qtbot.mouseClick(bar.panic, Qt.MouseButton.LeftButton)
    assert bridge.sent == [Panic()]
    actions["tap"].trigger()
    assert bridge.sent[-1] == Tap()


def test_the_meter_is_changed(bar, qtbot, bridge):
    qtbot.keyClick(bar.meter.field, Qt.Key.Key_Up)
    assert bridge.sent == [Change(Settings(beats_per_bar=3.0))]


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("width", [700, 1200, 2400])
def test_panic_and_timing_are_in_sight_at_any_width_and_scale(bar, theme, scale, width, qtbot):
    theme.rescale(scale)
    bar.resize(int(width * scale), bar.heightForWidth(int(width * scale)))
    QApplication.processEvents()
    for widget in (bar.panic, bar.on_time, bar.tempo, bar.meter):
        inside = widget.mapTo(bar, widget.rect().bottomRight())
        assert inside.x() <= bar.width()
        assert inside.y() <= bar.height()
        assert widget.width() >= widget.minimumSizeHint().width()


def wait_for_layout(qtbot, bar, width: int) -> None:
    bar.resize(width, bar.sizeHint().height())
    qtbot.waitUntil(lambda: bar.width() == width)
    QApplication.processEvents()


def test_the_narrower_the_more_gives_way_and_panic_stays(bar, qtbot):
    wait_for_layout(qtbot, bar, 2000)
    assert bar.given_way == ()
    assert not bar.more.isVisible()
    before = ()
    for width in (1200, 1000, 900, 800, 700, 640):
        wait_for_layout(qtbot, bar, width)
        assert set(before) <= set(bar.given_way)
        before = bar.given_way
        edge = bar.panic.geometry().right()
        assert edge <= bar.rect().right()
    assert bar.given_way == ("count in", "meter", "clock")
    # One line still: nothing stands below the first row.
    assert bar.sizeHint().height() == pytest.approx(bar.heightForWidth(640), abs=1)
    wait_for_layout(qtbot, bar, 2000)
    assert bar.given_way == ()


def test_what_gave_way_is_behind_the_button(bar, qtbot):
    wait_for_layout(qtbot, bar, 640)
    bar.more.click()
    assert bar.popup is not None
    names = {one.dial.name for one in bar.popup.findChildren(DialControl)}
    assert names == {"count in", "meter", "clock"}
    bar.popup.close()
