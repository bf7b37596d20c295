"""What learning starts from, as shipped: usual values, prior weights, weights of what fits.

`engine/weights/taste.json` is made by `python -m engine.evaluate.taste.fit`. It refuses to start
from a damaged file.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from engine.taste.features import NAMES, Scale, Vector
from engine.taste.model import Prior, TasteError

PATH = Path(__file__).parents[1] / "weights" / "taste.json"


@dataclass(frozen=True, slots=True, eq=False)
class Shipped:
    """What the file says.

    scale: usual values of the features; prior: of a player of whom nothing is known; fit: weights
    of what fits what is being played, shape (COUNT,).
    """

    scale: Scale
    prior: Prior
    fit: Vector


@cache
def shipped() -> Shipped:
    """Read once. Raises TasteError."""
    return load(PATH)


def load(path: Path) -> Shipped:
    """Read such a file. Raises TasteError."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        table = stored["features"]
        if list(table) != list(NAMES):
            raise ValueError("its features are others")
        columns = {
            name: np.array([each[name] for each in table.values()], dtype=np.float64)
            for name in ("centre", "spread", "prior", "fit")
        }
        deviation = float(stored["deviation"])
        if not all(np.isfinite(column).all() for column in columns.values()):
            raise ValueError("a number is not finite")
        if not (np.isfinite(deviation) and deviation > 0 and (columns["spread"] > 0).all()):
            raise ValueError("a spread is not above 0")
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise TasteError(
            f"{path.name} cannot be read ({error}); reinstall Antiphon to get it whole."
        ) from error
    return Shipped(
        scale=Scale(columns["centre"], columns["spread"]),
        prior=Prior(columns["prior"], deviation),
        fit=columns["fit"],
    )
