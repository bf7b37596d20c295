"""Masks over the classes of a field, and tables of those that are asked for again and again."""

import numpy as np
import numpy.typing as npt

from engine.encoding import DRUM_FAMILY, FAMILIES

Mask = npt.NDArray[np.bool_]
Vector = npt.NDArray[np.float32]


def is_drums(voice: int) -> bool:
    """Whether a voice class is an unpitched one."""
    return voice % FAMILIES == DRUM_FAMILY


def steps_from(size: int) -> Mask:
    """Row k allows the classes from k on: shape (size + 1, size), read only."""
    table: Mask = np.arange(size)[None, :] >= np.arange(size + 1)[:, None]
    table.flags.writeable = False
    return table


def steps_below(size: int) -> Mask:
    """Row k allows the classes below k: shape (size + 1, size), read only."""
    table: Mask = np.arange(size)[None, :] < np.arange(size + 1)[:, None]
    table.flags.writeable = False
    return table


def of_classes(size: int, allowed: "npt.ArrayLike") -> Mask:
    """A mask that allows the classes named, read only. Shape (size,)."""
    mask = np.zeros(size, dtype=bool)
    mask[np.asarray(allowed, dtype=np.int64)] = True
    mask.flags.writeable = False
    return mask
