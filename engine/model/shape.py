"""What the reference network and its fast step must agree on: sizes, constants, who sees what.

Numbers only; it refuses to compute.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate

from engine.encoding import COLUMN_SIZES


def starts(sizes: Sequence[int]) -> tuple[int, ...]:
    """First row of each of several tables laid one behind the other, and the length of all."""
    return (0, *accumulate(sizes))


ROPE_BASE = 10_000.0
NORM_EPSILON = 1e-6
FADES = (0.9, 0.98)
"""How much of the pitch classes heard stays with each note: about 10 and 50 notes of memory."""
INTERVAL_REACH = 24
"""Larger intervals are read as this one."""
LEAP_REACH = 36
"""Larger intervals share one relative logit."""
FIRST_PITCH = 60
"""What the first note's interval is counted from."""
LOOK_BACK = 2
"""Notes before its own that a layer sees without attention."""

READS = (0, 1, 2, 3, 4, 5, 6, 7)
"""Columns that the backbone reads of each note; pitch class and interval come on top."""
PITCH_CLASS_AT = len(READS)
INTERVAL_AT = PITCH_CLASS_AT + 1
READ_SIZES = (*(COLUMN_SIZES[column] for column in READS), 12, 2 * INTERVAL_REACH + 2)
READ_STARTS = starts(READ_SIZES)
"""Where each column's rows begin in the one table that the backbone reads from."""

# Columns of the next note that a head may be told, by field: every other field, if it is chosen
# already; where in the bar the onset falls, if the onset is; the kind; and, except for who plays,
# how long the phrase still lasts.
HEAD_TOLD = (
    (1, 2, 3, 4, 7, 8),
    (0, 2, 3, 4, 5, 6, 7, 8),
    (0, 1, 3, 4, 5, 6, 7, 8),
    (0, 1, 2, 4, 5, 6, 7, 8),
    (0, 1, 2, 3, 5, 6, 7),
)
TOLD_STARTS = tuple(starts([COLUMN_SIZES[column] for column in told]) for told in HEAD_TOLD)
"""Where each column's rows begin in a head's table; the last number is its length."""
# The field that must be chosen before a column can be told; the others are always known.
NEEDS = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 0, 6: 0}

# Columns of the note before that add to this head's logits without any detour: a rhythm goes on, a
# note lasts until the next, touch is alike. What an n-gram gets for nothing, the network does too.
HEAD_ECHOES = ((0, 2), (), (2,), (3,), (4,))

BACKBONES = ("transformer", "gru", "lstm")


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of the network.

    window: how many notes back each layer of a transformer attends. hidden: units of each layer of
    a GRU or LSTM. styles: how many labels it knows.
    """

    backbone: str = "transformer"
    width: int = 192
    layers: int = 4
    heads: int = 6
    window: int = 256
    hidden: int = 384
    styles: int = 0

    def as_text(self) -> dict[str, str]:
        """For the metadata of a checkpoint."""
        return {name: str(value) for name, value in asdict(self).items()}

    @classmethod
    def from_text(cls, metadata: dict[str, str]) -> "Shape":
        """The shape that a checkpoint names. Raises KeyError, ValueError."""
        names = [name for name in cls.__dataclass_fields__ if name != "backbone"]
        shape = cls(metadata["backbone"], **{name: int(metadata[name]) for name in names})
        sizes = (shape.width, shape.layers, shape.heads, shape.window, shape.hidden)
        odd = shape.width % (2 * shape.heads) if min(sizes) > 0 else True
        if shape.backbone not in BACKBONES or odd or shape.styles < 0:
            raise ValueError(f"impossible shape {shape}")
        return shape
