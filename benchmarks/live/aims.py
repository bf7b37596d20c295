"""The aims of a live jam, each with what was found and whether it was met."""

from typing import Any

MOST_ERROR_MS = 1.0
MOST_LATE_SHARE = 1 / 10_000
MOST_FIRST_LATE_MS = 2.0
MOST_PANIC_MS = 20.0
MOST_GROWTH_MB = 2.0
MOST_COST_RATIO = 1.1
MOST_BACK_S = 2.0
ENOUGH_NOTES = 200
"""In a quarter, for its cost to say anything."""


def aims(result: dict[str, Any]) -> dict[str, dict[str, object]]:
    """By name: `aim` in words, `found`, and `met` (None where nothing was found)."""
    faults = result.get("faults")
    start, end = result.get("rss_mb_start"), result.get("rss_mb_end")
    growth = None
    if start and end:
        growth = round(max(end[name] - start[name] for name in start), 1)
    panic = [result[name]["max"] for name in ("panic_ms", "panic_engine_stopped_ms")]
    rows: list[tuple[str, str, Any, Any]] = [
        (
            "schedule_error",
            f"p99 at most {MOST_ERROR_MS:g} ms",
            result["schedule_error_ms"]["p99"],
            MOST_ERROR_MS,
        ),
        (
            "late_notes",
            "at most 1 in 10,000 over 5 ms",
            result["late_notes"],
            result["notes_sent"] * MOST_LATE_SHARE,
        ),
        (
            "first_note",
            f"p99 at most {MOST_FIRST_LATE_MS:g} ms late",
            result["first_note_lateness_ms"]["p99"],
            MOST_FIRST_LATE_MS,
        ),
        ("stuck_notes", "none", result["stuck_notes"], 0),
        ("lost_notes", "none", result["lost_notes"], 0),
        (
            "panic",
            f"silence within {MOST_PANIC_MS:g} ms",
            max((ms for ms in panic if ms is not None), default=None),
            MOST_PANIC_MS,
        ),
        ("memory", f"grows by at most {MOST_GROWTH_MB:g} MB", growth, MOST_GROWTH_MB),
        (
            "cost_per_note",
            f"last quarter at most {MOST_COST_RATIO:g} times the first",
            None if faults else _cost_ratio(result.get("cpu_ms_per_note", {})),
            MOST_COST_RATIO,
        ),
    ]
    if faults is not None:
        slowest = [kind["back_s"]["max"] for kind in faults.values()]
        missing = sum(result["notes_missing_in_takes"].values())
        rows += [
            (
                "back_in_play",
                f"within {MOST_BACK_S:g} s",
                max((s for s in slowest if s is not None), default=None),
                MOST_BACK_S,
            ),
            ("takes_complete", "no note missing", missing, 0),
        ]
    found_aims: dict[str, dict[str, object]] = {
        name: {"aim": words, "found": found, "met": None if found is None else found <= most}
        for name, words, found, most in rows
    }
    if faults and any(kind["never_back"] for kind in faults.values()):
        found_aims["back_in_play"] |= {"found": None, "met": False}
    return found_aims


def _cost_ratio(costs: dict[str, Any]) -> float | None:
    """The larger of both processes' ratios; None where there were too few notes to say.

    A session costs what it costs to look at the ports, by the second; an engine works by the note.
    """
    ratios = []
    for name, cost in costs.items():
        if min(cost["notes"]) < ENOUGH_NOTES:
            return None
        if name != "engine":
            first, last = cost["percent_of_a_core"]
        else:
            first, last = cost["first_quarter"], cost["last_quarter"]
        if first:
            ratios.append(last / first)
    return round(max(ratios), 3) if ratios else None
