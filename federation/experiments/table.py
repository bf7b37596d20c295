"""From runs of arms to the table: what unseen players are spared, with intervals, and by style.

Shares are of the prior's bits in each player, so that those who are hard to predict do not outweigh
the others; intervals come from drawing players anew (bootstrap), over all seeds together. It
refuses to run anything.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from federation.aggregate.rules import Sums

_RESAMPLES = 2000


def saved(bits: Sums, prior: Sums) -> Sums:
    """Percent of the prior's bits that are saved. Shape (..., judges)."""
    found: Sums = 100.0 * (1.0 - bits / prior)
    return found


def interval(values: Sums, players: Sequence[str], seed: int = 0) -> tuple[float, float]:
    """95 % of the mean of `values` (seeds, judges), judges of one player drawn together."""
    rng = np.random.default_rng(seed)
    names = sorted(set(players))
    columns = [[n for n, name in enumerate(players) if name == one] for one in names]
    means = []
    for _ in range(_RESAMPLES):
        drawn = [columns[int(n)] for n in rng.integers(len(names), size=len(names))]
        means.append(values[:, [n for part in drawn for n in part]].mean())
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def row(runs: Sequence[Mapping[str, Any]], judges: Mapping[str, Any]) -> dict[str, Any]:
    """Of one arm: its runs of different seeds.

    runs: each with `alone`, `taken` and `adapted` (bits of each judge), `curve`, `best_round`,
    `dropped`, `bytes`. judges: `prior`, `names`, `styles`.
    """
    prior = np.array(judges["prior"])
    found: dict[str, Any] = {"seeds": len(runs)}
    for name in ("alone", "taken", "adapted"):
        values = saved(np.array([one[name] for one in runs]), prior)
        found[name] = {
            "saved_percent": float(values.mean()),
            "interval": interval(values, judges["names"]),
            "bits_per_note": float(np.mean([one[name] for one in runs])),
            "worst_percent": float(values.mean(axis=0).min()),
        }
        if name == "taken":
            found["by_style"] = {
                style: float(values[:, [s == style for s in judges["styles"]]].mean())
                for style in sorted(set(judges["styles"]))
            }
    found["valid_percent"] = float(
        np.mean([100.0 - min(s for _, s in one["curve"]) for one in runs])
    )
    found["best_round"] = float(np.mean([one["best_round"] for one in runs]))
    found["dropped"] = int(sum(one["dropped"] for one in runs))
    found["megabytes_up"] = float(np.mean([one["bytes"] for one in runs])) / 1e6
    return found


def words(table: Mapping[str, Mapping[str, Any]], local: Mapping[str, Any]) -> list[str]:
    """The table for people: arm, saved by unseen players, then after learning each of them."""
    columns = "".join(f"{name:>8}{'95 %':>16}" for name in ("as it is", "taken", "+ own"))
    lines = [f"{'':40}{columns}{'rounds':>8}", f"{'prior':40}{0.0:8.1f}"]
    lines.append(f"{'local only':40}{'':48}{_mean(local)}")
    for name, each in table.items():
        parts = "".join(_mean(each[part]) for part in ("alone", "taken", "adapted"))
        lines.append(f"{name:40}{parts}{each['best_round']:8.0f}")
    return lines


def _mean(part: Mapping[str, Any]) -> str:
    low, high = part["interval"]
    return f"{part['saved_percent']:8.1f}{f'{low:.1f} to {high:.1f}':>16}"
