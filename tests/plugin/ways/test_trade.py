"""Trading bars: whose they are, what happens at their edges, and that nothing leaves them."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.api import Ask, Plan
from engine.events import Note, Voice
from plugin.protocol import Again, AnswerOver, Change, PhraseHeard, Position, Said, Start, State
from plugin.settings import ClockSource, Settings, Way
from tests.fakes.clock_master import STOP, ClockMaster
from tests.fakes.engine import FakeEngine
from tests.fakes.port import sounding
from tests.fakes.stage import Stage

BEAT_MS = 500.0
BAR_MS = 4 * BEAT_MS


def eighths(ask: Ask) -> list[Plan]:
    """Eighths from the start to the end and beyond, in pieces of eight; long last notes."""
    first = -(-ask.start_beat // 0.5) * 0.5
    count = math.ceil((ask.end_beat - first) / 0.5 - 1e-6)
    notes = [Note(first + 0.5 * n, 0.4, 60 + n % 12, 80) for n in range(count)]
    if notes:
        notes[-1] = replace(notes[-1], duration=3.0)
    pieces = [notes[at : at + 8] for at in range(0, len(notes), 8)] or [[]]
    return [
        Plan(ask.request, tuple(part), n == len(pieces), 0.0) for n, part in enumerate(pieces, 1)
    ]


def stage(bars: int = 1, *, poll_ms: float = 1.0, **more: object) -> Stage:
    settings = Settings(way=Way.TRADE, bars=bars, bpm=120.0, **more)  # type: ignore[arg-type]
    return Stage(FakeEngine(eighths), settings=settings, poll_ms=poll_ms)


def beats(s: Stage, sent: list[tuple[int, bytes]]) -> list[float]:
    return [round(s.session.beat(at), 3) for at, _ in sent]


@pytest.mark.parametrize("bars", [1, 2, 4])
def test_the_answer_fills_its_bars_and_nothing_sounds_beyond_them(bars: int) -> None:
    s = stage(bars)
    s.play((0, 50, 300), (1_000, 52, 300))
    s.run(2 * bars * BAR_MS + 100 - 1_300)
    first, last = 4.0 * bars, 8.0 * bars
    assert beats(s, s.port.note_ons) == [first + 0.5 * n for n in range(8 * bars)]
    assert max(beats(s, s.port.note_offs)) <= last
    assert sounding(s.port.sent) == {}
    over = s.of(AnswerOver)[0]
    assert (over.notes, over.late_notes, over.dropped_notes, over.yielded) == (
        8 * bars,
        0,
        0,
        False,
    )
    ask = s.engine.asks[-1]
    assert (ask.start_beat, ask.end_beat, ask.limits.land) == (first, last, last - 1.0)
    assert not ask.may_hand_over


def test_it_goes_on_turn_by_turn_and_each_is_a_take() -> None:
    s = stage(1)
    for _ in range(3):
        s.play((0, 50, 300), (1_000, 52, 300))
        s.run(2 * BAR_MS - 1_300)
    assert [len(t.of(Voice.PLAYER)) for t in s.takes.list] == [4, 4, 4]
    heard = s.of(PhraseHeard)
    assert [event.notes for event in heard] == [2, 2, 2]
    assert all(len(t.of(Voice.PARTNER)) == 16 for t in s.takes.list)


def test_a_silent_player_is_answered_all_the_same() -> None:
    s = stage(1)
    s.play((0, 50, 300))
    s.run(4 * BAR_MS)
    assert {int(beat // 4) % 2 for beat in beats(s, s.port.note_ons)} == {1}
    assert len({int(beat // 4) for beat in beats(s, s.port.note_ons)}) == 2


def test_the_partner_may_start() -> None:
    s = stage(1, partner_starts=True)
    s.down(50)
    s.up(50)
    s.run(2 * BAR_MS - 10)
    assert {int(beat // 4) for beat in beats(s, s.port.note_ons)} == {0}


def test_the_question_is_asked_anew_for_every_note_before_the_bars() -> None:
    s = stage(1)
    s.play((0, 50, 300), (1_700, 52, 100), (1_850, 53, 100))
    s.run(1_000)
    assert [[h.note.pitch for h in ask.so_far] for ask in s.engine.asks] == [[], [52], [53]]
    assert [ask.heard_serial for ask in s.engine.asks] == [1, 1, 2]
    assert min(beats(s, s.port.note_ons)) == 4.0


def test_a_note_that_hangs_over_does_not_stop_the_partner_playing_on_does() -> None:
    s = stage(2)
    s.play((0, 50, 300), (2 * BAR_MS - 100, 52, 400))
    s.run(100)
    s.down(55)  # 400 ms after the bar line
    s.up(55)
    s.run(1_000)
    assert s.session.state is State.ANSWERING
    s.down(57)
    assert sounding(s.port.sent) == {}
    s.up(57)
    played = len(s.port.note_ons)
    s.run(2 * BAR_MS - 1_500)
    assert len(s.port.note_ons) == played
    assert s.of(AnswerOver)[0].yielded
    # The trade goes on: the bars after the player's next ones are the partner's again.
    s.run(2 * BAR_MS + 200)
    assert len(s.port.note_ons) > played


def test_an_upbeat_is_the_beginning_of_the_next_phrase() -> None:
    s = stage(1)
    s.play((0, 50, 300))
    s.run(2 * BAR_MS - 300 - 200)
    s.down(55)  # 200 ms before the player's bar
    s.run(300)
    s.up(55)
    s.play((0, 57, 100))
    s.run(2 * BAR_MS)
    assert [event.notes for event in s.of(PhraseHeard)] == [1, 2]
    assert [m[1] for m in s.takes.list[1].of(Voice.PLAYER) if m[0] == 0x90] == [55, 57]


def test_a_plan_that_comes_late_is_left_out_where_it_is_past() -> None:
    s = Stage(FakeEngine(), settings=Settings(way=Way.TRADE, bars=1, bpm=120.0))
    s.play((0, 50, 300))
    s.run(BAR_MS - 300 + 600)
    assert s.session.state is State.THINKING
    s.engine.say(*eighths(s.engine.asks[-1]))
    s.run(BAR_MS)
    found = beats(s, s.port.note_ons)
    assert found[0] >= 5.0
    assert found[-1] == 7.5


def test_again_gives_these_bars_something_else() -> None:
    s = stage(1)
    s.play((0, 50, 300))
    s.run(BAR_MS - 300 + 700)
    before = len(s.engine.asks)
    s.command(Again())
    s.run(BAR_MS - 600)
    assert len(s.engine.asks) == before + 1
    assert s.engine.asks[-1].seed != s.engine.asks[-2].seed
    assert max(beats(s, s.port.note_offs)) <= 8.0
    assert sounding(s.port.sent) == {}


def test_the_position_says_whose_bar_it_is() -> None:
    s = stage(2)
    s.play((0, 50, 300))
    s.run(4 * BAR_MS - 310)
    told = [
        (e.bar, e.partners_turn, e.turn_bar, e.turn_bars) for e in s.of(Position) if e.beat == 1
    ]
    assert told == [(1, False, 1, 2), (2, False, 2, 2), (3, True, 1, 2), (4, True, 2, 2)]


def test_trading_without_a_tempo_gets_one_and_says_so() -> None:
    s = Stage(FakeEngine(eighths))
    s.command(Change(Settings(way=Way.TRADE, bars=1)))
    assert "120" in s.of(Said)[0].says
    s.run(5)
    s.play((0, 50, 300))
    s.run(2 * BAR_MS)
    assert s.port.note_ons
    assert sounding(s.port.sent) == {}


@given(
    st.lists(
        st.tuples(st.integers(0, 900), st.integers(40, 90), st.integers(20, 900)), max_size=14
    ),
    st.sampled_from([1, 2]),
    st.booleans(),
)
def test_every_note_of_the_partner_lies_in_its_bars_however_the_player_plays(
    strokes: list[tuple[int, int, int]], bars: int, starts: bool
) -> None:
    s = stage(bars, partner_starts=starts, poll_ms=4.0)
    at, played = 0, []
    for gap, pitch, length in strokes:
        at += gap
        played.append((float(at), pitch, float(length)))
    s.play((0, 30, 50), *played)
    s.run(2 * bars * BAR_MS)
    parity = 0 if starts else 1
    for beat in beats(s, s.port.note_ons):
        assert int((beat + 0.01) // (4 * bars)) % 2 == parity
    s.close()
    assert sounding(s.port.sent) == {}


def test_trading_by_a_clock_that_does_not_come_says_what_it_waits_for() -> None:
    s = stage(1, clock=ClockSource.EXTERNAL)
    s.play((0, 50, 300))
    s.run(3 * BAR_MS)
    assert s.port.note_ons == []
    assert [e.says for e in s.of(Said)] == ["Trading waits for the DAW's clock: start its song."]


def test_a_daw_that_stops_stops_the_trade_though_there_is_a_tempo_of_our_own() -> None:
    s = stage(1)
    daw = ClockMaster([(12.0, 120.0)], begin_ns=s.now_ns + 10_000_000)
    for at_ns, message in daw.messages:
        s.run((at_ns - s.now_ns) / 1e6)
        s.session.midi(s.now_ns, message)
    s.session.midi(s.now_ns, STOP)
    s.run(10)
    played = len(s.port.note_ons)
    assert played
    s.run(4 * BAR_MS)
    assert len(s.port.note_ons) == played
    assert sounding(s.port.sent) == {}
    s.command(Start())
    s.run(4 * BAR_MS)
    assert len(s.port.note_ons) > played
