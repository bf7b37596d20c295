"""Limits one by one: what each forbids, and which gives way."""

from collections.abc import Sequence

import numpy as np
import pytest

from engine.encoding import (
    DURATION,
    ONSET,
    PITCH,
    TIME_VALUES,
    VELOCITY,
    VOICE,
    time_class,
    to_ticks,
)
from engine.limits import Constraints, FieldDraw
from engine.sampling.answer import Answer, Frame
from engine.sampling.constraints import Rules
from engine.sampling.heard import Heard
from engine.sampling.prepared import Prepared
from engine.scales import Scale
from tests.engine.constraint_play import HAND_OVER, NEVER, USUAL, VOICES, play


def _rules(frame: Frame | None = None, bar: int = 384, **limits) -> Rules:
    return Rules(Prepared(Constraints(**limits), bar), frame or Frame(0, 10_000, 0))


def _row(delta: int = 0, pitch: int = 60, duration: int = 24, velocity: int = 20) -> list[int]:
    return [time_class(delta), pitch, time_class(duration), velocity, 19]


def _times(rules: Rules, row: Sequence[int] = NEVER, known: tuple[int, ...] = ()) -> list[int]:
    """Ticks that the next onset may fall on."""
    return [rules.tick(int(n)) for n in rules.allowed(ONSET, row, known).nonzero()[0]]


def _keys(rules: Rules, row: Sequence[int] = NEVER, known: tuple[int, ...] = ()) -> list[int]:
    return rules.allowed(PITCH, row, known).nonzero()[0].tolist()


def test_a_scale_within_a_register_and_the_reach():
    rules = _rules(
        Frame(0, 999, 0, heard_range=(60, 62)),
        scale=Scale(9, "minor pentatonic"),
        lowest=62,
        reach=9,
    )
    assert _keys(rules) == [62, 64, 67, 69]
    assert not rules.gave_way


def test_the_cheaper_limit_gives_way_and_says_so():
    rules = _rules(scale=Scale(0), keys=(61, 63), lowest=62)
    assert _keys(rules) == [63]
    assert rules.gave_way == {"scale": 1}


def test_drums_have_no_scale():
    limits = {"scale": Scale(0), "highest": 3}
    assert _keys(_rules(Frame(0, 99, 0, drums=True), **limits)) == [0, 1, 2, 3]
    assert _keys(_rules(**limits)) == [0, 2]
    # A voice that is chosen says it for the note.
    assert _keys(_rules(**limits), [*NEVER[:4], 35], (VOICE,)) == [0, 1, 2, 3]


def test_a_chord_never_doubles_a_key_in_whatever_order_it_is_chosen():
    rules = _rules(keys=(60, 64))
    rules.place(_row(0, 60))
    assert _keys(rules, _row(0), (ONSET,)) == [64]
    assert 0 not in _times(rules, _row(pitch=60), (PITCH,))
    assert 0 in _times(rules, _row(pitch=64), (PITCH,))
    rules.place(_row(0, 64))
    assert 0 not in _times(rules)
    assert not rules.gave_way


def test_a_melody_waits_for_its_last_note():
    rules = _rules(most_at_once=1)
    rules.place(_row(0, duration=40))
    assert min(_times(rules)) == 40
    rules.place(_row(50, duration=10))
    assert min(_times(rules)) == 60


def test_a_melody_that_is_held_back_is_shortened_instead():
    rules = _rules(Frame(0, 9999, 0, holds_back=True), most_at_once=1)
    rules.place(_row(0, duration=40))
    assert min(_times(rules)) == 1
    rules.place(_row(24, duration=40))
    assert rules.answer.cuts == {0: 24}
    rules.place(_row(48))
    assert rules.answer.cuts == {0: 24}


def test_two_at_once_keep_the_longer_note():
    rules = _rules(Frame(0, 9999, 0, holds_back=True), most_at_once=2)
    rules.place(_row(0, 60, duration=40))
    rules.place(_row(0, 64, duration=30))
    assert min(_times(rules)) == 1
    rules.place(_row(10, 62, duration=96))
    assert rules.answer.cuts == {1: 10}
    # No chord on this onset: the other note of the chord before can no longer be cut. Later this
    # one can.
    assert min(_times(rules)) == 11
    rules.place(_row(1, 60))
    assert rules.answer.cuts == {1: 10, 2: 1}


def test_sixteenths_are_exact_also_after_a_long_rest():
    rules = _rules(grid=(4,))
    rules.place(_row(24))
    assert all(tick % 24 == 0 for tick in _times(rules))
    assert set(range(24, 24 + 384, 24)) <= set(_times(rules))


def test_swing_moves_the_off_beat_and_leaves_triplets():
    rules = _rules(grid=(2,), swing=2 / 3)
    rules.place(_row(0))
    assert _times(rules)[:5] == [0, 64, 96, 160, 192]
    rules = _rules(grid=(3,), swing=0.6)
    rules.place(_row(0))
    assert _times(rules)[:4] == [0, 32, 64, 96]


def test_without_a_tempo_there_is_no_grid_and_it_says_so():
    rules = _rules(bar=0, grid=(1,))
    rules.place(_row(0))
    assert 1 in _times(rules)
    assert rules.gave_way == {"grid": 1}


def test_a_full_beat_and_a_full_bar():
    rules = _rules(most_per_beat=2, most_per_bar=3)
    rules.place(_row(0))
    rules.place(_row(24))
    assert _times(rules)[:2] == [24, 96]
    rules.place(_row(72))
    assert _times(rules)[:2] == [96, 384]


def test_a_beat_that_asks_for_more():
    rules = _rules(fewest_per_beat=2)
    rules.place(_row(0))
    assert max(_times(rules)) == 95
    rules.place(_row(48))
    # Beyond a beat classes are two ticks apart.
    assert max(_times(rules)) == 190


@pytest.mark.parametrize("land", [1.0, 4.0, 7.99, 2.37])
@pytest.mark.parametrize("order", [USUAL, (PITCH, DURATION, VELOCITY, ONSET, VOICE)])
def test_an_answer_lands_where_it_is_told_to(land, order):
    frame = Frame(0, 960, -50, voices=(19,), hand_over=HAND_OVER)
    for seed in range(20):
        run = play(_rules(frame, land=land, grid=(4,), max_notes=30), order, 30, seed)
        assert run.notes[-1].placed.tick == to_ticks(land)
        assert run.over or len(run.notes) == 30
        assert not run.rules.gave_way["land"]


def test_a_landing_that_cannot_be_reached_gives_way():
    assert _rules(Frame(500, 900, 0), land=2.0).gave_way == {"land": 1}
    assert _rules(Frame(0, 192, 0), land=2.0).gave_way == {"land": 1}
    assert not _rules(Frame(0, 193, 0), land=2.0).gave_way


def test_the_first_note_enters_on_one_of_two_half_beats():
    for silence in (0, 100, 700, 2999, 50_000):
        rules = _rules(Frame(silence + 1, silence + 999, 0))
        assert {tick % 48 for tick in _times(rules)} == {0}
        assert silence < min(_times(rules)) <= max(_times(rules)) < silence + 97
        rules = _rules(Frame(silence, silence + 999, 0), bar=0)
        assert silence <= min(_times(rules)) <= max(_times(rules)) <= silence + 24


def test_hand_over_ends_the_answer_but_not_before_its_first_note():
    frame = Frame(0, 999, 0, voices=VOICES, hand_over=HAND_OVER)
    rules = _rules(frame)
    assert rules.allowed(VOICE, NEVER, ()).nonzero()[0].tolist() == sorted(VOICES)
    rules.place(_row(0))
    voices = rules.allowed(VOICE, NEVER, ()).nonzero()[0].tolist()
    assert voices == sorted(VOICES + HAND_OVER)
    assert rules.over([*NEVER[:4], HAND_OVER[0]], (VOICE,))
    assert not rules.over([*NEVER[:4], VOICES[0]], (VOICE,))
    assert not rules.over(NEVER, ())


def test_past_the_end_means_over_and_cannot_be_placed():
    rules = _rules(Frame(0, 100, 0))
    rules.place(_row(0))
    assert not rules.over(_row(99), (ONSET,))
    assert rules.over(_row(100), (ONSET,))
    with pytest.raises(ValueError, match=r"over\(\)"):
        rules.place(_row(100))


def test_a_note_is_played_within_its_limits_though_classes_are_coarse():
    rules = _rules(softest=60, loudest=61, shortest=1.01, longest=1.01)
    choice = [
        int(rules.allowed(field, NEVER, ()).nonzero()[0][0]) for field in (DURATION, VELOCITY)
    ]
    placed = rules.place([0, 60, *choice, 19])
    assert (placed.duration_ticks, placed.velocity) == (97, 60)


def test_what_the_law_forbids_cannot_be_placed():
    answer = Answer(Frame(0, 99, 0), 384)
    answer.place(10, 60, 5, None)
    with pytest.raises(ValueError, match="struck already"):
        answer.place(10, 60, 5, None)
    with pytest.raises(ValueError, match="by onset"):
        answer.place(9, 61, 5, None)


def test_greedy_in_one_field_only():
    rules = _rules(by_field=(FieldDraw("pitch", 0.0),), temperature=3.0, top_p=1.0)
    logits, rng = np.zeros(128, np.float32), np.random.default_rng(0)
    logits[70] = 0.1
    assert {rules.choose(PITCH, logits, NEVER, (), rng) for _ in range(30)} == {70}
    flat = np.zeros(33, np.float32)
    assert len({rules.choose(VELOCITY, flat, NEVER, (), rng) for _ in range(30)}) > 5


def test_closeness_pulls_toward_what_was_heard():
    heard = Heard()
    for n in range(30):
        heard.hear(24, 60 + 7 * (n % 2), 24, 10)
    flat, shares = np.zeros(128, np.float32), []
    for closeness in (0.0, 0.5, 1.0):
        limits = Constraints(closeness=closeness, reach=None, temperature=1.0, top_p=1.0)
        rules, rng = Rules(Prepared(limits, 384), Frame(0, 99, 0), heard), np.random.default_rng(0)
        drawn = [rules.choose(PITCH, flat, NEVER, (), rng) for _ in range(400)]
        shares.append(sum(pitch % 12 in {0, 7} for pitch in drawn) / 400)
    assert shares[0] < 0.3 < shares[1] < shares[2]
    assert shares[2] > 0.8


def test_the_ticks_of_classes_stay_in_order():
    rules = _rules(Frame(701, 9999, 0), land=9.37)
    for pitch in (60, 61, 62):
        ticks = [rules.tick(number) for number in range(len(TIME_VALUES))]
        assert ticks == sorted(set(ticks))
        rules.place([int(rules.allowed(ONSET, NEVER, ()).nonzero()[0][0]), pitch, 24, 20, 19])
