"""The quote meter, measured: what it costs, what it finds, what it finds that is not there.

False alarms are runs found in music that surely is not in the training data (`quote_trials`).
Detection is the share of training excerpts that are found after they were moved to another key and
tempo and played unevenly. Beside the exact longest runs of `continuation.novelty`, which knows one
tempo only and counts everybody's figures, too: what the meter misses and what it says too much.
What the limit does: the share of human held-out passages and of the model's continuations that
would be drawn anew, with 95 % intervals from drawing passages anew.

It refuses to choose the limit: the figures of the validation split did (docs/adr/0015).
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from engine.corpus import SHIPPABLE, CorpusError, Stream, load_streams
from engine.evaluate.continuation.continuers import planned
from engine.evaluate.continuation.novelty import longest_runs, symbols_of, training_symbols
from engine.evaluate.continuation.passages import Passage, choose
from engine.evaluate.continuation.run import interval
from engine.evaluate.notes import gather
from engine.evaluate.quote_trials import (
    AROUND,
    excerpt,
    long_enough,
    over_chords,
    planted,
    random_walk,
    shuffled,
    varied,
)
from engine.evaluate.report import Bar, Report
from engine.events import Note
from engine.model.checkpoint import load as load_weights
from engine.model.fast import FastPrior
from engine.planner import Planner
from engine.quote.index import COUNTS_FROM, SHIPPED
from engine.quote.meter import Quote, QuoteMeter

PASSAGES, CONTINUED, PLANTED = 1000, 300, 200
QUICK_PASSAGES, QUICK_CONTINUED, QUICK_PLANTED = 200, 20, 40
LENGTHS = (16, 18, 20, 24, 32, 48)
UNEVEN_BEATS = (0.0, 0.01, 0.02)
"""Standard deviation of each onset: 0, 5 and 10 ms at 120 bpm."""
QUICK_SAYS = "A quick look: few passages, and no exact runs beside; leave out --quick for figures."
Answers = Sequence[Sequence[Note]]


def evaluate(
    data: Path,
    weights: Path,
    *,
    index: Path | None,
    split: str,
    tier: str,
    seed: int,
    quick: bool,
    bar: Bar,
) -> Report:
    """Everything there is to say of the meter. Raises CorpusError, QuoteIndexError."""
    rng = np.random.default_rng(seed)
    meter, report = _cost(index or SHIPPED)
    count = QUICK_PASSAGES if quick else PASSAGES
    chosen = choose(load_streams(data, split, tier=tier), count, seed=seed)
    passages = [passage for passage in chosen if not passage.truth.drums]
    if not passages:
        raise CorpusError(f"{data} holds no passage of split {split!r}; name another --split.")
    human = [passage.truth.notes for passage in passages]
    report |= {"split": split, "tier": tier, "seed": seed, "quick": quick, "passages": len(human)}
    report["lengths"] = list(LENGTHS)
    with bar("human passages", len(human)) as done:
        found, taken = _all(meter, human, done)
    report["human"] = _shares(meter, found, seed)
    report["ms"] = _times(human, taken)
    with bar("false alarms", 3 * len(human)) as done:
        mixed = [shuffled(notes, rng) for notes in human for _ in range(2)]
        walks = [random_walk(len(notes), rng) for notes in human]
        report["shuffled"] = _shares(meter, _all(meter, mixed, done)[0], seed)
        report["random"] = _shares(meter, _all(meter, walks, done)[0], seed)
    continued = _continued(passages, weights, QUICK_CONTINUED if quick else CONTINUED, seed, bar)
    by_model = [meter.longest(notes) for notes in continued]
    report["model"] = _shares(meter, by_model, seed)
    report["says"] = [QUICK_SAYS] if quick else []
    train = load_streams(data, "train", tier=SHIPPABLE)
    report["planted"] = _planted(meter, train, human, QUICK_PLANTED if quick else PLANTED, rng, bar)
    if not quick:
        with bar("exact runs", 1) as done:
            report["exact"] = _beside_exact(train, [*human, *continued], [*found, *by_model])
            done(1)
    return report


def _cost(path: Path) -> tuple[QuoteMeter, Report]:
    meter, taken = QuoteMeter.load(path), []
    for _ in range(5):
        begin = time.perf_counter()
        meter = QuoteMeter.load(path)
        taken.append(1e3 * (time.perf_counter() - begin))
    return meter, {
        "index": str(path),
        "card": meter.card,
        "file_bytes": path.stat().st_size,
        "held_bytes": meter.bytes_held,
        "load_ms": float(np.median(taken)),
        "limit": meter.limit,
        "own_limit": meter.own_limit,
        "counts_from": COUNTS_FROM,
    }


def _all(
    meter: QuoteMeter, answers: Answers, done: Callable[[int], object]
) -> tuple[list[Quote], list[float]]:
    """What the meter says of each, and the milliseconds of its thread."""
    found, taken = [], []
    for notes in answers:
        begin = time.thread_time()
        found.append(meter.longest(notes))
        taken.append(1e3 * (time.thread_time() - begin))
        done(1)
    return found, taken


def _times(answers: Answers, taken: Sequence[float]) -> Report:
    usual = [ms for ms, notes in zip(taken, answers, strict=True) if 16 <= len(notes) <= 64]
    p50, p99 = np.percentile(usual or list(taken), [50, 99])
    return {"answers": len(usual), "p50": float(p50), "p99": float(p99)}


def _shares(meter: QuoteMeter, found: Sequence[Quote], seed: int) -> Report:
    runs = np.array([quote.run for quote in found], dtype=np.float64)
    anew = np.array([meter.too_long(quote) for quote in found], dtype=np.float64)
    return {
        "answers": len(found),
        "counted": float((runs > 0).mean()),
        "at_least": {str(length): float((runs >= length).mean()) for length in LENGTHS},
        "too_long": float(anew.mean()),
        "too_long_interval": interval(anew, seed),
        "most": int(runs.max()),
    }


def _continued(
    passages: Sequence[Passage], weights: Path, count: int, seed: int, bar: Bar
) -> list[Sequence[Note]]:
    """The model's continuations of some of the passages, evenly taken."""
    model = planned(Planner(FastPrior(*load_weights(weights))))
    asked = passages[:: max(1, len(passages) // count)][:count]
    found: list[Sequence[Note]] = []
    with bar("model", len(asked)) as done:
        for number, passage in enumerate(asked):
            found.append(model(passage, seed + number).notes)
            done(1)
    return found


def _planted(
    meter: QuoteMeter,
    train: Sequence[Stream],
    human: Answers,
    count: int,
    rng: np.random.Generator,
    bar: Bar,
) -> Report:
    """Detection by length and unevenness, of excerpts as they are and of melodies over chords."""
    streams = long_enough(train, LENGTHS[-1])
    melodies = [stream for stream in streams if (np.diff(stream.onset) > 1).all()]
    if not streams:
        raise CorpusError(f"No training piece has {LENGTHS[-1]} notes; name music with --data.")
    kinds: dict[str, Report] = {}
    with bar("planted", count * len(LENGTHS) * (len(UNEVEN_BEATS) + 1)) as done:
        for uneven in UNEVEN_BEATS:
            name = f"uneven {uneven:g} beats"
            kinds[name] = {}
            for length in LENGTHS:
                trials = []
                for _ in range(count):
                    quote = varied(excerpt(streams, length, rng), rng, uneven_beats=uneven)
                    before, after = (human[int(rng.integers(len(human)))] for _ in range(2))
                    answer = planted(quote, before[-AROUND:], after[:AROUND])
                    trials.append((meter.longest(answer), length))
                    done(1)
                kinds[name][str(length)] = _detected(meter, trials)
        kinds["melody over chords"] = {}
        for length in LENGTHS if melodies else ():
            trials = []
            for _ in range(count):
                tune = varied(excerpt(melodies, length, rng), rng, uneven_beats=UNEVEN_BEATS[1])
                trials.append((meter.longest(over_chords(tune, rng)), length))
                done(1)
            kinds["melody over chords"][str(length)] = _detected(meter, trials)
    return kinds


def _detected(meter: QuoteMeter, trials: Sequence[tuple[Quote, int]]) -> dict[str, float]:
    found = [(quote.run, length) for quote, length in trials if quote.run]
    right = sum(abs(run - length) <= 2 for run, length in found)
    return {
        "found": len(found) / len(trials),
        "too_long": float(np.mean([meter.too_long(quote) for quote, _ in trials])),
        "right_within_2": right / max(1, len(found)),
    }


def _beside_exact(train: Sequence[Stream], answers: Answers, found: Sequence[Quote]) -> Report:
    """How many answers reach a length by exact runs, by the meter, by both."""
    symbols = training_symbols(gather(list(train)))
    exact = np.array(longest_runs(symbols, [symbols_of(notes) for notes in answers]))
    runs = np.array([quote.run for quote in found])
    report: Report = {"answers": len(answers)}
    for length in LENGTHS:
        both = (exact >= length) & (runs >= length)
        report[str(length)] = {
            "exact": int((exact >= length).sum()),
            "meter": int((runs >= length).sum()),
            "both": int(both.sum()),
            "meter_within_2": int(((exact >= length) & (runs >= length - 2)).sum()),
        }
    return report


def table(report: Report) -> str:
    """The report for people."""
    card, ms = report["card"], report["ms"]
    lines = [
        f"Index: {card['rare_windows']:,} windows of {card['notes']:,} notes, "
        f"{report['file_bytes'] / 1e6:.2f} MB, {report['held_bytes'] / 1e6:.2f} MB held, "
        f"loaded in {report['load_ms']:.0f} ms.",
        f"An answer of 16 to 64 notes: {ms['p50']:.2f} ms (p50), {ms['p99']:.2f} ms (p99).",
        f"A run counts from {report['counts_from']} notes, is too long from {report['limit']} "
        f"(own: {report['own_limit']}).",
        "",
        "Share of answers with a run of so many notes, and that would be drawn anew:",
        f"{'':<28}" + "".join(f"{length:>8}" for length in LENGTHS) + "    anew",
    ]
    for name in ("human", "model", "shuffled", "random"):
        one = report[name]
        low, high = one["too_long_interval"]
        cells = "".join(f"{one['at_least'][str(length)]:>8.2%}" for length in LENGTHS)
        lines.append(
            f"{name + ' (' + format(one['answers'], ',') + ')':<28}{cells}  "
            f"{one['too_long']:>6.2%} ({low:.2%} to {high:.2%})"
        )
    lines += ["", "Planted training excerpts: found / too long / right within two notes"]
    for name, by_length in report["planted"].items():
        for length, one in by_length.items():
            lines.append(
                f"{name:<24}{length:>4} notes {one['found']:>8.1%}{one['too_long']:>8.1%}"
                f"{one['right_within_2']:>8.1%}"
            )
    if "exact" in report:
        lines += ["", "Beside exact runs of one tempo, everybody's figures counted:"]
        for length in map(str, LENGTHS):
            one = report["exact"][length]
            lines.append(
                f"{length:>4} notes or more: exact {one['exact']}, meter {one['meter']}, "
                f"both {one['both']}, meter within two notes {one['meter_within_2']}"
            )
    return "\n".join([*lines, *report["says"]])
