"""What is kept of an answer that is asked for again, and where it lies then (LOCK)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import Note, Timebase
from plugin.locked import FREE_BAR_BEATS, first_bars
from plugin.realtime.beats import BeatGrid

S = 1_000_000_000
notes = st.lists(
    st.builds(
        Note,
        onset=st.floats(3.0, 40.0),
        duration=st.floats(0.01, 6.0),
        pitch=st.integers(0, 127),
        velocity=st.integers(1, 127),
        channel=st.integers(0, 15),
    ),
    min_size=1,
    max_size=20,
)


def grid_of(bar: float = 4.0, *, known: bool = True) -> BeatGrid:
    return BeatGrid(Timebase(120.0, bar, tempo_known=known), 0)


def line(*onsets: float) -> list[Note]:
    return [Note(onset, 0.4, 60 + at, 90) for at, onset in enumerate(onsets)]


@given(
    found=notes,
    bars=st.sampled_from([1, 2, 4, 8]),
    bar=st.sampled_from([4.0, 3.0, 3.5, 0.5]),
    later_ns=st.integers(0, 60 * S),
)
def test_kept_notes_come_again_as_they_were_but_for_whole_bars(
    found: list[Note], bars: int, bar: float, later_ns: int
) -> None:
    grid = grid_of(bar)
    lock = first_bars(found, bars, grid)
    assert lock is not None
    moved = lock.moved(later_ns, grid)
    shift = moved.boundary_beat - lock.boundary_beat
    assert shift / bar == pytest.approx(round(shift / bar))
    assert lock.boundary_beat / bar == pytest.approx(round(lock.boundary_beat / bar))
    for before, after in zip(lock.notes, moved.notes, strict=True):
        assert before in found
        assert after == replace(before, onset=after.onset)
        assert after.onset - before.onset == pytest.approx(shift)
    due_ns = grid.ns(moved.notes[0].onset)
    assert later_ns - 1_000 <= due_ns < later_ns + grid.ns(bar) + 1_000, "the first place it fits"


@given(found=notes, bars=st.sampled_from([1, 2, 4, 8]), known=st.booleans())
def test_whatever_begins_before_the_boundary_is_kept_and_nothing_else(
    found: list[Note], bars: int, known: bool
) -> None:
    lock = first_bars(found, bars, grid_of(known=known))
    assert lock is not None
    assert lock.notes == tuple(
        sorted((n for n in found if n.onset < lock.boundary_beat - 1e-6), key=lambda n: n.onset)
    )
    assert lock.notes[0].onset == min(n.onset for n in found)
    assert lock.boundary_beat <= lock.notes[0].onset + (bars + 0.25) * FREE_BAR_BEATS + 1e-6


def test_bars_are_counted_from_the_first_note_of_the_answer() -> None:
    lock = first_bars(line(5.0, 6.0, 7.9, 8.0, 12.0), 1, grid_of())
    assert lock is not None
    assert lock.boundary_beat == 8.0
    assert [note.onset for note in lock.notes] == [5.0, 6.0, 7.9]


def test_an_upbeat_is_no_bar() -> None:
    lock = first_bars(line(7.5, 8.0, 10.0, 12.0, 14.0), 1, grid_of())
    assert lock is not None
    assert lock.boundary_beat == 12.0
    assert len(lock.notes) == 3


def test_an_answer_that_has_no_more_bars_is_kept_whole_and_goes_on() -> None:
    lock = first_bars(line(4.0, 5.0, 7.0), 8, grid_of())
    assert lock is not None
    assert (lock.boundary_beat, len(lock.notes)) == (8.0, 3)


def test_what_rings_beyond_the_boundary_rings_on() -> None:
    long = Note(4.0, 9.0, 48, 80)
    lock = first_bars([long, *line(8.0)], 1, grid_of())
    assert lock is not None
    assert lock.notes == (long,)


def test_in_free_time_four_beats_are_a_bar_and_it_begins_at_once() -> None:
    grid = grid_of(3.0, known=False)
    lock = first_bars(line(1.3, 5.2, 5.4), 1, grid)
    assert lock is not None
    assert lock.boundary_beat == pytest.approx(1.3 + FREE_BAR_BEATS)
    assert len(lock.notes) == 2
    moved = lock.moved(7 * S + 1, grid)
    assert moved.notes[0].onset == pytest.approx(grid.beat(7 * S + 1))


def test_nothing_is_kept_of_nothing() -> None:
    assert first_bars([], 1, grid_of()) is None
    assert first_bars(line(4.0), 0, grid_of()) is None
