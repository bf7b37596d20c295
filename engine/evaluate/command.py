"""`antiphon evaluate`: measures what the words ask for, and prints it.

Exit codes: 0 done, 1 could not (one sentence and a next step on standard error), 2 wrong usage.
With --json one object on standard output; progress always goes to standard error. The words are in
`engine.evaluate.wording`.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.evaluate.wording import parser
from engine.words import NO_DATA, complain, data_folder

Found = tuple[dict[str, Any], str]
"""A report, and the same for people."""


def main(words: Sequence[str]) -> int:
    """Run `antiphon evaluate` with these words; returns the exit code."""
    try:
        args = parser().parse_args(list(words))
    except SystemExit as stop:  # argparse has said why; --help ends with 0
        return int(stop.code or 0)
    data = data_folder(args.data)
    if data is None:
        return complain(NO_DATA)
    from engine.adapt.adapter import AdapterError
    from engine.corpus import CorpusError
    from engine.critic.network import CriticError
    from engine.key.network import KeyWeightsError
    from engine.model.checkpoint import CheckpointError
    from engine.quote.index import QuoteIndexError
    from engine.taste.model import TasteError

    try:
        report, text = _MEASURES[args.what](args, data)
    except (CorpusError, CheckpointError, KeyWeightsError, CriticError) as error:
        return complain(str(error))
    except (QuoteIndexError, TasteError, AdapterError) as error:
        return complain(str(error))
    except OSError as error:
        return complain(f"{error.filename or error} cannot be written; name another with --out.")
    except KeyboardInterrupt:
        if args.what == "melody":
            return complain(f"Stopped; the same command goes on from the folds in {args.out}.")
        return complain("Stopped; nothing was written. Run it again, or with --quick.")
    print(json.dumps(report, indent=1) if args.json else text, flush=True)
    return 0


def _weights(args: argparse.Namespace) -> Path:
    from engine.model.checkpoint import SHIPPED

    return args.weights or SHIPPED


def _prior(args: argparse.Namespace, data: Path) -> Found:
    from engine.evaluate.report import evaluate, table

    report = evaluate(
        data,
        _weights(args),
        beside=args.beside,
        split=args.split,
        tier=args.tier,
        quick=args.quick,
        threads=args.threads,
        with_baselines=args.baselines,
        bar=_bar,
    )
    return report, table(report)


def _melody(args: argparse.Namespace, data: Path) -> Found:
    from engine.evaluate.melody.prior import SEEN, Tuning
    from engine.evaluate.melody.report import evaluate, table

    report = evaluate(
        data,
        _weights(args) if args.prior else None,
        names=args.sets,
        seen=[args.seen] if args.seen else SEEN,
        tuning=Tuning(epochs=args.epochs) if args.epochs else Tuning(),
        out=args.out,
        threads=args.threads,
        bar=_bar,
    )
    return report, table(report)


def _memory(args: argparse.Namespace, data: Path) -> Found:
    from engine.evaluate.memory.report import picture, table
    from engine.evaluate.memory.run import evaluate

    report = evaluate(
        data,
        _weights(args),
        memory=args.memory,
        tier=args.tier,
        quick=args.quick,
        threads=args.threads,
        seed=args.seed,
        bar=_bar,
    )
    if args.out:
        report["picture"] = str(picture(args.out, report))
    return report, table(report)


def _continuation(args: argparse.Namespace, data: Path) -> Found:
    from engine.critic.network import SHIPPED, Critic
    from engine.evaluate.continuation.report import table
    from engine.evaluate.continuation.run import PRIMES, QUICK_PRIMES, evaluate

    found = evaluate(
        data,
        _weights(args),
        split=args.split,
        tier=args.tier,
        primes=args.primes or (QUICK_PRIMES if args.quick else PRIMES),
        seed=args.seed,
        quick=args.quick,
        threads=args.threads,
        bar=_bar,
        critic=Critic.load(args.critic or SHIPPED) if args.choose else None,
    )
    if args.out:
        from engine.evaluate.continuation.examples import write_examples

        model = found.report["model"]
        paths = write_examples(args.out, found.passages, found.continued["model"], model=model)
        found.report["examples"] = [str(path) for path in paths]
    return found.report, table(found.report)


def _backbones(args: argparse.Namespace, data: Path) -> Found:
    import torch

    from engine.evaluate.backbones import compare, table

    torch.set_num_threads(args.threads)
    weights = args.weights or [_weights(args)]
    with _bar("weights", len(weights)) as done:
        report = compare(
            data, weights, split=args.split, tier=args.tier, quick=args.quick, progress=done
        )
    return report, table(report)


def _endings(args: argparse.Namespace, data: Path) -> Found:
    import torch

    from engine.evaluate.endings import evaluate, table

    torch.set_num_threads(args.threads)
    report = evaluate(data, _weights(args), split=args.split, tier=args.tier, quick=args.quick)
    return report, table(report)


def _key(args: argparse.Namespace, data: Path) -> Found:
    from engine.evaluate.key import evaluate, table

    report = evaluate(data, args.weights, split=args.split, tier=args.tier, bar=_bar)
    return report, table(report)


def _quotes(args: argparse.Namespace, data: Path) -> Found:
    from engine.evaluate.quotes import evaluate, table

    report = evaluate(
        data,
        _weights(args),
        index=args.index,
        split=args.split,
        tier=args.tier,
        seed=args.seed,
        quick=args.quick,
        bar=_bar,
    )
    return report, table(report)


def _taste(args: argparse.Namespace, data: Path) -> Found:
    from engine.evaluate.taste import run
    from engine.evaluate.taste.report import CURVES, draw, table

    quick = args.quick
    report = run.evaluate(
        data,
        _weights(args),
        split=args.split,
        tier=args.tier,
        phrases=args.phrases or (run.QUICK_PHRASES if quick else run.PHRASES),
        answers=args.answers,
        players=args.players or (run.QUICK_PLAYERS if quick else run.PLAYERS),
        seed=args.seed,
        out=args.out,
        quick=quick,
        bar=_bar,
    )
    if args.out:
        draw(args.out / CURVES, report)
        report["curves"] = str(args.out / CURVES)
    return report, table(report)


def _adapt(args: argparse.Namespace, data: Path) -> Found:
    from engine.evaluate.adapt import report as adapt

    report = adapt.evaluate(
        data,
        _weights(args),
        tasks=args.tasks,
        tier=args.tier,
        phrases=args.phrases or adapt.PHRASES,
        starts=args.starts,
        forms=args.forms,
        players=args.players,
        threads=args.threads,
        quick=args.quick,
        bar=_bar,
    )
    if args.out:
        adapt.draw(args.out / "adapt.png", report)
    return report, adapt.table(report)


_MEASURES: dict[str, Callable[[argparse.Namespace, Path], Found]] = {
    "prior": _prior,
    "melody": _melody,
    "memory": _memory,
    "continuation": _continuation,
    "backbones": _backbones,
    "endings": _endings,
    "key": _key,
    "adapt": _adapt,
    "taste": _taste,
    "quotes": _quotes,
}


@contextmanager
def _bar(title: str, length: int) -> Iterator[Callable[[int], object]]:
    """A progress bar on standard error, still where that is no terminal."""
    from tqdm import tqdm

    quiet = None if sys.stderr.isatty() else 10.0
    with tqdm(total=length, desc=title, file=sys.stderr, mininterval=quiet or 0.1) as bar:
        yield bar.update
