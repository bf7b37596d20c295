"""What a prior is held against, learnt from the same notes: uniform, unigram, back-off.

The back-off model is given every chance: of several views, orders and smoothings the one that does
best on the validation split is taken, field by field. Views are compared on a sample of the
training notes, orders and smoothings on all of them.

It refuses to look at the split that is reported, except to say its probabilities.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.encoding import FIELD_SIZES, FIELDS
from engine.evaluate.backoff import (
    EXCLUSION,
    WITTEN_BELL,
    Values,
    Variant,
    View,
    probabilities,
)
from engine.evaluate.notes import Bits, Notes, join

DEEPEST = 8
_KIND = ("kind", 0)
_CHORD = ("chord", 0)
_VOICE = ("voice", 0)

VIEWS = (
    View("times", 0, (_KIND,), (("delta", 1), ("duration", 1))),
    View("onsets", 0, (_KIND,), (("delta", 1),)),
    View("place, times", 0, (_KIND, ("beat_pos", 1)), (("delta", 1), ("duration", 1))),
    View("intervals", 1, (_KIND, _CHORD), (("interval", 1),), relative=True),
    View(
        "intervals and chords", 1, (_KIND, _CHORD), (("interval", 1), ("chord", 1)), relative=True
    ),
    View("pitches", 1, (_KIND, _CHORD), (("pitch", 1),)),
    View("intervals, voice", 1, (_KIND, _CHORD, _VOICE), (("interval", 1),), relative=True),
    View("times", 2, (_KIND, _CHORD), (("duration", 1), ("delta", 0))),
    View("times, voice", 2, (_KIND, _CHORD, _VOICE), (("duration", 1), ("delta", 0))),
    View("durations", 2, (_KIND, ("delta", 0)), (("duration", 1),)),
    View("place, times", 2, (_KIND, ("beat_pos", 0)), (("duration", 1), ("delta", 0))),
    View("velocities", 3, (_KIND, _CHORD), (("velocity", 1),)),
    View("velocities, chords", 3, (_KIND,), (("velocity", 1), ("chord", 0))),
    View("voices", 4, (_KIND,), (("voice", 1),)),
    View("voices and pitches", 4, (_KIND,), (("voice", 1), ("pitch", 1))),
)
"""Ways to look at each field; where there is nothing to compare them on, the first is taken."""

_UNIGRAM = tuple(View("alone", field, (), ()) for field in range(len(FIELDS)))


@dataclass(frozen=True, slots=True)
class Choice:
    """The back-off model taken for a field, and its bits a note on the validation split."""

    view: View
    variant: Variant
    valid_bits: float | None

    def as_json(self) -> dict[str, object]:
        """For the report."""
        return {
            "view": self.view.name,
            "order": self.variant.order,
            "smoothing": self.variant.smoothing.name,
            "valid_bits_per_note": self.valid_bits,
        }


def steps(*, tuned: bool) -> int:
    """How often `backoff` will call its `progress`, at the most."""
    tried = [len(list(view.levels(DEEPEST))) for view in VIEWS]
    of_field = [
        max(n for n, v in zip(tried, VIEWS, strict=True) if v.field == f)
        for f in range(len(FIELDS))
    ]
    return sum(of_field) + (sum(tried) if tuned else 0)


def uniform(asked: Notes) -> Bits:
    """Bits of a model that finds every class as likely as any other."""
    each = np.log2(np.array(FIELD_SIZES, dtype=np.float32))
    return np.where(asked.counted, each, np.float32(0.0))


def unigram(train: Notes, asked: Notes) -> Bits:
    """Bits of a model that knows how frequent each class is, and nothing else."""
    bits = np.zeros(asked.counted.shape, dtype=np.float32)
    for field, view in enumerate(_UNIGRAM):
        found = probabilities(view, train, asked, deepest=0)
        _enter(bits, asked, field, found[Variant(WITTEN_BELL, 0)])
    return bits


def backoff(
    train: Notes,
    sample: Notes,
    valid: Notes | None,
    asked: Notes,
    *,
    progress: Callable[[], object] = lambda: None,
) -> tuple[Bits, dict[str, Choice]]:
    """Bits of the best back-off model of each field, and which one that is.

    sample: the part of the training notes on which views are compared. valid: None where there is
    none; then the first view of each field is taken with the smoothing that is usually the best.
    """
    bits = np.zeros(asked.counted.shape, dtype=np.float32)
    choices: dict[str, Choice] = {}
    for field, name in enumerate(FIELDS):
        views = [view for view in VIEWS if view.field == field]
        if valid is None:
            view, best = views[0], Variant(EXCLUSION, DEEPEST)
            found = probabilities(view, train, asked, deepest=DEEPEST, progress=progress)
            choices[name] = Choice(view, best, None)
            _enter(bits, asked, field, found[best])
            continue
        tried = []
        for view in views:
            tried.append(
                min(
                    map(
                        _sum,
                        probabilities(
                            view, sample, valid, deepest=DEEPEST, progress=progress
                        ).values(),
                    )
                )
            )
        view = views[int(np.argmin(tried))]
        # One pass over the training notes answers for both splits.
        found = probabilities(view, train, join(valid, asked), deepest=DEEPEST, progress=progress)
        part = int(valid.counted[:, field].sum())
        scores = {variant: _sum(p[:part]) / len(valid) for variant, p in found.items()}
        best = min(scores, key=lambda variant: scores[variant])
        choices[name] = Choice(view, best, scores[best])
        _enter(bits, asked, field, found[best][part:])
    return bits, choices


def _sum(found: Values) -> float:
    """Bits of all notes together."""
    return float(-np.log2(found).sum())


def _enter(bits: Bits, asked: Notes, field: int, found: Values) -> None:
    bits[asked.counted[:, field], field] = -np.log2(found)
