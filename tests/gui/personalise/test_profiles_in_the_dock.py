"""Profiles and versions by the dock's buttons: real store, fake session."""

import pytest
from PySide6.QtCore import Qt

from engine.profile import sheet
from gui.personalise.profile_card import NOT_NOBODYS, NOTHING_LEARNT, UNREADABLE
from gui.personalise.profile_flow import NO_SESSION
from gui.personalise.versions_card import IN_USE, NO_REDO, NO_UNDO
from gui.widgets.explain import reason_of
from plugin.protocol import Adopt, LearnOver, UseProfile
from tests.engine.profile.stage import FailingDisk, of_store
from tests.gui.personalise import stage
from tests.gui.personalise.conftest import asked


def _version(qtbot, dock, number: int | None) -> None:
    qtbot.waitUntil(lambda: dock.profiles.shown.version == number)


def _named(qtbot, dock, verb: str, name: str) -> None:
    """A verb of the menu, and a name that is typed."""
    dock.profile_card.verbs[verb].trigger()
    field = dock.profile_card.name
    assert field.isVisible()
    field.clear()
    qtbot.keyClicks(field, name)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def _names(dock) -> list[str]:
    return [row.name for row in dock.profiles.shown.rows]


def test_back_to_the_original_and_forth_again_is_one_click_each(qtbot, dock, bridge, data_folder):
    back = dock.profile_card.back
    assert back.text() == "Back to the original"
    back.click()
    _version(qtbot, dock, None)
    assert bridge.sent[-1] == Adopt()
    assert stage.shelf(data_folder).look().version is None
    assert back.text() == "Forth to version 2"
    back.click()
    _version(qtbot, dock, 2)
    assert asked(bridge, Adopt) == [Adopt(), Adopt()]


def test_after_undo_to_the_original_one_click_goes_forth_where_it_came_from(qtbot, dock):
    for number in (1, None):
        dock.versions_card.back.click()
        _version(qtbot, dock, number)
    assert dock.profile_card.back.text() == "Forth to version 1"
    dock.profile_card.back.click()
    _version(qtbot, dock, 1)
    assert dock.profiles.shown.forth == 2, "what else was undone can still be redone"


def test_undo_and_redo_say_where_they_lead_and_why_they_are_off(qtbot, dock):
    card = dock.versions_card
    assert card.back.accessibleDescription() == "goes back to version 1"
    assert reason_of(card.forth) == NO_REDO
    card.back.click()
    _version(qtbot, dock, 1)
    assert card.back.accessibleDescription() == "goes back to the original"
    assert card.forth.accessibleDescription() == "goes forth to version 2"
    card.back.click()
    _version(qtbot, dock, None)
    assert reason_of(card.back) == NO_UNDO
    card.forth.click()
    card.forth.click()
    _version(qtbot, dock, 2)


def test_any_version_is_used_from_the_list_by_keyboard(qtbot, dock, bridge):
    view = dock.versions_card.list
    assert reason_of(dock.versions_card.use) == IN_USE
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_Down)
    assert "Version 1" in view.currentItem().text()
    qtbot.keyClick(view, Qt.Key.Key_Return)
    _version(qtbot, dock, 1)
    assert "in use" in view.item(1).text()
    qtbot.keyClick(view, Qt.Key.Key_Down)
    dock.versions_card.use.click()
    _version(qtbot, dock, None)
    assert len(asked(bridge, Adopt)) == 2


def test_another_profile_is_chosen_in_the_list(qtbot, dock, bridge, engine, data_folder):
    stage.shelf(data_folder).create("anna")
    dock.profiles.refresh()
    qtbot.waitUntil(lambda: "anna" in _names(dock))
    combo = dock.profile_card.combo
    combo.activated.emit(combo.findData("anna"))
    assert bridge.sent[-1] == UseProfile("anna")
    engine.answer()
    qtbot.waitUntil(lambda: dock.profiles.shown.name == "anna")
    assert reason_of(dock.profile_card.back) == NOTHING_LEARNT
    combo.activated.emit(combo.findData(""))
    engine.answer()
    qtbot.waitUntil(lambda: reason_of(dock.profile_card.back) == NOT_NOBODYS)
    assert dock.versions_card.empty.isVisible()


def test_a_new_profile_is_made_and_played_for(qtbot, dock, bridge, engine, data_folder):
    _named(qtbot, dock, "create", "anna")
    qtbot.waitUntil(lambda: bridge.sent[-1:] == [UseProfile("anna")])
    engine.answer()
    qtbot.waitUntil(lambda: dock.profiles.shown.name == "anna")
    assert not dock.profile_card.line.isVisible()
    assert "anna" in _names(dock)


def test_a_name_that_is_taken_is_a_sentence_and_can_be_typed_again(qtbot, dock, data_folder):
    before = of_store(data_folder)
    _named(qtbot, dock, "create", "ME")
    qtbot.waitUntil(lambda: "already" in dock.profile_card.news.text())
    assert dock.profile_card.line.isVisible()
    assert of_store(data_folder) == before
    qtbot.keyClick(dock.profile_card.name, Qt.Key.Key_Escape)
    assert not dock.profile_card.line.isVisible()


def test_a_profile_is_left_renamed_and_gone_back_to(qtbot, dock, bridge, engine, data_folder):
    _named(qtbot, dock, "rename", "anna")
    assert bridge.sent[-1] == UseProfile("")
    assert "me" in [row.name for row in stage.shelf(data_folder).look().rows], "not before it left"
    engine.answer()
    qtbot.waitUntil(lambda: bridge.sent[-1:] == [UseProfile("anna")])
    engine.answer()
    qtbot.waitUntil(lambda: dock.profiles.shown.name == "anna")
    _version(qtbot, dock, 2)
    assert _names(dock) == ["anna"]


@pytest.mark.parametrize("ends", ["engine", "session"])
def test_a_rename_does_not_wait_for_an_engine_that_is_gone(qtbot, dock, bridge, state, ends):
    _named(qtbot, dock, "rename", "anna")
    if ends == "session":
        bridge.die()
    else:
        state._engine(None)
    qtbot.waitUntil(lambda: _names(dock) == ["anna"])
    assert UseProfile("anna") in bridge.sent or ends == "session"


def test_a_copy_is_there_at_once(qtbot, dock, bridge):
    dock.profile_card.verbs["copy"].trigger()
    qtbot.waitUntil(lambda: "me copy" in _names(dock))
    assert dock.profile_card.news.text() == "“me copy” is there."
    assert asked(bridge, UseProfile) == []


def test_export_and_import_through_the_dialog(qtbot, dock, bridge, engine, tmp_path):
    path = tmp_path / "mine.antiphon-profile"
    dock._ask.paths = [path]
    dock.profile_card.verbs["export"].trigger()
    qtbot.waitUntil(lambda: "holds the notes" in dock.profile_card.news.text())
    assert path.stat().st_size > 1000
    dock.profile_card.verbs["import"].trigger()
    qtbot.waitUntil(lambda: "“me 2” is there." in dock.profile_card.news.text())
    assert dock.profile_card.answer.text() == "Play with it"
    dock.profile_card.answer.click()
    assert bridge.sent[-1] == UseProfile("me 2")


def test_an_exported_profile_that_is_dropped_is_imported_and_one_that_is_none_is_said(
    qtbot, dock, tmp_path, data_folder
):
    path = tmp_path / "anna.antiphon-profile"
    stage.shelf(data_folder).export("me", path)
    dock.add_files([path])
    qtbot.waitUntil(lambda: "me 2" in _names(dock))
    assert dock.choose_card.paths == ()
    before = of_store(data_folder)
    path.write_bytes(b"spoilt")
    dock.add_files([path])
    qtbot.waitUntil(lambda: "damaged or no exported profile" in dock.profile_card.news.text())
    assert of_store(data_folder) == before


def test_delete_leaves_first_and_undo_brings_everything_back(
    qtbot, dock, bridge, engine, data_folder
):
    before = of_store(data_folder)
    dock.profile_card.verbs["delete"].trigger()
    assert bridge.sent[-1] == UseProfile("")
    engine.answer()
    qtbot.waitUntil(lambda: dock.profile_card.news.text() == "“me” was deleted.")
    assert bridge.sent[-1] == UseProfile("me"), "a new, empty one"
    engine.answer()
    qtbot.waitUntil(lambda: dock.profiles.shown.versions == ())
    dock.profile_card.answer.click()
    engine.answer()
    qtbot.waitUntil(lambda: asked(bridge, UseProfile)[-1] == UseProfile("me"))
    engine.answer()
    _version(qtbot, dock, 2)
    assert of_store(data_folder) == before


def test_a_full_disk_is_said_and_nothing_is_lost(qtbot, make_dock, bridge, data_folder):
    stage.profiles(data_folder)
    before = of_store(data_folder)
    dock = make_dock(disk=FailingDisk(0, "full"))
    dock.versions_card.back.click()
    qtbot.waitUntil(lambda: "no space left" in dock.profile_card.news.text())
    assert "free some space" in dock.profile_card.news.text()
    assert of_store(data_folder) == before
    assert asked(bridge, Adopt) == []
    assert dock.versions_card.back.isEnabled(), "it can be tried again"


def test_a_profile_that_cannot_be_read_is_said_and_deleted_only_when_that_is_meant(
    qtbot, make_dock, bridge, engine, data_folder
):
    store = stage.profiles(data_folder)
    (store.folder / "me/profile.json").write_bytes(sheet.pack("profile", 99, {}))
    dock = make_dock()
    assert "newer Antiphon" in dock.profile_card.trouble.text()
    assert dock.profile_card.trouble.isVisible()
    assert reason_of(dock.profile_card.back) == UNREADABLE
    dock.profile_card.verbs["delete"].trigger()
    assert dock.profile_card.answer.text() == "Delete for good"
    assert (store.folder / "me").exists()
    dock.profile_card.close_news.click()
    assert not dock.profile_card.answer.isVisible()
    dock.profile_card.verbs["delete"].trigger()
    dock.profile_card.answer.click()
    engine.answer()
    qtbot.waitUntil(lambda: not (store.folder / "me").exists())


def test_damage_is_said_and_the_rest_is_used(make_dock, data_folder):
    store = stage.profiles(data_folder)
    (store.folder / "me/adapters/0002.safetensors").write_bytes(b"spoilt")
    dock = make_dock()
    assert "version 1 is used" in dock.profile_card.trouble.text()
    assert dock.versions_card.back.isEnabled()


def test_without_a_session_profiles_can_be_looked_at_and_not_chosen(
    qtbot, make_dock, data_folder, bridge
):
    stage.profiles(data_folder)
    dock = make_dock(opened=False)
    assert dock.profiles.shown.version == 2
    assert reason_of(dock.profile_card.combo) == NO_SESSION
    dock.versions_card.back.click()
    _version(qtbot, dock, 1)
    assert asked(bridge, Adopt) == []


def test_clicks_that_come_fast_are_all_heard(qtbot, dock):
    dock.versions_card.back.click()
    dock.versions_card.back.click()
    _version(qtbot, dock, None)


def test_closing_leaves_nothing_that_was_deleted(qtbot, dock, engine, data_folder):
    dock.profile_card.verbs["delete"].trigger()
    engine.answer()
    qtbot.waitUntil(lambda: "deleted" in dock.profile_card.news.text())
    assert (data_folder / "deleted profiles").exists()
    dock.close_down()
    assert not (data_folder / "deleted profiles").exists()


# -------------------------------------------------------------------- the window's undo and redo


def test_the_windows_undo_takes_back_a_change_of_version_and_makes_it_again(
    qtbot, dock, bridge, undo
):
    dock.versions_card.back.click()
    _version(qtbot, dock, 1)
    qtbot.waitUntil(lambda: undo.undo_words == "version 1 of “me”")
    undo.undo()
    _version(qtbot, dock, 2)
    assert undo.redo_words == "version 1 of “me”"
    undo.redo()
    _version(qtbot, dock, 1)
    assert dock.profiles.shown.forth == 2, "the way forth of the profile itself stays"
    assert len(asked(bridge, Adopt)) == 3


def test_what_was_learnt_is_taken_back_by_the_windows_undo(qtbot, dock, bridge, undo, data_folder):
    stage.profiles(data_folder, versions=1)
    bridge.tell(LearnOver("me", True, "Learnt it.", 3, 6.5, 6.0))
    assert undo.undo_words == "learning for “me”"
    undo.undo()
    _version(qtbot, dock, 2)
    undo.redo()
    _version(qtbot, dock, 3)
    bridge.tell(LearnOver("me", False, "Not better.", 3, 6.0, 6.1))
    assert undo.undo_words == "learning for “me”", "what changed nothing is no step"


def test_a_deleted_profile_comes_back_by_the_windows_undo_and_only_once(
    qtbot, dock, bridge, engine, undo, data_folder
):
    stage.shelf(data_folder).copy("me")
    before = of_store(data_folder)
    bridge.tell(stage.partner("me copy"))
    qtbot.waitUntil(lambda: dock.profiles.shown.name == "me copy")
    dock.profile_card.verbs["delete"].trigger()
    engine.answer()
    qtbot.waitUntil(lambda: undo.undo_words == "delete “me copy”")
    engine.answer()
    undo.undo()
    engine.answer()
    qtbot.waitUntil(lambda: bridge.sent[-1] == UseProfile("me copy"))
    engine.answer()
    qtbot.waitUntil(lambda: _names(dock) == ["me", "me copy"])
    assert of_store(data_folder) == before
    sent = len(bridge.sent)
    dock.profile_card.confirmed.emit()
    assert len(bridge.sent) == sent, "it is back already"
    undo.redo()
    engine.answer()
    qtbot.waitUntil(lambda: _names(dock) == ["me"])


def test_a_rename_is_taken_back_too(qtbot, dock, bridge, engine, undo):
    _named(qtbot, dock, "rename", "anna")
    engine.answer()
    qtbot.waitUntil(lambda: undo.undo_words == "rename “me”")
    engine.answer()
    undo.undo()
    engine.answer()
    qtbot.waitUntil(lambda: bridge.sent[-1] == UseProfile("me"))
    engine.answer()
    qtbot.waitUntil(lambda: _names(dock) == ["me"])
