"""What an answer is worth: beside the phrase, by the player's taste, by what it quotes."""

from dataclasses import replace

import pytest

from engine.api import Ask, Judge, Kind, Signal
from engine.appraising import REMEMBERED, Appraising
from engine.building import Builder
from engine.events import Note, Voice
from engine.planner import Planner
from engine.quote.meter import QuoteMeter
from engine.taste.model import Taste
from tests.engine.player import ask, builder, note, planner

LINE = tuple(
    Note(0.5 * n, 0.4, 60 + step, 80)
    for n, step in enumerate((0, 2, 4, 5, 7, 9, 11, 12, 9, 5, 4, 1, 0, 7, 3, 8, 6, 2, 10, 1) * 3)
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    return builder(tmp_path_factory.mktemp("weights"))


class Stage:
    def __init__(self, made: Builder) -> None:
        self.planner: Planner = planner(made, clock=lambda: 0.0)
        self.taste: Taste | None = Taste()
        self.appraising = Appraising(self.planner, lambda: self.taste, meter=QuoteMeter(None))

    def hear(self, notes, voice: Voice = Voice.PLAYER) -> None:
        for one in notes:
            self.planner.hear(one, voice)
            self.appraising.hear(one, voice, news=True)

    def appraise(self, request: int, seed: int, notes) -> float:
        return self.appraising.appraise(ask(request, 8), tuple(notes), seed).score

    def judge(self, request: int, seed: int, kind: Kind, **how: object) -> bool:
        return self.appraising.judge(Judge(request, seed, Signal(kind), **how))  # type: ignore[arg-type]


@pytest.fixture
def stage(made: Builder) -> Stage:
    found = Stage(made)
    found.hear(note(n) for n in range(8))
    return found


def answers(seed: int) -> tuple[list[Note], list[Note]]:
    """A soft low one, and a loud high one."""
    low = [Note(5.0 + 0.5 * n, 0.4, 45 + (n + seed) % 5, 40) for n in range(8)]
    return low, [replace(one, pitch=one.pitch + 40, velocity=115) for one in low]


def test_signals_change_whom_it_prefers_and_can_be_taken_back(stage):
    low, high = answers(0)
    before = stage.appraise(1, 1, low) - stage.appraise(1, 2, high)
    for request in range(2, 12):
        for seed, notes in enumerate(answers(request)):
            stage.appraise(request, seed, notes)
        assert stage.judge(request, 1, Kind.STAR)
        assert stage.judge(request, 0, Kind.DELETE)
    after = stage.appraise(20, 1, low) - stage.appraise(20, 2, high)
    assert after < before
    for request in range(2, 12):
        assert stage.judge(request, 1, Kind.STAR, undone=True)
        assert not stage.judge(request, 1, Kind.STAR, undone=True), "once is enough"
        assert stage.judge(request, 0, Kind.DELETE, undone=True)
    again = stage.appraise(21, 1, low) - stage.appraise(21, 2, high)
    assert abs(again - before) < abs(after - before) / 2


def test_a_word_about_an_answer_that_nobody_remembers_teaches_nothing(stage):
    assert not stage.judge(1, 1, Kind.STAR)
    for request in range(1, REMEMBERED + 5):
        stage.appraise(request, 0, answers(request)[0])
    assert not stage.judge(1, 0, Kind.STAR)
    assert stage.judge(REMEMBERED, 0, Kind.STAR)
    stage.taste = None
    assert not stage.judge(REMEMBERED, 0, Kind.STAR)
    assert stage.appraise(99, 0, answers(0)[0]) == 0.0


def test_reasons_come_with_the_ranking(stage):
    low, high = answers(0)
    one = stage.appraising.appraise(ask(1, 8), tuple(low), 1)
    other = stage.appraising.appraise(ask(1, 8), tuple(high), 2)
    best, _ = sorted((one, other), key=lambda each: -each.score)
    explained = stage.appraising.explained(1, [best, one if best is other else other])
    assert explained[0].seed == best.seed
    assert explained[0].why
    assert all("(" in words for words in explained[0].why), "with a number each"


def test_the_players_own_phrase_is_quoted_once_it_was_answered(stage):
    stage.hear(LINE)
    candidate = stage.appraising.appraise(ask(1, 8), LINE, 1)
    assert candidate.quoted.notes == 0, "it may go on with what is being played"
    stage.hear([Note(40.0, 0.5, 50, 80)], Voice.PARTNER)
    stage.hear([Note(41.0, 0.5, 50, 80)])
    candidate = stage.appraising.appraise(ask(2, 8), LINE, 1)
    assert candidate.quoted.source == "own"
    assert candidate.quoted.notes > 48
    assert stage.appraising.quotes_too_much(2, candidate)
    stage.appraising.another_player()
    candidate = stage.appraising.appraise(ask(3, 8), LINE, 1)
    assert candidate.quoted.notes == 0


def test_appraising_leaves_no_trace_in_what_was_heard(stage):
    stage.hear(note(n) for n in range(8, 40))
    question = Ask(1, 40, 21.0, 29.0, 3, may_hand_over=False)
    before = list(stage.planner.plan(question))
    stage.appraise(1, 1, answers(0)[0])
    assert list(stage.planner.plan(question)) == before
