"""The rig proved by itself: Ardour plays, a stand-in answers, the recording is the truth."""

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.daw.again import again_where_the_daw_was_late
from tests.daw.ardour import Ardour, ArdourError, Written
from tests.daw.standin import CLICK, CONTINUE, START, STOP
from tests.daw.studio import Studio
from tests.rig.waiting import DEADLINE_S
from tests.shared import REPOSITORY

pytestmark = pytest.mark.daw

SCRIPT = REPOSITORY / "plugin" / "daw" / "ardour.lua"
PHRASE: list[Written] = [
    (0.0, 0.5, 60, 80),
    (0.5, 0.5, 62, 90),
    (1.0, 0.75, 64, 100),
    (1 + 2 / 3, 1.0, 67, 70),
    (3.25, 0.5, 65, 60),
]
BPM = 132.0


class Standin:
    """The stand-in's process."""

    def __init__(self, studio: Studio) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.daw.standin"],
            env=studio.environment,
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def end(self) -> dict[str, list[int]]:
        """What it heard of the clock."""
        out, _ = self.process.communicate(timeout=DEADLINE_S)
        result: dict[str, list[int]] = json.loads(out)
        return result

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


@pytest.fixture
def standin(studio: Studio) -> Iterator[Standin]:
    with closing(Standin(studio)) as found:
        yield found


@again_where_the_daw_was_late
def test_what_the_track_plays_is_answered_recorded_and_read_back(studio: Studio) -> None:
    with closing(Standin(studio)) as standin:
        with Ardour(studio, BPM) as ardour:
            ardour.run_action(SCRIPT)
            ardour.write_region("Player", 4, PHRASE)
            ardour.arm("Partner")
            ardour.record()
            ardour.wait_until(5)
            ardour.stop()
            recording = ardour.recorded("Partner")
        clock = standin.end()
    assert recording.faults == []

    quarter_ms = 60_000 / BPM
    echo = [note for note in recording.notes if note.pitch != CLICK]
    clicks = [note for note in recording.notes if note.pitch == CLICK]
    assert [(n.pitch, n.velocity) for n in echo] == [(p + 12, v) for _, _, p, v in PHRASE]
    late_ms = [(n.onset - at) * quarter_ms for n, (at, *_) in zip(echo, PHRASE, strict=True)]
    longer_ms = [(n.duration - d) * quarter_ms for n, (_, d, *_) in zip(echo, PHRASE, strict=True)]
    click_ms = [(n.onset - beat) * quarter_ms for beat, n in enumerate(clicks)]
    print(f"echo late by {late_ms}, longer by {longer_ms}, clicks late by {click_ms}")

    # Ardour cannot hear in one cycle what was answered in it: the way back takes one period.
    tick_ms = quarter_ms / 1920  # Ardour's own resolution
    assert late_ms == pytest.approx([studio.period_ms] * len(PHRASE), abs=tick_ms)
    assert longer_ms == pytest.approx([0] * len(PHRASE), abs=tick_ms)
    assert len(clicks) in (5, 6)
    assert click_ms == pytest.approx([studio.period_ms] * len(clicks), abs=tick_ms)

    # The clock, as it was recorded on the region's making (a start and a stop) and in the take.
    assert clock["words"][-2:] in ([START, STOP], [CONTINUE, STOP])
    ticks = clock["ticks"][-24 * 5 :]
    gaps = [(b - a) / studio.rate_hz for a, b in itertools.pairwise(ticks)]
    assert gaps == pytest.approx([60 / BPM / 24] * len(gaps), abs=2 / studio.rate_hz)


def test_the_script_says_what_is_missing(studio: Studio) -> None:
    with (
        Ardour(studio, BPM) as ardour,
        pytest.raises(ArdourError, match="run `antiphon jam` in a terminal"),
    ):
        ardour.run_action(SCRIPT)


REFUSING = """
left = {new_midi_track = REFUSALS, connect = REFUSALS};
function refusing(real)
  return setmetatable({}, {__index = function(_, name)
    return function(_, ...)
      if (left[name] or 0) > 0 then left[name] = left[name] - 1 return end
      if name == "engine" then return refusing(S:engine()) end
      return real[name](real, ...)
    end
  end})
end;
Session = refusing(S)
"""
"""Lua: a session whose first new tracks and connections are not made, as on a busy PipeWire."""


@pytest.mark.usefixtures("standin")
def test_the_script_is_patient_where_a_port_is_refused(studio: Studio) -> None:
    with Ardour(studio, BPM) as ardour:
        ardour.lua(REFUSING.replace("REFUSALS", "3"))
        ardour.run_action(SCRIPT)
        assert len(ardour.ports("Player")) == len(ardour.ports("Partner")) == 2
        assert len(ardour.connections("Standin:Antiphon In")) == 2
        assert ardour.connections("Standin:Antiphon Out") == ["ardour:Partner/midi_in 1"]


@pytest.mark.usefixtures("standin")
def test_the_script_says_what_stays_refused(studio: Studio) -> None:
    with Ardour(studio, BPM) as ardour:
        ardour.lua(REFUSING.replace("REFUSALS", "1000"))
        with pytest.raises(ArdourError, match="make the track Player; its log says why"):
            ardour.run_action(SCRIPT)


def test_the_script_makes_one_of_each_and_no_loop(studio: Studio, standin: Standin) -> None:
    """Run three times, with a feedback loop laid by hand before the last."""
    with Ardour(studio, BPM) as ardour:
        ardour.run_action(SCRIPT)
        ardour.run_action(SCRIPT)
        hears, plays = "Standin:Antiphon In", "Standin:Antiphon Out"
        ardour.connect("ardour:Partner/midi_out 1", hears)
        ardour.connect(plays, "ardour:Player/midi_in 1")
        ardour.connect("ardour:Player/midi_out 1", "ardour:Partner/midi_in 1")
        ardour.run_action(SCRIPT)
        assert sorted(ardour.connections(hears)) == [
            "ardour:MIDI Clock out",
            "ardour:Player/midi_out 1",
        ]
        assert ardour.connections(plays) == ["ardour:Partner/midi_in 1"]
        assert ardour.connections("ardour:Partner/midi_in 1") == [plays]
        assert len(ardour.ports("Player")) == len(ardour.ports("Partner")) == 2
    standin.end()
