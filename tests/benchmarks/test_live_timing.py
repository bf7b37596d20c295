"""What the session told, the clients heard and the faults broke, as figures."""

import pytest

from benchmarks.live.aims import aims
from benchmarks.live.faults import Fault
from benchmarks.live.machine import Sample, Taken
from benchmarks.live.panic import Panic
from benchmarks.live.report import faults, report
from benchmarks.live.sums import Heard
from benchmarks.live.timing import Logs

MS = 1_000_000
SECOND = 1000 * MS
LATENCY_MS = 7


def struck(at_ms: int, pitch: int, *, partner: bool, late_ms: float = 0.0) -> tuple[int, dict]:
    event = {"type": "NoteSounded", "partner": partner, "channel": 0, "pitch": pitch}
    return at_ms * MS, event | {"late_ms": late_ms}


def wire(at_ms: int, status: int, pitch: int) -> Heard:
    return Heard(at_ms * MS, bytes((status, pitch, 64)), at_ms * 48)


def logs(*, lose: int = 0, late_ms: float = 0.0, hang: bool = False) -> Logs:
    """One phrase, one answer of two notes; `lose` of them, or the last note-off, do not arrive."""
    told = [
        struck(1000, 60, partner=False),
        (1600 * MS, {"type": "PhraseHeard", "gap_ms": 450.0}),
        struck(1650, 72, partner=True, late_ms=0.5),
        struck(1900, 74, partner=True, late_ms=late_ms),
        (
            2100 * MS,
            {
                "type": "AnswerOver",
                "late_notes": 0,
                "dropped_notes": 0,
                "first_late_ms": 0.5,
                "yielded": False,
            },
        ),
    ]
    heard = [
        wire(1650 + LATENCY_MS, 0x90, 72),
        wire(1900 + LATENCY_MS, 0x80, 72),
        wire(1900 + LATENCY_MS, 0x90, 74),
        wire(2100 + LATENCY_MS, 0x80, 74),
    ]
    heard = heard[2 * lose :]
    return Logs(
        begin_ns=0,
        end_ns=10 * SECOND,
        told=told,
        played=[wire(1000, 0x90, 60), wire(1200, 0x80, 60)],
        heard=heard[:-1] if hang else heard,
        cycles=[Heard(n * 170 * MS, b"", n * 8160) for n in range(58)],
        samples=[
            Sample(n * SECOND, {"session": Taken(1, 28.0 + n / 10, n * 0.2)}) for n in range(10)
        ],
    )


def test_a_good_answer() -> None:
    found = report(logs())
    assert (found["player_notes"], found["notes_sent"], found["notes_heard"]) == (1, 2, 2)
    assert (found["lost_notes"], found["late_notes"], found["stuck_notes"]) == (0, 0, 0)
    gap = found["handover_gap_ms"]
    assert (gap["p50"], gap["planned_p50"]) == (450.0 + LATENCY_MS, 450.0)
    assert gap["error"]["max"] == LATENCY_MS
    assert found["schedule_error_ms"]["max"] == 0.5
    assert found["at_recorder_ms"]["max"] == pytest.approx(0.25)  # half a ms beside on time


def test_what_is_lost_late_or_stuck_is_counted() -> None:
    assert report(logs(lose=1))["lost_notes"] == 1
    assert report(logs(late_ms=5.1))["late_notes"] == 1
    assert report(logs(late_ms=5.0))["late_notes"] == 0
    assert report(logs(hang=True))["stuck_notes"] == 1


def test_a_note_lost_while_a_cable_is_out_is_nobodys_fault() -> None:
    broken = logs(lose=1)
    broken.faults = [Fault("listener unplugged", 1600 * MS, 1800 * MS, 1810 * MS)]
    assert report(broken)["lost_notes"] == 0
    broken.faults = [Fault("engine killed", 1600 * MS, 1600 * MS, 1810 * MS)]
    assert report(broken)["lost_notes"] == 1


def test_a_gap_is_not_counted_where_the_player_was_not_heard() -> None:
    broken = logs()
    broken.faults = [Fault("player unplugged", 1300 * MS, 1350 * MS, 1360 * MS)]
    assert report(broken)["handover_gap_ms"]["p50"] is None
    broken.faults = [Fault("player unplugged", 5000 * MS, 5500 * MS, 5600 * MS)]
    assert report(broken)["handover_gap_ms"]["p50"] == 450.0 + LATENCY_MS


def test_panics_count_only_where_something_sounded() -> None:
    quiet = logs()
    quiet.panics = [Panic(2100 * MS, False), Panic(3000 * MS, False), Panic(1700 * MS, True)]
    found = report(quiet)
    assert found["panic_ms"] == {"times": 1, **dict.fromkeys(("p50", "p95", "p99", "max"), 7.0)}
    # A note ended, another began at once: silence came with the end of that.
    assert found["panic_engine_stopped_ms"]["max"] == 407.0


def test_faults_by_kind() -> None:
    broken = logs()
    broken.faults = [
        Fault("engine killed", SECOND, SECOND, SECOND + 400 * MS),
        Fault("engine killed", 2 * SECOND, 2 * SECOND, None),
    ]
    found = faults(broken)["faults"]["engine killed"]
    assert (found["times"], found["never_back"]) == (2, 1)
    assert found["back_s"]["max"] == 0.4
    assert found["next_answer_s"]["max"] == 0.2


def test_aims_say_what_was_met() -> None:
    found = aims(report(logs()))
    assert found["schedule_error"] == {"aim": "p99 at most 1 ms", "found": 0.5, "met": True}
    assert found["stuck_notes"]["met"] is True
    assert found["panic"] == {"aim": "silence within 20 ms", "found": None, "met": None}
    assert found["cost_per_note"]["met"] is None  # far too few notes to say
    assert aims(report(logs(hang=True)))["stuck_notes"]["met"] is False
    assert aims(report(logs(late_ms=6.0)))["late_notes"]["met"] is False


def test_an_engine_that_never_came_back_fails_no_aim_silently() -> None:
    result = report(logs()) | {"notes_missing_in_takes": {"player": 0, "partner": 1}}
    result["faults"] = {"engine killed": {"never_back": 1, "back_s": {"max": 0.4}}}
    found = aims(result)
    assert found["back_in_play"] == {"aim": "within 2 s", "found": None, "met": False}
    assert found["takes_complete"]["met"] is False


def test_memory_that_grows_is_seen() -> None:
    growing = logs()
    growing.samples = [Sample(n * SECOND, {"engine": Taken(2, 100.0 + n, 0.0)}) for n in range(10)]
    found = report(growing)
    assert found["rss_mb_start"] == {"engine": 100.0}
    assert aims(found)["memory"] == {"aim": "grows by at most 2 MB", "found": 9.0, "met": False}
