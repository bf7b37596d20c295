"""`antiphon evaluate`: the words of the command line, and what is printed.

Exit codes: 0 done, 1 could not (one sentence and a next step on standard error), 2 wrong usage.
With --json one object on standard output; progress always goes to standard error.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from engine.words import DEFAULT_DATA, NO_DATA, complain, data_folder, positive


def main(words: Sequence[str]) -> int:
    """Run `antiphon evaluate` with these words; returns the exit code."""
    try:
        args = _parser().parse_args(list(words))
    except SystemExit as stop:  # argparse has said why; --help ends with 0
        return int(stop.code or 0)
    data = data_folder(args.data)
    if data is None:
        return complain(NO_DATA)
    try:
        return _evaluate_prior(args, data)
    except KeyboardInterrupt:
        return complain("Stopped; nothing was written. Run it again, or with --quick.")


def _evaluate_prior(args: argparse.Namespace, data: Path) -> int:
    from engine.corpus import CorpusError
    from engine.evaluate.report import evaluate, table
    from engine.model.checkpoint import SHIPPED, CheckpointError

    try:
        report = evaluate(
            data,
            args.weights or SHIPPED,
            split=args.split,
            tier=args.tier,
            quick=args.quick,
            threads=args.threads,
            with_baselines=args.baselines,
            bar=_bar,
        )
    except (CorpusError, CheckpointError) as error:
        return complain(str(error))
    print(json.dumps(report, indent=1) if args.json else table(report), flush=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="antiphon evaluate", description="How good the models are, on music they never saw."
    )
    subparsers = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    prior = subparsers.add_parser(
        "prior",
        help="bits per note of the prior, beside baselines of the same run",
        description="Bits per note of the prior on a split: onset, pitch, duration, velocity and "
        "their sum, beside uniform choice, single frequencies and an order-k back-off model "
        "learnt from the same training notes.",
    )
    prior.add_argument("--data", type=Path, help=f"data folder (default: {DEFAULT_DATA})")
    prior.add_argument("--split", default="test", help="split of index.csv (default: test)")
    prior.add_argument("--tier", default="ship", help='tier of index.csv, or "all" (default: ship)')
    prior.add_argument("--weights", type=Path, help="other weights than the shipped ones")
    prior.add_argument("--threads", type=positive, default=2, help="of the prior (default: 2)")
    prior.add_argument("--quick", action="store_true", help="a part of it, within a minute")
    prior.add_argument(
        "--no-baselines", dest="baselines", action="store_false", help="the prior alone"
    )
    prior.add_argument("--json", action="store_true", help="one JSON object on standard output")
    return parser


@contextmanager
def _bar(title: str, length: int) -> Iterator[Callable[[int], object]]:
    """A progress bar on standard error, still where that is no terminal."""
    from tqdm import tqdm

    quiet = None if sys.stderr.isatty() else 10.0
    with tqdm(total=length, desc=title, file=sys.stderr, mininterval=quiet or 0.1) as bar:
        yield bar.update
