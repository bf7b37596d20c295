"""Episodes for meta-training, drawn for ever: which player, which evening, how many phrases.

Collections are drawn by the root of how many tasks they have, so that four hundred composers of
songs do not drown one drummer. Each episode is a function of (seed, number). It refuses to train.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from engine.corpus import CorpusError, Stream
from engine.meta.tasks import SETTINGS, Episode, Piece, draw, pieces_of

PHRASES = (1, 2, 4, 8, 16)
_KEPT_TASKS = 512
_TRIES = 5000
"""Most tasks are too small for most episodes; after so many draws no task is large enough."""


class Episodes:
    """Episodes of these tasks. Thread: one."""

    def __init__(
        self,
        tasks: Mapping[str, Sequence[Stream]],
        *,
        seed: int,
        phrases: Sequence[int] = PHRASES,
        settings: Sequence[str] = SETTINGS,
    ) -> None:
        self._tasks, self._seed = tasks, seed
        self._phrases, self._settings = phrases, settings
        groups: dict[str, list[str]] = {}
        for name, streams in tasks.items():
            groups.setdefault(streams[0].collection, []).append(name)
        self._groups = list(groups.values())
        weights = np.sqrt([len(group) for group in self._groups])
        self._shares = np.cumsum(weights / weights.sum())
        self.pieces = lru_cache(maxsize=_KEPT_TASKS)(self._pieces_of)

    def _pieces_of(self, task: str) -> list[Piece]:
        return pieces_of(self._tasks[task])

    def episode(self, number: int) -> Episode:
        """Episode `number`: always the same one. Raises CorpusError where there is none at all."""
        for attempt in range(_TRIES):
            rng = np.random.default_rng((self._seed, number, attempt))
            group = self._groups[int(np.searchsorted(self._shares, rng.random(), "right"))]
            task = group[int(rng.integers(len(group)))]
            setting = self._settings[int(rng.integers(len(self._settings)))]
            phrases = self._phrases[int(rng.integers(len(self._phrases)))]
            found = draw(setting, task, self.pieces(task), phrases, rng)
            if found is not None:
                return found
        raise CorpusError(
            "No player here has enough music for an episode of "
            f"{' or '.join(map(str, self._phrases))} phrases and what follows; name a data folder "
            "with more of them with --data."
        )
