"""What key finders are tried on: songs from their beginning, and changes from one key to another.

It refuses to try them: that is `engine.key.tuning` and `engine.evaluate.key`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.key.keys import relative
from engine.key.songs import NO_KEY, Ints, Song

AFTER = (4, 8, 16, 32, 64, 128)
"""Notes heard (or heard since the change) at which answers are looked at."""
LIMIT = AFTER[-1]
BEFORE = 48
"""Notes in the old key before a change."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What is played to a judge: `lead` notes, then those that count, up to `LIMIT`.

    pitch, duration (lead + n,); key (n,): of the notes that count.
    """

    song: Song
    pitch: list[int]
    duration: list[float]
    key: Ints
    lead: int

    def __len__(self) -> int:
        return len(self.key)


def trials_of(songs: Sequence[Song]) -> list[Trial]:
    """Each song from its beginning."""
    return [
        Trial(
            song, song.pitch[:LIMIT].tolist(), song.duration[:LIMIT].tolist(), song.key[:LIMIT], 0
        )
        for song in songs
    ]


def changes_of(songs: Sequence[Song], *, seed: int = 0) -> list[Trial]:
    """The first notes of each song, transposed, then another song of its collection.

    Only where the two signatures differ. Same seed, same changes.
    """
    rng = np.random.default_rng(seed)
    found = []
    for collection in dict.fromkeys(song.collection for song in songs):
        group = [song for song in songs if song.collection == collection and song.mode_known]
        for new, old in zip(group, np.roll(np.array(group, dtype=object), 1), strict=True):
            turn = int(rng.integers(-5, 7))
            lead = min(BEFORE, len(old))
            left, entered = int(old.key[lead - 1]), int(new.key[0])
            turned = (left + turn) % 12 + 12 * (left // 12)
            if min(left, entered) == NO_KEY or turned in (entered, relative(entered)):
                continue
            pitch = (old.pitch[:lead] + turn).tolist() + new.pitch[:LIMIT].tolist()
            duration = old.duration[:lead].tolist() + new.duration[:LIMIT].tolist()
            found.append(Trial(new, pitch, duration, new.key[:LIMIT], lead))
    return found
