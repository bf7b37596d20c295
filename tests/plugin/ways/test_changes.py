"""Another way, a sign or a panic in the middle of something: nothing is lost, nothing sticks."""

from itertools import pairwise

import pytest
from msgspec import structs

from engine.api import Ask, Expect, Failed, Plan, Refused
from engine.events import Note, Voice
from engine.smf.notes import is_note_on
from plugin.engine_link import Stopped
from plugin.exchange import MOST_HEARD
from plugin.protocol import (
    Again,
    AnswerOver,
    Change,
    Command,
    Go,
    Panic,
    PhraseHeard,
    Position,
    Said,
    Start,
    State,
    Stop,
    Trouble,
)
from plugin.settings import Settings, Way, Yield
from plugin.ways.base import LAST_NOTES_NS
from tests.fakes.engine import FakeEngine, answer_with
from tests.fakes.port import sounding
from tests.fakes.stage import MS, Stage

LONG = tuple(Note(0.5 * number, 0.45, 72 + number, 90) for number in range(16))
PHRASE = ((0, 60, 200), (250, 62, 200), (500, 64, 200), (750, 65, 200))
WAYS = list(Way)


def stage(settings: Settings, *, thru: bool = False) -> Stage:
    return Stage(FakeEngine(answer_with(*LONG)), settings=settings, thru=thru)


def answering(s: Stage) -> Stage:
    s.play(*PHRASE)
    s.run_until(PhraseHeard)
    s.run(300)
    assert s.session.state is State.ANSWERING
    assert sounding(s.port.sent)
    return s


def yielding(yields: Yield = Yield.BAR) -> Stage:
    """The player came in, two keys are down, and the partner still plays."""
    s = answering(stage(Settings(bpm=120.0, yields=yields)))
    s.down(50)
    s.run(20)
    s.down(52)
    assert s.session.state is State.YIELDING
    return s


def struck(s: Stage) -> list[list[int]]:
    """The player's keys in each take."""
    return [[m[1] for m in take.of(Voice.PLAYER) if is_note_on(m)] for take in s.takes.list]


# --------------------------------------------------------------------------- while it yields


@pytest.mark.parametrize("command", [Again(), Go()])
def test_a_sign_while_it_yields_is_about_the_phrase_that_has_begun(command: Command) -> None:
    s = yielding()
    s.up(50)
    s.command(command)
    s.run(5)
    assert s.session.state is State.ANSWERING
    assert struck(s) == [[60, 62, 64, 65, 50, 52], [50, 52]]
    s.up(52)
    s.run(20_000)
    assert s.session.idle
    # The next phrase is heard as any other.
    s.play(*PHRASE)
    assert s.run_until(PhraseHeard).notes == 4  # type: ignore[attr-defined]


@pytest.mark.parametrize("way", [way for way in WAYS if way is not Way.ANSWER])
def test_another_way_while_it_yields_keeps_the_phrase_that_has_begun(way: Way) -> None:
    s = yielding()
    s.command(Change(structs.replace(s.session.settings, way=way)))
    s.run(600)  # a beat is half a second
    assert struck(s)[1] == [50, 52]
    s.up(50)
    s.up(52)
    s.play((0, 55, 100))
    assert struck(s)[1] == [50, 52, 55]
    s.command(Go())
    s.run(6_000)
    s.close()
    assert sounding(s.port.sent) == {}


def test_panic_while_it_yields_leaves_no_phrase_behind() -> None:
    s = yielding()
    s.command(Panic())
    s.run(20)
    assert s.session.idle
    s.up(50)
    s.up(52)
    s.play(*PHRASE)
    assert s.run_until(PhraseHeard).notes == 4  # type: ignore[attr-defined]


def test_another_meter_while_it_yields_keeps_the_phrase_that_has_begun() -> None:
    s = yielding()
    s.command(Change(structs.replace(s.session.settings, beats_per_bar=3.0)))
    s.run(5)
    assert sounding(s.port.sent) == {}
    s.up(50)
    s.up(52)
    assert s.run_until(PhraseHeard).notes == 2  # type: ignore[attr-defined]


# ------------------------------------------------------------------------------ mid-phrase


@pytest.mark.parametrize("bpm", [120.0, None])
@pytest.mark.parametrize("way", [way for way in WAYS if way not in (Way.ANSWER, Way.TRADE)])
def test_a_way_that_is_left_rings_until_the_next_beat_and_its_take_is_whole(
    way: Way, bpm: float | None
) -> None:
    s = answering(stage(Settings(bpm=bpm)))
    s.command(Change(structs.replace(s.session.settings, way=way)))
    s.run(LAST_NOTES_NS / MS + 1)
    assert sounding(s.port.sent) == {}
    assert s.session.state is State.LISTENING
    take = s.takes.list[0]
    assert take.finished
    assert take.of(Voice.PARTNER) == [m for _, m in s.port.sent]
    assert len(s.of(AnswerOver)) == 1


def test_what_rings_on_makes_room_for_the_players_next_note() -> None:
    s = answering(stage(Settings()))
    s.command(Change(Settings(way=Way.SIGN)))
    s.down(48)
    assert sounding(s.port.sent) == {}
    s.run(50)
    assert struck(s) == [[60, 62, 64, 65], [48]]
    assert s.takes.list[0].finished


@pytest.mark.parametrize("to", WAYS)
@pytest.mark.parametrize("way", WAYS)
def test_the_bars_go_on_and_no_note_is_lost_whatever_way_follows(way: Way, to: Way) -> None:
    s = stage(Settings(bpm=120.0, way=way, bars=1), thru=True)
    s.play((0, 60, 200), (400, 62, 300), (800, 64, 150))
    s.run(130)
    s.down(67)
    s.command(Change(Settings(bpm=120.0, way=to, bars=1)))
    s.run(200)
    s.up(67)
    s.play((0, 69, 200))
    s.run(3_000)
    beats = [(event.bar - 1) * 4 + event.beat for event in s.of(Position)]  # type: ignore[attr-defined]
    assert beats == list(range(1, len(beats) + 1))
    assert len(beats) >= 8
    assert {key for take in struck(s) for key in take} == {60, 62, 64, 67, 69}
    s.close()
    assert sounding(s.port.sent) == {}


def test_a_way_that_is_left_while_it_thinks_is_not_said_to_think_on() -> None:
    s = Stage(FakeEngine(), settings=Settings())
    s.play(*PHRASE)
    s.run(1_500)
    assert s.session.state is State.THINKING
    s.command(Change(Settings(way=Way.SIGN)))
    assert s.session.state is State.LISTENING


def test_again_after_a_silent_exchange_is_about_the_last_phrase_that_was_heard() -> None:
    s = stage(Settings(way=Way.TRADE, bars=1, bpm=120.0))
    s.play(*PHRASE)
    s.run(12_000)  # the player is silent for two turns
    s.command(Change(Settings(way=Way.SIGN, bpm=120.0)))
    s.run(600)
    s.command(Again())
    s.run(20)
    assert s.session.state is State.ANSWERING


def test_stop_is_no_end_of_the_answer_where_no_song_runs() -> None:
    s = answering(stage(Settings(bpm=120.0)))
    s.command(Stop())
    s.run(50)
    assert s.session.state is State.ANSWERING


# ------------------------------------------------------------------------- trading, and jumps


def trading(**more: object) -> Stage:
    """In the first of the partner's two bars, a beat and a half into them."""
    s = Stage(
        FakeEngine(answer_with(*LONG)),
        settings=Settings(way=Way.TRADE, bars=2, bpm=120.0, **more),  # type: ignore[arg-type]
    )
    s.play((0, 60, 200))
    s.run(4_000 - 200 + 750)
    assert s.session.state is State.ANSWERING
    return s


def bars_with_notes(s: Stage) -> set[int]:
    return {int((s.session.beat(at) + 0.01) // 4) for at, _ in s.port.note_ons}


@pytest.mark.parametrize("change", [{"bars": 1}, {"partner_starts": True}, {"beats_per_bar": 3.0}])
def test_another_deal_in_the_partners_bars_begins_the_trade_anew(
    change: dict[str, object],
) -> None:
    s = trading()
    s.command(Change(structs.replace(s.session.settings, **change)))
    before = len(s.port.note_ons)
    s.run(16_000)
    assert len(s.port.note_ons) > before + 8
    assert len(s.of(AnswerOver)) >= 3
    s.close()
    assert sounding(s.port.sent) == {}


def test_another_dial_in_the_partners_bars_leaves_them_alone() -> None:
    s = trading()
    s.command(Change(structs.replace(s.session.settings, eagerness=0.9)))
    s.run(16_000)
    assert {2, 3, 6, 7} <= bars_with_notes(s)
    assert bars_with_notes(s).isdisjoint({0, 1, 4, 5})


def test_the_song_starts_anew_in_the_partners_bars() -> None:
    s = trading()
    s.command(Start())
    s.run(20)
    assert sounding(s.port.sent) == {}
    before = len(s.port.note_ons)
    s.run(16_000)
    assert len(s.port.note_ons) > before + 16


def test_panic_in_the_partners_bars_is_silence_until_its_next_turn() -> None:
    s = trading()
    s.command(Panic())
    s.down(62)
    s.run(100)
    s.up(62)
    played = len(s.port.note_ons)
    s.run(2_500)
    assert len(s.port.note_ons) == played
    s.run(8_000)
    assert len(s.port.note_ons) > played


def test_an_engine_that_dies_with_the_question_is_asked_again_in_the_same_bars() -> None:
    s = Stage(FakeEngine(), settings=Settings(way=Way.TRADE, bars=2, bpm=120.0))
    s.play((0, 60, 200))
    s.run(4_000 - 200 + 200)
    s.engine.answer = answer_with(*LONG)
    s.engine.die()
    s.run(1_000)
    assert bars_with_notes(s) == {2}


def test_a_note_that_hangs_over_before_the_plan_is_there_is_no_reason_to_be_silent() -> None:
    s = Stage(FakeEngine(), settings=Settings(way=Way.TRADE, bars=2, bpm=120.0))
    s.play((0, 60, 200))
    s.run(4_000 - 200 + 100)
    s.engine.answer = answer_with(*LONG)
    s.play((0, 62, 100))
    s.run(1_000)
    assert 2 in bars_with_notes(s)


@pytest.mark.parametrize("way", [Way.ANSWER, Way.TRADE])
def test_a_question_that_is_refused_is_not_asked_a_thousand_times(way: Way) -> None:
    def refuse(ask: Ask) -> list[Plan]:
        s.engine.say(Refused(ask.request, "These limits leave nothing. Widen one."))
        return []

    s = Stage(FakeEngine(refuse), settings=Settings(way=way, bars=1, bpm=120.0))
    s.play(*PHRASE)
    s.run(4_000)
    assert 1 < len(s.engine.asks) < 60
    assert len(s.of(Trouble)) == 1


def test_what_the_song_jumps_over_is_left_out() -> None:
    """Our own start begins a bar: the beats until it do not sound all at once."""
    s = answering(stage(Settings(bpm=120.0)))
    while not 0.6 < s.session.beat(s.now_ns) % 4.0 < 1.0:
        s.run(10)
    s.command(Start())  # three beats on
    at_ns = s.now_ns
    s.run(30)
    assert len([at for at, _ in s.port.note_ons if at >= at_ns]) <= 1
    s.run(20_000)
    assert sounding(s.port.sent) == {}


def test_an_exchange_in_which_nobody_has_played_ends_with_its_way() -> None:
    s = stage(Settings(way=Way.TRADE, bars=1, bpm=120.0))
    s.play((0, 60, 200))
    s.run(6_000 - 200 - 100)  # the player's second bar is over in a moment, and empty
    assert len(s.takes.list) == 2
    s.command(Change(Settings(bpm=120.0)))
    assert s.session.idle
    assert all(take.finished for take in s.takes.list)


def test_a_stretch_that_dies_with_the_engine_is_played_by_the_next_one() -> None:
    """Going on alone, it is back within two seconds."""
    s = stage(Settings(way=Way.ENDLESS, bpm=120.0))
    answering(s)
    s.engine.answer = None
    asked = len(s.engine.asks)
    while len(s.engine.asks) == asked:
        s.run(10)
    s.engine.answer = answer_with(*LONG)
    s.engine.die()
    onsets = len(s.port.note_ons)
    s.run(6_000)
    found = [at for at, _ in s.port.note_ons[onsets - 1 :]]
    assert max(b - a for a, b in pairwise(found)) <= 2_000 * MS


@pytest.mark.parametrize("way", [Way.ANSWER, Way.TRADE, Way.VARY, Way.ENDLESS])
def test_while_there_is_no_engine_nothing_is_asked_at_every_poll(way: Way) -> None:
    s = stage(Settings(way=way, bars=1, bpm=120.0))
    s.play(*PHRASE)
    s.engine.say(Failed("The weights are gone; install them again."), Stopped("It ended."))
    s.run(30)
    asked = 0
    for name in ("ask", "rework"):
        original = getattr(s.session._band, name)

        def count(*given: object, original: object = original, **more: object) -> None:
            nonlocal asked
            asked += 1
            original(*given, **more)  # type: ignore[operator]

        setattr(s.session._band, name, count)
    s.run(1_500)
    assert asked <= 20


def test_a_phrase_without_an_end_costs_no_more_than_a_long_one() -> None:
    s = Stage(settings=Settings(way=Way.SIGN), poll_ms=20)
    for number in range(3_000):
        s.down(40 + number % 40)
        s.run(20)
        s.up(40 + number % 40)
    turn = s.session._band.turn
    assert turn is not None
    assert len(turn.heard) <= MOST_HEARD
    assert [n.pitch for n in turn.phrase(s.session._band.grid, 3)] == [77, 78, 79]


def test_an_expectation_that_was_refused_does_not_end_expecting() -> None:
    s = Stage(settings=Settings())
    s.down(60)
    s.engine.say(Refused(s.engine.told[-1].request, "No."))  # type: ignore[union-attr]
    s.run(50)
    before = sum(isinstance(m, Expect) for m in s.engine.told)
    s.up(60)
    s.down(62)
    assert sum(isinstance(m, Expect) for m in s.engine.told) > before


def test_a_jam_that_begins_by_trading_has_a_tempo_and_keeps_one() -> None:
    s = stage(Settings(way=Way.TRADE, bars=1))
    s.play(*PHRASE)
    s.run(4_000)
    assert s.port.note_ons
    assert [e.says for e in s.of(Said) if "needs a tempo" in e.says] != []  # type: ignore[attr-defined]
    s.command(Change(Settings(way=Way.TRADE, bars=1)))  # no tempo again
    s.run(50)
    assert s.session.timebase.tempo_known
    assert s.session.settings.bpm == 120.0
