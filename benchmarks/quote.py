"""What the quote meter costs: an answer, learning a take, loading, memory, the file.

    python -m benchmarks.quote [--answers 2000] [--data FOLDER]

Answers of 16 to 64 notes, played a little unevenly, are compared with the shipped index and with an
hour of the player's own notes. With a data folder they are excerpts of its validation split, half
of them chords; without one they are random chords and lines. Milliseconds, p50 and p99: `wall` as a
caller waits, `thread` what the thread itself computed, which other work on the machine does not
lengthen. `own_200` is `add_own` of a take of 200 notes. `unsure_64` is 64 notes in which every time
may be read two ways.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from engine.corpus import CorpusError, load_streams
from engine.evaluate.quote_trials import excerpt, long_enough, random_walk, varied
from engine.events import Note
from engine.quote.index import SHIPPED
from engine.quote.meter import QuoteMeter
from engine.words import DEFAULT_DATA

OWN_TAKES, TAKE_NOTES = 100, 200
UNEVEN_BEATS = 0.02

Answers = Sequence[Sequence[Note]]


def music(data: Path, count: int, length: int | None, rng: np.random.Generator) -> list[list[Note]]:
    """Excerpts of so many notes, 16 to 64 where `length` is None."""
    lengths = [length or int(rng.integers(16, 65)) for _ in range(count)]
    try:
        streams = long_enough(load_streams(data, "valid"), TAKE_NOTES)
        found = [excerpt(streams, n, rng) for n in lengths]
    except CorpusError:
        found = [random_walk(n, rng) for n in lengths]
    return [varied(notes, rng, uneven_beats=UNEVEN_BEATS) for notes in found]


def unsure(length: int, rng: np.random.Generator) -> list[Note]:
    """Notes whose every ratio of times lies at the border of two classes."""
    gaps = 0.3 * np.resize([1.0, 2**0.5], length) * rng.uniform(0.98, 1.02, length)
    onset = np.cumsum(gaps)
    return [Note(float(on), 0.2, int(rng.integers(48, 84)), 80) for on in onset]


def milliseconds(what: Callable[[Sequence[Note]], object], answers: Answers) -> dict[str, object]:
    """p50 and p99 of one call, by the wall and by the thread."""
    wall, thread = [], []
    for notes in answers:
        began, began_thread = time.perf_counter_ns(), time.thread_time_ns()
        what(notes)
        thread.append((time.thread_time_ns() - began_thread) / 1e6)
        wall.append((time.perf_counter_ns() - began) / 1e6)
    return {
        name: {f"p{q}": round(float(np.percentile(taken, q)), 4) for q in (50, 99)}
        for name, taken in (("wall", wall), ("thread", thread))
    }


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--answers", type=int, default=2000)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA)
    args = parser.parse_args()
    rng = np.random.default_rng(1)
    QuoteMeter.load()
    began = time.perf_counter()
    meter = QuoteMeter.load()
    load_ms = 1e3 * (time.perf_counter() - began)
    answers = music(args.data, args.answers, None, rng)
    takes = music(args.data, OWN_TAKES, TAKE_NOTES, rng)
    result = {
        "file_bytes": SHIPPED.stat().st_size,
        "index_bytes_in_memory": meter.bytes_held,
        "load_ms": round(load_ms, 2),
        "answers": len(answers),
        "longest_training_alone": milliseconds(meter.longest, answers),
        "own_200": milliseconds(meter.add_own, takes),
        "longest": milliseconds(meter.longest, answers),
        "unsure_64": milliseconds(meter.longest, [unsure(64, rng) for _ in range(200)]),
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
