"""A back-off n-gram that can take the prior's place under the planner: a baseline that plays.

It is of the family of `engine.evaluate.backoff` (update exclusion, d = 0.9, w = 1, the same
formula), learnt from the same training notes, but answers one note after the other with the whole
distribution of a field. It has the verbs of the prior's step (`read`, `field`, `mark`, `back_to`,
`reset`, `count`), so that the same planner plays both with the same limits, and what differs in
what they play is what they know.

Each training note becomes one 64-bit number a field: its context, the nearest element first. In
the sorted numbers a context of any order is one slice. About 10 bytes a note and field are kept.

It refuses to be tuned: views and orders are fixed, as many elements as 64 bits hold.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.encoding import FIELD_SIZES, FIELDS, PITCH_CLASSES, Row
from engine.evaluate.backoff import EXCLUSION
from engine.evaluate.notes import Notes
from engine.train.scenes import TURNS

Values = npt.NDArray[np.float64]
Element = tuple[str, int]
"""Name of a column (or "chord", "interval", see `engine.evaluate.backoff`), notes back."""

_BITS = {"kind": 5, "chord": 2, "beat_pos": 5, "velocity": 6, "interval": 8, "delta": 9,
         "duration": 9}  # fmt: skip
_COLUMN_OF = {"onset": "delta"}
_KEPT_FROM = 2000
"""Counts of slices from this length on are kept once they were made."""
_IMPOSSIBLE = -30.0
_SYMBOLS = 512


def _repeated(times: int, *each: str, own: bool = False) -> tuple[Element, ...]:
    """`each` column 1, 2 ... notes back; with `own` the last of them one note nearer."""
    near = 1 if own else 0
    return tuple(
        (name, lag - near * (name == each[-1]))
        for lag in range(1, times + 1)
        for name in each
    )  # fmt: skip


_CONTEXTS: dict[str, tuple[Element, ...]] = {
    "onset": (("kind", 0), ("beat_pos", 1), *_repeated(3, "delta", "duration")),
    "pitch": (("kind", 0), ("chord", 0), *_repeated(7, "interval")),
    "duration": (("kind", 0), ("chord", 0), *_repeated(3, "duration", "delta", own=True)),
    "velocity": (("kind", 0), ("chord", 0), *_repeated(9, "velocity")),
}
_REACH = 10
"""Notes that have to be remembered."""


@dataclass(frozen=True, slots=True)
class NgramMark:
    """A place to come back to."""

    count: int
    rows: tuple[Row, ...]


class NgramPrior:
    """An n-gram with the verbs of a prior's step. Used from one thread."""

    def __init__(self, train: Notes) -> None:
        self._tables = {
            number: _Table(train, number, name)
            for number, name in enumerate(FIELDS)
            if name in _CONTEXTS
        }
        self.reset()

    @property
    def count(self) -> int:
        """Notes read since the last reset."""
        return self._count

    def reset(self) -> None:
        """Forget every note that was read; what was learnt stays."""
        self._count = 0
        self._rows: tuple[Row, ...] = ()

    def mark(self) -> NgramMark:
        """Remember this place."""
        return NgramMark(self._count, self._rows)

    def back_to(self, mark: NgramMark) -> None:
        """Return to a mark."""
        self._count, self._rows = mark.count, mark.rows

    def read(self, row: Row) -> None:
        """Take in one note that has happened."""
        self._count += 1
        self._rows = (*self._rows, _without_turns(row))[-_REACH:]

    def field(
        self, number: int, row: Sequence[int], known: Collection[int] = ()
    ) -> npt.NDArray[np.float32]:
        """Log probabilities of field `number` of the next note; shape (n,).

        row: what is chosen of that note already, in the planner's usual order. `known` is not
        looked at: a field that is not chosen yet is not in the context of any before it.
        """
        del known
        rows = (*self._rows, _without_turns(Row(*row)))
        table = self._tables.get(number)
        if table is None:
            return self._again(number)
        found = table.probabilities([_value(rows, element) for element in table.elements])
        if FIELDS[number] == "pitch":
            before = rows[-2].pitch if len(rows) > 1 else 0
            found = found[(np.arange(PITCH_CLASSES) - before) % PITCH_CLASSES]
        return np.log(found).astype(np.float32)

    def _again(self, number: int) -> npt.NDArray[np.float32]:
        """A field that an n-gram has no business with stays as it was in the note before."""
        logits = np.full(FIELD_SIZES[number], _IMPOSSIBLE, dtype=np.float32)
        logits[getattr(self._rows[-1], FIELDS[number]) if self._rows else 0] = 0.0
        return logits


def _without_turns(row: Row) -> Row:
    """The row as the training notes have it: nobody took turns there."""
    return row._replace(kind=row.kind & ~TURNS)


def _value(rows: tuple[Row, ...], element: Element) -> int:
    """Code of an element of the context, 0 before the first note; the last row is the next note."""
    what, lag = element
    at = len(rows) - 1 - lag
    if at < 0:
        return 0
    if what == "chord":
        return int(rows[at].delta == 0) + 1
    if what == "interval":
        # The first note has no interval; its pitch stands for it.
        return (rows[at].pitch - (rows[at - 1].pitch if at else 0)) % PITCH_CLASSES + 1
    return int(getattr(rows[at], what)) + 1


class _Table:
    """The training notes of one field, sorted by context."""

    def __init__(self, train: Notes, number: int, name: str) -> None:
        self.elements = _CONTEXTS[name]
        self._size = FIELD_SIZES[number]
        self._bits = [_BITS[what] for what, _ in self.elements]
        chosen = np.flatnonzero(train.counted[:, number])
        keys = np.zeros(len(chosen), dtype=np.uint64)
        for element, bits in zip(self.elements, self._bits, strict=True):
            keys <<= np.uint64(bits)
            keys |= _codes(train, chosen, element).astype(np.uint64)
        relative = name == "pitch"
        if relative:
            symbols = _codes(train, chosen, ("interval", 0)) - 1
        else:
            symbols = train.rows[chosen, Row._fields.index(_COLUMN_OF.get(name, name))]
        order = np.argsort(keys)
        self._keys = keys[order]
        self._symbols = symbols[order].astype(np.int16)
        self._kept: dict[tuple[int, int], Values] = {}

    def probabilities(self, context: list[int]) -> Values:
        """P(x | context) of every class; the longest context speaks first. Shape (n,)."""
        slices = self._slices(context)
        found = np.full(self._size, 1.0 / self._size)
        d, w = EXCLUSION.discount, EXCLUSION.weight
        for level, (prefix, first, end) in enumerate(slices):
            deepest = level == len(self.elements)
            times = self._times(level, prefix, first, end, deepest=deepest)
            total, different = times.sum(), np.count_nonzero(times)
            found = (np.maximum(times - d, 0.0) + (w + d) * different * found * (different > 0)) / (
                total + w * different
            )
            found /= found.sum()
        return found

    def _slices(self, context: list[int]) -> list[tuple[int, int, int]]:
        """(context as a number, first, end) of each level that was ever seen, shortest first."""
        if len(self._keys) == 0:
            return []
        found = [(0, 0, len(self._keys))]
        rest, prefix = sum(self._bits), 0
        for value, bits in zip(context, self._bits, strict=True):
            rest -= bits
            prefix = prefix << bits | value
            edges = np.array([prefix << rest, (prefix + 1) << rest], dtype=np.uint64)
            _, first, end = found[-1]
            first, end = (first + np.searchsorted(self._keys[first:end], edges)).tolist()
            if first == end:
                break
            found.append((prefix, first, end))
        return found

    def _times(self, level: int, prefix: int, first: int, end: int, *, deepest: bool) -> Values:
        """How often each class counts after a context.

        The deepest context counts every note, a shorter one each class once for each longer
        context that it followed.
        """
        if deepest:
            every = np.bincount(self._symbols[first:end], minlength=self._size)
            return every.astype(np.float64)
        kept = self._kept.get((level, prefix))
        if kept is not None:
            return kept
        bits, rest = self._bits[level], sum(self._bits[level + 1 :])
        longer = (self._keys[first:end] >> np.uint64(rest)) & np.uint64((1 << bits) - 1)
        pairs = longer.astype(np.int64) * _SYMBOLS + self._symbols[first:end]
        if end - first >= _KEPT_FROM:
            pairs = np.flatnonzero(np.bincount(pairs, minlength=_SYMBOLS << bits))
        else:
            pairs = np.unique(pairs)
        times = np.bincount(pairs % _SYMBOLS, minlength=self._size).astype(np.float64)
        if end - first >= _KEPT_FROM:
            self._kept[level, prefix] = times
        return times


def _codes(train: Notes, chosen: npt.NDArray[np.int64], element: Element) -> npt.NDArray[np.int64]:
    """`_value` of an element for the chosen training notes; shape (len(chosen),)."""
    what, lag = element
    inside = train.place[chosen] >= lag
    if what == "interval":
        pitch = train.rows[:, Row._fields.index("pitch")]
        at = np.maximum(chosen - lag, 0)
        before = np.where(train.place[at] > 0, pitch[np.maximum(at - 1, 0)], 0)
        leap = (pitch[at].astype(np.int64) - before) % PITCH_CLASSES
        return np.where(inside, leap + 1, 0)
    column = train.rows[:, Row._fields.index("delta" if what == "chord" else what)]
    values = column[np.maximum(chosen - lag, 0)].astype(np.int64)
    if what == "chord":
        values = (values == 0).astype(np.int64)
    return np.where(inside, values + 1, 0)
