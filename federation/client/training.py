"""Works out one change: learns the chosen phrases from the shared version, tells what came of it.

In a child process at the lowest priority: it loads torch. The shared version is put into the prior,
only B moves, the private adapter has no part in it. Then the change is clipped, blurred if the
policy says so, rounded to half precision; everything that is told about it is worked out from the
very bytes that would be sent. It refuses to send and to write.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.encoding import FIELDS
from federation.client.lesson import Phrases
from federation.client.preview import Histogram, Leak, Preview
from federation.formats.chance import Bytes
from federation.formats.clipping import USUAL_LIMIT, blur, clip
from federation.formats.delta import Delta, Vector, as_vector, decode, encode, norm, note_step
from federation.formats.lineage import Lineage

_ROUNDING = 1.0 - 2.0**-10
"""Half precision may make a change a little longer; so much shorter it is made before."""
_BINS = 24
THREADS = 1

Tensors = Mapping[str, npt.NDArray[np.float32]]
Tell = Callable[[str, int, int], object]


@dataclass(frozen=True, slots=True)
class Policy:
    """What is done to a change. limit: C. sigma: of the blur, 0 for none. epsilon_most: budget.

    epsilon_spent: what the manifest says, None where nothing is promised. app: of Antiphon.
    """

    limit: float = USUAL_LIMIT
    sigma: float = 0.0
    epsilon_most: float = 8.0
    epsilon_spent: float | None = None
    app: str = "0"


class Trainer:
    """The prior in torch, and what a player's phrases say about changes of it. Thread: one."""

    def __init__(self, weights: Path, lineage: Lineage) -> None:
        """Raises CheckpointError."""
        import torch

        from engine.evaluate.prior import load_prior
        from federation.client.learning import SharedScorer

        torch.set_num_threads(THREADS)
        torch.manual_seed(0)
        self._torch = torch
        self._scorer = SharedScorer(load_prior(weights)[0], lineage)
        self.lineage = lineage

    def change(
        self,
        phrases: Phrases,
        start: Tensors,
        version: int,
        policy: Policy,
        *,
        chance: Bytes,
        made: str,
        tell: Tell = lambda *_: None,
    ) -> tuple[bytes, Preview]:
        """(the file, all that is to be said about it). version: which one `start` is."""
        from federation.client.learning import PROX, RATE, STEPS, learn

        scorer = self._scorer
        learnt, held = self._lesson(phrases, ~phrases.held), self._lesson(phrases, phrases.held)
        begun = scorer.of_vector(as_vector(start))
        values = learn(
            scorer,
            [learnt],
            begun,
            rate=RATE,
            steps=STEPS,
            prox=PROX,
            tell=lambda step: tell("learning", step, STEPS + 2),
        )
        raw = scorer.to_vector(values) - as_vector(start)
        clipped = clip(raw, policy.limit * (1.0 if policy.sigma else _ROUNDING))
        sent = blur(clipped, policy.sigma, chance)
        data = encode(self._delta(sent, version, phrases, policy), self.lineage)
        as_sent = as_vector(decode(data, self.lineage).tensors)
        tell("looking what it gives away", STEPS, STEPS + 2)
        after = scorer.of_vector(as_vector(start) + as_sent)
        leak = Leak(self._longest(phrases, after), self._longest(phrases, begun), _most(phrases))
        tell("trying it on phrases that it did not learn", STEPS + 1, STEPS + 2)
        remarks = (*phrases.material.remarks, self._tried(held, begun, after))
        before_bins, bins = histograms(raw, as_sent)
        return data, Preview(
            sha256=hashlib.sha256(data).hexdigest(),
            bytes=len(data),
            values=self.lineage.size,
            shapes=dict(self.lineage.shapes),
            words=words_in(data),
            lineage=self.lineage.id,
            version=version,
            notes=phrases.learnt_notes,
            phrases=len(np.unique(phrases.owner[~phrases.held])),
            clip=policy.limit,
            sigma=policy.sigma,
            norm_before=norm(raw),
            norm=norm(as_sent),
            histogram_before=before_bins,
            histogram=bins,
            leak=leak,
            epsilon_spent=policy.epsilon_spent,
            epsilon_most=policy.epsilon_most,
            made=made,
            remarks=remarks,
        )

    def bits(self, phrases: Phrases, tensors: Tensors | None, *, held: bool = True) -> float:
        """Bits a note of the held-back phrases (of all: not held) with these B; None: the prior."""
        from federation.client.learning import bits

        which = phrases.held if held else np.ones(len(phrases.held), np.bool_)
        values = (
            self._scorer.zero() if tensors is None else self._scorer.of_vector(as_vector(tensors))
        )
        return bits(self._scorer, self._lesson(phrases, which), values)

    def frozen(self) -> dict[str, npt.NDArray[np.float32]]:
        """A, as the lineage draws it."""
        from engine.adapt.forms import first_values

        drawn = first_values(f"lora-{self.lineage.rank}", self._scorer.base, seed=self.lineage.seed)
        return {name: value.numpy() for name, value in drawn.items() if name.endswith(".down")}

    # -------------------------------------------------------------------------------------- inside

    def _delta(self, sent: Vector, version: int, phrases: Phrases, policy: Policy) -> Delta:
        from federation.formats.delta import from_vector

        step = note_step(phrases.learnt_notes)
        return Delta(self.lineage.id, version, step, from_vector(sent, self.lineage), policy.app)

    def _lesson(self, phrases: Phrases, counted: npt.NDArray[np.bool_]) -> Any:
        from engine.adapt.lesson import Lesson, lesson_of

        whole = lesson_of([take.rows for take in phrases.material.takes])
        mask = self._torch.from_numpy(counted)[None, :, None]
        return Lesson(whole.music, whole.counted & mask)

    def _longest(self, phrases: Phrases, values: Any) -> int:
        """Notes in a row whose onset and pitch are the likeliest ones, within a phrase.

        While every note before is as it was played, taking the likeliest next one is the same as
        letting the model go on greedily by itself: so this is the longest run that it gives back.
        """
        whole = self._lesson(phrases, np.ones(len(phrases.held), np.bool_))
        with self._torch.no_grad():
            chances = self._scorer.log_chances(whole, values)
        rows = whole.music.rows[0]
        hit = np.ones(len(rows), np.bool_)
        for field in ("onset", "pitch"):
            column = FIELDS.index(field)
            hit &= (chances[column].argmax(dim=-1) == rows[:, column]).numpy()
        return longest_run(hit, phrases.owner)

    def _tried(self, held: Any, begun: Any, after: Any) -> str:
        from federation.client.learning import bits

        if not held.notes:
            return "There were too few phrases to hold any back, so it was not tried."
        one, other = bits(self._scorer, held, begun), bits(self._scorer, held, after)
        return (
            f"Phrases of yours that it did not learn take {other:.2f} bits a note with this "
            f"change, {one:.2f} without."
        )


def longest_run(hit: npt.NDArray[np.bool_], owner: npt.NDArray[np.int64]) -> int:
    """The longest row of hits that lies within one phrase."""
    best = now = 0
    for place, good in enumerate(hit):
        fresh = place == 0 or owner[place] != owner[place - 1]
        now = (0 if fresh else now) + 1 if good else 0
        best = max(best, now)
    return best


def histograms(before: Vector, after: Vector) -> tuple[Histogram, Histogram]:
    """Both over the same edges."""
    most = float(max(np.abs(before).max(initial=0.0), np.abs(after).max(initial=0.0))) or 1.0
    edges = np.linspace(-most, most, _BINS + 1)
    shown = tuple(float(edge) for edge in edges)
    counts = [np.histogram(one, edges)[0] for one in (before, after)]
    one, other = (Histogram(shown, tuple(int(n) for n in part)) for part in counts)
    return one, other


def words_in(data: bytes) -> dict[str, str]:
    """Every word that the file says beside its numbers."""
    import json

    length = int.from_bytes(data[:8], "little")
    found = json.loads(data[8 : 8 + length])["__metadata__"]
    return {str(name): str(word) for name, word in found.items()}


def _most(phrases: Phrases) -> int:
    return int(np.bincount(phrases.owner).max())
