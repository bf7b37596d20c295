"""`antiphon evaluate adapt`: every method on every unseen player, as report, table and curves.

Means are over episodes (a player, a setting, a number of phrases); the share of the prior's bits
that a method saves is taken in each episode, so that players who are hard to predict do not
outweigh the others. Intervals come from drawing players anew (bootstrap). It refuses to choose what
ships: the table is for people.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.adapt.adapter import AdapterError
from engine.adapt.descent import Start
from engine.adapt.lesson import Scorer
from engine.adapt.plain import plain_start
from engine.corpus import SHIPPABLE, CorpusError, load_streams, load_tasks
from engine.encoding import FIELDS
from engine.evaluate import baselines
from engine.evaluate.adapt.cases import PLAYERS_OF_ONE, cases
from engine.evaluate.adapt.scores import (
    BOTH,
    MEMORY,
    PRIOR,
    PROMPT,
    SHIPS,
    WITH_MEMORY,
    Score,
    query,
    scores,
)
from engine.evaluate.notes import Notes, gather, sample
from engine.evaluate.prior import load_prior
from engine.evaluate.report import Bar, Report
from engine.meta.starts import SHIPPED, load_start
from engine.meta.tasks import SETTINGS, Episode
from engine.model.checkpoint import fingerprint

PHRASES = (1, 2, 4, 8, 16)
NGRAM = "n-gram"
NGRAM_NOTES = 3_000_000
QUICK_NGRAM_NOTES = 300_000
_RESAMPLES = 2000

Found = list[tuple[int, Episode, dict[str, Score]]]


def evaluate(
    data: Path,
    weights: Path,
    *,
    tasks: str,
    tier: str,
    phrases: Sequence[int],
    starts: Sequence[Path],
    forms: Sequence[str],
    players: int | None,
    threads: int,
    quick: bool,
    bar: Bar,
) -> Report:
    """Everything there is to say about few-shot learning on these tasks.

    starts: files of other starting points to hold beside; forms: learnt from the prior as it is.
    Raises CorpusError, CheckpointError, AdapterError.
    """
    torch.set_num_threads(threads)
    scorer, name = Scorer(load_prior(weights)[0]), fingerprint(weights)
    beside: dict[str, Start] = {form: plain_start(scorer.base, form) for form in forms}
    for path in starts:
        start, facts = load_start(path, name)
        beside[f"{start.form}, {facts.get('method', path.stem)}"] = start
    try:
        shipped = load_start(SHIPPED, name)[0]
    except AdapterError:
        shipped = plain_start(scorer.base)
    most = players or (1 if quick else PLAYERS_OF_ONE)
    chosen = cases(load_tasks(data, tasks, tier=tier), phrases, most=most)
    if not chosen:
        raise CorpusError(
            f"No player of {tasks!r}, tier {tier!r} in {data} has enough music; name fewer "
            "--phrases or other --tasks."
        )
    found: Found = []
    with bar("episodes", len(chosen)) as done:
        for number, episode in chosen:
            found.append((number, episode, scores(scorer, episode, beside, shipped)))
            done(1)
    _add_ngram(found, data, QUICK_NGRAM_NOTES if quick else NGRAM_NOTES)
    return {
        "tasks": tasks,
        "tier": tier,
        "quick": quick,
        "threads": threads,
        "prior": name,
        "shipped_form": shipped.form,
        "players": sorted({episode.task for _, episode, _ in found}),
        "rows": _rows(found),
    }


def _add_ngram(found: Found, data: Path, most_notes: int) -> None:
    """The bits of a back-off n-gram of the training notes, which learns nothing of the player."""
    try:
        train = gather(sample(load_streams(data, "train", tier=SHIPPABLE), most_notes))
    except CorpusError:
        return
    queries = [query(episode, heard=False) for _, episode, _ in found]
    asked = Notes(
        rows=np.concatenate([one.rows for one in queries]).astype(np.int16),
        counted=np.concatenate([one.counted for one in queries]),
        place=np.concatenate([np.arange(len(one.rows), dtype=np.int32) for one in queries]),
        piece=np.repeat(np.arange(len(queries), dtype=np.int32), [len(q.rows) for q in queries]),
        collections=tuple(episode.collection for _, episode, _ in found),
    )
    bits, _ = baselines.backoff(train, train, None, asked)
    for number, (_, _, of_episode) in enumerate(found):
        mine = asked.piece == number
        of_episode[NGRAM] = Score(bits[mine].sum(axis=0, dtype=np.float64) / mine.sum())


def _rows(found: Found) -> list[dict[str, Any]]:
    """One row a setting, number of phrases and method."""
    groups: dict[tuple[str, int], Found] = defaultdict(list)
    for number, episode, of_episode in found:
        groups[episode.setting, number].append((number, episode, of_episode))
    rows = []
    for (setting, number), group in sorted(
        groups.items(), key=lambda g: (SETTINGS.index(g[0][0]), g[0][1])
    ):
        prior = np.array([one[PRIOR].bits.sum() for _, _, one in group])
        prompt = np.array([one[PROMPT].bits.sum() for _, _, one in group])
        notes = float(np.mean([episode.support_notes for _, episode, _ in group]))
        for method in group[0][2]:
            bits = np.array([one[method].bits for _, _, one in group])
            total = bits.sum(axis=1)
            saved = 100 * (1 - total / prior)
            low, high = _interval(saved)
            kept = [one[method].kept for _, _, one in group]
            rows.append(
                {
                    "setting": setting,
                    "phrases": number,
                    "method": method,
                    "bits_per_note": float(total.mean()),
                    "fields": dict(zip(FIELDS, bits.mean(axis=0).tolist(), strict=True)),
                    "saved_percent": float(saved.mean()),
                    "interval": [low, high],
                    "saved_of_all_percent": float(100 * (1 - total.sum() / prior.sum())),
                    "over_prompt_percent": float((100 * (1 - total / prompt)).mean()),
                    "worse_than_prior": float((saved < -1e-6).mean()),
                    "worst_percent": float(saved.min()),
                    "kept": None if None in kept else sum(map(bool, kept)) / len(kept),
                    "seconds": float(np.mean([one[method].seconds for _, _, one in group])),
                    "most_seconds": float(max(one[method].seconds for _, _, one in group)),
                    "support_notes": notes,
                    "episodes": len(group),
                }
            )
    return rows


def _interval(values: np.ndarray) -> tuple[float, float]:
    """[low, high] of the mean, 95 %, if other players had been drawn."""
    rng = np.random.default_rng(0)
    drawn = rng.choice(values, (_RESAMPLES, len(values))).mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def table(report: Report) -> str:
    """The report for people."""
    lines = [
        f"Bits per note of {len(report['players'])} unseen players, {report['tasks']}, tier "
        f"{report['tier']}; saved: of the bits of the prior alone, 95 % over players.",
    ]
    last = None
    for row in report["rows"]:
        here = row["setting"], row["phrases"]
        if here != last:
            lines += [
                "",
                f"{row['setting']}, {row['phrases']} phrases ({row['support_notes']:.0f} notes), "
                f"{row['episodes']} players",
                f"  {'':<28}{'bits':>8}{'saved %':>9}{'':>16}{'worse':>8}{'worst %':>9}"
                f"{'kept':>6}{'s':>7}",
            ]
            last = here
        low, high = row["interval"]
        kept = "" if row["kept"] is None else f"{row['kept']:.0%}"
        seconds = f"{row['seconds']:.1f}" if row["seconds"] else ""
        lines.append(
            f"  {row['method']:<28}{row['bits_per_note']:>8.3f}{row['saved_percent']:>9.1f}"
            f"{f'({low:.1f} to {high:.1f})':>16}{row['worse_than_prior']:>8.0%}"
            f"{row['worst_percent']:>9.1f}{kept:>6}{seconds:>7}"
        )
    return "\n".join(lines)


SHOWN: Mapping[str, str] = {
    NGRAM: "n-gram",
    PROMPT: "prompt only",
    MEMORY: "memory alone",
    BOTH: "prior + memory",
    SHIPS: "adapter as shipped",
    SHIPS + WITH_MEMORY: "adapter + memory",
}
"""What the curves show, and how it is called there; others are in the table."""
_LEFT_OUT = (NGRAM, MEMORY)


def draw(path: Path, report: Report) -> None:
    """Saved bits by number of phrases, one panel a setting, as PNG. Raises OSError."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), dpi=120, layout="constrained")
    panels = figure.subplots(1, len(SETTINGS), sharey=False)
    for panel, setting in zip(panels, SETTINGS, strict=True):
        for method, label in SHOWN.items():
            rows = [
                row
                for row in report["rows"]
                if (row["setting"], row["method"]) == (setting, method)
            ]
            if not rows or method in _LEFT_OUT:
                continue
            numbers = [row["phrases"] for row in rows]
            saved = [row["saved_percent"] for row in rows]
            (line,) = panel.plot(numbers, saved, marker="o", label=label)
            low, high = zip(*(row["interval"] for row in rows), strict=True)
            panel.fill_between(numbers, low, high, alpha=0.12, color=line.get_color())
        panel.axhline(0, color="0.5", linewidth=0.8)
        panel.set_xscale("log", base=2)
        panel.set_xticks(PHRASES, [str(number) for number in PHRASES])
        panel.set_title(setting)
        panel.set_xlabel("phrases of the player")
        panel.set_ylabel("bits saved, % of the prior's")
    panels[0].legend(frameon=False, fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
