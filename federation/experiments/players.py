"""Who takes part in a simulated federation, and who is kept apart to judge it.

Players are slices of composers, performers and tune types, of collections that the prior was not
trained on, so that there is something to share. Those who train are tasks of `meta_train`; the
unseen ones are of `meta_valid` (they choose when to stop) and `meta_test` (they judge), and play
from another piece afterwards ("another day"). It refuses to train.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.adapt.lesson import Lesson, lesson_of
from engine.corpus import EVERY_TIER, SHIPPABLE, Stream, load_tasks
from engine.encoding import IntArray
from engine.meta.tasks import another_day, pieces_of
from engine.meta.turns import query_of, support_of

PIECES_OF_ONE = 4
PHRASES_OF_A_PIECE = 4
LEAST_NOTES = 150
_LEAST_PIECE = 16
_ROUNDS = 4
SUPPORT_PHRASES = 8


@dataclass(frozen=True, slots=True)
class Contributor:
    """A player who trains. style: the collection that the music is of. halves: first, second."""

    name: str
    style: str
    lesson: Lesson
    halves: tuple[Lesson, Lesson]

    @property
    def notes(self) -> int:
        """How many are learnt from."""
        return self.lesson.notes


@dataclass(frozen=True, slots=True)
class Unseen:
    """A player who does not: some phrases to learn from, and what is to be predicted."""

    name: str
    style: str
    support: Lesson
    query: Lesson


def contributors(data: Path, seed: int, *, most_of_a_style: int = 12) -> list[Contributor]:
    """Players of `meta_train`. Raises CorpusError."""
    rng = np.random.default_rng((seed, 0))
    found: list[Contributor] = []
    for style, tasks in _by_style(_foreign(data, "meta_train")).items():
        of_style: list[Contributor] = []
        names = [list(tasks)[n] for n in rng.permutation(len(tasks))]
        for slice_number in range(_ROUNDS * most_of_a_style):
            name = names[slice_number % len(names)]
            parts = list(_slice(tasks[name], slice_number // len(names), seed))
            if sum(map(len, parts)) >= LEAST_NOTES:
                title = f"{name}, {slice_number // len(names) + 1}"
                of_style.append(Contributor(title, style, lesson_of(parts), _halves(parts)))
            if len(of_style) == most_of_a_style:
                break
        found += of_style
    return found


def unseen(data: Path, meta_split: str, *, most_of_a_style: int = 6) -> list[Unseen]:
    """Players of "meta_valid" or "meta_test": the same ones for every seed. Raises CorpusError."""
    found: list[Unseen] = []
    for style, tasks in _by_style(_foreign(data, meta_split)).items():
        of_style: list[Unseen] = []
        for attempt in range(most_of_a_style):
            for name, streams in tasks.items():
                rng = np.random.default_rng((attempt, 7))
                episode = another_day(name, pieces_of(streams), SUPPORT_PHRASES, rng)
                if episode is not None and len(of_style) < most_of_a_style:
                    one = Unseen(name, style, support_of(episode), query_of(episode))
                    of_style.append(one)
        found += of_style
    return found


def _foreign(data: Path, meta_split: str) -> Mapping[str, Sequence[Stream]]:
    """Tasks of collections that the prior never met."""
    known = {
        streams[0].collection for streams in load_tasks(data, EVERY_TIER, tier=SHIPPABLE).values()
    }
    tasks = load_tasks(data, meta_split, tier=EVERY_TIER)
    return {name: found for name, found in tasks.items() if found[0].collection not in known}


def _by_style(
    tasks: Mapping[str, Sequence[Stream]],
) -> dict[str, dict[str, Sequence[Stream]]]:
    styles: dict[str, dict[str, Sequence[Stream]]] = {}
    for name, streams in tasks.items():
        styles.setdefault(streams[0].collection, {})[name] = streams
    return styles


def _halves(parts: Sequence[IntArray]) -> tuple[Lesson, Lesson]:
    """Every other piece; of one piece alone both its halves."""
    if len(parts) == 1:
        middle = len(parts[0]) // 2
        parts = [parts[0][:middle], parts[0][middle:]]
    return lesson_of(parts[::2]), lesson_of(parts[1::2])


def _slice(streams: Sequence[Stream], number: int, seed: int) -> Iterator[IntArray]:
    """Phrases of the pieces that slice `number` of a task has; slices share no piece."""
    pieces = pieces_of(streams)
    order = np.random.default_rng((seed, 1, len(pieces))).permutation(len(pieces))
    for index in order[number * PIECES_OF_ONE : (number + 1) * PIECES_OF_ONE]:
        piece = pieces[int(index)]
        rows = piece.part(0, min(PHRASES_OF_A_PIECE, piece.phrases))
        if len(rows) >= _LEAST_PIECE:
            yield rows
