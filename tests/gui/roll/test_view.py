import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui.roll.notes import Reach
from gui.roll.view import LEAST_PX_PER_S, MOST_PX_PER_S, NOW_SHARE, PX_PER_S, View
from tests.gui.roll.told import S


def view(now_s: float = 100.0, dpr: float = 1.0) -> View:
    made = View()
    made.width, made.height, made.dpr = 1000, 500, dpr
    made.tick(round(now_s * S), 0)
    return made


def test_the_present_stands_where_it_belongs_and_time_moves_by_whole_pixels() -> None:
    shown = view()
    assert shown.x(shown.now_ns) == 1000 * NOW_SHARE
    at = shown.x(99 * S)
    shown.tick(101 * S, 0)
    assert shown.x(99 * S) == at - PX_PER_S


@given(st.integers(0, 10**13), st.integers(0, 10**10), st.floats(6, 1200))
def test_the_distance_of_two_notes_is_the_same_in_every_frame(
    t_ns: int, later_ns: int, zoom: float
) -> None:
    shown = view()
    shown.px_per_s = zoom
    first = shown.x(t_ns + later_ns) - shown.x(t_ns)
    shown.tick(shown.now_ns + 12_345_678, 0)
    assert shown.x(t_ns + later_ns) - shown.x(t_ns) == first


def test_zoom_keeps_the_present_or_what_is_under_the_mouse() -> None:
    shown = view()
    shown.zoom(2.0, 300)
    assert shown.x(shown.now_ns) == 1000 * NOW_SHARE
    shown.drag(200)
    under_ns = shown.moment(shown.left + 300)
    shown.zoom(1.5, 300)
    assert shown.x(under_ns) == pytest.approx(300, abs=1)


def test_zoom_has_its_limits() -> None:
    shown = view()
    for _ in range(50):
        shown.zoom(2.0)
    assert shown.px_per_s == MOST_PX_PER_S
    for _ in range(50):
        shown.zoom(0.5)
    assert shown.px_per_s == LEAST_PX_PER_S


def test_a_drag_back_stays_and_a_drag_ahead_comes_to_the_present() -> None:
    shown = view()
    shown.drag(300)
    assert not shown.follows
    at = shown.x(99 * S)
    shown.tick(103 * S, 0)
    assert shown.x(99 * S) == at
    shown.drag(-598)  # half of it passed meanwhile
    assert not shown.follows
    shown.drag(-2)
    assert shown.follows
    assert shown.x(shown.now_ns) == 1000 * NOW_SHARE


def test_after_a_rest_it_glides_to_the_present_and_no_further_than_what_is_seen() -> None:
    shown = view(now_s=10.0)
    shown.wake(3600 * S)
    shown.tick(3600 * S, 0)
    assert shown.now_ns == 3590 * S, "ten seconds are seen"
    steps = []
    while shown.catches_up:
        before = shown.now_ns
        shown.tick(3600 * S, 16_000_000)
        steps.append(shown.now_ns - before)
    assert shown.now_ns == 3600 * S
    assert steps[:-1] == sorted(steps[:-1], reverse=True)  # the last takes what little is left


@given(st.integers(0, 127), st.integers(0, 127), st.sampled_from([0.25, 0.5, 1.0, 2.0, 8.0]))
def test_rows_lie_inside_midis_keys_and_hold_what_is_played(a: int, b: int, zoom: float) -> None:
    shown = view()
    shown.zoom_rows(zoom)
    reach = Reach(min(a, b), max(a, b))
    shown.aim(reach)
    shown.settle()
    assert 0 <= shown.low < shown.high <= 127
    if zoom >= 1.0:
        assert shown.low <= reach.low
        assert reach.high <= shown.high


@given(st.integers(0, 499))
def test_every_pixel_belongs_to_the_row_that_is_painted_there(y: int) -> None:
    shown = view()
    shown.aim(Reach(30, 77))
    shown.settle()
    pitch = shown.pitch(y)
    assert shown.top(pitch) <= y < shown.top(pitch - 1)


def test_rows_do_not_run_after_every_note() -> None:
    shown = view()
    shown.aim(Reach(50, 70))
    shown.settle()
    before = (shown.low, shown.high)
    shown.aim(Reach(52, 71))
    assert not shown.glides
    assert (shown.low, shown.high) == before
    shown.aim(Reach(52, 90))
    assert shown.glides
    for _ in range(200):
        shown.tick(shown.now_ns, 16_000_000)
    assert not shown.glides
    assert shown.high >= 90


def test_as_it_was_in_the_beginning() -> None:
    shown = view()
    shown.aim(Reach(60, 60))
    first = (shown.px_per_s, shown.follows, shown.low, shown.high)
    shown.zoom(3.0)
    shown.zoom_rows(2.0)
    shown.drag(500)
    shown.reset()
    shown.settle()
    assert (shown.px_per_s, shown.follows, shown.low, shown.high) == first
