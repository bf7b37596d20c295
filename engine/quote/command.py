"""`antiphon train quotes`: builds the index of quotes from the training music.

Exit codes: 0 done, 1 could not (one sentence and a next step on standard error), 2 wrong usage.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from engine.words import DEFAULT_DATA, NO_DATA, complain, data_folder


def main(words: Sequence[str]) -> int:
    """Run `antiphon train quotes` with these words; returns the exit code."""
    try:
        args = _parser().parse_args(list(words))
    except SystemExit as stop:  # argparse has said why; --help ends with 0
        return int(stop.code or 0)
    data = data_folder(args.data)
    if data is None:
        return complain(NO_DATA)
    from engine.corpus import CorpusError
    from engine.quote.build import ship
    from engine.quote.index import SHIPPED, QuoteIndexError

    out = args.out or SHIPPED
    try:
        card = _with_bar(lambda progress: ship(data, out, tier=args.tier, progress=progress))
    except (CorpusError, QuoteIndexError) as error:
        return complain(str(error))
    except OSError as error:
        return complain(f"{out} cannot be written ({error}); name another with --out.")
    except KeyboardInterrupt:
        return complain("Stopped; the index is as it was. The same command builds it anew.")
    print(
        json.dumps(card, indent=1)
        if args.json
        else f"{out}: {card['rare_windows']:,} rare and {card['common_windows']:,} common windows "
        f"of {card['notes']:,} notes, {card['bytes'] / 1e6:.1f} MB."
    )
    return 0


def _with_bar(work: Callable[[Callable[[int], object]], dict[str, Any]]) -> dict[str, Any]:
    """What the work returns; streams read are counted on standard error."""
    from tqdm import tqdm

    quiet = None if sys.stderr.isatty() else 10.0
    with tqdm(desc="streams", unit="", file=sys.stderr, mininterval=quiet or 0.1) as bar:
        return work(bar.update)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="antiphon train quotes",
        description="Build the index by which answers are compared with the training music, from "
        "the training split; the weights and the index should be made of the same music.",
    )
    parser.add_argument("--data", type=Path, help=f"data folder (default: {DEFAULT_DATA})")
    parser.add_argument(
        "--tier", default="ship", help='tier of index.csv, or "all" (default: ship)'
    )
    parser.add_argument("--out", type=Path, help="file to write (default: the one in the package)")
    parser.add_argument("--json", action="store_true", help="print the card")
    return parser
