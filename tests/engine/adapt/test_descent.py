"""Descent: moves of the size of their rates that lower the loss; and what can be learnt at all."""

import numpy as np
import pytest
import torch

from engine.adapt.descent import descend, even_rates, step
from engine.adapt.forms import FORMS, first_values, is_matrix
from engine.adapt.lesson import lesson_of
from engine.adapt.plain import RATES, plain_start
from tests.engine.adapt.stage import one_thread, random_values, scorer, start_of
from tests.engine.music import rows
from tests.fakes import tiny_prior

__all__ = ["one_thread"]

LESSON = lesson_of([np.array(rows(30, seed=1)), np.array(rows(20, seed=2))])


def _leaves(values):
    return {name: value.detach().requires_grad_() for name, value in values.items()}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("backbone", tiny_prior.BACKBONES)
def test_a_small_step_lowers_the_loss(form: str, backbone: str):
    model = scorer(shape=tiny_prior.BACKBONES[backbone])
    values = _leaves(first_values(form, model.base))
    moved, before = step(model, LESSON, values, even_rates(values, 1e-3, 1), 0)
    after = model.mean_bits(LESSON, moved).detach()
    assert float(after) < float(before) - 1e-3


@pytest.mark.parametrize("form", ["state", "lora-4", "all"])
def test_a_rate_of_nought_changes_nothing(form: str):
    model = scorer()
    start = start_of(model.base, form=form, rate=0.0)
    found = descend(model, LESSON, start)
    assert all(torch.equal(found[name], value) for name, value in start.values.items())


def test_a_move_has_the_size_of_its_rate_and_each_step_its_own():
    model = scorer()
    values = _leaves(random_values("lora-4", model.base))
    rates = {name: torch.tensor([0.25, 0.001 * (n + 1)]) for n, name in enumerate(values)}
    moved, _ = step(model, LESSON, values, rates, 1)
    for name, value in moved.items():
        size = float((value - values[name]).square().mean().sqrt().detach())
        assert size == pytest.approx(float(rates[name][1]), rel=1e-2), name


def test_what_was_learnt_is_told_step_by_step_and_can_be_stopped():
    model, told = scorer(), []

    def watch(done, values, bits):
        told.append((done, bits, values["said"].detach().clone()))
        return done < 3

    start = start_of(model.base, steps=6)
    found = descend(model, LESSON, start, watch=watch)
    assert [done for done, _, _ in told] == [1, 2, 3]
    assert told[0][1] == pytest.approx(float(model.mean_bits(LESSON, start.values).detach()))
    assert torch.equal(found["said"], told[-1][2])
    assert all(not value.requires_grad for value in start.values.values())
    assert torch.equal(descend(model, LESSON, start, steps=3)["said"], found["said"])


def test_notes_that_only_lead_in_are_not_learnt():
    model, notes = scorer(), np.array(rows(30, seed=3))
    whole, led = lesson_of([notes]), lesson_of([notes], unheard=[20])
    assert (whole.notes, led.notes) == (30, 10)
    assert model.bits(led, {})[:20].abs().sum() == 0
    assert torch.allclose(model.bits(led, {})[20:], model.bits(whole, {})[20:])
    other = notes.copy()
    other[:20, 1] = (other[:20, 1] + 5) % 128
    changed = model.bits(lesson_of([other], unheard=[20]), {})
    assert not torch.allclose(changed, model.bits(led, {})), "they are heard"


def test_streams_do_not_hear_each_other():
    model = scorer()
    one, two = np.array(rows(15, seed=4)), np.array(rows(15, seed=5))
    together = model.bits(lesson_of([one, two]), {})
    apart = torch.cat([model.bits(lesson_of([part]), {}) for part in (one, two)])
    assert torch.allclose(together, apart, atol=1e-4)


def test_bits_are_those_of_the_chances():
    model, notes = scorer(), np.array(rows(12, seed=6))
    lesson = lesson_of([notes])
    values = random_values("lora-4", model.base)
    each = torch.arange(len(notes))
    bits = model.bits(lesson, values)
    for field, part in enumerate(model.log_chances(lesson, values)):
        expected = -part[each, torch.from_numpy(notes[:, field])] / np.log(2)
        counted = lesson.counted[0, :, field]
        assert torch.allclose(bits[:, field][counted], expected[counted], atol=1e-4)


def test_every_form_has_a_plain_start_and_no_other_word_does():
    base = scorer().base
    assert set(RATES) == set(FORMS)
    for form in FORMS:
        start = plain_start(base, form)
        assert start.values.keys() == start.rates.keys()
        assert {len(rate) for rate in start.rates.values()} == {start.steps}
    for word in ("", "lora", "lora-5", "state-1", "everything"):
        with pytest.raises(ValueError, match="name one of state"):
            first_values(word, base)


def test_low_rank_is_of_every_matrix_and_the_seed_draws_its_lower_half():
    base = scorer().base
    one, same, other = (first_values("lora-4", base, seed=seed) for seed in (1, 1, 2))
    matrices = [name for name in base if is_matrix(name)]
    assert len(matrices) == 2 * 4 + 2 * 5
    for name in matrices:
        rows_, columns = base[name].shape
        assert one[f"{name}.up"].shape == (rows_, 4)
        assert one[f"{name}.down"].shape == (4, columns)
        assert torch.equal(one[f"{name}.down"], same[f"{name}.down"])
        assert not torch.equal(one[f"{name}.down"], other[f"{name}.down"])
