"""Names of profiles: what is taken is a folder's name everywhere, what is not is refused."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given

from engine.profile.names import FOLDER, LONGEST_BYTES, checked, cleaned, profiles_folder, same
from engine.profile.trouble import ProfileError
from plugin import files
from tests.plugin.sentences import assert_is_a_sentence
from tests.strategies import awkward_names


@given(awkward_names)
def test_a_cleaned_name_is_taken_as_it_is(name):
    better = cleaned(name)
    assert cleaned(better) == better
    if better:
        assert checked(better) == better
        assert len(better.encode()) <= LONGEST_BYTES


@given(awkward_names)
def test_a_name_that_is_taken_is_one_folder_on_every_system(name):
    try:
        kept = checked(name)
    except ProfileError as refused:
        assert_is_a_sentence(str(refused))
        return
    assert Path(kept).name == kept
    assert files.safe_stem(kept) == kept
    assert kept[0] not in ".- "
    assert unicodedata.normalize("NFC", name).strip() == kept


@pytest.mark.parametrize(
    "name",
    ["", " ", ".", "..", "a/b", "../me", "/etc", "a\\b", "C:", "nul", "-yes", ".lock", "a\nb"],
)
def test_tricks_are_refused(name):
    with pytest.raises(ProfileError) as refused:
        checked(name)
    assert_is_a_sentence(str(refused.value))


@pytest.mark.parametrize("name", ["me", "Anna Lee", "trio (late)", "日本", "é", "a.b", "2"])
def test_names_that_people_have_are_taken(name):
    assert checked(name) == name


def test_a_name_is_kept_with_its_accents_on():
    assert checked("e\u0301") == "é"
    assert same("E\u0301", "é")
    assert not same("e", "é")


def test_profiles_lie_in_the_data_folder_of_the_session(tmp_path, monkeypatch, data_folder):
    assert profiles_folder() == files.data_folder() / FOLDER == data_folder / FOLDER
    assert profiles_folder(tmp_path) == files.data_folder(tmp_path) / FOLDER
    monkeypatch.delenv(files.DATA_VARIABLE)
    assert profiles_folder() == files.data_folder() / FOLDER
