"""The best of several answers by the critic: what choosing among candidates does to them.

Every passage is answered several times, the first time exactly as the model alone answers; the best
of n is the best of the first n. So all figures are of the same draws, and what differs is the
choice alone. It refuses to judge whether the choice was good: the two-sample test does, which
shares nothing with the critic.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.critic.network import Critic
from engine.critic.rows import rows_of
from engine.evaluate.continuation.continuers import Continuer
from engine.evaluate.continuation.passages import Excerpt, Passage

COUNTS = (2, 4, 8)
"""Of how many the best is taken."""
_SEED_STEP = 1_000_003


@dataclass(frozen=True, slots=True)
class Chosen:
    """continued: of each count the best ones, by the name of the row; facts: of the critic."""

    continued: dict[str, list[Excerpt]]
    facts: dict[str, Any]


def name_of(count: int) -> str:
    """The row's name in the report."""
    return f"model, best of {count}"


def choose_among(
    critic: Critic,
    continuer: Continuer,
    passages: Sequence[Passage],
    first: Sequence[Excerpt],
    *,
    seed: int,
    counts: Sequence[int] = COUNTS,
    progress: Callable[[int], object] = lambda _: None,
) -> Chosen:
    """The best of the first n answers to each passage, for each n of `counts`.

    first: what the model answers under `seed` and the passage's number. The facts: the critic's AUC
    of one answer and of its best ones against the truth, and its time a candidate.
    """
    drawn, scores, human, took = [], [], [], []
    for number, passage in enumerate(passages):
        found = [first[number]]
        found += [
            continuer(passage, seed + number + _SEED_STEP * draw) for draw in range(1, max(counts))
        ]
        of_passage = []
        for answer in [*found, passage.truth]:
            rows = rows_of(
                passage.prime.notes, answer.notes, passage.timebase, drums=passage.truth.drums
            )
            begun = time.perf_counter()
            of_passage.append(critic.score(*rows))
            took.append(time.perf_counter() - begun)
        drawn.append(found)
        scores.append(of_passage[:-1])
        human.append(of_passage[-1])
        progress(1)
    table, truth = np.array(scores), np.array(human)
    best = {count: table[:, :count].argmax(axis=1) for count in counts}
    continued = {
        name_of(count): [each[which] for each, which in zip(drawn, best[count], strict=True)]
        for count in counts
    }
    facts = {
        "parameters": critic.parameters,
        "auc": auc(truth, table[:, 0]),
        "auc_best": {str(count): auc(truth, table[:, :count].max(axis=1)) for count in counts},
        "candidate_ms": dict(
            zip(("p50", "p95"), (1e3 * np.percentile(took, [50, 95])).tolist(), strict=True)
        ),
    }
    return Chosen(continued, facts)


def auc(human: npt.NDArray[np.float64], drawn: npt.NDArray[np.float64]) -> float:
    """Chance that of one human and one drawn answer the human one has the higher score."""
    above = human[:, None] > drawn[None, :]
    return float(above.mean() + (human[:, None] == drawn[None, :]).mean() / 2)
