"""The takes panel: what appears, what is done to it, and every way back."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QLineEdit
from pytestqt.qtbot import QtBot

from gui.actions import Actions
from gui.state import JamState
from gui.takes.details import NO_TAKES
from gui.takes.panel import NONE_MATCH, NONE_YET, TakesPanel
from gui.undo import UndoStack
from plugin.protocol import AnswerOver, Star, State, StateChanged, TakeMarked
from plugin.served.messages import Audition, Auditioning, Opened, TakeSaved
from plugin.takes import TakeLibrary, TakeWriter, library_path
from tests.gui.fakes import FakeBridge
from tests.gui.takes.conftest import MakePanel
from tests.gui.takes.stage import library, play
from tests.plugin.sentences import assert_is_a_sentence


def names(panel: TakesPanel) -> list[str]:
    return [str(panel.model.index(row, 0).data()) for row in range(panel.model.rowCount())]


def idle(qtbot: QtBot, panel: TakesPanel) -> None:
    qtbot.waitUntil(lambda: not panel.librarian.busy)


def choose(panel: TakesPanel, take_id: str) -> None:
    panel.list.choose(panel.model.index_of(take_id))


# ------------------------------------------------------------------------------- what is shown


def test_takes_are_there_newest_first_by_name_or_time(panel: TakesPanel) -> None:
    shown = names(panel)
    assert shown[0] == "Night bus"
    assert shown[1].startswith("2 min ago, ")
    assert shown[2] == "Blue"
    assert panel.count.text() == "3 takes"


def test_a_take_appears_by_itself_and_leaves_the_chosen_one_chosen(
    qtbot: QtBot, panel: TakesPanel, bridge: FakeBridge, ids: list[str], data_folder: Path
) -> None:
    choose(panel, ids[0])
    resets: list[bool] = []
    panel.model.modelReset.connect(lambda: resets.append(True))
    (new,) = library(data_folder, "Green")  # a minute before noon, too: among the others
    bridge.tell(TakeSaved(new))
    qtbot.waitUntil(lambda: panel.model.rowCount() == 4)
    assert panel.list.current is not None
    assert panel.list.current.id == ids[0]
    assert resets == []


def test_a_take_that_is_still_played_is_shown_and_then_completed(
    qtbot: QtBot, panel: TakesPanel, bridge: FakeBridge, data_folder: Path
) -> None:
    writer = TakeWriter(library_path(data_folder))
    from engine.events import Timebase, Voice

    take_id = writer.begin_take(Timebase(), name="Open")
    writer.message(take_id, Voice.PLAYER, 0, b"\x90\x3c\x50")
    assert writer.flush()
    bridge.tell(AnswerOver(take_id, 0, 0.0, 0, 0, 0.0, False))
    qtbot.waitUntil(lambda: panel.model.find(take_id) is not None)
    found = panel.model.find(take_id)
    assert found is not None
    assert not found.finished
    writer.message(take_id, Voice.PLAYER, 9, b"\x90\x3e\x50")
    writer.finish(take_id)
    play(writer, "Later")
    assert writer.flush()
    writer.close()
    bridge.tell(TakeSaved(take_id))
    qtbot.waitUntil(lambda: panel.model.rowCount() == 5)
    found = panel.model.find(take_id)
    assert found is not None
    assert (found.finished, found.heard_notes) == (True, 2)


def test_filters(panel: TakesPanel, qtbot: QtBot, ids: list[str]) -> None:
    panel.deeds.star(ids[0], True)
    idle(qtbot, panel)
    panel._starred.setChecked(True)
    assert names(panel) == ["Blue"]
    assert panel.count.text() == "1 of 3"
    panel.search.setText("night")
    assert names(panel) == []
    assert panel._empty.text() == NONE_MATCH
    panel._all.setChecked(True)
    assert names(panel) == ["Night bus"]


def test_no_takes_yet(make_panel: MakePanel, actions: Actions) -> None:
    panel = make_panel()
    assert panel._empty.text() == NONE_YET
    assert panel._empty.isVisible()
    for name in ("audition", "export", "copy_take", "rename", "delete_take", "score", "picture"):
        assert actions.reason(name) == NO_TAKES
    assert_is_a_sentence(NO_TAKES)


# ---------------------------------------------------------------------------- what is done to it


def test_a_star_is_kept_and_taken_back(
    qtbot: QtBot, panel: TakesPanel, undo: UndoStack, ids: list[str]
) -> None:
    def starred() -> list[bool]:
        idle(qtbot, panel)
        with TakeLibrary() as takes:
            kept = [takes.get(take_id).starred for take_id in ids]
        assert [getattr(panel.model.find(take_id), "starred", None) for take_id in ids] == kept
        return kept

    panel.deeds.star(ids[2], True)
    assert starred() == [False, False, True]
    assert undo.undo_words == "star “Night bus”"
    undo.undo()
    assert starred() == [False, False, False]
    undo.redo()
    assert starred() == [False, False, True]


def test_the_star_of_the_last_answer_teaches_the_partner_of_another_it_does_not(
    panel: TakesPanel, bridge: FakeBridge, ids: list[str]
) -> None:
    bridge.tell(Opened(1, "memory", "in", "out", 7, False))
    bridge.tell(AnswerOver(ids[2], 2, 1.0, 0, 0, 0.0, False), StateChanged(State.LISTENING))
    bridge.sent.clear()
    panel.deeds.star(ids[0], True)
    assert bridge.sent == []
    panel.deeds.star(ids[2], True)
    assert bridge.sent == [Star(True)]
    bridge.tell(StateChanged(State.ANSWERING))
    panel.deeds.star(ids[2], False)
    assert bridge.sent == [Star(True)], "another answer may have begun: it is not meant"


def test_a_name_is_written_in_place(
    qtbot: QtBot, panel: TakesPanel, actions: Actions, undo: UndoStack, ids: list[str]
) -> None:
    choose(panel, ids[1])
    actions["rename"].trigger()
    line = panel.list.findChild(QLineEdit)
    assert line is not None
    assert line.accessibleName() == "Name of the take"
    line.setText("  Third  floor ")
    with qtbot.assertNotEmitted(panel.list.played):  # that Enter is for the name alone
        qtbot.keyClick(line, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: names(panel)[1] == "Third floor")
    undo.undo()
    idle(qtbot, panel)
    assert names(panel)[1].startswith("2 min ago")


def test_delete_hides_and_undo_brings_back_where_it_was(
    qtbot: QtBot, panel: TakesPanel, actions: Actions, undo: UndoStack, ids: list[str]
) -> None:
    before = names(panel)
    choose(panel, ids[1])
    actions["delete_take"].trigger()
    idle(qtbot, panel)
    assert names(panel) == [before[0], before[2]]
    with TakeLibrary() as takes:
        assert [take.id for take in takes.list_takes(discarded=True)] == [ids[1]]
    assert undo.undo_words.startswith("delete take 2026-05-01")
    undo.undo()
    idle(qtbot, panel)
    assert names(panel) == before
    undo.redo()
    idle(qtbot, panel)
    assert names(panel) == [before[0], before[2]]


def test_what_the_jam_marks_is_shown(
    qtbot: QtBot, panel: TakesPanel, bridge: FakeBridge, ids: list[str]
) -> None:
    bridge.tell(TakeMarked(ids[0], "starred"), TakeMarked("nobody", "starred"))
    assert getattr(panel.model.find(ids[0]), "starred", None) is True
    bridge.tell(TakeMarked(ids[1], "deleted"))
    assert panel.model.rowCount() == 2


# ---------------------------------------------------------------------------------- audition


def test_space_and_enter_play_and_stop_what_is_chosen(
    qtbot: QtBot, panel: TakesPanel, bridge: FakeBridge, actions: Actions, ids: list[str]
) -> None:
    choose(panel, ids[2])
    panel.list.setFocus()
    qtbot.keyClick(panel.list, Qt.Key.Key_Space)
    assert bridge.sent[-1] == Audition(take_id=ids[2])
    assert panel.model.playing == "", "it plays when the session says so"
    bridge.tell(Auditioning("Night bus"))
    assert panel.model.playing == ids[2]
    assert "playing" in str(panel.model.data(panel.model.index(0, 0), _SPOKEN))
    assert actions["audition"].text() == "Stop"
    qtbot.keyClick(panel.list, Qt.Key.Key_Return)
    assert bridge.sent[-1] == Audition()
    bridge.tell(Auditioning(""))
    assert panel.model.playing == ""
    assert actions["audition"].text() == "Audition"


def test_a_click_on_the_picture_plays_one_on_the_star_stars_one_on_the_name_chooses(
    qtbot: QtBot, panel: TakesPanel, bridge: FakeBridge, ids: list[str]
) -> None:
    def click(row: int, x: int) -> None:
        at = QPoint(x, panel.list.visualRect(panel.model.index(row, 0)).center().y())
        qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=at)
        idle(qtbot, panel)

    click(1, 40)
    assert bridge.sent == [Audition(take_id=ids[1])]
    click(2, 150)
    assert panel.list.selected == [ids[0]]
    assert len(bridge.sent) == 1
    click(0, panel.list.viewport().width() - 20)
    assert getattr(panel.model.find(ids[2]), "starred", None) is True
    assert panel.list.selected == [ids[0]], "a star does not choose"


def test_several_are_deleted_at_once_and_come_back_together(
    qtbot: QtBot, panel: TakesPanel, actions: Actions, undo: UndoStack, ids: list[str]
) -> None:
    choose(panel, ids[2])
    qtbot.keyClick(panel.list, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert panel.list.selected == [ids[2], ids[1]]
    actions["delete_take"].trigger()
    idle(qtbot, panel)
    assert names(panel) == ["Blue"]
    assert undo.undo_words == "delete 2 takes"
    undo.undo()
    idle(qtbot, panel)
    assert panel.model.rowCount() == 3


def test_without_a_session_a_take_cannot_be_heard_and_says_so(
    panel: TakesPanel, actions: Actions, bridge: FakeBridge, ids: list[str]
) -> None:
    bridge.tell(Opened(1, "memory", "In", "Out", 1, False))
    choose(panel, ids[1])
    assert actions.reason("audition") == ""
    bridge.die()
    assert_is_a_sentence(actions.reason("audition"))
    assert actions.reason("export") == ""  # its file needs no session


def test_an_audition_of_others_is_none_of_a_take(
    panel: TakesPanel, bridge: FakeBridge, ids: list[str]
) -> None:
    take = panel.model.find(ids[2])
    assert take is not None
    panel.auditions.play_take(take)
    bridge.tell(Auditioning("three notes"))
    assert panel.model.playing == ""


def test_another_take_takes_the_place_of_the_one_that_plays(
    panel: TakesPanel, bridge: FakeBridge, ids: list[str]
) -> None:
    for take_id, name in ((ids[2], "Night bus"), (ids[0], "Blue")):
        take = panel.model.find(take_id)
        assert take is not None
        panel.auditions.play_take(take)
        bridge.tell(Auditioning(""), Auditioning(name))
    assert panel.model.playing == ids[0]
    bridge.die()
    assert panel.model.playing == ""


_SPOKEN = Qt.ItemDataRole.AccessibleTextRole


# ---------------------------------------------------------------------------------- trouble


def damaged(path: Path) -> None:
    path.write_bytes(b"these are not the takes " * 400)


def newer(path: Path) -> None:
    import sqlite3

    with TakeLibrary(path) as takes:
        takes.list_takes()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 999")
    connection.close()


@pytest.mark.parametrize(("spoil", "says"), [(damaged, "is damaged"), (newer, "newer Antiphon")])
def test_a_library_that_cannot_be_used_is_said_and_tried_again(
    qtbot: QtBot,
    make_panel: MakePanel,
    ids: list[str],
    spoil: Callable[[Path], None],
    says: str,
    tmp_path: Path,
) -> None:
    path = library_path()
    aside = tmp_path / "aside"
    aside.write_bytes(path.read_bytes())
    spoil(path)
    panel = make_panel()
    assert says in panel.message.text
    assert_is_a_sentence(panel.message.text)
    assert panel.message.button.text() == "Try again"
    path.unlink()
    aside.rename(path)
    qtbot.mouseClick(panel.message.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.model.rowCount() == 3)
    assert panel.message.text == ""


def test_a_change_that_the_library_refuses_changes_nothing(
    qtbot: QtBot, panel: TakesPanel, ids: list[str]
) -> None:
    damaged(library_path())
    panel.deeds.star(ids[0], True)
    idle(qtbot, panel)
    assert getattr(panel.model.find(ids[0]), "starred", None) is False
    assert "is damaged" in panel.message.text
    assert panel.model.rowCount() == 3


# ----------------------------------------------------------------------------- for everybody


def test_everything_has_a_name_and_says_what_it_does(panel: TakesPanel) -> None:
    for button in panel.findChildren(QAbstractButton):
        if isinstance(button.parent(), QLineEdit):
            assert button.toolTip()
        elif button.isVisibleTo(panel):
            assert button.accessibleName(), button.text()
            assert button.toolTip(), button.accessibleName()
            assert button.focusPolicy() & Qt.FocusPolicy.TabFocus, button.accessibleName()
    assert panel.list.accessibleName() == "Takes"
    assert panel.search.accessibleName() == "Search takes"
    said = str(panel.model.data(panel.model.index(0, 0), _SPOKEN))
    assert said.startswith("Night bus, 1 min ago, ")


def test_what_was_asked_when_the_window_closes_is_done(
    qtbot: QtBot, panel: TakesPanel, ids: list[str], state: JamState
) -> None:
    for take_id in ids:
        panel.deeds.star(take_id, True)
    panel.close_down()
    idle(qtbot, panel)
    with TakeLibrary() as takes:
        assert all(take.starred for take in takes.list_takes())
