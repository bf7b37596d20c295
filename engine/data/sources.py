"""What `antiphon data build` is told to read, as a list of tasks; and how one task is read.

A source is a MIDI file, a folder that is searched for MIDI files, or a folder of packed
collections. Tasks come in the order of the sources, files by name, so that the result does not
depend on the machine. Hidden files and folders are left out, and links to folders are not followed.

It refuses to stop at a bad source: what cannot be read is refused with a reason, and told.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.data import tunes
from engine.data.midi import RefusedError, read_piece
from engine.data.packed import read_collection, read_index
from engine.data.pieces import Piece

MIDI_ENDINGS = frozenset({".mid", ".midi", ".smf", ".kar", ".rmi"})


@dataclass(frozen=True, slots=True)
class Task:
    """A file to be read. rows: of index.csv, for a packed collection; else `about` goes for it."""

    path: Path
    name: str
    about: Mapping[str, str]
    rows: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """Something that was not taken. reason is short and counted; sentence says it to the user."""

    name: str
    reason: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Read:
    """A piece that was read, what it is compared by, and whether its file was damaged."""

    piece: Piece
    digest: str
    shingles: tunes.Shingles
    mended: bool


class _Names:
    """Names that are not taken yet: a collection for each folder, an id for each file in it."""

    def __init__(self) -> None:
        self._collections: dict[Path, str] = {}
        self._taken: set[str] = set()

    def collection(self, folder: Path) -> str:
        folder = folder.resolve()
        if folder not in self._collections:
            self._collections[folder] = self.unused(printable(folder.name) or "music")
        return self._collections[folder]

    def unused(self, name: str) -> str:
        free, number = name, 2
        while free.casefold() in self._taken:
            free = f"{name} ({number})"
            number += 1
        self._taken.add(free.casefold())
        return free


def find(
    sources: Sequence[Path], *, tier: str, licence: str = ""
) -> tuple[list[Task], list[Refused]]:
    """The tasks that the sources hold, and the sources that hold none.

    tier and licence are what MIDI files get; packed collections keep their own.
    """
    tasks: list[Task] = []
    refused: list[Refused] = []
    names = _Names()
    for source in sources:
        try:
            tasks += list(_tasks(source, names, {"tier": tier, "licence": licence}))
        except RefusedError as error:
            refused.append(Refused(printable(source), error.reason, str(error)))
    return tasks, refused


def _tasks(source: Path, names: _Names, about: Mapping[str, str]) -> Iterator[Task]:
    if not source.is_dir():
        if not source.exists():
            raise RefusedError(
                "A source is not there",
                f"There is no {printable(source)}: check the name and the folder.",
            )
        yield _midi_task(source, source.parent, names, about)
        return
    rows = read_index(source)
    if rows is not None:
        yield from _packed_tasks(source, rows)
        return
    files = sorted(_midi_files(source), key=lambda path: path.relative_to(source).as_posix())
    if not files:
        raise RefusedError(
            "A source has no MIDI files",
            f"{printable(source)} holds no MIDI files: name a folder with files that end in .mid.",
        )
    for path in files:
        yield _midi_task(path, source, names, about)


def _midi_task(path: Path, root: Path, names: _Names, about: Mapping[str, str]) -> Task:
    inside = path.relative_to(root)
    collection = names.collection(root)
    row = {
        **about,
        "id": names.unused(f"{collection}/{printable(inside.with_suffix(''))}"),
        "collection": collection,
        "title": printable(path.stem),
        "style": printable(inside.parent.name),
    }
    return Task(path, printable(path), row)


def _packed_tasks(source: Path, rows: Sequence[Mapping[str, str]]) -> Iterator[Task]:
    places: dict[tuple[str, str], list[Mapping[str, str]]] = {}
    for row in rows:
        places.setdefault((row["tier"], row["collection"]), []).append(row)
    for (tier, collection), members in places.items():
        if not all(_is_plain(name) for name in (tier, collection)):
            raise RefusedError(
                "Its index.csv cannot be read",
                f"index.csv of {printable(source)} names a tier {tier!r} with a collection "
                f"{collection!r}, which are no file names: fetch the folder again.",
            )
        path = source / tier / f"{collection}.npz"
        yield Task(path, printable(path), {}, tuple(members))


def _midi_files(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            path = Path(place, name)
            if not name.startswith(".") and path.suffix.lower() in MIDI_ENDINGS:
                yield path


def _is_plain(name: str) -> bool:
    """Whether a name from an index is that of a file, and leads nowhere else."""
    return name not in ("", ".", "..") and name == printable(Path(name).name)


def printable(path: Path | str) -> str:
    """A path or name in characters that every table and terminal can hold."""
    text = path if isinstance(path, str) else path.as_posix()
    return "".join(char if char.isprintable() else "_" for char in text)


def read(task: Task) -> list[Read | Refused]:
    """What the task's file holds; never raises for what is in the file."""
    missing: Sequence[Mapping[str, str]] = ()
    mended = False
    try:
        if task.rows:
            pieces, missing = read_collection(task.path, task.rows)
        else:
            piece, mended = read_piece(task.path, task.about)
            pieces = [piece]
    except RefusedError as error:
        return [Refused(task.name, error.reason, str(error))]
    found: list[Read | Refused] = [
        Read(piece, tunes.digest(piece), tunes.shingles(piece), mended) for piece in pieces
    ]
    for row in missing:
        sentence = f"index.csv names {row['id']}, which {task.name} lacks: fetch the folder again."
        found.append(Refused(row["id"], "A packed collection lacks a piece", sentence))
    return found
