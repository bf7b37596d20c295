"""Which named styles fit what is being played: a small table of what music of each style is like.

Of each style the table has the mean of the numbers below over passages that carry its label; all
share one covariance. The score is the logarithm of the normal density (a linear discriminant). What
a phrase does not tell is left out of both. Loudness, tempo and instrument are not asked: the data
knows them of a part of the styles only, and would give away the collection and not the style.

It refuses to condition the model: it names styles, the player chooses (`antiphon styles`).
"""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from engine.taste.features import Vector
from engine.taste.model import TasteError
from engine.taste.portrait import LARGEST_LEAP, NAN, Portrait

PATH = Path(__file__).parents[1] / "weights" / "styles.json"
FORMAT, VERSION = "antiphon styles", 1

TRAITS = (
    "busy", "chords", "legato", "even", "syncopation", "repeats", "in_three", "drums",
    "pitch", "wide", "leap", "entropy",
    "same", "step up", "step down", "third up", "third down", "leap up", "leap down",
    *(f"waits {number}" for number in range(8)),
)  # fmt: skip
"""What is known of music of a style."""
_GROUPS = ((0, 0), (1, 2), (-2, -1), (3, 4), (-4, -3), (5, LARGEST_LEAP), (-LARGEST_LEAP, -5))


def traits(found: Portrait) -> Vector:
    """The numbers that `TRAITS` names. Shape (len(TRAITS),); NaN where not known."""
    if found.drums or not found.steps.any():
        steps = [NAN] * len(_GROUPS)
    else:
        steps = [
            math.sqrt(found.steps[low + LARGEST_LEAP : high + LARGEST_LEAP + 1].sum())
            for low, high in _GROUPS
        ]
    waits = [NAN] * 8
    if found.waits.any():
        waits = np.sqrt(found.waits[:16].reshape(8, 2).sum(axis=1)).tolist()
    return np.array(
        [
            math.log2(found.busy), math.log2(found.chords), math.log2(found.legato), found.even,
            found.syncopation, found.repeats, found.in_three, float(found.drums),
            found.pitch / 12, found.wide / 12, math.log2(1 + found.leap), found.entropy,
            *steps, *waits,
        ]
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class StyleTable:
    """What music of each style is like.

    names: of styles; means: shape (styles, traits); covariance: within a style, (traits, traits).
    """

    names: tuple[str, ...]
    means: Vector
    covariance: Vector

    def scores(self, playing: Iterable[Portrait]) -> list[tuple[str, float]]:
        """(style, how well it fits these portraits), the best first; in nats, 0 the average style.

        Nothing played, nothing known of it: no styles.
        """
        rows = [traits(found) for found in playing]
        if not rows or not self.names:
            return []
        total = np.zeros(len(self.names))
        for row in rows:
            there = ~np.isnan(row)
            off = row[there] - self.means[:, there]
            inverse = np.linalg.inv(self.covariance[np.ix_(there, there)])
            total -= ((off @ inverse) * off).sum(axis=1) / 2
        total /= len(rows)
        total -= total.mean()
        order = np.argsort(-total, kind="stable").tolist()
        return [(self.names[number], float(total[number])) for number in order]

    def as_json(self) -> str:
        """As `load_styles` reads it; numbers have four digits."""
        return json.dumps(
            {
                "format": FORMAT,
                "version": VERSION,
                "traits": list(TRAITS),
                "styles": {
                    name: np.round(mean, 3).tolist()
                    for name, mean in zip(self.names, self.means, strict=True)
                },
                "covariance": np.round(self.covariance, 4).tolist(),
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )


@cache
def shipped_styles() -> StyleTable:
    """The shipped table, read once. Raises TasteError."""
    return load_styles(PATH)


def load_styles(path: Path) -> StyleTable:
    """Read such a table. Raises TasteError."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["format"] != FORMAT or stored["version"] != VERSION:
            raise ValueError("it is of another version")
        if stored["traits"] != list(TRAITS):
            raise ValueError("its traits are others")
        names = tuple(stored["styles"])
        means = np.array(list(stored["styles"].values()), dtype=np.float64)
        means = means.reshape(len(names), len(TRAITS))
        covariance = np.array(stored["covariance"], dtype=np.float64)
        covariance = covariance.reshape(len(TRAITS), len(TRAITS))
        if not (np.isfinite(means).all() and np.isfinite(covariance).all()):
            raise ValueError("a number is not finite")
        np.linalg.cholesky(covariance)
    except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise TasteError(
            f"{path.name} cannot be read ({error}); reinstall Antiphon to get it whole."
        ) from error
    return StyleTable(names, means, covariance)
