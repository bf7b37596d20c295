"""A lineage: what two changes must have in common so that their sum means something.

The shared model is one low-rank change of the prior: every matrix W becomes W + B A, where A
(".down") is drawn from the lineage's seed and never changes, and B (".up") is what is learnt, sent
and averaged (FFA-LoRA, arXiv:2403.12313). With A common to all, the mean of the products is the
product of the mean, exactly. So a lineage is the prior, the form, the rank, the seed of A, and the
names and shapes of all B. Another prior is another lineage.

It refuses to draw A: that needs torch, and `engine.adapt.forms.first_values("lora-16", base,
seed=lineage.seed)` does it where the training is.
"""

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Protocol

import msgspec

FORM = "lora"
RANK = 16
SEED = 20260
"""Of A, unless a lineage is opened with another one."""
UP = ".up"
"""As in `engine.adapt.adapter`: the name of B is the name of the matrix and this."""


class HasShape(Protocol):
    """An array of numpy or torch, or anything that knows its shape."""

    @property
    def shape(self) -> Any:
        """As a tuple of numbers."""


class Lineage(msgspec.Struct, frozen=True, dict=True):
    """See the module. prior: fingerprint of its weights. shapes: (rows, rank) of each B by name."""

    prior: str
    rank: int
    seed: int
    shapes: dict[str, tuple[int, int]]
    form: str = FORM

    @classmethod
    def of_prior(
        cls,
        tensors: Mapping[str, HasShape],
        fingerprint: str,
        rank: int = RANK,
        seed: int = SEED,
    ) -> "Lineage":
        """Of changes of this prior. tensors: its weights, of which only the shapes count."""
        shapes = {
            name + UP: (int(tensors[name].shape[0]), rank) for name in tensors if _learns(name)
        }
        return cls(fingerprint, rank, seed, dict(sorted(shapes.items())))

    @cached_property
    def id(self) -> str:
        """SHA-256 of all that it is, in hex."""
        shapes = [[name, *self.shapes[name]] for name in self.names]
        whole = [self.form, self.prior, self.rank, self.seed, shapes]
        return hashlib.sha256(msgspec.json.encode(whole)).hexdigest()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of all B, sorted: the order in which they are one vector."""
        return tuple(sorted(self.shapes))

    @cached_property
    def size(self) -> int:
        """How many numbers a change has."""
        return sum(rows * columns for rows, columns in self.shapes.values())


def _learns(name: str) -> bool:
    """`engine.adapt.forms.is_matrix`, said again here without torch; a test holds both together."""
    inside = name.startswith("backbone.") and "norm" not in name and "look_back" not in name
    return (inside and ".weight" in name) or name.endswith((".hidden.weight", ".logits.weight"))
