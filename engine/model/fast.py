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

from engine.encoding import COLUMNS, FIELD_SIZES, PITCH_CLASSES, Row
from engine.model.checkpoint import CheckpointError
from engine.model.shape import (
    FADES,
    FIRST_PITCH,
    HEAD_ECHOES,
    HEAD_SEES,
    INTERVAL_REACH,
    LEAP_REACH,
    LOOK_BACK,
    NORM_EPSILON,
    PITCH_HEAD,
    ROPE_BASE,
    Shape,
)

Vector = npt.NDArray[np.float32]

SPARE = 512
"""Notes that may be read between a mark and the return to it."""

_KIND = COLUMNS.index("kind")
_KEYS = np.arange(PITCH_CLASSES)
_TURNS = (np.arange(12)[:, None] + np.arange(12)[None, :]) % 12
_LEAPS = np.clip(_KEYS[None, :] - _KEYS[:, None], -LEAP_REACH, LEAP_REACH) + LEAP_REACH
_FADES = np.array(FADES, dtype=np.float32)[:, None]


@dataclass(frozen=True, slots=True)
class PitchMemory:
    """Pitch classes heard lately, and the last pitch (-1 before the first note)."""

    last: int
    total: Vector
    weight: Vector
    heard: Vector
    """What the network sees of it: shares counted from the last note's own pitch class: (24,)."""

    @classmethod
    def empty(cls) -> "PitchMemory":
        """Nothing heard."""
        faded = len(FADES)
        return cls(
            -1,
            np.zeros((faded, 12), dtype=np.float32),
            np.zeros((faded, 1), dtype=np.float32),
            np.zeros(faded * 12, dtype=np.float32),
        )

    def after(self, pitch: int) -> "PitchMemory":
        """The memory once this note was heard, too."""
        total = self.total * _FADES
        total[:, pitch % 12] += 1
        weight = self.weight * _FADES + 1
        heard = (total / weight)[:, _TURNS[pitch % 12]].reshape(-1)
        return PitchMemory(pitch, total, weight, heard)

    def interval(self, pitch: int) -> int:
        """Class of the interval from the last note to `pitch`."""
        if self.last < 0:
            return 0
        leap = min(max(pitch - self.last, -INTERVAL_REACH), INTERVAL_REACH)
        return leap + INTERVAL_REACH + 1


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the stream of notes to come back to."""

    count: int
    hidden: Vector | None
    memory: PitchMemory
    last: Row | None


class FastPrior:
    """The prior's state and step. `hidden` is the vector that predicts the next note."""

    def __init__(self, tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> None:
        """Raises CheckpointError where tensors are missing or of another shape."""
        try:
            self._shape = Shape.from_text(metadata)
            self._take_weights(tensors)
        except (KeyError, ValueError) as error:
            raise CheckpointError(
                "The weights do not have the shape that they name; "
                "reinstall Antiphon to get them whole."
            ) from error
        self.parameters = sum(int(tensor.size) for tensor in tensors.values())
        self._kept = self._shape.window + SPARE
        layers, heads, width = self._shape.layers, self._shape.heads, self._shape.width
        shape = (layers, heads, 2 * self._kept, width // heads)
        self._keys = np.zeros(shape, dtype=np.float32)
        # The last column stays 1: the sum of the attention weights comes with the weighted values.
        self._values = np.ones((*shape[:3], shape[3] + 1), dtype=np.float32)
        # What each layer read, with room in front for the notes before the first.
        self._reads = np.zeros((layers, 2 * self._kept + LOOK_BACK, width), dtype=np.float32)
        half = np.arange(0, shape[3], 2, dtype=np.float64) / shape[3]
        self._frequency = ROPE_BASE**-half
        self.reset()

    def _take_weights(self, tensors: dict[str, np.ndarray]) -> None:
        def matrix(name: str, *shape: int) -> Vector:
            return np.ascontiguousarray(tensors[name].reshape(shape))

        width, heads = self._shape.width, self._shape.heads
        self._start = matrix("start", width)
        self._columns = [
            tensors[f"columns.{column}.weight"].reshape(-1, width) for column in range(len(COLUMNS))
        ]
        # The pitch class of a key is known beforehand: one table for both.
        pitch_class = matrix("pitch_class.weight", 12, width)
        self._columns[1] = self._columns[1] + pitch_class[_KEYS % 12]
        self._interval = matrix("interval.weight", 2 * INTERVAL_REACH + 2, width)
        self._heard = matrix("heard.weight", width, 12 * len(FADES))
        # Norm weights and the attention's scale are folded into the matrices that they feed. The
        # two halves that a rotary position turns are laid side by side, as one complex number.
        half = width // heads // 2
        pairs = np.arange(2 * width).reshape(-1, 2, half).transpose(0, 2, 1).reshape(-1)
        self._blocks = []
        for n in range(self._shape.layers):
            mix = matrix(f"blocks.{n}.query_key_value.weight", 3 * width, width).copy()
            mix *= matrix(f"blocks.{n}.norm_attend.weight", width)
            mix[:width] *= np.float32((width // heads) ** -0.5)
            mix[: 2 * width] = mix[pairs]
            widen = matrix(f"blocks.{n}.widen.weight", 4 * width, width)
            self._blocks.append(
                (
                    np.ascontiguousarray(matrix(f"blocks.{n}.look_back", LOOK_BACK, width)[::-1]),
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
                    for k in range(len(HEAD_SEES[n]))
                ],
                matrix(f"heads.{n}.logits.weight", FIELD_SIZES[n], width),
                matrix(f"heads.{n}.logits.bias", FIELD_SIZES[n]),
                [
                    tensors[f"heads.{n}.echo.{k}.weight"].reshape(-1, FIELD_SIZES[n])
                    for k in range(len(HEAD_ECHOES[n]))
                ],
            )
            for n in fields
        ]
        self._around = matrix(f"heads.{PITCH_HEAD}.around.weight", width, 12 * len(FADES))
        self._leaps = matrix(f"heads.{PITCH_HEAD}.leaps.weight", 2 * LEAP_REACH + 1, width)

    @property
    def count(self) -> int:
        """Notes read since the last reset."""
        return self._count

    def reset(self) -> None:
        """Forget every note."""
        self._count = 0
        self._base = 0
        self._reads[:, :LOOK_BACK] = 0
        self._memory = PitchMemory.empty()
        self._last: Row | None = None
        self._hidden: Vector | None = None
        self._told: Vector | None = None

    def mark(self) -> Mark:
        """Remember this place. Costs nothing."""
        return Mark(self._count, self._hidden, self._memory, self._last)

    def back_to(self, mark: Mark) -> None:
        """Return to a mark; raises ValueError if more than `SPARE` notes were read since."""
        left = self._count - mark.count
        # What moved to the front of the buffers since may have cut off the mark's own window.
        cut_off = self._base > 0 and mark.count - self._base < self._shape.window
        if not 0 <= left <= SPARE or cut_off:
            raise ValueError("the mark is too old: its notes are gone")
        if mark.count == 0:
            self.reset()
            return
        self._count, self._hidden, self._memory = mark.count, mark.hidden, mark.memory
        self._last, self._told = mark.last, None

    def read(self, row: Row) -> None:
        """Take in one note that has happened."""
        self._begin(row)
        interval = self._memory.interval(row.pitch)
        self._memory, self._last = self._memory.after(row.pitch), row
        x = self._heard @ self._memory.heard + self._interval[interval]
        for table, value in zip(self._columns, row, strict=True):
            x += table[value]
        self._advance(x)

    def field(self, number: int, row: Row) -> Vector:
        """Logits of field `number` of the next note, given the columns before it in `row`.

        Before any note the learnt start is read, with the kind that `row` names.
        """
        self._begin(row)
        if self._told is None:
            assert self._hidden is not None
            # All four heads read the same vector: one product instead of four.
            told = self._heads_in @ self._hidden + self._heads_bias
            self._told = told.reshape(len(FIELD_SIZES), -1)
        given, out, out_bias, echoes = self._head_weights[number]
        hidden = self._told[number].copy()
        if number == PITCH_HEAD:
            hidden += self._around @ self._memory.heard
        for column, table in zip(HEAD_SEES[number], given, strict=True):
            hidden += table[row[column]]
        np.maximum(hidden, 0, out=hidden)
        hidden *= hidden
        logits = np.add(out @ hidden, out_bias)
        if number == PITCH_HEAD:
            last = self._memory.last if self._memory.last >= 0 else FIRST_PITCH
            logits += (self._leaps @ hidden)[_LEAPS[last]]
        if self._last is not None:
            for column, table in zip(HEAD_ECHOES[number], echoes, strict=True):
                logits += table[self._last[column]]
        return logits

    def _begin(self, row: Row) -> None:
        """Before the first note comes the learnt start."""
        if self._count == 0:
            self._advance(self._start + self._columns[_KIND][row.kind])

    def _advance(self, x: Vector) -> None:
        """One step of the backbone."""
        at = self._count - self._base
        if at == self._keys.shape[2]:
            self._make_room()
            at = self._kept
        seen = slice(max(0, at + 1 - self._shape.window), at + 1)
        turn = np.exp(1j * (self._count * self._frequency)).astype(np.complex64)
        heads, both = self._shape.heads, 2 * self._shape.width
        for reads, keys, values, (look_back, mix, gather, widen, narrow) in zip(
            self._reads, self._keys, self._values, self._blocks, strict=True
        ):
            read = reads[at + LOOK_BACK] = _normed(x)
            read = read + np.einsum("kw,kw->w", look_back, reads[at : at + LOOK_BACK])
            mixed = mix @ read
            pairs = np.multiply(mixed[:both].view(np.complex64).reshape(2, heads, -1), turn)
            query, key = pairs.view(np.float32)
            keys[:, at] = key
            values[:, at, :-1] = mixed[both:].reshape(heads, -1)
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
        self._reads[:, : self._kept + LOOK_BACK] = self._reads[:, self._kept :]
        self._base += self._kept


def _normed(x: Vector) -> Vector:
    """x over its root mean square; the norm's own weights stand in the matrix that follows."""
    scaled: Vector = x * np.float32(1.0 / math.sqrt(float(x @ x) / len(x) + NORM_EPSILON))
    return scaled
