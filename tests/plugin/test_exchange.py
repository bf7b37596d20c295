"""How long an answer is, and when its notes are due."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import Note, Timebase
from plugin.exchange import LEAST_ANSWER_BEATS, MOST_ANSWER_BEATS, Exchange, answer_end
from plugin.realtime.beats import BeatGrid
from plugin.realtime.listener import HeardNote
from tests.strategies import MS, timebases

SECOND = 1_000 * MS
FREE = Timebase()
FOUR_FOUR = Timebase(120.0, 4.0, tempo_known=True)


@pytest.mark.parametrize(
    ("start", "phrase", "timebase", "end"),
    [
        (9.3, 1.0, FREE, 9.3 + LEAST_ANSWER_BEATS),
        (9.3, 7.25, FREE, 9.3 + 7.25),
        (9.3, 500.0, FREE, 9.3 + MOST_ANSWER_BEATS),
        (12.5, 4.0, FOUR_FOUR, 16.0),
        (13.5, 4.0, FOUR_FOUR, 20.0),  # a bar line at 16 would leave it too little
        (12.5, 8.0, FOUR_FOUR, 20.0),
        (12.0, 500.0, FOUR_FOUR, 36.0),
        (7.5, 6.1, Timebase(120.0, 3.5, tempo_known=True), 14.0),
        (6.0, 6.0, Timebase(120.0, 1020.0, tempo_known=True), 12.0),
        (6.0, 6.0, Timebase(120.0, 0.0, tempo_known=True), 12.0),
    ],
)
def test_an_answer_is_as_long_as_the_phrase_and_ends_on_a_bar_line(
    start: float, phrase: float, timebase: Timebase, end: float
) -> None:
    assert answer_end(start, phrase, timebase) == pytest.approx(end)


@given(timebases(), st.floats(0.0, 1e4), st.floats(0.0, 1e4))
def test_an_answer_has_limits(timebase: Timebase, start: float, phrase: float) -> None:
    length = answer_end(start, phrase, timebase) - start
    assert LEAST_ANSWER_BEATS - 1e-6 <= length
    assert length <= MOST_ANSWER_BEATS + max(timebase.beats_per_bar, 1e-6)


def exchange(timebase: Timebase = FREE) -> tuple[Exchange, BeatGrid]:
    found = Exchange(1)
    found.hear(HeardNote(0, 4 * SECOND, 0, 48, 80))
    found.hear(HeardNote(SECOND, 2 * SECOND, 0, 60, 80))
    return found, BeatGrid(timebase, 0)


def test_the_phrase_ends_with_its_last_release_not_with_its_last_note() -> None:
    turn, grid = exchange()
    assert turn.last_end_ns == 4 * SECOND
    assert turn.phrase_ns == 4 * SECOND
    assert turn.question(5 * SECOND, grid) == (10.0, 18.0)
    assert Exchange(2).phrase_ns == 0


@given(
    timebases(), st.integers(0, 20 * SECOND), st.lists(st.floats(0.0, 4.0), min_size=1, max_size=9)
)
def test_a_late_plan_is_moved_as_a_whole(
    timebase: Timebase, now_ns: int, onsets: list[float]
) -> None:
    turn, grid = exchange(timebase)
    turn.plan = [Note(8.0 + onset, 0.5, 60, 80) for onset in sorted(onsets)]
    first_due_ns = turn.begin_answer(now_ns, grid)
    assert turn.answering
    assert turn.shift_beats is not None
    assert first_due_ns >= now_ns
    notes = turn.moved(turn.plan)
    assert abs(grid.ns(notes[0].onset) - first_due_ns) <= 1
    for planned, note in zip(turn.plan, notes, strict=True):
        assert note.onset - planned.onset == pytest.approx(turn.shift_beats)
        assert (note.duration, note.pitch) == (planned.duration, planned.pitch)


def test_the_same_answer_is_recognised_wherever_it_begins() -> None:
    turn, _ = exchange()
    line = [Note(8.0, 0.5, 60, 80), Note(8.5, 0.5, 62, 80)]
    turn.plan = line
    assert not turn.is_repetition()
    turn.plan = [replace(note, onset=note.onset + 3.0, velocity=50) for note in line]
    assert turn.is_repetition()
    turn.plan = [line[0], replace(line[1], pitch=63)]
    assert not turn.is_repetition()


def test_it_is_over_when_all_was_planned_or_the_time_is_up() -> None:
    turn, grid = exchange()
    turn.question(5 * SECOND, grid)
    turn.plan = [Note(10.0, 1.0, 60, 80)]
    turn.begin_answer(6 * SECOND, grid)
    assert not turn.over(6 * SECOND, grid)
    assert turn.over(13 * SECOND, grid)
    turn.plan_done = True
    assert turn.over(6 * SECOND, grid)
    turn.void_plan()
    assert turn.plan == []
    assert not turn.plan_done
