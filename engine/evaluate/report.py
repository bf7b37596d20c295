"""One evaluation of a prior: its bits per note on a split, beside the baselines', as one report.

The baselines learn from the training split of the shippable tier, which is what a prior is trained
on, whatever is then measured. Where a folder has no training split the prior stands beside uniform
choice alone, and the report says so.

It refuses to print and to parse words: that is `engine.evaluate.command`.
"""

import itertools
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from engine.corpus import SHIPPABLE, CorpusError, Stream, data_hash, load_streams
from engine.encoding import FIELDS
from engine.evaluate import baselines
from engine.evaluate.notes import Bits, Notes, by_collection, gather, intervals, per_note, sample
from engine.evaluate.prior import bits_of, load_prior

Report = dict[str, Any]
Bar = Callable[[str, int], AbstractContextManager[Callable[[int], object]]]
"""Opens a progress bar of a title and a length, which is told what has been done."""

COLUMNS = ("total", *FIELDS, "velocity_known")


@dataclass(frozen=True, slots=True)
class Sizes:
    """Notes that are read; None reads them all."""

    asked: int | None
    train: int | None
    compared: int
    """Training notes on which the back-off model's views are compared with each other."""
    valid: int


WHOLE = Sizes(asked=None, train=None, compared=1_000_000, valid=150_000)
QUICK = Sizes(asked=12_000, train=1_000_000, compared=300_000, valid=20_000)
QUICK_SAYS = (
    "A quick look at a part of the split, beside baselines that learnt from a part of the training "
    "notes and so are weaker than they could be; leave out --quick for all of both."
)


def evaluate(
    data: Path,
    weights: Path,
    *,
    beside: Sequence[Path] = (),
    split: str,
    tier: str,
    quick: bool,
    threads: int,
    with_baselines: bool,
    bar: Bar,
) -> Report:
    """Everything there is to say about these weights on this split; of `beside` only the bits.

    Raises CorpusError, CheckpointError.
    """
    sizes = QUICK if quick else WHOLE
    model, metadata = load_prior(weights)
    streams = load_streams(data, split, tier=tier)
    asked = gather(sample(streams, sizes.asked, shorten=True) if sizes.asked else streams)
    torch.set_num_threads(threads)
    with bar("prior", len(asked)) as done:
        bits = bits_of(model, asked, progress=done)
    parameters = sum(tensor.numel() for tensor in model.parameters())
    report: Report = {
        "model": metadata.get("name", "prior"),
        "weights": str(weights),
        "split": split,
        "tier": tier,
        "quick": quick,
        "data_sha256": data_hash(data, tier=tier),
        "notes": len(asked),
        "pieces": len(asked.collections),
        "velocity_known_notes": int(asked.counted[:, 3].sum()),
        "bits_per_note": per_note(bits, asked.counted),
        "intervals": intervals(bits, asked),
        "by_collection": by_collection(bits, asked),
        "backbones": {
            model.shape.backbone: {**per_note(bits, asked.counted), "parameters": parameters}
        },
        "baselines": {},
        "beside": {},
        "says": [QUICK_SAYS] if quick else [],
    }
    for path in beside:
        other, _ = load_prior(path)
        with bar(str(path), len(asked)) as done:
            of_other = bits_of(other, asked, progress=done)
        report["beside"][str(path)] = {
            "backbone": other.shape.backbone,
            "parameters": sum(tensor.numel() for tensor in other.parameters()),
            **per_note(of_other, asked.counted),
            "intervals": intervals(of_other, asked),
        }
    if with_baselines:
        _add_baselines(report, data, asked, bits, sizes, bar)
    return report


def _add_baselines(
    report: Report, data: Path, asked: Notes, bits: Bits, sizes: Sizes, bar: Bar
) -> None:
    """Enter the baselines' figures, and by how much the prior beats the best of them."""
    found = {"uniform": baselines.uniform(asked)}
    train = None if report["split"] == "train" else _training_streams(data, report["tier"])
    if train is None:
        report["says"].append(
            "The baselines would have learnt what they are measured on: name another --split."
            if report["split"] == "train"
            else f"{data} has no training split to learn baselines from: "
            "the prior stands beside uniform choice alone."
        )
    else:
        learnt, choices = _learn(train, data, report, asked, sizes, bar)
        found |= learnt
        report["backoff"] = {name: choice.as_json() for name, choice in choices.items()}
    for name, of_name in found.items():
        report["baselines"][name] = {
            **per_note(of_name, asked.counted),
            "intervals": intervals(of_name, asked),
            "by_collection": by_collection(of_name, asked),
        }
    best = min(found, key=lambda name: float(found[name].sum()))
    gained = found[best] - bits
    report["gain"] = {
        "over": best,
        "bits_per_note": per_note(gained, asked.counted)["total"],
        "interval": intervals(gained, asked)["total"],
    }


def _training_streams(data: Path, tier: str) -> list[Stream] | None:
    """The shippable training split, else that of the tier; None where there is neither."""
    for name in dict.fromkeys((SHIPPABLE, tier)):
        try:
            return load_streams(data, "train", tier=name)
        except CorpusError:
            continue
    return None


def _learn(
    streams: list[Stream], data: Path, report: Report, asked: Notes, sizes: Sizes, bar: Bar
) -> tuple[dict[str, Bits], dict[str, baselines.Choice]]:
    train = gather(sample(streams, sizes.train) if sizes.train else streams)
    compared = gather(sample(streams, sizes.compared))
    streams.clear()
    report["baselines_learnt_from"] = {"split": "train", "notes": len(train)}
    try:
        held_out = load_streams(data, "valid", tier=SHIPPABLE)
        valid = gather(sample(held_out, sizes.valid))
    except CorpusError:
        valid = None
        report["says"].append(
            f"{data} has no validation split: the back-off model's order was not tuned."
        )
    steps = itertools.count()
    most = baselines.steps(tuned=valid is not None)
    with bar("baselines", most) as done:
        found = {"unigram": baselines.unigram(train, asked)}
        found["backoff"], choices = baselines.backoff(
            train, compared, valid, asked, progress=lambda: done(int(next(steps) < most))
        )
        done(most - min(next(steps), most))
    return found, choices


def table(report: Report) -> str:
    """The report for people."""
    lines = [
        f"Bits per note (less is better): {report['model']} on {report['notes']:,} notes of "
        f"{report['pieces']:,} pieces, split {report['split']}, tier {report['tier']}.",
        "",
        _row("", [name.replace("_known", "*") for name in COLUMNS]),
    ]
    rows = {**report["baselines"], **report["beside"], report["model"]: report["bits_per_note"]}
    for name, figures in rows.items():
        lines.append(_row(name, [f"{figures[column]:.3f}" for column in COLUMNS]))
    low, high = report["intervals"]["total"]
    lines += ["", f"{report['model']}: total {low:.3f} to {high:.3f} (95 %, over pieces)."]
    if "gain" in report:
        gain = report["gain"]
        low, high = gain["interval"]
        share = gain["bits_per_note"] / max(rows[gain["over"]]["total"], 1e-9)
        lines.append(
            f"It needs {gain['bits_per_note']:.3f} bits a note less than {gain['over']} "
            f"({low:.3f} to {high:.3f}), {share:.1%}."
        )
    for field, choice in report.get("backoff", {}).items():
        lines.append(
            f"backoff, {field}: {choice['view']}, order {choice['order']}, {choice['smoothing']}"
        )
    lines += ["velocity*: over the notes whose velocity is known.", ""]
    lines.append(_row("collection", [*COLUMNS[:-1], "notes"]))
    for name, figures in report["by_collection"].items():
        cells = [f"{figures[column]:.3f}" for column in COLUMNS[:-1]]
        lines.append(_row(name, [*cells, f"{figures['notes']:,}"]))
    return "\n".join([*lines, *([""] if report["says"] else []), *report["says"]])


def _row(name: str, cells: list[str]) -> str:
    return f"{name[-20:]:<20}" + "".join(f"{cell:>11}" for cell in cells)
