"""`antiphon train`: the words of the command line for `engine.train.recipe`, and shipping.

`antiphon train quotes`, `meta` and `critic` make what goes with the prior: their words are theirs.

Exit codes: 0 done, 1 could not (one sentence and a next step on standard error), 2 wrong usage.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from engine.words import DEFAULT_DATA, NO_DATA, complain, data_folder, positive

SIZES = ("small", "medium", "large")
BACKBONES = ("transformer", "gru", "lstm")
FREE_ORDER = 0.4
_OTHERS = {
    "quotes": "engine.quote.command",
    "meta": "engine.meta.command",
    "critic": "engine.critic.train",
}
"""What else is trained, and the module with its `main`."""


def main(words: Sequence[str]) -> int:
    """Run `antiphon train` with these words; returns the exit code."""
    if words and words[0] in _OTHERS:
        other = import_module(_OTHERS[words[0]])
        return int(other.main(words[1:]))
    try:
        args = _parser().parse_args(list(words))
    except SystemExit as stop:  # argparse has said why; --help ends with 0
        return int(stop.code or 0)
    try:
        return _ship(args.out) if args.ship else _train(args)
    except KeyboardInterrupt:
        return complain(f"Stopped; the same command goes on from the last save in {args.out}.")
    except OSError as error:
        return complain(f"{args.out} cannot be written ({error}); name another with --out.")


def _train(args: argparse.Namespace) -> int:
    data = data_folder(args.data)
    if data is None:
        return complain(NO_DATA)
    from engine.corpus import CorpusError
    from engine.model.checkpoint import CheckpointError
    from engine.train import recipe

    chosen = {name: getattr(args, name) for name in ("width", "layers", "heads", "window")}
    shape = replace(
        recipe.SIZES[args.size], **{name: n for name, n in chosen.items() if n is not None}
    )
    shape = recipe.recurrent(shape, args.backbone)
    if shape.width % (2 * shape.heads):
        print("--width must be an even multiple of --heads.", file=sys.stderr)
        return 2
    try:
        best = recipe.train(
            data,
            args.out,
            minutes=args.minutes,
            shape=shape,
            seed=args.seed,
            threads=args.threads,
            tier=args.tier,
            free_order=args.free_order,
            start=args.start,
            compiled=args.compile,
        )
    except (CorpusError, CheckpointError, recipe.TrainingError) as error:
        return complain(str(error))
    if args.json:
        print((args.out / "run.json").read_text(encoding="utf-8"))
        return 0
    print(f"Weights: {best}; curve: {args.out / 'curve.png'}; run card: {args.out / 'run.json'}.")
    return 0


def _ship(out: Path) -> int:
    """Put a finished run's best weights into the package, with a card of its figures."""
    from engine.model.checkpoint import SHIPPED, CheckpointError, load, save
    from engine.train.recipe import NAME

    best, run_card = out / "best.safetensors", out / "run.json"
    if not (best.is_file() and run_card.is_file()):
        return complain(f"There is no finished run in {out}; train first, or name it with --out.")
    try:
        tensors, metadata = load(best)
        card = json.loads(run_card.read_text(encoding="utf-8"))
    except (CheckpointError, ValueError) as error:
        return complain(f"{out} is damaged ({error}) Train again, or name another with --out.")
    name = metadata.get("name", NAME)
    save(SHIPPED, tensors, {**metadata, "name": name})
    card_path = SHIPPED.with_suffix(".json")
    card_path.write_text(json.dumps({**card, "name": name}, indent=1) + "\n", encoding="utf-8")
    print(f"Shipped as {name}: {SHIPPED}; card: {card_path}.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="antiphon train",
        description="Train the prior on the training split, keep the best by the validation split. "
        "A run that was stopped goes on where it was last saved. `antiphon train meta`, `quotes` "
        "and `critic` make what goes with it: the start of learning a player, the index of quotes, "
        "the critic.",
    )
    parser.add_argument("--data", type=Path, help=f"data folder (default: {DEFAULT_DATA})")
    parser.add_argument(
        "--tier", default="ship", help='tier of index.csv, or "all" (default: ship)'
    )
    parser.add_argument(
        "--out", type=Path, default=Path("runs") / "prior", help="folder of the run"
    )
    parser.add_argument("--minutes", type=_minutes, default=60.0, help="of training (default: 60)")
    parser.add_argument("--size", choices=SIZES, default="medium", help="sets the four below")
    for name in ("width", "layers", "heads", "window"):
        parser.add_argument(f"--{name}", type=positive, help=argparse.SUPPRESS)
    parser.add_argument(
        "--backbone", choices=BACKBONES, default=BACKBONES[0], help="a GRU or LSTM of like size"
    )
    parser.add_argument(
        "--start", type=Path, help="weights of the same size to begin with (default: from nothing)"
    )
    parser.add_argument(
        "--free-order",
        type=_share,
        default=FREE_ORDER,
        help=f"share of the notes whose fields are learnt in any order (default: {FREE_ORDER})",
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=positive, default=2)
    parser.add_argument("--compile", action="store_true", help="by torch.compile: slow to start")
    parser.add_argument(
        "--ship", action="store_true", help="train nothing: put the best weights into the package"
    )
    parser.add_argument("--json", action="store_true", help="print the run card at the end")
    return parser


def _share(word: str) -> float:
    number = float(word)
    if not 0.0 <= number <= 1.0:
        raise ValueError(word)
    return number


def _minutes(word: str) -> float:
    number = float(word)
    if not 0.0 < number < 1e6:
        raise ValueError(word)
    return number
