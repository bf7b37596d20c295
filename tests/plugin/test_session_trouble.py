"""Untidy players, commands in the middle of things, and the trouble of engines and ports."""

import pytest

from engine.api import Failed, Forget, Hear, Plan
from engine.events import Note, Timebase, Voice
from plugin import protocol
from plugin.protocol import AnswerOver, EngineReady, PhraseHeard, State, StateChanged, Trouble
from plugin.realtime.ledger import silence
from tests.fakes.engine import FakeEngine, answer_with
from tests.fakes.port import sounding
from tests.fakes.stage import Stage

LINE = tuple(Note(0.5 * number, 0.4, 72 + number, 90) for number in range(6))
FOUR_FOUR = Timebase(120.0, 4.0, tempo_known=True)
PHRASE = ((0, 60, 200), (250, 62, 200), (500, 64, 200), (750, 65, 200))


def stage(*, timebase: Timebase | None = None, thru: bool = False, **how: int) -> Stage:
    return Stage(FakeEngine(answer_with(*LINE, **how)), timebase=timebase, thru=thru)


def answering(**how: int) -> Stage:
    """A stage whose answer has just begun."""
    found = stage(**how)
    found.play(*PHRASE)
    found.run_until(PhraseHeard)
    found.run(1)
    assert found.session.state is State.ANSWERING
    return found


# ------------------------------------------------------------------------------- untidy input


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x90",
        b"\x90\x3c",
        b"\x90\x3c\x50\x00",
        b"\x90\xff\x50",
        b"\x3c\x50",
        b"\xf8",
        b"\xfe",
        b"\xff",
        b"\xf0\x7e\x7f\x09\x01\xf7",
        b"\xf2\x00\x00",
        b"\xc0",
        b"\xd0\x01\x02",
    ],
)
def test_what_is_no_channel_message_does_nothing(message: bytes) -> None:
    """JAM-7."""
    s = stage(thru=True)
    s.session.midi(s.now_ns, message)
    s.run(2_000)
    assert s.port.sent == []
    assert s.takes.list == []
    assert s.session.idle


def test_orphan_releases_and_wheels_are_no_phrase() -> None:
    s = stage()
    s.up(60)
    s.midi(0x90, 61, 0)
    s.midi(0xB0, 1, 5)
    s.midi(0xE0, 0, 70)
    s.run(3_000)
    assert s.takes.list == []
    assert s.engine.asks == []
    assert s.session.idle


def test_orphan_releases_do_not_put_the_answer_off() -> None:
    s = stage()
    s.play(*PHRASE)
    for _ in range(20):
        s.run(100)
        s.up(99)
    assert s.of(PhraseHeard)


def test_velocity_0_releases() -> None:
    s = stage()
    s.down(60)
    s.run(100)
    s.midi(0x90, 60, 0)
    s.run_until(PhraseHeard)
    assert [h.note.duration for h in s.engine.heard] == [pytest.approx(0.2)]


@pytest.mark.parametrize("number", [120, 123, 126])
def test_all_notes_off_releases_the_players_keys(number: int) -> None:
    """A DAW that stops says so instead of releasing key by key."""
    s = stage()
    s.down(60)
    s.down(64, channel=1)
    s.run(100)
    s.midi(0xB0, number, 0)
    s.run(1_800)
    assert s.port.sent == [], "the key of channel 2 is still down"
    s.midi(0xB1, number, 0)
    s.run_until(PhraseHeard)
    assert s.takes.list[0].of(Voice.PLAYER)[2:] == [
        bytes([0xB0, number, 0]),
        bytes([0x80, 60, 64]),
        bytes([0xB1, number, 0]),
        bytes([0x81, 64, 64]),
    ]


# ------------------------------------------------------------------------------------- commands


def test_panic_silences_at_once_and_the_jam_goes_on() -> None:
    """JAM-10."""
    s = answering()
    s.run(300)
    before = len(s.port.sent)
    s.command(protocol.Panic())
    assert [m for _, m in s.port.sent[before:]][-48:] == silence()
    assert sounding(s.port.sent) == {}
    assert not s.of(AnswerOver)[0].yielded
    s.run(1_000)
    assert len(s.port.sent) <= before + 49
    s.play(*PHRASE)
    s.run_until(AnswerOver)
    assert len(s.takes.list) == 2


def test_panic_frees_a_key_that_hangs() -> None:
    s = stage(thru=True)
    s.down(60)
    s.run(50)
    s.command(protocol.Panic())
    assert sounding(s.port.sent) == {}
    assert s.session.idle
    s.up(60)
    assert sounding(s.port.sent) == {}


def test_forgetting_keeps_the_phrase_that_is_being_played() -> None:
    s = stage()
    s.play(*PHRASE)
    s.run_until(AnswerOver)
    s.play((0, 50, 100), (200, 52, 100))
    s.run(10)
    s.command(protocol.Forget())
    place = s.engine.told.index(Forget())
    told = [m for m in s.engine.told[place:] if isinstance(m, Hear)]
    assert [h.note.pitch for h in told] == [50, 52]
    over = s.run_until(AnswerOver)
    assert over.notes == 6


def test_forgetting_during_the_answer_waits_for_its_end() -> None:
    s = answering()
    s.command(protocol.Forget())
    assert Forget() not in s.engine.told
    over = s.run_until(AnswerOver)
    assert over.notes == 6
    place = s.engine.told.index(Forget())
    assert not [m for m in s.engine.told[place:] if isinstance(m, Hear)]


def test_closing_releases_and_nothing_is_heard_or_sent_after() -> None:
    """JAM-9."""
    s = answering()
    s.run(300)
    s.close()
    assert sounding(s.port.sent) == {}
    sent, events = len(s.port.sent), len(s.events)
    s.close()
    s.down(60)
    s.command(protocol.Panic())
    s.command(protocol.Forget())
    s.engine.say(Failed("late"))
    s.run(1_000)
    assert (len(s.port.sent), len(s.events)) == (sent, events)
    assert [take.finished for take in s.takes.list] == [True]
    assert s.session.idle


# ------------------------------------------------------------------------------ trouble of others


def test_an_engine_that_dies_in_mid_phrase_is_replaced_and_the_phrase_answered() -> None:
    """JAM-8."""
    s = stage()
    s.play(*PHRASE[:2])
    s.engine.die()
    s.run(2)
    assert s.engine.lives == 2
    assert [type(event) for event in s.events[-4:]] == [
        Trouble,
        StateChanged,
        EngineReady,
        StateChanged,
    ]
    s.play(*PHRASE)
    assert s.run_until(AnswerOver).notes == 6
    assert s.hears(Voice.PLAYER)[0] == (0.0, 60)


def test_an_engine_that_dies_after_its_plan_is_not_needed_for_it() -> None:
    s = stage()
    s.play(*PHRASE)
    s.run(20)
    s.engine.answer = None
    s.engine.die()
    assert s.run_until(AnswerOver).notes == 6


def test_an_engine_that_dies_within_its_plan_is_asked_again() -> None:
    s = Stage(FakeEngine())
    s.play(*PHRASE)
    s.run(20)
    ask = s.engine.asks[-1]
    s.engine.say(Plan(ask.request, (Note(ask.start_beat, 1.0, 10, 80),), False, 0.0))
    s.run(2)
    s.engine.answer = answer_with(*LINE)
    s.engine.die()
    assert s.run_until(AnswerOver).notes == 6
    assert 10 not in [m[1] for _, m in s.port.note_ons]


def test_an_engine_that_dies_while_it_answers_leaves_what_was_planned() -> None:
    s = answering()
    s.engine.die()
    s.run(2)
    assert s.session.state is State.ANSWERING
    assert s.run_until(AnswerOver).notes == 6
    assert sounding(s.port.sent) == {}


def test_an_engine_that_dies_between_two_pieces_ends_the_answer_with_the_first() -> None:
    s = Stage(FakeEngine())
    s.play(*PHRASE)
    s.run(20)
    ask = s.engine.asks[-1]
    s.engine.say(Plan(ask.request, (Note(ask.start_beat, 1.0, 72, 80),), False, 0.0))
    s.run_until(PhraseHeard)
    s.engine.die()
    s.run(520)
    assert s.of(AnswerOver)[0].notes == 1
    assert s.session.idle


def test_an_engine_that_cannot_start_says_so_once() -> None:
    s = Stage(FakeEngine(ready=False))
    for _ in range(10):
        s.engine.say(Failed("no weights; run: make venv"))
        s.engine.die()
        s.run(31_000)
    assert [event.says for event in s.of(Trouble)] == ["no weights; run: make venv"]
    s.play(*PHRASE)
    s.run(12_000)
    assert s.session.idle


def test_a_port_that_goes_is_told_once_and_nothing_raises() -> None:
    """JAM-12."""
    s = stage(thru=True)
    s.down(40)
    s.port.unplug()
    s.up(40)
    s.play(*PHRASE)
    s.run_until(AnswerOver)
    s.command(protocol.Panic())
    s.close()
    assert len(s.of(Trouble)) == 1
    assert "Connect it again" in s.of(Trouble)[0].says
    assert s.port.refused > 12


def test_another_engine_takes_the_place_of_one_that_hangs() -> None:
    s = Stage(FakeEngine(answer_with(*LINE)))
    s.play(*PHRASE)
    s.engine.hang()
    s.command(protocol.RestartEngine())
    assert s.session.state is State.ENGINE_STOPPED
    assert s.run_until(AnswerOver).notes == len(LINE)
    assert s.engine.lives == 2
    assert s.of(Trouble) == []
