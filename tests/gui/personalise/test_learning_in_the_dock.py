"""Choose, see whether it is enough, learn, cancel, keep or drop: over a fake session."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent

from engine.profile.record import Outcome
from gui.personalise.choose_card import NO_TAKES, ChooseCard
from gui.personalise.choosing import Which
from gui.personalise.dock import NO_FILES, Personalise
from gui.personalise.learn_card import NOT_IN_USE
from gui.personalise.learn_flow import BUSY, NOBODYS
from gui.personalise.learning import SESSION_GONE, Phase
from gui.personalise.profile_flow import LEARNING, NO_SESSION
from gui.widgets.explain import reason_of
from plugin import protocol, tutor
from plugin.served.messages import LearnFrom, Line, TakeSaved
from plugin.takes import TakeLibrary
from tests.gui.personalise import stage
from tests.gui.personalise.conftest import asked

OVER = protocol.LearnOver("me", True, "Learnt it.", 2, 6.5, 6.0)


def _counts(qtbot, dock: Personalise, words: str) -> None:
    qtbot.waitUntil(lambda: words in dock.choose_card.count.text())


def _drop(dock: Personalise, *urls: QUrl) -> None:
    data = QMimeData()
    data.setUrls(list(urls))
    event = QDropEvent(
        QPointF(5, 5),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    dock.dropEvent(event)


def _learning(dock: Personalise, bridge) -> None:
    dock.choose_card.button.click()
    bridge.tell(protocol.LearnProgress("me", 1, 4, 6.0, 7.0))


def test_the_last_evening_is_ticked_at_first_and_counted(qtbot, dock):
    _counts(qtbot, dock, "160 notes, about")
    assert "enough" in dock.choose_card.count.text()
    assert len(dock.choose_card.take_ids) == 3
    assert dock.choose_card.button.isEnabled()


def test_ticks_by_keyboard_change_what_is_counted_and_asked_for(qtbot, dock, bridge):
    view = dock.choose_card.list
    view.setFocus()
    view.setCurrentIndex(dock.choose_card.model.index(0))
    qtbot.keyClick(view, Qt.Key.Key_Space)
    _counts(qtbot, dock, "108 notes")
    dock.choose_card.button.click()
    (wish,) = asked(bridge, LearnFrom)
    assert len(wish.take_ids) == 2
    assert wish.paths == ()


def test_files_are_dropped_counted_and_learnt_from(qtbot, dock, bridge, tmp_path):
    path = stage.midi_file(tmp_path / "nocturne.mid", 90)
    dock.choose_card.choose(Which.NONE)
    _drop(dock, QUrl.fromLocalFile(str(path)))
    _counts(qtbot, dock, "90 notes, about")
    assert dock.choose_card.model.index(0).data() == "nocturne.mid · 90 notes"
    dock.choose_card.button.click()
    assert asked(bridge, LearnFrom) == [LearnFrom((), (str(path),))]


def test_what_is_no_midi_file_is_said_in_the_dock_and_not_asked_for(qtbot, dock, tmp_path):
    (tmp_path / "song.mp3").write_bytes(b"ID3")
    dock.add_files([tmp_path / "song.mp3"])
    qtbot.waitUntil(lambda: "song.mp3" in dock.choose_card.remarks.text())
    qtbot.waitUntil(lambda: dock.choose_card.paths == ())
    assert dock.choose_card.model.index(0).data() == "song.mp3 · cannot be used"
    _counts(qtbot, dock, "160 notes")


def test_a_file_is_taken_off_the_list_with_the_delete_key(qtbot, dock, tmp_path):
    dock.add_files([stage.midi_file(tmp_path / "a.mid", 90)])
    _counts(qtbot, dock, "250 notes")
    view = dock.choose_card.list
    view.setCurrentIndex(dock.choose_card.model.index(0))
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    _counts(qtbot, dock, "160 notes")
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert dock.choose_card.model.rowCount() == 3, "a take stays"


def test_what_is_dropped_from_the_web_is_a_sentence(dock, state):
    _drop(dock, QUrl("https://example.org/a.mid"))
    assert state.troubles[-1] == NO_FILES


def test_drums_for_a_piano_player_cannot_be_learnt_and_the_button_says_why(qtbot, dock, tmp_path):
    dock.choose_card.choose(Which.NONE)
    dock.add_files([stage.midi_file(tmp_path / "drums.mid", 100, channel=9)])
    _counts(qtbot, dock, "this profile plays keys")
    assert not dock.choose_card.button.isEnabled()
    assert "Choose another profile above" in reason_of(dock.choose_card.button)


def test_files_come_through_the_dialog_too(qtbot, dock, tmp_path):
    dock._ask.paths = [stage.midi_file(tmp_path / "a.mid", 90)]
    dock.choose_card.add.click()
    assert dock._ask.kinds == ["midi"]
    _counts(qtbot, dock, "250 notes")


def test_takes_chosen_elsewhere_are_ticked_and_a_new_take_appears(qtbot, dock, bridge, data_folder):
    first = dock.choose_card.model.rows[-1].id
    dock.choose_takes([first])
    _counts(qtbot, dock, "48 notes")
    (new,) = stage.takes(data_folder, 30)
    bridge.tell(TakeSaved(new))
    qtbot.waitUntil(lambda: dock.choose_card.model.rowCount() == 4)
    assert dock.choose_card.take_ids == (first,)


def test_a_take_that_is_discarded_is_counted_no_more(qtbot, dock, data_folder):
    with TakeLibrary() as library:
        library.discard([dock.choose_card.take_ids[0]])
    dock.learning.takes_changed()
    _counts(qtbot, dock, "108 notes")


def test_starred_says_why_it_is_off_until_there_is_a_star(qtbot, dock, bridge):
    starred = dock.choose_card.quick[Which.STARRED]
    assert "star" in reason_of(starred)
    with TakeLibrary() as library:
        library.star([dock.choose_card.take_ids[1]], True)
    bridge.tell(protocol.TakeMarked(dock.choose_card.take_ids[1], "starred"))
    qtbot.waitUntil(starred.isEnabled)
    starred.click()
    _counts(qtbot, dock, "60 notes")


def test_on_the_first_day_every_button_says_what_to_do(make_dock):
    dock = make_dock()
    assert dock.choose_card.count.text().startswith("Nothing chosen yet")
    for button in dock.choose_card.quick.values():
        assert reason_of(button) == NO_TAKES
    assert "Nothing chosen yet" in reason_of(dock.choose_card.button)


def test_progress_time_left_and_curve(dock, bridge):
    _learning(dock, bridge)
    card = dock.learn_card
    assert card.isVisible()
    assert (card.bar.value(), card.bar.maximum()) == (1, 4)
    assert card.left.text() == "about 6 s left"
    bridge.tell(protocol.LearnProgress("me", 2, 4, 4.0, 6.5, 6.8))
    assert "held back: 6.8 bits per note" in card.plot.accessibleDescription()
    assert reason_of(dock.choose_card.button) == BUSY
    assert reason_of(dock.profile_card.back) == LEARNING
    assert reason_of(dock.versions_card.back) == LEARNING


def test_cancel_asks_the_session_and_what_it_says_is_shown(dock, bridge):
    _learning(dock, bridge)
    dock.learn_card.stop.click()
    assert bridge.sent[-1] == Line("learn cancel")
    assert dock.learn_card.left.text() == "stopping"
    assert not dock.learn_card.stop.isEnabled()
    says = "Stopped; everything stays as it was."
    bridge.tell(protocol.LearnOver("me", False, says))
    assert dock.learn_card.says.text() == says
    assert dock.learn_card.heading.text() == "Nothing changed"
    assert not dock.learn_card.keep_it.isVisible()
    assert dock.choose_card.button.isEnabled()


def test_what_was_learnt_is_shown_and_kept(qtbot, dock, bridge):
    _learning(dock, bridge)
    bridge.tell(OVER)
    card = dock.learn_card
    assert card.says.text() == "Learnt it."
    assert "6.50 bits a note before, 6.00 after: 7.7 % fewer" in card.bits.accessibleDescription()
    card.keep_it.click()
    assert card.says.text() == "Kept: “me” plays with version 2."
    assert not card.drop_it.isVisible()
    bridge.tell(stage.partner())
    assert card.says.text() == "Kept: “me” plays with version 2."


def test_what_is_dropped_is_gone_back_from_on_the_disk_and_in_the_session(
    qtbot, dock, bridge, data_folder
):
    _learning(dock, bridge)
    bridge.tell(OVER)
    qtbot.waitUntil(dock.learn_card.drop_it.isEnabled)
    dock.learn_card.drop_it.click()
    qtbot.waitUntil(lambda: bridge.sent[-1:] == [protocol.Adopt()])
    qtbot.waitUntil(lambda: dock.profiles.shown.version == 1)
    assert stage.shelf(data_folder).look().version == 1
    assert dock.profiles.shown.forth == 2, "Redo has it again"
    assert dock.learn_card.says.text().startswith("Dropped")


def test_another_version_in_use_cannot_be_dropped_by_mistake(qtbot, dock, bridge):
    _learning(dock, bridge)
    bridge.tell(OVER)
    dock.versions_card.back.click()
    qtbot.waitUntil(lambda: reason_of(dock.learn_card.drop_it) == NOT_IN_USE)
    assert reason_of(dock.learn_card.keep_it) == NOT_IN_USE


def test_an_attempt_that_was_not_kept_says_why_and_is_listed(qtbot, dock, bridge, data_folder):
    store = stage.profiles(data_folder, versions=0)
    worse = Outcome(bits_before=6.0, bits_after=6.2, seconds=5.0, kept=False)
    store.add_adapter("me", stage.adapter(), worse, [stage.keys("a")])
    _learning(dock, bridge)
    says = "This does not predict your held-back phrases better than before."
    bridge.tell(protocol.LearnOver("me", False, says, 2, 6.0, 6.2))
    assert dock.learn_card.says.text() == says
    assert "3.3 % more" in dock.learn_card.bits.accessibleDescription()
    qtbot.waitUntil(lambda: len(dock.profiles.shown.versions) == 3)
    assert "not kept" in dock.versions_card.list.item(0).text()
    dock.versions_card.list.setCurrentRow(0)
    assert "was not kept" in reason_of(dock.versions_card.use)


@pytest.mark.parametrize("says", [tutor.BUSY, tutor.NOBODY])
def test_a_refusal_of_the_session_ends_the_waiting(dock, bridge, says):
    dock.choose_card.button.click()
    assert dock.learning.learning.phase is Phase.ASKED
    bridge.tell(protocol.Said("Something else."))
    assert dock.learning.learning.busy
    bridge.tell(protocol.Said(says))
    assert not dock.learning.learning.busy
    assert dock.learn_card.says.text() == says


def test_a_session_that_dies_while_it_learns_is_a_sentence_and_nothing_is_lost(
    qtbot, dock, bridge, data_folder
):
    before = stage.shelf(data_folder).look()
    _learning(dock, bridge)
    bridge.die()
    assert dock.learn_card.says.text() == SESSION_GONE
    assert reason_of(dock.choose_card.button) == NO_SESSION
    assert stage.shelf(data_folder).look() == before
    bridge.tell(stage.OPENED, stage.READY, stage.partner())
    qtbot.waitUntil(dock.choose_card.button.isEnabled)


def test_nobodys_partner_learns_nothing_and_says_so(qtbot, dock, bridge):
    bridge.tell(stage.partner("", None, 0))
    qtbot.waitUntil(lambda: reason_of(dock.choose_card.button) == NOBODYS)
    dock.learning.learn()
    assert asked(bridge, LearnFrom) == []


def test_a_damaged_library_is_said_and_files_can_still_be_learnt(
    qtbot, make_dock, state, data_folder, tmp_path
):
    (data_folder / "takes.sqlite3").write_bytes(b"no database" * 500)
    dock = make_dock()
    qtbot.waitUntil(lambda: bool(state.troubles))
    dock.add_files([stage.midi_file(tmp_path / "a.mid", 90)])
    _counts(qtbot, dock, "90 notes")
    assert dock.choose_card.button.isEnabled()


def test_a_dock_that_is_not_looked_at_reads_nothing(
    qtbot, state, bridge, theme, actions, data_folder
):
    stage.takes(data_folder, 48)
    hidden = Personalise(state, bridge, theme, actions, data=data_folder)
    qtbot.addWidget(hidden)
    assert hidden.choose_card.model.rowCount() == 0
    assert isinstance(hidden.choose_card, ChooseCard)
    assert not (data_folder / "profiles").exists()
    assert Path(data_folder).is_dir()
