"""`antiphon`, `antiphon app` and `python -m gui`: reads the words, and opens the window.

Exit codes as everywhere: 0 it did its work, 1 it could not (a sentence and a next step), 2 wrong
usage. It refuses to load Qt before the session process is on its way.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from gui import hindered, starting
from gui.instance import Instance
from gui.kept import load, path_in
from plugin.commands.common import complain
from plugin.files import data_folder
from plugin.served.messages import Open


def main(
    words: Sequence[str] | None = None, reached: Callable[[str], None] = lambda step: None
) -> int:
    """Open the window and return when it is closed; the exit code.

    reached: is called at "spawned", "shown", "opened" and "ready", for whoever measures the start.
    """
    args = _parser().parse_args(sys.argv[1:] if words is None else words)
    if says := starting.why_no_window(os.environ, sys.platform):
        return complain(says)
    wished = Open(
        ins=tuple(args.ins),
        outs=tuple(args.outs),
        system=args.system,
        profile=args.profile,
        thru=args.thru,
        demo=args.demo,
        weights=args.weights,
        seed=args.seed,
    )
    path = path_in()
    kept, damaged = load(path)
    with Instance(data_folder()) as instance:
        opening = starting.opening_of(kept, wished)
        # Whoever has a window open is asked first, before ports are opened twice.
        early = starting.Early(opening) if instance.first else None
        reached("spawned")
        try:
            from gui import app
        except ImportError as error:
            if early is not None:
                early.close(3.0)
            says = (
                f"The window cannot be loaded ({error}): run pip install 'antiphon[gui]'; on Linux "
                f"a system library may be missing, too. Or {starting.TERMINAL}"
            )
            code = complain(says)
            hindered.show(says)
            return code
        return app.run(opening, early, kept, path, damaged, reached)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="antiphon app",
        description="Open the window. Without ports named here, those of the last time are used.",
    )
    parser.add_argument(
        "--in",
        dest="ins",
        action="append",
        default=[],
        metavar="PORT[@CHANNELS]",
        help="listen to this port instead of a virtual one of our own; may be repeated",
    )
    parser.add_argument(
        "--out",
        dest="outs",
        action="append",
        default=[],
        metavar="PORT",
        help="play to this port; may be repeated",
    )
    parser.add_argument("--system", metavar="NAME", help="ALSA, JACK, CoreMIDI, ... or memory")
    parser.add_argument("--profile", metavar="NAME", help="who you are (default: the one in use)")
    parser.add_argument("--thru", action="store_true", help="pass on what is heard to the output")
    parser.add_argument("--demo", action="store_true", help="the built-in phrase plays you")
    parser.add_argument("--weights", metavar="FILE", help="another checkpoint than the shipped one")
    parser.add_argument("--seed", type=int, help="same seed, same answers (default: by chance)")
    return parser
