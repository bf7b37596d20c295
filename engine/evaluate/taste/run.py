"""One evaluation of tastes: how many signals it takes, and what recommendations are worth.

For each kind of simulated player (`engine.evaluate.taste.players`) the loop of a jam is lived on
some phrases and judged on others, where the best candidate by the taste's weights is held against

    chance       any candidate
    popularity   the candidate that all other players together like best (they tell their likings
                 outright, which no real popularity can know)
    ceiling      weights fitted to the player's likings of all candidates of the first phrases,
                 told as numbers: what these features can say at most

agreement: share of phrases where the choice is the player's own favourite. gain: how much more the
choice is liked than any candidate, as a share of what the favourite would gain: 0 is chance, 1 the
favourite. regret: how much less the choice is liked than the favourite, in deviations. Means have
95 % intervals from drawing players and phrases anew (bootstrap).

It refuses to print and to parse words: that is `engine.evaluate.command`.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.corpus import SHIPPABLE, CorpusError, data_hash, load_streams
from engine.evaluate.taste.loop import COUNTS, Lived, Ready, live
from engine.evaluate.taste.places import pairs
from engine.evaluate.taste.players import KINDS, Player, likings, player
from engine.evaluate.taste.pool import draw_pool
from engine.evaluate.taste.recommending import LEAST_PLACES, recommending
from engine.model.checkpoint import load
from engine.taste.features import COUNT
from engine.taste.model import Taste
from engine.taste.shipped import shipped
from engine.taste.styles import shipped_styles

Report = dict[str, Any]
Values = npt.NDArray[np.float64]
Bar = Callable[[str, int], AbstractContextManager[Callable[[int], object]]]

PHRASES, ANSWERS, PLAYERS, PIECES = 300, 6, 12, 400
QUICK_PHRASES, QUICK_PLAYERS, QUICK_PIECES = 40, 2, 60
QUICK_SAYS = "A quick look: few phrases and players. Leave out --quick for figures."
LEAST_PHRASES = 6
JUDGED = 1 / 3
"""Share of the phrases on which the tastes are judged."""
RESAMPLES = 1000
_RIDGE = 20.0


def evaluate(
    data: Path,
    weights: Path,
    *,
    split: str = "test",
    tier: str = SHIPPABLE,
    phrases: int = PHRASES,
    answers: int = ANSWERS,
    players: int = PLAYERS,
    seed: int = 1,
    out: Path | None = None,
    quick: bool = False,
    bar: Bar,
) -> Report:
    """Everything, as a report.

    out: where the drawn answers are kept, so that a second run with the same numbers needs them no
    more. Raises CorpusError, CheckpointError, TasteError.
    """
    streams = load_streams(data, split, tier=tier)
    with bar("answers", phrases) as done:
        pool = draw_pool(
            data, weights, split=split, tier=tier, phrases=phrases, answers=answers, seed=seed,
            folder=out, progress=done,
        )  # fmt: skip
    if len(pool) < LEAST_PHRASES:
        raise CorpusError(
            f"Of split {split!r} only {len(pool)} pieces have eight bars to ask about; "
            "name another split or a larger data folder."
        )
    scale, ready = shipped().scale, [Ready.of(asked) for asked in pool]
    first = round(len(pool) * (1 - JUDGED))
    likes = likings(pool)
    evenings: dict[str, list[tuple[Player, Lived]]] = {}
    with bar("players", len(KINDS) * players) as done:
        for number, kind in enumerate(KINDS):
            for who in range(players):
                rng = np.random.default_rng([seed, number, who])
                someone = player(kind, likes, rng)
                lived = live(someone, Taste(), ready, range(first), scale, rng)
                evenings.setdefault(kind, []).append((someone, lived))
                done(1)
    standard = np.array([each.standard(scale) for each in ready])
    rng = np.random.default_rng(seed)
    with bar("takes", 1) as done:
        found = pairs(streams, QUICK_PIECES if quick else PIECES, rng)
        recommended = (
            recommending(found, shipped().fit, scale, shipped_styles(), rng)
            if len(found) >= LEAST_PLACES
            else None
        )
        done(1)
    return {
        "model": load(weights)[1].get("name", weights.stem),
        "data": data_hash(data, tier=tier),
        "split": split,
        "tier": tier,
        "seed": seed,
        "quick": quick,
        "phrases": len(pool),
        "judged_phrases": len(pool) - first,
        "answers": answers,
        "players": len(KINDS) * players,
        "signals": list(COUNTS),
        "kinds": judged(evenings, standard[:, :-1], first, rng),
        "truth_above_answers": _truth(standard, rng),
        "recommended": recommended,
    }


def judged(
    evenings: dict[str, list[tuple[Player, Lived]]],
    standard: Values,
    first: int,
    rng: np.random.Generator,
) -> Report:
    """Figures of each kind of player and of all.

    standard: (phrases, answers, COUNT); the tastes are judged on the phrases from `first` on.
    """
    everyone = [one for players in evenings.values() for one, _ in players]
    report: Report = {}
    whole: dict[str, dict[str, list[Values]]] = {}
    for kind, players in evenings.items():
        rows: dict[str, dict[str, list[Values]]] = {"agreement": {}, "gain": {}, "regret": {}}

        def add(name: str, liked: Values, chosen: npt.NDArray[np.int64], rows: Any = rows) -> None:
            for what, value in outcome(liked, chosen).items():
                rows[what].setdefault(name, []).append(value)

        for someone, lived in players:
            others = np.mean([one.later for one in everyone if one is not someone], axis=0)
            for count in COUNTS:
                liked = someone.now(max(count - 1, 0))[first:]
                add(str(count), liked, (standard[first:] @ lived.weights[count]).argmax(axis=1))
            liked = someone.later[first:]
            add("popularity", liked, others[first:].argmax(axis=1))
            told = _told(standard[:first], someone.later[:first])
            add("ceiling", liked, (standard[first:] @ told).argmax(axis=1))
            add("chance", liked, np.full(len(liked), -1))
        report[kind] = _figures(rows, rng)
        report[kind]["exchanges"] = {
            str(count): float(np.mean([lived.exchanges[count] for _, lived in players]))
            for count in COUNTS
        }
        for what, columns in rows.items():
            for name, found in columns.items():
                whole.setdefault(what, {}).setdefault(name, []).extend(found)
    report["all"] = _figures(whole, rng)
    report["all"]["exchanges"] = {
        str(count): float(
            np.mean(
                [each["exchanges"][str(count)] for each in report.values() if "exchanges" in each]
            )
        )
        for count in COUNTS
    }
    return report


def outcome(liked: Values, chosen: npt.NDArray[np.int64]) -> dict[str, Values]:
    """For each phrase: whether the choice is the favourite, what it gains, what is regretted.

    liked: (phrases, answers). chosen: a number of an answer each, -1 is any of them. A phrase's
    gain is divided by the mean gain of favourites, so that the mean is a share.
    """
    best, mean = liked.max(axis=1), liked.mean(axis=1)
    own = np.where(chosen < 0, mean, liked[np.arange(len(liked)), chosen])
    favourites = liked >= best[:, None] - 1e-9
    agreed = np.where(
        chosen < 0, favourites.mean(axis=1), favourites[np.arange(len(liked)), chosen]
    )
    return {
        "agreement": agreed.astype(np.float64),
        "gain": (own - mean) / max(float((best - mean).mean()), 1e-9),
        "regret": best - own,
    }


def _told(standard: Values, liked: Values) -> Values:
    """Weights by least squares from likings that are told as numbers."""
    rows = (standard - standard.mean(axis=1, keepdims=True)).reshape(-1, COUNT)
    wanted = (liked - liked.mean(axis=1, keepdims=True)).reshape(-1)
    return np.asarray(np.linalg.solve(rows.T @ rows + _RIDGE * np.eye(COUNT), rows.T @ wanted))


def _figures(rows: dict[str, dict[str, list[Values]]], rng: np.random.Generator) -> Report:
    return {
        what: {name: interval(np.array(found), rng) for name, found in columns.items()}
        for what, columns in rows.items()
    }


def interval(found: Values, rng: np.random.Generator) -> dict[str, Any]:
    """Mean of (players, phrases) and its 95 % interval, both drawn anew."""
    players, phrases = found.shape
    one = rng.multinomial(players, np.full(players, 1 / players), RESAMPLES) / players
    other = rng.multinomial(phrases, np.full(phrases, 1 / phrases), RESAMPLES) / phrases
    means = np.einsum("ri,ij,rj->r", one, found, other, optimize=True)
    low, high = np.percentile(means, [2.5, 97.5])
    return {"mean": float(found.mean()), "interval": [float(low), float(high)]}


def _truth(standard: Values, rng: np.random.Generator) -> dict[str, Any]:
    """How often the prior weights rank what the human wrote above an answer of the model."""
    weights = shipped().prior.weights
    answers, truth = standard[:, :-1] @ weights, standard[:, -1] @ weights
    above = (truth[:, None] > answers).mean(axis=1)
    return interval(above[None, :], rng)
