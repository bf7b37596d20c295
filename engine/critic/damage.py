"""Answers that are broken or dull on purpose, made of human ones.

The planner hardly ever plays a wrong key or the same note for four bars, so its answers alone do
not teach what is wrong with that, and a critic that never saw it may like it. Each way to spoil
music leaves all else as it was. It refuses to spoil what has no notes.
"""

from collections.abc import Callable

import numpy as np

from engine.encoding import (
    BEAT_POSITIONS,
    DURATION,
    ONSET,
    PITCH,
    PITCH_CLASSES,
    TIME_VALUES,
    IntArray,
    time_classes,
)

_BEAT_POS = 5
_PLACES = BEAT_POSITIONS - 1
_PLACE_TICKS = 4
_WILD = 20
_LATEST_TICKS = 20

Damage = Callable[[IntArray, IntArray, np.random.Generator], None]
"""Spoils rows (m, 9) in place, given rows of other music."""


def _stuck(rows: IntArray, _: IntArray, rng: np.random.Generator) -> None:
    """One key all the time."""
    rows[:, PITCH] = rng.choice(rows[:, PITCH])


def _looped(rows: IntArray, _: IntArray, rng: np.random.Generator) -> None:
    """The first two to four keys over and over."""
    rows[:, PITCH] = np.resize(rows[: rng.integers(2, 5), PITCH], len(rows))


def _wild(rows: IntArray, _: IntArray, rng: np.random.Generator) -> None:
    """Keys at random, far around."""
    rows[:, PITCH] = int(rows[:, PITCH].mean()) + rng.integers(-_WILD, _WILD + 1, len(rows))


def _wrong(rows: IntArray, _: IntArray, rng: np.random.Generator) -> None:
    """Some keys a little off."""
    off = rng.choice([-3, -2, -1, 1, 2, 3], len(rows))
    rows[:, PITCH] += np.where(rng.random(len(rows)) < rng.uniform(0.15, 0.6), off, 0)


def _shifted(rows: IntArray, _: IntArray, rng: np.random.Generator) -> None:
    """Everything in another key than was heard."""
    rows[:, PITCH] += rng.choice([-6, -4, -3, -2, -1, 1, 2, 3, 4, 6])


def _shuffled(rows: IntArray, _: IntArray, rng: np.random.Generator) -> None:
    """The same keys in any order."""
    rows[:, PITCH] = rng.permutation(rows[:, PITCH])


def _uneven(rows: IntArray, _: IntArray, rng: np.random.Generator) -> None:
    """Every onset early or late by chance, and lengths, too."""
    late = rng.integers(-_LATEST_TICKS, _LATEST_TICKS + 1, len(rows))
    late[rows[:, ONSET] == 0] = 0
    wait = TIME_VALUES[rows[:, ONSET]] + np.diff(late, prepend=0)
    rows[:, ONSET] = time_classes(wait)
    place = (rows[:, _BEAT_POS] - 1 + late // _PLACE_TICKS) % _PLACES + 1
    rows[:, _BEAT_POS] = np.where(rows[:, _BEAT_POS] > 0, place, 0)
    rows[:, DURATION] = rng.permutation(rows[:, DURATION])


def _strange(rows: IntArray, other: IntArray, _: np.random.Generator) -> None:
    """The keys of other music."""
    if len(other):
        rows[:, PITCH] = np.resize(other[:, PITCH], len(rows))


WAYS: tuple[Damage, ...] = (
    _stuck, _looped, _wild, _wrong, _shifted, _shuffled, _uneven, _strange,
)  # fmt: skip


def damaged(rows: IntArray, other: IntArray, rng: np.random.Generator) -> IntArray:
    """A spoilt copy of rows (m, 9), m at least 1; other: rows of other music, shape (k, 9)."""
    found = rows.copy()
    WAYS[int(rng.integers(len(WAYS)))](found, other, rng)
    found[:, PITCH] = np.clip(found[:, PITCH], 0, PITCH_CLASSES - 1)
    return found
