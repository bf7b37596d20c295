"""The store as the engine and the trainer use it: read, saved, learnt, gone back, named."""

import subprocess
import sys
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.adapt.adapter import AdapterError
from engine.profile.names import FOLDER
from engine.profile.record import Outcome
from engine.profile.store import ProfileStore
from engine.profile.trouble import ChangedError, NoSuchProfileError, ProfileError
from tests.engine.profile.stage import (
    BETTER,
    PRIOR,
    WORSE,
    adapter,
    filled,
    json_values,
    memory,
    named_arrays,
    of_adapter,
    of_arrays,
    of_profile,
    phrase,
    store_in,
)
from tests.plugin.sentences import assert_is_a_sentence
from tests.shared import REPOSITORY


def test_the_first_time_there_is_an_empty_profile_and_nothing_on_the_disk(data_folder):
    store = ProfileStore()
    profile = store.open()
    assert (profile.name, profile.adapter, profile.memory, profile.taste) == (
        "me",
        None,
        None,
        None,
    )
    assert dict(profile.settings) == {}
    assert profile.says == ()
    assert store.list() == ()
    assert store.in_use() == "me"
    assert list(data_folder.iterdir()) == []


@given(named_arrays(), json_values, st.dictionaries(st.text(max_size=5), json_values, max_size=3))
def test_what_was_saved_is_read(tmp_path_factory, found, taste, settings):
    from engine.profile import sheet

    store = store_in(tmp_path_factory.mktemp("data"))
    store.save_memory("me", found, notes=3)
    store.save_taste("me", sheet.canonical(taste))
    store.save_settings("me", settings)
    profile = store.open("me")
    assert of_arrays(profile.memory) == of_arrays(found)
    assert profile.memory_notes == 3
    assert profile.taste == sheet.canonical(taste)
    assert dict(profile.settings) == settings
    assert profile.says == ()


def test_an_adapter_is_in_use_once_it_is_added(tmp_path):
    store = store_in(tmp_path)
    first = store.add_adapter("me", adapter(1.0), BETTER, [phrase("a"), phrase("a"), phrase("b")])
    assert (first.number, first.before, first.gain_bits) == (1, None, 1.25)
    assert (first.learnt_from, first.phrases, first.notes) == (("a", "b"), 3, 15)
    second = store.add_adapter("me", adapter(2.0), BETTER, [phrase("c")])
    assert (second.number, second.before) == (2, 1)
    profile = store.open("me", prior=PRIOR)
    assert of_adapter(profile.adapter) == of_adapter(adapter(2.0))
    assert profile.version == 2
    assert [p.name for p in store.phrases("me")] == ["c"]
    assert [p.name for p in store.phrases("me", 1)] == ["a", "a", "b"]
    assert store.phrases("me", 1)[0].rows.tolist() == phrase().rows.tolist()


def test_an_attempt_that_was_not_kept_is_noted_and_leaves_no_file(tmp_path):
    store = store_in(tmp_path)
    store.add_adapter("me", adapter(1.0), BETTER, [phrase()])
    before = {path.name for path in store.folder.rglob("*.safetensors")}
    attempt = store.add_adapter("me", adapter(2.0), WORSE, [phrase()])
    assert {path.name for path in store.folder.rglob("*.safetensors")} == before
    profile = store.open("me")
    assert (attempt.number, attempt.kept, profile.version) == (2, False, 1)
    assert profile.record.version(2).bits_after == 8.6
    assert store.add_adapter("me", adapter(3.0), BETTER, [phrase()]).number == 3
    assert store.undo("me").now == 1


def test_back_and_forth(tmp_path):
    store = filled(tmp_path, versions=3)
    seen = [store.open("me").version]
    for step in (store.undo, store.undo, store.undo, store.redo, store.redo):
        step("me")
        seen.append(store.open("me").version)
    assert seen == [3, 2, 1, None, 1, 2]
    with pytest.raises(ProfileError) as no_such:
        store.go_to("me", 9)
    assert_is_a_sentence(str(no_such.value))
    store.go_to("me", None)
    for step in (store.undo, store.redo):
        with pytest.raises(ProfileError) as nowhere:
            step("me")
        assert_is_a_sentence(str(nowhere.value))
    store.go_to("me", 3)
    assert of_adapter(store.open("me").adapter) == of_adapter(adapter(3.0))
    assert store.undo("me").now == 2


def test_an_adapter_of_another_prior_is_not_used_and_says_so(tmp_path):
    store = filled(tmp_path)
    profile = store.open("me", prior="f" * 16)
    assert profile.adapter is None
    assert profile.version is None
    assert profile.record.now == 2
    (says,) = profile.says
    assert "another model" in says
    assert_is_a_sentence(says)
    assert store.phrases("me"), "it can be learnt again"


def test_an_adapter_that_does_not_fit_gives_way_to_the_one_before(tmp_path):
    store = filled(tmp_path)

    def only_the_first(found):
        if found.tensors["said"][0] != 1.0:
            raise AdapterError("It does not fit.")

    profile = store.open("me", prior=PRIOR, check=only_the_first)
    assert profile.version == 1
    assert_is_a_sentence(profile.says[0])


def test_saving_over_what_somebody_else_saved_is_refused(tmp_path):
    one, other = store_in(tmp_path), store_in(tmp_path)
    assert one.open("me").stamps == {"memory": "", "taste": "", "settings": ""}
    for save, part, values in (
        ("save_memory", "memory", (memory(1), memory(2), memory(3))),
        ("save_taste", "taste", ("1", "2", "3")),
        ("save_settings", "settings", ({"a": 1}, {"a": 2}, {"a": 3})),
    ):
        stamp = one.open("me").stamps[part]
        first = getattr(one, save)("me", values[0], after=stamp)
        with pytest.raises(ChangedError) as changed:
            getattr(other, save)("me", values[1], after=stamp)
        assert_is_a_sentence(str(changed.value))
        assert one.open("me").stamps[part] == first
        second = getattr(other, save)("me", values[1], after=first)
        assert second != first
        getattr(one, save)("me", values[2])
        assert one.open("me").stamps[part] not in (first, second)


def test_learning_and_saving_do_not_undo_each_other(tmp_path):
    jam, trainer = store_in(tmp_path), store_in(tmp_path)
    stamp = jam.save_memory("me", memory(1))
    trainer.add_adapter("me", adapter(), BETTER, [phrase()])
    jam.save_memory("me", memory(2), after=stamp)
    profile = jam.open("me")
    assert profile.version == 1
    assert of_arrays(profile.memory) == of_arrays(memory(2))


BAD = {
    "memory of NaN": lambda s: s.save_memory("me", {"a": np.array([np.nan])}),
    "memory of text": lambda s: s.save_memory("me", {"a": np.array(["x"])}),
    "taste that is no JSON": lambda s: s.save_taste("me", "{"),
    "taste that is not finite": lambda s: s.save_taste("me", "[1e999]"),
    "settings that are a list": lambda s: s.save_settings("me", [1]),
    "settings of NaN": lambda s: s.save_settings("me", {"a": float("nan")}),
    "settings of objects": lambda s: s.save_settings("me", {"a": object()}),
    "adapter of infinity": lambda s: s.add_adapter("me", adapter(np.inf), BETTER, [phrase()]),
    "rows of other classes": lambda s: s.add_adapter(
        "me", adapter(), BETTER, [phrase(), type(phrase())("x", np.full((1, 9), 999))]
    ),
    "bits that are none": lambda s: s.add_adapter("me", adapter(), Outcome(np.nan, 1.0), []),
}


@pytest.mark.parametrize("what", BAD)
def test_what_could_not_be_read_again_is_not_written(tmp_path, what):
    store = filled(tmp_path)
    before = of_profile(store.open("me"))
    files = sorted(store.folder.rglob("*"))
    with pytest.raises(ProfileError) as refused:
        BAD[what](store)
    assert_is_a_sentence(str(refused.value))
    assert of_profile(store.open("me")) == before
    assert sorted(store.folder.rglob("*")) == files


# ----------------------------------------------------------------------------- whole profiles


def test_profiles_by_name(tmp_path):
    store = filled(tmp_path)
    assert store.create(" Anna ") == "Anna"
    assert [(one.name, one.in_use) for one in store.list()] == [("Anna", False), ("me", True)]
    assert store.use("anna") == "Anna"
    assert store.in_use() == "Anna"
    assert store.open().name == "Anna"
    assert store.rename("Anna", "anna") == "anna"
    assert store.rename("anna", "Bea") == "Bea"
    assert store.in_use() == "Bea"
    assert store.delete("BEA") == "Bea"
    assert store.in_use() == "me"
    store.create("Bea")
    assert store.list()[0].version is None
    for name in ("ME", "Bea"):
        with pytest.raises(ProfileError) as taken:
            store.create(name)
        assert_is_a_sentence(str(taken.value))
        with pytest.raises(ProfileError):
            store.rename("bea" if name == "ME" else "me", name)


def test_a_profile_that_is_not_there_is_a_sentence_and_is_not_made(tmp_path):
    store = store_in(tmp_path)
    for ask in (store.open, store.name_of, store.use, store.delete, store.undo, store.phrases):
        with pytest.raises(NoSuchProfileError) as missing:
            ask("nobody")
        assert_is_a_sentence(str(missing.value))
    with pytest.raises(NoSuchProfileError):
        store.save_memory("nobody", memory())
    with pytest.raises(NoSuchProfileError):
        store.undo("me")
    assert store.list() == ()


def test_a_deleted_me_is_empty_again(tmp_path):
    store = filled(tmp_path)
    stamp = store.open("me").stamps["memory"]
    store.delete("me")
    assert store.open("me").memory is None
    with pytest.raises(ChangedError):  # a jam that still runs does not bring it back
        store.save_memory("me", memory(), after=stamp)


def test_a_copy_is_another_profile_like_the_first(tmp_path):
    store = filled(tmp_path)
    assert store.copy("me", "late") == ()
    assert of_profile(store.open("late")) == of_profile(store.open("me"))
    store.undo("late")
    assert (store.open("late").version, store.open("me").version) == (1, 2)


def test_the_list_says_what_there_is(tmp_path):
    store = filled(tmp_path)
    (one,) = store.list()
    assert (one.version, one.versions, one.kind, one.prior) == (2, 2, "lora-2", PRIOR)
    assert (one.bits_before, one.bits_after, one.gain_bits) == (8.5, 7.25, 1.25)
    assert (one.memory_notes, one.says) == (12, "")
    assert datetime.fromisoformat(one.changed).tzinfo == UTC


def test_other_folders_and_files_are_no_profiles(tmp_path):
    store = filled(tmp_path)
    (store.folder / "empty").mkdir()
    (store.folder / "a file").write_text("x")
    (store.folder / ".hidden").mkdir()
    (store.folder / ".hidden" / "profile.json").write_text("x")
    assert [one.name for one in store.list()] == ["me"]


# ------------------------------------------------------------------------------ how it is built

PROBE = """
import sys
import engine.profile.store, safetensors.numpy
engine.profile.store.ProfileStore().open()
print(*sorted({"torch", "scipy", "matplotlib", "numba"} & set(sys.modules)))
"""


def test_the_store_loads_nothing_heavy():
    run = subprocess.run(
        [sys.executable, "-c", PROBE], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == []


def test_opening_reads_only_what_is_in_use(tmp_path):
    store = filled(tmp_path, versions=3)
    for part in ("adapters/0001", "adapters/0002", "phrases/0003"):
        (tmp_path / FOLDER / "me" / f"{part}.safetensors").unlink()
    assert store.open("me").version == 3
    assert store.open("me").says == ()


def test_any_version_that_was_kept_can_be_read_whichever_is_in_use(tmp_path):
    store = filled(tmp_path, versions=2)
    store.add_adapter("me", adapter(9.0), WORSE, [phrase()])
    store.undo("me")
    found = [of_adapter(store.adapter("me", number)) for number in (1, 2)]
    assert found == [of_adapter(adapter(float(number))) for number in (1, 2)]
    assert store.open("me").version == 1
    for number in (3, 4):
        with pytest.raises(ProfileError, match=f"Version {number} of what “me” learnt cannot be"):
            store.adapter("me", number)
