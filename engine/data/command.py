"""`antiphon data`: the words of the command line for `engine.data.build`, and the summary.

Exit codes: 0 a data folder was made, also if some files were refused; 1 it was not (one sentence
and a next step on standard error); 2 wrong usage. With --json the report on standard output.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.words import complain, positive

TIERS = ("own", "ship", "ship_sa", "nc")


def main(words: Sequence[str]) -> int:
    """Run `antiphon data` with these words; returns the exit code."""
    try:
        args = _parser().parse_args(list(words))
    except SystemExit as stop:  # argparse has said why; --help ends with 0
        return int(stop.code or 0)
    from engine.data.build import BuildError, Options, build

    options = Options(
        tier=args.tier,
        licence=args.licence,
        jobs=args.jobs or _cores(),
        limit_s=args.limit,
        force=args.force,
        keep_copies=args.keep_copies,
    )
    try:
        report = build(args.source, args.out, options, _bar)
    except BuildError as error:
        return complain(str(error))
    except KeyboardInterrupt:
        return complain("Stopped; nothing was written. The same command starts again.")
    print(json.dumps(report, indent=1) if args.json else summary(report, args.out), flush=True)
    return 0


def summary(report: dict[str, Any], out: Path) -> str:
    """The report in a few lines."""
    copies = report["copies"]
    lines = [
        f"{out}: {report['kept']:,} pieces, {report['notes']:,} notes.",
        f"Read {report['read']:,} ({report['mended']:,} of them damaged), "
        f"left out {copies['same_notes']:,} with the same notes and "
        f"{copies['same_tune']:,} with the same tune, refused {report['refused']:,}.",
    ]
    lines += [f"  {count:6,} × {reason}" for reason, count in report["refused_by_reason"].items()]
    for tier, splits in report["splits"].items():
        lines.append(f"{tier}: " + ", ".join(f"{split} {n:,}" for split, n in splits.items()))
    if report["straddling"]:
        lines.append(
            f"{report['straddling']:,} pieces keep the split they came with, though another piece "
            "of the same tune is in another."
        )
    lines.append(f"Which file, and why: {out / 'report.json'}.")
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="antiphon data", description="Music to train on.")
    subparsers = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    build = subparsers.add_parser(
        "build",
        help="MIDI files and packed collections into one data folder",
        description="Read MIDI files and packed collections into a folder for `antiphon train "
        "--data`: duplicates removed, tunes split into train, valid and test, and a report of "
        "what was refused and why.",
    )
    build.add_argument(
        "source",
        nargs="+",
        type=Path,
        metavar="SOURCE",
        help="a MIDI file, a folder of MIDI files (searched through), or a folder of packed "
        "collections (it has an index.csv)",
    )
    build.add_argument("--out", type=Path, required=True, help="the folder to make")
    build.add_argument(
        "--tier",
        choices=TIERS,
        default="own",
        help="of the MIDI files: say ship only if a model that learnt them may be given away "
        "(default: own); packed collections keep theirs",
    )
    build.add_argument("--licence", default="", help="of the MIDI files, for the index")
    build.add_argument("--jobs", type=positive, help="processes (default: one a core)")
    build.add_argument(
        "--limit", type=_seconds, default=60.0, help="seconds that one file may take (default: 60)"
    )
    build.add_argument("--keep-copies", action="store_true", help="do not remove duplicates")
    build.add_argument("--force", action="store_true", help="replace an earlier folder of ours")
    build.add_argument("--json", action="store_true", help="print the whole report as JSON")
    return parser


def _seconds(word: str) -> float:
    number = float(word)
    if not 0.0 < number < 1e6:
        raise ValueError(word)
    return number


def _cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _bar(title: str, length: int) -> Iterator[Callable[[int], object]]:
    """A progress bar on standard error, still where that is no terminal."""
    from tqdm import tqdm

    quiet = None if sys.stderr.isatty() else 10.0
    with tqdm(total=length, desc=title, file=sys.stderr, mininterval=quiet or 0.1) as bar:
        yield bar.update
