"""The prior's live step, without torch: one note in, the next note's chances out.

It computes what `engine.model.network` computes (a test holds the two together), one note at a
time: cost and memory do not grow with the session. `engine.model.kernels` does the arithmetic,
`engine.model.live` keeps the state of the backbones.

Position 0 is the learnt start, position n the n-th note. What belongs to a position - its row, its
embedding, what was heard till then, the vector that predicts what follows - lies in rings by
position, so a mark is a number, and going back to it costs nothing.

It refuses to choose: `engine.sampling` draws, `engine.planner` decides what to draw.

Thread: one at a time.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import partial
from struct import Struct
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.encoding import COLUMNS, FIELD_SIZES, PITCH, VOICE
from engine.model import compiled, kernels
from engine.model.checkpoint import CheckpointError
from engine.model.live import SPARE, live_backbone
from engine.model.shape import (
    FADES,
    HEAD_ECHOES,
    HEAD_TOLD,
    LEAP_REACH,
    NEEDS,
    READ_STARTS,
    TOLD_STARTS,
    Shape,
    starts,
)
from engine.styles import Vocabulary

Vector = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

__all__ = ["SPARE", "FastPrior", "Mark", "Vector"]

_KIND = COLUMNS.index("kind")
_PACK = Struct(f"={len(COLUMNS)}q").pack_into  # three times as fast as numpy's assignment
_NOTHING: frozenset[int] = frozenset()
_PADDED = [compiled.padded(size) for size in FIELD_SIZES]


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """A place in the stream of notes to come back to, and the style there."""

    count: int
    session: int
    styled: int
    style: Vector


def _head(
    tensors: Mapping[str, np.ndarray], field: int, width: int
) -> tuple[npt.NDArray[Any], ...]:
    """The arrays of one field's head, as `kernels.head` takes them."""
    classes, told = FIELD_SIZES[field], TOLD_STARTS[field]

    def whole(name: str, *shape: int) -> Vector:
        return np.ascontiguousarray(tensors[f"heads.{field}.{name}"].reshape(shape))

    def panels(name: str, *shape: int) -> Vector:
        return compiled.panels(whole(name, *shape))

    def bias(name: str, size: int) -> Vector:
        return np.pad(whole(name, size), (0, compiled.padded(size) - size))

    sizes = [FIELD_SIZES[column] for column in HEAD_ECHOES[field]]
    tables = [whole(f"echo.{k}.weight", size, classes) for k, size in enumerate(sizes)]
    echoes = zip(HEAD_ECHOES[field], starts(sizes), strict=False)
    relative = around = compiled.panels(np.zeros((0, 1)))
    if field == PITCH:
        relative = panels("leaps.weight", 2 * LEAP_REACH + 1, width)
        around = panels("around.weight", width, 12 * len(FADES))
    elif field == VOICE:
        relative = panels("turns.weight", 2, width)
    return (
        panels("hidden.weight", width, width),
        bias("hidden.bias", width),
        compiled.stored(whole("told.weight", told[-1] + 1, width)),
        np.array(HEAD_TOLD[field], dtype=np.int64),
        np.array(told[:-1], dtype=np.int64),
        np.array([NEEDS.get(column, -1) for column in HEAD_TOLD[field]], dtype=np.int64),
        panels("logits.weight", classes, width),
        bias("logits.bias", classes),
        compiled.stored(np.concatenate([np.zeros((0, classes)), *tables])),
        np.array([number for echo in echoes for number in echo], dtype=np.int64),
        relative,
        around,
    )


class FastPrior:
    """The prior's state and step."""

    def __init__(self, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> None:
        """Raises CheckpointError where tensors are missing or of another shape."""
        try:
            shape = Shape.from_text(dict(metadata))
            self.styles = Vocabulary.from_text(metadata.get("styles_known", "[]"))
            width = shape.width
            self._width = width
            self._start = tensors["start"].reshape(width).astype(np.float32)
            notes = compiled.stored(tensors["notes.weight"].reshape(READ_STARTS[-1], width))
            heard_in = compiled.panels(tensors["heard.weight"].reshape(width, 12 * len(FADES)))
            labels = tensors["style.weight"].reshape(shape.styles + 1, width)
            self._labels = np.pad(labels, ((0, 0), (0, compiled.padded(width) - width)))
            heads = [_head(tensors, field, width) for field in range(len(FIELD_SIZES))]
            self._backbone = live_backbone(shape, tensors)
        except (KeyError, ValueError) as error:
            raise CheckpointError(
                "The weights do not have the shape that they name; "
                "reinstall Antiphon to get them whole."
            ) from error
        self._notes, self._heard_in, *arrays = compiled.together(
            [notes, heard_in, *(array for head in heads for array in head)]
        )
        each = len(heads[0])
        self._heads = [
            partial(kernels.head, field, *arrays[field * each : (field + 1) * each])
            for field in range(len(FIELD_SIZES))
        ]
        self.parameters = sum(int(tensor.size) for tensor in tensors.values())
        ring = SPARE + 2
        self._past = np.zeros((ring, len(COLUMNS)), dtype=np.int64)
        self._memory = np.zeros((ring, len(FADES), 13), dtype=np.float32)
        self._heard = np.zeros((ring, 12 * len(FADES)), dtype=np.float32)
        self._inputs = np.zeros((ring, compiled.padded(width)), dtype=np.float32)
        self._outputs = np.zeros((ring, width), dtype=np.float32)
        # With which style each position was computed; a change counts on from the next number.
        self._styled_at = np.zeros(ring, dtype=np.int64)
        self._row = np.zeros(len(COLUMNS), dtype=np.int64)
        self._row_words = self._row.data
        self._style, self._styled, self._style_numbers = np.zeros_like(self._inputs[0]), 0, 0
        self._session = 0
        self.reset()

    @property
    def count(self) -> int:
        """Notes read since the last reset."""
        return self._count

    @property
    def state_bytes(self) -> int:
        """Bytes of everything that is kept of the past; constant."""
        rings = (self._past, self._memory, self._heard, self._inputs, self._outputs)
        return sum(ring.nbytes for ring in rings) + self._backbone.state_bytes

    def reset(self) -> None:
        """Forget every note; the style stays."""
        self._count = 0
        self._session += 1
        self._kind = -1  # nothing is computed yet
        self._past[0] = 0
        self._past[0, PITCH] = -1
        self._memory[0] = 0
        self._heard[0] = 0

    def set_style(self, weights: Mapping[int, float]) -> None:
        """Play in these styles from now on: weights by number of label (`styles`); empty for none.

        Only their proportions count. The last note heard is read again under the new style. Raises
        ValueError for a number that the model does not know and for weights that are not positive.
        """
        known = range(1, len(self._labels))
        if not all(number in known and weight > 0 for number, weight in weights.items()):
            raise ValueError("a style is a label's number with a positive weight; see `styles`")
        self._style = np.zeros_like(self._style)
        for number, weight in weights.items():
            self._style += self._labels[number] * np.float32(weight / sum(weights.values()))
        self._style_numbers += 1
        self._styled = self._style_numbers
        self._freshen()

    def mark(self) -> Mark:
        """Remember this place and its style. Costs nothing."""
        return Mark(self._count, self._session, self._styled, self._style)

    def back_to(self, mark: Mark) -> None:
        """Return to a mark; raises ValueError if more than `SPARE` notes were read since."""
        if mark.session != self._session or not 0 <= self._count - mark.count <= SPARE:
            raise ValueError("the mark is too old: its notes are gone")
        self._count, self._style, self._styled = mark.count, mark.style, mark.styled
        self._freshen()

    def read(self, row: Sequence[int]) -> None:
        """Take in one note that has happened."""
        _PACK(self._row_words, 0, *row)
        if self._count == 0:
            self._begin(int(self._row[_KIND]))
        self._count += 1
        slot = self._count % len(self._past)
        kernels.take(
            self._row[None], self._notes, self._heard_in, self._past, self._memory, self._heard,
            self._count, self._inputs[slot : slot + 1],
        )  # fmt: skip
        self._advance()

    def read_many(self, rows: npt.ArrayLike) -> None:
        """Take in a prompt: rows (n, 9). The state is what reading one after the other gives."""
        notes = np.ascontiguousarray(rows, dtype=np.int64).reshape(-1, len(COLUMNS))
        if not len(notes):
            return
        if self._count == 0:
            self._begin(int(notes[0, _KIND]))
        first = self._count + 1
        x = np.empty((min(len(notes), self._backbone.reach), len(self._style)), dtype=np.float32)
        kernels.take(
            notes, self._notes, self._heard_in, self._past, self._memory, self._heard, first, x
        )
        self._count += len(notes)
        slot = self._count % len(self._past)
        self._inputs[slot] = x[-1]
        self._styled_at[slot] = self._styled
        x += self._style
        self._backbone.steps(x, self._count - len(x) + 1, self._outputs[slot])

    def field(self, number: int, row: Sequence[int], known: Set[int] = _NOTHING) -> Vector:
        """Logits of field `number` of the next note: shape (classes of that field,).

        known: numbers of the fields that are chosen already; of `row` these columns count, with
        the onset also the positions, and always `kind` and, except for the voice, `to_go`. Before
        any note the learnt start is read, with the kind that `row` names.
        """
        _PACK(self._row_words, 0, *row)
        if self._count == 0:
            self._begin(int(self._row[_KIND]))
        bits = 0
        for chosen in known:
            bits |= 1 << chosen
        logits = np.empty(_PADDED[number], dtype=np.float32)
        self._heads[number](
            self._outputs, self._past, self._heard, self._count, self._row, bits, logits
        )
        return logits[: FIELD_SIZES[number]]

    def _begin(self, kind: int) -> None:
        """Before the first note comes the learnt start, with the kind of what follows."""
        if kind != self._kind:
            self._kind = kind
            place = READ_STARTS[_KIND] + kind
            self._inputs[0, : self._width] = self._start + compiled.floats(self._notes[place])
            self._advance()

    def _freshen(self) -> None:
        """Compute this position again if it was computed under another style."""
        if self._count == 0 and self._kind < 0:
            return
        if self._styled_at[self._count % len(self._past)] != self._styled:
            self._advance()

    def _advance(self) -> None:
        """The backbone's step at this position."""
        slot = self._count % len(self._past)
        x = self._inputs[slot] + self._style
        self._styled_at[slot] = self._styled
        self._backbone.step(x, self._count, self._outputs[slot])
