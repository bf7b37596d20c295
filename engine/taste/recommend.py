"""Takes and styles that fit what is being played now, by the features that answers are ranked by.

A take is looked at as if it answered what is played. Weights of what fits are shipped: learnt from
pieces of the training split, two places of one piece against places of others. What the player's
taste has learnt beyond its prior counts besides. It refuses to read takes: notes are handed in.
"""

from collections.abc import Iterable, Sequence

from engine.events import Note
from engine.taste.features import Features, Scale, Situation, Vector, features
from engine.taste.model import Taste
from engine.taste.styles import StyleTable

TASTE_SHARE = 0.5
"""How much a learnt taste counts beside what fits."""


def fitting(
    now: Situation,
    takes: Iterable[tuple[str, Sequence[Note]]],
    *,
    taste: Taste | None = None,
    fit: Vector | None = None,
    scale: Scale | None = None,
) -> list[tuple[str, float, Features]]:
    """(id, score, features) of each take with a note, the best first; of equals the first.

    now: what is being played. takes: (id, notes), times in beats from wherever. taste: of the
    player, where there is one. fit, scale: the shipped ones where None. Raises TasteError where
    those are damaged. Only differences of scores mean something.
    """
    if fit is None or scale is None:
        from engine.taste.shipped import shipped

        fit = shipped().fit if fit is None else fit
        scale = shipped().scale if scale is None else scale
    weights = fit
    if taste is not None:
        weights = fit + TASTE_SHARE * (taste.weights - taste.prior.weights)
    found = []
    for name, notes in takes:
        if notes:
            one = features(notes, now, scale=scale)
            found.append((name, float(weights @ one.standard), one))
    return sorted(found, key=lambda each: -each[1])


def recommend(
    now: Situation, takes: Iterable[tuple[str, Sequence[Note]]], taste: Taste | None = None
) -> list[tuple[str, float]]:
    """(id, score) of each take with a note, the best first: see `fitting`."""
    return [(name, score) for name, score, _ in fitting(now, takes, taste=taste)]


def recommend_styles(
    now: Situation, table: StyleTable | None = None, known: Iterable[str] | None = None
) -> list[tuple[str, float]]:
    """(style, score) of named styles, the best first; empty where nothing was played.

    table: the shipped one where None. known: only these names, such as the model's vocabulary.
    Raises TasteError where the shipped table is damaged.
    """
    if now.phrase is None:
        return []
    if table is None:
        from engine.taste.styles import shipped_styles

        table = shipped_styles()
    scores = table.scores([now.phrase])
    if known is None:
        return scores
    names = frozenset(known)
    return [(name, score) for name, score in scores if name in names]
