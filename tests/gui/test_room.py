"""Which regions a window has room for."""

from hypothesis import given
from hypothesis import strategies as st

from gui.room import Room, room

flags = st.booleans()
widths = st.integers(0, 4000)


def test_both_where_there_is_room_and_takes_are_liked() -> None:
    assert room(1000, 380, 330, 0, wanted=True, instead=False) == Room(True, True, True)
    assert room(1000, 380, 330, 0, wanted=False, instead=False) == Room(True, False, True)


def test_a_dock_takes_the_room_of_the_takes() -> None:
    assert room(1000, 380, 330, 300, wanted=True, instead=False) == Room(True, False, False)


def test_takes_stand_in_the_place_of_the_jam_for_as_long_as_they_are_asked_for() -> None:
    assert room(640, 380, 330, 0, wanted=True, instead=True) == Room(False, True, False)


@given(widths, widths, widths, widths, flags, flags)
def test_something_is_always_shown(
    width: int, left: int, takes: int, dock: int, wanted: bool, instead: bool
) -> None:
    found = room(width, left, takes, dock, wanted=wanted, instead=instead)
    assert found.jam or found.takes
