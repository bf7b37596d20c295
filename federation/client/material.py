"""The phrases that may teach the shared model: chosen one by one, kept apart, removed here.

One JSON file an item, with where it came from. Whoever composes Antiphon (the window, the command
line) hands pieces over; nothing is looked for. Nothing here ever leaves the machine. It refuses to
write: who may is `sharing`'s business, and it asks the consent first.
"""

import hashlib
import re
from pathlib import Path

import msgspec

from engine.learning import LearnPiece
from federation.client import places
from federation.client.places import Places
from federation.client.trouble import SharingError

MOST_ITEMS = 200
MOST_NOTES = 20_000
"""Of one item: an hour of playing."""
LONGEST_NAME = 120
_ID = re.compile(r"[0-9a-f]{12}")


class Kept(msgspec.Struct, frozen=True):
    """What is in a file. origin: where it is from, for people."""

    piece: LearnPiece
    origin: str
    added: str


class Item(msgspec.Struct, frozen=True):
    """What a person is shown of it. id: of its notes, so that the same notes are one item."""

    id: str
    name: str
    origin: str
    added: str
    notes: int


def identity(piece: LearnPiece) -> str:
    """Twelve digits of the hash of the notes."""
    return hashlib.sha256(msgspec.json.encode((piece.notes, piece.timebase))).hexdigest()[:12]


def add(where: Places, name: str, piece: LearnPiece, *, origin: str, added: str) -> Item:
    """Keep a piece. Raises SharingError."""
    if not 1 <= len(piece.notes) <= MOST_NOTES:
        raise SharingError(
            f"“{_short(name)}” has {len(piece.notes):,} notes, and from 1 to {MOST_NOTES:,} can be "
            "kept: choose another."
        )
    if len(_paths(where)) >= MOST_ITEMS:
        raise SharingError(f"No more than {MOST_ITEMS} can be kept: remove one first.")
    piece = LearnPiece(_short(name), piece.notes, piece.timebase)
    kept = Kept(piece, origin[:LONGEST_NAME], added)
    path = where.material / f"{identity(piece)}.json"
    try:
        places.write(path, msgspec.json.encode(kept))
    except OSError as error:
        raise SharingError(
            f"“{_short(name)}” cannot be kept ({error.strerror or error}): free some space, or "
            "make the folder writable."
        ) from error
    return _item(path, kept)


def items(where: Places) -> tuple[Item, ...]:
    """All of them, by name; a file that cannot be read is left out."""
    found = [(path, places.read(path, Kept)) for path in _paths(where)]
    shown = [_item(path, kept) for path, kept in found if kept is not None]
    return tuple(sorted(shown, key=lambda item: (item.name, item.id)))


def pieces(where: Places) -> list[LearnPiece]:
    """What to learn from, always in the same order."""
    found = [places.read(path, Kept) for path in _paths(where)]
    return [kept.piece for kept in found if kept is not None]


def remove(where: Places, named: str) -> Item:
    """By its id or its name. Raises SharingError."""
    found = [item for item in items(where) if named in {item.id, item.name}]
    if not found:
        raise SharingError(f"“{_short(named)}” is not there: `antiphon share material` shows all.")
    if len(found) > 1:
        raise SharingError(
            f"“{_short(named)}” is there {len(found)} times: name one by its id "
            f"({', '.join(item.id for item in found)})."
        )
    places.remove(where.material / f"{found[0].id}.json")
    return found[0]


def _paths(where: Places) -> list[Path]:
    if not where.material.is_dir():
        return []
    return sorted(p for p in where.material.glob("*.json") if _ID.fullmatch(p.stem))


def _item(path: Path, kept: Kept) -> Item:
    return Item(path.stem, kept.piece.name, kept.origin, kept.added, len(kept.piece.notes))


def _short(name: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in name)[:LONGEST_NAME] or "?"
