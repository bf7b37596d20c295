"""One note heard and the next note chosen, beside the time to read the weights once.

    python -m benchmarks.step [--quick] [--notes N] [--weights FILE]

A step is `FastPrior.read` of a note and the choice of the next one's five fields under a scale
mask, on one thread with a full window. The yardsticks are matrix-vector products (numpy's BLAS)
over as many bytes, in the same run: `held`, the weights as they lie in memory; `read`, those of
them that a step reads (of a table it reads one row); `read_and_state`, the same and the keys and
values in the window; `as_floats`, the weights as 32-bit floats.

`quiet` plays one note after the other; `busy` is the same with every core kept busy by others;
`busy_paced` too, but a note comes every 10 ms, as in music: who sleeps between two notes is not
made to wait by the system like somebody who never does. Also: a prompt of 2,000 notes, and the last
heard note with a plan of 16 behind it, with the planner's whole way of choosing.
"""

import argparse
import json
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import numpy as np

from engine.api import Ask
from engine.encoding import COLUMN_SIZES, FIELD_SIZES, ORDER, PITCH, VOICE, Row
from engine.events import Note, Timebase
from engine.limits import Constraints
from engine.model import compiled, kernels
from engine.model.checkpoint import SHIPPED, load
from engine.model.fast import FastPrior
from engine.model.shape import HEAD_ECHOES, HEAD_TOLD, READ_SIZES, Shape
from engine.planner import Planner
from engine.sampling.draw import draw

PROMPT, PLAN = 2000, 16
PAUSE_S = 0.01
KNOWN = [frozenset(ORDER[:place]) for place in range(len(ORDER))]
ALLOWED = [np.arange(size) > 0 for size in FIELD_SIZES]
ALLOWED[PITCH] = np.isin(np.arange(128) % 12, (0, 2, 4, 5, 7, 9, 11))
ALLOWED[VOICE] = np.ones(FIELD_SIZES[VOICE], dtype=bool)
FIRST = Row(24, 60, 24, 20, 1, 1, 1, 1, 0)

Pick = Callable[[np.ndarray, np.ndarray, np.random.Generator], int]


def planners_draw(logits: np.ndarray, allowed: np.ndarray, rng: np.random.Generator) -> int:
    """The draw that plans are made with."""
    return draw(logits, allowed, temperature=0.95, top_p=0.95, rng=rng)


def compiled_draw(logits: np.ndarray, allowed: np.ndarray, rng: np.random.Generator) -> int:
    """The draw of `engine.model.kernels`."""
    return kernels.choose(logits, allowed, 0.95, 0.95, rng.random())


def step(prior: FastPrior, row: Row, rng: np.random.Generator, pick: Pick) -> Row:
    """Hear `row`, choose the next one."""
    prior.read(row)
    chosen = list(row)
    for field, known in zip(ORDER, KNOWN, strict=True):
        chosen[field] = pick(prior.field(field, chosen, known), ALLOWED[field], rng)
    return Row(*chosen)


def bytes_of(tensors: dict[str, np.ndarray], shape: Shape) -> dict[str, int]:
    """Bytes behind each yardstick."""
    tables = ("notes.", ".told.", ".echo.", "style.")
    each = 2 if compiled.HALF else 4
    whole = sum(tensor.size for tensor in tensors.values())
    matrices = sum(
        tensor.size for name, tensor in tensors.items() if not any(t in name for t in tables)
    )
    rows = shape.width * (len(READ_SIZES) + sum(map(len, HEAD_TOLD)))
    rows += sum(len(echoes) * size for echoes, size in zip(HEAD_ECHOES, FIELD_SIZES, strict=True))
    state = 2 * shape.layers * shape.hidden
    if shape.backbone == "transformer":
        state = 2 * shape.layers * shape.window * shape.width
    read = each * (matrices + rows)
    return {"held": each * whole, "read": read, "read_and_state": read + 4 * state,
            "as_floats": 4 * whole}  # fmt: skip


def percentiles(times_s: list[float]) -> dict[str, float]:
    """p50, p95 and p99 in milliseconds."""
    p50, p95, p99 = np.percentile(np.array(times_s) * 1e3, (50, 95, 99))
    return {"p50": round(p50, 4), "p95": round(p95, 4), "p99": round(p99, 4)}


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def measure(
    prior: FastPrior, notes: int, sizes: dict[str, int], *, pick: Pick, pause_s: float = 0.0
) -> dict[str, object]:
    """Interleave steps and yardsticks, so that all see the same machine."""
    rng = np.random.default_rng(0)
    vector = np.ones(1024, dtype=np.float32)
    # One block for all: several would push each other and the weights out of the caches.
    block = np.ones((max(sizes.values()) // vector.nbytes, len(vector)), dtype=np.float32)
    matrices = {name: block[: size // vector.nbytes] for name, size in sizes.items()}
    row = FIRST
    prior.reset()
    for _ in range(1000):
        row = step(prior, row, rng, pick)
    steps: list[float] = []
    streams: dict[str, list[float]] = {name: [] for name in sizes}
    names = list(sizes)
    for turn in range(notes):
        if pause_s:
            time.sleep(pause_s)
        began = time.perf_counter()
        row = step(prior, row, rng, pick)
        steps.append(time.perf_counter() - began)
        if turn % 2 == 0:
            name = names[turn // 2 % len(names)]
            matrix = matrices[name]
            matrix @ vector  # the step has pushed it out of the caches: warm it as the weights are
            streams[name].append(_timed(lambda matrix=matrix: matrix @ vector))
    found = percentiles(steps)
    stream_ms = {name: round(float(np.median(s)) * 1e3, 4) for name, s in streams.items()}
    return {
        "step_ms": found,
        "stream_ms": stream_ms,
        "p50_to_stream": {name: round(found["p50"] / ms, 2) for name, ms in stream_ms.items()},
        "p99_to_p50": round(found["p99"] / found["p50"], 2),
    }


def parts(prior: FastPrior, notes: int) -> dict[str, float]:
    """Where a step's time goes: medians in milliseconds."""
    rng = np.random.default_rng(0)
    found: dict[str, list[float]] = {
        "hear": [], "five_fields": [], "five_draws": [], "five_compiled_draws": []
    }  # fmt: skip
    row = FIRST
    for _ in range(notes):
        found["hear"].append(_timed(lambda row=row: prior.read(row)))
        spent, chosen = dict.fromkeys(found, 0.0), list(row)
        for field, known in zip(ORDER, KNOWN, strict=True):
            began = time.perf_counter()
            logits = prior.field(field, chosen, known)
            drawn = time.perf_counter()
            chosen[field] = planners_draw(logits, ALLOWED[field], rng)
            again = time.perf_counter()
            compiled_draw(logits, ALLOWED[field], rng)
            spent["five_compiled_draws"] += time.perf_counter() - again
            spent["five_draws"] += again - drawn
            spent["five_fields"] += drawn - began
        for name in ("five_fields", "five_draws", "five_compiled_draws"):
            found[name].append(spent[name])
        row = Row(*chosen)
    return {name: round(float(np.median(times)) * 1e3, 4) for name, times in found.items()}


def prompts(prior: FastPrior, turns: int) -> dict[str, float]:
    """A prompt is taken in, from nothing: milliseconds."""
    rng = np.random.default_rng(0)
    rows = np.stack([rng.integers(0, size, PROMPT) for size in COLUMN_SIZES], axis=1)
    times = []
    for _ in range(turns):
        prior.reset()
        times.append(_timed(lambda: prior.read_many(rows)))
    return percentiles(times)


def plans(prior: FastPrior, turns: int) -> dict[str, float]:
    """The last heard note is read and a plan of 16 is made, in the key of C: milliseconds."""
    planner = Planner(prior)
    planner.begin(Timebase(bpm=120.0, tempo_known=True))
    times, beat = [], 0.0
    for turn in range(600 + turns):
        note = Note(beat, 0.5, 60 + turn % 12, 70)
        if turn < 600:
            planner.hear(note)
        else:
            ask = Ask(turn, turn, beat + 1.0, beat + 200.0, seed=turn, may_hand_over=False,
                      limits=Constraints(max_notes=PLAN))  # fmt: skip

            def answer(note: Note = note, ask: Ask = ask) -> None:
                planner.hear(note)
                made = list(islice(planner.plan(ask), PLAN))
                assert len(made) == PLAN, "the plan is shorter than asked for"

            times.append(_timed(answer))
        beat += 0.5
    return percentiles(times)


def _burn(core: int) -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})
    while True:
        sum(range(10_000))


@contextmanager
def every_core_busy() -> Iterator[None]:
    """Keep each core busy with a process of its own."""
    others = [
        multiprocessing.Process(target=_burn, args=(core,), daemon=True)
        for core in range(os.cpu_count() or 1)
    ]
    for other in others:
        other.start()
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.join()


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--notes", type=int, default=4000)
    parser.add_argument("--quick", action="store_true", help="a tenth of the notes")
    parser.add_argument("--weights", type=Path, default=SHIPPED)
    args = parser.parse_args()
    notes = args.notes // 10 if args.quick else args.notes
    tensors, metadata = load(args.weights)
    prior, shape = FastPrior(tensors, metadata), Shape.from_text(metadata)
    sizes = bytes_of(tensors, shape)
    result: dict[str, object] = {
        "params": prior.parameters,
        "threads": 1,
        "quick": args.quick,
        "half_precision_in_memory": compiled.HALF,
        "bytes": sizes,
        "quiet": measure(prior, notes, sizes, pick=planners_draw),
        "quiet_with_compiled_draw": measure(prior, notes, sizes, pick=compiled_draw),
        "parts_ms": parts(prior, notes // 4),
        f"prompt_{PROMPT}_ms": prompts(prior, 21),
        f"plan_{PLAN}_ms": plans(prior, 100),
    }
    with every_core_busy():
        result["busy"] = measure(prior, notes, sizes, pick=planners_draw)
        result["busy_paced"] = measure(
            prior, notes // 4, sizes, pick=planners_draw, pause_s=PAUSE_S
        )
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
