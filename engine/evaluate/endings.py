"""Does the model hear that a phrase is over? Held-out melodies with marked phrases, played in turn.

Two sides play the marked phrases of a piece one after the other. Before each note the model says
how likely the other side's turn is, knowing the notes so far and nothing of the silence that
follows. Beside it: how long the last note was, which is what one hears of an ending first.

AUC is the chance that a true ending gets a higher number than any other note (doi:10.1148/
radiology.143.1.7063747); intervals come from drawing pieces anew. It refuses to print.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.corpus import Stream, load_streams, rows_of
from engine.encoding import DURATION, FAMILIES, VOICE
from engine.evaluate.prior import load_prior
from engine.model.network import Music, Prior
from engine.train.scenes import KIND, TURNS

_LONGEST = 384
_RESAMPLES = 400


def evaluate(data: Path, weights: Path, *, split: str, tier: str, quick: bool) -> dict[str, Any]:
    """The report. Raises CorpusError, CheckpointError."""
    model, metadata = load_prior(weights)
    streams = [s for s in load_streams(data, split, tier=tier) if s.phrase[1:_LONGEST].sum() >= 2]
    streams = streams[:: max(1, len(streams) // 60)] if quick else streams
    found = [_of(model, stream.part(0, _LONGEST)) for stream in streams]
    report: dict[str, Any] = {
        "weights": metadata.get("name", "prior"),
        "split": split,
        "pieces": len(found),
        "notes": sum(len(ends) for _, _, ends in found),
        "phrases": int(sum(ends.sum() for _, _, ends in found)),
        "collections": sorted({stream.collection for stream in streams}),
    }
    for place, name in enumerate(("model", "length of the last note")):
        scores = [(one[place], one[2]) for one in found]
        report[name] = {"auc": _auc(scores), "auc_interval": _interval(scores)}
    said = np.concatenate([chance for chance, _, _ in found]) > 0.5
    true = np.concatenate([ends for _, _, ends in found])
    right = int((said & true).sum())
    report["model"] |= {
        "precision": right / max(1, int(said.sum())),
        "recall": right / max(1, int(true.sum())),
    }
    return report


@torch.inference_mode()
def _of(model: Prior, stream: Stream) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(chance that the turn passes, length of the note before, whether it does), notes 1.. ."""
    rows = rows_of(stream)
    starts = stream.phrase.copy()
    starts[0] = False
    who = np.cumsum(starts) % 2
    rows[:, VOICE] += who * FAMILIES
    rows[:, KIND] += TURNS
    music = Music(torch.from_numpy(rows)[None], torch.zeros(1, len(rows), dtype=torch.long))
    voices = torch.softmax(model(music)[VOICE][0].double(), dim=-1).numpy()
    partner = voices[:, FAMILIES:].sum(axis=1)
    passes = np.where(np.roll(who, 1) == 0, partner, 1 - partner)
    length = np.roll(rows[:, DURATION], 1).astype(np.float64)
    return passes[1:], length[1:], starts[1:]


def _auc(scores: Sequence[tuple[np.ndarray, np.ndarray]]) -> float:
    """Area under the curve of all notes together; ties count half."""
    score = np.concatenate([one for one, _ in scores])
    true = np.concatenate([ends for _, ends in scores])
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]
    positive = int(true.sum())
    negative = len(true) - positive
    above = rank[true].sum() - positive * (positive + 1) / 2
    return float(above / max(1, positive * negative))


def _interval(scores: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[float]:
    rng = np.random.default_rng(0)
    drawn = [
        _auc([scores[n] for n in rng.integers(0, len(scores), len(scores))])
        for _ in range(_RESAMPLES)
    ]
    return [float(edge) for edge in np.percentile(drawn, (2.5, 97.5))]


def table(report: dict[str, Any]) -> str:
    """The report for people."""
    lines = [
        f"Endings heard by {report['weights']}: "
        f"{report['phrases']:,} phrases of {report['pieces']:,} pieces "
        f"({', '.join(report['collections'])}), split {report['split']}."
    ]
    for name in ("model", "length of the last note"):
        low, high = report[name]["auc_interval"]
        lines.append(f"{name:<26} AUC {report[name]['auc']:.3f} ({low:.3f} to {high:.3f})")
    own = report["model"]
    lines.append(f"Said where likelier than not: precision {own['precision']:.2f}, ")
    lines[-1] += f"recall {own['recall']:.2f}."
    return "\n".join(lines)
