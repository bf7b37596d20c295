"""Learning: what is kept and what is not, and that neither a kill nor a cancel changes it."""

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.adapt.descent import Start
from engine.adapt.learn import FOLDS, CancelledError, Learning, Result, Step, Trial
from engine.adapt.material import Material, Take, take_of
from engine.adapt.plain import plain_start
from tests.engine.adapt.stage import (
    Ticking,
    drawn_from,
    habit,
    material_of_rows,
    one_thread,
    piece,
    scorer,
    start_of,
)
from tests.fakes import tiny_prior

__all__ = ["one_thread"]

SCORER = scorer()


def _habit(phrases: int = 5, *, seed: int = 0) -> Material:
    """So many phrases of 25 notes."""
    rows = take_of(piece([]), habit(25 * phrases, seed=seed), drums=False).rows
    return material_of_rows(rows, each=25)


def _run(material: Material, start: Start | None = None, **more: object) -> Result:
    told: dict = {"seconds": 1e9, "clock": Ticking(1.0), **more}
    learning = Learning(SCORER, start or start_of(SCORER.base), material, **told)
    return learning.finish(learning.prior(), dict(learning.trials()))


def _bits(material: Material, result: Result) -> float:
    learning = Learning(SCORER, start_of(SCORER.base), material, seconds=1.0)
    return float(SCORER.mean_bits(learning._lesson, result.values or {}))


def test_a_player_of_habit_is_kept_and_predicted_better():
    result = _run(_habit())
    assert result.values is not None
    assert result.after < result.before - 3 * result.error < result.before
    assert result.steps >= 1
    assert result.curve[0] == pytest.approx(result.before)
    assert result.curve[result.steps] == pytest.approx(result.after) == min(result.curve)
    # Another evening of the same player, which nobody has learnt.
    other = _habit(3, seed=9)
    without = Result(None, 0.0, 0.0, 0.0, 0, 0.0, ())
    assert _bits(other, result) < _bits(other, without) - 1.0


def test_what_the_prior_itself_plays_teaches_nothing(tmp_path: Path):
    fast = tiny_prior.fast(tmp_path)
    for seed in range(4):
        material = material_of_rows(drawn_from(fast, 100, seed=seed))
        result = _run(material)
        assert result.values is None, seed
        assert result.before - result.after <= result.error


def test_a_gain_within_noise_is_not_kept():
    """One phrase gains much, the others lose a little: that is no reason to believe in it."""
    material = _habit(4)
    learning = Learning(SCORER, start_of(SCORER.base, steps=1), material, seconds=1.0)
    before = learning.prior()
    for gains, kept in (([90.0, -8, -8, -8], False), ([20.0, 16, 17, 13], True)):
        trials = {}
        for fold in range(4):
            bits = np.full(learning.table, np.nan)
            bits[0, fold], bits[1, fold] = before[fold], before[fold] - gains[fold]
            trials[fold] = Trial(bits)
        result = learning.finish(before, trials)
        assert (result.values is not None) == kept
        assert result.before - result.after == pytest.approx(sum(gains) / 100)


@pytest.mark.parametrize("first", [0, 1])
def test_steps_that_lead_nowhere_are_not_good_steps(first: int):
    material = _habit(4)
    learning = Learning(SCORER, start_of(SCORER.base, steps=2), material, seconds=1.0)
    before = learning.prior()
    trials = {}
    for fold in range(4):
        bits = np.full(learning.table, np.nan)
        bits[:, fold] = before[fold] - 10.0
        bits[first:, fold] = np.nan if fold % 2 else np.inf
        trials[fold] = Trial(bits)
    result = learning.finish(before, trials)
    assert np.isfinite([result.before, result.after]).all()
    assert result.steps == 0
    assert (result.values is None) == (first == 0)


def test_rates_that_throw_the_model_away_are_not_kept():
    result = _run(_habit(), start_of(SCORER.base, rate=1e6))
    assert result.values is None
    assert result.steps == 0
    assert result.after == result.before


def test_held_back_phrases_are_not_learnt():
    """Whatever the last phrase is: where it is held back, what is learnt stays the same."""
    material = _habit(5)
    take = material.takes[0]
    rows = take.rows.copy()
    rows[100:, 1] = (rows[100:, 1] + 1) % 128
    changed = Material((Take("changed", rows, take.cuts),))
    tables = []
    for one in (material, changed):
        learning = Learning(SCORER, start_of(SCORER.base), one, seconds=1.0)
        tables.append([learning._trial(fold).bits for fold in range(FOLDS)])
    (held, other_fold, *_), (same, changed_fold, *_) = tables
    # Fold 0 holds back the first phrase and the last one; in the other folds the last is learnt.
    assert np.array_equal(np.isnan(held[0]), [False, True, True, True, False])
    assert np.array_equal(held[:, 0], same[:, 0])
    assert not np.array_equal(held[:, 4], same[:, 4])
    assert not np.array_equal(other_fold[1:, 1], changed_fold[1:, 1])


# ------------------------------------------------------------------------------ kill and cancel


def _same(one: Result, other: Result) -> None:
    assert (one.before, one.after, one.error, one.steps, one.curve) == (
        other.before,
        other.after,
        other.error,
        other.steps,
        other.curve,
    )
    assert one.values is not None
    assert other.values is not None
    assert all(torch.equal(value, other.values[name]) for name, value in one.values.items())


@pytest.mark.parametrize("done", [1, 2, 3, 4])
def test_folds_that_are_done_are_not_redone_and_the_end_is_the_same(done: int):
    material, told = _habit(), []
    whole = _run(material)
    first = Learning(SCORER, start_of(SCORER.base), material, seconds=1e9)
    kept = {}
    for number, trial in first.trials():
        kept[number] = Trial(np.array(trial.bits.tolist()))
        if len(kept) == done:
            break

    def watch(step: Step) -> bool:
        told.append(step)
        return True

    again = Learning(SCORER, start_of(SCORER.base), material, seconds=1e9, watch=watch)
    rest = dict(again.trials(kept))
    assert sorted(rest) == list(range(done, 4))
    _same(again.finish(again.prior(), {**kept, **rest}), whole)
    assert told[0].done == 4 * done + 1, "what was done before counts"
    assert len(told) == 4 * (4 - done) + whole.steps


def test_cancelling_at_any_step_ends_it():
    material, start = _habit(3), start_of(SCORER.base, steps=2)
    before = {name: value.clone() for name, value in start.values.items()}
    whole: list[Step] = []

    def watching(step: Step) -> bool:
        whole.append(step)
        return True

    _run(material, start, watch=watching)
    assert len(whole) > 4
    for last in range(1, len(whole) + 1):
        told: list[Step] = []

        def watch(step: Step, told: list[Step] = told, last: int = last) -> bool:
            told.append(step)
            return len(told) < last

        with pytest.raises(CancelledError):
            _run(material, start, watch=watch)
        assert len(told) == last
    assert all(torch.equal(start.values[name], value) for name, value in before.items())


# ------------------------------------------------------------------------------------ the time


def test_with_little_time_two_folds_are_tried_and_with_enough_all():
    tried = {}
    for seconds in (0.0, 60.0, 1e9):
        told: list[Step] = []

        def watch(step: Step, told: list[Step] = told) -> bool:
            told.append(step)
            return True

        clock = Ticking(1.0)
        learning = Learning(
            SCORER, start_of(SCORER.base), _habit(), seconds=seconds, watch=watch, clock=clock
        )
        trials = dict(learning.trials())
        result = learning.finish(learning.prior(), trials)
        assert result.values is not None
        tried[seconds] = sorted(trials)
        assert told[-1].done <= told[-1].of
        assert told[-1].of == (len(trials) + 1) * 4, "what is not done is not waited for"
    assert tried == {0.0: [0, 1], 60.0: [0, 1], 1e9: [0, 1, 2, 3]} or tried[60.0] == [0, 1, 2, 3]


def test_progress_grows_and_the_time_left_shrinks_at_an_even_pace():
    told: list[Step] = []

    def watch(step: Step) -> bool:
        told.append(step)
        return True

    _run(_habit(), watch=watch)
    assert [step.done for step in told] == list(range(1, len(told) + 1))
    left = [step.seconds_left for step in told]
    assert left[0] > left[-1] >= 0.0
    assert left[3] == pytest.approx(left[0], rel=0.5), "one fold of five is done"
    held = [step.held_back is not None for step in told]
    assert held == [True] * 16 + [False] * (len(told) - 16)
    assert [step.part for step in told] == [0] * 4 + [1] * 4 + [2] * 4 + [3] * 4 + [4] * (
        len(told) - 16
    )
    assert all(np.isfinite(step.bits) for step in told)


@pytest.mark.parametrize(("phrases", "folds"), [(1, 1), (2, 2), (3, 3), (9, 4)])
def test_few_phrases_are_few_folds(phrases: int, folds: int):
    learning = Learning(SCORER, start_of(SCORER.base), _habit(phrases), seconds=1e9)
    assert (learning.folds, learning.phrases) == (folds, phrases)
    result = learning.finish(learning.prior(), dict(learning.trials()))
    if phrases == 1:
        assert result.values is None, "nothing is held back that could speak for it"
    assert np.isfinite([result.before, result.after]).all()


def test_the_plain_start_learns_habits_too():
    assert _run(_habit(), plain_start(SCORER.base)).values is not None
