"""What `engine.evaluate.continuation.run` found, for people: tables that fit a terminal.

It refuses to compute: every number that it prints stands in the report.
"""

from typing import Any

from engine.evaluate.continuation.similarity import HISTOGRAMS
from engine.evaluate.report import Report

_COLUMNS = {
    "pitch_class": "pitch cl.", "interval": "interval", "duration": "duration",
    "inter_onset": "inter-ons.", "density": "density", "likeness": "mean",
}  # fmt: skip
_ORDER = {
    "style": "style", "motifs": "motifs", "scale_consistency": "scale", "pitch_entropy": "entropy",
    "groove": "groove", "groove_with_prime": "gr. prime", "notes": "notes",
    "longest_run": "run, notes",
}  # fmt: skip
_MARGINS = {"likeness", "style", "longest_run", "motifs"}


def table(report: Report) -> str:
    """The report for people."""
    systems: dict[str, Any] = report["systems"]
    lines = [
        f"Continuations: {report['model']} on {report['primes']} primes, split {report['split']}, "
        f"tier {report['tier']}, seed {report['seed']}; ± is half of a 95 % interval over primes.",
        "",
        "Overlapping area with the true continuation (1: the same distribution)",
        _row("", list(_COLUMNS.values())),
        *(_row(name, [_cell(each, figure) for figure in _COLUMNS])
          for name, each in systems.items() if name != "human"),
        "",
        "The continuation itself, and beside its prime (as near to human as can be is best)",
        _row("", list(_ORDER.values())),
        *(_row(name, [_cell(each, figure) for figure in _ORDER])
          for name, each in systems.items()),
        "",
        "Told from human by a small network (0.5: not at all); longest run shared with the "
        "training notes",
        _row("", ["accuracy", "low", "high", "run, 95th", "run, most"]),
    ]  # fmt: skip
    for name, each in systems.items():
        test = each.get("two_sample")
        cells = [f"{x:.3f}" for x in (test["accuracy"], *test["interval"])] if test else ["-"] * 3
        cells += [_number(each.get(f"longest_run_{what}"), 0) for what in ("95th", "most")]
        lines.append(_row(name, cells))
    lines += [
        "",
        "Overlapping area between sets (mgeval)",
        _row("", [_COLUMNS[name] for name in HISTOGRAMS]),
        *(_row(name, [_number(each["sets"].get(figure), 3) for figure in HISTOGRAMS])
          for name, each in systems.items() if name != "human"),
        "",
        f"The same seed gave the same plan for {report['repeatable']:.1%} of the primes.",
        *_critic(report.get("critic")),
        "",
        "What tells the model best:",
    ]  # fmt: skip
    for tell in report["tells"]:
        lines.append(
            f"  {tell['what']}: {tell['system']:.3f}, human {tell['human']:.3f} "
            f"(higher with a chance of {tell['higher']:.2f})"
        )
    names = list(systems)
    lines += ["", _row("likeness to the truth", ["primes", *map(_short, names[:-1])])]
    for collection, each in report["by_collection"].items():
        cells = [f"{each[name]['likeness']:.3f}" for name in names[:-1]]
        lines.append(_row(collection, [str(each["primes"]), *cells]))
    return "\n".join([*lines, *([""] if report["says"] else []), *report["says"]])


def _short(name: str) -> str:
    """A system's name as the head of a column."""
    return name.removeprefix("model, ")


def _critic(facts: dict[str, Any] | None) -> list[str]:
    """What the critic is worth by itself; nothing where none was asked."""
    if facts is None:
        return []
    best = ", ".join(f"of {count} {area:.3f}" for count, area in facts["auc_best"].items())
    took = facts["candidate_ms"]
    return [
        f"The critic puts the true continuation above one answer with a chance of "
        f"{facts['auc']:.3f}; above its best {best}. "
        f"{took['p50']:.2f} ms a candidate (95th {took['p95']:.2f} ms)."
    ]


def _cell(system: dict[str, Any], figure: str) -> str:
    found = system["figures"].get(figure)
    if found is None:
        return "-"
    digits = 1 if figure in {"notes", "longest_run"} else 3
    if figure not in _MARGINS:
        return f"{found['mean']:.{digits}f}"
    low, high = found["interval"]
    return f"{found['mean']:.{digits}f}±{(high - low) / 2:.{digits}f}"


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _row(name: str, cells: list[str]) -> str:
    return f"{name:<22}" + "".join(f"{cell:>12}" for cell in cells)
