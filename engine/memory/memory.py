"""The player's memory: each note is learnt as it is heard, and forgotten by age.

It keeps the last `capacity` notes as rows, and what was heard in which context
(`engine.memory.log`); cost and size do not grow with the session. The partner's notes are context
only: from them nothing is learnt. What was read since a mark can be unlearnt exactly, so a plan
may read its own notes.

It refuses to predict: `engine.memory.mixture` puts it beside the prior.

Thread: one at a time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from struct import Struct

import numpy as np
import numpy.typing as npt

from engine.encoding import COLUMN_SIZES, COLUMNS, FAMILIES, VOICE
from engine.memory import log
from engine.model.live import SPARE

CAPACITY = (1 << 15) - SPARE
"""Notes that are remembered: some hours of playing."""
_LEAST_CAPACITY = 16
_PACK = Struct(f"={len(COLUMNS)}q").pack_into

Rows = npt.NDArray[np.int64]


class MemoryDataError(Exception):
    """What was saved is no memory; the message is a sentence and a next step."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place to come back to: how many notes had been read, in all and of the stream."""

    count: int
    place: int


class Memory:
    """What was heard, ready to be asked."""

    def __init__(self, *, capacity: int = CAPACITY) -> None:
        """capacity: notes that are remembered, at least 16."""
        if capacity < _LEAST_CAPACITY:
            raise ValueError(f"a memory has room for {_LEAST_CAPACITY} notes at least")
        self.capacity = capacity
        slots = 1 << (capacity - 1).bit_length()
        ring = 1 << (capacity + SPARE - 1).bit_length()
        self.log = np.zeros((ring, log.LINE), dtype=np.int32)
        self.links = np.zeros((log.CONTEXTS, ring, log.LINK), dtype=np.int32)
        self.head = np.full((log.CONTEXTS, slots), -1, dtype=np.int32)
        self._rows = np.zeros((ring, len(COLUMNS)), dtype=np.int16)
        self._row = np.zeros(len(COLUMNS), dtype=np.int64)
        self._row_words = self._row.data
        self.count, self.place = 0, 0

    @property
    def oldest(self) -> int:
        """Number of the first note that is still remembered."""
        return max(self.count - self.capacity, 0)

    @property
    def state_bytes(self) -> int:
        """Bytes of everything that is kept; constant."""
        own = (self.log, self.links, self.head, self._rows)
        return sum(array.nbytes for array in own)

    def __len__(self) -> int:
        """Notes that are remembered, the partner's among them."""
        return self.count - self.oldest

    def begin(self) -> None:
        """A new stream: nothing before is its context, but what was learnt stays."""
        self.place = 0

    def read(self, row: Sequence[int]) -> None:
        """Take in one note that has happened."""
        _PACK(self._row_words, 0, *row)
        evidence = log.evidence_of(self._row, self.place)
        log.learn(self._row, self.log, self.links, self.head, self.count, self.place, evidence)
        self._rows[self.count % len(self._rows)] = self._row
        self.count += 1
        self.place += 1

    def read_many(self, rows: npt.ArrayLike) -> None:
        """Take in rows (n, 9), one after the other."""
        notes: Rows = np.ascontiguousarray(rows, dtype=np.int64).reshape(-1, len(COLUMNS))
        log.learn_all(notes, self.log, self.links, self.head, self.count, self.place)
        self.note_down(notes)

    def note_down(self, notes: Rows) -> None:
        """Keep rows (n, 9) that a kernel has put into `log` and `head` already."""
        places = (self.count + np.arange(len(notes))) % len(self._rows)
        kept = slice(max(len(notes) - len(self._rows), 0), None)
        self._rows[places[kept]] = notes[kept]
        self.count += len(notes)
        self.place += len(notes)

    def mark(self) -> Mark:
        """Remember this place. Costs nothing."""
        return Mark(self.count, self.place)

    def back_to(self, mark: Mark) -> None:
        """Unlearn what was read since; raises ValueError if that is more than `SPARE` notes."""
        if not 0 <= self.count - mark.count <= SPARE:
            raise ValueError("the mark is too old: its notes are gone")
        log.unlearn(self.log, self.links, self.head, self.count, mark.count)
        self.count, self.place = mark.count, mark.place

    def rows(self) -> dict[str, np.ndarray]:
        """What must be saved: `rows` (n, 9) int16, oldest first, and `begins` (n,) booleans."""
        numbers = np.arange(self.oldest, self.count)
        begins = self.log[numbers % len(self.log), log.STREAM_AT] == 0
        if len(begins):
            begins[0] = True
        return {"rows": self._rows[numbers % len(self._rows)].copy(), "begins": begins}

    @classmethod
    def from_rows(cls, saved: Mapping[str, np.ndarray], *, capacity: int = CAPACITY) -> "Memory":
        """The memory that has heard what `rows` gave. Raises MemoryDataError."""
        rows, begins = _checked(saved)
        memory = cls(capacity=capacity)
        for first, end in _streams(begins):
            memory.begin()
            memory.read_many(rows[first:end])
        memory.begin()
        return memory

    @property
    def players_notes(self) -> int:
        """Notes of the player's that are remembered."""
        numbers = np.arange(self.oldest, self.count) % len(self._rows)
        return int((self._rows[numbers, VOICE] < FAMILIES).sum())


def _checked(saved: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Rows and begins, if that is what they are."""
    rows, begins = saved.get("rows"), saved.get("begins")
    if rows is None or begins is None:
        raise MemoryDataError("The saved memory has no notes in it; learn from the takes again.")
    whole = np.issubdtype(rows.dtype, np.integer) and rows.ndim == 2
    if not whole or rows.shape[1] != len(COLUMNS) or begins.shape != (len(rows),):
        raise MemoryDataError("The saved memory has another shape; learn from the takes again.")
    if ((rows < 0) | (rows >= np.array(COLUMN_SIZES))).any():
        raise MemoryDataError(
            "The saved memory holds notes that cannot be; learn from the takes again."
        )
    return rows, begins.astype(bool)


def _streams(begins: np.ndarray) -> list[tuple[int, int]]:
    """First and end of each stream."""
    starts = np.flatnonzero(begins).tolist()
    if len(begins) and (not starts or starts[0] != 0):
        starts = [0, *starts]
    return list(zip(starts, [*starts[1:], len(begins)], strict=True)) if starts else []
