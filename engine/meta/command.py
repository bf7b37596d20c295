"""`antiphon train meta`: a starting point for few-shot learning, and shipping it.

Exit codes: 0 done, 1 could not (one sentence and a next step on standard error), 2 wrong usage.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from engine.words import DEFAULT_DATA, NO_DATA, complain, data_folder, positive

METHODS = ("maml", "first-order", "reptile")
FORMS = ("state", "heads", "lora-4", "lora-16", "lora-32", "all")


def main(words: Sequence[str]) -> int:
    """Run `antiphon train meta` with these words; returns the exit code."""
    try:
        args = _parser().parse_args(list(words))
    except SystemExit as stop:  # argparse has said why; --help ends with 0
        return int(stop.code or 0)
    out = args.out or Path("runs") / "meta" / args.method
    try:
        return _ship(out) if args.ship else _train(out, args)
    except KeyboardInterrupt:
        return complain(f"Stopped; the same command goes on from the last save in {out}.")
    except OSError as error:
        return complain(f"{out} cannot be written ({error}); name another with --out.")


def _train(out: Path, args: argparse.Namespace) -> int:
    data = data_folder(args.data)
    if data is None:
        return complain(NO_DATA)
    from engine.adapt.adapter import AdapterError
    from engine.corpus import CorpusError
    from engine.meta import run
    from engine.model.checkpoint import SHIPPED, CheckpointError

    try:
        best = run.train(
            data,
            args.weights or SHIPPED,
            out,
            args.method,
            minutes=args.minutes,
            form=args.form,
            steps=args.steps,
            seed=args.seed,
            threads=args.threads,
        )
    except (CorpusError, CheckpointError, AdapterError) as error:
        return complain(str(error))
    if args.json:
        print((out / "run.json").read_text(encoding="utf-8"))
        return 0
    print(f"Start: {best}; curve: {out / 'curve.png'}; figures: {out / 'run.json'}.")
    return 0


def _ship(out: Path) -> int:
    """Put a run's best start into the package, if it is of the prior there."""
    from engine.adapt.adapter import AdapterError
    from engine.files import write_whole
    from engine.meta.starts import SHIPPED, load_start
    from engine.model.checkpoint import SHIPPED as PRIOR
    from engine.model.checkpoint import fingerprint

    best = out / "best.safetensors"
    try:
        start, facts = load_start(best, fingerprint(PRIOR))
    except AdapterError as error:
        return complain(str(error))
    write_whole(SHIPPED, best.read_bytes())
    print(f"Shipped: {start.form}, {facts.get('method')}, {start.steps} steps, {SHIPPED}.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="antiphon train meta",
        description="Meta-train the starting point from which a player is learnt, on players of "
        "the training split; keep the best by held-back players. A run that was stopped goes on "
        "where it was last saved.",
    )
    parser.add_argument("--data", type=Path, help=f"data folder (default: {DEFAULT_DATA})")
    parser.add_argument("--method", choices=METHODS, default="first-order")
    parser.add_argument("--form", choices=FORMS, default="lora-4", help="of the adapter")
    parser.add_argument("--steps", type=positive, default=5, help="of learning (default: 5)")
    parser.add_argument("--weights", type=Path, help="another prior than the shipped one")
    parser.add_argument("--out", type=Path, help="folder of the run (default: runs/meta/METHOD)")
    parser.add_argument("--minutes", type=_minutes, default=12.0, help="of training (default: 12)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=positive, default=2)
    parser.add_argument("--ship", action="store_true", help="train nothing: ship the best start")
    parser.add_argument("--json", action="store_true", help="print the run's figures at the end")
    return parser


def _minutes(word: str) -> float:
    number = float(word)
    if not 0.0 < number < 1e6:
        raise ValueError(word)
    return number
