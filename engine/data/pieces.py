"""A piece of music on its way from a source to the packed files: plain columns, and its index row.

It refuses to know files: `engine.data.midi` and `engine.data.packed` make pieces.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Column = npt.NDArray[Any]

TICKS_PER_BEAT = 480
"""Of packed score time; played time without beats counts in milliseconds."""

INDEX_COLUMNS = (
    *("id", "collection", "tier", "split", "title", "composer", "performer", "style", "year"),
    *("licence", "kind", "timebase", "n_notes", "n_tracks", "seconds", "texture", "velocity"),
    *("meter", "bpm", "chords", "beats", "phrases", "task", "meta_split", "group"),
)
"""What is known of a piece, in the order in which index.csv says it."""


@dataclass(frozen=True, slots=True)
class Events:
    """Things that happen in a piece beside its notes: tempos, meters, chords, pedals...

    times: shape (n,), in the piece's unit, ascending; columns: name -> shape (n,).
    """

    times: Ints
    columns: Mapping[str, Column]


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece. Note columns have shape (n,), by onset, then pitch; track columns shape (tracks,).

    onset, duration: 480ths of a beat, or milliseconds where `milliseconds`; velocity 0 = unknown;
    track: row of the track columns; program: General MIDI, 0..127, or -1 where none is named; role:
    the packed format's number (0 = unknown). `about` is the row of index.csv; its `split` is ""
    until one is given.
    """

    about: Mapping[str, str]
    milliseconds: bool
    onset: Ints
    duration: Ints
    pitch: Column
    velocity: Column
    track: Column
    program: Column
    drum: npt.NDArray[np.bool_]
    role: Column
    events: Mapping[str, Events]

    def __len__(self) -> int:
        return len(self.pitch)

    @property
    def id(self) -> str:
        """The name under which index.csv and the packed file know it."""
        return self.about["id"]


def by_onset(onset: Ints, pitch: Column) -> Ints:
    """The order of notes in a piece: by onset, then by pitch."""
    return np.lexsort((pitch, onset)).astype(np.int64)
