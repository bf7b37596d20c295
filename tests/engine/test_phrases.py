"""Where phrases begin: marks before silences before bars before wide gaps."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.encoding import TICKS_PER_BEAT
from engine.phrases import phrase_starts

APART = 3

steps = st.sampled_from([0, 0, 24, 24, 48, 96, 200])
lasting = st.sampled_from([1, 20, 24, 48, 96])
notes = st.lists(st.tuples(steps, lasting, st.booleans()), min_size=1, max_size=300)


def _starts(onset, duration, *, bar_tick=None, marked=(), seed: int = 0) -> list[int]:
    onset = np.asarray(onset, dtype=np.float64)
    bars = np.full(len(onset), -1) if bar_tick is None else np.asarray(bar_tick)
    marks = np.isin(np.arange(len(onset)), marked)
    rng = np.random.default_rng(seed)
    return phrase_starts(onset, np.asarray(duration), bars, marks, rng).tolist()


@given(
    chosen=notes,
    bar=st.sampled_from([None, 96, 288, 384]),
    marks=st.booleans(),
    seed=st.integers(0),
)
def test_starts_ascend_apart_and_the_first_note_is_none(chosen, bar, marks, seed):
    onset = np.cumsum([step for step, _, _ in chosen])
    found = _starts(
        onset,
        [duration for _, duration, _ in chosen],
        bar_tick=None if bar is None else onset % bar,
        marked=[n for n, (_, _, marked) in enumerate(chosen) if marked and marks],
        seed=seed,
    )
    assert all(0 < start < len(chosen) for start in found)
    assert all(after - before >= APART for before, after in pairwise([0, *found]))
    assert found == _starts(
        onset,
        [duration for _, duration, _ in chosen],
        bar_tick=None if bar is None else onset % bar,
        marked=[n for n, (_, _, marked) in enumerate(chosen) if marked and marks],
        seed=seed,
    )


def test_marks_are_used_where_there_are_any():
    onset = 48.0 * np.arange(40)
    onset[20:] += 960  # the silence is no phrase's end: the data knows better
    assert _starts(onset, [40] * 40, marked=[0, 7, 15, 17, 33]) == [7, 15, 33]


def test_a_silence_of_half_a_beat_begins_a_phrase():
    onset = 48.0 * np.arange(20)
    onset[8:] += TICKS_PER_BEAT // 2
    assert _starts(onset, [48] * 20) == [8]
    assert _starts(onset, [49] * 20) == [], "a little less is none"


def test_a_note_that_sounds_on_is_no_silence():
    onset = 48.0 * np.arange(20)
    onset[8:] += TICKS_PER_BEAT
    held = [48] * 20
    held[2] = 900
    assert _starts(onset, held) == []


@pytest.mark.parametrize("seed", range(8))
def test_music_that_never_pauses_is_divided_at_bar_lines(seed: int):
    onset = 48 * np.arange(160)
    found = _starts(onset, [48] * 160, bar_tick=onset % 384, seed=seed)
    every = {after - before for before, after in pairwise(found)}
    assert all(start % 8 == 0 for start in found)
    assert every in ({8}, {16}, {32})


@pytest.mark.parametrize("seed", range(8))
def test_without_bars_it_is_divided_at_wide_gaps(seed: int):
    onset = 24.0 * np.arange(600)
    wide = np.arange(5, 600, 10)
    for start in wide:
        onset[start:] += 12
    found = _starts(onset, [24] * 600, seed=seed)
    assert len(found) >= 600 // 96 - 1
    assert set(found) <= set(wide.tolist())


def test_short_pieces_are_one_phrase():
    assert _starts([0.0], [10]) == []
    assert _starts(24.0 * np.arange(20), [24] * 20) == []
