"""What a handful of notes is like, in numbers: how busy, how high, how even, in which steps.

A phrase, an answer and a take are all portrayed alike, so that they can be compared. A portrait is
made once, in a fraction of a millisecond, and keeps no notes. It refuses to compare
(`engine.taste.features`) and to guess: what notes do not tell is NaN, such as the place in the beat
where no tempo is known, the loudness where nobody measured it, and the register of drums.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.events import DRUM_CHANNEL, Note

Values = npt.NDArray[np.float64]
Step = tuple[int, int]
"""From one onset to the next: semitones of the highest note, eighths of a beat."""

LARGEST_LEAP = 12
_TIME_BINS = 17
"""Two to each doubling, from 1/16 to 16 beats."""
_SHORTEST_BEATS = 1 / 16
_WEAK = (0.5, 0.25)
"""Ever weaker places within a beat."""
_NEAR = 0.06
"""So near to a place, in beats, counts as on it."""
NAN = float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """Numbers of some notes. Times are in beats, nominal ones (half a second) without a tempo.

    notes, onsets: how many; notes struck together are one onset. beats: from the first onset to
    the last release. busy: onsets a beat. pitch, wide: mean key and its deviation, semitones.
    rising: octaves from the mean of the first half to that of the second. leap: mean step of the
    highest notes, semitones. loud, dynamics: mean velocity and its deviation. chords: notes an
    onset. legato: mean duration against the mean wait. even: 1 where all waits are equal, less
    where they differ. syncopation: share of onsets off the beat with nothing on the stronger place
    after them. repeats: share of steps that came before. in_three: 1 where a bar has three beats or
    one and a half, 0 where it has another length. entropy: of the pitch classes, bits.
    keys: shares of pitch classes, shape (12,); for drums of keys, (128,). steps: shares of leaps
    from an octave down to one up, (25,). waits: shares of inter-onset intervals, (17,).
    figures: every two steps in a row.
    """

    drums: bool
    notes: int
    onsets: int
    beats: float
    busy: float
    pitch: float
    wide: float
    rising: float
    leap: float
    loud: float
    dynamics: float
    chords: float
    legato: float
    even: float
    syncopation: float
    repeats: float
    in_three: float
    entropy: float
    keys: Values
    steps: Values
    waits: Values
    figures: frozenset[tuple[Step, Step]]


def portrait(notes: Sequence[Note], bar_beats: float | None = None) -> Portrait | None:
    """Portray these notes, in any order; None where there are none.

    bar_beats: length of a bar, which starts at beat 0; None where no tempo is known.
    """
    if not notes:
        return None
    drums = sum(note.channel == DRUM_CHANNEL for note in notes) * 2 > len(notes)
    ordered = sorted(notes, key=lambda note: (note.onset, note.pitch))
    tops: list[tuple[float, int]] = []
    for note in ordered:
        if tops and note.onset - tops[-1][0] < _SHORTEST_BEATS / 2:
            tops[-1] = (tops[-1][0], note.pitch)
        else:
            tops.append((note.onset, note.pitch))
    pitch = np.array([note.pitch for note in ordered], dtype=np.float64)
    onset = np.array([at for at, _ in tops])
    wait = np.diff(onset)
    leap = np.diff(np.array([key for _, key in tops]))
    beats = max(max(note.end for note in ordered) - onset[0], _SHORTEST_BEATS)
    mean_wait = float(wait.mean()) if len(wait) else beats
    duration = sum(note.duration for note in ordered) / len(ordered)
    velocity = np.array([note.velocity for note in ordered if note.velocity > 0], dtype=np.float64)
    half = len(pitch) // 2
    keys = _shares(pitch.astype(np.int64) if drums else pitch.astype(np.int64) % 12,
                   128 if drums else 12)  # fmt: skip
    path = list(zip(leap.tolist(), np.rint(wait * 8).astype(int).tolist(), strict=True))
    return Portrait(
        drums=drums,
        notes=len(ordered),
        onsets=len(tops),
        beats=float(beats),
        busy=1 / max(mean_wait, _SHORTEST_BEATS),
        pitch=NAN if drums else float(pitch.mean()),
        wide=NAN if drums else float(pitch.std()),
        rising=NAN if drums or not half else float(pitch[half:].mean() - pitch[:half].mean()) / 12,
        leap=NAN if drums or not len(leap) else float(np.abs(leap).mean()),
        loud=float(velocity.mean()) if len(velocity) else NAN,
        dynamics=float(velocity.std()) if len(velocity) else NAN,
        chords=len(ordered) / len(tops),
        legato=max(duration, _SHORTEST_BEATS) / max(mean_wait, _SHORTEST_BEATS),
        even=_even(wait),
        syncopation=_syncopation(onset) if bar_beats else NAN,
        repeats=1 - len(set(path)) / len(path) if path else NAN,
        in_three=float(bar_beats % 1.5 == 0) if bar_beats else NAN,
        entropy=NAN if drums else _entropy(keys),
        keys=keys,
        steps=_shares(np.clip(leap, -LARGEST_LEAP, LARGEST_LEAP) + LARGEST_LEAP,
                      2 * LARGEST_LEAP + 1),
        waits=_shares(_time_bins(wait), _TIME_BINS),
        figures=frozenset(itertools.pairwise(path)),
    )  # fmt: skip


def _shares(bins: npt.NDArray[np.int64], size: int) -> Values:
    counts = np.bincount(bins, minlength=size)
    shares: Values = counts / max(1.0, float(counts.sum()))
    return shares


def _time_bins(beats: Values) -> npt.NDArray[np.int64]:
    octaves = np.log2(np.clip(beats, _SHORTEST_BEATS, 16.0)) + 4
    bins: npt.NDArray[np.int64] = np.rint(2 * octaves).astype(np.int64)
    return bins


def _entropy(shares: Values) -> float:
    there = shares[shares > 0]
    return float(-(there * np.log2(there)).sum())


def _even(wait: Values) -> float:
    if len(wait) < 2:
        return NAN
    octaves = np.diff(np.log2(np.maximum(wait, _SHORTEST_BEATS)))
    return 1 / (1 + float(np.abs(octaves).mean()))


def _syncopation(onset: Values) -> float:
    """Share of onsets off the beat that sound on over the stronger place after them."""
    found = 0
    times = [*onset.tolist(), math.inf]
    for time, after in itertools.pairwise(times):
        place = (time + _NEAR) % 1
        if place < 2 * _NEAR:
            continue  # on the beat
        level = next((step for step in _WEAK if place % step < 2 * _NEAR), None)
        found += level is not None and after > time + level + _NEAR
    return found / len(onset)
