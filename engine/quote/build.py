"""Builds the index of quotes from training music: minutes, once, when weights are shipped.

Every stream is read as a line of all its notes and as its skyline; every window of both is a key.
Keys of fewer than `COMMON_PIECES` pieces are rare, the others common. Drums are left out: a drum
pattern is everybody's, and the meter does not listen to them either.

It refuses to run in a session: it holds about 150 bytes a note and reads the whole data folder.
"""

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.corpus import Stream, data_hash, load_streams
from engine.encoding import TICKS_PER_BEAT
from engine.files import write_whole
from engine.quote.filling import fill, keys_of
from engine.quote.index import (
    COMMON_PIECES,
    COUNTS_FROM,
    WINDOW,
    QuoteIndex,
    QuoteIndexError,
    save,
)
from engine.quote.kernels import LONGEST_FIGURE
from engine.quote.lines import line_of

Array = npt.NDArray[Any]

NAME = "quotes-1"
_MOST_SEEDS, _SEED_STEP = 64, 0x5851F42D4C957F2D
_LARGEST_SEGMENT = 1 << 18


def lines_of(stream: Stream) -> tuple[Array, Array]:
    """A stream as the meter would read its notes: all of them, and the skyline."""
    onset = np.ascontiguousarray(stream.onset / TICKS_PER_BEAT, dtype=np.float64)
    end = onset + stream.duration / TICKS_PER_BEAT
    pitch = stream.pitch.astype(np.int64)
    return line_of(onset, end, pitch, False), line_of(onset, end, pitch, True)


def window_keys(line: Array) -> Array:
    """Keys of the windows of a line that are not mere figures. Shape (windows,)."""
    keys = np.zeros(max(0, len(line) - WINDOW + 1), dtype=np.uint64)
    if len(keys):
        keys_of(line, WINDOW, keys)
    counted: Array = keys[keys != 0]
    return counted


def build(
    streams: Sequence[Stream], progress: Callable[[int], object] = lambda _: None
) -> QuoteIndex:
    """The index of these streams. progress is told the streams that were read."""
    keys, pieces = [], []
    numbers: dict[str, int] = {}
    for stream in streams:
        if not stream.drums:
            number = numbers.setdefault(f"{stream.collection}/{stream.piece}", len(numbers))
            for line in lines_of(stream):
                keys.append(window_keys(line))
                pieces.append(np.full(len(keys[-1]), number, dtype=np.int32))
        progress(1)
    if not keys:
        raise QuoteIndexError(
            "There is nothing but drums here, which are not indexed; name music with --data."
        )
    rare, common = _by_rarity(np.concatenate(keys), np.concatenate(pieces))
    card = {
        "name": NAME,
        "window": WINDOW,
        "common_pieces": COMMON_PIECES,
        "counts_from": COUNTS_FROM,
        "longest_figure": LONGEST_FIGURE,
        "pieces": len(numbers),
        "notes": sum(len(stream) for stream in streams if not stream.drums),
        "rare_windows": len(rare),
        "common_windows": len(common),
    }
    halves = np.unique((common >> np.uint64(32)).astype(np.uint32))
    return QuoteIndex(*filter_of(rare), halves, card)


def _by_rarity(keys: Array, pieces: Array) -> tuple[Array, Array]:
    """(different keys of fewer than `COMMON_PIECES` pieces, those of more)."""
    order = np.argsort(keys, kind="stable")
    keys, pieces = keys[order], pieces[order]
    new = np.concatenate(([True], keys[1:] != keys[:-1])) if len(keys) else np.zeros(0, bool)
    another = new | np.concatenate(([True], pieces[1:] != pieces[:-1]))[: len(keys)]
    different = keys[new]
    count = np.bincount(np.cumsum(new) - 1, weights=another, minlength=len(different))
    return different[count < COMMON_PIECES], different[count >= COMMON_PIECES]


def filter_of(keys: Array) -> tuple[Array, Array]:
    """(words, layout) of a filter of these different keys. Raises QuoteIndexError."""
    count = max(len(keys), 2)
    # Sizes for three places a key as the authors of the filter fitted them.
    segment = min(_LARGEST_SEGMENT, 1 << int(math.log(count) / math.log(3.33) + 2.25))
    spare = max(1.125, 0.875 + 0.25 * math.log(1e6) / math.log(count))
    segments = max(1, -(-int(count * spare) // segment) - 2)
    for seed in range(1, _MOST_SEEDS):
        layout = np.array([segment, segments, seed * _SEED_STEP % 2**63], dtype=np.int64)
        table = np.zeros((segments + 2) * segment, dtype=np.uint8)
        if fill(keys, layout, table):
            return table[::2] | (table[1::2] << np.uint8(4)), layout
    raise QuoteIndexError("The windows could not be told apart; this should never be: report it.")


def ship(
    data: Path, path: Path, *, tier: str, progress: Callable[[int], object] = lambda _: None
) -> dict[str, Any]:
    """Build the index of the training split, write it and its card beside it; returns the card.

    Raises CorpusError, QuoteIndexError, OSError.
    """
    index = build(load_streams(data, "train", tier=tier), progress)
    index.card.update(tier=tier, split="train", data_sha256=data_hash(data, tier=tier))
    save(path, index)
    text = path.read_bytes()
    card = {**index.card, "bytes": len(text), "sha256": hashlib.sha256(text).hexdigest()}
    write_whole(path.with_suffix(".json"), (json.dumps(card, indent=1) + "\n").encode())
    return card
