"""Melodic expectation: the prior, and the prior with a memory, on the eight published melody sets.

Every system predicts the same notes of the same ten folds, and is measured in bits per pitch, every
note scored, over the set's own alphabet. What each was allowed to see stands beside its figures:
the published models saw the other nine folds alone; the prior has also read the shippable music,
from which the tunes of these sets are left out.

The memory here is a stand-in: long- and short-term n-grams, because the product's own memory does
not exist yet. "prior & n-grams" mixes by certainty, the published way; "prior * n-grams"
multiplies, with exponents fitted on melodies of the nine folds that were kept back, takes n-grams
of other views of the same notes besides, and is what is held against the aims.

It refuses to parse words: that is `engine.evaluate.command`.
"""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.evaluate.melody.folds import (
    Fold,
    fold_of,
    parts_of,
    targets,
    work_of,
)
from engine.evaluate.melody.memory import KEY_VIEWS, VIEWS, View, by_pitch, by_view
from engine.evaluate.melody.mix import Pool, mixed
from engine.evaluate.melody.prior import PITCH, SEEN, TIMES, Tuning
from engine.evaluate.melody.published import AIMS, AVERAGE, NAMES, PUBLISHED
from engine.evaluate.melody.sets import (
    FOLDS,
    Chances,
    Column,
    MelodySet,
    bits_per_pitch,
    interval,
    load_sets,
    resampled,
)
from engine.evaluate.prior import load_prior

Report = dict[str, Any]
Bar = Callable[[str, int], AbstractContextManager[Callable[[int], object]]]
"""Opens a progress bar of a title and a length, which is told what has been done."""

OURS = "prior * n-grams"
OURS_IN_KEY = "prior * n-grams, key told"
PRODUCTS = {
    PITCH: {OURS: VIEWS[PITCH]},
    TIMES: {OURS: VIEWS[TIMES], OURS_IN_KEY: (*VIEWS[TIMES], *KEY_VIEWS)},
}
"""The views of the n-grams that each product takes, for each way of being asked."""
_NINE = "the other nine folds"
_READ = "the shippable music without the tunes of these sets"
_MIXED = f"{_READ}; {_NINE}; the melodies asked about before; this melody so far"
SAW = {
    "LTM": f"pitches of {_NINE}",
    "STM": "earlier pitches of the same melody",
    "LTM+": f"pitches of {_NINE}, and of the melodies asked about before",
    "LTM+ & STM": "what LTM+ and STM saw",
    "prior as shipped": _READ,
    "prior, tuned": f"{_READ}; {_NINE}",
    "prior & n-grams": f"{_MIXED} (mixed by certainty)",
    OURS: f"{_MIXED} (product, fitted on a tenth of the nine folds)",
    OURS_IN_KEY: "the same, and the key signature",
}
SEEN_SAYS = {
    "pitch": "Pitch alone: the prior sees no rhythm, loudness or bars, as the published models.",
    "times": "Times seen: the prior also sees onset, duration and place in the bar of this note "
    "and those before, and so do the n-grams of the products; the other n-grams see pitches alone.",
}


def evaluate(
    data: Path,
    weights: Path | None,
    *,
    names: list[str] | None,
    seen: Sequence[str] = SEEN,
    tuning: Tuning,
    out: Path | None,
    threads: int,
    bar: Bar,
) -> Report:
    """Everything there is to say on these sets; without weights, of the n-grams alone.

    out: where folds that are done are kept. Raises CorpusError, CheckpointError.
    """
    torch.set_num_threads(threads)
    torch.manual_seed(tuning.seed)
    sets = load_sets(data, names)
    prior, metadata = load_prior(weights) if weights else (None, {})
    sha256 = hashlib.sha256(weights.read_bytes()).hexdigest() if weights else None
    seen = seen if prior is not None else [PITCH]
    bits: dict[str, dict[str, dict[str, list[Chances]]]] = {way: {} for way in seen}
    for melodies in sets:
        work = len(seen) * work_of(melodies, tuning) if prior is not None else FOLDS
        for way in seen:
            bits[way][melodies.name] = {}
        with bar(melodies.name, work) as done:
            for fold in np.unique(melodies.fold).tolist():
                grams = _grams(melodies, fold)
                if prior is None:
                    _enter(bits[PITCH][melodies.name], melodies, fold, grams)
                    done(1)
                    continue
                views = {
                    view for way in seen for of_one in PRODUCTS[way].values() for view in of_one
                }
                memory = _memory(melodies, fold, grams, sorted(views, key=repr))
                came = targets(melodies, parts_of(melodies, fold).valid)
                for way in seen:
                    said = fold_of(
                        prior,
                        melodies,
                        fold,
                        way,
                        tuning,
                        weights_name=str(sha256),
                        out=out,
                        progress=done,
                    )
                    systems = grams | _with_prior(way, said, grams, memory, came)
                    _enter(bits[way][melodies.name], melodies, fold, systems)
    return {
        "model": metadata.get("name", "prior") if weights else None,
        "weights": str(weights) if weights else None,
        "weights_sha256": sha256,
        "tuning": {name: getattr(tuning, name) for name in Tuning.__dataclass_fields__},
        "sets": {melodies.name: _about(melodies) for melodies in sets},
        "seen": {way: _of_way(way, sets, bits[way]) for way in seen},
        "says": _says(sets, prior is not None),
    }


def _grams(melodies: MelodySet, fold: int) -> dict[str, Chances]:
    """What the n-grams predict of the melodies that this fold leaves out, by name."""
    parts = parts_of(melodies, fold)
    found = by_pitch(melodies, parts.train + parts.valid, parts.test)
    return {
        "LTM": found.long,
        "STM": found.short,
        "LTM+": found.going_on,
        "LTM+ & STM": mixed([found.going_on, found.short]),
    }


@dataclass(frozen=True, slots=True)
class _Memory:
    """What n-grams say of the melodies kept back and of those left out, each (notes, symbols)."""

    plain: tuple[list[Chances], list[Chances]]
    views: dict[View, tuple[Chances, Chances]]

    def parts(self, views: Sequence[View], which: int) -> list[Chances]:
        """Predictions of the plain n-grams and of these views; 0: kept back, 1: left out."""
        return [*self.plain[which], *(self.views[view][which] for view in views)]


def _memory(
    melodies: MelodySet, fold: int, grams: dict[str, Chances], views: Sequence[View]
) -> _Memory:
    parts = parts_of(melodies, fold)
    kept_back = by_pitch(melodies, parts.train, parts.valid)
    end = len(targets(melodies, parts.valid))
    found: dict[View, tuple[Chances, Chances]] = {}
    for view in views:
        # It learns what was kept back before it is asked about what was left out.
        both = by_view(melodies, parts.train, [*parts.valid, *parts.test], view)
        found[view] = both[:end], both[end:]
    plain = [kept_back.going_on, kept_back.short], [grams["LTM+"], grams["STM"]]
    return _Memory(plain, found)


def _with_prior(
    way: str, said: Fold, grams: dict[str, Chances], memory: _Memory, came: Column
) -> dict[str, Chances]:
    """What the prior predicts, alone and with the memory, by name.

    came: the symbols of the melodies kept back, on which the products are fitted.
    """
    found = {
        "prior as shipped": said.shipped,
        "prior, tuned": said.tuned,
        "prior & n-grams": mixed([said.tuned, grams["LTM+ & STM"]]),
    }
    for name, views in PRODUCTS[way].items():
        pool = Pool.fit([said.held_back, *memory.parts(views, 0)], came)
        found[name] = pool.chances([said.tuned, *memory.parts(views, 1)])
    return found


def _enter(
    bits: dict[str, list[Chances]], melodies: MelodySet, fold: int, systems: dict[str, Chances]
) -> None:
    """Write what each note of the fold cost into the lists, one entry a melody."""
    test = parts_of(melodies, fold).test
    came = targets(melodies, test)
    ends = np.cumsum([len(melodies.melodies[number]) for number in test])[:-1]
    for name, chances in systems.items():
        of_all = bits.setdefault(name, [np.zeros(0)] * len(melodies.melodies))
        cost = -np.log2(chances[np.arange(len(came)), came])
        for number, part in zip(test, np.split(cost, ends), strict=True):
            of_all[number] = part


def _about(melodies: MelodySet) -> dict[str, int]:
    return {
        "melodies": len(melodies.melodies),
        "notes": melodies.notes,
        "alphabet": len(melodies.alphabet),
    }


def _of_way(
    way: str, sets: list[MelodySet], bits: dict[str, dict[str, list[Chances]]]
) -> dict[str, Any]:
    """Published figures, ours, and whether the aims are met, for one way of being asked."""
    whole = {melodies.name for melodies in sets} == set(NAMES)
    systems: dict[str, dict[str, Any]] = {}
    for published in PUBLISHED[way]:
        systems[published.name] = {
            "saw": published.saw,
            "source": published.source,
            "bits": published.bits,
            AVERAGE: published.average,
        }
    for name in next(iter(bits.values())):
        figures, ranges, drawn = {}, {}, []
        for number, melodies in enumerate(sets):
            of_set = bits[melodies.name][name]
            figures[melodies.name] = bits_per_pitch(of_set, melodies.fold)
            drawn.append(resampled(of_set, melodies.fold, seed=number))
            ranges[melodies.name] = interval(drawn[-1])
        systems[name] = {"saw": SAW[name], "source": "this run", "bits": figures}
        systems[name][AVERAGE] = float(np.mean(list(figures.values()))) if whole else None
        if whole:
            ranges[AVERAGE] = interval(np.mean(drawn, axis=0))
        systems[name]["intervals"] = ranges
    return {"systems": systems, "aims": _aims(way, systems)}


def _aims(way: str, systems: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """What was aimed at, what was reached by our products, and whether that is below it."""
    found = []
    for name in PRODUCTS[way]:
        for what, below in AIMS[way].items() if name in systems else ():
            ours = systems[name]
            reached = ours[AVERAGE] if what == AVERAGE else ours["bits"].get(what)
            if reached is not None:
                aim = {"what": what, "system": name, "below": below, "reached": reached}
                found.append({**aim, "met": reached < below})
    return found


def _says(sets: list[MelodySet], with_prior: bool) -> list[str]:
    says = ["The folds behind the published figures are not known; ours are those of the data."]
    if with_prior:
        says.append(
            "The n-grams stand in for the memory of the product, which does not exist yet; the "
            "prior alone is in the rows above."
        )
    else:
        says.append("The n-grams alone; name weights, or leave out --no-prior, for the prior.")
    if {melodies.name for melodies in sets} != set(NAMES):
        says.append("Not all eight sets were asked: there is no average.")
    return says


def table(report: Report) -> str:
    """The report for people."""
    names = list(report["sets"])
    lines = ["Bits per pitch (less is better), mean of ten folds, every note scored."]
    for way, found in report["seen"].items():
        lines += ["", SEEN_SAYS[way], "", _row("", [*names, AVERAGE])]
        for name, system in found["systems"].items():
            figures = [system["bits"].get(one) for one in names] + [system[AVERAGE]]
            cells = ["-" if figure is None else f"{figure:.3f}" for figure in figures]
            lines += [_row(name, cells), f"    saw: {system['saw']}"]
        for aim in found["aims"]:
            short = (
                "met" if aim["met"] else f"not met, {aim['reached'] - aim['below']:.3f} too many"
            )
            wanted = f"Aim, {aim['what']} below {aim['below']:.2f}"
            lines.append(f"{wanted}: {aim['system']} {aim['reached']:.3f}, {short}.")
        spread = found["systems"].get(OURS, {}).get("intervals", {}).get(AVERAGE)
        if spread:
            low, high = spread
            lines.append(f"{OURS}: average {low:.3f} to {high:.3f} (95 %, over melodies).")
    return "\n".join([*lines, "", *report["says"]])


def _row(name: str, cells: list[str]) -> str:
    return f"{name:<34}" + "".join(f"{cell:>10}" for cell in cells)
