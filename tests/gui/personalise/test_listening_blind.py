"""Blind listening in the dock: nothing tells which is which, and the files are the answers."""

from pathlib import Path

import mido
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from engine.smf.song import read_midi
from gui.personalise.answers import NAMES, clear, write_answers
from gui.personalise.blind import Pick, Side
from gui.personalise.blind_card import CHOSEN, HEAR_BOTH
from gui.personalise.blind_flow import LOST, NOTHING_LEARNT
from gui.personalise.profile_flow import NO_SESSION
from gui.widgets.explain import reason_of
from plugin.served.messages import Audition, Auditioning, Compare, Compared, NotCompared, Sounding
from tests.gui.personalise import stage
from tests.gui.personalise.conftest import asked

FOUND = Compared("me", 2, 1, stage.PHRASE, stage.LEARNT, stage.UNLEARNT)


def _compare(qtbot, dock, bridge, found: Compared = FOUND) -> None:
    dock.blind_card.another.click()
    bridge.tell(found)
    qtbot.waitUntil(dock.blind_card.plays[0].isEnabled)


def _hear_both(dock) -> list[Path]:
    for button in dock.blind_card.plays:
        button.click()
    return [Path(one.path) for one in asked(dock.listening._bridge, Audition)[-2:]]


def _pitches(path: Path) -> list[int]:
    return [note.pitch for note in read_midi(path).notes]


def _seen(widget: QWidget) -> str:
    """All that a player could read of the card."""
    texts = []
    for part in widget.findChildren(QWidget):
        if isinstance(part, QLabel | QPushButton):
            texts.append(part.text())
        texts += [part.toolTip(), part.accessibleName(), part.accessibleDescription()]
    return "\n".join(texts)


def test_a_phrase_of_what_is_ticked_is_answered_twice(qtbot, dock, bridge):
    dock.blind_card.another.click()
    (wish,) = asked(bridge, Compare)
    assert wish.take_ids == dock.choose_card.take_ids
    assert "being made" in dock.blind_card.says.text()
    assert not dock.blind_card.another.isEnabled()
    bridge.tell(FOUND)
    qtbot.waitUntil(dock.blind_card.another.isEnabled)
    dock.blind_card.another.click()
    assert asked(bridge, Compare)[1].seed != wish.seed, "another phrase"


def test_the_phrase_and_one_answer_each_are_played_to_the_output(qtbot, dock, bridge):
    _compare(qtbot, dock, bridge)
    first, second = _hear_both(dock)
    assert {tuple(_pitches(first)), tuple(_pitches(second))} == {
        (60, 64, 72, 74),
        (60, 64, 48),
    }
    order = (first, second) if dock.listening.blind._order[0] is Side.LEARNT else (second, first)
    assert _pitches(order[0])[-1] == 74, "what was learnt is where the order says"


def test_nothing_tells_which_is_which_before_the_choice(qtbot, make_dock, bridge, data_folder):
    stage.profiles(data_folder)
    seen, told = set(), set()
    for seed in range(6):
        dock = make_dock(seed=seed)
        _compare(qtbot, dock, bridge)
        paths = _hear_both(dock)
        assert [path.name for path in paths] == list(NAMES)
        assert len({path.stat().st_size for path in paths}) <= 2
        seen.add(_seen(dock.blind_card))
        dock.blind_card.picks[Pick.FIRST].click()
        told.add(dock.blind_card.says.text())
        dock.close()
    assert len(seen) == 1, "the same to read, whatever the order"
    assert len(told) == 2, "both orders came"


def test_a_choice_needs_both_heard_counts_once_and_reveals(qtbot, dock, bridge):
    _compare(qtbot, dock, bridge)
    card = dock.blind_card
    assert reason_of(card.picks[Pick.SECOND]) == HEAR_BOTH
    card.plays[0].click()
    assert reason_of(card.picks[Pick.SECOND]) == HEAR_BOTH
    card.plays[1].click()
    card.picks[Pick.NEITHER].click()
    assert bridge.sent[-1] == Audition(), "it is silent"
    assert "was played with what was learnt" in card.says.text()
    assert "1 no difference" in card.tally.text()
    assert reason_of(card.picks[Pick.FIRST]) == CHOSEN
    card.plays[0].click()
    assert bridge.sent[-1].path, "both can still be heard"


def test_choices_add_up_until_something_else_is_learnt(qtbot, dock, bridge):
    for _ in range(2):
        _compare(qtbot, dock, bridge)
        _hear_both(dock)
        dock.blind_card.picks[Pick.NEITHER].click()
    assert "2 no difference" in dock.blind_card.tally.text()
    _compare(qtbot, dock, bridge, Compared("me", 3, 2, *FOUND_NOTES))
    assert not dock.blind_card.tally.isVisible()


FOUND_NOTES = (stage.PHRASE, stage.LEARNT, stage.UNLEARNT)


def test_stop_is_off_until_something_sounds(qtbot, dock, bridge):
    _compare(qtbot, dock, bridge)
    assert not dock.blind_card.quiet.isEnabled()
    dock.blind_card.plays[0].click()
    bridge.tell(Auditioning("first"))
    dock.blind_card.quiet.click()
    assert bridge.sent[-1] == Audition()
    bridge.tell(Auditioning(""))
    assert not dock.blind_card.quiet.isEnabled()


def test_what_cannot_be_compared_is_a_sentence_and_can_be_tried_again(dock, bridge):
    dock.blind_card.another.click()
    bridge.tell(NotCompared("There are no takes yet: play something first."))
    assert dock.blind_card.says.text() == "There are no takes yet: play something first."
    assert dock.blind_card.another.isEnabled()
    bridge.tell(FOUND)
    assert not dock.listening.blind.open, "nobody waits for it any more"


def test_a_session_that_dies_while_answers_are_made_is_a_sentence(dock, bridge):
    dock.blind_card.another.click()
    bridge.die()
    assert dock.blind_card.says.text() == LOST
    assert reason_of(dock.blind_card.another) == NO_SESSION


def test_answers_that_cannot_be_written_are_a_sentence(qtbot, dock, bridge, data_folder):
    (data_folder / "comparing").write_text("a file where the folder should be")
    dock.blind_card.another.click()
    bridge.tell(FOUND)
    qtbot.waitUntil(lambda: "disk" in dock.blind_card.says.text())
    assert not dock.blind_card.plays[0].isVisible()
    assert dock.blind_card.another.isEnabled()


def test_there_must_be_something_to_compare(qtbot, make_dock, data_folder):
    stage.profiles(data_folder, versions=0)
    dock = make_dock()
    assert reason_of(dock.blind_card.another) == NOTHING_LEARNT


def test_the_original_can_be_compared_with_what_was_gone_back_from(qtbot, dock):
    for number in (1, None):
        dock.versions_card.back.click()
        qtbot.waitUntil(lambda number=number: dock.profiles.shown.version == number)
    assert dock.blind_card.another.isEnabled()


def test_the_keyboard_goes_on_to_what_comes_next(qtbot, dock, bridge):
    dock.activateWindow()
    dock.blind_card.another.setFocus()
    qtbot.waitUntil(dock.blind_card.another.hasFocus)
    _compare(qtbot, dock, bridge)
    assert dock.blind_card.plays[0].hasFocus()


def test_files_have_the_notes_of_their_channels_and_go_when_they_are_cleared(tmp_path):
    folder = tmp_path / "comparing"
    drums = (Sounding(1.0, 0.1, 38, 100, 9), Sounding(1.1, 0.1, 38, 90, 9))
    first, second = write_answers(folder, stage.PHRASE, (drums, ()))
    assert [(note.channel, note.pitch) for note in read_midi(first).notes][2:] == [(9, 38)] * 2
    assert len(read_midi(second).notes) == 2
    clear(folder)
    assert not folder.exists()


def test_a_key_that_is_struck_again_at_once_is_let_go_first(tmp_path):
    phrase = (Sounding(0.0, 0.5, 60, 80), Sounding(0.5, 0.5, 60, 81))
    first, _ = write_answers(tmp_path, phrase, ((), ()))
    kinds = [message.type for message in mido.MidiFile(first).tracks[1] if not message.is_meta]
    assert kinds == ["note_on", "note_off", "note_on", "note_off"]
