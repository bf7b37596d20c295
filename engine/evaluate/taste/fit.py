"""Makes the shipped numbers: `python -m engine.evaluate.taste.fit [--data FOLDER] [--out FOLDER]`.

    engine/weights/taste.json    usual values and spreads of the features, prior weights of a taste,
                                 weights of what fits
    engine/weights/styles.json   what music of each style is like

Usual values and prior weights come from answers that the planner draws on the validation split,
beside what the human wrote there; what fits and styles from the training split. All of the
shippable tier. Features that other parts hand in (critic, quote, memory, style) have no data here:
their numbers are reasoned, see `REASONED`.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.corpus import SHIPPABLE, load_streams
from engine.evaluate.taste.loop import RECENT, Ready
from engine.evaluate.taste.places import Pair, pairs
from engine.evaluate.taste.pool import Asked, draw_pool
from engine.model.checkpoint import SHIPPED, load
from engine.styles import Vocabulary
from engine.taste.features import COUNT, NAMES, NOTHING, Scale, Situation, Vector, measure
from engine.taste.shipped import PATH
from engine.taste.styles import PATH as STYLES_PATH
from engine.taste.styles import TRAITS, StyleTable, traits
from engine.words import DEFAULT_DATA

Table = npt.NDArray[np.float64]

REASONED = {
    # name: (centre, spread, prior weight)
    "memory": (-7.0, 1.0, 0.1),
    "critic": (0.0, 1.0, 0.4),
    "quote": (6.0, 3.0, -0.3),
    "style": (0.0, 1.0, 0.3),
}
"""A critic in log odds; a quote of six notes is any music's, of twelve it is somebody's."""
LENGTH = (-0.5, 0.5)
"""Usual length and spread, in doublings. Here all answers have two bars and all places four, so
what the data says of lengths is about this program: it weighs nothing."""
PRIOR_SHARE = 0.3
"""Of the weights that tell human music from the model's: it is a start, not a verdict."""
DEVIATION = 0.5
_PHRASES, _ANSWERS, _SEED = 300, 6, 7
_RIDGE = 100.0
_PIECES, _STRANGERS = 4000, 8
_LEAST_PIECES = 4
_RIDGE_OF_TRAITS = 0.003
_LEAST_SPREAD = 0.01


def natural(pool: Sequence[Asked]) -> tuple[Table, Table]:
    """Measured numbers of all answers, (phrases, answers, COUNT), and of the truth, one less axis.

    The first answers of the phrase before stand for what was played lately.
    """
    ready = [Ready.of(asked) for asked in pool]
    answers, truths = [], []
    for number, each in enumerate(ready):
        lately = [one for one in ready[number - 1].answers[:RECENT] if one is not None]
        *found, truth = each.natural(lately)
        answers.append(found)
        truths.append(truth)
    return np.array(answers), np.array(truths)


def scale_of(answers: Table) -> Scale:
    """Mean over all, deviation among answers to one phrase."""
    centre, spread = np.zeros(COUNT), np.ones(COUNT)
    for number, name in enumerate(NAMES):
        if name in REASONED:
            centre[number], spread[number], _ = REASONED[name]
            continue
        column = answers[:, :, number]
        known = ~np.isnan(column)
        whole = known.all(axis=1)
        centre[number] = column[known].mean() if known.any() else 0.0
        varies = np.sqrt(column[whole].var(axis=1).mean()) if whole.any() else 0.0
        spread[number] = max(float(varies), _LEAST_SPREAD)
    centre[NAMES.index("long")], spread[NAMES.index("long")] = LENGTH
    return Scale(centre.round(4), spread.round(4))


def better(differences: Table, ridge: float) -> Vector:
    """Logistic weights under which these differences (n, COUNT) are most probably above 0."""
    weights = np.zeros(differences.shape[1])
    for _ in range(30):
        wrong = 1 / (1 + np.exp(np.clip(differences @ weights, -500, 500)))
        slope = ridge * weights - differences.T @ wrong
        curve = ridge * np.eye(len(weights))
        curve += (differences * (wrong * (1 - wrong))[:, None]).T @ differences
        weights -= np.linalg.solve(curve, slope)
    return weights


def fit_differences(found: Sequence[Pair], scale: Scale, rng: np.random.Generator) -> Table:
    """Features of the piece's own take less those of takes of others, beside what is played."""
    rows = []
    for pair in found:
        situation = Situation(pair.now, bar_beats=pair.now_bar)
        own = scale.standard(measure(pair.take, situation, NOTHING))
        for number in rng.integers(len(found), size=_STRANGERS):
            other = found[number]
            if other.piece != pair.piece and other.take.drums == pair.now.drums:
                rows.append(own - scale.standard(measure(other.take, situation, NOTHING)))
    differences = np.array(rows)
    differences[:, NAMES.index("long")] = 0.0
    return differences


def style_table(found: Sequence[Pair], vocabulary: Vocabulary) -> StyleTable:
    """Means of each style that enough pieces have, and what varies within styles."""
    rows = np.array([traits(each) for pair in found for each in (pair.now, pair.take)])
    labels = [pair.labels for pair in found for _ in range(2)]
    there = ~np.isnan(rows)
    whole = np.where(there, rows, 0.0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
    names, means, residuals = [], [], []
    for name in vocabulary.names:
        own = rows[[name in each for each in labels]]
        if len(own) < 2 * _LEAST_PIECES:
            continue
        known = ~np.isnan(own)
        sums, counts = np.where(known, own, 0.0).sum(axis=0), known.sum(axis=0)
        # A style of few pieces is drawn a little toward all music.
        mean = (sums + 2 * whole) / (counts + 2)
        names.append(name)
        means.append(mean)
        residuals.append(np.where(known, own - mean, np.nan))
    if not names:
        return StyleTable((), np.zeros((0, len(TRAITS))), np.eye(len(TRAITS)))
    all_residuals = np.concatenate(residuals)
    known = ~np.isnan(all_residuals)
    filled = np.where(known, all_residuals, 0.0)
    together = known.astype(np.float64).T @ known.astype(np.float64)
    covariance = (filled.T @ filled) / np.maximum(together, 1)
    covariance += _RIDGE_OF_TRAITS * np.eye(len(TRAITS))
    return StyleTable(tuple(names), np.array(means), covariance)


def main(words: Sequence[str] | None = None) -> int:
    """Make both files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA)
    parser.add_argument("--out", type=Path, default=PATH.parent)
    parser.add_argument("--pool", type=Path, help="folder where the drawn answers are kept")
    args = parser.parse_args(words)
    pool = draw_pool(
        args.data, SHIPPED, split="valid", tier=SHIPPABLE, phrases=_PHRASES, answers=_ANSWERS,
        seed=_SEED, folder=args.pool,
    )  # fmt: skip
    answers, truths = natural(pool)
    scale = scale_of(answers)
    chosen, human = scale.standard(answers), scale.standard(truths)
    told = better((human[:, None] - chosen).reshape(-1, COUNT), _RIDGE)
    prior = PRIOR_SHARE * told
    for name, (_, _, weight) in REASONED.items():
        prior[NAMES.index(name)] = weight
    prior[NAMES.index("long")] = 0.0
    rng = np.random.default_rng(_SEED)
    found = pairs(load_streams(args.data, "train"), 10**9, rng)
    fit = better(fit_differences(found[:_PIECES], scale, rng), _RIDGE)
    table = {
        name: {
            "centre": float(scale.centre[number]),
            "spread": float(scale.spread[number]),
            "prior": round(float(prior[number]), 3),
            "fit": round(float(fit[number]), 3),
        }
        for number, name in enumerate(NAMES)
    }
    args.out.mkdir(parents=True, exist_ok=True)
    stored = {"deviation": DEVIATION, "features": table}
    (args.out / PATH.name).write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
    vocabulary = Vocabulary.from_text(load(SHIPPED)[1].get("styles_known", "[]"))
    styles = style_table(found, vocabulary)
    (args.out / STYLES_PATH.name).write_text(styles.as_json() + "\n", encoding="utf-8")
    print(f"{len(pool)} phrases, {len(found)} pieces, {len(styles.names)} styles.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
