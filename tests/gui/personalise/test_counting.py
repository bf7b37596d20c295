"""What can be learnt from is counted as the trainer would, and what cannot be is a sentence."""

import subprocess
import sys
from pathlib import Path

import pytest

from engine.profile import sheet
from gui.personalise.counting import Counted, count
from plugin.takes_store import library_path
from tests.gui.personalise.stage import midi_file, profiles, takes


def _count(data: Path, *words: str | Path, ids: tuple[str, ...] = (), profile: str = "me"):
    return count(
        ids,
        [str(word) for word in words],
        profile=profile,
        library=library_path(data),
        folder=data / "profiles",
    )


def test_takes_and_files_count_together(data_folder, tmp_path):
    ids = takes(data_folder, 48, 60)
    found = _count(data_folder, midi_file(tmp_path / "a.mid", 100), ids=tuple(ids))
    assert found.preview.notes == 208
    assert found.preview.taken == 208
    assert 5 <= found.preview.phrases <= 13
    assert found.files == {str(tmp_path / "a.mid"): 100}
    assert found.bad == {}
    assert not (data_folder / "profiles").exists(), "looking makes nothing"


def test_nothing_chosen_is_nothing(data_folder):
    assert _count(data_folder) == Counted()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("song.mp3", b"ID3 no music here", "song.mp3"),
        ("empty.mid", b"", "empty.mid"),
        ("cut.mid", b"MThd\0\0\0\6\0\1\0\1\1\xe0MTrk\0\0", "cut.mid"),
    ],
)
def test_what_is_no_midi_file_is_a_sentence_and_the_rest_counts(
    data_folder, tmp_path, name, content, says
):
    path = tmp_path / name
    path.write_bytes(content)
    found = _count(data_folder, path, midi_file(tmp_path / "good.mid", 80))
    assert says in found.bad[str(path)]
    assert found.bad[str(path)].endswith(".")
    assert found.preview.phrases >= 2


def test_a_file_without_notes_and_a_file_that_is_gone_are_said(data_folder, tmp_path):
    empty, gone = midi_file(tmp_path / "rest.mid", 0), tmp_path / "gone.mid"
    found = _count(data_folder, empty, gone)
    assert "holds no notes" in found.bad[str(empty)]
    assert "gone.mid" in found.bad[str(gone)]
    assert found.preview.phrases == 0


def test_a_folder_without_midi_files_is_a_sentence(data_folder, tmp_path):
    folder = tmp_path / "music"
    folder.mkdir()
    assert "no MIDI file" in _count(data_folder, folder).bad[str(folder)]
    midi_file(folder / "a.mid", 80)
    assert _count(data_folder, folder).files == {str(folder): 80}


def test_a_take_that_is_gone_is_said_and_the_others_count(data_folder):
    (take_id,) = takes(data_folder, 80)
    found = _count(data_folder, ids=("20200101-000000-nothere", take_id))
    assert "There is no take" in found.bad["20200101-000000-nothere"]
    assert found.preview.notes == 80


def test_three_notes_are_too_little(data_folder, tmp_path):
    found = _count(data_folder, midi_file(tmp_path / "a.mid", 3))
    assert "too little" in found.preview.refused
    assert found.preview.notes == 3


def test_drums_for_a_piano_player_are_refused_before_anybody_trains(data_folder, tmp_path):
    profiles(data_folder)
    drums = midi_file(tmp_path / "drums.mid", 100, channel=9)
    assert "this profile plays keys" in _count(data_folder, drums).preview.refused
    other = _count(data_folder, drums, profile="anna")
    assert other.preview.phrases >= 2


def test_what_was_learnt_before_is_learnt_again_with_it(data_folder, tmp_path):
    profiles(data_folder)
    found = _count(data_folder, midi_file(tmp_path / "a.mid", 100))
    assert found.preview.earlier == 2


def test_a_damaged_profile_is_counted_with_and_a_newer_one_is_a_sentence(data_folder, tmp_path):
    profiles(data_folder)
    record, path = data_folder / "profiles/me/profile.json", midi_file(tmp_path / "a.mid", 100)
    record.write_bytes(b"garbage")
    assert _count(data_folder, path).preview.phrases >= 2
    record.write_bytes(sheet.pack("profile", 99, {}))
    found = _count(data_folder, path).preview
    assert "made by a newer Antiphon" in found.refused
    assert found.phrases == 0


def test_the_dock_is_imported_without_numpy_torch_or_mido():
    code = (
        "import sys, gui.personalise.dock\n"
        "heavy = {'numpy', 'torch', 'numba', 'safetensors', 'mido', 'rtmidi'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert shown.stdout.strip() == "[]"
