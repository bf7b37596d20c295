"""When notes were planned, sent and heard: the session's word beside the clients'."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.live import sums
from benchmarks.live.faults import Fault
from benchmarks.live.jam import Happened
from benchmarks.live.machine import Sample
from benchmarks.live.panic import Panic
from benchmarks.live.sums import Heard, Struck
from tests.rig.jackd import RATE_HZ

LATE_MS = 5.0
ON_ITS_WAY_NS = 250_000_000
"""A note that has not reached the recorder after this is lost: many periods of the server."""
TOLD_AFTER_NS = 2_000_000
"""A note is told of after it was sent: it may arrive by then."""
AROUND_NS = 100_000_000


@dataclass
class Logs:
    """Everything that was written down. Moments are ns of the monotonic clock.

    What is measured began and ended at begin_ns and end_ns; panics came after.
    """

    begin_ns: int
    end_ns: int
    told: list[Happened]
    played: list[Heard]
    heard: list[Heard]
    cycles: list[Heard]
    samples: list[Sample]
    panics: list[Panic] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def inside(self, kind: str) -> list[Happened]:
        """Events of a kind that were told while it was measured."""
        return [
            told
            for told in self.told
            if told[1]["type"] == kind and self.begin_ns <= told[0] < self.end_ns
        ]

    def unplugged(self) -> list[tuple[int, int]]:
        """When a cable was out or the player's ports were gone: then notes are lost, and may be."""
        return [
            (fault.at_ns - AROUND_NS, (fault.back_ns or self.end_ns) + AROUND_NS)
            for fault in self.faults
            if fault.kind != "engine killed"
        ]


def within(at_ns: int, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether a moment lies in one of these spans."""
    return any(begin_ns <= at_ns <= end_ns for begin_ns, end_ns in spans)


def timing(logs: Logs) -> dict[str, object]:
    """Notes counted, and how punctual they were."""
    sounded = logs.inside("NoteSounded")
    ours = [told for told in sounded if told[1]["partner"]]
    late_ms = [float(event["late_ms"]) for _, event in ours]
    # Notes of the panics, too: what arrives is matched with what was sent, then cut.
    all_sent = [
        Struck(at_ns, event["channel"], event["pitch"])
        for at_ns, event in logs.told
        if event["type"] == "NoteSounded" and event["partner"] and at_ns >= logs.begin_ns
    ]
    arrived = [note for note in sums.note_ons(logs.heard) if note.at_ns >= logs.begin_ns]
    matched = sums.match(all_sent, arrived, early_ns=TOLD_AFTER_NS, within_ns=ON_ITS_WAY_NS)
    sent = all_sent[: len(ours)]
    pairs = [(a, b) for a, b in matched.pairs if a < len(sent)]
    lost = [all_sent[n].at_ns for n in matched.lost if n < len(sent)]
    extra = [arrived[n].at_ns for n in matched.extra if arrived[n].at_ns < logs.end_ns]
    played = [h for h in logs.played if logs.begin_ns <= h.at_ns < logs.end_ns]
    # From due time to arrival: at the frame that it was given, when that frame was.
    clock = sums.ServerClock(logs.cycles, RATE_HZ)
    way_ms = [(clock.at_ns(arrived[b].frame) - sent[a].at_ns) / 1e6 + late_ms[a] for a, b in pairs]
    overs = [event for _, event in logs.inside("AnswerOver")]
    dropped = sum(event["dropped_notes"] for event in overs)
    states = [event["state"] for _, event in logs.inside("StateChanged")]
    return {
        "player_notes": len(sums.note_ons(played)),
        "notes_noticed": len(sounded) - len(ours),
        "answers": len(overs),
        "answers_interrupted": sum(event["yielded"] for event in overs),
        "waited_for_the_engine": states.count("thinking"),
        "notes_sent": len(sent),
        "notes_heard": len(pairs) + len(extra),
        "lost_notes": sum(not within(at_ns, logs.unplugged()) for at_ns in lost),
        "unexplained_notes": len(extra),
        "late_notes": sum(late > LATE_MS for late in late_ms) + dropped,
        "dropped_notes": dropped,
        "stuck_notes": sums.stuck_notes(logs.heard),
        "schedule_error_ms": sums.percentiles(late_ms),
        "at_recorder_ms": sums.percentiles(sums.beside_usual(way_ms)),
        "server_ms": sums.percentiles(sums.beside_usual(_cycles_ms(logs))),
        "first_note_lateness_ms": sums.percentiles(float(e["first_late_ms"]) for e in overs),
        "handover_gap_ms": _gaps(
            _first_notes(logs.inside("PhraseHeard"), sent, arrived, dict(pairs)),
            sorted(sums.note_offs(played), key=lambda release: release.frame),
            logs.unplugged(),
        ),
        "troubles": dict(Counter(event["says"] for _, event in logs.inside("Trouble"))),
    }


def _gaps(
    first_notes: Sequence[tuple[Struck, float]],
    releases: list[Struck],
    unplugged: Sequence[tuple[int, int]],
) -> dict[str, Any]:
    """From the player's last release to the answer's first note: as heard, and as planned.

    Not where a port was gone since the answer before: who knows what was heard then.
    """
    pairs, before_ns = [], 0
    for first, planned_ms in first_notes:
        frames = sums.gap_frames(first, releases)
        whole = not any(begin < first.at_ns and end > before_ns for begin, end in unplugged)
        if frames is not None and whole:
            pairs.append((_frames_ms(frames), planned_ms))
        before_ns = first.at_ns
    return {
        **sums.percentiles(heard_ms for heard_ms, _ in pairs),
        "planned_p50": sums.percentiles(planned_ms for _, planned_ms in pairs)["p50"],
        "error": sums.percentiles(heard_ms - planned_ms for heard_ms, planned_ms in pairs),
    }


def _first_notes(
    phrases: Sequence[Happened],
    sent: Sequence[Struck],
    arrived: Sequence[Struck],
    arrival_of: dict[int, int],
) -> list[tuple[Struck, float]]:
    """Each answer's first note as it was heard, and its planned gap in ms."""
    found = []
    nexts = [*(at_ns for at_ns, _ in phrases[1:]), 1 << 62][: len(phrases)]
    number = 0
    for (at_ns, event), next_ns in zip(phrases, nexts, strict=True):
        while number < len(sent) and sent[number].at_ns < at_ns:
            number += 1
        if number < len(sent) and sent[number].at_ns < next_ns and number in arrival_of:
            found.append((arrived[arrival_of[number]], float(event["gap_ms"])))
    return found


def _cycles_ms(logs: Logs) -> list[float]:
    """From the server's time to the machine's, cycle by cycle, but for a constant."""
    return [
        cycle.at_ns / 1e6 - _frames_ms(cycle.frame)
        for cycle in logs.cycles
        if logs.begin_ns <= cycle.at_ns < logs.end_ns
    ]


def _frames_ms(frames: int) -> float:
    return 1e3 * frames / RATE_HZ
