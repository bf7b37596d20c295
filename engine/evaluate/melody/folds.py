"""One fold of one melody set: what each model says about the melodies that were left out.

Tuning is the slow part, so every fold that is done is kept in a file and found again by the next
run, if weights, melodies and settings are the same; a run that was killed goes on where it was.

A tenth of the melodies that may be learnt from is kept back: tuning stops by it, and the mixture of
models is fitted on it. The melodies that are asked about decide nothing.

It refuses to sum up: see `engine.evaluate.melody.report`.
"""

import hashlib
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from engine.evaluate.melody.prior import Tuning, pitch_chances, tuned
from engine.evaluate.melody.sets import Chances, Column, Melody, MelodySet
from engine.model.network import Prior

_LEAST_KEPT_BACK = 4


@dataclass(frozen=True, slots=True)
class Fold:
    """What the prior says in one fold, each (notes, symbols), melody after melody.

    shipped, tuned: about the melodies left out; held_back: the tuned one about the melodies that
    it was stopped by.
    """

    shipped: Chances
    tuned: Chances
    held_back: Chances


@dataclass(frozen=True, slots=True)
class Parts:
    """Numbers of the melodies that a fold learns, is stopped by and is asked about."""

    train: list[int]
    valid: list[int]
    test: list[int]


def parts_of(melodies: MelodySet, fold: int) -> Parts:
    """A tenth of what may be learnt is kept back, drawn by the fold's number."""
    order = np.random.default_rng(fold).permutation(melodies.train(fold)).tolist()
    count = max(_LEAST_KEPT_BACK, len(order) // 10)
    return Parts(train=order[count:], valid=order[:count], test=melodies.test(fold))


def targets(melodies: MelodySet, asked: Sequence[int]) -> Column:
    """The symbols that really came, melody after melody: (notes,)."""
    return np.concatenate([melodies.symbols(melodies.melodies[number]) for number in asked])


def work_of(melodies: MelodySet, tuning: Tuning) -> int:
    """Notes that all folds of a set are tuned on."""
    folds = np.unique(melodies.fold).tolist()
    return sum(_work(melodies, parts_of(melodies, fold), tuning) for fold in folds)


def _work(melodies: MelodySet, parts: Parts, tuning: Tuning) -> int:
    return tuning.epochs * sum(len(melodies.melodies[number]) for number in parts.train)


def fold_of(
    prior: Prior,
    melodies: MelodySet,
    fold: int,
    seen: str,
    tuning: Tuning,
    *,
    weights_name: str,
    out: Path | None,
    progress: Callable[[int], object] = lambda _: None,
) -> Fold:
    """The prior's predictions, from the file in `out` where there is one, else made and kept.

    weights_name: anything that changes when the weights do. `progress` is told the notes tuned on.
    """
    parts = parts_of(melodies, fold)
    key = _key(melodies, seen, tuning, weights_name)
    path = out / f"{seen}-{melodies.name}-{fold}.npz" if out else None
    known = _kept(path, key) if path else None
    if known is not None:
        progress(_work(melodies, parts, tuning))
        return known
    train, valid, test = (
        _chosen(melodies, numbers) for numbers in (parts.train, parts.valid, parts.test)
    )
    alphabet = melodies.alphabet
    model = tuned(prior, train, valid, alphabet, seen, tuning, progress=progress)
    found = Fold(
        shipped=np.concatenate(pitch_chances(prior, test, alphabet, seen)),
        tuned=np.concatenate(pitch_chances(model, test, alphabet, seen)),
        held_back=np.concatenate(pitch_chances(model, valid, alphabet, seen)),
    )
    if path:
        _keep(path, key, found)
    return found


def _chosen(melodies: MelodySet, numbers: Sequence[int]) -> list[Melody]:
    return [melodies.melodies[number] for number in numbers]


def _key(melodies: MelodySet, seen: str, tuning: Tuning, weights_name: str) -> str:
    """Names everything that a fold's predictions follow from."""
    digest = hashlib.sha256(repr((seen, sorted(asdict(tuning).items()), weights_name)).encode())
    digest.update(melodies.fold.tobytes())
    for melody in melodies.melodies:
        for column in (melody.pitch, melody.onset, melody.duration, melody.bar_tick):
            digest.update(column.tobytes())
    return digest.hexdigest()


def _keep(path: Path, key: str, fold: Fold) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        arrays = {name: part.astype(np.float32) for name, part in asdict(fold).items()}
        np.savez_compressed(file, key=np.array(key), **arrays)
    temporary.replace(path)


def _kept(path: Path, key: str) -> Fold | None:
    """What an earlier run kept, None if it is not there, damaged or of another run."""
    try:
        with path.open("rb") as file, np.load(file) as archive:
            if str(archive["key"]) != key:
                return None
            names = Fold.__dataclass_fields__
            return Fold(**{name: archive[name].astype(np.float64) for name in names})
    except (OSError, ValueError, LookupError, EOFError, zipfile.BadZipFile, zlib.error):
        return None
