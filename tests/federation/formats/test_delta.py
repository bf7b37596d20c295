"""A contribution comes through as it was made, or not at all: every other file is refused."""

import io
import json
import pickle
import tracemalloc
import zipfile
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load, save

from federation.formats.delta import (
    MOST_BYTES,
    NOTE_STEPS,
    Delta,
    DeltaError,
    as_vector,
    decode,
    encode,
    from_vector,
    note_step,
)
from tests.federation.formats.stage import SMALL, assert_is_a_sentence, contribution, delta, vector

GOOD = contribution()
WORDS = {
    "schema": "antiphon-delta-1",
    "lineage": SMALL.id,
    "from_version": "3",
    "notes": "256",
    "app": "0.1.0",
}
Header = dict[str, dict[str, object]]


def _refused(data: bytes) -> str:
    with pytest.raises(DeltaError) as error:
        decode(data, SMALL)
    assert_is_a_sentence(str(error.value))
    return str(error.value)


def _header(data: bytes) -> Header:
    length = int.from_bytes(data[:8], "little")
    found: Header = json.loads(data[8 : 8 + length])
    return found


def _file(header: object, values: bytes) -> bytes:
    words = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(words).to_bytes(8, "little") + words + values


def _values(data: bytes) -> bytes:
    return data[8 + int.from_bytes(data[:8], "little") :]


def _changed(change: Callable[[Header], object]) -> bytes:
    header = _header(GOOD)
    change(header)
    return _file(header, _values(GOOD))


def _worded(**words: object) -> bytes:
    return _changed(lambda header: header["__metadata__"].update(words))


# ------------------------------------------------------------------------------------ what is good


@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 10**9 - 1),
    st.sampled_from(NOTE_STEPS),
    st.floats(1e-3, 1e4),
)
def test_what_is_sent_is_what_arrives(seed: int, version: int, notes: int, length: float):
    tensors = from_vector(vector(seed, length=length), SMALL)
    made = Delta(SMALL.id, version, notes, tensors, "1.2.3")
    found = decode(encode(made, SMALL), SMALL)
    assert (found.lineage, found.from_version, found.notes, found.app) == (
        SMALL.id,
        version,
        notes,
        "1.2.3",
    )
    for name, tensor in found.tensors.items():
        assert tensor.dtype == np.float32
        assert np.array_equal(tensor, tensors[name].astype(np.float16).astype(np.float32))
    assert encode(found, SMALL) == encode(made, SMALL)


def test_the_same_change_is_the_same_bytes_in_any_order():
    made = delta()
    turned = Delta(SMALL.id, 3, 256, dict(reversed(made.tensors.items())), "0.1.0")
    assert encode(made, SMALL) == encode(turned, SMALL)


def test_the_safetensors_library_reads_it():
    found = load(GOOD)
    assert {name: value.shape for name, value in found.items()} == SMALL.shapes
    assert np.array_equal(as_vector(found), as_vector(decode(GOOD, SMALL).tensors))


def test_what_the_safetensors_library_writes_is_read():
    tensors = {name: value.astype(np.float16) for name, value in delta().tensors.items()}
    found = decode(save(tensors, metadata=WORDS), SMALL)
    assert np.array_equal(as_vector(found.tensors), as_vector(decode(GOOD, SMALL).tensors))


def test_tensors_may_lie_in_any_order_in_the_file():
    values = _values(GOOD)
    header = _header(GOOD)
    first, second = SMALL.names
    header[first]["data_offsets"], header[second]["data_offsets"] = [12, 32], [0, 12]
    turned = decode(_file(header, values[20:] + values[:20]), SMALL)
    assert np.array_equal(as_vector(turned.tensors), as_vector(decode(GOOD, SMALL).tensors))


@given(st.integers(0, 2**32 - 1))
def test_a_vector_and_back(seed: int):
    row = vector(seed)
    assert np.array_equal(as_vector(from_vector(row, SMALL)), row)


def test_a_vector_goes_by_the_sorted_names():
    row = np.arange(SMALL.size, dtype=np.float32)
    tensors = from_vector(row, SMALL)
    assert tensors["a.logits.weight.up"][0].tolist() == [0.0, 1.0]
    assert tensors["b.hidden.weight.up"][0].tolist() == [10.0, 11.0]
    with pytest.raises(ValueError, match="lineage"):
        from_vector(row[1:], SMALL)


def test_the_number_of_notes_is_told_in_coarse_steps():
    told = [note_step(notes) for notes in (0, 63, 64, 255, 256, 4095, 4096, 10**9)]
    assert told == [64, 64, 64, 64, 256, 1024, 4096, 4096]


def test_the_norm_is_that_of_all_numbers():
    assert delta().norm == pytest.approx(1.0, abs=1e-6)


# -------------------------------------------------------------------------------- what is not made


@pytest.mark.parametrize(
    "wrong",
    [
        {"lineage": "0" * 64},
        {"tensors": {}},
        {"tensors": from_vector(np.full(SMALL.size, 1e6, np.float32), SMALL)},
        {"tensors": from_vector(np.full(SMALL.size, np.nan, np.float32), SMALL)},
        {"notes": 257},
        {"from_version": -1},
        {"app": "a b"},
    ],
)
def test_a_change_that_would_be_refused_is_not_made(wrong: dict[str, object]):
    made = delta()
    fields = {name: getattr(made, name) for name in Delta.__dataclass_fields__} | wrong
    with pytest.raises(DeltaError) as error:
        encode(Delta(**fields), SMALL)
    assert_is_a_sentence(str(error.value))


# ------------------------------------------------------------------------------------ what is evil


def _bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("model.safetensors", bytes(64 * 1024 * 1024))
    return packed.getvalue()


class _Runs:
    """What a pickle can do to whoever reads it."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('the pickle ran')",)


def _with(name: str, entry: object) -> bytes:
    def change(header: Header) -> None:
        header[name] = entry  # type: ignore[assignment]

    return _changed(change)


def _entry(**others: object) -> bytes:
    return _changed(lambda header: header["a.logits.weight.up"].update(others))


def _number(value: float) -> bytes:
    return GOOD[:-2] + np.array([value], "<f2").tobytes()


EVIL = {
    "nothing": b"",
    "seven bytes": GOOD[:7],
    "a pickle": pickle.dumps(_Runs()),
    "a zip bomb": _bomb(),
    "a zip bomb at the end": GOOD + _bomb()[:1000],
    "a header of 100 MB, said": (100 * 1024 * 1024).to_bytes(8, "little") + GOOD[8:],
    "a header of 2**63 bytes, said": (1 << 63).to_bytes(8, "little") + GOOD[8:],
    "a header of nothing": _file(b"", _values(GOOD)),
    "a header that is no JSON": _file(b"{'a': 1}", _values(GOOD)),
    "a header that is a list": _file([], _values(GOOD)),
    "a header that is a number": _file(b"1", _values(GOOD)),
    "a header that is no text": _file(b"\xff\xfe{}", _values(GOOD)),
    "a deep header": _file(b"[" * 16000, _values(GOOD)),
    "a deep object": _file(b'{"a":' * 3000, _values(GOOD)),
    "a number without end": _file(b'{"a":' + b"9" * 8000 + b"}", _values(GOOD)),
    "a header with NaN": _file(b'{"__metadata__":NaN}', _values(GOOD)),
    "half of it": GOOD[: len(GOOD) // 2],
    "one byte less": GOOD[:-1],
    "one byte more": GOOD + b"\0",
    "twice": GOOD + GOOD,
    "a tensor less": _changed(lambda header: header.pop("a.logits.weight.up")),
    "a tensor more": _with("more", {"dtype": "F16", "shape": [0], "data_offsets": [32, 32]}),
    "a tensor named otherwise": _changed(
        lambda header: header.update({"x": header.pop("a.logits.weight.up")})
    ),
    "no entry": _with("a.logits.weight.up", None),
    "an entry with more": _entry(more=1),
    "an entry with less": _changed(lambda header: header["a.logits.weight.up"].pop("dtype")),
    "float64": _entry(dtype="F64"),
    "float32": _entry(dtype="F32"),
    "bfloat16": _entry(dtype="BF16"),
    "a type that is a list": _entry(dtype=["F16"]),
    "another shape": _entry(shape=[2, 5]),
    "a flat shape": _entry(shape=[10]),
    "no shape": _entry(shape=[]),
    "a shape of nothing": _entry(shape=[0, 2], data_offsets=[0, 0]),
    "a shape below nothing": _entry(shape=[-5, -2]),
    "a shape of fractions": _entry(shape=[5.0, 2.0]),
    "a shape of truths": _entry(shape=[5, True]),
    "a huge shape": _entry(shape=[1 << 40, 1 << 40]),
    "overlapping": _entry(data_offsets=[12, 32]),
    "beyond the end": _entry(data_offsets=[32, 52]),
    "far beyond the end": _entry(data_offsets=[1 << 62, (1 << 62) + 20]),
    "backwards": _entry(data_offsets=[20, 0]),
    "before the beginning": _entry(data_offsets=[-20, 0]),
    "three offsets": _entry(data_offsets=[0, 20, 40]),
    "a name twice": _file(
        json.dumps(_header(GOOD))[:-1].encode()
        + b', "b.hidden.weight.up": {"dtype": "F16", "shape": [3, 2], "data_offsets": [20, 32]}}',
        _values(GOOD),
    ),
    "not a number": _number(float("nan")),
    "infinite": _number(float("inf")),
    "infinite, below nothing": _number(float("-inf")),
    "no metadata": _changed(lambda header: header.pop("__metadata__")),
    "metadata that is a list": _with("__metadata__", []),
    "metadata of numbers": _worded(notes=256),
    "a word more": _worded(player="me"),
    "a word less": _changed(lambda header: header["__metadata__"].pop("app")),
    "another schema": _worded(schema="antiphon-delta-2"),
    "another lineage": _worded(lineage="0" * 64),
    "a version below nothing": _worded(from_version="-1"),
    "a version with a plus": _worded(from_version="+1"),
    "a version in other digits": _worded(from_version="٣"),
    "a version of a thousand digits": _worded(from_version="9" * 1000),
    "notes to the note": _worded(notes="257"),
    "notes with spaces": _worded(notes=" 256"),
    "a letter for an app": _worded(app="a" * 33),
    "words in the app": _worded(app="my name is"),
    "a new line in the app": _worded(app="0.1.0\n"),
}


@pytest.mark.parametrize("data", EVIL.values(), ids=EVIL.keys())
def test_what_is_not_a_contribution_is_refused_with_a_sentence(data: bytes):
    _refused(data)


def test_every_evil_file_is_refused_for_its_own_reason():
    """So that no case hides behind another: what was meant to be tested is what was found."""
    for name, words in {
        "a name twice": "twice",
        "overlapping": "overlap",
        "one byte more": "belong to none",
        "float64": "not of type F16",
        "a tensor more": "do not belong",
        "a tensor less": "is missing",
        "another lineage": "another model",
        "infinite": "not finite",
        "a shape of nothing": "another shape",
        "a deep header": "header cannot be read",
    }.items():
        assert words in _refused(EVIL[name])


def test_what_is_too_large_is_refused_unread_and_memory_stays_small():
    huge = GOOD[:-12] + bytes(100 * 1024 * 1024)
    tracemalloc.start()
    try:
        assert f"{MOST_BYTES:,}" in _refused(huge)
        for data in EVIL.values():
            _refused(data)
        assert tracemalloc.get_traced_memory()[1] < 8 * MOST_BYTES
    finally:
        tracemalloc.stop()


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_with_a_sentence(data: bytes):
    _refused(data)


@given(
    st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=8)
)
def test_damaged_files_are_refused_or_still_whole(changes: list[tuple[int, int]]):
    damaged = bytearray(GOOD)
    for at, value in changes:
        damaged[at] = value
    _refused_or_whole(bytes(damaged))


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
_entries = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(["F16", "F32", "F64", "I8"]) | _json,
        "shape": st.lists(st.integers(-3, 6), max_size=3) | _json,
        "data_offsets": st.lists(st.integers(-3, 40), max_size=3) | _json,
    }
)


@given(
    st.fixed_dictionaries(
        {"a.logits.weight.up": _entries, "b.hidden.weight.up": _entries},
        optional={"__metadata__": st.just(WORDS) | _json, "more": _entries},
    ),
    st.binary(max_size=64),
)
def test_any_header_is_refused_or_means_a_whole_change(header: dict[str, object], values: bytes):
    _refused_or_whole(_file(header, values))


def _refused_or_whole(data: bytes) -> None:
    try:
        found = decode(data, SMALL)
    except DeltaError as error:
        assert_is_a_sentence(str(error))
        return
    assert {name: tensor.shape for name, tensor in found.tensors.items()} == SMALL.shapes
    assert np.isfinite(as_vector(found.tensors)).all()
    assert found.notes in NOTE_STEPS
    assert found.lineage == SMALL.id
