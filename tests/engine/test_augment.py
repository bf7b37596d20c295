"""Other ways to play the same music stay playable, and stay the same music."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.corpus import Stream, rows_of
from engine.encoding import COLUMN_SIZES, COLUMNS, UNKNOWN_POSITION
from engine.train.augment import augment, in_order
from tests.engine.music import stream

STREAMS = [
    stream(200, seed=1, phrases=(0, 20, 90)),
    stream(120, seed=2, velocity=False, family=10),
    stream(90, seed=3, drums=True),
    stream(40, seed=4, tempo_known=False),
]
seeds = st.integers(0, 2**32)


def _many(original: Stream, count: int = 60) -> list[Stream]:
    return [augment(original, np.random.default_rng(n))[0] for n in range(count)]


@given(seed=seeds, which=st.integers(0, len(STREAMS) - 1))
def test_augmented_music_could_have_been_played(seed, which):
    original = STREAMS[which]
    played, velocity_known = augment(original, np.random.default_rng(seed))
    assert len(played) == len(original)
    assert velocity_known == bool((original.velocity > 0).all())
    assert (played.duration > 0).all()
    assert (np.diff(np.floor(played.onset + 0.5)) >= 0).all()
    assert played.tempo_known <= original.tempo_known
    rows = rows_of(played)
    assert (rows >= 0).all()
    assert (rows.max(axis=0) < COLUMN_SIZES).all()
    if not played.tempo_known:
        assert (played.bar_tick == UNKNOWN_POSITION).all()
        assert (rows[:, [COLUMNS.index("beat_pos"), COLUMNS.index("bar_pos")]] == 0).all()


@given(seed=seeds, which=st.integers(0, len(STREAMS) - 1))
def test_what_is_not_played_differently_stays(seed, which):
    original = STREAMS[which]
    before = replace(original, onset=original.onset.copy())
    played, _ = augment(original, np.random.default_rng(seed))
    assert np.array_equal(original.onset, before.onset), "the piece itself is not touched"
    assert played.phrase.sum() == original.phrase.sum()
    assert (played.drums, played.labels) == (original.drums, original.labels)
    assert set(played.family.tolist()) <= {0, *original.family.tolist()}


@given(seed=seeds)
def test_transposition_is_whole_and_spares_drums(seed):
    rng = np.random.default_rng(seed)
    tonal, drums = STREAMS[0], STREAMS[2]
    moved = np.sort(augment(tonal, rng)[0].pitch.astype(int)) - np.sort(tonal.pitch.astype(int))
    assert len(set(moved.tolist())) == 1
    assert -6 <= moved[0] <= 6
    assert sorted(augment(drums, rng)[0].pitch) == sorted(drums.pitch)


def test_a_piece_at_the_edge_of_the_keyboard_stays_on_it():
    edge = stream(20)
    edge.pitch[:] = [0, 127] * 10
    assert {tuple(played.pitch) for played in _many(edge, 20)} == {tuple(edge.pitch)}


def test_single_instruments_are_shown_with_and_without_a_name_but_drums_always_with():
    assert {int(played.family[0]) for played in _many(STREAMS[1])} == {0, 10}
    assert {int(played.family[0]) for played in _many(STREAMS[2])} == {17}
    duo = replace(stream(20), family=np.resize([1, 10], 20).astype(np.int8))
    assert all(set(played.family.tolist()) == {1, 10} for played in _many(duo))


def test_some_music_loses_its_clock_and_none_gains_one():
    assert {played.tempo_known for played in _many(STREAMS[0])} == {True, False}
    assert {played.tempo_known for played in _many(STREAMS[3])} == {False}


def test_a_note_that_is_early_is_at_the_end_of_the_bar_before():
    for played in _many(STREAMS[0]):
        if played.tempo_known:
            place = np.floor(played.onset + 0.5).astype(int) % 384
            assert (place == played.bar_tick).all()


@pytest.mark.parametrize("which", [0, 1])
def test_velocities_are_made_up_only_where_there_are_none(which: int):
    original = STREAMS[which]
    played = _many(original)
    if which == 0:
        lows = [np.sort(p.velocity).astype(int) - np.sort(original.velocity) for p in played]
        assert all(np.abs(moved).max() <= 10 for moved in lows)
    else:
        silent = [bool((p.velocity == 0).all()) for p in played]
        assert set(silent) == {True, False}
        assert all((p.velocity > 0).all() or quiet for p, quiet in zip(played, silent, strict=True))


def test_notes_are_put_in_order_with_all_that_belongs_to_them():
    one = stream(6, phrases=(4,))
    order = np.array([3, 1, 5, 0, 2, 4])
    columns = ("onset", "duration", "pitch", "velocity", "bar_tick", "family", "phrase")
    mixed = replace(one, **{name: getattr(one, name)[order] for name in columns})
    sorted_again = in_order(mixed)
    for name in columns:
        assert np.array_equal(getattr(sorted_again, name), getattr(one, name)), name
