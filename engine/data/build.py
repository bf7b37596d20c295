"""Builds a data folder: finds the files, reads them in parallel, drops copies, packs what is left.

The folder is written beside its final place and moved there when it is complete, so that an
interrupted run leaves nothing that looks like data. The same sources give the same bytes, whatever
the number of processes.

It refuses to replace a folder that it did not make: `report.json` beside `index.csv` is the sign.
"""

import contextlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.data.choose import Chosen, choose
from engine.data.packed import write_folder
from engine.data.pieces import Piece
from engine.data.pool import Lost, Pool
from engine.data.sources import Read, Refused, Task, find, printable, read

REPORT = "report.json"
Bar = Callable[[str, int], AbstractContextManager[Callable[[int], object]]]
"""Opens a progress bar: (title, length) -> what is called with the number of things done."""


class BuildError(Exception):
    """No data folder was made; the message is a sentence and a next step."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to build. limit_s: wall time that one file may take."""

    tier: str
    licence: str
    jobs: int
    limit_s: float
    force: bool
    keep_copies: bool


def build(sources: Sequence[Path], out: Path, options: Options, bar: Bar) -> dict[str, Any]:
    """Make the data folder `out` from the sources and give the report, which also lies in it.

    Raises:
        BuildError: nothing could be read, or `out` cannot be written or is in the way.
    """
    with _folder_to_be(out, force=options.force) as folder:
        tasks, refused = find(sources, tier=options.tier, licence=options.licence)
        found = _read(tasks, refused, options, bar)
        if not found:
            raise BuildError(_nothing(refused))
        chosen = choose(found, keep_copies=options.keep_copies)
        chosen = replace(chosen, pieces=tuple(_with_own_ids(chosen.pieces)))
        report = _report(found, chosen, refused)
        with _writing(out):
            with bar("packing", len(chosen.pieces)) as step:
                write_folder(folder, chosen.pieces, step)
            text = json.dumps(report, indent=1, ensure_ascii=False) + "\n"
            (folder / REPORT).write_text(text, encoding="utf-8")
    return report


def _read(tasks: Sequence[Task], refused: list[Refused], options: Options, bar: Bar) -> list[Read]:
    """Everything that the tasks hold; what is refused is added to `refused`."""
    if not tasks:
        return []
    pool: Pool[Task, list[Read | Refused]] = Pool(read, jobs=options.jobs, limit_s=options.limit_s)
    with bar("reading", len(tasks)) as step:
        results = pool.run(tasks, lambda: step(1))
    found = []
    for task, result in zip(tasks, results, strict=True):
        if isinstance(result, Lost):
            reason = result.why.partition(" (")[0].capitalize()
            sentence = f"{task.name} was given up, because {result.why}: leave it out."
            refused.append(Refused(task.name, reason, sentence))
            continue
        found += [one for one in result if isinstance(one, Read)]
        refused += [one for one in result if isinstance(one, Refused)]
    return found


def _with_own_ids(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """The pieces, renamed where two of one packed file have the same id."""
    taken: set[tuple[str, str, str]] = set()
    for piece in pieces:
        place = (piece.about["tier"], piece.about["collection"])
        name, number = piece.id, 2
        while (*place, name) in taken:
            name = f"{piece.id} ({number})"
            number += 1
        taken.add((*place, name))
        yield piece if name == piece.id else replace(piece, about={**piece.about, "id": name})


def _report(found: Sequence[Read], chosen: Chosen, refused: Sequence[Refused]) -> dict[str, Any]:
    splits: dict[str, Counter[str]] = {}
    for piece in chosen.pieces:
        splits.setdefault(piece.about["tier"], Counter())[piece.about["split"]] += 1
    collections = Counter(
        f"{piece.about['tier']}/{piece.about['collection']}" for piece in chosen.pieces
    )
    exact = sum(copy.exact for copy in chosen.copies)
    return {
        "read": len(found),
        "mended": sum(one.mended for one in found),
        "kept": len(chosen.pieces),
        "notes": sum(len(piece) for piece in chosen.pieces),
        "refused": len(refused),
        "refused_by_reason": dict(Counter(one.reason for one in refused).most_common()),
        "copies": {"same_notes": exact, "same_tune": len(chosen.copies) - exact},
        "splits": {tier: dict(sorted(splits[tier].items())) for tier in sorted(splits)},
        "straddling": chosen.straddling,
        "collections": dict(collections),
        "refused_files": [{"name": one.name, "why": one.sentence} for one in refused],
        "copied_pieces": [
            {
                "id": copy.id,
                "of": copy.of,
                "same_notes": copy.exact,
                "containment": copy.containment,
            }
            for copy in chosen.copies
        ],
    }


def _nothing(refused: Sequence[Refused]) -> str:
    if not refused:
        return "There is nothing to read: name folders with MIDI files."
    if len(refused) == 1:
        return refused[0].sentence
    reason, count = Counter(one.reason for one in refused).most_common(1)[0]
    return (
        f"None of {len(refused)} files could be read; for {count} of them: {reason}. "
        f"The first: {refused[0].sentence}"
    )


@contextmanager
def _folder_to_be(out: Path, *, force: bool) -> Iterator[Path]:
    """A new folder that becomes `out` when the block ends well, and is gone when it does not."""
    name = printable(out)
    if out.exists() or out.is_symlink():
        if not force:
            raise BuildError(f"{name} is there already: name another with --out, or add --force.")
        if not ((out / "index.csv").is_file() and (out / REPORT).is_file()) or out.is_symlink():
            raise BuildError(
                f"{name} was not made by this command, so --force does not replace it: "
                "name another with --out."
            )
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    with _writing(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        part.mkdir()
    try:
        yield part
        with _writing(out):
            _move(part, out)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _move(part: Path, out: Path) -> None:
    """Put `part` in the place of `out`; what stood there goes when the new one stands."""
    if not out.exists():
        part.rename(out)
        return
    old = part.with_suffix(".old")
    out.rename(old)
    try:
        part.rename(out)
    except BaseException:
        with contextlib.suppress(OSError):
            old.rename(out)
        raise
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BuildError(
            f"{printable(out)} cannot be written ({reason}): name another with --out."
        ) from None
