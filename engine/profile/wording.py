"""The words of `antiphon profiles`: what can be typed, and what is printed for people.

It refuses to read or write profiles.
"""

import argparse
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

_HELP = {
    "list": "every profile: which is in use, what it learnt and when",
    "show": "one profile: every version, what it was learnt from and how much it gained",
    "use": "play with this profile from now on",
    "new": "make an empty profile",
    "copy": "make a second profile like the first",
    "rename": "give a profile another name",
    "export": "write a profile to one file",
    "import": "take a profile from an exported file",
    "undo": "go back to the version before, at once",
    "redo": "go forth again to the version that was undone",
    "delete": "remove a profile for good",
}
IN_USE = "name of the profile (default: the one in use)"


def parser() -> argparse.ArgumentParser:
    """What can be typed after `antiphon profiles`."""
    whole = argparse.ArgumentParser(
        prog="antiphon profiles",
        description="Profiles: what Antiphon learnt of a player or a mood, under a name.",
    )
    verbs = whole.add_subparsers(dest="verb", required=True, metavar="VERB")
    parts = {}
    for verb, words in _HELP.items():
        parts[verb] = verbs.add_parser(verb, help=words, description=words[0].upper() + words[1:])
    for verb in ("show", "export", "undo", "redo"):
        parts[verb].add_argument("name", nargs="?", metavar="NAME", help=IN_USE)
    for verb in ("use", "new", "copy", "rename", "delete"):
        parts[verb].add_argument("name", metavar="NAME", help="name of the profile")
    for verb in ("copy", "rename"):
        parts[verb].add_argument("new_name", metavar="NEW", help="the new name")
    parts["export"].add_argument(
        "-o", "--output", type=Path, metavar="PATH", help="file or folder (default: this folder)"
    )
    parts["import"].add_argument("path", type=Path, metavar="FILE", help="an exported file")
    parts["import"].add_argument("--name", metavar="NAME", help="another name than its own")
    for verb in ("export", "import"):
        parts[verb].add_argument(
            "--replace", action="store_true", help="in place of what has that name"
        )
    parts["undo"].add_argument(
        "--to", type=_number, metavar="N", help="to this version; 0 is the model as it came"
    )
    parts["delete"].add_argument("--yes", action="store_true", help="mean it")
    for part in parts.values():
        part.add_argument("--json", action="store_true", help="print one JSON value")
    return whole


def table(profiles: Sequence[Mapping[str, Any]], *, prior: str = "") -> list[str]:
    """The profiles as lines of aligned columns; a mark for the one in use.

    prior: fingerprint of the model in use; what was learnt on another one is marked.
    """
    rows = [("", "NAME", "VERSION", "GAIN", "NOTES", "CHANGED")]
    for one in profiles:
        version = "-" if one["version"] is None else str(one["version"])
        if prior and one["prior"] and one["prior"] != prior:
            version += " (other model)"
        mark = "*" if one["in_use"] else ""
        notes = "-" if one["memory_notes"] is None else f"{one['memory_notes']:,}"
        rows.append((mark, one["name"], version, gain(one), notes, when(one["changed"])))
    return _aligned(rows, right=(3, 4))


def details(shown: Mapping[str, Any]) -> list[str]:
    """One profile in full: a few lines, then a table of its versions."""
    used = "in use" if shown["in_use"] else "not in use"
    taste = "a taste, " if shown["taste"] else ""
    notes = "none" if not shown["memory"] else f"{shown['memory_notes'] or 'some'} notes"
    settings = len(shown["settings"])
    lines = [
        f"{shown['name']}, {used}, made {when(shown['made'])}, changed {when(shown['changed'])}",
        f"memory: {notes}; {taste}{settings} {'setting' if settings == 1 else 'settings'}",
    ]
    if not shown["versions"]:
        return [*lines, "no adapter yet: `antiphon learn` makes one"]
    rows = [("", "VERSION", "MADE", "KIND", "FROM", "NOTES", "BITS BEFORE", "AFTER", "SECONDS")]
    for version in shown["versions"]:
        mark = "*" if version["number"] == shown["version"] else ""
        names = version["learnt_from"]
        learnt = names[0][:30] if names else "-"
        if len(names) > 1:
            learnt += f" and {len(names) - 1} more"
        rows.append(
            (
                mark,
                str(version["number"]) + ("" if version["kept"] else " (not kept)"),
                when(version["made"]),
                version["kind"],
                learnt,
                f"{version['notes']:,}",
                _bits(version["bits_before"]),
                _bits(version["bits_after"]),
                f"{version['seconds']:.1f}",
            )
        )
    return [*lines, *_aligned(rows, right=(5, 6, 7, 8))]


def gain(one: Mapping[str, Any]) -> str:
    """How many bits a note the version in use saves on phrases that were held back."""
    if one["gain_bits"] is None:
        return "-"
    percent = ""
    if one["bits_before"]:
        percent = f" ({100 * one['gain_bits'] / one['bits_before']:.0f} %)"
    return f"{one['gain_bits']:.2f} bits{percent}"


def when(iso: str) -> str:
    """A date of a profile in the local time zone; as it is where it is none."""
    try:
        return datetime.fromisoformat(iso).astimezone().strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):
        return printable(iso) or "-"


def printable(text: str) -> str:
    """Text from a file as a terminal may show it."""
    return "".join(char if char.isprintable() else "?" for char in text)


def _bits(bits: float | None) -> str:
    return "-" if bits is None else f"{bits:.2f}"


def _number(word: str) -> int:
    number = int(word)
    if number < 0:
        raise ValueError(word)
    return number


def _aligned(rows: Sequence[tuple[str, ...]], right: tuple[int, ...]) -> list[str]:
    shown = [[printable(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in shown) for column in range(len(shown[0]))]
    return [
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in shown
    ]
