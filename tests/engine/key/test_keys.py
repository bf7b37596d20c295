import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.key.keys import (
    SEVENTH_HEARD,
    Key,
    Mode,
    from_signature,
    mirex_points,
    relative,
    scale_of,
)

numbers = st.integers(0, 23)


def _key(number: int, chance: float = 1.0) -> Key:
    return Key(number % 12, Mode(number // 12), chance, chance)


@pytest.mark.parametrize(
    ("sharps", "minor", "name"),
    [
        (0, False, "C major"),
        (0, True, "A minor"),
        (3, True, "F sharp minor"),
        (-4, False, "A flat major"),
        (-1, True, "D minor"),
        (7, False, "C sharp major"),
    ],
)
def test_signatures_have_the_names_that_musicians_give_them(sharps, minor, name):
    assert str(_key(from_signature(sharps, minor=minor))) == name


@given(sharps=st.integers(-7, 7))
def test_relative_keys_share_their_signature(sharps):
    major, minor = from_signature(sharps, minor=False), from_signature(sharps, minor=True)
    assert (relative(major), relative(minor)) == (minor, major)
    assert scale_of(_key(major)) == scale_of(_key(minor))


@given(number=numbers, turn=st.integers(0, 11))
def test_a_scale_turns_with_its_key(number, turn):
    turned = (number + turn) % 12 + 12 * (number // 12)
    assert scale_of(_key(turned)) == {(step + turn) % 12 for step in scale_of(_key(number))}
    assert len(scale_of(_key(number))) == 7
    assert _key(number).number == number


def test_a_minor_key_gets_its_raised_seventh_only_where_it_sounds():
    a_minor, g_sharp = _key(12 + 9), 8
    silent, heard = [0.0] * 12, [0.0] * 12
    heard[g_sharp] = SEVENTH_HEARD
    assert g_sharp not in scale_of(a_minor)
    assert g_sharp not in scale_of(a_minor, silent)
    assert scale_of(a_minor, heard) == scale_of(a_minor) | {g_sharp}
    assert scale_of(_key(9), heard) == scale_of(_key(9)), "a major key has it already"


@given(said=numbers, true=numbers)
def test_mirex_points_are_for_the_right_key_and_for_near_ones(said, true):
    points = mirex_points(said, true)
    assert (points == 1.0) == (said == true)
    assert points == mirex_points(true, said)
    assert mirex_points(relative(true), true) == 0.3
    assert mirex_points((true + 12) % 24, true) == 0.2
    fifth = (true + 7) % 12 + 12 * (true // 12)
    assert mirex_points(fifth, true) == 0.5
    assert sum(mirex_points(any_, true) for any_ in range(24)) == pytest.approx(2.5)


def test_a_key_is_known_from_an_even_chance_on():
    assert _key(0, 0.5).known
    assert not _key(0, 0.49).known
    between = Key(0, Mode.MAJOR, 0.4, 0.8)
    assert between.scale_known
    assert not between.known
