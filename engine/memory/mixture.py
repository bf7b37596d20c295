"""Prior and memory as one model of the next note, with the prior's own interface.

`engine.context.Context` takes a `Mixture` where it takes a `FastPrior`: notes read go to both, the
logits of a field are those of both together. Where there is no prior, or it is late (`alone`), the
memory answers on top of its own base: worse, but at once.

It refuses to choose notes, like the prior.

Thread: one at a time.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from struct import Struct

import numpy as np
import numpy.typing as npt

from engine.encoding import COLUMNS, FIELD_SIZES
from engine.memory import kernels
from engine.memory.memory import Mark as MemoryMark
from engine.memory.memory import Memory
from engine.memory.weights import Weights
from engine.model.fast import FastPrior, Vector
from engine.model.fast import Mark as PriorMark
from engine.styles import Vocabulary

_PACK = Struct(f"={len(COLUMNS)}q").pack_into
_NOTHING: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in both to come back to."""

    prior: PriorMark | None
    memory: MemoryMark
    count: int


class Mixture:
    """What comes next, after all music and after this player's."""

    def __init__(self, prior: FastPrior | None, memory: Memory, weights: Weights) -> None:
        """prior: None where its weights are missing or damaged; then `alone` is True for good."""
        self.prior, self.memory, self.weights = prior, memory, weights
        self.closeness = 0.0
        """-1..1: -1 the prior alone, 0 as fitted, 1 what the memory says counts twice."""
        self._alone = False
        self._count = 0
        self._row = np.zeros(len(COLUMNS), dtype=np.int64)
        self._row_words = self._row.data
        self.styles = prior.styles if prior else Vocabulary.from_text("[]")
        memory.begin()

    @property
    def alone(self) -> bool:
        """Whether the memory answers without the prior, which goes on reading."""
        return self._alone or self.prior is None

    @alone.setter
    def alone(self, alone: bool) -> None:
        self._alone = alone

    @property
    def count(self) -> int:
        """Notes read since the last reset."""
        return self._count

    @property
    def parameters(self) -> int:
        """Numbers in the weights of both."""
        parts = (self.weights.beside, self.weights.alone, self.weights.base)
        own = sum(int(vector.size) for vectors in parts for vector in vectors)
        return own + (self.prior.parameters if self.prior else 0)

    @property
    def state_bytes(self) -> int:
        """Bytes of everything that is kept of the past; constant."""
        return self.memory.state_bytes + (self.prior.state_bytes if self.prior else 0)

    def reset(self) -> None:
        """Nothing before is context any more; what was learnt, and the style, stay."""
        self._count = 0
        self.memory.begin()
        if self.prior:
            self.prior.reset()

    def set_style(self, weights: Mapping[int, float]) -> None:
        """As `FastPrior.set_style`; the memory knows no styles."""
        if self.prior:
            self.prior.set_style(weights)

    def reread(self, styles: Mapping[int, float], rows: npt.ArrayLike) -> None:
        """Change the style of what was heard: the prior reads `rows` (n, 9) anew.

        The memory does not learn them a second time, and its context stays.
        """
        if self.prior:
            self.prior.reset()
            self.prior.set_style(styles)
            self.prior.read_many(rows)

    def mark(self) -> Mark:
        """Remember this place and its style. Costs nothing."""
        return Mark(self.prior.mark() if self.prior else None, self.memory.mark(), self._count)

    def back_to(self, mark: Mark) -> None:
        """Return to a mark: what was read since is unlearnt. Raises ValueError if it is too old."""
        if self.prior and mark.prior:
            self.prior.back_to(mark.prior)
        self.memory.back_to(mark.memory)
        self._count = mark.count

    def read(self, row: Sequence[int]) -> None:
        """Take in one note that has happened."""
        if self.prior:
            self.prior.read(row)
        self.memory.read(row)
        self._count += 1

    def read_many(self, rows: npt.ArrayLike) -> None:
        """Take in rows (n, 9), one after the other."""
        if self.prior:
            self.prior.read_many(rows)
        before = self.memory.count
        self.memory.read_many(rows)
        self._count += self.memory.count - before

    def field(self, number: int, row: Sequence[int], known: Set[int] = _NOTHING) -> Vector:
        """Logits of field `number` of the next note, as `FastPrior.field` gives them: (classes,).

        The logs of true chances, so that fields chosen one after the other make a true likelihood.
        """
        _PACK(self._row_words, 0, *row)
        bits = 0
        for chosen in known:
            bits |= 1 << chosen
        memory, weights = self.memory, self.weights
        closer = max(1.0 + self.closeness, 0.0)
        if self.prior is None or self._alone:
            logits = np.empty(FIELD_SIZES[number], dtype=np.float32)
            kernels.based(
                number, weights.base[number], self._row, bits, memory.log, memory.count,
                memory.place, logits,
            )  # fmt: skip
            judge = weights.alone[number]
        else:
            logits = self.prior.field(number, row, known)
            judge = weights.beside[number]
        kernels.mixed(
            number, judge, closer, self._row, bits, memory.log, memory.links, memory.head,
            memory.count, memory.oldest, memory.place, weights.fading, logits,
        )  # fmt: skip
        return logits
