"""Finds the weights of `plugin.turns` by trying: seeded steps, the better one stays.

What is made small: the delays after phrase ends at the dial's place where a given share of the
notes within phrases is mistaken, over several such shares; the logarithm of the mean over all kinds
of music of half the median, a third of the mean and the rest of the 90th percentile. Then the
middle of the dial is put where `MIDDLE` mistakes are made in 1,000 notes.

It refuses to see the pieces that figures are reported on.
"""

import sys
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from benchmarks.handover_phrases import Line
from engine.api import GAP_SHARES
from plugin.turns import (
    CHORD_NS,
    FIRST_GUESS_S,
    LONG_GAP,
    LONGEST_SURE_S,
    MEMORY,
    MOST_NS,
    SURE,
    Weights,
)

Kinds = dict[str, list[Line]]
AT = (20.0, 10.0, 5.0, 3.0, 1.5)
"""Mistakes in 1,000 notes at which delays are compared."""
MIDDLE = 4.0
STEPS = 2500
_SIZES = {
    "base": 0.2, "long": 0.1, "sure": 0.1, "least": 0.05, "most": 0.4,
    "breath_base": 0.15, "breath_long": 0.1, "breath_sure": 0.1, "trust": 1.0,
}  # fmt: skip
_SIGNED = ("base", "breath_base", "breath_long", "breath_sure")
STARTS = {
    "mixed": Weights(0.0, 0.8, 0.3, 0.3, 3.0, -1.0, 0.2, 0.1, 2.0),
    "gaps": Weights(0.3, 1.0, 0.0, 0.3, 3.0, -1.0, 0.2, 0.0, 2.0),
    "model": Weights(0.0, 0.0, 0.8, 0.3, 3.0, -1.0, 0.0, 0.1, 0.0),
}


@dataclass(frozen=True, slots=True)
class Table:
    """Notes of one kind of music: all in seconds, shape (n,).

    release, following: after the onset; following is infinite after a phrase's last note. long:
    logarithm of the player's long gap, of `count` gaps. sure: logarithm of the prior's time.
    """

    release: np.ndarray
    following: np.ndarray
    ends: np.ndarray
    long: np.ndarray
    count: np.ndarray
    sure: np.ndarray


def table(lines: list[Line]) -> Table:
    """What `plugin.turns.HandOver` knows after each note."""
    long, count = [], []
    for line in lines:
        gaps: list[float] = []
        last: float | None = None
        for onset_ns in line.onset_ns:
            if last is None or onset_ns - last >= CHORD_NS:
                if last is not None and onset_ns - last < MOST_NS:
                    gaps = [*gaps, onset_ns - last][-MEMORY:]
                last = onset_ns
            count.append(len(gaps))
            own_ns = sorted(gaps)[int(len(gaps) * LONG_GAP)] if gaps else 1e9
            long.append(np.log(own_ns / 1e9))
    onset = np.concatenate([line.onset_ns for line in lines])
    ends = np.concatenate([line.ends for line in lines])
    following = np.concatenate([line.next_ns for line in lines]) - onset
    gaps_ns = np.concatenate([line.gaps_after_ns for line in lines])
    sure_s = gaps_ns[:, GAP_SHARES.index(SURE)] / 1e9
    return Table(
        (np.concatenate([line.release_ns for line in lines]) - onset) / 1e9,
        np.where(ends, np.inf, following / 1e9),
        ends,
        np.array(long),
        np.array(count, dtype=np.float64),
        np.log(sure_s.clip(CHORD_NS / 1e9, LONGEST_SURE_S)),
    )


def waits(weights: Weights, notes: Table, *, model: bool) -> tuple[np.ndarray, np.ndarray]:
    """(patience, breath) in seconds after each note, in the middle of the dial: as `HandOver`."""
    sure = notes.sure if model else np.zeros_like(notes.sure)
    guess = notes.sure if model else np.log(FIRST_GUESS_S)
    together = np.maximum(notes.count + weights.trust, 1e-9)
    long = (notes.count * notes.long + weights.trust * guess) / together
    long = np.where(notes.count > 0, long, guess)
    patience = np.exp(weights.base + weights.long * long + weights.sure * sure)
    breath = np.exp(weights.breath_base + weights.breath_long * long + weights.breath_sure * sure)
    return patience.clip(weights.least, weights.most), breath


def _slowness(weights: Weights, notes: Table, *, model: bool) -> tuple[np.ndarray, ...]:
    """For notes within phrases: how much slower the dial must be for no mistake; ends apart."""
    patience, breath = waits(weights, notes, model=model)
    within = ~notes.ends
    silence = notes.following[within] - notes.release[within]
    needed = np.minimum(notes.following[within] / patience[within], silence / breath[within])
    needed = np.where(silence > 0, needed, 0.0)
    return needed, patience[notes.ends], breath[notes.ends], notes.release[notes.ends]


def delays(
    weights: Weights, tables: list[Table], mistakes: tuple[float, ...], *, model: bool
) -> list[tuple[float, float]]:
    """(place of the dial, what is made small there) at each number of mistakes in 1,000 notes."""
    kinds = [_slowness(weights, notes, model=model) for notes in tables]
    needed = np.concatenate([kind[0] for kind in kinds])
    share = np.concatenate([np.full(len(k[0]), 1 / len(k[0]) / len(kinds)) for k in kinds])
    order = np.argsort(-needed)
    running = share[order].cumsum()
    found = []
    for most in mistakes:
        slower = float(needed[order[min(running.searchsorted(most / 1000), len(order) - 1)]])
        costs = []
        for _, patience, breath, release in kinds:
            delay = np.maximum(slower * patience, release + slower * breath) - release
            p50, p90 = np.percentile(delay, (50, 90))
            costs.append(0.5 * p50 + 0.35 * delay.mean() + 0.15 * p90)
        found.append((slower, float(np.mean(costs))))
    return found


def search(start: Weights, tables: list[Table], *, model: bool, steps: int = STEPS) -> Weights:
    """The best weights found from `start` on; numbers that are 0 there for good stay so."""
    rng = np.random.default_rng(0)
    names = [name for name in _SIZES if getattr(start, name)]

    def cost(weights: Weights) -> float:
        return float(np.mean([np.log(c) for _, c in delays(weights, tables, AT, model=model)]))

    best, least = start, cost(start)
    for _ in range(steps):
        chosen = rng.choice(names, size=int(rng.integers(1, 4)), replace=False)
        values = {str(n): getattr(best, n) + rng.normal(0, _SIZES[n]) for n in chosen}
        values = {n: v if n in _SIGNED else max(v, 0.0) for n, v in values.items()}
        tried = replace(best, **values)
        if tried.least <= tried.most and (now := cost(tried)) < least:
            best, least = tried, now
    slower = delays(best, tables, (MIDDLE,), model=model)[0][0]
    return replace(
        best,
        base=best.base + float(np.log(slower)),
        least=best.least * slower,
        most=best.most * slower,
        breath_base=best.breath_base + float(np.log(slower)),
    )


def fit(kinds: Kinds) -> dict[str, Any]:
    """The weights of each way of knowing, and what they cost on these pieces."""
    tables = [table(lines) for lines in kinds.values()]
    result: dict[str, Any] = {}
    for name, start in STARTS.items():
        model = name != "gaps"
        found = search(start, tables, model=model)
        found = replace(found, **{key: round(value, 2) for key, value in asdict(found).items()})
        costs = delays(found, tables, AT, model=model)
        result[name] = {"weights": asdict(found), "cost": [round(cost, 4) for _, cost in costs]}
        print(f"{name}: {found}", file=sys.stderr)
    return result
