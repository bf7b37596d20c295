"""The table of dials: complete, and each dial gives what was put."""

import dataclasses

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.limits import Constraints
from engine.scales import Scale
from plugin.control.kinds import Choice, Number, Switch
from plugin.control.kinds_music import key_of
from plugin.control.table import DIALS
from plugin.settings import Settings
from tests.plugin.control.values import dials, turned, values
from tests.plugin.sentences import assert_is_a_sentence

EVERY = [pytest.param(dial, id=dial.name) for dial in DIALS]

# Set by the session for one answer, or too fine for a dial: whoever adds a field has to choose.
WITHOUT_A_DIAL = {"land", "pitch_classes", "keys", "by_field", "limits"}


@given(st.data(), turned(), dials)
def test_a_dial_gives_what_was_put_whatever_stood_there(data, settings, dial):
    value = data.draw(values(dial))
    assert dial.get(dial.put(settings, value)) == value


@given(st.data(), turned(), dials)
def test_a_dial_changes_itself_and_what_it_pushes_only(data, settings, dial):
    after = dial.put(settings, data.draw(values(dial)))
    names = {changed.name for changed in DIALS.changed(settings, after)}
    own = {dial.part_of or dial.name}
    for pair in (
        *({span.low.name, span.high.name} for span in DIALS.spans),
        {"fewest per bar", "most per bar"},
    ):
        if dial.name in pair:
            own |= pair
    assert names <= own


@given(st.data(), dials)
def test_what_is_shown_can_be_typed(data, dial):
    value = data.draw(values(dial))
    again = dial.read(dial.words(value))
    assert again == value or again == pytest.approx(value, rel=1e-5)


@given(st.floats(0, 1), st.sampled_from([dial for dial in DIALS if dial.kind.turns]))
def test_a_value_lies_where_the_knob_is(turn, dial):
    value = dial.kind.at(turn)
    assert 0 <= dial.kind.turn(value) <= 1
    assert dial.kind.at(dial.kind.turn(value)) == value


@given(st.sampled_from([d for d in DIALS if isinstance(d.kind, Number) and not d.kind.nothing]))
def test_a_knob_reaches_both_ends_and_never_goes_back(dial):
    seen = [dial.kind.at(step / 127) for step in range(128)]
    assert (seen[0], seen[-1]) == (dial.kind.low, dial.kind.high)
    assert seen == sorted(seen)


@pytest.mark.parametrize("dial", EVERY)
def test_a_dial_explains_itself(dial):
    assert dial.get(dial.put(Settings(), dial.default)) == dial.default
    assert dial.read(dial.example) != dial.default or dial.name == "click channel"
    assert not dial.says.endswith(".")
    assert len(dial.says) < 100
    assert dial.kind.takes
    with pytest.raises(ValueError, match="does not fit") as refused:
        dial.read(", nothing of the kind")
    assert_is_a_sentence(str(refused.value))


def test_names_are_said_once():
    names = [name for dial in DIALS for name in (dial.name, *dial.also)]
    names += [span.name for span in DIALS.spans]
    assert len(set(names)) == len(names)


def test_every_setting_has_a_dial():
    """A field without a dial cannot be reached from anywhere."""
    fields = {field.name for field in msgspec.structs.fields(Settings)}
    fields |= {field.name for field in dataclasses.fields(Constraints)}
    reached = set()
    for dial in DIALS:
        for turn in range(128) if dial.kind.turns else ():
            after = dial.put(Settings(), dial.kind.at(turn / 127))
            reached |= _different(Settings(), after)
        reached |= _different(Settings(), dial.put(Settings(), dial.read(dial.example)))
    assert fields - reached - {"limits"} == WITHOUT_A_DIAL - {"limits"}


def _different(before: Settings, after: Settings) -> set[str]:
    names = {
        field.name
        for field in msgspec.structs.fields(Settings)
        if getattr(before, field.name) != getattr(after, field.name)
    }
    return names | {
        field.name
        for field in dataclasses.fields(Constraints)
        if getattr(before.limits, field.name) != getattr(after.limits, field.name)
    }


@pytest.mark.parametrize(
    ("text", "key"),
    [
        *(("C4", 60), ("c4", 60), ("Cb4", 59), ("B#3", 60), ("F♯3", 54), ("bb-1", 10)),
        *(("60", 60), ("G9", 127), ("C-1", 0), ("C♭5", 71)),
    ],
)
def test_keys_by_name(text, key):
    assert key_of(text) == key


@pytest.mark.parametrize("text", ["H4", "C", "", "C44", "128", "-1", "Cb-1", "G#9", "C--1", "4C"])
def test_what_is_no_key(text):
    with pytest.raises(ValueError, match="does not fit lowest"):
        DIALS["lowest"].read(text)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("scale", "Bb", Scale(10, "major")),
        ("scale", "F#m", Scale(6, "natural minor")),
        ("scale", "d  Minor", Scale(2, "natural minor")),
        ("scale", "E♭ half-whole", Scale(3, "half-whole octatonic")),
        ("meter", "7/8", 3.5),
        ("meter", "12/8", 6.0),
        ("swing", "2/3", 2 / 3),
        ("closeness", "70%", 0.7),
        ("closeness", "0,7", 0.7),
        ("tempo", "92.5 BPM", 92.5),
        ("tempo", "off", None),
        ("partner channel", "16", 15),
        ("state cc", "cc 20 channel 16", (15, 20)),
        ("state cc", "20", (0, 20)),
        ("grid", "2, 3", (2, 3)),
        ("style", "Bach Chorales 0.5, jig", (("bach chorales", 0.5), ("jig", 1.0))),
        ("yield", "bar", "end of bar"),
        ("way", "harm", "harmonise"),
        ("count in", "1 bar", 1),
    ],
)
def test_what_musicians_write(name, text, value):
    assert DIALS[name].read(text) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("closeness", text) for text in ("nan", "inf", "1.01", "-1.1", "1/0", "", "0x1")),
        *(("tempo", text) for text in ("0", "19.9", "1e9", "-120")),
        *(("meter", text) for text in ("4/5", "0/4", "65/4", "x/8", "4/", "/4", "99999999/1")),
        *(("grid", text) for text in ("0", "97", "2 x", "1 2 3 4 5", "-2")),
        *(("scale", text) for text in ("dorian", "H dorian", "D dorain", "")),
        *(("style", text) for text in ("blues, blues", "0.5", ",", "blues 2")),
        *(("bars", text) for text in ("3", "")),
        *(("click channel", text) for text in ("0", "17", "1.5")),
        *(("state cc", text) for text in ("120", "1 17", "1 2 3", "cc")),
        ("way", "a"),
    ],
)
def test_what_does_not_fit_is_said(name, text):
    with pytest.raises(ValueError, match=f"does not fit {name}") as refused:
        DIALS[name].read(text)
    assert_is_a_sentence(str(refused.value))


@given(dials, st.text(max_size=30))
def test_no_text_breaks_a_dial(dial, text):
    try:
        value = dial.read(text)
    except ValueError as error:
        assert_is_a_sentence(str(error))
    else:
        assert dial.get(dial.put(Settings(), value)) == value


def test_one_knob_of_a_range_pushes_the_other():
    low, high = DIALS["lowest"], DIALS["highest"]
    settings = low.put(high.put(Settings(), 60), 72)
    assert (settings.limits.lowest, settings.limits.highest) == (72, 72)
    settings = high.put(settings, 48)
    assert (settings.limits.lowest, settings.limits.highest) == (48, 48)


def test_choices_step_on_and_begin_again():
    bars = DIALS["bars"].kind
    assert isinstance(bars, Choice)
    assert [bars.after(value) for value in (1, 2, 4, 8, "gone")] == [2, 4, 8, 1, 1]


def test_kinds_say_whether_a_knob_can_turn_them():
    assert not DIALS["scale"].kind.turns
    assert DIALS["root"].kind.turns
    assert isinstance(DIALS["metronome"].kind, Switch)
