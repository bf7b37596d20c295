"""What the training data holds, as two sets of windows in one small file: rare and common ones.

A window of `WINDOW` notes (`engine.quote.kernels`) that is found in fewer than `COMMON_PIECES`
training pieces is rare: whoever shares several of them in a row quotes. What more pieces hold is
everybody's: scales, turns, closes. A run passes through common windows, but they do not count.

Rare windows are kept as marks of four bits: one in sixteen that the data does not hold seems to be
there: a run counts from `COUNTS_FROM` notes on, which chance hardly reaches.

It refuses to build the sets (`engine.quote.build`) and to say what is too long (the meter does).
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.files import write_whole
from engine.quote.kernels import SEGMENT, SEGMENTS, search
from engine.quote.lines import CHORD, CLASS, NOTE

Array = npt.NDArray[Any]

FORMAT = "antiphon-quotes-1"
SHIPPED = Path(__file__).resolve().parent.parent / "weights" / "quotes.safetensors"
WINDOW = 12
COMMON_PIECES = 4
COUNTS_FROM = WINDOW + 3
"""Notes of the shortest run that is told: four rare windows in a row."""
_NAMES = ("words", "layout", "common")
_TYPES = tuple(map(np.dtype, (np.uint8, np.int64, np.uint32)))


class QuoteIndexError(Exception):
    """The index cannot be used; the message is a sentence and a next step."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run that a line shares: notes, onsets (a chord is one), and its first note's number."""

    notes: int
    onsets: int
    first: int


NO_RUN = Run(0, 0, 0)


@dataclass(frozen=True, slots=True)
class QuoteIndex:
    """Both sets, ready to be asked, see `engine.quote.kernels`.

    words: the rare windows' marks, two a byte; layout (3,): how they lie; common (m,): sorted upper
    halves of the common windows' keys; card: what the file says of its making.
    """

    words: Array
    layout: Array
    common: Array
    card: dict[str, Any]

    @property
    def bytes_held(self) -> int:
        """Memory of the sets in bytes."""
        return int(self.words.nbytes + self.layout.nbytes + self.common.nbytes)

    def is_sound(self) -> bool:
        """Whether every place that a key may have lies inside the words."""
        if len(self.layout) != 3:
            return False
        segment, segments = int(self.layout[SEGMENT]), int(self.layout[SEGMENTS])
        if segment < 2 or segment & (segment - 1) or segments < 1:
            return False
        types = [getattr(self, name).dtype for name in _NAMES]
        return types == list(_TYPES) and 2 * len(self.words) == (segments + 2) * segment

    def longest(self, line: Array) -> Run:
        """The longest run of a line (`engine.quote.lines.line_of`); `NO_RUN` below `COUNTS_FROM`.

        Its notes are those of its rare windows.
        """
        rares, begin, last = search(line, WINDOW, self.words, self.layout, self.common)
        notes = rares + WINDOW - 1
        if rares == 0 or notes < COUNTS_FROM:
            return NO_RUN
        onsets = 1 + int((line[begin + 1 : last + 1, CLASS] != CHORD).sum())
        return Run(notes, onsets, int(line[begin, NOTE]))


def save(path: Path, index: QuoteIndex) -> None:
    """Write the index, atomically. Raises OSError."""
    from safetensors.numpy import save as as_bytes

    tensors = {name: getattr(index, name) for name in _NAMES}
    metadata = {
        "format": FORMAT,
        "window": str(WINDOW),
        "sha256": _digest(tensors),
        "card": json.dumps(index.card),
    }
    write_whole(path, as_bytes(tensors, metadata=metadata))


def load(path: Path = SHIPPED) -> QuoteIndex:
    """The index of a file. Raises QuoteIndexError."""
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError as error:
        raise QuoteIndexError(
            "The music engine is not installed; run: pip install 'antiphon[engine]'."
        ) from error
    if not path.is_file():
        raise QuoteIndexError(
            f"There is no index of quotes at {path}; answers are not compared with the training "
            "music. Reinstall Antiphon to get it."
        )
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            found = metadata.get("format", "no format name")
            if found != FORMAT or metadata.get("window") != str(WINDOW):
                raise QuoteIndexError(
                    f"{path.name} is not an index of quotes of this version ({found}, not "
                    f"{FORMAT}); use the one that came with this Antiphon."
                )
            tensors = {name: file.get_tensor(name) for name in _NAMES}
            card = json.loads(metadata.get("card", ""))
        index = QuoteIndex(**tensors, card=card)
        whole = metadata.get("sha256") == _digest(tensors) and index.is_sound()
    except (SafetensorError, OSError, ValueError, TypeError, KeyError, IndexError):
        whole = False
    if not whole:
        raise QuoteIndexError(
            f"{path.name} is damaged and was not loaded; reinstall Antiphon to get it whole."
        )
    return index


def _digest(tensors: dict[str, Array]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(f"{name} {tensors[name].dtype} {tensors[name].shape}".encode())
        digest.update(np.ascontiguousarray(tensors[name]).data)
    return digest.hexdigest()
