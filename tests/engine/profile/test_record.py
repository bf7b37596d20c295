"""Versions and the way back: any order of learning, undoing and redoing makes sense."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.profile.record import Record, Version, as_json, file_of, from_json


def version(number: int, *, kept: bool = True, before: int | None = None) -> Version:
    return Version(
        number, file_of(number) if kept else "", "ab", "then", "lora-4", 4, "prior",
        learnt_from=("take",), phrases=1, notes=9, bits_before=8.0, bits_after=7.5, kept=kept,
        seconds=1.5, before=before,
    )  # fmt: skip


def learnt(record: Record, *, kept: bool = True) -> Record:
    return record.added(version(len(record.versions) + 1, kept=kept, before=record.now))


EMPTY = Record("then", "then")


@st.composite
def records(draw: st.DrawFn) -> Record:
    """Whatever a player may have done."""
    record = EMPTY
    for what in draw(
        st.lists(st.sampled_from(["learn", "fail", "undo", "redo", "to"]), max_size=14)
    ):
        if what in ("learn", "fail"):
            record = learnt(record, kept=what == "learn")
        elif what == "to":
            numbers = [None, *(one.number for one in record.kept)]
            record = record.gone_to(draw(st.sampled_from(numbers)), "later")
        else:
            moved = record.gone_back("later") if what == "undo" else record.gone_forth("later")
            record = moved or record
    return record


@given(records())
def test_what_is_written_down_is_read_again(record):
    assert from_json(json.loads(json.dumps(as_json(record)))) == record


@given(records())
def test_redo_takes_undo_back(record):
    back = record.gone_back("then")
    assert (back is None) == (record.now is None)
    if back is not None:
        forth = back.gone_forth("then")
        assert forth is not None
        assert (forth.now, forth.undone) == (record.now, record.undone)


@given(records())
def test_undo_comes_to_the_prior_alone_and_loses_nothing(record):
    versions = record.versions
    for _ in range(len(versions) + 1):
        record = record.gone_back("then") or record
    assert record.now is None
    assert record.versions == versions


@given(records())
def test_what_is_learnt_after_undo_goes_back_to_what_it_came_from(record):
    assert (learnt(record).gone_back("then") or EMPTY).now == record.now


@given(records(), st.data())
def test_without_some_versions_the_rest_still_makes_sense(record, data):
    numbers = [one.number for one in record.kept]
    gone = frozenset(data.draw(st.lists(st.sampled_from(numbers)))) if numbers else frozenset()
    rest = record.without(gone)
    assert from_json(as_json(rest)) == rest
    assert {one.number for one in rest.versions} == {v.number for v in record.versions} - gone
    if record.now not in gone:
        assert rest.now == record.now


def test_an_attempt_that_was_not_kept_changes_nothing_in_use():
    record = learnt(learnt(EMPTY), kept=False)
    assert record.now == 1
    assert [one.number for one in record.kept] == [1]
    with pytest.raises(KeyError):
        record.gone_to(2, "then")


TWO = learnt(learnt(EMPTY))
WRONG = {
    "a file elsewhere": {"file": "../../etc/passwd"},
    "another's file": {"file": file_of(7)},
    "number none": {"number": 0},
    "true as a number": {"number": True},
    "from nowhere": {"before": 9},
    "from itself": {"before": 1},
    "bits none": {"bits_after": "few"},
    "rank below none": {"rank": -1},
    "notes a fraction": {"notes": 1.5},
    "kept perhaps": {"kept": 1},
    "no names": {"learnt_from": "take"},
    "endless name": {"learnt_from": ["x" * 5000]},
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_version_that_makes_no_sense_is_refused(wrong):
    value = json.loads(json.dumps(as_json(TWO)))
    from_json(value)
    value["versions"][0] |= WRONG[wrong]
    with pytest.raises(ValueError, match=r".+"):
        from_json(value)


@pytest.mark.parametrize(
    "wrong", [{"now": 3}, {"undone": [5]}, {"versions": 3}, {"made": None}, {"now": "1"}]
)
def test_a_record_that_makes_no_sense_is_refused(wrong):
    value = json.loads(json.dumps(as_json(TWO))) | wrong
    with pytest.raises(ValueError, match=r".+"):
        from_json(value)


def test_a_version_missing_a_field_is_refused():
    value = json.loads(json.dumps(as_json(TWO)))
    del value["versions"][1]["sha256"]
    with pytest.raises(ValueError, match="sha256"):
        from_json(value)


def test_gain_needs_both_figures():
    assert version(1).gain_bits == 0.5
    assert replace(version(1), bits_before=None).gain_bits is None
