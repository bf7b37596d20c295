"""From off to sent: read, see, say yes, send; and every way back."""

import hashlib

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from federation.client.consent import TEXT, UNTIL, Choices
from federation.client.outbox import Outbox
from federation.client.wording import REVOKED
from gui.sharing.flow import NOT_HEARD, TICK_SOME
from gui.sharing.read_card import NO_SERVER
from gui.sharing.sheet_card import ASKS_ALREADY, NOTHING_TEACHES, PAUSED, SEND, YES
from gui.widgets import reason_of
from tests.federation.client.stage import piece
from tests.gui.sharing.stage import Slow, takes, tick


def look(machine, gateway):
    """The first yes, as an earlier day gave it."""
    machine.sharing.set_server(gateway.server)
    machine.sharing.turn_on(machine.sharing.record("look"))


def test_closed_and_off_at_first(make_dock, settle, machine):
    dock = make_dock()
    settle()
    cards = dock.cards
    assert cards.state.chip.text == "Off"
    shown = [card for card in cards.all if card.isVisible()]
    assert shown == [cards.state, cards.read, cards.receive, cards.server]
    assert machine.files() == set()


def test_the_text_is_the_clients_own(make_dock, settle):
    dock = make_dock()
    settle()
    read = dock.cards.read
    assert read.heading.text() == TEXT.title
    assert read.sentences.text() == "\n\n".join(TEXT.sentences)
    assert not read.details.isVisible()
    read.expand.click()
    assert read.details.text() == "\n\n".join(TEXT.details)
    assert read.details.isVisible()


def test_without_a_server_the_next_step_is_its_address(qtbot, make_dock, settle, machine):
    dock = make_dock()
    settle()
    with qtbot.waitActive(dock):
        dock.activateWindow()
    dock.cards.read.show_button.click()
    assert dock.note.text() == NO_SERVER
    assert dock.cards.server.url.hasFocus()
    assert machine.files() == set(), "nothing was agreed to"


def test_not_now_changes_nothing(qtbot, make_dock, settle, machine, gateway):
    machine.sharing.set_server(gateway.server)
    before = machine.files()
    dock = make_dock()
    settle()
    with qtbot.waitSignal(dock.not_now):
        dock.cards.read.not_now_button.click()
    settle()
    assert machine.files() == before
    assert gateway.asked == []


def test_from_reading_to_sent(qtbot, make_dock, settle, machine, gateway, data_folder):
    takes(data_folder, 60, 80)
    dock = make_dock()
    settle()
    server, cards = dock.cards.server, dock.cards
    server.url.setText(gateway.server.url + "/")
    server.key.setText(gateway.server.release_key)
    server.ca.setText(gateway.server.ca)
    server.use.click()
    settle()
    assert machine.sharing.status().server == gateway.server

    cards.read.show_button.click()
    qtbot.waitUntil(lambda: dock.note.text() == TICK_SOME)
    settle()
    assert machine.sharing.status().stage == "look"
    assert not cards.read.isVisible()
    assert reason_of(cards.sheet.make_button) == NOTHING_TEACHES
    qtbot.waitUntil(lambda: cards.teach.model.rowCount() == 2)
    assert cards.teach.model.take_ids == (), "none may teach by default"

    tick(dock, 0)
    settle()
    assert [item.notes for item in machine.sharing.material()] == [80]
    cards.sheet.make_button.click()
    qtbot.waitUntil(lambda: machine.sharing.preview() is not None)
    settle()
    assert gateway.asked == [], "looking asks nothing of the server"
    assert server.says.text() == "Nothing was ever asked of it."
    assert cards.sheet.send_button.text() == YES
    first = cards.sheet.hash.text()

    cards.sheet.send_button.click()
    qtbot.waitUntil(lambda: cards.sheet.send_button.text() == SEND and not dock._desk.task)
    settle()
    assert machine.sharing.status().on
    assert gateway.sent == {}, "yes is not yet send"
    shown = cards.sheet.hash.text()
    assert shown != first, "worked out anew from the server's version"
    assert server.says.text().startswith("It answered last")

    cards.sheet.send_button.click()
    qtbot.waitUntil(lambda: bool(gateway.sent))
    settle()
    ((_, body),) = gateway.sent.values()
    assert hashlib.sha256(body).hexdigest() == shown
    assert cards.state.chip.text == "On"
    assert "Sent so far: 1 change" in cards.state.more.text()
    assert "waits at the server" in cards.state.more.text()
    assert not cards.sheet._sheet.isVisible()
    server.url.setText("https://elsewhere.example")
    server.use.click()
    settle()
    assert server.says.text() == "Nothing was ever asked of it.", "another one"


def see(machine, gateway, pieces=1):
    """Sharing is on, and a change of the server's version lies ready."""
    machine.agree(gateway.server, pieces=pieces)
    machine.good(machine.sharing.prepare().wait())
    return machine.sharing.preview()


def test_the_sheet_shows_exactly_what_leaves(make_dock, settle, machine, gateway, asked):
    found = see(machine, gateway)
    dock = make_dock()
    settle()
    sheet = dock.cards.sheet
    assert sheet.sentence.text() == found.sentence
    assert f"{found.values:,}" in sheet.sentence.text()
    assert sheet.bars._after == found.histogram.counts
    assert sheet.bars._before == found.histogram_before.counts
    assert f"limit of {found.clip:g}" in sheet.length.text()
    for word in found.never_leaves:
        assert word.casefold() in sheet.never.text().casefold()
    assert sheet.leak.text() == found.leak.says
    assert sheet.privacy.text() == found.privacy
    assert sheet.gauge.words == "no promise yet"
    sheet.copy.click()
    assert QGuiApplication.clipboard().text() == found.sha256
    sheet.expand.click()
    for name, (rows, columns) in found.shapes.items():
        assert f"{name}  {rows} × {columns}" in sheet.numbers.toPlainText()
    for name, word in found.words.items():
        assert f"{name}: {word}" in sheet.numbers.toPlainText()


def test_the_saved_file_is_the_very_file(qtbot, make_dock, settle, machine, gateway, asked):
    found = see(machine, gateway)
    dock = make_dock()
    settle()
    dock.cards.sheet.save_button.click()
    qtbot.waitUntil(lambda: dock.note.text().startswith("Saved"))
    (name,) = asked.names
    saved = (asked.folder / name).read_bytes()
    assert hashlib.sha256(saved).hexdigest() == found.sha256
    assert found.sha256[:8] in name


def test_not_this_time_throws_it_away(make_dock, settle, machine, gateway):
    see(machine, gateway)
    dock = make_dock()
    settle()
    dock.cards.sheet.not_button.click()
    settle()
    assert machine.sharing.preview() is None
    assert gateway.sent == {}
    assert machine.sharing.status().on, "a no to this one is no end"


def test_a_file_that_was_changed_behind_the_sheet_is_not_sent(
    qtbot, make_dock, settle, machine, gateway, expected
):
    see(machine, gateway)
    dock = make_dock()
    settle()
    path = machine.sharing.places.draft / "change.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    dock.cards.sheet.send_button.click()
    settle()
    assert gateway.sent == {}
    assert "“Show me what would be sent”" in dock.note.text()


def test_always_ask_ends_sending_without_asking(make_dock, settle, machine, gateway):
    choices = Choices(asking=UNTIL, until="2026-06-01")
    machine.agree(gateway.server, choices)
    machine.good(machine.sharing.prepare().wait())
    dock = make_dock()
    settle()
    assert "without asking until 2026-06-01" in dock.cards.sheet.meaning.text()
    assert dock.cards.choices.until.isChecked()
    dock.cards.sheet.ask_button.click()
    settle()
    assert machine.sharing.status().choices == Choices()
    assert machine.sharing.status().on
    assert reason_of(dock.cards.sheet.ask_button) == ASKS_ALREADY
    assert dock.cards.choices.every.isChecked()


def test_other_choices_hold_only_after_a_click(make_dock, settle, machine, gateway):
    see(machine, gateway)
    dock = make_dock()
    settle()
    choices = dock.cards.choices
    assert (choices.most.value(), choices.budget.value()) == (3, 8.0)
    assert choices.mains.isChecked()
    assert reason_of(choices.agree)
    choices.most.setValue(1)
    choices.mains.setChecked(False)
    dock._desk.look()
    settle()
    assert choices.most.value() == 1, "a look takes nothing back that is being chosen"
    assert machine.sharing.status().choices == Choices()
    choices.agree.click()
    settle()
    assert machine.sharing.status().choices == Choices(most_a_week=1, mains_only=False)
    assert reason_of(choices.agree)


def test_other_choices_without_a_change_to_see_are_no_yes_to_sending(
    make_dock, settle, machine, gateway
):
    see(machine, gateway)
    machine.sharing.not_this_time()
    dock = make_dock()
    settle()
    choices = dock.cards.choices
    choices.until.setChecked(True)
    assert "until then nothing is sent" in choices.says.text()
    choices.agree.click()
    settle()
    status = machine.sharing.status()
    assert (status.stage, status.choices.asking) == ("look", UNTIL)


def test_what_is_held_for_a_day_can_be_taken_back(make_dock, settle, machine, gateway):
    machine.agree(gateway.server, Choices(asking=UNTIL, until="2026-06-01"))
    machine.sharing.not_this_time()
    machine.later(days=2)
    work = machine.sharing.tick(1e6)
    assert work is not None
    machine.good(work.wait())
    dock = make_dock()
    settle()
    sheet = dock.cards.sheet
    assert "is held until 2026-05-07 12:00" in sheet.held_says.text()
    assert "take it back" in reason_of(sheet.go_button)
    sheet.drop_button.click()
    settle()
    assert Outbox(machine.sharing.places).parcels() == []
    assert gateway.sent == {}
    assert not sheet._held.isVisible()


def test_pause_is_at_once_and_ends_what_runs(
    qtbot, make_dock, settle, machine, gateway, slow: Slow
):
    look(machine, gateway)
    machine.sharing.add_material("a", piece())
    dock = make_dock()
    settle()
    dock.cards.sheet.make_button.click()
    qtbot.waitUntil(lambda: bool(slow.begun))
    qtbot.waitUntil(lambda: not dock._desk.busy)
    dock.cards.state.pausing.click()
    qtbot.waitUntil(lambda: machine.sharing.status().paused)
    settle()
    assert slow.last.cancelled
    assert dock.cards.state.chip.text == "Paused"
    assert reason_of(dock.cards.sheet.make_button) == PAUSED
    dock.cards.state.pausing.click()
    settle()
    assert not machine.sharing.status().paused


def test_turning_it_off_leaves_nothing_to_send(make_dock, settle, machine, gateway):
    see(machine, gateway)
    dock = make_dock()
    settle()
    dock.cards.state.off.click()
    settle()
    assert machine.sharing.status().stage == "off"
    assert machine.sharing.preview() is None
    assert dock.cards.read.isVisible()


def test_stop_and_forget_asks_once_and_tells_the_truth(qtbot, make_dock, settle, machine, gateway):
    see(machine, gateway)
    machine.good(machine.sharing.send(machine.sharing.preview().sha256).wait())
    dock = make_dock()
    settle()
    with qtbot.waitActive(dock):
        dock.activateWindow()
    state = dock.cards.state
    assert not state.sure.isVisible()
    state.stop.click()
    assert "cannot be taken out" in state.sure.text()
    assert state.no.hasFocus(), "return changes nothing"
    qtbot.keyClick(state.no, Qt.Key.Key_Space)
    assert machine.sharing.status().on
    state.stop.click()
    state.yes.click()
    qtbot.waitUntil(lambda: dock.note.text() == REVOKED)
    settle()
    assert gateway.devices == {}, "the server was asked to forget"
    assert machine.files() == set()
    assert state.chip.text == "Off"
    assert not state.stop.isVisible(), "there is nothing left to forget"


def test_a_server_that_does_not_hear_it_is_asked_again(qtbot, make_dock, settle, machine, gateway):
    see(machine, gateway)
    machine.good(machine.sharing.send(machine.sharing.preview().sha256).wait())
    gateway.trouble += [503] * 3
    dock = make_dock()
    settle()
    dock.cards.state.stop.click()
    dock.cards.state.yes.click()
    qtbot.waitUntil(lambda: dock.note.text() == REVOKED + NOT_HEARD)
    settle()
    assert "has not heard yet" in dock.cards.state.trouble.text()
    dock.cards.state.stop.click()
    dock.cards.state.yes.click()
    qtbot.waitUntil(lambda: dock.note.text() == REVOKED)
    settle()
    assert gateway.devices == {}


def test_stop_and_forget_of_the_sheet_leads_to_the_same_question(
    make_dock, settle, machine, gateway
):
    see(machine, gateway)
    dock = make_dock()
    settle()
    dock.cards.sheet.forget_button.click()
    assert dock.cards.state.sure.isVisible()
    assert machine.sharing.status().on


def test_never_is_a_switch_that_holds_whatever_was_agreed_to(make_dock, settle, machine, gateway):
    see(machine, gateway)
    dock = make_dock()
    settle()
    dock.cards.state.never_box.click()
    settle()
    assert dock.cards.state.chip.text == "Switched off"
    assert "take the tick off" in dock.cards.state.trouble.text()
    assert "Never share" in reason_of(dock.cards.sheet.send_button)
    dock.cards.state.never_box.click()
    settle()
    assert machine.sharing.status().on


def test_a_changed_text_is_asked_anew(make_dock, settle, machine, gateway, monkeypatch):
    see(machine, gateway)
    from federation.client import consent

    new = consent.ConsentText("2", "Another title?", ("One.",), ("More.",))
    monkeypatch.setattr(consent, "TEXT", new)
    dock = make_dock()
    settle()
    assert dock.cards.read.isVisible()
    assert dock.cards.read.heading.text() == "Another title?"
    assert "has changed: read it again below" in dock.cards.state.trouble.text()
    assert not dock.cards.sheet.isVisible()
