"""The back-off baseline: a true probability, right by hand, and quick to learn a pattern."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.encoding import FIELD_SIZES, FIELDS
from engine.evaluate import baselines
from engine.evaluate.backoff import (
    EXCLUSION,
    SMOOTHINGS,
    WITTEN_BELL,
    Variant,
    View,
    probabilities,
)
from engine.evaluate.notes import Notes, gather, join
from tests.engine.music import stream

PITCHES = View("pitches", 1, (), (("pitch", 1),))


def _notes(*streams: list[tuple[int, int, int, int, int]]) -> Notes:
    """Streams of (delta, pitch, duration, velocity, voice) classes."""
    rows = [np.array(notes, dtype=np.int16).reshape(-1, 5) for notes in streams]
    place = np.concatenate([np.arange(len(part), dtype=np.int32) for part in rows])
    together = np.concatenate(rows)
    counted = np.ones((len(together), 5), dtype=bool)
    counted[:, 0] = counted[:, 4] = place > 0
    counted[:, 3] = together[:, 3] > 0
    return Notes(
        rows=np.hstack([together, np.zeros((len(together), 4), dtype=np.int16)]),
        counted=counted,
        place=place,
        piece=np.repeat(np.arange(len(rows), dtype=np.int32), [len(part) for part in rows]),
        collections=("made up",) * len(rows),
    )


def _line(*pitches: int) -> list[tuple[int, int, int, int, int]]:
    return [(3, pitch, 4, 5, 1) for pitch in pitches]


small_notes = st.tuples(
    *(st.integers(0, 2), st.integers(60, 63), st.integers(1, 3), st.integers(0, 2)),
    st.integers(0, 1),
)
small_streams = st.lists(small_notes, min_size=1, max_size=8)


@settings(max_examples=25)
@given(
    train=st.lists(small_streams, min_size=1, max_size=4),
    asked=small_streams,
    view=st.sampled_from(baselines.VIEWS),
    deepest=st.integers(1, 4),
)
def test_probabilities_over_all_classes_sum_to_one(train, asked, view, deepest):
    classes = FIELD_SIZES[view.field]
    asked = [*asked, asked[-1]]  # a second note at least: the first onset and voice are given
    every = []
    for value in range(classes):
        last = list(asked[-1])
        last[view.field] = value
        every.append([*asked[:-1], tuple(last)])
    notes = _notes(*every)
    notes.counted[:] = False
    notes.counted[np.flatnonzero(np.append(notes.place[1:], 0) == 0), view.field] = True
    found = probabilities(view, _notes(*train), notes, deepest=deepest)
    assert len(found) == (deepest + 1) * len(SMOOTHINGS)
    for variant, chances in found.items():
        assert len(chances) == classes
        assert (chances > 0).all()
        assert chances.sum() == pytest.approx(1.0, abs=1e-9), variant


def test_witten_bell_by_hand():
    train = _notes(_line(60, 62, 60, 62, 60, 64))
    found = probabilities(PITCHES, train, _notes(_line(60, 62)), deepest=1)
    # 60 three times, 62 twice, 64 once: six notes, three kinds.
    alone = (2 + 3 / 128) / (6 + 3)
    assert found[Variant(WITTEN_BELL, 0)][1] == pytest.approx(alone)
    # After 60 came 62 twice and 64 once: three notes, two kinds.
    assert found[Variant(WITTEN_BELL, 1)][1] == pytest.approx((2 + 2 * alone) / (3 + 2))


def test_update_exclusion_by_hand():
    train = _notes(_line(60, 62, 60, 62, 60, 64))
    found = probabilities(PITCHES, train, _notes(_line(60, 62)), deepest=1)
    # With no context, 62 counts once: it only ever followed 60. 60 counts twice, 64 once.
    alone = (1 - 0.9 + 1.9 * 3 / 128) / (4 + 3)
    after = (2 - 0.9 + 1.9 * 2 * alone) / (3 + 2)
    assert found[Variant(EXCLUSION, 1)][1] == pytest.approx(after)
    # The longest context counts what was there, so order 0 is no different.
    plain = (2 - 0.9 + 1.9 * 3 / 128) / (6 + 3)
    assert found[Variant(EXCLUSION, 0)][1] == pytest.approx(plain)


def test_a_context_that_never_was_says_what_the_shorter_one_says():
    train = _notes(_line(60, 62, 60, 62))
    found = probabilities(PITCHES, train, _notes(_line(99, 62)), deepest=3)
    assert found[Variant(WITTEN_BELL, 3)][1] == found[Variant(WITTEN_BELL, 0)][1]


def test_contexts_end_where_the_stream_does():
    train = _notes(_line(60, 62), _line(64, 65), _line(60, 62), _line(64, 65))
    apart = probabilities(PITCHES, train, _notes(_line(60), _line(64)), deepest=2)
    joined = probabilities(PITCHES, train, _notes(_line(62), _line(64)), deepest=2)
    for variant, chances in apart.items():
        assert chances[1] == joined[variant][1], "what the stream before ended with does not matter"
    # 64 begins half of the streams: it is expected there, but not after a 62.
    inside = probabilities(PITCHES, train, _notes(_line(62, 64)), deepest=1)
    begins, follows = apart[Variant(WITTEN_BELL, 1)][1], inside[Variant(WITTEN_BELL, 1)][1]
    assert begins > 2 * follows


def test_intervals_are_the_same_in_every_key():
    train = _notes(_line(*[60, 64, 67] * 10))
    view = View("intervals", 1, (), (("interval", 1),), relative=True)
    here = probabilities(view, train, _notes(_line(60, 64, 67)), deepest=1)
    there = probabilities(view, train, _notes(_line(71, 75, 78)), deepest=1)
    for variant, chances in here.items():
        assert chances[2] == there[variant][2]
    absolute = probabilities(PITCHES, train, _notes(_line(71, 75, 78)), deepest=1)
    assert there[Variant(EXCLUSION, 1)][2] > 10 * absolute[Variant(EXCLUSION, 1)][2]


def test_no_training_notes_leave_uniform_choice():
    silent = _notes([(3, 60, 4, 0, 1)] * 9)
    bits = baselines.unigram(silent, _notes(_line(60, 62)))
    assert bits[:, 3] == pytest.approx(np.log2(FIELD_SIZES[3]))


def test_uniform_choice_costs_what_the_alphabet_says():
    asked = _notes(_line(60, 62, 64), [(3, 60, 4, 0, 1)])
    later = [[289, 128, 289, 33, 36]] * 2
    expected = np.log2([[1, 128, 289, 33, 1], *later, [1, 128, 289, 1, 1]])
    assert baselines.uniform(asked) == pytest.approx(expected, abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("with_valid", [True, False])
def test_a_pattern_is_learnt_and_single_frequencies_are_beaten(with_valid: bool):
    tunes = [stream(200, seed=n, pattern=5, collection="x", piece=str(n)) for n in range(6)]
    train, asked = gather(tunes), gather([stream(100, seed=2, pattern=5)])
    valid = gather([stream(100, seed=3, pattern=5)]) if with_valid else None
    calls = []
    bits, choices = baselines.backoff(
        train, train, valid, asked, progress=lambda: calls.append(None)
    )
    alone = baselines.unigram(train, asked)
    for field, name in enumerate(FIELDS):
        assert bits[20:, field].mean() < 0.5, name
        assert (choices[name].valid_bits is not None) == with_valid
    assert bits[:, 1].sum() < alone[:, 1].sum() / 3
    assert not bits[0, [0, 4]].any(), "the first onset and voice are not scored"
    assert 0 < len(calls) <= baselines.steps(tuned=with_valid)


def test_tables_are_joined_with_their_pieces_apart():
    one, other = gather([stream(10)]), gather([stream(12, collection="y")])
    both = join(one, other)
    assert len(both) == 22
    assert both.collections == ("tunes", "y")
    assert both.piece.tolist() == [0] * 10 + [1] * 12
    assert both.place.tolist() == [*range(10), *range(12)]
