"""The eight melody sets on which melodic expectation is compared, as Pearce (2005, ch. 6) did.

One `.npz` (`bench/melody8.npz` of the data folder) holds pitches, times and meters of every melody
and the fold that each belongs to. What is measured is always the same: bits per pitch, every note
of every melody, the first included, over the alphabet of the set's distinct pitches; the mean of
the ten fold means.

Where the bar lines lie is not in the file. The melodies are sung tunes and hymns, in which the last
bar and the upbeat make one whole bar; so bars are counted back from the end of the last note.

It refuses to predict anything.
"""

import itertools
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.corpus import CorpusError
from engine.encoding import TICKS_PER_BEAT, UNKNOWN_POSITION

FILE = Path("bench") / "melody8.npz"
FOLDS = 10
_TICKS = TICKS_PER_BEAT / 480  # the file counts 480 to the quarter
RESAMPLES = 1000
_LOW, _HIGH = 2.5, 97.5

Column = npt.NDArray[np.int64]
Chances = npt.NDArray[np.float64]
"""Probability of each symbol of the alphabet at each note: (n, symbols)."""


@dataclass(frozen=True, slots=True)
class Melody:
    """One tune: MIDI keys, onsets, durations and places in the bar, each of shape (n,).

    Times are in ticks; bar_tick is -1 throughout where the file names no meter. sharps: of the
    key signature, flats below 0.
    """

    pitch: Column
    onset: Column
    duration: Column
    bar_tick: Column
    sharps: int

    def __len__(self) -> int:
        return len(self.pitch)


@dataclass(frozen=True, slots=True)
class MelodySet:
    """One data set. fold: which of the ten each melody is left out with, (melodies,)."""

    name: str
    melodies: tuple[Melody, ...]
    fold: Column

    @property
    def alphabet(self) -> Column:
        """The distinct keys of the set, ascending: (symbols,)."""
        return np.unique(np.concatenate([melody.pitch for melody in self.melodies]))

    @property
    def notes(self) -> int:
        """How many notes are scored."""
        return sum(map(len, self.melodies))

    def symbols(self, melody: Melody) -> list[int]:
        """The melody's pitches as places in the alphabet."""
        return np.searchsorted(self.alphabet, melody.pitch).tolist()

    def train(self, fold: int) -> list[int]:
        """Numbers of the melodies that may be learnt from."""
        return np.flatnonzero(self.fold != fold).tolist()

    def test(self, fold: int) -> list[int]:
        """Numbers of the melodies that are left out, and so asked about."""
        return np.flatnonzero(self.fold == fold).tolist()


def load_sets(data: Path, names: list[str] | None = None) -> list[MelodySet]:
    """The sets of a data folder in the file's order, or only those named. Raises CorpusError."""
    path = data / FILE
    try:
        with path.open("rb") as file, np.load(file) as archive:
            found = [str(name) for name in archive["names"]]
            unknown = [name for name in names or () if name not in found]
            if unknown:
                raise CorpusError(
                    f"There is no melody set {unknown[0]!r}; {path.name} has {', '.join(found)}."
                )
            chosen = [name for name in found if not names or name in names]
            return [_read(archive, name) for name in chosen]
    except FileNotFoundError as error:
        raise CorpusError(
            f"There are no melody sets at {path}; name the data folder with --data."
        ) from error
    except (OSError, ValueError, LookupError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise CorpusError(f"{path} cannot be read ({error}); fetch the data again.") from error


def _read(archive: np.lib.npyio.NpzFile, name: str) -> MelodySet:
    offsets = archive[f"{name}_off"].astype(np.int64)
    columns = [archive[f"{name}_{column}"].astype(np.int64) for column in ("pit", "on", "dur")]
    meters = archive[f"{name}_meter"].astype(np.int64)
    fold = archive[f"{name}_fold"].astype(np.int64)
    sharps = archive[f"{name}_keysharps"].tolist()
    melodies = []
    for number, (first, end) in enumerate(itertools.pairwise(offsets)):
        pitch, onset, duration = (column[first:end] for column in columns)
        times = onset * _TICKS, duration * _TICKS
        melodies.append(melody_of(pitch, *times, *meters[number], sharps=sharps[number]))
    if len(fold) != len(melodies) or not all(map(len, melodies)):
        raise ValueError(f"{name} has melodies without notes or folds")
    return MelodySet(name, tuple(melodies), fold)


def melody_of(
    pitch: npt.ArrayLike,
    onset: npt.ArrayLike,
    duration: npt.ArrayLike,
    numerator: int,
    denominator: int,
    *,
    sharps: int = 0,
) -> Melody:
    """A melody from times in ticks (n,) and its meter (0, 0 where there is none)."""
    start = np.floor(np.asarray(onset, dtype=np.float64) + 0.5).astype(np.int64)
    length = np.floor(np.asarray(duration, dtype=np.float64) + 0.5).astype(np.int64)
    bar_tick = np.full(len(start), UNKNOWN_POSITION, dtype=np.int64)
    if numerator > 0 and denominator > 0:
        bar = 4 * TICKS_PER_BEAT * int(numerator) // int(denominator)
        bar_tick = (start - (start[-1] + length[-1])) % bar
    keys = np.asarray(pitch, dtype=np.int64)
    return Melody(keys, start, np.maximum(length, 1), bar_tick, sharps)


def bits_per_pitch(bits: list[Chances], fold: Column) -> float:
    """Mean of the fold means. bits[k]: bits of each note of melody k; fold: (melodies,)."""
    means = [
        np.concatenate([bits[number] for number in np.flatnonzero(fold == left_out)]).mean()
        for left_out in np.unique(fold)
    ]
    return float(np.mean(means))


def resampled(bits: list[Chances], fold: Column, *, seed: int = 0) -> Chances:
    """`bits_per_pitch` if other melodies of the kind had been drawn, `RESAMPLES` times."""
    rng = np.random.default_rng(seed)
    sums = np.array([part.sum() for part in bits])
    sizes = np.array([len(part) for part in bits], dtype=np.float64)
    means = []
    for left_out in np.unique(fold):
        chosen = np.flatnonzero(fold == left_out)
        equal = np.full(len(chosen), 1 / len(chosen))
        drawn = rng.multinomial(len(chosen), equal, size=RESAMPLES)
        means.append(drawn @ sums[chosen] / (drawn @ sizes[chosen]))
    of_folds: Chances = np.mean(means, axis=0)
    return of_folds


def interval(means: Chances) -> list[float]:
    """[low, high] that holds 95 % of what `resampled` drew."""
    low, high = np.percentile(means, [_LOW, _HIGH])
    return [float(low), float(high)]
