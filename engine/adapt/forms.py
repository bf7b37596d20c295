"""What few-shot training may change of the prior: the forms of an adapter, on torch.

    state      one vector, read with every note and at the start: the state that the model is in
               (state tuning; this transformer has no other state that does not pass by)
    heads      the maps to logits of the five heads, and their biases
    lora-N     a product of rank N added to every matrix of backbone and heads (arXiv:2106.09685),
               the state and the biases of the logits
    all        every weight but those of the styles, which nobody names while learning

A form is only a set of first values by name; names say how each changes the prior
(`engine.adapt.adapter`), so one `merge_in` serves all of them, also inside a derivative of a
derivative. It refuses to train.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from engine.adapt.adapter import ADD, DOWN, ONE_FADE, SAID, UP

Weights = Mapping[str, Tensor]

STYLES = "style.weight"
FORMS = ("state", "heads", "lora-4", "lora-16", "lora-32", "all")


def first_values(form: str, base: Weights, *, seed: int = 0) -> dict[str, Tensor]:
    """The parameters of a form, with which the prior is as it was. Raises ValueError.

    base: the prior's tensors. The downward halves of LoRA are drawn by the seed alone, so that
    adapters of one seed can be averaged by their upward halves.
    """
    kind, _, number = form.partition("-")
    if form not in FORMS:
        raise ValueError(f"There is no form of adapter {form!r}; name one of {', '.join(FORMS)}.")
    if kind == "all":
        named = [name for name in base if name != STYLES]
        return {name + ADD: torch.zeros_like(base[name]) for name in named}
    found = {SAID: torch.zeros_like(base["start"])} if kind != "heads" else {}
    if kind == "state":
        return found
    found |= {name + ADD: torch.zeros_like(base[name]) for name in base if _is_bias(name)}
    if kind == "heads":
        names = [name for name in base if name.endswith((".logits.weight", ".leaps.weight"))]
        return found | {name + ADD: torch.zeros_like(base[name]) for name in names}
    rng, rank = torch.Generator().manual_seed(seed), int(number)
    for name in sorted(filter(is_matrix, base)):
        rows, columns = base[name].shape
        found[name + DOWN] = torch.randn(rank, columns, generator=rng) * columns**-0.5
        found[name + UP] = torch.zeros(rows, rank)
    return found


def is_matrix(name: str) -> bool:
    """Whether LoRA changes this tensor of the prior: a matrix of backbone or heads."""
    inside = name.startswith("backbone.") and "norm" not in name and "look_back" not in name
    return (inside and ".weight" in name) or name.endswith((".hidden.weight", ".logits.weight"))


def _is_bias(name: str) -> bool:
    return name.endswith(".logits.bias")


def merge_in(base: Weights, values: Weights) -> dict[str, Tensor]:
    """The prior's tensors with these parameters in them: `engine.adapt.adapter.merged` on torch."""
    found = dict(base)
    for name, value in values.items():
        if name == SAID:
            found["start"] = found["start"] + value
            one = torch.zeros(found["heard.weight"].shape[1])
            one[ONE_FADE] = 1.0
            found["heard.weight"] = found["heard.weight"] + torch.outer(value, one)
        elif name.endswith(ADD):
            plain = name.removesuffix(ADD)
            found[plain] = found[plain] + value
        elif name.endswith(UP):
            plain = name.removesuffix(UP)
            found[plain] = found[plain] + value @ values[plain + DOWN]
    return found
