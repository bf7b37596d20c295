"""`antiphon profiles`: list, show, use, new, copy, rename, export, import, undo, redo, delete.

Exit codes: 0 it did its work, 1 it could not (a sentence and a next step on standard error), 2
wrong usage. With --json one JSON value goes to standard output and nothing else. It refuses to
delete without --yes, and to write over a file or a profile without --replace.
"""

import json
import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import safetensors  # noqa: F401  (what is missing is said before anything begins)

from engine.profile.fitting import fits_shipped, shipped_prior
from engine.profile.parcel import ENDING
from engine.profile.reading import Profile
from engine.profile.record import Record
from engine.profile.store import ProfileStore
from engine.profile.trouble import ProfileError
from engine.profile.wording import details, parser, table
from engine.words import complain

WRONG_USAGE = 2
Found = tuple[Any, str]
"""What --json prints, and the same for people."""


def main(words: Sequence[str]) -> int:
    """Run `antiphon profiles` with these words; returns the exit code."""
    try:
        args = parser().parse_args(list(words))
    except SystemExit as stop:  # argparse has said why; --help ends with 0
        return int(stop.code or 0)
    store = ProfileStore()
    try:
        if args.verb == "delete" and not args.yes:
            name = store.name_of(args.name)
            complain(f"This would delete “{name}” with all it learnt: add --yes to mean it.")
            return WRONG_USAGE
        value, text = _VERBS[args.verb](store, args)
    except ProfileError as error:
        return complain(str(error))
    if args.json:
        print(json.dumps(value, ensure_ascii=False, indent=1), flush=True)
    elif text:
        print(text, flush=True)
    return 0


def _list(store: ProfileStore, args: Namespace) -> Found:
    profiles = [asdict(summary) for summary in store.list()]
    for one in profiles:
        if one["says"]:
            _note(one["says"])
    if not profiles and not args.json:
        _note("No profiles yet: play something with `antiphon jam`, or `antiphon profiles new`.")
    return profiles, "\n".join(table(profiles, prior=shipped_prior())) if profiles else ""


def _show(store: ProfileStore, args: Namespace) -> Found:
    profile = _opened(store, args.name)
    shown = {
        "name": profile.name,
        "in_use": profile.name == store.in_use(),
        "version": profile.version,
        "asked_version": profile.record.now,
        "made": profile.record.made,
        "changed": profile.record.changed,
        "memory": profile.memory is not None,
        "memory_notes": profile.memory_notes,
        "taste": profile.taste is not None,
        "settings": dict(profile.settings),
        "versions": [
            {**asdict(version), "gain_bits": version.gain_bits}
            for version in profile.record.versions
        ],
        "says": list(profile.says),
    }
    return shown, "\n".join(details(shown))


def _use(store: ProfileStore, args: Namespace) -> Found:
    name = store.use(args.name)
    return {"in_use": name}, f"“{name}” is in use from the next jam on."


def _new(store: ProfileStore, args: Namespace) -> Found:
    name = store.create(args.name)
    return {"name": name}, f"“{name}” is there; `antiphon profiles use` plays with it."


def _copy(store: ProfileStore, args: Namespace) -> Found:
    says = store.copy(args.name, args.new_name)
    for sentence in says:
        _note(sentence)
    name = store.name_of(args.new_name)
    return {"name": name, "says": list(says)}, f"“{name}” is there."


def _rename(store: ProfileStore, args: Namespace) -> Found:
    name = store.rename(args.name, args.new_name)
    return {"name": name}, f"It is “{name}” now."


def _export(store: ProfileStore, args: Namespace) -> Found:
    name = store.name_of(args.name)
    path: Path = args.output or Path()
    if path.is_dir():
        path /= f"{name}{ENDING}"
    if path.exists() and not args.replace:
        raise ProfileError(f"{path} is there already: name another with -o, or add --replace.")
    says = store.export(name, path)
    for sentence in says:
        _note(sentence)
    _note("The file holds the notes that were learnt from: give it only to whom may have them.")
    return {"name": name, "path": str(path.absolute()), "says": list(says)}, str(path)


def _import(store: ProfileStore, args: Namespace) -> Found:
    profile = store.import_(
        args.path,
        args.name,
        replace=args.replace,
        prior=shipped_prior() or None,
        check=fits_shipped,
    )
    for sentence in profile.says:
        _note(sentence)
    text = f"“{profile.name}” is there; `antiphon profiles use` plays with it."
    return {"name": profile.name, "version": profile.version, "says": list(profile.says)}, text


def _undo(store: ProfileStore, args: Namespace) -> Found:
    name = store.name_of(args.name)
    if args.to is None:
        return _moved(name, store.undo(name))
    return _moved(name, store.go_to(name, args.to or None))


def _redo(store: ProfileStore, args: Namespace) -> Found:
    name = store.name_of(args.name)
    return _moved(name, store.redo(name))


def _delete(store: ProfileStore, args: Namespace) -> Found:
    name = store.delete(args.name)
    return {"deleted": name}, f"Deleted “{name}”."


_VERBS = {
    "list": _list,
    "show": _show,
    "use": _use,
    "new": _new,
    "copy": _copy,
    "rename": _rename,
    "export": _export,
    "import": _import,
    "undo": _undo,
    "redo": _redo,
    "delete": _delete,
}


def _moved(name: str, record: Record) -> Found:
    what = "the model as it came" if record.now is None else f"version {record.now}"
    return {"name": name, "version": record.now}, f"“{name}” uses {what} now."


def _opened(store: ProfileStore, name: str | None) -> Profile:
    profile = store.open(name, prior=shipped_prior() or None, check=fits_shipped)
    for sentence in profile.says:
        _note(sentence)
    return profile


def _note(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
