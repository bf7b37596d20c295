"""What runs beside the window: progress, cancelling, what is due, making room for the player."""

import pytest

from gui.sharing.desk import READY
from gui.sharing.working import CANCELLED
from gui.widgets import reason_of
from plugin import protocol
from tests.federation.client.stage import piece
from tests.gui.sharing.stage import Slow


@pytest.fixture
def ready(machine, gateway, slow: Slow) -> Slow:
    """The first yes was given, and something may teach."""
    machine.sharing.set_server(gateway.server)
    machine.sharing.turn_on(machine.sharing.record("look"))
    machine.sharing.add_material("a", piece())
    return slow


@pytest.fixture
def dock(qtbot, ready, make_dock, settle):
    made = make_dock()
    settle()
    return made


def begin(qtbot, dock, slow):
    dock.cards.sheet.make_button.click()
    qtbot.waitUntil(lambda: bool(slow.begun))
    qtbot.waitUntil(lambda: not dock._desk.busy)


def test_progress_is_said_and_shown(qtbot, dock, ready):
    begin(qtbot, dock, ready)
    sheet = dock.cards.sheet
    assert sheet._progress.isVisible()
    assert (sheet.bar.minimum(), sheet.bar.maximum()) == (0, 0), "nobody knows yet how long"
    assert "wait, or cancel" in reason_of(sheet.make_button)
    ready.last.lines.append({"step": 2, "of": 6, "says": "learning..."})
    qtbot.waitUntil(lambda: sheet.bar.maximum() == 6)
    assert sheet.bar.value() == 2
    assert sheet.step.text() == "Learning..."
    ready.last.lines.append({"done": {}, "says": "Worked out; nothing was sent."})
    qtbot.waitUntil(lambda: not dock._desk.task)
    assert not sheet._progress.isVisible()
    assert dock.note.text() == "Worked out; nothing was sent."


def test_the_keyboard_goes_to_cancel_and_back(qtbot, dock, ready):
    sheet = dock.cards.sheet
    with qtbot.waitActive(dock):
        dock.activateWindow()
    sheet.make_button.setFocus()
    begin(qtbot, dock, ready)
    assert sheet.stop.hasFocus()
    ready.last.lines.append({"done": {}, "says": "Worked out; nothing was sent."})
    qtbot.waitUntil(lambda: not dock._desk.task)
    assert sheet.make_button.hasFocus()


def test_cancel_ends_the_child_and_says_so(qtbot, dock, ready):
    begin(qtbot, dock, ready)
    dock.cards.sheet.stop.click()
    qtbot.waitUntil(lambda: dock.note.text() == CANCELLED)
    assert ready.last.cancelled
    assert not dock._desk.task


def test_what_failed_is_a_sentence_of_the_window(qtbot, dock, ready):
    begin(qtbot, dock, ready)
    ready.last.lines.append({"failed": "There is no preview: `antiphon share preview` makes one."})
    qtbot.waitUntil(lambda: bool(dock.note.text()))
    assert dock.note.text().endswith("“Show me what would be sent” makes one.")


def test_one_thing_at_a_time(qtbot, dock, ready, desk):
    begin(qtbot, dock, ready)
    desk.start("receive", lambda sharing: sharing.receive())
    qtbot.waitUntil(lambda: not desk.busy)
    assert [name for name, _ in ready.begun] == ["prepare"]
    dock.cards.sheet.stop.click()
    qtbot.waitUntil(lambda: not desk.task)


def test_the_window_closes_and_nothing_is_left_running(qtbot, dock, ready, desk):
    begin(qtbot, dock, ready)
    desk.close_down()
    assert ready.last.cancelled


def test_what_has_just_begun_is_stopped_too_when_the_window_closes(dock, ready, desk):
    desk.start("prepare", lambda sharing: sharing.prepare())
    desk.close_down()
    assert ready.last.cancelled


def test_a_look_that_comes_back_after_the_window_closed_begins_nothing(qtbot, dock, desk):
    desk.look()
    desk.close_down()
    qtbot.waitUntil(lambda: not desk.busy)
    assert not desk._timer.isActive()


def test_a_decision_that_waits_is_done_when_the_window_closes(dock, machine, desk):
    desk.look()
    desk.decide(lambda sharing: sharing.turn_off())
    desk.close_down()
    assert machine.sharing.status().stage == "off"


def due(machine, gateway, desk, settle, slow: Slow):
    """Sharing is on, a day has passed, nobody plays."""
    machine.sharing._start = machine._run
    machine.agree(gateway.server, pieces=1)
    machine.sharing.not_this_time()
    machine.later(days=2)
    machine.sharing._start = slow._start
    desk.look()
    settle()
    desk._played_s -= 3600.0


def test_what_is_due_begins_by_itself_and_is_mentioned_quietly(
    qtbot, machine, gateway, desk, settle, slow
):
    due(machine, gateway, desk, settle, slow)
    assert desk._timer.isActive()
    desk.tick()
    qtbot.waitUntil(lambda: bool(slow.begun))
    assert slow.begun[0][0] == "prepare"
    qtbot.waitUntil(lambda: not desk.busy)
    slow.last.lines.append({"done": {}, "says": "Worked out; nothing was sent."})
    with qtbot.waitSignal(desk.told) as told:
        pass
    assert told.args == [READY]
    assert gateway.sent == {}


def test_the_player_begins_to_play_and_it_makes_room(qtbot, machine, gateway, desk, settle, slow):
    due(machine, gateway, desk, settle, slow)
    desk.tick()
    qtbot.waitUntil(lambda: bool(slow.begun) and not desk.busy)
    desk.hear(protocol.NoteSounded(0, True, 0, 60, 80))
    assert not desk.cancelling, "the partner is not the player"
    desk.hear(protocol.NoteSounded(0, False, 0, 60, 80))
    qtbot.waitUntil(lambda: slow.last.cancelled)
    qtbot.waitUntil(lambda: not desk.task)


def test_while_somebody_plays_nothing_is_due(qtbot, machine, gateway, desk, settle, slow):
    due(machine, gateway, desk, settle, slow)
    desk.hear(protocol.NoteSounded(0, False, 0, 60, 80))
    desk.tick()
    qtbot.waitUntil(lambda: not desk.busy)
    assert slow.begun == []


def test_what_the_player_asked_for_goes_on_while_he_plays(qtbot, dock, ready, desk):
    begin(qtbot, dock, ready)
    desk.hear(protocol.NoteSounded(0, False, 0, 60, 80))
    assert not desk.cancelling
    dock.cards.sheet.stop.click()
    qtbot.waitUntil(lambda: not desk.task)


def test_a_trouble_is_told_once(qtbot, machine, gateway, desk, settle):
    machine.agree(gateway.server, pieces=1)
    machine.good(machine.sharing.prepare().wait())
    gateway.trouble += [503] * 3
    machine.sharing.send(machine.sharing.preview().sha256)
    told: list[str] = []
    desk.failed.connect(told.append)
    desk.look()
    settle()
    desk.look()
    settle()
    assert len(told) == 1


def test_off_needs_no_clock(machine, desk, settle):
    desk.look()
    settle()
    assert not desk._timer.isActive()
    assert machine.files() == set()
