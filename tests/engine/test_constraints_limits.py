"""The values that travel: what they refuse, and that they cost nothing to import."""

import pickle
import subprocess
import sys

import pytest

from engine.limits import FIELDS, GIVES_WAY, Constraints, FieldDraw
from engine.scales import SCALES, Scale, root_of, scale_of


def test_the_usual_limits_limit_next_to_nothing():
    usual = Constraints()
    assert usual.changed() == ()
    assert (usual.lowest, usual.highest, usual.temperature, usual.top_p) == (0, 127, 0.95, 0.98)
    assert usual.max_notes == 256
    assert Constraints(grid=(4,), swing=0.6).changed() == ("grid", "swing")


def test_they_come_out_of_a_pipe_as_they_went_in():
    limits = Constraints(
        scale=Scale(3, "blues"), grid=(2, 3), land=7.5, by_field=(FieldDraw("pitch", 0.0, 1.0),)
    )
    assert pickle.loads(pickle.dumps(limits)) == limits
    assert hash(limits) == hash(pickle.loads(pickle.dumps(limits)))


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ({"lowest": 70, "highest": 60}, "exchange the two"),
        ({"lowest": -1}, "within 0 to 127"),
        ({"highest": 128}, "within 0 to 127"),
        ({"softest": 0}, "within 1 to 127"),
        ({"softest": 90, "loudest": 80}, "exchange the two"),
        ({"temperature": -0.1}, "take 0 for greedy"),
        ({"temperature": float("nan")}, "take 0 for greedy"),
        ({"top_p": 1.1}, "between 0 and 1"),
        ({"max_notes": -1}, "max notes cannot be -1"),
        ({"pitch_classes": (12,)}, "from 0 .* to 11"),
        ({"keys": (128,)}, "from 0 to 127"),
        ({"grid": (0,)}, "1 to 96 parts"),
        ({"swing": 0.4}, "0.5 is straight"),
        ({"swing_unit": 4}, "eighths"),
        ({"longest_rest": 0.0}, "above 0"),
        ({"longest_rest": float("inf")}, "above 0"),
        ({"shortest": 0.0}, "above 0"),
        ({"shortest": 1.0, "longest": 0.5}, "raise the longest"),
        ({"most_per_beat": 0}, "most per beat cannot be 0"),
        ({"most_at_once": 0}, "take 1 or more"),
        ({"most_struck": 0}, "take 1 or more"),
        ({"reach": -1}, "reach cannot be -1"),
        ({"fewest_per_bar": 5, "most_per_bar": 4}, "cannot both hold"),
        ({"closeness": 1.5}, "between -1 and 1"),
        ({"land": float("nan")}, "from the start of the session"),
        ({"land": -1.0}, "from the start of the session"),
        ({"by_field": (FieldDraw("pitch"), FieldDraw("pitch"))}, "each field once"),
    ],
)
def test_impossible_values_are_refused_with_a_next_step(limits, says):
    with pytest.raises(ValueError, match=says) as refused:
        Constraints(**limits)
    assert str(refused.value).endswith(".")


def test_a_field_is_drawn_in_its_own_way():
    limits = Constraints(temperature=0.7, by_field=(FieldDraw("velocity", 0.1, 0.5),))
    assert [limits.draw_of(n) for n in range(len(FIELDS))] == [
        *[(0.7, 0.98)] * 3,
        (0.1, 0.5),
        (0.7, 0.98),
    ]
    with pytest.raises(ValueError, match="name one of onset"):
        FieldDraw("colour")


def test_every_limit_that_gives_way_can_be_said():
    assert all(words and not words.endswith(".") for words in GIVES_WAY.values())
    assert list(GIVES_WAY).index("scale") < list(GIVES_WAY).index("upwards")


def test_scales_are_what_musicians_call_them():
    assert Scale(9, "natural minor").classes == Scale(0, "major").classes
    assert Scale(2, "dorian").classes == Scale(0).classes
    assert Scale(9, "minor pentatonic").classes == Scale(0, "major pentatonic").classes
    assert set(Scale(9, "harmonic minor").classes) - set(Scale(0).classes) == {8}
    assert Scale(6, "blues").classes == (0, 1, 4, 6, 9, 11)
    assert str(Scale(10, "mixolydian")) == "Bb mixolydian"
    assert [len(Scale(1, "chromatic").classes), len(Scale(1, "whole tone").classes)] == [12, 6]
    for name, steps in SCALES.items():
        assert steps[0] == 0
        assert list(steps) == sorted(set(steps)), name
        assert max(steps) < 12


def test_scales_and_roots_refuse_what_is_none():
    with pytest.raises(ValueError, match="take one of chromatic"):
        Scale(0, "happy")
    with pytest.raises(ValueError, match="no root 12"):
        Scale(12)
    with pytest.raises(ValueError, match="write it like"):
        root_of("H")


@pytest.mark.parametrize(
    ("name", "root"),
    [("C", 0), ("f#", 6), ("Bb", 10), ("E♭", 3), ("Cb", 11), ("B#", 0), (" g ", 7)],
)
def test_roots_are_read_in_every_usual_spelling(name, root):
    assert root_of(name) == root


def test_a_scale_is_found_by_its_pitch_classes():
    for name in SCALES:
        found = scale_of([7, *Scale(7, name).classes])
        assert found is not None
        assert found.classes == Scale(7, name).classes
        assert found.root == 7
    assert scale_of([]) is None
    assert scale_of([0, 1]) is None


def test_neither_needs_numpy():
    code = "import sys, engine.limits; print('numpy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "False"
