"""`antiphon suggest`: takes and styles that fit a take, by default the last one.

Exit codes: 0 it did its work, 1 it could not (a sentence on standard error), 2 wrong usage. It
refuses to rank itself: the engine does, by the features that rank answers, and by the player's
taste.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.events import Note, Timebase, Voice
from plugin.commands.common import DID_IT, complain, put_json

if TYPE_CHECKING:
    from plugin.takes import Take, TakeLibrary

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

MOST = 5
MOST_LOOKED_AT = 1000
"""Takes, the newest first: reading each takes a moment."""


def add_parser(subparsers: "Subparsers") -> None:
    """Add `suggest` to the command line."""
    parser = subparsers.add_parser("suggest", help="takes and styles that fit what you played")
    parser.set_defaults(run=run)
    parser.add_argument("id", nargs="?", help="id of a take, or its beginning (default: the last)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Carry out what `add_parser` parsed."""
    from engine.suggesting import suggest
    from engine.taste.model import TasteError
    from plugin.compose import profiles_folder
    from plugin.takes import TakeError, TakeLibrary

    try:
        with TakeLibrary() as library:
            takes = library.list_takes()
            if not takes:
                return complain("There are no takes yet: play something in `antiphon jam` first.")
            now = takes[0] if args.id is None else library.get(args.id)
            phrase = _in_beats(library.notes(now.id)[Voice.PLAYER], now.timebase)
            if not phrase:
                return complain(f"You played nothing in “{now.title}”: name another take.")
            others = [take for take in takes[:MOST_LOOKED_AT] if take.id != now.id]
            bar = now.beats_per_bar if now.tempo_known else None
            found, styles = suggest(phrase, bar, _answers(library, others), profiles_folder())
    except (TakeError, TasteError) as error:
        return complain(str(error))
    titles = {take.id: take.title for take in others}
    best, named = found[:MOST], [name for name, _ in styles[:MOST]]
    if args.json:
        as_takes = [{"id": one, "title": titles[one], "score": score} for one, score in best]
        put_json({"take": now.id, "takes": as_takes, "styles": named})
        return DID_IT
    print(f"What fits “{now.title}”:")
    for one, _ in best:
        print(f"  {one}" + (f"  {titles[one]}" if titles[one] != one else ""))
    print(f"  styles: {', '.join(named)}" if named else "  no style")
    return DID_IT


def _answers(library: "TakeLibrary", takes: Sequence["Take"]) -> Iterator[tuple[str, list[Note]]]:
    """The partner's notes of each take, in beats; where it played none, the player's."""
    for take in takes:
        notes = library.notes(take.id)
        yield take.id, _in_beats(notes[Voice.PARTNER] or notes[Voice.PLAYER], take.timebase)


def _in_beats(notes: Sequence[Note], timebase: Timebase) -> list[Note]:
    pace = timebase.bpm / 60.0
    return [replace(n, onset=n.onset * pace, duration=n.duration * pace) for n in notes]
