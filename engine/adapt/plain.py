"""Starting points that nobody meta-trained: the prior as it is, and one rate for every tensor.

The rates did best on held-back players (meta_valid) of those tried: docs/SWEEPS.md. They serve
where there is no meta-trained start for a prior, and stand beside it in `antiphon evaluate adapt`.
"""

from engine.adapt.descent import Start, even_rates
from engine.adapt.forms import Weights, first_values

STEPS = 5
RATES = {
    "state": 1e-2,
    "heads": 1e-4,
    "lora-4": 1e-3,
    "lora-16": 6e-4,
    "lora-32": 4e-4,
    "all": 1e-4,
}
"""Size of a step (root of the mean square of the change of a tensor), by form."""


def plain_start(base: Weights, form: str = "lora-4", *, seed: int = 0) -> Start:
    """The start of a form on these weights. Raises ValueError for a form that there is not."""
    values = first_values(form, base, seed=seed)
    return Start(form, values, even_rates(values, RATES[form], STEPS))
