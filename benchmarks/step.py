"""One note heard and the next note chosen, beside the time to read the weights once.

    python -m benchmarks.step [--quick] [--notes N]

A step is `FastPrior.read` of a note and the choice of the next one's four fields under a scale
mask, on one thread with a full window. The yardstick is a matrix-vector product over as many bytes
as the weights have, in the same run. `loaded` is the same with every core kept busy by others.
"""

import argparse
import json
import multiprocessing
import os
import time

import numpy as np

from engine.encoding import FIELD_SIZES, Row
from engine.model.checkpoint import SHIPPED, load
from engine.model.fast import FastPrior
from engine.sampling.draw import agree, draw

SCALE = np.isin(np.arange(128) % 12, (0, 2, 4, 5, 7, 9, 11))
ALLOWED = [
    SCALE if column == "pitch" else np.arange(size) > 0
    for column, size in zip(Row._fields, FIELD_SIZES, strict=False)
]


def step(prior: FastPrior, row: Row, rng: np.random.Generator) -> Row:
    """Hear `row`, choose the next one."""
    prior.read(row)
    chosen = row
    for field, size in enumerate(FIELD_SIZES):
        allowed = agree([ALLOWED[field]], size)
        logits = prior.field(field, chosen)
        value = draw(logits, allowed, temperature=0.95, top_p=0.95, rng=rng)
        chosen = chosen._replace(**{Row._fields[field]: value})
    return chosen


def percentiles(times_s: list[float]) -> dict[str, float]:
    """p50, p95 and p99 in milliseconds."""
    p50, p95, p99 = np.percentile(np.array(times_s) * 1e3, (50, 95, 99))
    return {"p50": round(p50, 4), "p95": round(p95, 4), "p99": round(p99, 4)}


def measure(prior: FastPrior, notes: int, weight_bytes: int) -> dict[str, object]:
    """Interleave steps and reads of the weights, so that both see the same machine."""
    rng = np.random.default_rng(0)
    row = Row(24, 60, 24, 20, 1, 1, 1)
    matrix = np.ones((weight_bytes // 4096, 1024), dtype=np.float32)
    vector = np.ones(1024, dtype=np.float32)
    for _ in range(600):
        row = step(prior, row, rng)
    steps, streams = [], []
    for turn in range(notes):
        began = time.perf_counter()
        row = step(prior, row, rng)
        steps.append(time.perf_counter() - began)
        if turn % 4 == 0:
            matrix @ vector  # the step has pushed it out of the caches: warm it as the weights are
            began = time.perf_counter()
            matrix @ vector
            streams.append(time.perf_counter() - began)
    stream_ms = float(np.median(streams) * 1e3)
    found = percentiles(steps)
    return {
        "step_ms": found,
        "stream_weights_ms": round(stream_ms, 4),
        "ratio": round(found["p50"] / stream_ms, 2),
    }


def _burn() -> None:
    while True:
        sum(range(10_000))


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--notes", type=int, default=4000)
    parser.add_argument("--quick", action="store_true", help="a tenth of the notes")
    args = parser.parse_args()
    notes = args.notes // 10 if args.quick else args.notes
    tensors, metadata = load(SHIPPED)
    prior = FastPrior(tensors, metadata)
    result: dict[str, object] = {"params": prior.parameters, "threads": 1, "quick": args.quick}
    weight_bytes = prior.parameters * 4
    result |= measure(prior, notes, weight_bytes)
    others = [
        multiprocessing.Process(target=_burn, daemon=True) for _ in range(os.cpu_count() or 1)
    ]
    for other in others:
        other.start()
    result["loaded"] = measure(prior, notes, weight_bytes)
    for other in others:
        other.kill()
        other.join()
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
