"""The first answer at once, a better one if there is time."""

from pathlib import Path

import pytest

from engine.answering import MORE_FOR_QUOTES, Answering
from engine.api import Ask, Candidate, Candidates, Expect, FromEngine, Plan, Quoted
from engine.building import Builder
from engine.inbox import Inbox
from engine.planner import Planner
from tests.engine.player import ask, builder, note, planner
from tests.engine.test_inbox import Line


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    return builder(tmp_path_factory.mktemp("weights"))


class Judge:
    """Scores answers by the order in which they come; `quotes` of the first quote too much."""

    def __init__(self, *scores: float, quotes: int = 0) -> None:
        self._scores, self._quotes = list(scores), quotes
        self.seeds: list[int] = []

    def appraise(self, question: Ask, notes: tuple, seed: int) -> Candidate:
        self.seeds.append(seed)
        number = len(self.seeds)
        quoted = Quoted(30, "training") if number <= self._quotes else Quoted()
        return Candidate(seed, notes, self._scores[number - 1], (), quoted)

    def quotes_too_much(self, request: int, candidate: Candidate) -> bool:
        return candidate.quoted.notes > 20

    def explained(self, request: int, ranked: list[Candidate]) -> tuple[Candidate, ...]:
        return tuple(ranked)


def _answered(made: Builder, judge: Judge, line: Line, question: Ask) -> list[FromEngine]:
    found: Planner = planner(made, clock=lambda: 0.0)
    for number in range(8):
        found.hear(note(number))
    Answering(line, Inbox(line), found, lambda: 0.0, judge).answer(question)
    return line.sent


def _notes(sent: list[FromEngine], *, anew: bool) -> list:
    return [n for m in sent if isinstance(m, Plan) and m.anew is anew for n in m.notes]


def test_the_first_answer_is_told_before_any_other_is_drawn(made):
    judge = Judge(0.0, 1.0, 2.0, 1.5)
    line = Line()
    drawn_by_then: list[int] = []
    line.meanwhile = lambda message: drawn_by_then.append(len(judge.seeds))
    sent = _answered(made, judge, line, ask(1, 8, candidates=4))
    first = next(n for n, m in enumerate(sent) if isinstance(m, Plan) and m.done)
    assert drawn_by_then[: first + 1] == [0] * (first + 1)
    alone = _answered(made, Judge(0.0), Line(), ask(1, 8))
    assert _notes(alone, anew=False) == _notes(sent, anew=False), "no other seed, no other notes"


def test_each_better_one_takes_the_place_of_the_one_before(made):
    sent = _answered(made, Judge(0.0, 1.0, 0.5, 2.0), Line(), ask(1, 8, candidates=4))
    better = [m for m in sent if isinstance(m, Plan) and m.anew]
    assert len(better) == 2
    assert all(plan.done and plan.notes for plan in better)
    (found,) = (m for m in sent if isinstance(m, Candidates))
    assert [one.score for one in found.candidates] == [2.0, 1.0, 0.5, 0.0]
    assert found.candidates[0].notes == better[-1].notes
    assert found.candidates[0].seed == better[-1].seed
    assert len({one.seed for one in found.candidates}) == 4


def test_a_candidates_seed_makes_it_again(made):
    sent = _answered(made, Judge(0.0, 1.0), Line(), ask(1, 8, candidates=2))
    (better,) = (m for m in sent if isinstance(m, Plan) and m.anew)
    assert better.seed is not None
    again = _answered(made, Judge(0.0), Line(), ask(1, 8, seed=better.seed))
    assert _notes(again, anew=False) == list(better.notes)


def test_what_comes_meanwhile_ends_the_search_and_what_was_found_is_told(made):
    judge = Judge(0.0, 1.0, 2.0, 3.0)
    line = Line()

    def meanwhile(message: FromEngine) -> None:
        if isinstance(message, Plan) and message.anew:
            line.waiting.append(Expect(9))

    line.meanwhile = meanwhile
    sent = _answered(made, judge, line, ask(1, 8, candidates=4))
    assert len(judge.seeds) == 2
    assert isinstance(sent[-1], Candidates)
    assert len(sent[-1].candidates) == 2


def test_while_something_waits_there_is_no_search_at_all(made):
    judge = Judge(0.0)
    line = Line(Expect(9))
    sent = _answered(made, judge, line, ask(1, 8, candidates=4))
    assert judge.seeds == []
    assert not any(isinstance(m, Candidates) for m in sent)


@pytest.mark.parametrize("quotes", [1, 3, 9])
def test_an_answer_that_quotes_too_much_gives_way_to_a_worse_one(made, quotes):
    judge = Judge(*(float(-n) for n in range(9)), quotes=quotes)
    sent = _answered(made, judge, Line(), ask(1, 8, candidates=1))
    assert len(judge.seeds) == min(quotes, MORE_FOR_QUOTES) + 1
    better = [m for m in sent if isinstance(m, Plan) and m.anew]
    assert len(better) == (quotes <= MORE_FOR_QUOTES), "or all of them quote too much"
    if better:
        assert better[0].seed == judge.seeds[quotes]


def test_nobody_judges_where_there_is_no_judge_and_no_answer(made, tmp_path: Path):
    empty = ask(1, 8, candidates=4)
    judge = Judge(0.0)
    _answered(made, judge, Line(), type(empty)(1, 8, 5.0, 5.0, 3, candidates=4))
    assert judge.seeds == []
