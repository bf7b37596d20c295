"""`antiphon daw`: what to choose in your DAW, one page each (`plugin/daw`).

A name may be left unfinished, and small and capital letters are the same. It refuses to change
anything: a script that a page speaks of is told by its path, for the player to take.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from engine.words import shown_name
from plugin.commands.common import DID_IT, complain, put_json, say

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

FOLDER = Path(__file__).resolve().parent.parent / "daw"
SCRIPTS = {
    "ableton-live": "ableton_live.py",
    "ardour": "ardour.lua",
    "bitwig": "bitwig.control.js",
    "reaper": "reaper.lua",
}
"""The script of each page that has one."""


def add_parser(subparsers: "Subparsers") -> None:
    """Add `daw` to the command line."""
    daw = subparsers.add_parser("daw", help="what to choose in your DAW")
    daw.set_defaults(run=run_daw)
    daw.add_argument("name", nargs="?", metavar="NAME", help="a DAW; all are listed without")
    daw.add_argument("--json", action="store_true", help="print one JSON object")


def pages() -> dict[str, Path]:
    """Every page by its name, in order of the alphabet."""
    return {page.stem: page for page in sorted(FOLDER.glob("*.md")) if page.name != "README.md"}


def run_daw(args: argparse.Namespace) -> int:
    """`antiphon daw [NAME]`."""
    found = pages()
    if args.name is None:
        if args.json:
            put_json({"daws": [_entry(name, page) for name, page in found.items()]})
            return DID_IT
        for name, page in found.items():
            say(f"  {name:<14}{_title(page)}{_mark(page)}", as_json=False)
        say("`antiphon daw NAME` prints what to choose there.", as_json=False)
        return DID_IT
    wanted = "-".join(args.name.lower().split())
    fitting = [name for name in found if wanted and (name.startswith(wanted) or wanted in name)]
    if wanted in found:
        fitting = [wanted]
    if len(fitting) != 1:
        why = "fits more than one page" if fitting else "has no page"
        names = ", ".join(fitting or found)
        return complain(f"{shown_name(args.name)} {why}. Name one of these: {names}.")
    name = fitting[0]
    text = found[name].read_text(encoding="utf-8")
    if args.json:
        put_json({**_entry(name, found[name]), "text": text})
        return DID_IT
    say(text.rstrip(), as_json=False)
    if name in SCRIPTS:
        say(f"\nThe script is here: {FOLDER / SCRIPTS[name]}", as_json=False)
    return DID_IT


def _entry(name: str, page: Path) -> dict[str, object]:
    script = str(FOLDER / SCRIPTS[name]) if name in SCRIPTS else None
    return {"name": name, "title": _title(page), "tried": not _mark(page), "script": script}


def _title(page: Path) -> str:
    return page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")


def _mark(page: Path) -> str:
    return " (not tried)" if "\n> **Not tried**" in page.read_text(encoding="utf-8") else ""
