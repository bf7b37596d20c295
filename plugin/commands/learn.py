"""`antiphon learn FILES-OR-TAKES...`: train a profile on takes and MIDI files.

What can be named: MIDI files, folders of them, ids of takes (or their beginnings), "last" (the last
takes) and "starred". Ctrl-C stops the training, and everything stays as it was. Exit codes: 0 it
learnt, kept or not; 1 it could not (a sentence on standard error); 2 wrong usage. With --json one
JSON object goes to standard output and nothing else. It refuses to train: that is the trainer's
process.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from engine.learning import (
    SECONDS,
    FromTrainer,
    Learned,
    LearnFailed,
    LearnProgress,
    LearnRequest,
)
from plugin.commands.common import DID_IT, complain, put_json, say

if TYPE_CHECKING:
    from plugin.trainer_process import TrainerProcess

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

BAR = 30
LEAST_SECONDS, MOST_SECONDS = 1.0, 3600.0


def add_parser(subparsers: "Subparsers") -> None:
    """Add `learn` to the command line."""
    learn = subparsers.add_parser("learn", help="train your profile on takes and MIDI files")
    learn.set_defaults(run=run)
    learn.add_argument(
        "what",
        nargs="+",
        metavar="FILE-OR-TAKE",
        help="MIDI files, folders, ids of takes, last, starred",
    )
    learn.add_argument("--profile", metavar="NAME", help="who learns (default: the one in use)")
    learn.add_argument(
        "--seconds",
        type=_seconds,
        default=SECONDS,
        metavar="S",
        help=f"how long training may take (default: {SECONDS:g})",
    )
    learn.add_argument("--seed", type=int, default=0, help="same seed, same takes, same result")
    learn.add_argument("--weights", metavar="FILE", help="another checkpoint than the shipped one")
    learn.add_argument("--picture", type=Path, metavar="PNG", help="draw the curve into this file")
    learn.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """`antiphon learn`."""
    from plugin import compose
    from plugin.lessons import LessonError, Lessons
    from plugin.takes import TakeError, TakeLibrary

    if args.weights is not None and not Path(args.weights).is_file():
        return complain(f"There is no checkpoint {args.weights}: check the name and the folder.")
    try:
        with TakeLibrary() as library:
            lessons = Lessons(library)
            lessons.add(args.what)
    except (LessonError, TakeError) as error:
        return complain(str(error))
    for says in lessons.says:
        print(says, file=sys.stderr, flush=True)
    if not lessons.pieces:
        return complain("Nothing of that can be learnt from: name takes or MIDI files with notes.")
    request = LearnRequest(
        str(compose.profiles_folder()),
        args.profile,
        tuple(lessons.pieces),
        args.seed,
        args.seconds,
        args.weights,
    )
    trainer = compose.start_trainer(request)
    curve: list[LearnProgress] = []
    try:
        over = _wait(trainer, _Bar(as_json=args.json), curve)
    finally:
        trainer.close()
    return _tell(args, over, curve, lessons.says)


def _wait(trainer: "TrainerProcess", bar: "_Bar", curve: list[LearnProgress]) -> FromTrainer:
    """Until it is over; Ctrl-C asks it to stop and waits for that."""
    while True:
        try:
            said = trainer.next(0.2)
            if isinstance(said, LearnProgress):
                curve.append(said)
                bar.show(said)
            elif said is not None:
                bar.clear()
                return said
        except KeyboardInterrupt:
            trainer.cancel()


def _tell(
    args: argparse.Namespace, over: FromTrainer, curve: list[LearnProgress], left_out: list[str]
) -> int:
    if isinstance(over, LearnFailed) or not isinstance(over, Learned):
        return complain(over.says if isinstance(over, LearnFailed) else "It did not end.")
    picture = None
    if args.picture is not None:
        from plugin.curve import draw_curve
        from plugin.picture import PictureError

        try:
            picture = str(draw_curve(args.picture, curve, over).resolve())
        except PictureError as error:
            complain(str(error))
    if args.json:
        put_json(
            {
                "profile": over.profile,
                "kept": over.kept,
                "version": over.version,
                "says": over.says,
                "left_out": left_out,
                "notes": over.notes,
                "seconds": round(over.seconds, 2),
                "before_bits": round(over.before_bits, 4),
                "after_bits": round(over.after_bits, 4),
                "curve": [
                    {"step": one.step, "bits": one.bits, "held_back_bits": one.held_back_bits}
                    for one in curve
                ],
                "picture": picture,
            }
        )
    else:
        say(over.says, as_json=False)
        if picture:
            print(picture)
    return DID_IT


class _Bar:
    """Progress with the time left: a bar that is written over on a terminal, else now and then."""

    def __init__(self, *, as_json: bool) -> None:
        self._terminal = sys.stderr.isatty()
        self._quiet = as_json and not self._terminal
        self._shown_s = 0.0
        self._width = 0

    def show(self, now: LearnProgress) -> None:
        """One line, at most five times a second."""
        if self._quiet or time.monotonic() - self._shown_s < (0.2 if self._terminal else 5.0):
            return
        self._shown_s = time.monotonic()
        done = round(BAR * now.step / max(now.of, 1))
        held = "" if now.held_back_bits is None else f", {now.held_back_bits:.2f} held back"
        line = (
            f"[{'#' * done}{'.' * (BAR - done)}] {now.step}/{now.of}, "
            f"{now.seconds_left:.0f} s left, {now.bits:.2f} bits a note{held}"
        )
        if self._terminal:
            print(f"\r{line:{self._width}}", end="", file=sys.stderr, flush=True)
            self._width = len(line)
        else:
            print(line, file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Nothing of it stays."""
        if self._terminal and self._width:
            print(f"\r{'':{self._width}}\r", end="", file=sys.stderr, flush=True)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not LEAST_SECONDS <= value <= MOST_SECONDS:
        raise argparse.ArgumentTypeError(f"give 1 to {MOST_SECONDS:g} seconds, 10 are usual")
    return value
