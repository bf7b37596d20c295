"""What the memory of the player costs, one live call at a time, beside the prior.

    python -m benchmarks.memory [--quick] [--notes N] [--weights FILE]

`learn`: a note read by the memory alone. `predict`: five fields under prior and memory, less the
same five fields under the prior, in the same turn; `alone`: five fields without a prior. `prior`:
the prior's own reading and its five fields. `back`: 32 notes unlearnt. At three sizes of the
memory: nearly empty, 1,000 notes and full; what was heard are figures that come again with changes,
so that contexts are met again as in music. `relearn_ms`: a full memory read from saved rows.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.encoding import ORDER, Row
from engine.memory.memory import CAPACITY, Memory
from engine.memory.mixture import Mixture
from engine.memory.weights import load as load_weights
from engine.model.checkpoint import SHIPPED, load
from engine.model.fast import FastPrior

SIZES = (20, 1000, CAPACITY + 1000)
AHEAD = 32
KNOWN = [frozenset(ORDER[:place]) for place in range(len(ORDER))]


def music(count: int, *, seed: int = 0) -> np.ndarray:
    """Notes of a player: figures of 4 to 12 notes that come again, often with a change."""
    rng = np.random.default_rng(seed)
    figures, rows = [], []
    while len(rows) < count:
        if len(figures) < 24 or rng.random() < 0.1:
            pitch = 60 + np.cumsum(rng.integers(-4, 5, int(rng.integers(4, 13))))
            times = rng.choice([0, 24, 48, 96], len(pitch), p=[0.2, 0.3, 0.4, 0.1])
            figures.append(np.stack([times, np.clip(pitch, 30, 90)], axis=1))
        figure = figures[int(rng.integers(len(figures)))]
        for delta, pitch in figure:
            slip = int(rng.integers(-2, 3)) if delta else 0
            long, loud = int(rng.integers(20, 50)), int(rng.integers(12, 24))
            beat, bar = 1 + len(rows) % 24, 1 + len(rows) // 24 % 4
            rows.append(Row(max(int(delta) + slip, 0), int(pitch), long, loud, 0, beat, bar, 5, 0))
    return np.array(rows[:count], dtype=np.int64)


def micros(times_s: list[float]) -> dict[str, float]:
    """p50 and p99 in microseconds."""
    p50, p99 = np.percentile(np.array(times_s) * 1e6, (50, 99))
    return {"p50": round(float(p50), 2), "p99": round(float(p99), 2)}


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def measure(prior: FastPrior, heard: int, notes: int) -> dict[str, object]:
    """All calls with a memory that has heard so many notes."""
    weights, rows = load_weights(), music(heard + notes)
    memory = Memory()
    memory.read_many(rows[:heard])
    mixture = Mixture(prior, memory, weights)
    mixture.reset()
    mixture.read_many(rows[:heard][-300:])
    found: dict[str, list[float]] = {
        name: [] for name in ("learn", "predict", "alone", "prior", "back")
    }

    def fields(model: Mixture | FastPrior, row: list[int]) -> None:
        for field, known in zip(ORDER, KNOWN, strict=True):
            model.field(field, row, known)

    for number in range(notes):
        row = rows[heard + number].tolist()
        own = _timed(lambda row=row: fields(prior, row))
        both = _timed(lambda row=row: fields(mixture, row))
        found["predict"].append(both - own)
        mixture.alone = True
        found["alone"].append(_timed(lambda row=row: fields(mixture, row)))
        mixture.alone = False
        found["learn"].append(_timed(lambda row=row: memory.read(row)))
        found["prior"].append(own + _timed(lambda row=row: prior.read(row)))
        if number % AHEAD == 0:
            mark = memory.mark()
            memory.read_many(rows[:AHEAD])
            found["back"].append(_timed(lambda mark=mark: memory.back_to(mark)))
    return {name: micros(times) for name, times in found.items()}


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--notes", type=int, default=4000)
    parser.add_argument("--quick", action="store_true", help="a tenth of the notes")
    parser.add_argument("--weights", type=Path, default=SHIPPED)
    args = parser.parse_args()
    notes = args.notes // 10 if args.quick else args.notes
    prior = FastPrior(*load(args.weights))
    measure(prior, SIZES[0], 200)  # warms the caches
    memory = Memory()
    memory.read_many(music(CAPACITY))
    saved = memory.rows()
    result = {
        "quick": args.quick,
        "capacity_notes": CAPACITY,
        "state_mib": round(memory.state_bytes / 2**20, 1),
        "saved_kib": round(sum(array.nbytes for array in saved.values()) / 1024, 1),
        "relearn_ms": round(1e3 * _timed(lambda: Memory.from_rows(saved)), 1),
        "microseconds": {str(size): measure(prior, size, notes) for size in SIZES},
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
