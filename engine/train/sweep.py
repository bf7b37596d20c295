"""Small sweeps: one setting changed at a time, the same notes for all, one table.

    python -m engine.train.sweep --out runs/sweep [--steps 300] [--only NAME ...]

Every run sees the same batches for the same number of steps, so differences are of the setting, not
of the machine; the learning rate follows the steps. Finished runs are kept and not made again. What
it prints is the table that docs/SWEEPS.md keeps. It refuses to choose: people read tables.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from engine.corpus import CorpusError, load_streams
from engine.encoding import FIELDS
from engine.evaluate.prior import load_prior
from engine.model.checkpoint import CheckpointError
from engine.model.shape import Shape
from engine.train import recipe
from engine.train.held_out import bits_per_note, validation_batches
from engine.train.scenes import FREE_ORDER
from engine.words import DEFAULT_DATA, NO_DATA, complain, data_folder, positive

BASE = recipe.SIZES["small"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of the table."""

    name: str
    shape: Shape
    free_order: float = FREE_ORDER
    dropout: float = 0.0


SETTINGS = (
    Setting("transformer, 128 wide, 4 deep", BASE),
    Setting("GRU of like size", recipe.recurrent(BASE, "gru")),
    Setting("LSTM of like size", recipe.recurrent(BASE, "lstm")),
    Setting("one order only", BASE, free_order=0.0),
    Setting("dropout 0.1", BASE, dropout=0.1),
    Setting("wide and shallow: 176, 2", replace(BASE, width=176, layers=2)),
    Setting("narrow and deep: 96, 7", replace(BASE, width=96, layers=7)),
)


def step_clock() -> Callable[[], float]:
    """A clock by which every step takes a minute, asked twice a step."""
    calls = 0

    def now() -> float:
        nonlocal calls
        calls += 1
        return 60.0 * (calls // 2)

    return now


def run(data: Path, out: Path, setting: Setting, *, steps: int, threads: int) -> dict[str, object]:
    """Train one setting (or find it trained) and score it; a line of the table."""
    folder = out / setting.name.replace(" ", "-").replace(",", "").replace(":", "")
    recipe.train(
        data,
        folder,
        minutes=float(steps),
        shape=setting.shape,
        threads=threads,
        free_order=setting.free_order,
        dropout=setting.dropout,
        clock=step_clock(),
    )
    model, _ = load_prior(folder / "best.safetensors")
    bits = bits_per_note(model, validation_batches(load_streams(data, "valid")))
    return {
        "setting": setting.name,
        "weights": sum(p.numel() for p in model.parameters()),
        "backbone_weights": sum(p.numel() for p in model.backbone.parameters()),
        "notes_seen": steps * recipe.LENGTH * recipe.WIDTH,
        "bits_per_note": round(float(bits.sum()), 3),
        **{name: round(float(bits[n]), 3) for n, name in enumerate(FIELDS)},
    }


def table(lines: Sequence[dict[str, object]]) -> str:
    """Lines as Markdown."""
    names = list(lines[0])
    rows = [names, ["---"] * len(names), *([str(line[name]) for name in names] for line in lines)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main(words: Sequence[str]) -> int:
    """Run the sweep; prints the table, or JSON."""
    parser = argparse.ArgumentParser(prog="python -m engine.train.sweep", description=__doc__)
    parser.add_argument("--data", type=Path, help=f"data folder (default: {DEFAULT_DATA})")
    parser.add_argument("--out", type=Path, default=Path("runs") / "sweep")
    parser.add_argument("--steps", type=positive, default=300)
    parser.add_argument("--threads", type=positive, default=2)
    parser.add_argument("--only", nargs="+", choices=[s.name for s in SETTINGS], metavar="NAME")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(list(words))
    data = data_folder(args.data)
    if data is None:
        return complain(NO_DATA)
    torch.set_num_threads(args.threads)
    chosen = [s for s in SETTINGS if not args.only or s.name in args.only]
    lines = []
    for setting in chosen:
        try:
            lines.append(run(data, args.out, setting, steps=args.steps, threads=args.threads))
        except (CorpusError, CheckpointError, recipe.TrainingError) as error:
            return complain(str(error))
        print(lines[-1], file=sys.stderr, flush=True)
    print(json.dumps(lines, indent=1) if args.json else table(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
