"""Backbones side by side: what each predicts, costs, remembers, and how it lasts.

For each set of weights, in one run on the same held-out notes:

- bits per note, and its fields;
- gain from a prompt: how many bits a note fewer the notes after the prompt cost once 8, 32 or 128
  notes before them were heard (the same notes each time);
- the live step (`engine.model.fast`, one thread): time to read a note with a full state, and bytes
  of state;
- a long session: the last thousand of ten thousand notes, with all before them heard, beside the
  same notes with only the last 256 before them heard; and what a step costs there.

It refuses to print: that is `engine.evaluate.command`.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.corpus import Stream, load_streams, rows_of
from engine.encoding import FIELDS, ONSET, ORDER, Row
from engine.evaluate.notes import gather, intervals, per_note, sample
from engine.evaluate.prior import bits_of, load_prior
from engine.model.checkpoint import load
from engine.model.fast import FastPrior
from engine.model.network import Music, Prior
from engine.train.batches import what_counts

PROMPTS = (8, 32, 128)
_SCORED = 32
_PASSAGES, _QUICK_PASSAGES = 400, 60
_NOTES, _QUICK_NOTES = 60_000, 8_000
LONG, _LAST, _FRESH = 10_000, 1_000, 256
_TIMED = 400


@dataclass(frozen=True, slots=True)
class Long:
    """A session's notes, and where the part that is scored begins."""

    rows: np.ndarray
    counted: np.ndarray


def compare(
    data: Path,
    weights: Sequence[Path],
    *,
    split: str,
    tier: str,
    quick: bool,
    progress: Callable[[int], object],
) -> dict[str, Any]:
    """One report over all weights; `progress` is told each. Raises CorpusError, CheckpointError."""
    streams = load_streams(data, split, tier=tier)
    asked = gather(sample(streams, _QUICK_NOTES if quick else _NOTES, shorten=True))
    passages = _passages(streams, _QUICK_PASSAGES if quick else _PASSAGES)
    long = _long_session(streams, LONG // 5 if quick else LONG)
    lines = []
    for path in weights:
        model, _ = load_prior(path)
        bits = bits_of(model, asked)
        lines.append(
            {
                "weights": str(path),
                "backbone": model.shape.backbone,
                "parameters": sum(p.numel() for p in model.parameters()),
                "backbone_parameters": sum(p.numel() for p in model.backbone.parameters()),
                "bits_per_note": per_note(bits, asked.counted),
                "interval": intervals(bits, asked)["total"],
                "prompt_gain_bits": _prompt_gains(model, passages),
                **_session(FastPrior(*load(path)), long),
            }
        )
        progress(1)
    return {"split": split, "quick": quick, "notes": len(asked), "backbones": lines}


def _passages(streams: Sequence[Stream], count: int) -> list[np.ndarray]:
    """Rows of passages with the longest prompt before the notes that are scored."""
    length = max(PROMPTS) + _SCORED
    able = [stream for stream in streams if len(stream) >= length]
    rng = np.random.default_rng(0)
    weight = np.array([len(stream) for stream in able], dtype=np.float64)
    found = []
    for which in rng.choice(len(able), size=count, p=weight / weight.sum()):
        first = int(rng.integers(0, len(able[which]) - length + 1))
        found.append(rows_of(able[which].part(first, first + length)))
    return found


@torch.inference_mode()
def _prompt_gains(model: Prior, passages: Sequence[np.ndarray]) -> dict[str, float]:
    """Bits a note saved by each length of prompt."""
    total = dict.fromkeys((0, *PROMPTS), 0.0)
    for rows in passages:
        for prompt in total:
            part = rows[max(PROMPTS) - prompt :]
            counted = what_counts(part, velocity_known=True)
            counted[:prompt] = False
            counted[prompt, ONSET] = False  # unknown to whoever hears it first
            music = Music(torch.from_numpy(part)[None], torch.zeros(1, len(part), dtype=torch.long))
            total[prompt] += float(model.losses(music, torch.from_numpy(counted)[None]).sum())
    notes = len(passages) * _SCORED * math.log(2)
    return {str(prompt): (total[0] - total[prompt]) / notes for prompt in PROMPTS}


def _long_session(streams: Sequence[Stream], length: int) -> Long:
    """The longest stream, cut or followed by the next longest until it is long enough."""
    rows: list[np.ndarray] = []
    for stream in sorted(streams, key=len, reverse=True):
        rows.append(rows_of(stream))
        if sum(map(len, rows)) >= length:
            break
    joined = np.concatenate(rows)[:length]
    return Long(joined, what_counts(joined, velocity_known=True))


def _session(prior: FastPrior, long: Long) -> dict[str, Any]:
    """Time, state and lasting of the live step."""
    rows = [Row(*map(int, row)) for row in long.rows]
    last = min(_LAST, len(rows) // 4)
    prior.reset()
    early: list[float] = []
    late: list[float] = []
    lasting = 0.0
    for number, row in enumerate(rows):
        if number >= len(rows) - last:
            lasting += _bits(prior, row, long.counted[number])
        began = time.perf_counter()
        prior.read(row)
        spent = time.perf_counter() - began
        if len(rows) // 20 <= number < len(rows) // 20 + _TIMED:
            early.append(spent)
        if number >= len(rows) - last:
            late.append(spent)
    prior.reset()
    fresh = 0.0
    for number in range(len(rows) - last - _FRESH, len(rows)):
        if number >= len(rows) - last:
            fresh += _bits(prior, rows[number], long.counted[number])
        prior.read(rows[number])
    return {
        "state_bytes": prior.state_bytes,
        "read_ms_p50": round(float(np.median(early)) * 1e3, 4),
        "long_session": {
            "notes": len(rows),
            "read_ms_p50_at_its_end": round(float(np.median(late)) * 1e3, 4),
            "bits_per_note_at_its_end": lasting / last,
            "bits_per_note_after_256_notes": fresh / last,
        },
    }


def _bits(prior: FastPrior, row: Row, counted: np.ndarray) -> float:
    """Bits of one note under the live step, fields in the usual order."""
    total, known = 0.0, set[int]()
    for field in ORDER:
        if counted[field]:
            logits = prior.field(field, row, frozenset(known)).astype(np.float64)
            peak = logits.max()
            total += peak + math.log(np.exp(logits - peak).sum()) - logits[row[field]]
        known.add(field)
    return total / math.log(2)


def table(report: dict[str, Any]) -> str:
    """The report for people."""
    heads = ["bits", *FIELDS, *(f"+{n} notes" for n in PROMPTS)]
    heads += ["read ms", "state KiB", "at 10,000", "fresh"]
    lines = [f"{'':<13}" + "".join(f"{head:>11}" for head in heads)]
    for line in report["backbones"]:
        bits, gain, long = line["bits_per_note"], line["prompt_gain_bits"], line["long_session"]
        cells = [bits["total"], *(bits[name] for name in FIELDS), *gain.values()]
        cells += [line["read_ms_p50"], line["state_bytes"] / 1024]
        cells += [long["bits_per_note_at_its_end"], long["bits_per_note_after_256_notes"]]
        lines.append(f"{line['backbone']:<13}" + "".join(f"{cell:>11.3f}" for cell in cells))
    lines.append(
        f"Split {report['split']}, {report['notes']:,} notes; +n notes: bits a note saved by a "
        "prompt; the last two: bits a note at a long session's end, and of the same notes when "
        "only the 256 before them were heard."
    )
    return "\n".join(lines)
