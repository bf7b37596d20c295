"""Damaged profiles: said in a sentence, used as far as they go, and nothing is deleted."""

import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from engine.profile import arrays, sheet
from engine.profile.trouble import ProfileError
from tests.engine.profile.stage import (
    BETTER,
    adapter,
    filled,
    memory,
    of_adapter,
    of_arrays,
    of_profile,
    phrase,
)
from tests.plugin.sentences import assert_is_a_sentence

FILES = (
    "profile.json",
    "memory.safetensors",
    "taste.json",
    "settings.json",
    "adapters/0001.safetensors",
    "adapters/0002.safetensors",
    "phrases/0002.safetensors",
)


def _bent(path: Path) -> None:
    """One number in the middle is another one."""
    data = bytearray(path.read_bytes())
    at = len(data) * 3 // 4
    data[at] = data[at] ^ 1
    path.write_bytes(data)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _nan(path: Path) -> None:
    if path.suffix == ".json":
        path.write_text(path.read_text().replace("0.", "NaN, 0.").replace("null", "NaN"))
        return
    found = {name: tensor.astype(np.float32) for name, tensor in load_file(path).items()}
    found[min(found)].flat[0] = np.nan
    save_file(found, path, metadata=arrays.about_of(path))


def _other_shapes(path: Path) -> None:
    if path.suffix == ".json":
        path.write_text(json.dumps({"format": json.loads(path.read_text())["format"], "value": 3}))
        return
    found = {name: tensor.ravel()[:2] for name, tensor in load_file(path).items()}
    save_file(found, path, metadata=arrays.about_of(path))


DAMAGE: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "cut off": lambda path: os.truncate(path, path.stat().st_size // 2),
    "cut near the end": lambda path: os.truncate(path, path.stat().st_size - 2),
    "noise": lambda path: path.write_bytes(os.urandom(500)),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "one bit": _bent,
    "nan": _nan,
    "other shapes": _other_shapes,
    "a folder": _folder,
    "far too large": lambda path: os.truncate(path, 200 * 1024 * 1024),
    "pickle": lambda path: path.write_bytes(pickle.dumps({"rows": [1, 2]})),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("file", FILES)
def test_what_is_damaged_is_said_and_the_rest_is_used(tmp_path, file, damage):
    store = filled(tmp_path)
    store.save_settings("me", {"closeness": 0.25, "nothing": None})
    before = of_profile(store.open("me"))
    path = store.folder / "me" / file
    DAMAGE[damage](path)
    paths = sorted(store.folder.rglob("*"))
    profile = store.open("me")
    after = of_profile(profile)
    assert sorted(store.folder.rglob("*")) == paths, "reading changes nothing"
    store.list()

    if file in ("adapters/0001.safetensors", "phrases/0002.safetensors"):
        assert after == before, "what is not needed now is not looked at"
        if file.startswith("phrases"):
            with pytest.raises(ProfileError) as refused:
                store.phrases("me", 2)
            assert_is_a_sentence(str(refused.value))
        return
    (says,) = profile.says
    assert_is_a_sentence(says)
    changed = {
        "profile.json": {"versions"},
        "memory.safetensors": {"memory", "notes"},
        "taste.json": {"taste"},
        "settings.json": {"settings"},
        "adapters/0002.safetensors": {"adapter", "version"},
    }[file]
    assert {part for part in before if before[part] != after[part]} <= changed | {"says"}
    if file == "adapters/0002.safetensors":
        assert profile.version == 1
        assert of_adapter(profile.adapter) == of_adapter(adapter(1.0))
    if file == "profile.json":
        assert [v.number for v in profile.record.versions] == [1, 2]
        assert profile.record.version(2).learnt_from == ("take", "other")


@pytest.mark.parametrize("file", [file for file in FILES if "/" not in file])
def test_what_is_damaged_is_kept_when_something_new_takes_its_place(tmp_path, file):
    store = filled(tmp_path)
    path = store.folder / "me" / file
    stem, _, ending = file.partition(".")
    for noise in (b"first", b"second"):
        path.write_bytes(noise)
        store.save_memory("me", memory(3))
        store.save_taste("me", "3")
        store.save_settings("me", {"a": 3})
        store.add_adapter("me", adapter(3.0), BETTER, [phrase()])
        profile = store.open("me")
        assert profile.says == ()
        assert of_adapter(profile.adapter) == of_adapter(adapter(3.0))
        assert of_arrays(profile.memory) == of_arrays(memory(3))
    assert path.with_name(f"{stem} damaged.{ending}").read_bytes() == b"first"
    assert path.with_name(f"{stem} damaged (2).{ending}").read_bytes() == b"second"


def test_without_any_adapter_that_works_the_model_plays_as_it_came(tmp_path):
    store = filled(tmp_path)
    for number in (1, 2):
        (store.folder / "me" / f"adapters/000{number}.safetensors").write_bytes(b"x")
    profile = store.open("me")
    assert (profile.adapter, profile.version, profile.record.now) == (None, None, 2)
    assert_is_a_sentence(profile.says[0])
    assert store.add_adapter("me", adapter(), BETTER, []).number == 3


def test_missing_files_are_said_where_they_are_missed(tmp_path):
    store = filled(tmp_path)
    folder = store.folder / "me"
    (folder / "adapters/0002.safetensors").unlink()
    assert store.open("me").version == 1
    assert_is_a_sentence(store.open("me").says[0])
    (folder / "profile.json").unlink()
    profile = store.open("me")
    assert profile.version == 1
    assert_is_a_sentence(profile.says[0])
    (folder / "memory.safetensors").unlink()
    assert store.open("me").memory is None
    shutil.rmtree(folder / "adapters")
    assert store.open("me").adapter is None


def test_an_adapter_whose_file_is_anothers_is_not_used(tmp_path):
    store = filled(tmp_path)
    folder = store.folder / "me" / "adapters"
    shutil.copy(folder / "0001.safetensors", folder / "0002.safetensors")
    assert store.open("me").version == 1


def test_what_a_newer_antiphon_made_is_left_alone(tmp_path):
    store = filled(tmp_path)
    folder = store.folder / "me"
    record = folder / "profile.json"
    ours = record.read_bytes()
    newer = sheet.pack("profile", 2, {"of the future": True})
    record.write_bytes(newer)
    for ask in (
        lambda: store.open("me"),
        lambda: store.save_memory("me", memory()),
        lambda: store.save_taste("me", "1"),
        lambda: store.undo("me"),
        lambda: store.add_adapter("me", adapter(), BETTER, [phrase()]),
        lambda: store.copy("me", "you"),
    ):
        with pytest.raises(ProfileError, match="newer Antiphon: update") as refused:
            ask()
        assert_is_a_sentence(str(refused.value))
    assert record.read_bytes() == newer
    (one,) = store.list()
    assert "newer" in one.says

    record.write_bytes(ours)
    path = folder / "memory.safetensors"
    path.write_bytes(arrays.pack("memory", 2, memory(), {}))
    content = path.read_bytes()
    profile = store.open("me")
    assert profile.memory is None
    assert "newer Antiphon" in profile.says[0]
    store.save_memory("me", memory())
    assert path.with_name("memory newer.safetensors").read_bytes() == content


def test_a_damaged_choice_is_me(tmp_path):
    store = filled(tmp_path)
    store.create("you")
    store.use("you")
    choice = store.folder / ".in-use.json"
    for damage in (b"", b"you", sheet.pack("in-use", 1, "../you"), sheet.pack("in-use", 1, [3])):
        choice.write_bytes(damage)
        assert store.in_use() == "me"
