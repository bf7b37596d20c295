"""What the reference network and its fast step must agree on: sizes, constants, who sees what.

Numbers only; it refuses to compute.
"""

from dataclasses import asdict, dataclass

from engine.encoding import (
    BAR_POSITIONS,
    BEAT_POSITIONS,
    KINDS,
    PITCH_CLASSES,
    TIME_CLASSES,
    VELOCITY_CLASSES,
)

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

# Size of the table of each input column, in the order of `encoding.COLUMNS`.
COLUMN_SIZES = (
    TIME_CLASSES,
    PITCH_CLASSES,
    TIME_CLASSES,
    VELOCITY_CLASSES,
    BEAT_POSITIONS,
    BAR_POSITIONS,
    KINDS,
)
# Columns of the next note that each head is told, by index: what is chosen before it, and where in
# the bar the chosen onset falls.
HEAD_SEES = ((6,), (0, 4, 5, 6), (0, 1, 4, 5, 6), (0, 1, 2, 4, 5, 6))
PITCH_HEAD = 1
# Columns of the note before that add to this head's logits without any detour: a rhythm goes on, a
# note lasts until the next, touch is alike. What an n-gram gets for nothing, the network does too.
HEAD_ECHOES = ((0, 2), (), (2,), (3,))


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of the network; `window` is how many notes back each layer attends."""

    width: int = 192
    layers: int = 4
    heads: int = 6
    window: int = 256

    def as_text(self) -> dict[str, str]:
        """For the metadata of a checkpoint."""
        return {name: str(value) for name, value in asdict(self).items()}

    @classmethod
    def from_text(cls, metadata: dict[str, str]) -> "Shape":
        """The shape that a checkpoint names. Raises KeyError, ValueError."""
        shape = cls(**{name: int(metadata[name]) for name in cls.__dataclass_fields__})
        if min(asdict(shape).values()) < 1 or shape.width % (2 * shape.heads):
            raise ValueError(f"impossible shape {shape}")
        return shape
