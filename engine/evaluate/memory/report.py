"""What `engine.evaluate.memory.run` found, for people: tables, and the curve as a picture.

It refuses to compute: every number that it shows stands in the report.
"""

from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from engine.evaluate.memory.run import MODELS, Report

CURVE = "memory.png"
_NAMES = {"prior": "prior", "memory": "memory alone", "both": "prior and memory"}


def table(report: Report) -> str:
    """The report for people."""
    whole = report["all"]
    lines = [
        f"Memory beside {report['prior']} on {report['players']} players that neither knows, "
        f"{report['notes']} notes, tier {report['tier']}" + (", quick" if report["quick"] else ""),
        "Bits a note, all fields; gain of both over the prior alone, with a 95 % interval.",
        "",
        _row("at note", *_NAMES.values(), "gain", "players"),
    ]
    lines += [_line(at, found) for at, found in report["curve"].items()]
    lines += [_line("all", whole), "", _row("field", *_NAMES.values(), "gain", "")]
    for field, before in whole["bits"]["prior"].items():
        if field != "total":
            bits = [whole["bits"][name][field] for name in MODELS]
            gain = 100 * (1 - bits[-1] / before) if before else 0.0
            lines.append(_row(field, *(f"{one:.3f}" for one in bits), f"{gain:.1f} %", ""))
    lines += ["", _row("collection", *_NAMES.values(), "gain", "players")]
    lines += [_line(name, found) for name, found in report["collections"].items()]
    for setting, found in report["phrases"].items():
        lines += [
            "",
            f"{setting.capitalize()}: bits a note of what follows, by phrases that were learnt",
            _row("phrases", *_NAMES.values(), "gain", "  over a prior that heard none"),
        ]
        for phrases, one in found.items():
            cold = f"{one['gain_over_cold_percent']:.1f} % ({one['bits_cold']:.3f} bits)"
            lines.append(_line(phrases, one, cold))
    cost = report["microseconds"]
    lines += [
        "",
        f"A note is learnt in {cost['learn']:.1f} microseconds, and predicted (all fields) and "
        f"learnt in {cost['predict_and_learn']:.1f}.",
    ]
    return "\n".join(lines)


def _row(name: str, *cells: str) -> str:
    widths = (14, 14, 18, 24, 8)
    filled = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
    return (name.ljust(20) + "".join(filled)).rstrip()


def _line(name: str, found: Report, last: str = "") -> str:
    bits = [f"{found['bits'][model]['total']:.3f}" for model in MODELS]
    low, high = found["interval"]
    gain = f"{found['gain_percent']:.1f} % ({low:.1f} to {high:.1f})"
    return _row(name, *bits, gain, (last and f"  {last}") or str(found.get("players", "")))


def picture(folder: Path, report: Report) -> Path:
    """The curve as `memory.png` in the folder, which is made. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    at = [int(name) for name in report["curve"]]
    for model in MODELS:
        bits = [found["bits"][model]["total"] for found in report["curve"].values()]
        left.plot(at, bits, marker="o", label=_NAMES[model])
    left.set(xscale="log", xlabel="note of an unseen player", ylabel="bits a note", ylim=(0, None))
    left.legend()
    for setting, found in report["phrases"].items():
        phrases = [int(name) for name in found]
        gain = [one["gain_percent"] for one in found.values()]
        spread = [
            [g - one["interval"][0] for g, one in zip(gain, found.values(), strict=True)],
            [one["interval"][1] - g for g, one in zip(gain, found.values(), strict=True)],
        ]
        right.errorbar(phrases, gain, yerr=spread, marker="o", capsize=3, label=setting)
    right.set(xscale="log", xlabel="phrases learnt", ylabel="fewer bits than the prior, %")
    right.axhline(0, color="grey", linewidth=0.8)
    right.legend()
    path = folder / CURVE
    figure.savefig(path, dpi=120)
    return path
