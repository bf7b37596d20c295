"""Who says where the beat is, and what a player is told of it (TEMPO-7 to TEMPO-14)."""

import itertools

import pytest

from engine.events import Timebase
from plugin.realtime.metronome import ACCENT
from plugin.realtime.midi_clock import ClockState
from plugin.settings import ClockSource
from plugin.transport import NewsKind, Source
from tests.fakes.clock_master import CONTINUE, START, STOP, TICK, ClockMaster, gaussian
from tests.fakes.transport import MS, START_NS, TransportStage


def at_120(stage: TransportStage, beats: float = 8.0, first: bytes = START) -> ClockMaster:
    """A DAW at 120 begins in 100 ms."""
    begin_ns = stage.now_ns + 100 * MS
    return ClockMaster([(beats, 120.0)], begin_ns=begin_ns, first=first, late=gaussian(0.2))


def place_in_bar(stage: TransportStage) -> float:
    grid = stage.transport.grid
    beat = grid.beat(stage.now_ns)
    within = beat - grid.bar_start(beat)
    return within if within < grid.timebase.beats_per_bar - 0.05 else 0.0  # a breath before it


def test_nobody_says_anything() -> None:
    stage = TransportStage()
    stage.run(50)
    transport = stage.transport
    assert (transport.source, transport.playing, transport.locked) == (Source.FREE, False, False)
    assert transport.grid.timebase == Timebase()
    assert transport.next_due_ns() is None
    assert stage.heard() == []
    assert not transport.start(stage.now_ns)


def test_system_messages_are_consumed_and_the_others_are_not() -> None:
    stage = TransportStage()
    for status in (0xF1, 0xF2, 0xF3, 0xF6, 0xF8, 0xFA, 0xFB, 0xFC, 0xFE, 0xFF):
        assert stage.midi(status)
    assert not stage.midi(0x90, 60, 80)
    assert not stage.midi(0xF0, 1, 0xF7)
    assert not stage.midi()


def test_the_daws_clock_is_followed_from_its_lock_on() -> None:
    stage = TransportStage(bpm=90.0)
    stage.transport.grid.begin(stage.now_ns - 1_000 * MS)
    master = at_120(stage)
    stage.hear(master.messages)
    transport = stage.transport
    assert transport.source is Source.EXTERNAL
    assert transport.locked
    assert transport.playing
    assert transport.bpm == pytest.approx(120.0, rel=0.001)
    assert place_in_bar(stage) == pytest.approx(master.beat(stage.now_ns) % 4, abs=0.01)
    bar, beat = transport.position(stage.now_ns)
    assert (bar - 1) * 4 + beat - 1 == pytest.approx(8.0, abs=0.01)
    assert stage.heard() == [
        NewsKind.CLOCK_WAITING, NewsKind.JUMPED, NewsKind.CLOCK_LOCKED, NewsKind.STARTED,
        NewsKind.TEMPO,
    ]  # fmt: skip
    assert transport.epoch == 0  # the tempo was known before


def test_when_the_daw_stops_our_own_tempo_counts_again_or_none() -> None:
    for bpm, source in ((90.0, Source.INTERNAL), (None, Source.FREE)):
        stage = TransportStage(bpm=bpm)
        stage.hear(at_120(stage).messages)
        stage.heard()
        stage.midi(*STOP)
        assert stage.transport.source is source
        assert stage.transport.grid.timebase.tempo_known is (bpm is not None)
        assert stage.transport.bpm == (bpm or 120.0)
        told = stage.heard()
        assert NewsKind.STOPPED in told
        assert (NewsKind.TEMPO_FREE in told) is (bpm is None)
        assert stage.transport.epoch == (0 if bpm else 2)


def test_stopped_in_mid_bar_and_started_again_the_session_is_at_its_next_bar_line() -> None:
    stage = TransportStage(clock=ClockSource.EXTERNAL)
    stage.hear(at_120(stage, beats=10.5).messages)
    stage.midi(*STOP)
    assert stage.transport.source is Source.EXTERNAL  # its tempo goes on
    assert not stage.transport.playing
    stage.run(300)
    before = stage.transport.grid.beat(stage.now_ns)
    stage.heard()
    stage.hear(at_120(stage, beats=1 / 24).messages[:2])
    beat = stage.transport.grid.beat(stage.now_ns)
    assert beat == pytest.approx(stage.transport.grid.next_bar(before + 0.2), abs=0.01)
    assert stage.transport.position(stage.now_ns) == (1, pytest.approx(1.0))
    assert stage.heard() == [NewsKind.STARTED, NewsKind.JUMPED]
    assert stage.beats == sorted(stage.beats)


def test_a_jump_of_whole_bars_moves_no_beat_but_is_told() -> None:
    stage = TransportStage()
    master = at_120(stage)
    stage.hear(master.messages[:-1])
    before = stage.transport.grid.beat(stage.now_ns)
    stage.heard()
    stage.midi(0xF2, 0, 1)  # bar 9 of 4/4
    stage.hear([master.messages[-1]])
    assert stage.transport.position(stage.now_ns) == (9, pytest.approx(1.0, abs=0.01))
    assert stage.transport.grid.beat(stage.now_ns) == pytest.approx(before + 1 / 24, abs=0.01)
    assert stage.heard() == [NewsKind.JUMPED]


def test_a_lost_clock_goes_on_and_comes_back() -> None:
    stage = TransportStage()
    master = at_120(stage, beats=24)
    stage.hear(master.messages[:300])
    stage.heard()
    stage.run(2_000)
    transport = stage.transport
    assert (transport.clock_state, transport.locked, transport.playing) == (
        ClockState.LOST, False, True,
    )  # fmt: skip
    assert place_in_bar(stage) == pytest.approx(master.beat(stage.now_ns) % 4, abs=0.02)
    stage.hear([m for m in master.messages if m[0] > stage.now_ns])
    assert place_in_bar(stage) == pytest.approx(24 % 4, abs=0.01)
    assert stage.heard() == [NewsKind.CLOCK_LOST, NewsKind.CLOCK_BACK]


def test_the_daws_clock_can_be_refused() -> None:
    stage = TransportStage(bpm=90.0, clock=ClockSource.INTERNAL)
    stage.hear(at_120(stage).messages)
    assert stage.transport.source is Source.INTERNAL
    assert stage.heard() == []
    stage.change(clock=ClockSource.AUTO)
    assert stage.transport.source is Source.EXTERNAL
    stage.change(clock=ClockSource.INTERNAL)
    assert stage.transport.source is Source.INTERNAL
    assert stage.transport.bpm == 90.0
    assert stage.beats == sorted(stage.beats)


def clicks(stage: TransportStage) -> list[tuple[float, bool]]:
    """(ms since the start of the stage, accent)."""
    return [
        ((at - START_NS) / MS, message[1] == ACCENT[0])
        for at, message in stage.clicks
        if message[0] & 0xF0 == 0x90
    ]


def test_our_own_start_is_counted_in_and_others_follow_it() -> None:
    stage = TransportStage(bpm=120.0, beats_per_bar=3.0, count_in_bars=1, send_clock=True)
    stage.transport.grid.begin(stage.now_ns - 777 * MS)
    assert stage.transport.start(stage.now_ns)
    assert stage.transport.counting_in
    assert stage.transport.position(stage.now_ns) == (0, pytest.approx(1.0))
    stage.run(2_990)
    assert clicks(stage) == [(0, True), (500, False), (1_000, False)]
    first = next(k for k, sent in enumerate(stage.ticks) if sent[1] == START)
    assert stage.ticks[first][0] == START_NS + 1_500 * MS
    assert stage.ticks[first + 1] == (START_NS + 1_500 * MS, TICK)
    assert stage.transport.position(stage.now_ns)[0] == 1
    stage.transport.stop(stage.now_ns)
    assert stage.ticks[-1][1] == STOP
    stage.run(0)
    assert stage.heard() == [NewsKind.COUNTING_IN, NewsKind.STARTED, NewsKind.STOPPED]


def test_the_metronome_follows_whoever_plays() -> None:
    stage = TransportStage(bpm=120.0, metronome=True)
    stage.run(600)
    assert stage.clicks == []
    stage.transport.start(stage.now_ns)
    stage.run(1_100)
    assert clicks(stage) == [(600, True), (1_100, False), (1_600, False)]
    stage.transport.stop(stage.now_ns)
    stage.hear(at_120(stage, beats=4.5).messages)
    followed = [at for at, _ in clicks(stage)[3:]]
    assert followed == pytest.approx([1_800 + 500 * k for k in (1, 2, 3, 4)], abs=3.0)


def test_a_daws_clock_ends_a_count_in_and_our_own_clock() -> None:
    stage = TransportStage(bpm=100.0, count_in_bars=4, send_clock=True)
    stage.transport.start(stage.now_ns)
    stage.hear(at_120(stage, beats=4).messages)
    assert not stage.transport.counting_in
    sent = len(stage.ticks)
    stage.run(300)
    assert len(stage.ticks) == sent
    assert not stage.transport.start(stage.now_ns)


def test_taps_set_the_tempo_and_the_first_one_the_bar() -> None:
    stage = TransportStage()
    for _ in range(5):
        stage.transport.tap(stage.now_ns)
        stage.run(600)
    transport = stage.transport
    assert transport.source is Source.INTERNAL
    assert transport.bpm == pytest.approx(100.0)
    assert place_in_bar(stage) == pytest.approx(1.0, abs=0.01)
    assert transport.epoch == 1
    assert NewsKind.TEMPO_KNOWN in stage.heard()
    stage.change(bpm=80.0)
    assert transport.bpm == 80.0
    assert stage.beats == sorted(stage.beats)


def test_taps_on_a_running_beat_move_it_to_the_nearest_or_forward() -> None:
    for late_ms in (100, 300, 450):
        stage = TransportStage(bpm=120.0)
        stage.transport.start(stage.now_ns)
        stage.run(1_000 + late_ms)
        for _ in range(8):
            stage.run(500)
            stage.transport.tap(stage.now_ns)
        beat = stage.transport.grid.beat(stage.now_ns)
        assert beat == pytest.approx(round(beat), abs=0.01)
        assert stage.beats == sorted(stage.beats)


def test_the_daws_clock_is_not_tapped_away() -> None:
    stage = TransportStage()
    stage.hear(at_120(stage).messages)
    for _ in range(4):
        assert stage.transport.tap(stage.now_ns) is None
        stage.run(30)
    assert stage.transport.bpm == pytest.approx(120.0, rel=0.001)


def test_another_meter_keeps_bar_lines_with_the_song() -> None:
    stage = TransportStage()
    master = at_120(stage, beats=32)
    stage.hear(master.messages[:400])
    epoch = stage.transport.epoch
    stage.change(beats_per_bar=3.0)
    assert stage.transport.epoch == epoch + 1
    stage.hear(master.messages[400:])
    assert place_in_bar(stage) == pytest.approx(32 % 3, abs=0.02)
    assert NewsKind.METER in stage.heard()
    assert stage.beats == sorted(stage.beats)


def test_a_change_of_tempo_is_told_but_not_over_and_over() -> None:
    stage = TransportStage()
    begin_ns = stage.now_ns
    stage.hear(ClockMaster([(16, 100.0), (32, 100.0, 140.0)], begin_ns=begin_ns).messages)
    told = stage.heard().count(NewsKind.TEMPO)
    assert 8 <= told <= 2 * (stage.now_ns - begin_ns) / 1e9


def test_trouble_is_told_once() -> None:
    stage = TransportStage()
    stage.hear(at_120(stage).messages)
    stage.heard()
    for _ in range(3_000):
        stage.clock.advance_ns(100_000)
        stage.midi(*TICK)
    assert any("far more ticks" in says for says in stage.said)
    assert len(stage.said) == len(set(stage.said)) == stage.heard().count(NewsKind.TROUBLE)


def test_continue_goes_on_where_the_song_stopped() -> None:
    stage = TransportStage(clock=ClockSource.EXTERNAL)
    stage.hear(at_120(stage, beats=6).messages)
    stage.midi(*STOP)
    stage.run(333)
    again = at_120(stage, beats=4, first=CONTINUE)
    stage.hear(again.messages)
    assert place_in_bar(stage) == pytest.approx((10 + 1 / 24) % 4, abs=0.02)
    assert all(a <= b for a, b in itertools.pairwise(stage.beats))
