"""DAW-1 to DAW-4: Ardour leads, plays a track into `antiphon jam`, and records our answer.

The jam is the real program, in the way Trade with the DAW's clock. What Ardour's Partner track
holds at the end is all that is judged, but for the stop in mid-bar: there a witness at our output
hears what Ardour, when it stands, does not record. Places are quarter notes of the session, 4/4.
"""

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Self

import pytest

from tests.behaviour.performance import still_sounding
from tests.daw.again import again_where_the_daw_was_late
from tests.daw.ardour import STARTS, Ardour, ArdourGoneError, Written
from tests.daw.jam import RunningJam
from tests.daw.recording import Recorded, Recording
from tests.daw.studio import Studio
from tests.rig.waiting import DEADLINE_S
from tests.shared import REPOSITORY

pytestmark = pytest.mark.daw

SCRIPT = REPOSITORY / "plugin" / "daw" / "ardour.lua"
BAR = 4
BARS = 2
TURN = BARS * BAR
GRID = 4
"""Parts of a quarter: the jam is told to play on sixteenths, whose lines are far apart."""
MOST_OFF_MS = 3.0

# Two bars in D minor that end before their last beat is over.
PHRASE: list[Written] = [
    (0.0, 0.5, 62, 80),
    (0.5, 0.5, 65, 85),
    (1.0, 0.5, 69, 90),
    (1.5, 0.5, 72, 80),
    (2.0, 1.0, 70, 95),
    (3.0, 0.5, 69, 80),
    (3.5, 0.5, 67, 80),
    (4.0, 0.75, 65, 90),
    (4.75, 0.25, 64, 70),
    (5.0, 1.0, 62, 90),
    (6.0, 0.5, 60, 80),
    (6.5, 1.0, 62, 85),
]


def phrase_at(*starts: float) -> list[Written]:
    """The phrase, at each of these places."""
    return [(start + at, *rest) for start in starts for at, *rest in PHRASE]


@contextmanager
def session(
    studio: Studio, bpm: float, quarters: int, notes: list[Written], *words: str
) -> Iterator[tuple[Ardour, RunningJam]]:
    """Ardour with a track to play, the jam beside it, both connected by the player's script.

    Where Ardour ends or hangs before anything of this was tested, it is all done once more.
    """
    for attempt in range(STARTS):
        with ExitStack() as opened:
            try:
                ardour = opened.enter_context(Ardour(studio, bpm))
                ardour.midi_track("Player")
                ardour.write_region("Player", quarters, notes)
                trade = ("--way", "trade", "--bars", str(BARS), "--clock", "external")
                jam = RunningJam(studio, *trade, "--say", f"grid {GRID}", *words)
                opened.enter_context(jam)
                ardour.run_action(SCRIPT)
                ardour.arm("Partner")
            except ArdourGoneError as error:
                if attempt == STARTS - 1:
                    raise
                print(f"Once more: {error}")
                continue
            yield ardour, jam
            return


def assert_in_our_bars(
    recording: Recording, *turns: tuple[float, float], quarter_ms: float
) -> None:
    """Every note lies within one of these turns, each of which has some; nothing is broken."""
    assert recording.faults == []
    slack = MOST_OFF_MS / quarter_ms
    for start, end in turns:
        found = [n for n in recording.notes if start - slack <= n.onset < end - slack]
        assert len(found) >= 3, f"an answer from {start} to {end}: {recording.notes}"
        assert all(n.onset + n.duration <= end + slack for n in found), found
        recording.notes[:] = [n for n in recording.notes if n not in found]
    assert recording.notes == [], "outside our bars"


def off_ms(notes: list[Recorded], quarter_ms: float) -> list[float]:
    """How far each onset is from the nearest line of the grid; late is positive."""
    return [(n.onset * GRID - round(n.onset * GRID)) / GRID * quarter_ms for n in notes]


def assert_on_the_grid(notes: list[Recorded], quarter_ms: float) -> None:
    """The 95th percentile is within 3 ms; the distribution is printed."""
    off = off_ms(notes, quarter_ms)
    sizes = sorted(map(abs, off))
    p95 = sizes[min(len(sizes) - 1, round(0.95 * len(sizes)))]
    print(
        f"{len(off)} onsets off the grid by: median {statistics.median(off):+.2f}, "
        f"p95 {p95:.2f}, most {sizes[-1]:.2f} ms (a sixteenth is {quarter_ms / GRID:.0f} ms)"
    )
    assert p95 <= MOST_OFF_MS


@pytest.mark.parametrize("bpm", [96.0, 120.0, 133.0])
@again_where_the_daw_was_late
def test_trading_bars_with_the_daw(studio: Studio, bpm: float) -> None:
    """DAW-1: two turns each, in the bars that are ours, on the DAW's grid."""
    with session(studio, bpm, 6 * BAR, phrase_at(0, 2 * TURN)) as (ardour, jam):
        ardour.record()
        ardour.wait_until(4 * TURN + 1)
        ardour.stop()
        recording = ardour.recorded("Partner")
        report = jam.end()
    assert report["heard_notes"] == 2 * len(PHRASE), "the Player track was not played"
    assert report["answers"] == 2
    assert report["stuck_notes"] == report["late_notes"] == 0
    assert report["answer_notes"] == len(recording.notes)
    quarter_ms = 60_000 / bpm
    assert_on_the_grid(recording.notes, quarter_ms)
    assert_in_our_bars(recording, (TURN, 2 * TURN), (3 * TURN, 4 * TURN), quarter_ms=quarter_ms)


@again_where_the_daw_was_late
def test_the_tempo_is_changed_between_two_takes(studio: Studio) -> None:
    """DAW-2: two bars at 126 bpm, then from the beginning at 88. (Ardour 7.3 does not tell a change
    while it rolls: its clock goes on as it began.)
    """
    with session(studio, 126.0, 6 * BAR, phrase_at(0)) as (ardour, jam):
        ardour.arm("Partner", on=False)
        ardour.record()
        ardour.wait_until(TURN + 1)
        ardour.stop()
        ardour.tempo(88.0)
        ardour.locate(0)
        ardour.arm("Partner")
        ardour.record()
        ardour.wait_until(2 * TURN + 1)
        ardour.stop()
        recording = ardour.recorded("Partner")
        report = jam.end()
    assert report["stuck_notes"] == 0
    assert_on_the_grid(recording.notes, 60_000 / 88)
    assert_in_our_bars(recording, (TURN, 2 * TURN), quarter_ms=60_000 / 88)


class Listener:
    """The witness at our output."""

    def __init__(self, studio: Studio, port: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.daw.listener", port],
            env=studio.environment,
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def end(self) -> list[bytes]:
        """Every message it heard."""
        out, _ = self._process.communicate(timeout=DEADLINE_S)
        return [bytes.fromhex(message) for message in json.loads(out)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


@again_where_the_daw_was_late
def test_a_stop_in_mid_bar_and_on_from_there(studio: Studio) -> None:
    """DAW-3: nothing hangs at the stop; from the bar of the new start the trade begins anew."""
    stop, bpm = TURN + 1.6, 120.0
    again = BAR * int(stop // BAR)
    notes = phrase_at(0) + [n for n in phrase_at(again) if n[0] > stop + 1]
    with session(studio, bpm, 6 * BAR, notes) as (ardour, jam):
        port = ardour.wait_for_port("Antiphon Out")
        with Listener(studio, port) as listener:
            ardour.record()
            ardour.wait_until(stop)
            ardour.stop()
            ardour.record()
            ardour.wait_until(again + 2 * TURN + 1)
            ardour.stop()
            recording = ardour.recorded("Partner")
            report = jam.end()
            heard = listener.end()
    assert still_sounding((0.0, message) for message in heard) == []
    assert report["stuck_notes"] == 0
    assert recording.faults == []
    assert_on_the_grid(recording.notes, 60_000 / bpm)
    first = [n for n in recording.notes if n.onset < stop + 0.2]
    assert all(n.onset >= TURN - 0.01 for n in first)
    recording.notes = [n for n in recording.notes if n not in first]
    assert_in_our_bars(recording, (again + TURN, again + 2 * TURN), quarter_ms=60_000 / bpm)


@again_where_the_daw_was_late
def test_from_the_middle_of_the_song(studio: Studio) -> None:
    """DAW-4: on from a stop, then from bar 10 on its second beat; the song position tells us so.

    Ardour 7.3 counts the position in clocks, not in sixteenths; going on from a stop shows that.
    """
    start, bpm = 9 * BAR + 1, 108.0
    begun = 9 * BAR
    notes = [n for n in phrase_at(begun) if n[0] >= start]
    with session(studio, bpm, 12 * BAR, notes) as (ardour, jam):
        ardour.record()
        ardour.wait_until(3.3)
        ardour.stop()
        ardour.record()
        ardour.wait_until(5)
        ardour.stop()
        ardour.locate(start)
        ardour.record()
        ardour.wait_until(begun + 2 * TURN + 1)
        ardour.stop()
        recording = ardour.recorded("Partner")
        report = jam.end()
    assert report["heard_notes"] == len(notes)
    assert_on_the_grid(recording.notes, 60_000 / bpm)
    assert_in_our_bars(recording, (begun + TURN, begun + 2 * TURN), quarter_ms=60_000 / bpm)
