"""The episodes that few-shot learning is judged by: every unseen player, each number of phrases.

Of one collection only some players count, so that many singers of folk songs do not outweigh the
pianists. Each episode is drawn once and is the same for all methods. It refuses to know methods.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from engine.corpus import Stream
from engine.meta.tasks import SETTINGS, Episode, draw, pieces_of

PLAYERS_OF_ONE = 4
"""Players (composers, artists, tune types) of one collection."""
_TRIES = 4


def cases(
    tasks: Mapping[str, Sequence[Stream]], phrases: Sequence[int], *, most: int = PLAYERS_OF_ONE
) -> list[tuple[int, Episode]]:
    """(number of phrases, episode) for every chosen player, setting and possible number."""
    found: list[tuple[int, Episode]] = []
    taken: dict[tuple[str, str, int], int] = {}
    # Those with the most notes first: with them the larger numbers of phrases can be had.
    order = sorted(tasks, key=lambda name: (-sum(map(len, tasks[name])), name))
    for name in order:
        pieces = pieces_of(tasks[name])
        collection = tasks[name][0].collection
        for setting in SETTINGS:
            for number in phrases:
                key = (collection, setting, number)
                if taken.get(key, 0) >= most:
                    continue
                for attempt in range(_TRIES):
                    rng = np.random.default_rng((number, attempt, len(pieces)))
                    episode = draw(setting, name, pieces, number, rng)
                    if episode is not None:
                        found.append((number, episode))
                        taken[key] = taken.get(key, 0) + 1
                        break
    return found
