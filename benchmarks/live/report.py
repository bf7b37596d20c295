"""The logs of a jam, its clients and its faults as one JSON object, and the aims beside it."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.live import sums
from benchmarks.live.sums import Heard
from benchmarks.live.timing import Logs, timing, within
from engine.events import Voice
from plugin.takes import TakeLibrary, library_path

SILENCE_NS = 150_000_000
SILENT_WITHIN_NS = 2_000_000_000
WARM_UP_S = 20.0
"""What is allocated once, before the memory at the start is read."""


def report(logs: Logs) -> dict[str, object]:
    """All figures but those of the machine, the takes and the faults."""
    moments = [at_ns for at_ns, event in logs.inside("NoteSounded")]
    return timing(logs) | _learning(logs) | _panic(logs) | _memory(logs) | _cost(logs, moments)


def _learning(logs: Logs) -> dict[str, object]:
    """What was trained and swapped in while it played, and whether the best answer was planned."""
    over = [event for _, event in logs.inside("LearnOver")]
    drawn = [event for _, event in logs.inside("Drawn")]
    best = sum(event["alternatives"][0]["seed"] == event["played"] for event in drawn)
    return {
        "trainings": len(over),
        "trainings_kept": sum(event["kept"] for event in over),
        "training_steps": len(logs.inside("LearnProgress")),
        "swaps": len(logs.inside("PartnerOf")),
        "answers_with_alternatives": len(drawn),
        "best_of_them_planned": best,
    }


def _panic(logs: Logs) -> dict[str, object]:
    result: dict[str, object] = {}
    for name, stopped in (("panic_ms", False), ("panic_engine_stopped_ms", True)):
        asked = [p for p in logs.panics if p.engine_stopped == stopped]
        spans = [
            sums.silence_after(
                logs.heard, p.at_ns, lasting_ns=SILENCE_NS, within_ns=SILENT_WITHIN_NS
            )
            for p in asked
        ]
        sounding_ms = [span / 1e6 for span in spans if span is not None]
        result[name] = {"times": len(sounding_ms), **sums.percentiles(sounding_ms)}
    return result


def _memory(logs: Logs) -> dict[str, object]:
    """Resident memory after the warm-up and at the end, and its slope over the second half."""
    kept = [
        s for s in logs.samples if logs.begin_ns + WARM_UP_S * 1e9 <= s.at_ns < logs.end_ns
    ] or logs.samples
    if not kept:
        return {"rss_mb_start": None, "rss_mb_end": None}
    names = list(dict.fromkeys(name for s in kept for name in s.taken))
    rss_mb = {
        name: [(s.at_ns, s.taken[name].rss_mb) for s in kept if name in s.taken] for name in names
    }
    return {
        "rss_mb_start": {name: round(rss_mb[name][0][1], 1) for name in names},
        "rss_mb_end": {name: round(rss_mb[name][-1][1], 1) for name in names},
        "rss_mb_per_hour": {
            name: sums.growth_mb_per_hour(rss_mb[name][len(rss_mb[name]) // 2 :]) for name in names
        },
    }


def _cost(logs: Logs, notes: Sequence[int]) -> dict[str, object]:
    """Processor time a note (heard or sounded), in the first and the last quarter.

    The session's is mostly that of looking at its ports a thousand times a second.
    """
    kept = [s for s in logs.samples if logs.begin_ns <= s.at_ns < logs.end_ns]
    result: dict[str, dict[str, object]] = {}
    for name in dict.fromkeys(name for s in kept for name in s.taken):
        samples = [
            (s.at_ns, s.taken[name].pid, s.taken[name].cpu_s) for s in kept if name in s.taken
        ]
        if len(samples) < 8:
            continue
        counts = sums.quarters(notes, samples[0][0], samples[-1][0] + 1)
        used = sums.used_by_quarter(samples)
        first, last = (1e3 * used[q] / max(counts[q], 1) for q in (0, 3))
        quarter_s = (samples[-1][0] - samples[0][0]) / 4e9
        result[name] = {
            "first_quarter": round(first, 3),
            "last_quarter": round(last, 3),
            "percent_of_a_core": [round(100 * used[q] / quarter_s, 2) for q in (0, 3)],
            "notes": [counts[q] for q in (0, 3)],
        }
    return {"cpu_ms_per_note": result}


def takes(folder: Path, logs: Logs) -> dict[str, object]:
    """What the library kept, beside what was played and heard on the wires.

    A note that was played while a cable was out, or the player's program was being replaced, need
    not be kept.
    """
    kept: dict[Voice, Counter[tuple[int, int]]] = {
        Voice.PLAYER: Counter(),
        Voice.PARTNER: Counter(),
    }
    with TakeLibrary(library_path(folder)) as library:
        listed = library.list_takes()
        for take in listed:
            for message in library.messages(take.id):
                if sums.begins(message.message):
                    kept[message.side][message.message[1], message.message[2]] += 1
    out = logs.unplugged()

    def counted(messages: Sequence[Heard]) -> "Counter[tuple[int, int]]":
        return Counter(
            (h.message[1], h.message[2])
            for h in messages
            if sums.begins(h.message) and not within(h.at_ns, out)
        )

    missing = {
        "player": counted(logs.played) - kept[Voice.PLAYER],
        "partner": counted(logs.heard) - kept[Voice.PARTNER],
    }
    return {
        "takes": len(listed),
        "takes_unfinished": sum(not take.finished for take in listed),
        "notes_missing_in_takes": {name: missing[name].total() for name in missing},
    }


def faults(logs: Logs) -> dict[str, object]:
    """How long each kind of fault kept the partner from playing, and when it next answered."""
    answered = [at_ns for at_ns, event in logs.told if event["type"] == "PhraseHeard"]
    result: dict[str, object] = {}
    for kind in dict.fromkeys(fault.kind for fault in logs.faults):
        of_kind = [fault for fault in logs.faults if fault.kind == kind]
        back = [fault.back_s for fault in of_kind if fault.back_s is not None]
        nexts = [
            next((at_ns - f.back_ns for at_ns in answered if at_ns > f.back_ns), None)
            for f in of_kind
            if f.back_ns is not None
        ]
        result[kind] = {
            "times": len(of_kind),
            "never_back": len(of_kind) - len(back),
            "back_s": sums.percentiles(back),
            "next_answer_s": sums.percentiles(ns / 1e9 for ns in nexts if ns is not None),
        }
    return {"faults": result}
