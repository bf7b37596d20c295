"""Anything out of a cable: no crash, no stuck note, no endless queue; bad input in words.

The million messages of the figures are `python -m benchmarks.fuzz`; here are fewer, with every way.
"""

import pytest

from benchmarks.fuzz import Fuzz
from engine.smf.notes import is_note_on
from plugin.backends.common import QUEUE_LIMIT, is_message
from plugin.backends.memory import MemoryBackend, MemoryHub
from plugin.exchange import MOST_HEARD
from plugin.hindsight import MOST
from plugin.hub import FilteredInput
from plugin.protocol import PhraseHeard, Position, Said, Trouble
from plugin.realtime.loop import Loop
from plugin.recorder import MOST_KEPT
from plugin.settings import Settings, Way
from tests.fakes.engine import FakeEngine, answer_with
from tests.fakes.port import sounding
from tests.fakes.stage import MS, Stage
from tests.plugin.test_session import LINE, PHRASE

MEGABYTE = bytes([0xF0]) + bytes(1_000_000) + bytes([0xF7])
BOUNDS = {
    "_recorder._phrase": MOST_KEPT,
    "_hindsight._events": MOST,
    "_hindsight._unwritten": MOST,
    ".heard": MOST_HEARD,
    "_context": 512,
}


@pytest.mark.parametrize("seed", [1, 2])
def test_random_messages_do_no_harm(seed: int) -> None:
    seen = Fuzz(seed).run(20_000)
    assert seen["first_exception"] == ""
    assert seen["exceptions"] == 0
    assert seen["stuck_notes"] == 0
    assert seen["note_offs_without_a_note"] == 0
    assert seen["keys_struck_twice"] == 0
    assert seen["takes_open"] == 0
    assert seen["note_ons_sent"] > 1_000  # type: ignore[operator]
    assert seen["messages"] == 20_000
    for path, size in seen["peak_sizes"].items():  # type: ignore[attr-defined]
        most = next((most for end, most in BOUNDS.items() if path.endswith(end)), 512)
        assert size <= most, f"{path} grew to {size}"


# ------------------------------------------------------------------ bad input, and the music


class Wired:
    """A stage whose player comes through a port in memory, its filter and the loop."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.stage = Stage(FakeEngine(answer_with(*LINE)), settings=settings)
        hub = MemoryHub()
        heard = MemoryBackend(hub).open_input("In", virtual=True)
        self.keys = MemoryBackend(hub).open_output("In", virtual=False)
        self.loop = Loop(
            self.stage.session,
            clock=self.stage.clock,
            inputs=[FilteredInput(heard, self.stage.clock)],
            output=self.stage.port,
            engine=self.stage.engine,
        )

    def run(self, ms: float) -> None:
        end_ns = self.stage.now_ns + round(ms * MS)
        while self.stage.now_ns < end_ns:
            self.loop.round()

    def play(self) -> None:
        for at, pitch, length in PHRASE:
            del at
            self.keys.send(bytes([0x90, pitch, 80]))
            self.run(length)
            self.keys.send(bytes([0x80, pitch, 64]))
            self.run(50)

    def says(self) -> str:
        return " ".join(event.says for event in self.stage.of(Trouble) + self.stage.of(Said))  # type: ignore[attr-defined]

    def is_answered(self) -> bool:
        self.play()
        self.run(6_000)
        notes = [m for _, m in self.stage.port.sent if is_note_on(m)]
        return bool(self.stage.of(PhraseHeard)) and bool(notes)


@pytest.mark.parametrize("bpm", [None, 120.0])
def test_a_clock_at_ten_thousand_a_second_is_told_and_the_music_goes_on(bpm: float | None) -> None:
    w = Wired(Settings(bpm=bpm))
    w.keys.send(b"\xfa")
    for _ in range(1_500):
        for _ in range(10):
            w.keys.send(b"\xf8")
        w.run(1)
    assert w.is_answered()
    assert w.stage.session.settings.bpm == bpm
    assert not w.stage.session.timebase.tempo_known or w.stage.session.timebase.bpm == 120.0
    says = w.says()
    assert "clock" in says.lower() or "more comes in" in says.lower()


def test_a_clock_at_ten_thousand_a_second_is_told_where_nothing_thins_it() -> None:
    s = Stage(FakeEngine(answer_with(*LINE)))
    for _ in range(15_000):
        s.session.midi(s.now_ns, b"\xf8")
        s.clock.advance_ns(MS // 10)
    s.settle()
    assert any("far more ticks" in event.says for event in s.of(Said))  # type: ignore[attr-defined]
    s.play(*PHRASE)
    s.run_until(PhraseHeard)


@pytest.mark.parametrize("bpm", [2.0, 0.0])
def test_a_clock_that_all_but_stands_still_is_no_tempo(bpm: float) -> None:
    """Tempo 0 in a DAW: a start, and ticks far apart or none."""
    w = Wired()
    w.keys.send(b"\xfa")
    for _ in range(8):
        if bpm:
            w.keys.send(b"\xf8")
        w.run(60_000 / 24 / bpm if bpm else 1_250)
    assert not w.stage.session.timebase.tempo_known
    assert w.is_answered()


@pytest.mark.parametrize("position", [(127, 127), (0, 127), (127, 0)])
def test_a_song_position_beyond_the_end_is_told_and_bars_go_on(position: tuple[int, int]) -> None:
    w = Wired(Settings(way=Way.TRADE, bars=1, bpm=120.0))
    w.keys.send(bytes([0xF2, *position]))
    w.keys.send(b"\xfb")
    for _ in range(24 * 16):
        w.keys.send(b"\xf8")
        w.run(60_000 / 24 / 120)
    beats = [event.beat for event in w.stage.of(Position)]  # type: ignore[attr-defined]
    assert {1, 2, 3, 4} <= set(beats)
    assert w.stage.port.note_ons
    assert position != (127, 127) or "song position" in w.says()
    w.stage.close()
    assert sounding(w.stage.port.sent) == {}


def test_a_broken_song_position_is_told() -> None:
    s = Stage()
    s.session.midi(s.now_ns, b"\xf2\x01")
    s.settle()
    assert any("song position" in event.says for event in s.of(Said))  # type: ignore[attr-defined]


def test_a_megabyte_of_sysex_is_refused_by_the_port_and_ignored_by_the_session() -> None:
    w = Wired()
    assert not is_message(MEGABYTE)
    with pytest.raises(ValueError, match="1000002 bytes"):
        w.keys.send(MEGABYTE)
    w.stage.session.midi(w.stage.now_ns, MEGABYTE)
    assert w.is_answered()


def test_a_flood_fills_no_queue_without_end_and_orphans_no_note() -> None:
    w = Wired()
    for number in range(QUEUE_LIMIT + 5_000):
        w.keys.send(bytes([0x90 if number % 2 == 0 else 0x80, 40 + number // 2 % 40, 80]))
    w.run(500)
    assert w.stage.session.idle or w.stage.session._listener.held <= 64
    w.run(3_000)
    assert w.is_answered()
    w.stage.close()
    assert sounding(w.stage.port.sent) == {}
