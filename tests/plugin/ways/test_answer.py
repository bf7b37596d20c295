"""Answering by silence and on a sign: who asks when, holds, yields, asks again."""

from dataclasses import replace

import pytest
from msgspec import structs

from engine.api import Ask, Expect, Plan
from engine.events import Note, Timebase, Voice
from plugin.protocol import (
    Again,
    AnswerOver,
    Forget,
    Go,
    Hold,
    PhraseHeard,
    Said,
    State,
    StateChanged,
)
from plugin.settings import Settings, Way, Yield
from tests.fakes.engine import FakeEngine, answer_with
from tests.fakes.port import sounding
from tests.fakes.stage import MS, Stage

LINE = tuple(Note(0.5 * number, 0.4, 72 + number, 90) for number in range(6))
PHRASE = ((0, 60, 200), (250, 62, 200), (500, 64, 200), (750, 65, 200))
TEMPO = Settings(bpm=120.0)


def by_seed(ask: Ask) -> list[Plan]:
    """Another line for another seed."""
    moved = tuple(
        replace(n, onset=ask.start_beat + n.onset, pitch=60 + (ask.seed * 7 + at) % 24)
        for at, n in enumerate(LINE)
    )
    return [Plan(ask.request, moved, True, 0.0)]


def stage(settings: Settings | None = None, **how: int) -> Stage:
    return Stage(FakeEngine(answer_with(*LINE, **how)), settings=settings)


def answering(s: Stage) -> Stage:
    s.play(*PHRASE)
    s.run_until(PhraseHeard)
    s.run(1)
    assert s.session.state is State.ANSWERING
    return s


# ------------------------------------------------------------------------------ the hand-over


def test_the_models_expectation_is_asked_with_the_note_that_sounds() -> None:
    s = stage()
    s.down(60)
    expects = [m for m in s.engine.told if isinstance(m, Expect)]
    assert [(h.note.pitch, h.held, h.voice) for h in expects[0].so_far] == [
        (60, True, Voice.PLAYER)
    ]


def test_one_expectation_is_asked_at_a_time_however_fast_the_notes_come() -> None:
    s = stage()
    for pitch in range(60, 90):  # the engine does not answer
        s.down(pitch)
        s.up(pitch)
    assert sum(isinstance(m, Expect) for m in s.engine.told) == 1
    s.engine.expects = (0.5, (0.1,) * 9)
    s.engine.say()  # from now on it does
    s.down(60)
    assert sum(isinstance(m, Expect) for m in s.engine.told) == 1


def test_a_dead_engine_leaves_no_expectation_open() -> None:
    s = stage()
    s.down(60)
    s.engine.die()
    s.run(50)
    s.up(60)
    s.run(200)
    s.down(62)
    assert any(isinstance(m, Expect) for m in s.engine.told)


# ------------------------------------------------------------------------------ on a sign


def test_on_a_sign_silence_means_nothing() -> None:
    s = stage(Settings(way=Way.SIGN))
    s.play(*PHRASE)
    s.run(8_000)
    assert s.port.sent == []
    s.command(Go())
    s.run(50)
    assert s.session.state is State.ANSWERING
    assert s.run_until(AnswerOver).notes == 6


def test_a_sign_hands_over_with_keys_held_and_the_engine_knows_them() -> None:
    s = stage(Settings(way=Way.SIGN))
    s.play((0, 60, 200))
    s.down(64)
    s.run(300)
    s.command(Go())
    s.run(50)
    assert s.session.state is State.ANSWERING
    held = [(h.note.pitch, h.held) for h in s.engine.asks[-1].so_far]
    assert held == [(64, True)]


def test_a_sign_before_any_phrase_is_answered_in_words() -> None:
    s = stage(Settings(way=Way.SIGN))
    s.command(Go())
    s.run(2_000)
    assert len(s.of(Said)) == 1
    assert s.port.sent == []


# ------------------------------------------------------------------------------ again


def test_again_answers_the_same_phrase_anew_and_keeps_both_takes() -> None:
    s = Stage(FakeEngine(by_seed))
    answering(s)
    s.run(400)
    first = [m[1] for _, m in s.port.note_ons]
    s.command(Again())
    assert sounding(s.port.sent) == {}
    s.run_until(AnswerOver)
    second = [m[1] for _, m in s.port.note_ons][len(first) :]
    assert len(second) == 6
    assert second[: len(first)] != first
    takes = s.takes.list
    assert len(takes) == 2
    assert takes[0].of(Voice.PLAYER) == takes[1].of(Voice.PLAYER)
    assert takes[1].settings["attempt"] == 1
    assert sounding(s.port.sent) == {}


def test_the_same_answer_is_never_given_twice_for_one_phrase() -> None:
    drawn: list[Ask] = []

    def stubborn(ask: Ask) -> list[Plan]:
        """As a model that is drawn greedily: only a warmer draw changes its mind."""
        drawn.append(ask)
        up = 0 if ask.limits.temperature < 1.0 else 5
        moved = tuple(replace(n, onset=ask.start_beat + n.onset, pitch=n.pitch + up) for n in LINE)
        return [Plan(ask.request, moved, True, 0.0)]

    s = Stage(FakeEngine(stubborn))
    s.play(*PHRASE)
    s.run_until(AnswerOver)
    s.command(Again())
    s.run_until(AnswerOver)
    played = [m[1] for _, m in s.port.note_ons]
    assert played[:6] == [n.pitch for n in LINE]
    assert played[6:] == [n.pitch + 5 for n in LINE]


def test_where_there_is_no_other_answer_it_says_so_and_plays_on() -> None:
    s = stage()
    s.play(*PHRASE)
    s.run_until(AnswerOver)
    s.command(Again())
    s.run_until(AnswerOver)
    assert any("no other answer" in event.says for event in s.of(Said))


# ------------------------------------------------------------------------------ hold and yield


def test_hold_mutes_without_cutting_notes_and_the_answer_goes_on_in_time() -> None:
    s = answering(stage())
    s.run(270)  # the second note has begun at 250 ms and lasts to 450
    s.command(Hold(True))
    s.run(10)
    assert sounding(s.port.sent) == {(0, 73): 1}
    s.run(500)
    assert sounding(s.port.sent) == {}
    s.command(Hold(False))
    s.run_until(AnswerOver)
    pitches = [m[1] for _, m in s.port.note_ons]
    assert pitches == [72, 73, 76, 77]


@pytest.mark.parametrize(("yields", "beat"), [(Yield.BEAT, 1.0), (Yield.BAR, 4.0)])
def test_it_yields_at_the_end_of_the_beat_or_of_the_bar(yields: Yield, beat: float) -> None:
    s = Stage(
        FakeEngine(answer_with(*(replace(n, onset=n.onset) for n in LINE * 1))),
        settings=Settings(bpm=120.0, yields=yields),
    )
    answering(s)
    s.run(330)
    entered = s.session.beat(s.now_ns)
    line = -(-entered // beat) * beat
    s.down(50)
    assert s.session.state is State.YIELDING
    s.run(60)
    s.up(50)
    s.run_until(AnswerOver)
    silent = [s.session.beat(at) for at, _ in s.port.note_offs]
    assert max(silent) <= line + 0.01
    assert max(s.session.beat(at) for at, _ in s.port.note_ons) < line
    assert sounding(s.port.sent) == {}
    # What was played meanwhile is the beginning of the next phrase, in its take and for the engine.
    heard = s.run_until(PhraseHeard)
    assert heard.notes == 1
    assert s.takes.list[1].of(Voice.PLAYER) == [bytes([0x90, 50, 80]), bytes([0x80, 50, 64])]


def test_forget_in_mid_answer_waits_for_its_end() -> None:
    s = answering(stage())
    s.command(Forget())
    s.run_until(AnswerOver)
    kinds = [type(m).__name__ for m in s.engine.told]
    assert kinds.index("Forget") > max(at for at, kind in enumerate(kinds) if kind == "Hear")


# ------------------------------------------------------------------------------ time


def test_notes_go_out_earlier_by_the_latency_that_was_measured() -> None:
    plain, early = stage(TEMPO), stage(structs.replace(TEMPO, latency_ms=20.0))
    for s in (plain, early):
        s.play(*PHRASE)
        s.run_until(AnswerOver)
    pairs = zip(plain.port.note_ons, early.port.note_ons, strict=True)
    assert [late[0] - soon[0] for late, soon in pairs] == [20 * MS] * 6
    assert all(event.late_notes == 0 for event in early.of(AnswerOver))


def test_everything_the_partner_plays_is_on_the_channel_of_its_own() -> None:
    s = stage(Settings(partner_channel=3))
    s.play(*PHRASE)
    s.run_until(AnswerOver)
    assert {m[0] & 0x0F for _, m in s.port.sent} == {3}


def test_a_state_controller_says_what_the_partner_does() -> None:
    s = stage(Settings(state_cc=(2, 20)))
    s.run(5)
    s.play(*PHRASE)
    s.run_until(AnswerOver)
    s.run(5)
    said = [m[2] for _, m in s.port.sent if m[:2] == bytes([0xB2, 20])]
    assert said == [0, 1, 2, 0]


def test_the_timebase_is_the_settings_one() -> None:
    assert stage(TEMPO).session.timebase == Timebase(120.0, 4.0, tempo_known=True)
    assert not stage().session.timebase.tempo_known


def test_states_are_told_in_order() -> None:
    s = stage()
    s.play(*PHRASE)
    s.run_until(AnswerOver)
    assert [event.state for event in s.of(StateChanged)] == [State.ANSWERING, State.LISTENING]
