"""How soon and how rightly the partner comes in, as a curve over its dial, beside fixed silences.

    python -m benchmarks.handover [--data DIR] [--picture FILE] [--most N]
    python -m benchmarks.handover --fit

Held-out phrases (`benchmarks.handover_phrases`) are played to `plugin.turns.HandOver` note by note.
Within a phrase it should not come in before the next note: mistakes per 1,000 notes. After a
phrase's last note the player stops: the delay after that note's release, p50 and p90; and the share
of ends at which it came in before the piece went on. All pieces of a kind have the same dial; kinds
(two collections, in free time and on a clock) weigh alike.

`mixed` is what plays; `gaps` knows the player's own gaps alone, as while the engine is late;
`model` knows the prior's expectation alone; `fixed` comes in so many seconds after the last
release. `at_equal_mistakes` reads the curves where they make as many mistakes as a fixed silence.
`--fit` finds the weights of the three, on pieces that the report does not use.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from benchmarks.handover_fit import Kinds, fit
from benchmarks.handover_phrases import COLLECTIONS, FIT, REPORT, Line, lines
from engine.model.checkpoint import SHIPPED
from plugin.turns import HandOver, Weights

DIAL = tuple(n / 8 for n in range(9))
SILENCES_S = (0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.25)
BESIDE_S = (0.3, 0.5, 1.0)
MODEL_ALONE = Weights(-0.68, 0.0, 1.36, 0.17, 1.06, -0.38, 0.0, 0.28, 0.0)


class Rule(Protocol):
    """What is measured."""

    def note_on(self, now_ns: int) -> None:
        """The player struck a key."""

    def note_off(self, now_ns: int) -> None:
        """The player released a key."""

    def expected(self, over: float, gaps_ns: Sequence[int]) -> None:
        """What the prior expects."""

    def deadline_ns(self, *, held: bool = False) -> int | None:
        """When the turn passes on."""


class FixedSilence:
    """What others do: so many seconds after the last release."""

    def __init__(self, silence_s: float) -> None:
        self._silence_ns, self._release_ns = round(silence_s * 1e9), 0

    def note_on(self, now_ns: int) -> None:
        """Nothing to learn from it."""

    def note_off(self, now_ns: int) -> None:
        """The silence begins."""
        self._release_ns = now_ns

    def expected(self, over: float, gaps_ns: Sequence[int]) -> None:
        """Nothing to learn from it either."""

    def deadline_ns(self, *, held: bool = False) -> int | None:
        """The same after every note; never while a key is held."""
        return None if held else self._release_ns + self._silence_ns


class WithoutModel(HandOver):
    """The player's gaps alone: the engine is always late."""

    def expected(self, over: float, gaps_ns: Sequence[int]) -> None:
        """It comes too late."""


def deadlines(line: Line, rule: Rule) -> np.ndarray:
    """When the rule comes in after each note (ns), infinite where the next note comes first.

    After the last note of a phrase no note comes: the player waits.
    """
    found = np.full(len(line.onset_ns), np.inf)
    struck, released = (gaps.round().tolist() for gaps in (line.gaps_ns, line.gaps_after_ns))
    onsets, releases = (times.round().tolist() for times in (line.onset_ns, line.release_ns))
    following = np.where(line.ends, np.inf, line.next_ns).tolist()
    for n, next_ns in enumerate(following):
        rule.note_on(onsets[n])
        rule.expected(line.over[n], struck[n])
        held_ns = rule.deadline_ns(held=True)
        if held_ns is not None and held_ns < min(releases[n], next_ns):
            found[n] = held_ns
            continue
        rule.note_off(releases[n])
        if next_ns <= releases[n]:
            continue  # the next key is struck before this one is released: there is no silence
        rule.expected(line.over_after[n], released[n])
        deadline_ns = rule.deadline_ns()
        if deadline_ns is not None and deadline_ns < next_ns:
            found[n] = deadline_ns
    return found


def measure(kinds: Kinds, make: Callable[[], Rule]) -> dict[str, Any]:
    """Play every line to a fresh listener; means over the kinds, and the mistakes of each."""
    each = {}
    for name, pieces in kinds.items():
        came = np.concatenate([deadlines(line, make()) for line in pieces])
        ends = np.concatenate([line.ends for line in pieces])
        release = np.concatenate([line.release_ns for line in pieces])
        following = np.concatenate([line.next_ns for line in pieces])
        delay_s = (came - release)[ends] / 1e9
        each[name] = (
            1000 * np.isfinite(came[~ends]).mean(),
            *np.percentile(delay_s, (50, 90)),
            100 * (came < following)[ends].mean(),
        )
    names = ("mistakes_per_1000", "delay_s_p50", "delay_s_p90", "ends_taken_percent")
    table = np.array(list(each.values()))
    result: dict[str, Any] = {
        name: round(float(value), 3) for name, value in zip(names, table.mean(axis=0), strict=True)
    }
    result["by_kind"] = {
        name: {key: round(float(value), 3) for key, value in zip(names, row, strict=True)}
        for name, row in each.items()
    }
    return result


def at_equal_mistakes(curve: list[dict[str, Any]], mistakes: float) -> dict[str, float]:
    """Delays where the curve makes so many mistakes, between its points; none beyond its ends."""
    points = sorted(curve, key=lambda point: point["mistakes_per_1000"])
    made = np.log([max(point["mistakes_per_1000"], 1e-3) for point in points])
    if not made[0] <= np.log(max(mistakes, 1e-3)) <= made[-1]:
        return {}
    return {
        name: round(float(np.interp(np.log(mistakes), made, [p[name] for p in points])), 3)
        for name in ("delay_s_p50", "delay_s_p90", "ends_taken_percent")
    }


def report(kinds: Kinds) -> dict[str, Any]:
    """All curves."""
    makers: dict[str, Callable[[float], Rule]] = {
        "mixed": HandOver,
        "gaps": WithoutModel,
        "model": lambda dial: HandOver(dial, mixed=MODEL_ALONE),
        "fixed": FixedSilence,
    }
    curves: dict[str, list[dict[str, Any]]] = {}
    for name, make in makers.items():
        settings = SILENCES_S if name == "fixed" else DIAL
        curves[name] = [
            {"setting": setting, **measure(kinds, lambda make=make, at=setting: make(at))}
            for setting in settings
        ]
        print(f"{name}: done", file=sys.stderr)
    beside = {}
    for silence in curves["fixed"]:
        if silence["setting"] in BESIDE_S:
            mistakes = silence["mistakes_per_1000"]
            beside[f"fixed_{silence['setting']}_s"] = {
                "mistakes_per_1000": mistakes,
                **{
                    name: at_equal_mistakes(curve, mistakes)
                    for name, curve in curves.items()
                    if name != "fixed"
                },
            }
    default = next(point for point in curves["mixed"] if point["setting"] == 0.5)
    return {"default": default, "at_equal_mistakes": beside, "curves": curves}


def draw(curves: dict[str, list[dict[str, Any]]], path: Path) -> None:
    """The curves as a PNG: mistakes against delay, and where the dial stands in the middle."""
    from matplotlib.figure import Figure

    words = {
        "mixed": "the player's gaps and the model's expectation",
        "gaps": "the player's gaps alone",
        "model": "the model's expectation alone",
        "fixed": "a fixed silence",
    }
    looks = {"mixed": ("#0072b2", "-", "o"), "gaps": ("#009e73", "--", "s"),
             "model": ("#cc79a7", ":", "^"), "fixed": ("#555555", "-.", "x")}  # fmt: skip
    figure = Figure(figsize=(7.5, 4.6), layout="constrained")
    axes = figure.subplots()
    for name, curve in curves.items():
        colour, line, mark = looks[name]
        x = [point["delay_s_p50"] for point in curve]
        y = [point["mistakes_per_1000"] for point in curve]
        axes.plot(x, y, color=colour, linestyle=line, marker=mark, label=words[name])
    middle = next(point for point in curves["mixed"] if point["setting"] == 0.5)
    place = (middle["delay_s_p50"], middle["mistakes_per_1000"])
    axes.annotate("eagerness 0.5", place, xytext=(-60, -40), textcoords="offset points",
                  ha="right", color=looks["mixed"][0],
                  arrowprops={"arrowstyle": "->", "color": looks["mixed"][0]})  # fmt: skip
    axes.set_yscale("log")
    axes.set_xlim(0, 1.3)
    ticks = (0.5, 1, 2, 5, 10, 20, 50, 100)
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("seconds from the phrase's last release until the partner comes in (median)")
    axes.set_ylabel("mistakes in 1,000 notes")
    axes.grid(color="#dddddd")
    axes.legend(frameon=False)
    figure.savefig(path, dpi=120)


def kinds_of(data: Path, splits: Sequence[str], most: int) -> Kinds:
    """The lines of each collection, in free time and on a clock."""
    found = {}
    for collection in COLLECTIONS:
        for beats in (False, True):
            name = f"{collection}, {'on a clock' if beats else 'free time'}"
            found[name] = lines(
                data, splits, collection=collection, beats=beats, most=most, weights=SHIPPED
            )
            print(f"{name}: {len(found[name])} lines", file=sys.stderr)
    return found


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--picture", type=Path, help="draw the curves to this PNG")
    parser.add_argument("--most", type=int, default=120, help="pieces of each kind and split")
    parser.add_argument("--fit", action="store_true", help="find the weights anew, and only that")
    args = parser.parse_args()
    kinds = kinds_of(args.data, FIT if args.fit else REPORT, args.most)
    result: dict[str, Any] = {
        "lines": {name: len(pieces) for name, pieces in kinds.items()},
        "notes": sum(len(line.ends) for pieces in kinds.values() for line in pieces),
        "ends": int(sum(line.ends.sum() for pieces in kinds.values() for line in pieces)),
    }
    result |= fit(kinds) if args.fit else report(kinds)
    if args.picture and not args.fit:
        draw(result["curves"], args.picture)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
