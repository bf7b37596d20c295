"""How alike two stretches of music are, and how much order there is in one.

Five distributions of a continuation are compared with those of the true one. The overlapping area
of two histograms p and q is sum_i min(p_i, q_i): 1 for equal shapes, 0 for nothing in common. The
features are those of mgeval (Yang & Lerch, "On the evaluation of generative models in music",
2020, doi:10.1007/s00521-018-3849-7) in bins that suit four bars:

    pitch_class   12 bins, one a note
    interval      49 bins: semitones from the highest note of an onset to that of the next, the
                  widest two octaves either way
    duration      33 bins, four to each doubling, from 1/16 to 16 beats; one a note
    inter_onset   the same bins, from an onset to the next one
    density       11 bins: onsets of notes in each beat, 0 to 9, and more

`area_between_sets` is their own measure: of distances within a set and between two sets.
Scale consistency: the largest share of notes that lie in one of the twelve diatonic collections.
Pitch entropy (of the pitch classes, in bits) and groove similarity follow Wu & Yang, "The Jazz
Transformer on the front line" (2020, arXiv:2008.01307); groove is compared on 16 places a beat.

It refuses to ask drums for their key and free time for its bars: such figures are absent (NaN).
"""

import itertools

import numpy as np
import numpy.typing as npt

from engine.evaluate.continuation.passages import Excerpt

Values = npt.NDArray[np.float64]
Histograms = dict[str, Values]

HISTOGRAMS = ("pitch_class", "interval", "duration", "inter_onset", "density")
_PITCHED = ("pitch_class", "interval")
_WIDEST = 24
_TIME_BINS = 33
_BINS_AN_OCTAVE = 4
_MOST_A_BEAT = 10
_PLACES_A_BEAT = 16
_DIATONIC = np.array([[(k - key) % 12 in (0, 2, 4, 5, 7, 9, 11) for k in range(12)]
                      for key in range(12)], dtype=np.float64)  # fmt: skip
_GRID = 256
NAN = float("nan")


def histograms(excerpt: Excerpt) -> Histograms:
    """The five distributions, each summing to 1; all zeros where there is nothing to count.

    Those that drums have not are left out.
    """
    notes = excerpt.notes
    onset = np.array([note.onset for note in notes], dtype=np.float64)
    pitch = np.array([note.pitch for note in notes], dtype=np.int64)
    duration = np.array([note.duration for note in notes], dtype=np.float64)
    moments, first = np.unique(onset, return_index=True)
    top = np.maximum.reduceat(pitch, first) if len(first) else pitch
    beat = np.floor(onset - excerpt.start_beat + 1e-9).astype(np.int64)
    in_beat = np.bincount(beat, minlength=max(1, round(excerpt.beats)))
    found = {
        "duration": _counts(_time_bin(duration), _TIME_BINS),
        "inter_onset": _counts(_time_bin(np.diff(moments)), _TIME_BINS),
        "density": _counts(np.minimum(in_beat, _MOST_A_BEAT), _MOST_A_BEAT + 1),
    }
    if not excerpt.drums:
        leap = np.clip(np.diff(top), -_WIDEST, _WIDEST) + _WIDEST
        found["pitch_class"] = _counts(pitch % 12, 12)
        found["interval"] = _counts(leap, 2 * _WIDEST + 1)
    return found


def _counts(bins: npt.NDArray[np.int64], size: int) -> Values:
    counts = np.bincount(bins, minlength=size).astype(np.float64)
    return counts / max(1.0, counts.sum())


def _time_bin(beats: Values) -> npt.NDArray[np.int64]:
    octaves = np.log2(np.clip(beats, 1 / 16, 16.0)) + 4
    return np.round(octaves * _BINS_AN_OCTAVE).astype(np.int64)


def overlap(found: Histograms, wanted: Histograms) -> dict[str, float]:
    """Overlapping area of each distribution; NaN where `wanted` has nothing to compare."""
    return {
        name: float(np.minimum(found[name], wanted[name]).sum())
        if name in wanted and wanted[name].any()
        else NAN
        for name in HISTOGRAMS
    }


def likeness(areas: dict[str, float]) -> float:
    """The mean of those overlapping areas that there are."""
    there = [area for area in areas.values() if not np.isnan(area)]
    return float(np.mean(there)) if there else NAN


def scale_consistency(excerpt: Excerpt) -> float:
    """Largest share of notes within one diatonic collection; NaN for drums and silence."""
    if excerpt.drums or not excerpt.notes:
        return NAN
    return float((_DIATONIC @ histograms(excerpt)["pitch_class"]).max())


def pitch_entropy(excerpt: Excerpt) -> float:
    """Entropy of the pitch classes in bits, 0 to 3.58; NaN for drums and silence."""
    if excerpt.drums or not excerpt.notes:
        return NAN
    shares = histograms(excerpt)["pitch_class"]
    shares = shares[shares > 0]
    return float(-(shares * np.log2(shares)).sum())


def groove(excerpt: Excerpt) -> float:
    """Mean likeness of the onset patterns of all pairs of its bars; NaN without bars."""
    bars = _bars(excerpt)
    pairs = [1 - np.mean(a ^ b) for a, b in itertools.combinations(bars, 2)]
    return float(np.mean(pairs)) if pairs else NAN


def groove_between(one: Excerpt, other: Excerpt) -> float:
    """Mean likeness of each bar of one to each bar of the other; NaN without bars."""
    pairs = [1 - np.mean(a ^ b) for a, b in itertools.product(_bars(one), _bars(other))]
    return float(np.mean(pairs)) if pairs else NAN


def motifs(prime: Excerpt, found: Excerpt) -> float:
    """Share of the four-note figures of `found` that occur in the prime, in any key.

    A figure is three steps in pitch and time (eighths of a beat) from note to note; NaN where
    there are fewer than four notes.
    """
    heard = set(_figures(prime))
    own = _figures(found)
    return float(np.mean([figure in heard for figure in own])) if own else NAN


def _figures(excerpt: Excerpt) -> list[tuple[tuple[int, int], ...]]:
    steps = [
        (after.pitch - before.pitch, round(8 * (after.onset - before.onset)))
        for before, after in itertools.pairwise(excerpt.notes)
    ]
    return list(zip(steps, steps[1:], steps[2:], strict=False))


def _bars(excerpt: Excerpt) -> list[npt.NDArray[np.bool_]]:
    """Where notes start, bar by bar."""
    if excerpt.bar_beats is None:
        return []
    places = round(excerpt.bar_beats * _PLACES_A_BEAT)
    number = max(1, round(excerpt.beats / excerpt.bar_beats))
    marks = np.zeros(number * places, dtype=bool)
    for note in excerpt.notes:
        place = int((note.onset - excerpt.start_beat) * _PLACES_A_BEAT + 0.5)
        marks[min(place, len(marks) - 1)] = True
    return list(marks.reshape(number, places))


def area_between_sets(found: Values, wanted: Values) -> float:
    """Overlapping area of the distances within `wanted` and those from `found` to `wanted`.

    found, wanted: histograms, shape (n, bins) and (m, bins), m at least 2. Distances are Euclidean,
    their densities Gaussian kernel estimates with Scott's bandwidth (n^(-1/5) deviations).
    """
    within = _distances(wanted, wanted)[np.triu_indices(len(wanted), 1)]
    between = _distances(found, wanted).reshape(-1)
    top = float(max(within.max(), between.max(), 1e-9)) * 1.2
    grid = np.linspace(-0.2 * top, top, _GRID)
    low = np.minimum(_density(within, grid), _density(between, grid))
    return float(low.sum() * (grid[1] - grid[0]))


def _distances(one: Values, other: Values) -> Values:
    square = (one**2).sum(1)[:, None] + (other**2).sum(1)[None, :] - 2 * one @ other.T
    root: Values = np.sqrt(np.maximum(square, 0.0))
    return root


def _density(samples: Values, grid: Values) -> Values:
    """Kernel estimate on the grid, from a fine histogram of the samples; integrates to 1."""
    step = grid[1] - grid[0]
    width = max(float(samples.std()) * len(samples) ** -0.2, step)
    at = np.clip(np.round((samples - grid[0]) / step).astype(np.int64), 0, len(grid) - 1)
    weight = np.bincount(at, minlength=len(grid)) / len(samples)
    kernel = np.exp(-0.5 * ((grid[:, None] - grid[None, :]) / width) ** 2)
    density: Values = kernel @ weight
    return density / max(float(density.sum() * step), 1e-12)
