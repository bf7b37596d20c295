"""The pulse: where time is, how punctual the notes were, what it costs."""

import pytest

from plugin.protocol import Change, Hold, NoteSounded
from plugin.served.messages import Pulse
from plugin.served.pulse import EVERY_NS, Pulses
from plugin.settings import Settings
from tests.fakes.stage import MS, START_NS, Stage


class Window:
    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.told: list[Pulse] = []
        self.cpu_ns = 0
        self.pulses = Pulses(stage.session, self.told.append, lambda: self.cpu_ns)

    def run(self, ms: int, cpu_share: float = 0.0) -> Pulse:
        for _ in range(ms):
            self.stage.run(1)
            self.cpu_ns += round(cpu_share * MS)
            self.pulses.look(self.stage.now_ns, 7 * MS)
        return self.told[-1]


def note(late_ms: float, *, partner: bool = True) -> NoteSounded:
    return NoteSounded(0, partner, 0, 60, 80, late_ms)


def test_ten_times_a_second() -> None:
    w = Window(Stage())
    w.run(1_001)
    assert len(w.told) == 1_000_000_000 // EVERY_NS + 1


def test_before_the_first_note_the_session_begins_now() -> None:
    w = Window(Stage())
    pulse = w.run(150)
    assert pulse.now_ns == 0
    assert START_NS < pulse.origin_ns <= w.stage.now_ns
    assert (pulse.bpm, pulse.beat, pulse.running, pulse.external) == (0.0, 0.0, False, False)


def test_time_counts_from_the_first_note() -> None:
    w = Window(Stage(settings=Settings(bpm=120.0, beats_per_bar=3.0)))
    w.run(500)
    first_ns = w.stage.now_ns
    w.stage.down(60)
    w.stage.up(60)
    pulse = w.run(2_100)
    assert pulse.origin_ns == first_ns
    at_ns = pulse.origin_ns + pulse.now_ns
    assert pulse.beat == pytest.approx(w.stage.session.beat(at_ns))
    assert (pulse.bpm, pulse.beats_per_bar, pulse.bar_beat) == (120.0, 3.0, 3.0)
    assert pulse.running
    assert pulse.engine_ms == 7.0


def test_lateness_of_ten_seconds_and_of_the_partner_alone() -> None:
    w = Window(Stage())
    for late_ms in [50.0, *[1.0] * 199]:
        w.pulses.sounded(w.stage.now_ns, note(late_ms))
    w.pulses.sounded(w.stage.now_ns, note(99.0, partner=False))
    pulse = w.run(110)
    assert (pulse.late_p99_ms, pulse.late_max_ms) == (1.0, 50.0)
    pulse = w.run(10_200)
    assert (pulse.late_p99_ms, pulse.late_max_ms) == (0.0, 0.0)


def test_load_is_of_the_last_second() -> None:
    w = Window(Stage())
    assert w.run(1_500, cpu_share=0.8).load == pytest.approx(0.8)
    assert w.run(600, cpu_share=0.0).load == pytest.approx(0.4, abs=0.05)
    assert w.run(1_200, cpu_share=0.2).load == pytest.approx(0.2)


def test_hold_is_seen() -> None:
    w = Window(Stage())
    w.stage.command(Hold(True))
    assert w.run(110).holding
    w.stage.command(Change(Settings(bpm=90.0)))
    assert w.run(110).bpm == 90.0
