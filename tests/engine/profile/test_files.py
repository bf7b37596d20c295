"""The two kinds of files: what is read is what was written, and damage is always seen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.profile import arrays, phrases, sheet
from engine.profile.trouble import DamagedError, NewerError
from tests.engine.profile.stage import json_values, named_arrays, of_arrays, phrase
from tests.engine.profile.stage import phrases as some_phrases

texts = st.dictionaries(st.text("abc", min_size=1, max_size=4), st.text("xyzé1", max_size=6))


@given(named_arrays(), texts)
def test_arrays_come_back_as_they_were(found, about):
    again, text = arrays.unpack("test", 1, arrays.pack("test", 1, found, about))
    assert of_arrays(again) == of_arrays(found)
    assert text == about


@given(json_values)
def test_a_value_comes_back_as_it_was(value):
    again = sheet.unpack("test", 1, sheet.pack("test", 1, value))
    assert sheet.canonical(again) == sheet.canonical(value)


@given(st.lists(some_phrases, max_size=4))
def test_phrases_come_back_as_they_were(played):
    again = phrases.unpack(phrases.pack(played))
    assert [p.name for p in again] == [p.name for p in played]
    assert [p.rows.tolist() for p in again] == [p.rows.tolist() for p in played]


PACKED = {
    "arrays": (
        arrays.pack("test", 1, {"a": np.arange(6.0), "b": np.eye(2)}, {"notes": "7"}),
        arrays,
    ),
    "sheet": (sheet.pack("test", 1, {"a": [1, 2.5, "x"]}), sheet),
}


@pytest.mark.parametrize("kind", PACKED)
def test_every_cut_is_seen(kind):
    data, module = PACKED[kind]
    # The last byte of a sheet is its line's end, which says nothing.
    for length in range(len(data) - (kind == "sheet")):
        with pytest.raises(DamagedError):
            module.unpack("test", 1, data[:length])


@pytest.mark.parametrize("kind", PACKED)
def test_every_flipped_bit_is_seen_or_says_nothing(kind):
    data, module = PACKED[kind]
    whole = module.unpack("test", 1, data)
    for at in range(len(data)):
        bent = bytearray(data)
        bent[at] ^= 1 << at % 8
        try:
            found = module.unpack("test", 1, bytes(bent))
        except DamagedError:
            continue
        # White space, and nothing else.
        same = of_arrays(found[0]) == of_arrays(whole[0]) if kind == "arrays" else found == whole
        assert same, at


@given(st.binary(max_size=200))
def test_noise_is_damage(noise):
    for module in (arrays, sheet):
        with pytest.raises(DamagedError):
            module.unpack("test", 1, noise)
        with pytest.raises(DamagedError):
            module.unpack("test", 1, len(noise).to_bytes(8, "little") + noise)


def test_what_is_newer_is_told_from_what_is_damaged():
    newer = {"arrays": arrays.pack("test", 2, {}, {}), "sheet": sheet.pack("test", 2, 1)}
    for kind, (_, module) in PACKED.items():
        with pytest.raises(NewerError):
            module.unpack("test", 1, newer[kind])
        with pytest.raises(DamagedError) as other:
            module.unpack("taste", 1, newer[kind])
        assert not isinstance(other.value, NewerError)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none_are_neither_written_nor_read(bad, monkeypatch):
    with pytest.raises(ValueError, match="finite"):
        arrays.pack("test", 1, {"a": np.array([1.0, bad], np.float32)}, {})
    with pytest.raises(ValueError, match=r".*"):
        sheet.pack("test", 1, [float(bad)])
    with monkeypatch.context() as lax:
        lax.setattr(arrays, "_finite", lambda array: True)
        data = arrays.pack("test", 1, {"a": np.array([1.0, bad], np.float32)}, {})
    with pytest.raises(DamagedError, match="finite"):
        arrays.unpack("test", 1, data)


@pytest.mark.parametrize(
    "text", ["1e999", "NaN", "[-Infinity]", "[" * 100_000, "", "{1:2}", "[" * 90 + "]" * 90]
)
def test_text_that_is_no_json_is_refused(text):
    with pytest.raises(ValueError, match=r".*"):
        sheet.parsed(text)


def test_arrays_of_anything_but_numbers_are_refused():
    for array in (np.array(["a"]), np.array([object()]), np.array([1j])):
        with pytest.raises(ValueError, match="is of"):
            arrays.pack("test", 1, {"a": array}, {})


def test_what_is_read_cannot_be_written_to():
    again, _ = arrays.unpack("test", 1, PACKED["arrays"][0])
    with pytest.raises(ValueError, match="read-only"):
        again["a"][0] = 2.0


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(np.zeros((3, 8), int), id="a column less"),
        pytest.param(np.zeros(9, int), id="one row"),
        pytest.param(np.zeros((0, 9), int), id="no note"),
        pytest.param(np.full((1, 9), -1), id="below"),
        pytest.param(np.full((1, 9), 5000), id="above"),
        pytest.param(np.zeros((1, 9)), id="floats"),
    ],
)
def test_rows_that_no_encoder_makes_are_refused(rows):
    with pytest.raises(ValueError, match="rows"):
        phrases.pack([phrases.Phrase("take", rows)])


def test_phrases_whose_ends_do_not_fit_are_damaged():
    found, about = phrases.as_arrays([phrase(), phrase()])
    for ends in ([5, 11], [10], [6, 5, 10], [0, 10], [-5, 10]):
        with pytest.raises(DamagedError):
            phrases.from_arrays({**found, "ends": np.array(ends)}, about)
