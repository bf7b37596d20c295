"""A window comes back where it was, if that can be seen."""

from hypothesis import given
from hypothesis import strategies as st

from gui.place import SEEN_PX, fitting

MAIN = (0, 0, 1920, 1050)
SECOND = (1920, 0, 1280, 1024)


def test_the_first_day_is_the_middle_of_the_main_screen() -> None:
    assert fitting(None, (MAIN,)) == (240, 75, 1440, 900)


def test_a_small_screen_gets_a_small_window() -> None:
    # Its title bar is seen, too.
    assert fitting(None, ((0, 0, 1024, 600),)) == (0, 40, 1024, 560)


def test_it_comes_back_where_it_was() -> None:
    assert fitting((2000, 50, 1000, 700), (MAIN, SECOND)) == (2000, 50, 1000, 700)


def test_a_screen_that_is_gone_brings_it_to_the_main_one() -> None:
    assert fitting((2000, 50, 1000, 700), (MAIN,)) == (460, 175, 1000, 700)


def test_half_on_the_edge_stays_as_it_was() -> None:
    assert fitting((-400, 20, 1000, 700), (MAIN,)) == (-400, 20, 1000, 700)


edges = st.integers(-5000, 5000)
sizes = st.integers(100, 4000)


@given(place=st.tuples(edges, edges, sizes, sizes), screens=st.permutations((MAIN, SECOND)))
def test_it_can_always_be_taken_hold_of(
    place: tuple[int, int, int, int], screens: list[tuple[int, int, int, int]]
) -> None:
    left, top, width, height = fitting(place, tuple(screens))
    assert any(
        min(left + width, x + w) - max(left, x) >= min(SEEN_PX, width)
        and y <= top + SEEN_PX
        and top < y + h
        for x, y, w, h in screens
    )
    assert height <= max(h for _, _, _, h in screens)
