"""An order-k back-off model of notes: the baseline that a prior has to beat.

Each field of a note is predicted from the k notes before it and from the fields of the same note
that are chosen before it. The longest context speaks first and leaves a share of its probability
to the next shorter one, down to no context and to a uniform choice (interpolated back-off):

    P(x | c) = (max(n(c, x) - d, 0) + (w + d) * T(c) * P(x | shorter c)) / (n(c) + w * T(c))

n counts, T(c) is how many different x followed c. It sums to 1 over the classes for any d in
[0, 1) and w >= 0. d = 0, w = 1 is Witten-Bell's estimate, PPM's escape C
(doi:10.1109/18.87000). With `novel_only` the shorter contexts count an x only once for each longer
context that it followed: PPM's update exclusion, Kneser and Ney's estimate
(doi:10.1109/ICASSP.1995.479394). It is far better here, and so is what a prior is held against.

Contexts are hashed to 54 bits (that any two of ten million share a hash has a chance of 0.3 %),
counting is sorting, and notes are asked about level by level, so no more than two levels' counts
are ever held. It refuses to choose between its variants: that is `engine.evaluate.baselines`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.encoding import COLUMNS, FIELD_SIZES, PITCH_CLASSES
from engine.evaluate.notes import Notes

Keys = npt.NDArray[np.uint64]
Values = npt.NDArray[np.float64]
Column = npt.NDArray[np.int64]
Element = tuple[str, int]
"""What a context is made of: the name of a column (or "chord", "interval"), and how many notes
back. chord: whether the note sounds together with the one before it. interval: pitch minus the
pitch before, modulo 128."""

_OUTSIDE = 1000  # before the stream's first note; no class is that large
_SYMBOL_BITS = np.uint64(10)


@dataclass(frozen=True, slots=True)
class View:
    """One way to look at a field: what is predicted, and what a context is made of.

    relative: predict the interval, modulo 128, in place of the pitch. given: elements that are
    known before any earlier note. each: elements that the first earlier note adds; the k-th adds
    the same k - 1 notes further back.
    """

    name: str
    field: int
    given: tuple[Element, ...]
    each: tuple[Element, ...]
    relative: bool = False

    def levels(self, deepest: int) -> Iterator[tuple[Element | None, int | None]]:
        """(element that this level adds, order that is complete with it), shortest first."""
        yield None, None if self.given else 0
        for n, element in enumerate(self.given):
            yield element, 0 if n + 1 == len(self.given) else None
        for order in range(1, deepest + 1):
            for n, (what, lag) in enumerate(self.each):
                yield (what, lag + order - 1), order if n + 1 == len(self.each) else None


@dataclass(frozen=True, slots=True)
class Smoothing:
    """How much a context leaves to the next shorter one: d and w of the formula above."""

    name: str
    discount: float
    weight: float
    novel_only: bool


WITTEN_BELL = Smoothing("Witten-Bell", 0.0, 1.0, novel_only=False)
EXCLUSION = Smoothing("update exclusion", 0.9, 1.0, novel_only=True)
SMOOTHINGS = (WITTEN_BELL, EXCLUSION)


@dataclass(frozen=True, slots=True)
class Variant:
    """A smoothing up to an order."""

    smoothing: Smoothing
    order: int


def probabilities(
    view: View,
    train: Notes,
    asked: Notes,
    *,
    deepest: int,
    progress: Callable[[], object] = lambda: None,
) -> dict[Variant, Values]:
    """Probability of the field of every asked note that counts, for each order and smoothing.

    Arrays have one entry for each true entry of `asked.counted[:, view.field]`. `progress` is
    called once a level. Contexts never reach beyond their stream.
    """
    known, wanted = _Asker(view, train), _Asker(view, asked)
    uniform = np.full(len(wanted.symbols), 1.0 / FIELD_SIZES[view.field])
    plain = {smoothing: uniform for smoothing in SMOOTHINGS if not smoothing.novel_only}
    novel = {smoothing: uniform for smoothing in SMOOTHINGS if smoothing.novel_only}
    found: dict[Variant, Values] = {}
    keys_below = asked_below = np.zeros(0, dtype=np.uint64)
    for level, (element, order) in enumerate(view.levels(deepest)):
        keys, asked_keys = known.deeper(element), wanted.deeper(element)
        counts, firsts = _count(keys)
        if level:
            # What was new to this level's contexts is what the level below counts once.
            answer = _count(keys_below[firsts])[0].look_up(asked_below)
            novel = {s: _mix(s, answer, p) for s, p in novel.items()}
        answer = counts.look_up(asked_keys)
        plain = {s: _mix(s, answer, p) for s, p in plain.items()}
        if order is not None:
            found |= {Variant(s, order): p for s, p in plain.items()}
            found |= {Variant(s, order): _mix(s, answer, p) for s, p in novel.items()}
        keys_below, asked_below = keys, asked_keys
        progress()
    return found


class _Asker:
    """The notes of one table whose field counts: their symbols, and contexts that grow."""

    def __init__(self, view: View, notes: Notes) -> None:
        self._notes = notes
        self._chosen = np.flatnonzero(notes.counted[:, view.field])
        column = self._column(("interval", 0) if view.relative else (COLUMNS[view.field], 0))
        self.symbols = column.astype(np.uint64)
        self._hashes = np.zeros(len(self._chosen), dtype=np.uint64)

    def deeper(self, element: Element | None) -> Keys:
        """Keys of context and symbol after the contexts took in one more element."""
        if element is not None:
            self._hashes = _mixed(self._hashes, self._column(element))
        return self._hashes << _SYMBOL_BITS | self.symbols

    def _column(self, element: Element) -> Column:
        what, lag = element
        if what == "interval":
            pitch, before = self._column(("pitch", lag)), self._column(("pitch", lag + 1))
            # The first note has no interval; its pitch stands for it, and the context says so.
            interval = np.where(before == _OUTSIDE, pitch, (pitch - before) % PITCH_CLASSES)
            return np.where(pitch == _OUTSIDE, _OUTSIDE, interval)
        column = self._notes.rows[:, COLUMNS.index("delta" if what == "chord" else what)]
        values: Column = column[np.maximum(self._chosen - lag, 0)].astype(np.int64)
        if what == "chord":
            values = (values == 0).astype(np.int64)
        return np.where(self._notes.place[self._chosen] < lag, _OUTSIDE, values)


def _mixed(hashes: Keys, column: Column) -> Keys:
    """Hashes with one more element in them (the finaliser of splitmix64 over their sum)."""
    mixed = (hashes ^ (column.astype(np.uint64) + np.uint64(1))) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    return mixed


@dataclass(frozen=True, slots=True)
class _Counts:
    """Sorted keys of context and symbol with n(c, x); sorted contexts with n(c) and T(c)."""

    keys: Keys
    times: Column
    contexts: Keys
    total: Column
    different: Column

    def look_up(self, keys: Keys) -> tuple[Values, Values, Values]:
        """n(c, x), n(c) and T(c) of each key; 0 where it was never seen."""
        answer = np.zeros((3, len(keys)))
        if len(self.keys) == 0:
            return answer[0], answer[1], answer[2]
        order = np.argsort(keys)  # neighbours in order are neighbours in memory: ten times faster
        ordered = keys[order]
        contexts = ordered >> _SYMBOL_BITS
        at_key = np.minimum(np.searchsorted(self.keys, ordered), len(self.keys) - 1)
        at_context = np.minimum(np.searchsorted(self.contexts, contexts), len(self.contexts) - 1)
        seen = self.contexts[at_context] == contexts
        answer[0, order] = np.where(self.keys[at_key] == ordered, self.times[at_key], 0)
        answer[1, order] = np.where(seen, self.total[at_context], 0)
        answer[2, order] = np.where(seen, self.different[at_context], 0)
        return answer[0], answer[1], answer[2]


def _count(keys: Keys) -> tuple[_Counts, Column]:
    """Counts of keys, and for each different key the place of one note that has it."""
    order = np.argsort(keys)
    ordered = keys[order]
    first = _starts(ordered)
    times = np.diff(first, append=len(ordered))
    different_keys = ordered[first]
    contexts = different_keys >> _SYMBOL_BITS
    head = _starts(contexts)
    counts = _Counts(
        keys=different_keys,
        times=times,
        contexts=contexts[head],
        total=np.add.reduceat(times, head) if len(head) else times,
        different=np.diff(head, append=len(contexts)),
    )
    return counts, order[first]


def _starts(ordered: Keys) -> Column:
    """Where each run of equal numbers starts."""
    return np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1]))[: len(ordered)])


def _mix(smoothing: Smoothing, answer: tuple[Values, Values, Values], shorter: Values) -> Values:
    """P(x | c) from the counts of c and from P(x | shorter c); the latter where c is new."""
    times, total, different = answer
    d, w = smoothing.discount, smoothing.weight
    mixed = np.maximum(times - d, 0.0) + (w + d) * different * shorter
    return np.where(total > 0, mixed / np.maximum(total + w * different, 1.0), shorter)
