"""What is done to a change before it is sent, and again where it arrives: a limit to its length.

`clip` makes any vector no longer than C, so that nobody counts for more than C. `blur` adds noise
of one's own; it is off unless the policy says so, because to hide one player alone takes so much
noise that nothing is left to learn from (local privacy). What hides a player among many is the
noise of the server (`federation.aggregate.privacy`).

Pure functions. It refuses to choose the noise.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from federation.formats.chance import SECURE, Bytes, discrete_gaussian
from federation.formats.delta import Vector, norm

USUAL_LIMIT = 1.4
"""C where nobody names one: a little more than most changes are long (docs/adr/0024)."""
LEAST_LIMIT = 1e-6
"""A smaller C would meet the limits of float32, and means a mistake."""
_INSIDE = 1.0 - 2.0**-22
"""A little more than rounding to float32 can add to the length."""
_STEPS = 1 << 16
"""The grid of blurred values: so many steps to one sigma."""


def clip(vector: npt.NDArray[Any], limit: float) -> Vector:
    """The vector itself if it is no longer than the limit, else one of its direction that fits.

    The length of what comes out is at most the limit also in double precision, and clipping again
    changes nothing. Raises ValueError for numbers that are not finite and a limit without sense.
    """
    if not (math.isfinite(limit) and limit >= LEAST_LIMIT):
        raise ValueError(f"The limit {limit} must be a number from {LEAST_LIMIT} on.")
    values = np.asarray(vector, np.float32)
    length = norm(values)
    if not math.isfinite(length):
        raise ValueError(
            "A change with numbers that are not finite cannot be clipped; train again."
        )
    if length <= limit:
        return values.copy()
    return (values.astype(np.float64) * (limit * _INSIDE / length)).astype(np.float32)


def blur(vector: npt.NDArray[Any], sigma: float, source: Bytes = SECURE) -> Vector:
    """The vector on a grid of sigma / 65,536, plus Gaussian noise of that sigma on the grid."""
    if not (math.isfinite(sigma) and sigma >= 0.0):
        raise ValueError(f"The noise {sigma} must be a number from 0 on.")
    values = np.asarray(vector, np.float64)
    if sigma == 0.0:
        return values.astype(np.float32)
    grid = sigma / _STEPS
    noise = discrete_gaussian(len(values), _STEPS, source)
    return ((np.rint(values / grid) + noise) * grid).astype(np.float32)
