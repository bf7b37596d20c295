"""Whether takes and styles that are recommended fit: pieces that were not seen, against chance.

Two places of each piece are taken: one is played now, the other lies among takes of other pieces.
It refuses to count drums among what is no drums: nobody would look for them there.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.evaluate.taste.places import Pair
from engine.taste.features import NOTHING, Scale, Situation, Vector, measure
from engine.taste.styles import StyleTable

LIBRARY = 20
"""Takes in the player's library: one of the piece that is played, the others of other pieces."""
LEAST_PLACES = 4
RESAMPLES = 1000

Values = npt.NDArray[np.float64]


def recommending(
    pairs: Sequence[Pair],
    fit: Vector,
    scale: Scale,
    table: StyleTable,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Figures with 95 % intervals over pieces (bootstrap), and what chance is.

    piece_first: the take of the same piece stands first of `LIBRARY`; piece_above: it stands above
    a take of another piece; style_above: a take of another piece with a label in common stands
    above one without; labels_above: a style of the piece stands above one that it is not of;
    label_in_five: one of its styles is among the first five.
    """
    found: dict[str, list[float]] = {
        name: []
        for name in ("piece_first", "piece_above", "style_above", "labels_above", "label_in_five")
    }
    lucky: dict[str, list[float]] = {"piece_first": [], "label_in_five": []}
    for pair in pairs:
        others = [
            other
            for other in (pairs[number] for number in rng.permutation(len(pairs)))
            if other.piece != pair.piece and other.now.drums == pair.now.drums
        ]
        situation = Situation(pair.now, bar_beats=pair.now_bar)

        def score(take: Pair, situation: Situation = situation) -> float:
            return float(fit @ scale.standard(measure(take.take, situation, NOTHING)))

        library = others[: LIBRARY - 1]
        if library:
            own, scores = score(pair), np.array([score(other) for other in library])
            found["piece_first"].append(float((own > scores).all()))
            found["piece_above"].append(_above(np.array([own]), scores))
            lucky["piece_first"].append(1 / (len(library) + 1))
        alike = [other for other in others if other.labels & pair.labels][:LIBRARY]
        unlike = [other for other in others if not other.labels & pair.labels][:LIBRARY]
        if alike and unlike:
            found["style_above"].append(
                _above(np.array(list(map(score, alike))), np.array(list(map(score, unlike))))
            )
        ranked = [name for name, _ in table.scores([pair.now])]
        known = [place for place, name in enumerate(ranked) if name in pair.labels]
        if known:
            # Descending places as scores: the first style has the highest.
            strange = np.setdiff1d(np.arange(len(ranked)), known)
            found["labels_above"].append(_above(-np.array(known), -strange))
            found["label_in_five"].append(float(min(known) < 5))
            missed = 1.0
            for number in range(min(5, len(ranked))):
                missed *= max(len(ranked) - len(known) - number, 0) / (len(ranked) - number)
            lucky["label_in_five"].append(1 - missed)
    report: dict[str, Any] = {"pieces": len(pairs), "library": LIBRARY, "styles": len(table.names)}
    for name, values in found.items():
        if values:
            chance = float(np.mean(lucky[name])) if name in lucky else 0.5
            report[name] = {**_interval(np.array(values), rng), "chance": chance}
    return report


def _above(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> float:
    """Chance that one of the first is above one of the second; equals count half."""
    if not len(other):
        return 0.5
    higher = (one[:, None] > other[None, :]).mean() + (one[:, None] == other[None, :]).mean() / 2
    return float(higher)


def _interval(values: Values, rng: np.random.Generator) -> dict[str, Any]:
    means = [float(rng.choice(values, len(values)).mean()) for _ in range(RESAMPLES)]
    low, high = np.percentile(means, [2.5, 97.5])
    return {"mean": float(values.mean()), "interval": [float(low), float(high)]}
