"""The `antiphon` command: finds the sub-command and gets out of its way; alone it opens the window.

Exit codes: 0 it did its work, 1 it could not (a sentence and a next step on standard error),
2 wrong usage. Sub-commands of other packages (train, evaluate) are found by name through the entry
point group `antiphon.commands`, so that a quick command never loads a heavy library.

A fault of ours is a sentence, too; with ANTIPHON_TRACEBACK=1 it is shown where it happened.
"""

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence
from importlib import metadata

from plugin.commands.common import COULD_NOT, WRONG_USAGE, complain

GROUP = "antiphon.commands"
WINDOW = "app"
"""The sub-command that opens the window, where the package has one."""
TRACEBACK = "ANTIPHON_TRACEBACK"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one sub-command, without words the window; returns the exit code."""
    _speak_to_any_terminal()
    words = list(sys.argv[1:] if argv is None else argv)
    elsewhere = {point.name: point for point in metadata.entry_points(group=GROUP)}
    if words and words[0] in elsewhere:
        return _run(lambda: _run_elsewhere(elsewhere[words[0]], words[1:]))
    if not words and WINDOW in elsewhere:
        return _run(lambda: _run_elsewhere(elsewhere[WINDOW], words))
    parser = _parser(sorted(elsewhere))
    if not words:
        parser.print_help()
        return WRONG_USAGE
    args = parser.parse_args(words)
    return _run(lambda: args.run(args))


def _speak_to_any_terminal() -> None:
    """A terminal that cannot show a sign shows another, rather than stop the words after it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _run(command: Callable[[], int]) -> int:
    """The command's exit code; whatever goes wrong is told in a sentence."""
    try:
        result = command()
        sys.stdout.flush()
    except KeyboardInterrupt:
        return complain("Stopped.")
    except BrokenPipeError:
        # Whoever read our output has gone; Python would complain once more on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return COULD_NOT
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        return complain(
            f"Antiphon made a mistake ({type(error).__name__}: {error}). Please report it, with "
            f"what {TRACEBACK}=1 prints before the same command."
        )
    return result


def _parser(elsewhere: list[str]) -> argparse.ArgumentParser:
    from plugin.commands import calibrate, daw, doctor, jam, learn, ports, suggest, takes

    also = ", ".join(elsewhere)
    parser = argparse.ArgumentParser(
        prog="antiphon",
        description=(
            "A partner for musicians: it listens to a phrase and answers it in time. "
            "Without a command it opens its window."
        ),
        epilog=f"Also: {also} (each with --help)." if also else None,
    )
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    jam.add_parsers(subparsers)
    ports.add_parsers(subparsers)
    doctor.add_parsers(subparsers)
    takes.add_parser(subparsers)
    suggest.add_parser(subparsers)
    learn.add_parser(subparsers)
    daw.add_parser(subparsers)
    calibrate.add_parser(subparsers)
    return parser


def _run_elsewhere(point: metadata.EntryPoint, words: list[str]) -> int:
    try:
        run = point.load()
    except ImportError as error:
        return complain(
            f"`antiphon {point.name}` needs the music engine ({error.name or error} is missing); "
            "run: pip install 'antiphon[engine]'"
        )
    result: int = run(words)
    return result
