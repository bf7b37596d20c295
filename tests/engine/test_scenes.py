"""Turns, held notes, hidden rhythm and free order: each does what it says and nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.corpus import Stream, rows_of
from engine.encoding import (
    COLUMNS,
    DURATION,
    FAMILIES,
    FIELDS,
    OPEN,
    ORDER,
    PITCH,
    VOICE,
    kind_of,
    time_class,
    to_go_class,
)
from engine.train import scenes
from engine.train.batches import what_counts
from tests.engine.music import stream

KIND, TO_GO = COLUMNS.index("kind"), COLUMNS.index("to_go")
PIECE = stream(60, seed=1, family=10, phrases=(0, 9, 17, 30, 44))
seeds = st.integers(0, 2**32)


def _turns(seed: int, piece: Stream = PIECE) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Rows before and after turns were taken, and where phrases begin."""
    before, after = rows_of(piece), rows_of(piece)
    starts = scenes.take_turns(after, piece, np.random.default_rng(seed))
    return before, after, starts.tolist()


def test_the_names_of_columns_are_where_they_are_thought_to_be():
    named = (scenes.BEAT_POS, scenes.BAR_POS, scenes.KIND, scenes.TO_GO)
    assert [COLUMNS[column] for column in named] == ["beat_pos", "bar_pos", "kind", "to_go"]


# --------------------------------------------------------------------------------------- turns


@given(seed=seeds)
def test_the_sides_change_exactly_where_phrases_begin(seed):
    before, after, starts = _turns(seed)
    who = after[:, VOICE] // FAMILIES
    assert set(who.tolist()) <= {0, 1}
    assert (np.flatnonzero(np.diff(who)) + 1).tolist() == starts
    assert set(starts) <= {9, 17, 30, 44}
    assert (after[:, VOICE] % FAMILIES == before[:, VOICE]).all(), "instruments stay"
    assert set(after[:, KIND].tolist()) == {kind_of(tempo_known=True, turns=True)}
    changed = [column for column in range(len(COLUMNS)) if (after != before)[:, column].any()]
    assert set(changed) <= {VOICE, KIND, TO_GO}


def test_either_side_begins_and_turns_may_have_several_phrases():
    found = [_turns(seed) for seed in range(40)]
    assert {int(after[0, VOICE]) // FAMILIES for _, after, _ in found} == {0, 1}
    assert {len(starts) for _, _, starts in found} >= {2, 4}


@given(seed=seeds)
def test_time_to_go_counts_to_the_last_onset_of_the_notes_own_phrase(seed):
    _, after, starts = _turns(seed)
    told = after[:, TO_GO]
    onset = np.floor(PIECE.onset + 0.5).astype(int)
    ends = [*starts, len(after)]
    first_of_last = starts[-1] if starts else 0
    assert (told[first_of_last:] == 0).all(), "the last phrase may have been cut"
    if not told.any():
        return
    for number in range(first_of_last):
        last = onset[next(end for end in ends if end > number) - 1]
        assert told[number] == to_go_class(int(last - onset[max(number - 1, 0)]))


def test_time_to_go_is_told_in_some_pieces_and_not_in_others():
    assert {bool(_turns(seed)[1][:, TO_GO].any()) for seed in range(20)} == {True, False}


@given(seed=seeds, count=st.integers(1, 12))
def test_turns_in_short_pieces(seed, count):
    before, after, starts = _turns(seed, stream(count))
    assert starts == []
    assert len(set((after[:, VOICE] - before[:, VOICE]).tolist())) == 1
    assert (after[:, TO_GO] == 0).all()


# ---------------------------------------------------------------------------------- held notes


@given(durations=st.lists(st.integers(1, 400), min_size=2, max_size=30), data=st.data(), seed=seeds)
def test_exactly_what_still_sounds_is_open_and_only_for_who_reads(durations, data, seed):
    count = len(durations)
    at = data.draw(st.integers(1, count - 1))
    piece = replace(stream(count, seed=seed % 7), duration=np.array(durations, dtype=np.float64))
    rows = rows_of(piece)
    kept = rows.copy()
    read = scenes.hold(rows, piece, at)
    assert (rows == kept).all(), "what is predicted has its end"
    now = piece.onset[at - 1]
    for number in range(count):
        sounds = number < at and piece.onset[number] + durations[number] > now + 1
        assert (read[number, DURATION] == OPEN) == sounds
    others = [column for column in range(len(COLUMNS)) if column != DURATION]
    assert (read[:, others] == rows[:, others]).all()
    shut = read[:, DURATION] != OPEN
    assert (read[shut] == rows[shut]).all()


# ------------------------------------------------------------------------------- hidden rhythm


def test_without_rhythm_only_pitches_are_left():
    rows = rows_of(PIECE)
    counted = what_counts(rows, velocity_known=True)
    pitches = rows[:, PITCH].copy()
    scenes.hide_rhythm(rows, counted)
    assert (rows[:, PITCH] == pitches).all()
    assert len({tuple(row) for row in np.delete(rows[1:], PITCH, axis=1).tolist()}) == 1
    assert set(rows[:, DURATION].tolist()) == {time_class(96)}
    assert rows[0, 0] == 0
    assert set(rows[:, KIND].tolist()) == {kind_of(tempo_known=True, plain=True)}
    expected = np.zeros_like(counted)
    expected[:, PITCH] = True
    assert (counted == expected).all()


@pytest.mark.parametrize(
    ("piece", "expected"),
    [
        (stream(10), True),
        (stream(1), True),
        (stream(10, drums=True), False),
        (replace(stream(4), onset=np.array([0.0, 10.0, 10.0, 30.0])), False),
        (replace(stream(3), onset=np.array([0.0, 0.6, 1.2])), False),
    ],
)
def test_a_melody_has_one_note_at_a_time(piece: Stream, expected: bool):
    assert scenes.is_melody(piece) == expected


# ---------------------------------------------------------------------------------- free order


@given(count=st.integers(0, 50), free_order=st.floats(0, 1), seed=seeds)
def test_ranks_are_permutations(count, free_order, seed):
    found = scenes.ranks(count, free_order, np.random.default_rng(seed))
    assert found.shape == (count, len(FIELDS))
    assert (np.sort(found, axis=1) == np.arange(len(FIELDS))).all()


def test_without_freedom_the_order_is_the_usual_one():
    found = scenes.ranks(50, 0.0, np.random.default_rng(0))
    for rank in found.tolist():
        assert sorted(range(len(FIELDS)), key=rank.__getitem__) == list(ORDER)


def test_with_freedom_every_order_comes_up():
    found = scenes.ranks(4000, 1.0, np.random.default_rng(0))
    assert len({tuple(rank) for rank in found.tolist()}) == 120
    some = scenes.ranks(4000, 0.4, np.random.default_rng(0))
    usual = (some == scenes.ranks(1, 0.0, np.random.default_rng(0))).all(axis=1).mean()
    assert 0.55 < usual < 0.67
