"""Exports: what comes back is what went out, and what is not whole does not come in at all."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.adapt.adapter import Adapter, AdapterError
from engine.profile import arrays, carrying, parcel, sheet
from engine.profile.parcel import ENDING, Whole
from engine.profile.record import Record, Version, file_of
from engine.profile.trouble import ProfileError
from tests.engine.profile.stage import (
    PRIOR,
    WORSE,
    adapter,
    filled,
    json_values,
    memory,
    named_arrays,
    of_adapter,
    of_arrays,
    of_store,
    phrase,
    phrases,
    store_in,
)
from tests.plugin.sentences import assert_is_a_sentence


def of_whole(whole: Whole) -> dict[str, object]:
    return {
        "name": whole.name,
        "record": whole.record,
        "adapters": {number: of_adapter(one) for number, one in whole.adapters.items()},
        "phrases": {
            number: [(p.name, p.rows.tolist()) for p in learnt]
            for number, learnt in whole.phrases.items()
        },
        "memory": of_arrays(whole.memory),
        "notes": whole.memory_notes,
        "taste": whole.taste,
        "settings": whole.settings,
    }


def version(number: int, made_of: Adapter, before: int | None) -> Version:
    one = made_of
    return Version(
        number, file_of(number), "", "then", one.kind, one.rank, one.prior, before=before
    )


@st.composite
def wholes(draw: st.DrawFn) -> Whole:
    adapters = {n: adapter(float(n), rank=n) for n in range(1, draw(st.integers(0, 3)) + 1)}
    versions = tuple(version(n, a, n - 1 or None) for n, a in adapters.items())
    found = draw(st.none() | named_arrays())
    taste = draw(st.none() | json_values.map(sheet.canonical).filter(lambda text: text != "null"))
    return Whole(
        name=draw(st.text(max_size=10)),
        record=Record("then", "now", len(adapters) or None, (), versions),
        adapters=adapters,
        phrases={n: tuple(draw(st.lists(phrases, max_size=2))) for n in adapters},
        memory=found,
        memory_notes=None if found is None else draw(st.none() | st.integers(0, 1000)),
        taste=taste,
        settings=draw(st.none() | st.dictionaries(st.text(max_size=4), json_values, max_size=2)),
    )


@given(wholes())
def test_what_is_packed_is_unpacked(whole):
    assert of_whole(parcel.unpack(parcel.pack(whole))) == of_whole(whole)


def test_a_profile_goes_out_and_comes_in_as_it_was(tmp_path):
    store = filled(tmp_path, versions=3)
    store.add_adapter("me", adapter(9.0), WORSE, [phrase()])
    store.undo("me")
    path = tmp_path / f"me{ENDING}"
    assert store.export("me", path) == ()
    other = store_in(tmp_path / "elsewhere")
    profile = other.import_(path, prior=PRIOR)
    assert profile.says == ()
    (tmp_path / "elsewhere").joinpath("profiles").is_dir()
    here, there = of_store(tmp_path), of_store(tmp_path / "elsewhere")
    assert there["profiles"] == here["profiles"]
    assert other.redo("me").now == 3


def test_an_export_is_read_by_others_too(tmp_path):
    from safetensors.numpy import load_file

    store = filled(tmp_path)
    path = tmp_path / f"me{ENDING}"
    store.export("me", path)
    found = load_file(path)
    assert of_arrays({"rows": found["memory/rows"]}) == of_arrays({"rows": memory()["rows"]})
    assert found["adapter/0002/said"].tolist() == [2.0] * 4
    says = json.loads(arrays.about_of(path)["profile"])
    assert says["record"]["versions"][1]["learnt_from"] == ["take", "other"]


def test_an_import_takes_the_place_of_nothing_unless_told(tmp_path):
    store = filled(tmp_path)
    path = tmp_path / f"me{ENDING}"
    store.export("me", path)
    store.save_memory("me", memory(1))
    before = of_store(tmp_path)
    for name in (None, "me", "ME"):
        with pytest.raises(ProfileError, match="--replace") as taken:
            store.import_(path, name)
        assert_is_a_sentence(str(taken.value))
        assert of_store(tmp_path) == before
    assert store.import_(path, "you").name == "you"
    assert of_arrays(store.open("me").memory) == of_arrays(memory(1))
    assert store.import_(path, replace=True).name == "me"
    assert of_arrays(store.open("me").memory) == of_arrays(memory())


def test_an_adapter_of_another_prior_comes_in_and_is_not_used(tmp_path):
    store = filled(tmp_path)
    path = tmp_path / f"me{ENDING}"
    store.export("me", path)
    profile = store.import_(path, "you", prior="f" * 16)
    assert (profile.adapter, profile.version, profile.record.now) == (None, None, 2)
    assert "another model" in profile.says[0]
    assert len(store.phrases("you")) == 2


def test_an_adapter_that_does_not_fit_the_model_is_a_reason_to_refuse(tmp_path):
    store = filled(tmp_path)
    path = tmp_path / f"me{ENDING}"
    store.export("me", path)

    def none_fits(found):
        raise AdapterError("It does not fit.")

    with pytest.raises(ProfileError) as refused:
        store.import_(path, "you", prior=PRIOR, check=none_fits)
    assert_is_a_sentence(str(refused.value))
    assert [one.name for one in store.list()] == ["me"]
    # Of another model nobody here knows the shapes.
    assert store.import_(path, "you", prior="f" * 16, check=none_fits).name == "you"


def test_damaged_parts_stay_behind_and_are_named(tmp_path):
    store = filled(tmp_path, versions=3)
    folder = store.folder / "me"
    (folder / "adapters/0002.safetensors").write_bytes(b"noise")
    (folder / "memory.safetensors").write_bytes(b"noise")
    (folder / "phrases/0001.safetensors").unlink()
    path = tmp_path / f"me{ENDING}"
    says = store.export("me", path)
    assert len(says) == 2
    for sentence in says:
        assert_is_a_sentence(sentence)
    profile = store.import_(path, "you")
    assert profile.says == ()
    assert [v.number for v in profile.record.versions] == [1, 3]
    assert store.undo("you").now == 1
    assert store.phrases("you", 1) == ()
    assert profile.memory is None


def damaged(data: bytes, how: int) -> bytes:
    bent = bytearray(data)
    bent[how % len(bent)] ^= 1 << how % 8
    return bytes(bent)


def test_nothing_of_a_damaged_file_comes_in(tmp_path):
    store = filled(tmp_path)
    path = tmp_path / f"me{ENDING}"
    store.export("me", path)
    data = path.read_bytes()
    before = of_store(tmp_path)
    step = len(data) // 80
    bad = [data[:n] for n in range(0, len(data), step)]
    bad += [damaged(data, n) for n in range(0, len(data), step + 1)]
    bad += [b"", b"MThd", b"\x80\x04cos\nsystem\n.", data + b"x"]
    bad += [(store.folder / "me" / "memory.safetensors").read_bytes()]
    for content in bad:
        path.write_bytes(content)
        with pytest.raises(ProfileError) as refused:
            store.import_(path, "you")
        assert_is_a_sentence(str(refused.value))
        assert "system" not in str(refused.value)
    assert of_store(tmp_path) == before


def test_files_that_are_not_there_or_too_large_are_sentences(tmp_path, monkeypatch):
    store = filled(tmp_path)
    path = tmp_path / f"me{ENDING}"
    store.export("me", path)
    monkeypatch.setattr(parcel, "MOST_BYTES", 100)
    for wrong in (path, tmp_path / "nothing", tmp_path):
        with pytest.raises(ProfileError) as refused:
            store.import_(wrong, "you")
        assert_is_a_sentence(str(refused.value))


def test_what_a_newer_antiphon_exported_says_so(tmp_path):
    path = tmp_path / f"me{ENDING}"
    path.write_bytes(arrays.pack("export", 2, {}, {"profile": "{}"}))
    with pytest.raises(ProfileError, match="newer Antiphon: update"):
        store_in(tmp_path).import_(path)


def tampered(change) -> bytes:
    """An export with a right checksum whose words say something else."""
    one = adapter()
    whole = Whole(
        "me", Record("then", "then", 1, (), (version(1, one, None),)), {1: one}, {1: (phrase(),)},
        memory(), 12, "3", {"a": 1},
    )  # fmt: skip
    tensors, about = arrays.unpack("export", 1, parcel.pack(whole))
    says = json.loads(about["profile"])
    change(says, tensors)
    return arrays.pack("export", 1, tensors, {"profile": json.dumps(says)})


def put(name: str, value: np.ndarray):
    return lambda says, tensors: tensors.__setitem__(name, value)


TAMPERED = {
    "a file elsewhere": lambda s, t: s["record"]["versions"][0].update(file="../../x"),
    "an adapter less": lambda s, t: s["adapters"].clear(),
    "another kind": lambda s, t: s["adapters"]["0001"].update(kind="all"),
    "another prior": lambda s, t: s["adapters"]["0001"].update(prior="f" * 16),
    "facts that are none": lambda s, t: s["adapters"]["0001"].update(facts=3),
    "a half of an adapter": lambda s, t: t.pop("adapter/0001/backbone.weight.down"),
    "halves that do not fit": put("adapter/0001/backbone.weight.down", np.ones((3, 4), np.float32)),
    "phrases of other shapes": put("phrases/0001/rows", np.ones((5, 8), np.int16)),
    "phrases of other classes": put("phrases/0001/rows", np.full((5, 9), 999, np.int16)),
    "phrases of no version": lambda s, t: s["phrases"].update({"0009": "[]"}),
    "phrases whose number is a path": lambda s, t: s["phrases"].update({"../x": "[]"}),
    "settings that are a list": lambda s, t: s.update(settings=[1]),
    "no record": lambda s, t: s.pop("record"),
    "a version in use that is not there": lambda s, t: s["record"].update(now=7),
    "a list": lambda s, t: s.update(memory=[1]),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_what_makes_no_sense_is_refused_with_its_checksum_right(tmp_path, how):
    parcel.unpack(tampered(lambda says, tensors: None))
    path = tmp_path / f"me{ENDING}"
    path.write_bytes(tampered(TAMPERED[how]))
    with pytest.raises(ProfileError) as refused:
        store_in(tmp_path).import_(path)
    assert_is_a_sentence(str(refused.value))
    assert not (tmp_path / "profiles").exists()


@pytest.mark.parametrize("name", ["../me", "", ".", "a/b", "nul", "\ud800"])
def test_a_name_that_will_not_do_is_asked_for_again(tmp_path, name):
    path = tmp_path / f"x{ENDING}"
    path.write_bytes(tampered(lambda says, tensors: says.update(name=name)))
    store = store_in(tmp_path)
    with pytest.raises(ProfileError, match="--name") as refused:
        store.import_(path)
    assert_is_a_sentence(str(refused.value))
    assert store.import_(path, "fine").name == "fine"
    assert {path.name for path in store.folder.iterdir()} == {".lock", "fine"}


def test_tensors_that_nobody_asked_for_are_left_where_they_are(tmp_path):
    path = tmp_path / f"x{ENDING}"
    path.write_bytes(tampered(put("../../evil", np.ones(3))))
    store_in(tmp_path).import_(path)
    assert not list(tmp_path.rglob("*evil*"))


def test_what_could_not_come_in_again_does_not_go_out(tmp_path):
    whole, _ = carrying.gather(filled(tmp_path).folder / "me", "me")
    with pytest.raises(ProfileError) as refused:
        carrying.wrapped(replace(whole, memory={"a": np.array([np.nan])}))
    assert_is_a_sentence(str(refused.value))
