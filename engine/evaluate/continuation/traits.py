"""What can be said in numbers about a continuation given its prime, each number with a name.

For the two-sample test, which learns from all of them, and for musicians, who want to know by
what a machine gives itself away (`telling`). Distributions come from `similarity`; beside them
stand where, how long, how high, how loud, how thick and how repetitive the notes are.

What only the road shows is hidden: loudness where the prime's is unknown. What can be heard is not,
not even that answers of a planner begin on a beat. It refuses to judge.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.evaluate.continuation.passages import Excerpt, Passage
from engine.evaluate.continuation.similarity import (
    HISTOGRAMS,
    groove,
    groove_between,
    histograms,
    motifs,
    overlap,
)

Values = npt.NDArray[np.float64]

_PLACES = 12
_LAGS = (1, 2, 4, 8)
_MOST_AT_ONCE = 6
_WIDTHS = {"pitch_class": 12, "interval": 49, "duration": 33, "inter_onset": 33, "density": 11}

ALONE = (
    *(f"onsets {place}/{_PLACES} after the beat" for place in range(_PLACES)),
    *(f"chords of {size}" for size in range(1, _MOST_AT_ONCE + 1)),
    "notes, logarithm", "onsets, logarithm", "mean pitch, octaves", "spread of pitch, octaves",
    "highest pitch, octaves", "lowest pitch, octaves", "different pitches a note", "loudness",
    "spread of loudness", "beats before the first note", "beats after the last onset",
    "beats by which the last note outlasts the end", "mean logarithm of duration",
    "spread of logarithm of duration", "longest wait, beats", "notes longer than the mean wait",
    "mean step, semitones", "distance from sixteenths",
    *(f"steps that return after {lag}" for lag in _LAGS),
)  # fmt: skip
"""Names of what is known of a part alone."""

TOGETHER = (
    "notes on pitches of the prime", "notes on pitch classes of the prime",
    "motifs of the prime", "first leap, octaves", "above the prime's highest, octaves",
    "above the prime's lowest, octaves", "ends on the prime's last pitch class",
    "groove", "groove with the prime",
)  # fmt: skip
"""Names of what is known of a continuation beside its prime."""


def features(passage: Passage, found: Excerpt) -> Values:
    """All that is known of a continuation given the prime. Shape (f,), no NaN."""
    prime = passage.prime
    of_prime, of_found = histograms(prime), histograms(found)
    parts: list[Values] = []
    for name in HISTOGRAMS:
        none = np.zeros(_WIDTHS[name])
        shape, before = of_found.get(name, none), of_prime.get(name, none)
        # Square roots, as in the Hellinger distance: a rare thing is a thing.
        parts += [np.sqrt(shape), np.sqrt(shape) - np.sqrt(before)]
    parts.append(np.array(list(overlap(of_found, of_prime).values())))
    one, other = alone(passage, found), alone(passage, prime)
    parts += [one, one - other, together(passage, found)]
    return np.nan_to_num(np.concatenate(parts), nan=0.0)


def alone(passage: Passage, part: Excerpt) -> Values:
    """The numbers that `ALONE` names; zeros for silence."""
    notes = part.notes
    if not notes:
        return np.zeros(len(ALONE))
    onset = np.array([note.onset for note in notes]) - part.start_beat
    long = np.array([note.duration for note in notes])
    pitch = np.array([note.pitch for note in notes], dtype=np.float64)
    loud = np.array([note.velocity if passage.velocity_known else 0 for note in notes]) / 127
    moments, sizes = np.unique(onset, return_counts=True)
    gap = np.diff(moments, append=part.beats)
    place = np.bincount((onset % 1 * _PLACES + 0.5).astype(int) % _PLACES, minlength=_PLACES)
    chords = np.bincount(np.minimum(sizes, _MOST_AT_ONCE), minlength=_MOST_AT_ONCE + 1)[1:]
    step = np.abs(np.diff(pitch))
    off_grid = np.abs(onset * 4 - np.round(onset * 4))
    last_ring = max(note.end for note in notes) - part.end_beat
    numbers = [
        np.log1p(len(notes)), np.log1p(len(moments)), pitch.mean() / 12, pitch.std() / 12,
        pitch.max() / 12, pitch.min() / 12, len(np.unique(pitch)) / len(notes),
        loud.mean(), loud.std(), onset[0], part.beats - moments[-1], last_ring,
        np.log(long).mean(), np.log(long).std(), gap.max(), np.mean(long > gap.mean()),
        step.mean() if len(step) else 0.0, off_grid.mean(),
    ]  # fmt: skip
    steps = np.round(np.diff(onset) * 8) * 256 + np.diff(pitch)
    again = [np.mean(steps[lag:] == steps[:-lag]) if len(steps) > lag else 0.0 for lag in _LAGS]
    return np.concatenate([place / len(notes), chords / len(moments), numbers, again])


def together(passage: Passage, found: Excerpt) -> Values:
    """The numbers that `TOGETHER` names; zeros for silence, NaN where bars are unknown."""
    prime, notes = passage.prime, found.notes
    if not notes:
        return np.zeros(len(TOGETHER))
    heard = {note.pitch for note in prime.notes}
    classes = {pitch % 12 for pitch in heard}
    pitch = [note.pitch for note in notes]
    last = prime.notes[-1]
    return np.array([
        np.mean([each in heard for each in pitch]),
        np.mean([each % 12 in classes for each in pitch]),
        np.nan_to_num(motifs(prime, found)),
        (pitch[0] - last.pitch) / 12,
        (max(pitch) - max(heard)) / 12,
        (min(pitch) - min(heard)) / 12,
        float(pitch[-1] % 12 == last.pitch % 12),
        groove(found),
        groove_between(prime, found),
    ])  # fmt: skip


def telling(
    passages: Sequence[Passage], system: Sequence[Excerpt], *, most: int = 6
) -> list[dict[str, float | str]]:
    """The named numbers that differ most between a system's continuations and the true ones.

    Each with both means and with `higher`: the chance that the system's is the higher one of two
    taken at random (the area under the ROC curve; 0.5 tells nothing).
    """
    names = (*ALONE, *TOGETHER)

    def table(found: Sequence[Excerpt]) -> Values:
        pairs = zip(passages, found, strict=True)
        return np.stack(
            [np.concatenate([alone(each, one), together(each, one)]) for each, one in pairs]
        )

    human, other = table([each.truth for each in passages]), table(system)
    rows = []
    for number, name in enumerate(names):
        one, two = other[:, number], human[:, number]
        one, two = one[~np.isnan(one)], two[~np.isnan(two)]
        if len(one) == 0 or len(two) == 0:
            continue
        above = (one[:, None] > two[None, :]).mean() + (one[:, None] == two[None, :]).mean() / 2
        rows.append((name, float(one.mean()), float(two.mean()), float(above)))
    rows.sort(key=lambda row: -abs(row[3] - 0.5))
    return [
        {"what": name, "system": one, "human": two, "higher": above}
        for name, one, two, above in rows[:most]
    ]
