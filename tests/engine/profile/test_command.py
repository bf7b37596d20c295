"""`antiphon profiles` from a terminal."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine.model import checkpoint
from engine.profile import command
from engine.profile.names import FOLDER
from engine.profile.store import ProfileStore
from tests.engine.profile.stage import BETTER, WORSE, adapter, filled, of_arrays, phrase
from tests.plugin.sentences import assert_is_a_sentence
from tests.shared import REPOSITORY


@pytest.fixture
def store(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> ProfileStore:
    """A profile "me" in the user's folder; the shipped weights are those of its adapters."""
    monkeypatch.setattr(command, "shipped_prior", lambda: "0123456789abcdef")
    monkeypatch.setattr(command, "fits_shipped", lambda found: None)
    monkeypatch.chdir(data_folder)
    return filled(data_folder)


class Said:
    """What the command printed."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]):
    def words(*words: str) -> Said:
        capsys.readouterr()
        code = command.main(words)
        return Said(code, *capsys.readouterr())

    return words


def test_list(store, run):
    store.create("Anna")
    said = run("list")
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0].split() == ["NAME", "VERSION", "GAIN", "NOTES", "CHANGED"]
    assert lines[1].split()[:4] == ["Anna", "-", "-", "-"]
    assert lines[2].split()[:7] == ["*", "me", "2", "1.25", "bits", "(15", "%)"]
    one = run("list", "--json").json[1]
    assert (one["name"], one["in_use"], one["version"]) == ("me", True, 2)
    assert (one["gain_bits"], one["memory_notes"]) == (1.25, 12)


def test_what_was_learnt_on_another_model_is_marked(store, run, monkeypatch):
    monkeypatch.setattr(command, "shipped_prior", lambda: "f" * 16)
    assert "2 (other model)" in run("list").out
    shown = run("show")
    assert "another model" in shown.err
    assert run("show", "--json").json["version"] is None


def test_nothing_there_yet(run, data_folder):
    said = run("list")
    assert (said.code, said.out) == (0, "")
    assert_is_a_sentence(said.err.strip())
    assert run("list", "--json").json == []
    assert run("show").code == 0
    assert not (data_folder / FOLDER).exists()


def test_show(store, run):
    store.add_adapter("me", adapter(3.0), WORSE, [phrase("evening.mid")])
    said = run("show")
    assert said.code == 0
    assert "in use" in said.out
    assert "12 notes" in said.out
    rows = said.out.splitlines()[3:]
    assert rows[1].split()[:2] == ["*", "2"]
    assert "take and 1 more" in rows[1]
    assert "(not kept)" in rows[2]
    assert "evening.mid" in rows[2]
    shown = run("show", "me", "--json").json
    assert shown["versions"][1]["gain_bits"] == 1.25
    assert shown["versions"][2]["kept"] is False
    assert shown["settings"] == {"closeness": 0.25, "way": "trade"}


def test_use_new_rename_copy(store, run):
    assert run("new", "Anna").code == 0
    assert run("use", "anna", "--json").json == {"in_use": "Anna"}
    assert run("rename", "Anna", "Bea", "--json").json == {"name": "Bea"}
    assert store.in_use() == "Bea"
    assert run("copy", "me", "late", "--json").json == {"name": "late", "says": []}
    assert [one.name for one in store.list()] == ["Bea", "late", "me"]
    assert "Bea" in run("show").out


def test_undo_and_redo(store, run):
    assert run("undo", "--json").json == {"name": "me", "version": 1}
    assert "version 2" in run("redo").out
    assert run("undo", "--to", "0").out.strip() == "“me” uses the model as it came now."
    assert run("undo", "me", "--to", "2", "--json").json["version"] == 2
    refused = run("undo", "--to", "7")
    assert refused.code == 1
    assert_is_a_sentence(refused.err.strip())
    for wrong in ("-1", "two"):
        assert run("undo", "--to", wrong).code == 2


def test_export_and_import(store, run, data_folder):
    said = run("export")
    path = data_folder / "me.antiphon-profile"
    assert said.code == 0
    assert said.out.strip() == path.name
    assert "notes" in said.err, "what is in the file is said"
    for again in (("export",), ("export", "-o", str(path))):
        assert run(*again).code == 1
        assert_is_a_sentence(run(*again).err.strip())
    assert run("export", "--replace", "--json").json["path"] == str(path)
    assert run("export", "-o", str(data_folder / "other")).code == 0
    refused = run("import", str(path))
    assert refused.code == 1
    assert_is_a_sentence(refused.err.strip())
    assert run("import", str(path), "--name", "you", "--json").json == {
        "name": "you",
        "version": 2,
        "says": [],
    }
    store.undo("me")
    assert run("import", str(path), "--replace").code == 0
    assert store.open("me").version == 2
    assert of_arrays(store.open("you").memory) == of_arrays(store.open("me").memory)


def test_delete_only_when_it_is_meant(store, run):
    said = run("delete", "me")
    assert said.code == 2
    assert_is_a_sentence(said.err.strip())
    assert store.open("me").version == 2
    assert run("delete", "nobody").code == 1
    assert run("delete", "me", "--yes", "--json").json == {"deleted": "me"}
    assert store.list() == ()


def test_a_profile_that_cannot_be_opened_can_be_deleted(store, run):
    (store.folder / "me" / "profile.json").write_bytes(
        (store.folder / "me" / "profile.json").read_bytes().replace(b"profile-1", b"profile-2")
    )
    assert run("show").code == 1
    assert "newer" in run("list").err
    assert run("delete", "me").code == 2
    assert run("delete", "me", "--yes").code == 0
    assert store.list() == ()


def test_damage_is_said_beside_the_json(store, run):
    (store.folder / "me" / "memory.safetensors").write_bytes(b"noise")
    said = run("show", "--json")
    assert said.code == 0
    assert_is_a_sentence(said.err.strip())
    assert said.json["says"] == [said.err.strip()]
    assert said.json["memory"] is False


@pytest.mark.parametrize("words", [(), ("dance",), ("use",), ("delete",), ("list", "--loud")])
def test_wrong_usage(run, words):
    assert run(*words).code == 2


def test_names_from_files_cannot_steer_the_terminal(store, run):
    store.add_adapter("me", adapter(), BETTER, [phrase("\x1b[2J evil")])
    assert "\x1b" not in run("show").out


def test_adapters_of_the_shipped_weights_must_fit_them():
    ours = adapter(prior=command.shipped_prior())
    assert ours.prior == checkpoint.fingerprint(checkpoint.SHIPPED)
    from engine.adapt.adapter import AdapterError

    with pytest.raises(AdapterError):
        command.fits_shipped(ours)
    command.fits_shipped(adapter(prior="f" * 16))


def test_it_is_a_command_and_loads_no_torch(data_folder):
    code = (
        "import sys; from engine.profile.command import main; code = main(['list', '--json']);"
        "print('torch' in sys.modules); sys.exit(code)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout) == (0, "[]\nFalse\n")
    assert 'profiles = "engine.profile.command:main"' in (REPOSITORY / "pyproject.toml").read_text()
