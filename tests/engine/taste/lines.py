"""Short lines of notes, feature vectors and tastes for the tests."""

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from engine.events import Note
from engine.taste.features import COUNT, NAMES, Scale, Vector
from engine.taste.model import Prior, Taste

PLAIN = Scale(np.zeros(COUNT), np.ones(COUNT))


def line(
    pitches: Sequence[int],
    *,
    step: float = 0.5,
    start: float = 0.0,
    duration: float | None = None,
    velocity: int = 80,
    channel: int = 0,
) -> list[Note]:
    """One note each `step` beats."""
    long = step if duration is None else duration
    return [
        Note(start + n * step, long, pitch, velocity, channel) for n, pitch in enumerate(pitches)
    ]


def vector(**values: float) -> Vector:
    """Features of which these are known."""
    found = np.zeros(COUNT)
    for name, value in values.items():
        found[NAMES.index(name)] = value
    return found


def blank(deviation: float = 1.0, **weights: float) -> Taste:
    """A taste of nothing, around these weights."""
    return Taste(Prior(vector(**weights), deviation))


notes = st.lists(
    st.builds(
        Note,
        onset=st.integers(0, 400).map(lambda n: n / 24),
        duration=st.sampled_from((0.0, 1 / 96, 0.25, 1.0, 40.0)),
        pitch=st.integers(0, 127),
        velocity=st.integers(0, 127),
        channel=st.sampled_from((0, 0, 3, 9)),
    ),
    max_size=40,
)
"""Any notes at all."""

vectors = st.lists(st.floats(-5, 5, allow_nan=False), min_size=COUNT, max_size=COUNT).map(np.array)
