"""Made-up melodies for the tests of melodic expectation."""

import numpy as np

from engine.evaluate.melody.sets import FOLDS, Melody, MelodySet, melody_of


def melody(pitch: list[int], *, seed: int = 0) -> Melody:
    duration = np.random.default_rng(seed).choice([24, 48, 96], len(pitch))
    onset = np.cumsum(duration) - duration
    return melody_of(pitch, onset, duration, 3, 4)


def melody_set(count: int = 20, *, name: str = "nova", length: int = 12) -> MelodySet:
    """Tunes that walk round a triad; two in each fold."""
    tunes = []
    for number in range(count):
        rng = np.random.default_rng(number)
        start = int(rng.integers(0, 3))
        tunes.append(melody([(60, 64, 67)[(start + n) % 3] for n in range(length)], seed=number))
    return MelodySet(name, tuple(tunes), np.arange(count) % FOLDS)
