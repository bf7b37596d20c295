"""Profiles as the dock sees them, over the real store: nothing is lost, whatever goes wrong."""

from pathlib import Path

import pytest

from engine.profile import sheet
from engine.profile.store import ProfileStore
from gui.personalise.shelf import BIN, ENDING, Moved, Shelf, ShelfError
from tests.engine.profile.stage import FailingDisk, of_store
from tests.gui.personalise.stage import profiles, shelf


def _versions(found) -> list[int]:
    return [row.number for row in found.versions]


def test_a_look_shows_what_there_is_and_where_undo_and_redo_lead(data_folder):
    profiles(data_folder)
    s = shelf(data_folder)
    found = s.look()
    assert (found.name, found.version, found.newest) == ("me", 2, 2)
    assert _versions(found) == [2, 1]
    assert (found.can_undo, found.back) == (True, 1)
    assert not found.can_redo
    row = found.versions[0]
    assert row.fewer_percent == pytest.approx(14.7, abs=0.05)
    assert row.learnt_from == ("a take", "another")
    assert not row.other_model
    assert found.rows[0].memory_notes == 12
    s.undo("me")
    s.undo("me")
    found = s.look("me")
    assert (found.version, found.can_undo) == (None, False)
    assert (found.can_redo, found.forth) == (True, 1)
    s.redo("me")
    assert s.look("me").version == 1
    s.go_to("me", None)
    assert s.look("me").version is None
    assert _versions(s.look("me")) == [2, 1], "the original takes nothing away"


def test_nobody_has_profiles_on_the_first_day_and_looking_makes_none(data_folder):
    found = shelf(data_folder).look()
    assert (found.name, found.rows, found.versions) == ("me", (), ())
    assert shelf(data_folder).look("anna").name == "anna"
    assert list(data_folder.iterdir()) == []


def test_there_is_nothing_to_undo_or_redo_where_there_is_nothing(data_folder):
    s = shelf(data_folder)
    s.create("anna")
    for change in (s.undo, s.redo):
        with pytest.raises(ShelfError, match="nothing to go"):
            change("anna")
    with pytest.raises(ShelfError):
        s.go_to("anna", 7)


def test_names_are_checked_and_taken_ones_refused(data_folder):
    s = shelf(data_folder)
    s.create("anna")
    with pytest.raises(ShelfError, match="already"):
        s.create("Anna")
    with pytest.raises(ShelfError, match="try"):
        s.rename("anna", "a/b")
    assert s.rename("anna", "berta") == "berta"


def test_a_copy_gets_a_name_that_is_free_and_has_everything(data_folder):
    profiles(data_folder)
    s = shelf(data_folder)
    assert s.copy("me")[0] == "me copy"
    assert s.copy("me")[0] == "me copy 2"
    assert _versions(s.look("me copy 2")) == [2, 1]


def test_export_and_import_give_the_same_beside_one_that_has_the_name(data_folder, tmp_path):
    profiles(data_folder)
    s = shelf(data_folder)
    path = tmp_path / f"mine{ENDING}"
    assert s.export("me", path) == ()
    name, says = s.import_(path)
    assert name == "me 2"
    assert "There is a “me” already" in says[0]
    assert _versions(s.look("me 2")) == [2, 1]
    s.delete_for_good("me")
    assert s.import_(path)[0] == "me"


@pytest.mark.parametrize("content", [b"", b"no profile at all", b"\xff" * 3000])
def test_a_file_that_is_no_profile_is_a_sentence_and_nothing_changes(
    data_folder, tmp_path, content
):
    profiles(data_folder)
    before = of_store(data_folder)
    path = tmp_path / f"x{ENDING}"
    path.write_bytes(content)
    with pytest.raises(ShelfError, match="damaged or no exported profile"):
        shelf(data_folder).import_(path)
    assert of_store(data_folder) == before


def test_what_was_deleted_comes_back_whole_until_the_bin_is_emptied(data_folder):
    store = profiles(data_folder)
    s = shelf(data_folder)
    s.copy("me")
    before = of_store(data_folder)
    kept = s.delete("me copy")
    assert [row.name for row in s.look().rows] == ["me"]
    assert s.bring_back(kept, "me copy") == "me copy"
    assert of_store(data_folder) == before
    kept = s.delete("me copy")
    s.empty_bin()
    assert not kept.exists()
    assert not (data_folder / BIN).exists()
    assert store.name_of("me") == "me"


def test_an_empty_me_makes_room_for_the_one_that_was_deleted_and_a_full_one_does_not(data_folder):
    profiles(data_folder)
    s = shelf(data_folder)
    kept = s.delete("me")
    s.create("me")
    assert s.bring_back(kept, "me") == "me"
    assert _versions(s.look("me")) == [2, 1]
    kept = s.delete("me")
    profiles(data_folder, versions=1)
    assert s.bring_back(kept, "me") == "me 2"
    assert _versions(s.look("me")) == [1]


def test_all_that_were_deleted_can_be_brought_back_also_two_of_one_name(data_folder):
    profiles(data_folder)
    s = shelf(data_folder)
    first = s.delete("me")
    s.create("me")
    second = s.delete("me")
    assert s.bring_back(first, "me") == "me"
    assert _versions(s.look("me")) == [2, 1]
    assert s.bring_back(second, "me") == "me 2"
    assert not first.exists()


def test_a_step_keeps_the_way_back_and_forth_where_there_is_one(data_folder):
    profiles(data_folder)
    s = shelf(data_folder)
    assert s.step_to("me", 1) == Moved("me", 2, 1)
    assert s.look("me").forth == 2, "it was an undo"
    assert s.step_to("me", 2) == Moved("me", 1, 2)
    assert not s.look("me").can_redo, "it was a redo"
    assert s.step_to("me", None) == Moved("me", 2, None)
    assert not s.look("me").can_undo


@pytest.mark.parametrize("at", range(8))
@pytest.mark.parametrize("change", ["undo", "go_to", "create", "rename", "copy", "delete"])
def test_on_a_full_disk_all_is_as_it_was_and_a_sentence_says_so(data_folder, change, at):
    profiles(data_folder)
    before = of_store(data_folder)
    s = shelf(data_folder, FailingDisk(at, "full once"))
    do = {
        "undo": lambda: s.undo("me"),
        "go_to": lambda: s.go_to("me", None),
        "create": lambda: s.create("anna"),
        "rename": lambda: s.rename("me", "anna"),
        "copy": lambda: s.copy("me"),
        "delete": lambda: s.delete("me"),
    }[change]
    said = ""
    try:
        do()
    except ShelfError as error:
        said = str(error)
    if said or at == 0:
        assert "no space left" in said
        assert of_store(data_folder) == before


def test_a_damaged_version_gives_way_and_is_said(data_folder):
    store = profiles(data_folder)
    (store.folder / "me/adapters/0002.safetensors").write_bytes(b"spoilt")
    found = shelf(data_folder).look()
    assert found.readable
    assert "Version 2 of what “me” learnt is damaged: version 1 is used" in found.says[0]


def test_a_profile_of_a_newer_antiphon_is_said_left_alone_and_can_be_deleted(data_folder):
    store = profiles(data_folder)
    (store.folder / "me/profile.json").write_bytes(sheet.pack("profile", 99, {}))
    s = shelf(data_folder)
    found = s.look()
    assert not found.readable
    assert "newer Antiphon" in found.says[0]
    assert "newer" in found.rows[0].says
    with pytest.raises(ShelfError):
        s.delete("me")
    assert (store.folder / "me").exists(), "what cannot be kept for an undo is not deleted"
    s.delete_for_good("me")
    assert not (store.folder / "me").exists()


def test_what_was_learnt_on_another_model_is_marked(data_folder):
    from tests.engine.profile.stage import BETTER, adapter

    store = profiles(data_folder, versions=0)
    store.add_adapter("me", adapter(prior="f" * 16), BETTER, ())
    found = shelf(data_folder).look()
    assert found.versions[0].other_model
    assert "another model" in found.says[0]


def test_a_shelf_makes_the_usual_store(data_folder):
    profiles(data_folder)
    assert Shelf(data_folder / "profiles").look().version == 2
    assert ProfileStore(Path(data_folder / "profiles")).in_use() == "me"
