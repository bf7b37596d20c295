"""One evaluation of continuations: held-out primes continued by the model and by its rivals.

    model     the prior under the planner, as it answers live
    best of n the best of n such answers by the critic (`engine.critic`), n = 2, 4, 8
    n-gram    a back-off n-gram of the same training notes under the same planner
    repeat    the prime once more
    stranger  the true continuation of another passage: human, but of something else
    human     what really came

Every figure is a mean over primes, with a 95 % interval from drawing primes anew (bootstrap). The
n-gram and the novelty index learn from the training split of the shippable tier, which is what the
model learnt from. It refuses to print and to parse words: that is `engine.evaluate.command`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch

from engine.corpus import SHIPPABLE, CorpusError, data_hash, load_streams
from engine.critic.network import Critic
from engine.evaluate.continuation.chosen import COUNTS, choose_among, name_of
from engine.evaluate.continuation.continuers import Continuer, planned, repeated, strangers, true
from engine.evaluate.continuation.ngram import NgramPrior
from engine.evaluate.continuation.novelty import longest_runs, symbols_of, training_symbols
from engine.evaluate.continuation.passages import Excerpt, Passage, choose
from engine.evaluate.continuation.similarity import (
    HISTOGRAMS,
    NAN,
    area_between_sets,
    groove,
    groove_between,
    histograms,
    likeness,
    motifs,
    overlap,
    pitch_entropy,
    scale_consistency,
)
from engine.evaluate.continuation.traits import telling
from engine.evaluate.continuation.twosample import tell_apart
from engine.evaluate.notes import Notes, gather, sample
from engine.evaluate.report import Bar, Report
from engine.model.checkpoint import load
from engine.model.fast import FastPrior
from engine.planner import Planner

PRIMES = 300
QUICK_PRIMES = 30
QUICK_TRAIN_NOTES = 1_000_000
QUICK_SAYS = (
    "A quick look: few primes, and an n-gram and a novelty index of a part of the training notes. "
    "Leave out --quick for figures."
)
RIVALS = ("n-gram", "repeat", "stranger", "human")
SYSTEMS = ("model", *map(name_of, COUNTS), *RIVALS)
FIGURES = (
    *HISTOGRAMS, "likeness", "scale_consistency", "pitch_entropy", "groove", "style",
    "groove_with_prime", "motifs", "notes", "longest_run",
)  # fmt: skip
RESAMPLES = 1000

Values = npt.NDArray[np.float64]
Continued = dict[str, list[Excerpt]]
"""The continuations of each system, one a passage."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The report, and what it is about."""

    report: Report
    passages: list[Passage]
    continued: Continued


def evaluate(
    data: Path,
    weights: Path,
    *,
    split: str,
    tier: str,
    primes: int,
    seed: int,
    quick: bool,
    threads: int,
    bar: Bar,
    critic: Critic | None = None,
) -> Evaluation:
    """Everything there is to say about how these weights continue this split.

    critic: who chooses among several answers; None leaves the choosing out. Raises CorpusError,
    CheckpointError.
    """
    torch.set_num_threads(threads)
    tensors, metadata = load(weights)
    prior = FastPrior(tensors, metadata)
    passages = choose(load_streams(data, split, tier=tier), primes, seed=seed)
    if len(passages) < 2:
        raise CorpusError(
            f"{data} holds fewer than two passages of split {split!r}, tier {tier!r} that are long "
            "enough to continue; name another --split or --tier."
        )
    train = _training_notes(data, quick=quick)
    model = planned(Planner(prior))
    continued, same = _continue(passages, model, train, seed, bar)
    facts: dict[str, Any] | None = None
    if critic is not None:
        with bar("best of several", len(passages)) as done:
            chosen = choose_among(
                critic, model, passages, continued["model"], seed=seed, progress=done
            )
        continued |= chosen.continued
        continued = {name: continued[name] for name in SYSTEMS if name in continued}
        facts = chosen.facts
    values = {name: _values(passages, found) for name, found in continued.items()}
    runs = _runs(train, continued, bar)
    for name, found in runs.items():
        values[name]["longest_run"] = found
    systems: dict[str, Any] = {
        name: {"figures": _summary(of_system, seed)} for name, of_system in values.items()
    }
    rivals = [name for name in continued if name != "human"]
    with bar("two-sample test", 2 * len(rivals)) as done:
        for name in rivals:
            verdict = tell_apart(passages, continued[name], seed=seed, progress=lambda: done(1))
            systems[name]["two_sample"] = {
                "accuracy": verdict.accuracy,
                "interval": interval(verdict.right, seed),
            }
    for name in continued:
        systems[name]["sets"] = _areas(continued[name], continued["human"])
        if name in runs:
            systems[name]["longest_run_95th"] = float(np.percentile(runs[name], 95))
            systems[name]["longest_run_most"] = float(runs[name].max())
    report: Report = {
        "model": metadata.get("name", "prior"),
        "weights": str(weights),
        "split": split,
        "tier": tier,
        "seed": seed,
        "quick": quick,
        "data_sha256": data_hash(data, tier=tier),
        "primes": len(passages),
        "training_notes": 0 if train is None else len(train),
        "repeatable": same,
        "systems": systems,
        "by_collection": _by_collection(passages, values),
        "critic": facts,
        "tells": telling(passages, continued["model"]),
        "says": [QUICK_SAYS] if quick else [],
    }
    if train is None:
        report["says"].append(
            f"{data} has no training split: there is no n-gram, and nothing is said of novelty."
        )
    return Evaluation(report, passages, continued)


def _training_notes(data: Path, *, quick: bool) -> Notes | None:
    """What the n-gram and the novelty index learn from; None where there is nothing."""
    try:
        streams = load_streams(data, "train", tier=SHIPPABLE)
    except CorpusError:
        return None
    return gather(sample(streams, QUICK_TRAIN_NOTES) if quick else streams)


def _continue(
    passages: Sequence[Passage], model: Continuer, train: Notes | None, seed: int, bar: Bar
) -> tuple[Continued, float]:
    """What every system makes of the passages, and how often the model repeats itself exactly."""
    rivals: dict[str, Continuer] = {"repeat": repeated, "human": true}
    if train is not None:
        with bar("n-gram learns", 1) as done:
            # The planner asks no more of a prior than the n-gram can do.
            rivals["n-gram"] = planned(Planner(cast(FastPrior, NgramPrior(train))))
            done(1)
    numbered = list(enumerate(passages))
    with bar("model", 2 * len(passages)) as done:
        found = {"model": _each(model, numbered, seed, done)}
        # Backwards: what was played before must not matter either.
        again = _each(model, numbered[::-1], seed, done)[::-1]
    same = np.mean([a == b for a, b in zip(found["model"], again, strict=True)])
    for name, continuer in rivals.items():
        with bar(name, len(passages)) as done:
            found[name] = _each(continuer, numbered, seed, done)
    found["stranger"] = strangers(passages)
    return {name: found[name] for name in SYSTEMS if name in found}, float(same)


def _each(
    continuer: Continuer,
    numbered: Sequence[tuple[int, Passage]],
    seed: int,
    done: Callable[[int], object],
) -> list[Excerpt]:
    found = []
    for number, passage in numbered:
        found.append(continuer(passage, seed + number))
        done(1)
    return found


def _values(passages: Sequence[Passage], found: Sequence[Excerpt]) -> dict[str, Values]:
    """Each figure of each prime, NaN where there is none. Arrays have shape (passages,)."""
    rows = []
    for passage, excerpt in zip(passages, found, strict=True):
        own, prime = histograms(excerpt), histograms(passage.prime)
        areas = overlap(own, histograms(passage.truth))
        rows.append(
            [
                *areas.values(),
                likeness(areas),
                scale_consistency(excerpt),
                pitch_entropy(excerpt),
                groove(excerpt),
                likeness(overlap(own, prime)),
                groove_between(passage.prime, excerpt),
                motifs(passage.prime, excerpt),
                float(len(excerpt.notes)),
                NAN,
            ]
        )
    table = np.array(rows, dtype=np.float64)
    return {name: table[:, number] for number, name in enumerate(FIGURES)}


def _runs(train: Notes | None, continued: Continued, bar: Bar) -> dict[str, Values]:
    """Longest run shared with the training notes, of each system's continuations."""
    if train is None:
        return {}
    with bar("novelty", 1) as done:
        asked = [symbols_of(found.notes) for each in continued.values() for found in each]
        runs = np.array(longest_runs(training_symbols(train), asked), dtype=np.float64)
        done(1)
    parts = np.split(runs, len(continued))
    return dict(zip(continued, parts, strict=True))


def interval(values: Values, seed: int) -> list[float]:
    """[low, high] of the mean, 95 %, if other primes of the kind had been drawn; NaN left out."""
    values = values[~np.isnan(values)]
    if len(values) == 0:
        return [NAN, NAN]
    rng = np.random.default_rng(seed)
    share = np.full(len(values), 1 / len(values))
    means = rng.multinomial(len(values), share, size=RESAMPLES) @ values / len(values)
    low, high = np.percentile(means, [2.5, 97.5])
    return [float(low), float(high)]


def _summary(values: dict[str, Values], seed: int) -> dict[str, Any]:
    found = {}
    for name, of_prime in values.items():
        there = of_prime[~np.isnan(of_prime)]
        if len(there):
            found[name] = {
                "mean": float(there.mean()),
                "interval": interval(there, seed),
                "primes": len(there),
            }
    return found


def _areas(found: Sequence[Excerpt], wanted: Sequence[Excerpt]) -> dict[str, float]:
    """mgeval's overlapping area between the two sets, of each distribution that there is."""
    one, other = [histograms(each) for each in found], [histograms(each) for each in wanted]
    areas = {}
    for name in HISTOGRAMS:
        a = [each[name] for each in one if name in each]
        b = [each[name] for each in other if name in each]
        if len(b) > 1:
            areas[name] = area_between_sets(np.stack(a), np.stack(b))
    return areas


def _by_collection(
    passages: Sequence[Passage], values: dict[str, dict[str, Values]]
) -> dict[str, Any]:
    """Of each collection: how many primes, and each system's likeness to the truth and style."""
    of_passage = np.array([passage.collection for passage in passages])
    table: dict[str, Any] = {}
    for name in dict.fromkeys(of_passage.tolist()):
        chosen = of_passage == name
        table[name] = {"primes": int(chosen.sum())}
        for system, of_system in values.items():
            table[name][system] = {
                figure: float(of_system[figure][chosen].mean()) for figure in ("likeness", "style")
            }
    return table
