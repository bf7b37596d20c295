"""What the critic learns from: passages of pieces, what really came, and what the planner answers.

Each passage (`engine.evaluate.continuation.passages`) is answered several times by the planner as
it plays live, under seeds of its own. The answers lie in the folder of the run, part by part, so
that a run that was stopped goes on where it was; the same folder, data and weights give the same
examples.

It refuses to touch the test split: that is for `antiphon evaluate continuation` alone.
"""

import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.corpus import CorpusError
from engine.critic.rows import rows_of
from engine.encoding import COLUMNS, IntArray
from engine.evaluate.continuation.continuers import Continuer
from engine.evaluate.continuation.passages import Passage
from engine.events import Note

PART = 500
"""Passages of one file."""
_SEED_STEP = 1_000_003


@dataclass(frozen=True, slots=True)
class Example:
    """A prime, its true continuation, and answers of the planner: rows, shapes (n, 9)."""

    heard: IntArray
    human: IntArray
    answers: tuple[IntArray, ...]


def gather(
    passages: Sequence[Passage],
    continuer: Continuer,
    folder: Path,
    *,
    answers: int,
    seed: int,
    progress: Callable[[int], object],
) -> list[Example]:
    """An example of each passage, `answers` answers each; finished parts are kept in `folder`.

    Raises OSError where the folder cannot be written, CorpusError where it is of another run.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found: list[Example] = []
    for first in range(0, len(passages), PART):
        path = folder / f"{first:06d}.npz"
        part = passages[first : first + PART]
        made = _read(path) if path.is_file() else []
        if made:
            _check(made, part, answers, path)
            progress(len(made))
        else:
            for number, passage in enumerate(part, start=first):
                made.append(_example(passage, continuer, answers, seed + number))
                progress(1)
            _write(path, made)
        found += made
    return found


def _example(passage: Passage, continuer: Continuer, answers: int, seed: int) -> Example:
    heard, human = _rows(passage, passage.truth.notes)
    drawn = (continuer(passage, seed + _SEED_STEP * (1 + draw)) for draw in range(answers))
    return Example(heard, human, tuple(_rows(passage, found.notes)[1] for found in drawn))


def _rows(passage: Passage, notes: Sequence[Note]) -> tuple[IntArray, IntArray]:
    return rows_of(passage.prime.notes, notes, passage.timebase, drums=passage.truth.drums)


def _check(made: Sequence[Example], passages: Sequence[Passage], answers: int, path: Path) -> None:
    """Raises CorpusError where what lies in the folder was made of something else."""
    alike = len(made) == len(passages) and len(made[0].answers) == answers
    for one, passage in zip((made[0], made[-1]), (passages[0], passages[-1]), strict=True):
        alike = alike and np.array_equal(one.human, _rows(passage, passage.truth.notes)[1])
    if not alike:
        raise CorpusError(f"{path} is of another run; name another --folder, or remove it.")


def _write(path: Path, examples: Sequence[Example]) -> None:
    """All rows behind each other, and how many belong to what; shape (examples, 2 + answers)."""
    parts = [[one.heard, one.human, *one.answers] for one in examples]
    lengths = np.array([[len(rows) for rows in each] for each in parts], dtype=np.int32)
    rows = np.concatenate([rows for each in parts for rows in each]).astype(np.uint16)
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        np.savez_compressed(file, rows=rows, lengths=lengths)
    temporary.replace(path)


def _read(path: Path) -> list[Example]:
    """The examples of a part; none where it is damaged, so that it is made anew."""
    try:
        with path.open("rb") as file, np.load(file) as archive:
            rows, lengths = archive["rows"].astype(np.int64), archive["lengths"]
        parts = np.split(rows.reshape(-1, len(COLUMNS)), np.cumsum(lengths.reshape(-1))[:-1])
    except (OSError, ValueError, LookupError, EOFError, zipfile.BadZipFile, zlib.error):
        return []
    found = []
    for number in range(len(lengths)):
        heard, human, *answers = parts[number * lengths.shape[1] : (number + 1) * lengths.shape[1]]
        found.append(Example(heard, human, tuple(answers)))
    return found
