"""Stars, choices and broken-off answers: what the take keeps and what the engine is told."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from engine.api import Ask, Candidate, Candidates, FromEngine, Judge, Kind, Plan, Playing, Quoted
from engine.events import Note, Voice
from plugin.protocol import (
    Again,
    Alternatives,
    AnswerOver,
    Change,
    Choose,
    Delete,
    Drawn,
    Go,
    Keep,
    PhraseHeard,
    Said,
    Star,
    State,
    TakeMarked,
)
from plugin.settings import Settings
from tests.fakes.engine import FakeEngine
from tests.fakes.stage import Stage

PHRASE = ((0, 60, 200), (250, 62, 200), (500, 64, 200), (750, 65, 200))


def line(ask: Ask, key: int) -> tuple[Note, ...]:
    return tuple(Note(ask.start_beat + 0.5 * n, 0.4, key + n, 90) for n in range(6))


def drawn(ask: Ask, *, best: int = 1) -> Sequence[FromEngine]:
    """Three answers, on keys 40, 50 and 70; number `best` takes the first one's place."""
    keys = (40, 50, 70)
    found = [
        Candidate(ask.seed + n, line(ask, key), -abs(n - best), ("calmer",), Quoted(5 + n, "own"))
        for n, key in enumerate(keys)
    ]
    said: list[FromEngine] = [Plan(ask.request, found[0].notes, True, 0.0, seed=ask.seed)]
    if best:
        better = found[best]
        said.append(Plan(ask.request, better.notes, True, 1.0, seed=better.seed, anew=True))
    said.append(Candidates(ask.request, tuple(sorted(found, key=lambda one: -one.score))))
    return said


@pytest.fixture
def stage() -> Stage:
    found = Stage(FakeEngine(drawn))
    found.engine.say(Playing("anna", "prior", 2, 500))
    found.settle()
    return found


def judged(s: Stage) -> list[tuple[Kind, int]]:
    """(what was said, of which answer of its question) in order."""
    found = [m for m in s.engine.log if isinstance(m, Judge)]
    seeds = {ask.request: ask.seed for ask in s.engine.asks}
    return [(m.signal.kind, m.seed - seeds[m.request]) for m in found]


def answered(s: Stage) -> Stage:
    s.play(*PHRASE)
    s.run_until(AnswerOver)
    return s


def keys(s: Stage) -> list[int]:
    return [message[1] for _, message in s.port.note_ons]


def test_a_better_answer_takes_the_place_of_the_first_before_it_begins(stage):
    answered(stage)
    assert keys(stage) == [50 + n for n in range(6)]
    take = stage.takes.list[-1]
    (ask,) = {ask.seed for ask in stage.engine.asks if ask.seed + 1 == take.seed}
    assert take.settings["played_seed"] == take.seed == ask + 1
    assert take.settings["candidates"] == [[ask + 1, 0], [ask, -1], [ask + 2, -1]]
    assert take.settings["why"] == ["calmer"]
    assert (take.settings["quoted_notes"], take.settings["quoted_from"]) == (6, "own")
    assert (take.settings["profile"], take.settings["adapter"]) == ("anna", 2)
    assert take.settings["learnt_notes"] == 500
    drawn_event = stage.of(Drawn)[-1]
    assert drawn_event.played == ask + 1
    assert [one.seed for one in drawn_event.alternatives] == [ask + 1, ask, ask + 2]


def test_what_has_begun_is_not_replaced(stage):
    stage.engine.answer = lambda ask: [drawn(ask)[0]]
    stage.play(*PHRASE)
    stage.run_until(PhraseHeard)
    stage.run(1)
    assert stage.session.state is State.ANSWERING
    ask = stage.engine.asks[-1]
    stage.engine.say(*drawn(ask)[1:])
    stage.run_until(AnswerOver)
    assert keys(stage) == [40 + n for n in range(6)]
    take = stage.takes.list[-1]
    assert take.seed == ask.seed
    assert take.settings["quoted_notes"] == 5, "of the one that was played"


def test_plans_that_were_asked_for_earlier_replace_nothing(stage):
    stage.engine.answer = lambda ask: [drawn(ask)[0]]
    stage.play(*PHRASE)
    stage.run(60)
    old = stage.engine.asks[-1]
    stage.play((0, 67, 100))
    stage.run(60)
    stage.engine.say(*drawn(old)[1:])
    stage.run_until(AnswerOver)
    assert keys(stage) == [40 + n for n in range(6)]


def test_again_plays_the_next_best_and_asks_the_engine_only_when_there_is_none(stage):
    answered(stage)
    asked = len(stage.engine.asks)
    for first in (40, 70):
        del stage.port.sent[:]
        stage.command(Again())
        stage.run_until(AnswerOver)
        assert keys(stage) == [first + n for n in range(6)]
    assert len(stage.engine.asks) == asked
    stage.command(Again())
    stage.run(20)
    assert len(stage.engine.asks) > asked
    seeds = [take.seed for take in stage.takes.list[:3]]
    assert len(set(seeds)) == 3, "each take has the seed that was played"


def test_under_other_limits_again_draws_anew(stage):
    answered(stage)
    asked = len(stage.engine.asks)
    limits = replace(stage.session.settings.limits, closeness=-0.5)
    stage.command(Change(Settings(limits=limits)))
    stage.command(Again())
    stage.run(20)
    assert len(stage.engine.asks) > asked


def test_an_alternative_can_be_chosen_by_its_number(stage):
    answered(stage)
    stage.command(Alternatives())
    listed = stage.of(Said)[-1].says.splitlines()
    assert len(listed) == 4
    assert listed[0].startswith("1  6 notes, calmer")
    assert listed[0].endswith("(played)")
    assert "shares 5 notes in a row with yours" in listed[1]
    del stage.port.sent[:]
    stage.command(Choose(3))
    stage.run_until(AnswerOver)
    assert keys(stage) == [70 + n for n in range(6)]
    assert (Kind.KEEP, 2) in judged(stage)
    stage.command(Choose(9))
    assert stage.of(Said)[-1].says.startswith("1  6 notes"), "there is no ninth"


def test_hearing_it_to_the_end_and_breaking_in_are_told(stage):
    answered(stage)
    assert judged(stage) == [(Kind.HEARD, 1)]
    stage.play(*PHRASE)
    stage.run_until(PhraseHeard)
    stage.run(600)
    stage.play((0, 72, 100))
    broken = [m for m in stage.engine.log if isinstance(m, Judge)][-1]
    assert broken.signal.kind is Kind.INTERRUPT
    assert 0 < broken.signal.played < 1
    stage.run_until(AnswerOver)
    stage.command(Again())
    assert (Kind.AGAIN, 1) in judged(stage)


def test_a_star_goes_to_the_take_and_the_taste_and_can_be_taken_back(stage):
    answered(stage)
    take_id = list(stage.takes.all)[-1]
    stage.command(Star())
    stage.command(Star())
    assert stage.takes.all[take_id].starred
    assert judged(stage)[-1] == (Kind.STAR, 1)
    assert [m.mark for m in stage.of(TakeMarked)] == ["starred"], "once is enough"
    stage.command(Star(False))
    assert not stage.takes.all[take_id].starred
    last = [m for m in stage.engine.log if isinstance(m, Judge)][-1]
    assert (last.signal.kind, last.undone) == (Kind.STAR, True)


def test_while_it_answers_the_star_is_this_answers(stage):
    answered(stage)
    stage.play(*PHRASE)
    stage.run_until(PhraseHeard)
    stage.run(100)
    stage.command(Star())
    stage.command(Keep())
    stage.run_until(AnswerOver)
    first, second = stage.takes.list
    assert (first.starred, second.starred) == (False, True)
    assert second.settings["kept"] is True
    stage.play(*PHRASE[:1])
    stage.command(Star(False))
    assert not second.starred, "while the next phrase is played it still is the last answer"


def test_a_deleted_take_is_gone_and_an_answer_that_sounds_ends(stage):
    answered(stage)
    stage.command(Delete())
    assert stage.takes.all == {}
    assert judged(stage)[-1] == (Kind.DELETE, 1)
    stage.command(Delete())
    assert stage.of(Said)[-1].says == "There is no answer yet: play a phrase."
    stage.play(*PHRASE)
    stage.run_until(PhraseHeard)
    stage.run(300)
    stage.command(Delete())
    stage.run(50)
    assert stage.takes.all == {}
    assert stage.session.idle
    stage.command(Go())
    stage.run_until(AnswerOver)
    assert stage.hears(Voice.PLAYER), "the phrase itself is not forgotten"


@pytest.mark.parametrize("command", [Star(), Keep(), Delete(), Alternatives(), Choose(1)])
def test_before_there_is_an_answer_it_is_said(command):
    s = Stage(FakeEngine(drawn))
    s.command(command)
    assert "There" in s.of(Said)[-1].says
    assert judged(s) == []


def test_a_play_along_take_can_be_starred_and_teaches_nothing(stage):
    stage.session.command(stage.now_ns, Change(Settings(way="accompany")))
    stage.play(*PHRASE)
    stage.run(4000)
    stage.command(Star())
    assert stage.takes.list[-1].starred
    stage.command(Choose(1))
    assert "no alternatives" in stage.of(Said)[-1].says
