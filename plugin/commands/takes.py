"""`antiphon takes list | export | star | unstar | rename | restore | delete`: the take library.

Exit codes: 0 it did its work, 1 it could not (a sentence on standard error), 2 wrong usage. With
`--json` one JSON value goes to standard output and nothing else. What the window deletes is only
hidden for 30 days: `restore` brings it back; `delete` is for good. It refuses to delete more than
one take, or one named by the beginning of its id, without `--yes`.
"""

import argparse
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from plugin.commands.common import DID_IT, WRONG_USAGE, complain, put_json

if TYPE_CHECKING:
    from plugin.takes import Take, TakeLibrary

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_parser(subparsers: "Subparsers") -> None:
    """Add `takes` and its verbs to the command line."""
    parser = subparsers.add_parser("takes", help="list, export, name, star and delete takes")
    parser.set_defaults(run=run)
    verbs = parser.add_subparsers(dest="takes_verb", required=True, metavar="VERB")

    verb = verbs.add_parser("list", help="list all takes, the newest first")
    verb.add_argument(
        "--deleted", action="store_true", help="those that were deleted in the window instead"
    )
    verb.add_argument("--json", action="store_true", help="print one JSON list")

    verb = verbs.add_parser("export", help="write a take as a MIDI file")
    verb.add_argument("id", help="id of the take, or its beginning")
    verb.add_argument(
        "-o", "--output", type=Path, metavar="PATH", help="file or folder (default: this folder)"
    )
    verb.add_argument("--json", action="store_true", help="print one JSON object")

    verb = verbs.add_parser("rename", help="give a take a name")
    verb.add_argument("id", metavar="ID", help="id of the take, or its beginning")
    verb.add_argument("name", metavar="NAME", help="its name from now on; '' for none")
    verb.add_argument("--json", action="store_true", help="print one JSON object")

    for name, says in (
        ("star", "mark takes as good ones"),
        ("unstar", "take their stars away"),
        ("restore", "have takes back that were deleted in the window"),
    ):
        verb = verbs.add_parser(name, help=says)
        verb.add_argument("ids", nargs="+", metavar="ID", help="id of a take, or its beginning")
        verb.add_argument("--json", action="store_true", help="print one JSON object")

    verb = verbs.add_parser("delete", help="delete takes for good")
    verb.add_argument("ids", nargs="*", metavar="ID", help="id of a take")
    verb.add_argument(
        "--all", action="store_true", help="delete every take, also those deleted in the window"
    )
    verb.add_argument(
        "--yes", action="store_true", help="mean it: several takes, all, or ids cut short"
    )
    verb.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Carry out what `add_parser` parsed."""
    # Not at the top: the other sub-commands start without SQLite.
    from engine.smf.chunks import MidiFileError
    from plugin.takes import TakeError, TakeLibrary

    verbs = {
        "list": _list,
        "export": _export,
        "star": _star,
        "unstar": _star,
        "rename": _rename,
        "restore": _restore,
        "delete": _delete,
    }
    try:
        with TakeLibrary() as library:
            return verbs[args.takes_verb](library, args)
    except (TakeError, MidiFileError) as error:
        return complain(str(error))


def _list(library: "TakeLibrary", args: argparse.Namespace) -> int:
    takes = library.list_takes(discarded=args.deleted)
    if args.json:
        put_json([take.as_json() for take in takes])
    elif takes:
        print("\n".join(table(takes)))
    elif args.deleted:
        print("No deleted takes: `antiphon takes list` shows those there are.", file=sys.stderr)
    else:
        print("No takes yet: play something with `antiphon jam`.", file=sys.stderr)
    return DID_IT


def _export(library: "TakeLibrary", args: argparse.Namespace) -> int:
    take = library.get(args.id)
    path = library.export(take.id, args.output)
    if args.json:
        put_json({"id": take.id, "midi": str(path.absolute())})
    else:
        print(path)
    return DID_IT


def _rename(library: "TakeLibrary", args: argparse.Namespace) -> int:
    take = library.get(args.id)
    name = library.rename(take.id, args.name)
    if args.json:
        put_json({"id": take.id, "name": name})
    else:
        print(f"{take.id} is “{_printable(name)}” now." if name else f"{take.id} has no name now.")
    return DID_IT


def _restore(library: "TakeLibrary", args: argparse.Namespace) -> int:
    ids = list(dict.fromkeys(library.get(take_id, discarded=True).id for take_id in args.ids))
    restored = library.restore(ids)
    if args.json:
        put_json({"restored": ids})
    else:
        print(f"{'1 take is' if restored == 1 else f'{restored} takes are'} back.")
    return DID_IT


def _star(library: "TakeLibrary", args: argparse.Namespace) -> int:
    on = args.takes_verb == "star"
    ids = list(dict.fromkeys(library.get(take_id).id for take_id in args.ids))
    library.star(ids, on)
    if args.json:
        put_json({"starred" if on else "unstarred": ids})
    else:
        count = "1 take" if len(ids) == 1 else f"{len(ids)} takes"
        print(f"{count} {'starred' if on else 'without a star now'}.")
    return DID_IT


def _delete(library: "TakeLibrary", args: argparse.Namespace) -> int:
    if args.all == bool(args.ids):
        print("Name the takes to delete by their ids, or all with --all.", file=sys.stderr)
        return WRONG_USAGE
    if args.all:
        takes = library.list_takes() + library.list_takes(discarded=True)
    else:
        takes = [library.get(take_id, discarded=True) for take_id in args.ids]
    ids = list(dict.fromkeys(take.id for take in takes))
    if not args.yes and (args.all or ids != args.ids or len(ids) > 1):
        shown = ", ".join(ids[:3]) + (f" and {len(ids) - 3} more" if len(ids) > 3 else "")
        print(
            f"This would delete {shown or 'nothing'}: add --yes to delete for good.",
            file=sys.stderr,
        )
        return WRONG_USAGE
    deleted = library.delete(ids)
    if args.json:
        put_json({"deleted": ids})
    else:
        print(f"Deleted {deleted} {'take' if deleted == 1 else 'takes'}.")
    return DID_IT


def table(takes: "list[Take]") -> list[str]:
    """The takes as lines of aligned columns, times in the local time zone."""
    rows = [("ID", "STARTED", "HEARD", "ANSWER", "MODEL", "SEED", "NAME")]
    for take in takes:
        started = datetime.fromisoformat(take.started).astimezone().strftime("%Y-%m-%d %H:%M")
        seed = "-" if take.seed is None else str(take.seed)
        name = ("★ " if take.starred else "") + _printable(take.name)
        notes = (f"{take.heard_notes}", f"{take.answer_notes}")
        rows.append((take.id, started, *notes, _printable(take.model) or "-", seed, name))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    numbers = (2, 3, 5)
    return [
        "  ".join(
            cell.rjust(width) if column in numbers else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)
