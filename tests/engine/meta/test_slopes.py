"""Slopes of MAML, first-order MAML and Reptile, held against finite differences and each other."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from engine.adapt.descent import Start, Values, descend
from engine.adapt.lesson import Lesson, Scorer
from engine.meta import first_order, maml, reptile
from engine.meta.turns import everything_of, query_of, support_of
from engine.model import network
from tests.engine.adapt.stage import one_thread, scorer
from tests.engine.meta.stage import episode

__all__ = ["one_thread"]

EPISODE = episode()


class Bowl:
    """A loss that is easy to write down: learning pulls to one place, the query wants another."""

    def mean_bits(self, lesson: Lesson, values: Values) -> Tensor:
        goal = 2.0 if lesson.notes == support_of(EPISODE).notes else -1.0
        one, two = values["one"], values["two"]
        weights = torch.arange(1, 4, dtype=one.dtype)
        return (weights * (one - goal) ** 2).sum() + (one.sum() * two).square().sum() + two.sum()


def _leaves(values: dict[str, list[float]]) -> Values:
    return {
        name: torch.tensor(value, dtype=torch.float64).requires_grad_()
        for name, value in values.items()
    }


def _bowl(steps: int) -> Start:
    values = _leaves({"one": [0.3, -0.2, 0.5], "two": [0.1, 0.4]})
    rates = _leaves({"one": [0.11, 0.05, 0.07][:steps], "two": [0.03, 0.02, 0.06][:steps]})
    return Start("bowl", values, rates)


def _loss(model: Scorer | Bowl, start: Start) -> float:
    values = {name: value.detach().requires_grad_() for name, value in start.values.items()}
    rates = {name: rate.detach() for name, rate in start.rates.items()}
    learnt = descend(model, support_of(EPISODE), Start(start.form, values, rates))
    return float(model.mean_bits(query_of(EPISODE), learnt).detach())


def _along(model: Scorer | Bowl, start: Start, way: Values, of: str, size: float) -> float:
    """The slope along `way`, by differences."""

    def at(side: float) -> float:
        moved = {name: part.detach() + side * size * way[name] for name, part in _of(start, of)}
        rest = {"values": start.values, "rates": start.rates, of: moved}
        return _loss(model, Start(start.form, rest["values"], rest["rates"]))

    return (at(1.0) - at(-1.0)) / (2 * size)


def _of(start: Start, of: str):
    return (start.values if of == "values" else start.rates).items()


def _dot(slopes: Values, way: Values) -> float:
    return float(sum((slopes[name] * way[name]).sum() for name in way))


def _way(start: Start, of: str, seed: int) -> Values:
    rng = torch.Generator().manual_seed(seed)
    return {
        name: torch.randn(part.shape, generator=rng, dtype=part.dtype)
        for name, part in _of(start, of)
    }


@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("of", ["values", "rates"])
def test_maml_finds_the_slope_through_every_step(steps: int, of: str):
    start = _bowl(steps)
    values, rates, loss = maml.slopes(Bowl(), start, EPISODE)
    assert loss == pytest.approx(_loss(Bowl(), start))
    for seed in range(4):
        way = _way(start, of, seed)
        expected = _along(Bowl(), start, way, of, 1e-6)
        assert _dot(values if of == "values" else rates, way) == pytest.approx(expected, rel=1e-5)


def test_first_order_leaves_out_how_the_steps_bend():
    """So it is not the slope; but with one step its rates are exact."""
    start = _bowl(1)
    values, rates, loss = first_order.slopes(Bowl(), start, EPISODE)
    exact, exact_rates, same = maml.slopes(Bowl(), start, EPISODE)
    assert loss == pytest.approx(same)
    for name, rate in rates.items():
        assert torch.allclose(rate, exact_rates[name], rtol=1e-6)
    assert not torch.allclose(values["one"], exact["one"], rtol=1e-2)
    learnt = descend(Bowl(), support_of(EPISODE), start)
    at_the_end = torch.autograd.grad(
        Bowl().mean_bits(query_of(EPISODE), learnt), list(learnt.values())
    )
    for found, expected in zip(values.values(), at_the_end, strict=True):
        assert torch.allclose(found, expected)


def test_first_order_gives_each_rate_what_its_own_step_did():
    start = _bowl(3)
    _, rates, _ = first_order.slopes(Bowl(), start, EPISODE)
    path: list[Values] = [start.values]

    def watch(_: int, values: Values, __: float) -> bool:
        path.append(values)
        return True

    learnt = descend(Bowl(), support_of(EPISODE), start, watch=watch)
    ends = torch.autograd.grad(Bowl().mean_bits(query_of(EPISODE), learnt), list(learnt.values()))
    for (name, rate), end in zip(rates.items(), ends, strict=True):
        for number in range(3):
            move = (path[number + 1][name] - path[number][name]).detach()
            expected = (end * move).sum() / start.rates[name][number].detach()
            assert float(rate[number]) == pytest.approx(float(expected))


def test_reptile_is_start_minus_end_and_leaves_the_rates():
    start = _bowl(3)
    values, rates, _ = reptile.slopes(Bowl(), start, EPISODE)
    learnt = descend(Bowl(), everything_of(EPISODE), start)
    assert rates == {}
    for name, slope in values.items():
        assert torch.allclose(slope, (start.values[name] - learnt[name]).detach())
        assert not slope.requires_grad


# --------------------------------------------------------------------------------- on the prior


@pytest.fixture
def exact(monkeypatch: pytest.MonkeyPatch) -> Scorer:
    """A tiny prior in double precision."""
    original: Callable[[Tensor, Tensor], Tensor] = network.pitch_memory
    monkeypatch.setattr(network, "pitch_memory", lambda *rows: original(*rows).double())
    made = scorer()
    made.double()
    made.base = {name: tensor.detach() for name, tensor in made.prior.state_dict().items()}
    return made


def _start(model: Scorer, steps: int) -> Start:
    """The state, the biases and one matrix of low rank: every way in which an adapter changes."""
    rng = torch.Generator().manual_seed(3)
    name = "backbone.blocks.1.widen.weight"
    shapes = {"said": (16,), "heads.1.logits.bias.add": (128,), f"{name}.up": (64, 2)}
    shapes[f"{name}.down"] = (2, 16)
    values = {
        name: (0.1 * torch.randn(shape, generator=rng)).double().requires_grad_()
        for name, shape in shapes.items()
    }
    rates = {name: torch.full((steps,), 0.02).double().requires_grad_() for name in values}
    assert model.base["start"].dtype == torch.float64
    return Start("some", values, rates)


@pytest.mark.parametrize("of", ["values", "rates"])
def test_maml_finds_the_slope_of_the_prior(exact: Scorer, of: str):
    start = _start(exact, 2)
    values, rates, loss = maml.slopes(exact, start, EPISODE)
    assert loss == pytest.approx(_loss(exact, start))
    for seed in range(3):
        way = _way(start, of, seed)
        expected = _along(exact, start, way, of, 1e-6)
        found = _dot(values if of == "values" else rates, way)
        assert found == pytest.approx(expected, rel=1e-3, abs=1e-5)
    if of == "values":
        rough, _, _ = first_order.slopes(exact, start, EPISODE)
        assert any(not torch.allclose(rough[name], values[name], rtol=1e-3) for name in values)


def test_with_one_step_the_rates_of_both_are_the_same_on_the_prior(exact: Scorer):
    start = _start(exact, 1)
    for name, rate in first_order.slopes(exact, start, EPISODE)[1].items():
        expected = maml.slopes(exact, start, EPISODE)[1][name]
        assert torch.allclose(rate, expected, rtol=1e-6, atol=1e-9)
