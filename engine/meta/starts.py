"""A starting point for few-shot learning on disk: first values and rates, with what they belong to.

One safetensors file: `value:NAME` and `rate:NAME` (the rate at each step). It refuses starts
of another prior.
"""

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from engine.adapt.adapter import AdapterError
from engine.adapt.descent import Start
from engine.files import write_whole

FORMAT = "antiphon-start-1"
SHIPPED = Path(__file__).resolve().parent.parent / "weights" / "start.safetensors"
_VALUE, _RATE = "value:", "rate:"


def save_start(path: Path, start: Start, prior: str, facts: dict[str, str]) -> None:
    """Write it whole. prior: fingerprint of the prior's weights. Raises OSError."""
    tensors = {_VALUE + name: value.detach().half() for name, value in start.values.items()}
    tensors |= {_RATE + name: rate.detach().float() for name, rate in start.rates.items()}
    metadata = {**facts, "format": FORMAT, "form": start.form, "prior": prior}
    write_whole(path, save({name: t.contiguous() for name, t in tensors.items()}, metadata))


def load_start(path: Path, prior: str | None) -> tuple[Start, dict[str, str]]:
    """(the start, its facts). prior: the fingerprint that it must name, if given.

    Raises AdapterError.
    """
    values: dict[str, torch.Tensor] = {}
    rates: dict[str, torch.Tensor] = {}
    try:
        with safe_open(path, framework="pt") as file:
            facts = dict(file.metadata() or {})
            if facts.pop("format", None) != FORMAT:
                raise AdapterError(f"{path.name} is no starting point of this version.")
            for name in file.keys():  # noqa: SIM118 - not a mapping
                tensor = file.get_tensor(name).float()
                if not torch.isfinite(tensor).all():
                    raise AdapterError(f"{path.name} holds numbers that are not finite.")
                kind = values if name.startswith(_VALUE) else rates
                kind[name.partition(":")[2]] = tensor
            form, found = facts.pop("form"), facts.pop("prior")
        if not values or values.keys() != rates.keys() or not _fit(rates):
            raise ValueError("values and rates of other names or shapes")
    except (SafetensorError, OSError, KeyError, ValueError, TypeError) as error:
        raise AdapterError(
            f"{path.name} is damaged or missing; reinstall Antiphon, or `antiphon train meta`."
        ) from error
    if prior is not None and found != prior:
        raise AdapterError(
            f"{path.name} was made for another prior; `antiphon train meta` makes one for this."
        )
    return Start(form, values, rates), facts


def _fit(rates: dict[str, torch.Tensor]) -> bool:
    """Whether there is one rate for every step, of at least one."""
    shapes = {tuple(rate.shape) for rate in rates.values()}
    return len(shapes) == 1 and all(len(shape) == 1 and shape[0] > 0 for shape in shapes)
