"""The recurrent step of the prior on numpy: one note in, the next note's probabilities out.

It computes what `engine.model.transformer` computes (a test holds the two together), one note at a
time, with the last keys and values of each layer: cost and memory do not grow with the session. A
note reads every weight once, so memory speed bounds it; numpy's calls cost about a
microsecond each, torch's five, and numpy starts in a tenth of a second.

It refuses to choose: `engine.sampling` draws, `engine.planner` decides what to draw.

Thread: one at a time. A `Mark` taken before a plan brings the state back afterwards without a copy,
as long as no more than `SPARE` notes were read in between.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.encoding import COLUMNS, FIELD_SIZES, Row
from engine.model.checkpoint import CheckpointError

Vector = npt.NDArray[np.float32]

ROPE_BASE = 10_000.0
NORM_EPSILON = 1e-6
SPARE = 512
"""Notes that may be read between a mark and the return to it."""

_KIND = COLUMNS.index("kind")
_HEAD_SEES = ((6,), (0, 4, 5, 6), (0, 1, 4, 5, 6), (0, 1, 2, 4, 5, 6))


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the stream of notes to come back to."""

    count: int
    hidden: Vector


class FastPrior:
    """The prior's state and step. `hidden` is the vector that predicts the next note."""

    def __init__(self, tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> None:
        """Raises CheckpointError where tensors are missing or of another shape."""
        try:
            self._width = int(metadata["width"])
            self._heads = int(metadata["heads"])
            self._window = int(metadata["window"])
            layers = int(metadata["layers"])
            self._take_weights(tensors, layers)
        except (KeyError, ValueError) as error:
            raise CheckpointError(
                "The weights do not have the shape that they name; "
                "reinstall Antiphon to get them whole."
            ) from error
        self.parameters = sum(int(tensor.size) for tensor in tensors.values())
        self._head_width = self._width // self._heads
        self._kept = self._window + SPARE
        shape = (layers, self._heads, 2 * self._kept, self._head_width)
        self._keys = np.zeros(shape, dtype=np.float32)
        # The last column stays 1: the sum of the attention weights comes with the weighted values.
        self._values = np.ones((*shape[:3], self._head_width + 1), dtype=np.float32)
        half = np.arange(0, self._head_width, 2, dtype=np.float64) / self._head_width
        self._frequency = ROPE_BASE**-half
        self.reset()

    def _take_weights(self, tensors: dict[str, np.ndarray], layers: int) -> None:
        def matrix(name: str, *shape: int) -> Vector:
            return np.ascontiguousarray(tensors[name].reshape(shape))

        width = self._width
        self._start = matrix("start", width)
        self._columns = [
            tensors[f"columns.{column}.weight"].reshape(-1, width) for column in range(len(COLUMNS))
        ]
        # The pitch class of a key is known beforehand: one table for both.
        keys = np.arange(len(self._columns[1]))
        self._columns[1] = self._columns[1] + matrix("pitch_class.weight", 12, width)[keys % 12]
        # Norm weights and the attention's scale are folded into the matrices that they feed. The
        # two halves that a rotary position turns are laid side by side, as one complex number.
        half = width // self._heads // 2
        pairs = np.arange(2 * width).reshape(-1, 2, half).transpose(0, 2, 1).reshape(-1)
        self._blocks = []
        for n in range(layers):
            mix = matrix(f"blocks.{n}.query_key_value.weight", 3 * width, width).copy()
            mix *= matrix(f"blocks.{n}.norm_attend.weight", width)
            mix[:width] *= np.float32((width // self._heads) ** -0.5)
            mix[: 2 * width] = mix[pairs]
            widen = matrix(f"blocks.{n}.widen.weight", 4 * width, width)
            self._blocks.append(
                (
                    mix,
                    matrix(f"blocks.{n}.gather.weight", width, width),
                    widen * matrix(f"blocks.{n}.norm_feed.weight", width),
                    matrix(f"blocks.{n}.narrow.weight", width, 4 * width),
                )
            )
        norm = matrix("norm.weight", width)
        fields = range(len(FIELD_SIZES))
        self._heads_in = norm * np.concatenate(
            [matrix(f"heads.{n}.hidden.weight", width, width) for n in fields]
        )
        self._heads_bias = np.concatenate([matrix(f"heads.{n}.hidden.bias", width) for n in fields])
        self._head_weights = [
            (
                [
                    tensors[f"heads.{n}.given.{k}.weight"].reshape(-1, width)
                    for k in range(len(_HEAD_SEES[n]))
                ],
                matrix(f"heads.{n}.logits.weight", FIELD_SIZES[n], width),
                matrix(f"heads.{n}.logits.bias", FIELD_SIZES[n]),
            )
            for n in fields
        ]

    @property
    def count(self) -> int:
        """Notes read since the last reset."""
        return self._count

    def reset(self) -> None:
        """Forget every note."""
        self._count = 0
        self._base = 0
        self._hidden: Vector | None = None
        self._told: Vector | None = None

    def mark(self) -> Mark:
        """Remember this place. Costs nothing."""
        return Mark(self._count, self._start if self._hidden is None else self._hidden)

    def back_to(self, mark: Mark) -> None:
        """Return to a mark; raises ValueError if more than `SPARE` notes were read since."""
        if self._count - mark.count > SPARE:
            raise ValueError("the mark is too old: its notes are gone")
        self._count = mark.count
        self._hidden = mark.hidden if mark.count else None
        self._told = None

    def read(self, row: Row) -> None:
        """Take in one note that has happened."""
        if self._count == 0:
            self._advance(self._start + self._columns[_KIND][row.kind])
        x = self._columns[0][row[0]] + self._columns[1][row[1]]
        for column in range(2, len(COLUMNS)):
            x += self._columns[column][row[column]]
        self._advance(x)

    def field(self, number: int, row: Row) -> Vector:
        """Logits of field `number` of the next note, given the columns before it in `row`.

        Before any note the learnt start is read, with the kind that `row` names.
        """
        if self._count == 0:
            self._advance(self._start + self._columns[_KIND][row.kind])
        if self._told is None:
            assert self._hidden is not None
            # All four heads read the same vector: one product instead of four.
            self._told = (self._heads_in @ self._hidden + self._heads_bias).reshape(-1, self._width)
        given, out, out_bias = self._head_weights[number]
        hidden = self._told[number].copy()
        for column, table in zip(_HEAD_SEES[number], given, strict=True):
            hidden += table[row[column]]
        np.maximum(hidden, 0, out=hidden)
        hidden *= hidden
        return np.add(out @ hidden, out_bias)

    def _advance(self, x: Vector) -> None:
        """One step of the backbone."""
        at = self._count - self._base
        if at == self._keys.shape[2]:
            self._make_room()
            at = self._kept
        seen = slice(max(0, at + 1 - self._window), at + 1)
        turn = np.exp(1j * (self._count * self._frequency)).astype(np.complex64)
        heads, head_width, both = self._heads, self._head_width, 2 * self._width
        for keys, values, (mix, gather, widen, narrow) in zip(
            self._keys, self._values, self._blocks, strict=True
        ):
            mixed = mix @ _normed(x)
            pairs = np.multiply(mixed[:both].view(np.complex64).reshape(2, heads, -1), turn)
            query, key = pairs.view(np.float32)
            keys[:, at] = key
            values[:, at, :-1] = mixed[both:].reshape(heads, head_width)
            weights = np.matmul(keys[:, seen], query[:, :, None])[:, :, 0]
            weights -= weights.max(axis=1, keepdims=True)
            np.exp(weights, out=weights)
            total = np.matmul(weights[:, None, :], values[:, seen])[:, 0]
            x = x + gather @ (total[:, :-1] / total[:, -1:]).reshape(-1)
            hidden = widen @ _normed(x)
            np.maximum(hidden, 0, out=hidden)
            hidden *= hidden
            x += narrow @ hidden
        self._hidden, self._told = _normed(x), None
        self._count += 1

    def _make_room(self) -> None:
        """Move what may still be seen or returned to, to the front of the buffers."""
        self._keys[:, :, : self._kept] = self._keys[:, :, self._kept :]
        self._values[:, :, : self._kept] = self._values[:, :, self._kept :]
        self._base += self._kept


def _normed(x: Vector) -> Vector:
    """x over its root mean square; the norm's own weights stand in the matrix that follows."""
    scaled: Vector = x * np.float32(1.0 / math.sqrt(float(x @ x) / len(x) + NORM_EPSILON))
    return scaled
