"""Training examples for the key classifier: what it would see while a song is played.

The memory that listens on the live path also listens here, so nothing can differ between training
and playing. Songs start at the beginning or anywhere, chords come in any order, durations are
sometimes hidden, and every fourth song follows a piece of another one in another key, because a
classifier that never heard a key change would not learn to forget.

It refuses to transpose: the classifier cannot tell transpositions apart (`engine.key.network`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.key.keys import KEYS, relative
from engine.key.memory import CHANNELS, FloatArray, Memory
from engine.key.songs import NO_KEY, Song

LONGEST = 400
"""Notes of a song that are heard at most in one pass."""
GLIMPSES = 10
"""Moments of a song in one pass at which the classifier is asked."""
_CHANGED = 0.25
_FROM_ANYWHERE = 0.25
_BEFORE = (8, 96)
"""Notes of the other song, where there is one."""
_DURATIONS_HIDDEN = 0.1


@dataclass(frozen=True, slots=True)
class Examples:
    """What the classifier sees, and what it should say, at n moments.

    views (n, CHANNELS * 12); right (n, 24): true for each key that would be right; weight (n,).
    """

    views: npt.NDArray[np.float16]
    right: npt.NDArray[np.bool_]
    weight: FloatArray

    def __len__(self) -> int:
        return len(self.views)


def right_keys(key: int, *, mode_known: bool) -> npt.NDArray[np.bool_]:
    """Which of the 24 keys are right answers: one, or the two of a signature."""
    right = np.zeros(KEYS, dtype=bool)
    right[key] = True
    if not mode_known:
        right[relative(key)] = True
    return right


def listen(
    songs: Sequence[Song],
    rng: np.random.Generator,
    *,
    passes: int,
    progress: Callable[[int], object] = lambda _: None,
) -> Examples:
    """Hear every song `passes` times. Collections weigh by the square root of their size."""
    sizes: dict[str, int] = {}
    for song in songs:
        sizes[song.collection] = sizes.get(song.collection, 0) + 1
    room = len(songs) * passes * GLIMPSES
    views = np.zeros((room, CHANNELS * 12), dtype=np.float16)
    right = np.zeros((room, KEYS), dtype=bool)
    weight = np.zeros(room, dtype=np.float32)
    filled = 0
    for _ in range(passes):
        for song in songs:
            for view, key in _glimpses(song, songs, rng):
                views[filled] = view
                right[filled] = right_keys(key, mode_known=song.mode_known)
                weight[filled] = sizes[song.collection] ** -0.5
                filled += 1
            progress(1)
    weight *= filled / max(float(weight.sum()), 1e-9)
    return Examples(views[:filled], right[:filled], weight[:filled])


def _glimpses(
    song: Song, songs: Sequence[Song], rng: np.random.Generator
) -> list[tuple[FloatArray, int]]:
    """Up to `GLIMPSES` moments while a song is heard: (view, key in force)."""
    first = 0
    if len(song) > 64 and rng.random() < _FROM_ANYWHERE:
        first = int(rng.integers(0, len(song) - 32))
    count = min(len(song) - first, LONGEST)
    memory = Memory()
    hidden = bool(rng.random() < _DURATIONS_HIDDEN)
    if rng.random() < _CHANGED:
        other = songs[int(rng.integers(len(songs)))]
        length = min(len(other), int(rng.integers(*_BEFORE)))
        start = int(rng.integers(0, len(other) - length + 1))
        _hear(memory, other, start, length, rng, turn=int(rng.integers(12)), hidden=hidden)
    # As many moments among the first few notes as among the many later ones.
    moments = np.unique(np.exp(rng.uniform(0, np.log(count + 1), GLIMPSES)).astype(np.int64))
    found = []
    done = 0
    for moment in moments.tolist():
        _hear(memory, song, first + done, moment - done, rng, turn=0, hidden=hidden)
        done = moment
        key = int(song.key[first + done - 1])
        if key != NO_KEY:
            found.append((memory.view(), key))
    return found


def _hear(
    memory: Memory,
    song: Song,
    start: int,
    count: int,
    rng: np.random.Generator,
    *,
    turn: int,
    hidden: bool,
) -> None:
    part = slice(start, start + count)
    pitch = (song.pitch[part] + turn).tolist()
    duration = song.duration[part].tolist()
    order = np.lexsort((rng.random(count), song.onset[part])).tolist()
    for number in order:
        memory.hear(pitch[number], 0.0 if hidden else float(duration[number]))
