"""What `engine.evaluate.taste.run` found, for people: tables, and curves as a picture.

It refuses to compute: every number that it shows stands in the report.
"""

from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from engine.evaluate.taste.run import QUICK_SAYS, Report

CURVES = "taste.png"
_RECOMMENDED = {
    "piece_first": "the take of the same piece stands first of {library}",
    "piece_above": "it stands above a take of another piece",
    "style_above": "a take of its style stands above one of another",
    "labels_above": "its style stands above another, of {styles}",
    "label_in_five": "one of its styles is among the first five",
}
_WIDTH = 12


def table(report: Report) -> str:
    """The report for people."""
    signals = [str(count) for count in report["signals"]]
    beside = ["chance", "popularity", "ceiling"]
    lines = [
        f"Tastes: {report['model']}, {report['answers']} answers each to {report['phrases']} "
        f"phrases of split {report['split']}, tier {report['tier']}, seed {report['seed']};",
        f"{report['players']} players, judged on {report['judged_phrases']} phrases that they "
        "never heard. ± is half of a 95 % interval.",
    ]
    for what, title in (
        ("agreement", "Share of phrases where the choice is the player's favourite, by signals"),
        ("gain", "Liked more than any answer, as a share of what the favourite would be"),
        ("regret", "Liked less than the favourite, in deviations"),
    ):
        lines += ["", title, _row("signals", [*signals, *beside])]
        for kind, found in report["kinds"].items():
            cells = [_cell(found[what][name]) for name in (*signals, *beside)]
            lines.append(_row(kind, cells))
    exchanges = report["kinds"]["all"]["exchanges"]
    lines += [
        "",
        "Phrases that were played till then: "
        + ", ".join(f"{exchanges[name]:.0f} for {name} signals" for name in signals[1:])
        + ".",
    ]
    truth = report["truth_above_answers"]
    lines += [
        "",
        "By the prior weights alone what the human wrote stands above an answer of the model in "
        f"{_percent(truth)}; chance is 50 %.",
    ]
    recommended = report["recommended"]
    if recommended:
        lines += ["", f"Recommended beside what is played, {recommended['pieces']} pieces:"]
        for name, says in _RECOMMENDED.items():
            if name in recommended:
                found = recommended[name]
                lines.append(
                    f"  {says.format(**recommended)}: {_percent(found)}; "
                    f"chance {100 * found['chance']:.1f} %"
                )
    if report["quick"]:
        lines += ["", QUICK_SAYS]
    return "\n".join(lines)


def _row(name: str, cells: list[str]) -> str:
    return f"{name:<10}" + "".join(f"{cell:>{_WIDTH + 1}}" for cell in cells)


def _cell(figure: dict[str, Any]) -> str:
    low, high = figure["interval"]
    return f"{figure['mean']:.2f} ±{(high - low) / 2:.2f}"


def _percent(figure: dict[str, Any]) -> str:
    low, high = figure["interval"]
    return f"{100 * figure['mean']:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def draw(path: Path, report: Report) -> None:
    """Agreement and gain over signals, one curve a kind of player, beside chance and popularity."""
    figure = Figure(figsize=(11, 4.8), layout="constrained")
    FigureCanvasAgg(figure)
    counts = report["signals"]
    for place, (what, says) in enumerate(
        (("agreement", "share of favourites chosen"), ("gain", "share of the possible gain"))
    ):
        axes = figure.add_subplot(1, 2, place + 1)
        for kind, found in report["kinds"].items():
            whole = kind == "all"
            means = [found[what][str(count)]["mean"] for count in counts]
            style = {"color": "#c2410c", "linewidth": 2.5} if whole else {"linewidth": 1}
            axes.plot(counts, means, "o-" if whole else ".-", label=kind, **style)
            if whole:
                ends = [found[what][str(count)]["interval"] for count in counts]
                low, high = zip(*ends, strict=True)
                axes.fill_between(counts, low, high, color="#c2410c", alpha=0.15, linewidth=0)
                for name, line in (("chance", ":"), ("popularity", "--"), ("ceiling", "-.")):
                    level = found[what][name]["mean"]
                    axes.axhline(level, color="#475569", linestyle=line, linewidth=1, label=name)
        axes.set_xlabel("signals")
        axes.set_ylabel(says)
        axes.grid(alpha=0.3)
    axes.legend(frameon=False, fontsize=8, ncols=2)
    figure.savefig(path, dpi=120)
