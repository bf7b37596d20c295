"""One episode under every method: bits a note of the query, and the seconds that learning took.

    prior            alone: nothing of the player was heard
    prompt           the player's phrases were heard just before, nothing is learnt
    memory           the memory alone, having learnt the phrases
    prior + memory   both, with the phrases learnt and heard
    an adapter       learnt from the phrases; in the same evening they were heard, too, as live
    ... + memory     the same with the memory

It refuses to draw episodes (`engine.evaluate.adapt.cases`) and to sum up (`...report`).
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.adapt.descent import Start, Values, descend
from engine.adapt.learn import Learning
from engine.adapt.lesson import Lesson, Scorer, lesson_of
from engine.adapt.material import Material, Take, bounds
from engine.encoding import ONSET, VOICE, IntArray
from engine.memory.offline import bits_with_memory
from engine.meta.tasks import Episode
from engine.meta.turns import support_of

PRIOR, PROMPT, MEMORY, BOTH = "prior", "prompt", "memory", "prior + memory"
SHIPS = "as shipped"
WITH_MEMORY = " + memory"
SECONDS = 10.0

Bits = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Score:
    """bits: a note, by field (5,); seconds: of learning; kept: whether an adapter was."""

    bits: Bits
    seconds: float = 0.0
    kept: bool | None = None


@dataclass(frozen=True, slots=True)
class _Query:
    """What is scored: rows (n, 9), which fields count, what was heard before."""

    rows: IntArray
    counted: npt.NDArray[np.bool_]
    lesson: Lesson
    lead: int

    def mean(self, bits: npt.NDArray[np.floating]) -> Bits:
        found: Bits = (bits * self.counted).sum(axis=0) / len(self.rows)
        return found


def query(episode: Episode, *, heard: bool) -> _Query:
    """The query with (`heard`) or without what went before it in context."""
    rows = episode.query[episode.heard :]
    lead = np.zeros((0, rows.shape[1]), rows.dtype)
    if heard:
        lead = np.concatenate(episode.support)
    lesson = lesson_of([np.concatenate([lead, rows])], unheard=[len(lead)])
    counted = lesson.counted[0, len(lead) :].numpy().copy()
    counted[0, (ONSET, VOICE)] = False  # where it begins is not asked of anybody
    return _Query(rows, counted, lesson, len(lead))


def scores(
    scorer: Scorer,
    episode: Episode,
    starts: Mapping[str, Start],
    shipped: Start | None,
    *,
    seconds: float = SECONDS,
) -> dict[str, Score]:
    """The score of every method. starts: by name; shipped: is learnt from as the app does."""
    live = query(episode, heard=bool(episode.heard))
    learnt = [] if episode.heard else list(episode.support)
    context = episode.query[: episode.heard] if episode.heard else None

    def chances(asked: _Query, values: Values) -> list[npt.NDArray[np.float32]]:
        with torch.no_grad():
            found: list[Tensor] = scorer.log_chances(asked.lesson, values)
        return [part.numpy()[asked.lead :] for part in found]

    def remembered(log_chances: list[npt.NDArray[np.float32]] | None) -> Bits:
        return live.mean(
            bits_with_memory(learnt, live.rows, live.counted, log_chances, context_rows=context)
        )

    def both(name: str, values: Values, spent_s: float, kept: bool | None = None) -> None:
        found = chances(live, values)
        results[name] = Score(live.mean(_bits(found, live.rows)), spent_s, kept)
        results[name + WITH_MEMORY] = Score(remembered(found), spent_s, kept)

    alone = query(episode, heard=False)
    prompted = query(episode, heard=True)
    results = {
        PRIOR: Score(alone.mean(_bits(chances(alone, {}), alone.rows))),
        PROMPT: Score(prompted.mean(_bits(chances(prompted, {}), prompted.rows))),
        MEMORY: Score(remembered(None)),
        BOTH: Score(remembered(chances(live, {}))),
    }
    for name, start in starts.items():
        began = time.monotonic()
        values = descend(scorer, support_of(episode), start)
        both(name, values, time.monotonic() - began)
    if shipped is not None:
        kept, spent_s = _as_shipped(scorer, episode, shipped, seconds)
        both(SHIPS, kept or {}, spent_s, kept is not None)
    return results


def _as_shipped(
    scorer: Scorer, episode: Episode, start: Start, seconds: float
) -> tuple[Values | None, float]:
    """With folds held back, and kept only if they say so; one phrase is too little to learn."""
    takes = []
    for number, rows in enumerate(episode.support):
        cuts = bounds(range(25, len(rows), 25), len(rows))
        takes.append(Take(str(number), rows, cuts if len(cuts) > 1 else np.array([0, len(rows)])))
    material = Material(tuple(takes))
    if material.phrases < 2:
        return None, 0.0
    learning = Learning(scorer, start, material, seconds=seconds)
    before = learning.prior()
    result = learning.finish(before, dict(learning.trials()))
    return result.values, result.seconds


def _bits(log_chances: list[npt.NDArray[np.float32]], rows: IntArray) -> Bits:
    """Bits of each field of each note: (n, 5)."""
    each = np.arange(len(rows))
    parts = [-part[each, rows[:, field]] for field, part in enumerate(log_chances)]
    return np.stack(parts, axis=1).astype(np.float64) / np.log(2.0)
