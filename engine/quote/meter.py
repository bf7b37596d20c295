"""The quote meter: the longest run that an answer shares with the training music or the player.

Intervals and rhythm are compared, in any key and at any tempo, of all notes and of the highest ones
alone. What many pieces share counts for nobody (`engine.quote.index`). A run of the training music
that is too long is a reason to draw another answer; of the player's own music much more is
welcome, for an answer takes up what was played.

It refuses to draw another answer, to know where music comes from (the index holds no titles), and
to listen to drums. It never guesses: without an index nothing is said of the training music.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

from engine.events import DRUM_CHANNEL, Note
from engine.quote.index import NO_RUN, SHIPPED, QuoteIndex, Run, load
from engine.quote.lines import arrays_of, line_of
from engine.quote.own import Own

Array = npt.NDArray[Any]

TRAINING, OWN = "training", "own"
LIMIT = 18
"""Notes of the training music in a row that are too many (docs/adr/0015)."""
OWN_LIMIT = 48
"""The same of the player's own takes: three bars of sixteenths may come back."""


@dataclass(frozen=True, slots=True)
class Quote:
    """The longest shared run of an answer.

    run: its notes, 0 where none counts; source: "training", "own" or "" for none; first: number of
    its first note among all notes of the answer, by onset, then pitch; limit: notes from which on a
    run of this source is too long; onsets: how many of them start apart, a chord being one.
    """

    run: int
    source: str
    first: int
    limit: int
    onsets: int = 0


class QuoteMeter:
    """Compares answers with the training music and the player's own. One thread."""

    def __init__(
        self, index: QuoteIndex | None, *, limit: int = LIMIT, own_limit: int = OWN_LIMIT
    ) -> None:
        """index None: the player's own music alone is compared."""
        self.limit, self.own_limit = limit, own_limit
        self._index = index
        self._own = Own()

    @classmethod
    def load(
        cls, path: Path = SHIPPED, *, limit: int = LIMIT, own_limit: int = OWN_LIMIT
    ) -> "QuoteMeter":
        """A meter with the index of this file. Raises QuoteIndexError."""
        return cls(load(path), limit=limit, own_limit=own_limit)

    @property
    def card(self) -> dict[str, Any]:
        """What the index says of its making; empty without one."""
        return dict(self._index.card) if self._index else {}

    @property
    def bytes_held(self) -> int:
        """Memory of the index in bytes."""
        return self._index.bytes_held if self._index else 0

    def add_own(self, notes: Sequence[Note]) -> None:
        """Learn a phrase or a take of the player; drums are passed over."""
        for line in _lines(notes)[0]:
            self._own.learn(line)

    def forget_own(self) -> None:
        """Another player: nothing was played yet."""
        self._own.forget()

    def longest(self, notes: Sequence[Note]) -> Quote:
        """The longest run that the answer shares; one that is too long goes before one that is not.

        Notes may come in any order.
        """
        lines, numbers = _lines(notes)
        found = [Quote(0, "", 0, self.limit)]
        for line in lines:
            if self._index is not None:
                found.append(_quote(self._index.longest(line), TRAINING, self.limit, numbers))
            found.append(_quote(self._own.longest(line), OWN, self.own_limit, numbers))
        return max(found, key=lambda quote: (self.too_long(quote), quote.run))

    def too_long(self, quote: Quote) -> bool:
        """Whether another answer should be drawn: `limit` notes that are not mostly chords."""
        return quote.run >= quote.limit and 2 * quote.onsets >= quote.limit


def _quote(run: Run, source: str, limit: int, numbers: Sequence[int]) -> Quote:
    if run == NO_RUN:
        return Quote(0, "", 0, limit)
    return Quote(run.notes, source, numbers[run.first], limit, run.onsets)


def _lines(notes: Sequence[Note]) -> tuple[list[Array], list[int]]:
    """All notes and the skyline as lines, and what number each note without drums has."""
    ordered = sorted(notes, key=lambda note: (note.onset, note.pitch))
    numbers = [n for n, note in enumerate(ordered) if note.channel != DRUM_CHANNEL]
    onset, end, pitch = arrays_of([ordered[number] for number in numbers])
    every = line_of(onset, end, pitch, False)
    top = line_of(onset, end, pitch, True)
    # A melody is its own skyline.
    return ([every] if len(top) == len(every) else [every, top]), numbers
