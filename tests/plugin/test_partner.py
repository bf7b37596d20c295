"""JAM-8: an engine that dies, hangs or never starts, as the session's side of the line sees it."""

import math

import pytest

from engine.api import (
    Ask,
    Begin,
    Candidate,
    Candidates,
    Failed,
    Forget,
    Hear,
    Ping,
    Plan,
    Playing,
    Profile,
    Refused,
    Tells,
)
from engine.events import Note, Timebase, Voice
from engine.limits import Constraints
from plugin.engine_link import Stopped
from plugin.partner import (
    FIRST_PAUSE_NS,
    HEALTHY_AFTER_NS,
    HUNG_AFTER_NS,
    LONGEST_PAUSE_NS,
    PING_EVERY_NS,
    REMEMBERED_NOTES,
    STARTS_WITHIN_NS,
    Partner,
)
from tests.fakes.engine import READY, FakeEngine, answer_with
from tests.strategies import MS

SECOND = 1_000_000_000
TIMEBASE = Timebase(100.0, 3.0, tempo_known=True)
QUESTION = Ask(0, 0, 4.0, 8.0, 11, Constraints())


class Line:
    """A partner, its engine, and time that passes in steps of a poll."""

    def __init__(self, engine: FakeEngine | None = None) -> None:
        self.engine = engine or FakeEngine()
        self.partner = Partner(self.engine, TIMEBASE)
        self.now_ns = 5 * SECOND
        self.said: list[object] = []

    def run(self, ns: int, step_ns: int = 50 * MS) -> list[object]:
        """What the session is told meanwhile."""
        end_ns = self.now_ns + ns
        told: list[object] = []
        while self.now_ns <= end_ns:
            while (message := self.engine.poll()) is not None:
                told.append(self.partner.receive(self.now_ns, message))
            told.append(self.partner.watch(self.now_ns))
            self.now_ns += step_ns
        return [message for message in told if message is not None]

    def hear(self, onset: float, voice: Voice = Voice.PLAYER) -> Note:
        note = Note(onset, 1.0, 60, 80)
        self.partner.hear(note, voice)
        return note

    def ask(self) -> Ask:
        self.partner.ask(QUESTION)
        return self.engine.asks[-1]


def test_it_begins_and_tells_in_order_with_numbers() -> None:
    line = Line()
    notes = [line.hear(float(number)) for number in range(3)]
    ask = line.ask()
    assert line.engine.told == [
        Begin(TIMEBASE),
        *(Hear(number, note, Voice.PLAYER) for number, note in enumerate(notes, 1)),
        Ask(1, 3, 4.0, 8.0, 11, Constraints()),
    ]
    assert ask.heard_serial == 3
    assert line.partner.asked


def test_only_the_plan_that_is_wanted_comes_through() -> None:
    line = Line()
    first, second = line.ask(), line.ask()
    note = Note(4.0, 1.0, 60, 80)
    stale = Plan(first.request, (note,), True, 1.0)
    part = Plan(second.request, (note,), False, 1.0)
    last = Plan(second.request, (note,), True, 1.0)
    assert line.partner.receive(0, stale) is None
    assert line.partner.receive(0, part) == part
    assert line.partner.receive(0, last) == last
    assert line.partner.receive(0, last) is None, "said twice"
    assert line.partner.asked
    line.partner.void()
    assert not line.partner.asked
    assert line.partner.receive(0, part) is None


@pytest.mark.parametrize(
    "wrong",
    [
        Note(4.0, 1.0, 128, 80),
        Note(4.0, 1.0, -1, 80),
        Note(4.0, 1.0, 60, 0),
        Note(4.0, 1.0, 60, 128),
        Note(4.0, 1.0, 60, 80, 16),
        Note(4.0, 0.0, 60, 80),
        Note(4.0, -1.0, 60, 80),
        Note(-0.5, 1.0, 60, 80),
        Note(math.nan, 1.0, 60, 80),
        Note(4.0, math.nan, 60, 80),
        Note(math.inf, 1.0, 60, 80),
        Note(4.0, math.inf, 60, 80),
        Note(1e9, 1.0, 60, 80),
    ],
)
def test_what_is_no_music_is_left_out(wrong: Note) -> None:
    line = Line()
    right = Note(4.0, 1.0, 60, 80)
    plan = Plan(line.ask().request, (wrong, right, wrong), True, 1.0)
    received = line.partner.receive(0, plan)
    assert isinstance(received, Plan)
    assert received.notes == (right,)
    assert received.done


def test_forgetting_voids_the_question_and_a_new_life_is_told_nothing_old() -> None:
    line = Line()
    line.run(SECOND)
    line.hear(0.0)
    line.ask()
    line.partner.forget()
    assert not line.partner.asked
    assert isinstance(line.engine.told[-1], Forget)
    after = line.hear(2.0)
    line.engine.die()
    line.run(SECOND)
    assert [heard.note for heard in line.engine.heard] == [after]


def test_the_first_death_is_told_and_mended_at_once() -> None:
    line = Line()
    line.run(2 * SECOND)
    note = line.hear(1.0)
    line.ask()
    line.engine.die()
    told = line.run(0)
    assert [type(message) for message in told] == [Failed, type(READY)]
    assert line.engine.lives == 2
    assert not line.partner.asked
    assert line.engine.told[:2] == [Begin(TIMEBASE), Hear(1, note, Voice.PLAYER)]
    assert line.partner.model == READY.model


def test_a_restarted_engine_is_told_the_last_notes_only() -> None:
    line = Line()
    for number in range(REMEMBERED_NOTES + 10):
        line.hear(float(number))
    line.engine.die()
    line.run(0)
    assert [heard.note.onset for heard in line.engine.heard] == [
        float(number) for number in range(10, REMEMBERED_NOTES + 10)
    ]


def test_deaths_in_a_row_are_answered_ever_more_patiently_and_health_forgives() -> None:
    line = Line()
    pauses = []
    for _ in range(8):
        line.engine.die()
        line.run(0)
        died_ns, lives = line.now_ns, line.engine.lives
        while line.engine.lives == lives and line.now_ns - died_ns < 2 * LONGEST_PAUSE_NS:
            line.run(0)
            if line.engine.alive:
                break
        pauses.append((line.now_ns - died_ns) / SECOND)
        line.run(SECOND)
    assert pauses[0] < 0.2
    assert pauses[1] == pytest.approx(FIRST_PAUSE_NS / SECOND, abs=0.2)
    assert pauses[2] == pytest.approx(2 * FIRST_PAUSE_NS / SECOND, abs=0.2)
    assert pauses == sorted(pauses)
    assert pauses[-1] == pytest.approx(LONGEST_PAUSE_NS / SECOND, abs=0.2)
    line.run(HEALTHY_AFTER_NS + SECOND)
    line.engine.die()
    line.run(0)
    assert line.engine.alive


def test_a_question_to_nobody_is_asked_again() -> None:
    """While the engine rests nothing stands, so the session asks anew when it is back."""
    line = Line()
    for _ in range(2):
        line.engine.die()
        line.run(0)
    assert not line.engine.alive
    line.partner.ask(QUESTION)
    assert not line.partner.asked
    note = line.hear(3.0)
    line.run(FIRST_PAUSE_NS + SECOND)
    assert line.engine.alive
    assert [heard.note for heard in line.engine.heard] == [note]
    assert line.engine.asks == []


def test_an_engine_that_hangs_is_replaced() -> None:
    line = Line()
    line.run(2 * SECOND)
    line.engine.hang()
    told = line.run(HUNG_AFTER_NS + PING_EVERY_NS)
    assert [type(message) for message in told] == [Failed, type(READY)]
    assert line.engine.lives == 2
    assert line.run(3 * HUNG_AFTER_NS) == []


def test_what_a_given_up_engine_says_is_not_heard() -> None:
    line = Line()
    line.engine.die()
    line.run(SECOND)
    line.engine.hang()
    line.run(HUNG_AFTER_NS + PING_EVERY_NS)
    assert line.engine.lives == 2, "it rests before the third"
    line.engine.say(READY, Failed("late"), Stopped("late"))
    assert line.run(0) == []
    assert line.run(FIRST_PAUSE_NS + SECOND) == [READY]


def test_a_slow_start_is_no_hang() -> None:
    line = Line(FakeEngine(ready=False))
    line.engine.hang()
    assert line.run(STARTS_WITHIN_NS - SECOND) == []
    line.engine.hangs = False
    line.engine.say(READY)
    assert line.run(SECOND) == [READY]
    assert line.engine.lives == 1


def test_one_that_never_gets_ready_is_started_again() -> None:
    line = Line(FakeEngine(ready=False))
    line.engine.hang()
    told = line.run(STARTS_WITHIN_NS + SECOND)
    assert [type(message) for message in told] == [Failed]
    assert line.engine.lives == 2


def test_if_we_slept_the_engine_is_not_to_blame() -> None:
    line = Line()
    line.run(2 * SECOND)
    while (message := line.engine.poll()) is not None:
        line.partner.receive(line.now_ns, message)
    line.now_ns += 3_600 * SECOND
    assert line.run(SECOND) == []
    assert line.engine.lives == 1


def test_an_engine_that_says_why_it_cannot_is_heard_once_and_not_started_at_once() -> None:
    line = Line(FakeEngine(ready=False))
    line.engine.say(Failed("no weights; run: make venv"))
    line.engine.die()
    assert line.run(0) == [Failed("no weights; run: make venv")]
    assert line.engine.lives == 1
    line.run(FIRST_PAUSE_NS + SECOND)
    assert line.engine.lives == 2


def test_heartbeats_go_on() -> None:
    line = Line()
    line.run(10 * SECOND)
    assert 9 <= sum(isinstance(message, Ping) for message in line.engine.told) <= 12


def test_plans_in_pieces_come_through_in_order() -> None:
    notes = [Note(0.5 * number, 0.5, 60 + number, 80) for number in range(20)]
    line = Line(FakeEngine(answer_with(*notes)))
    line.run(SECOND)
    line.ask()
    plans = [message for message in line.run(SECOND) if isinstance(message, Plan)]
    assert [len(plan.notes) for plan in plans] == [8, 8, 4]
    assert [plan.done for plan in plans] == [False, False, True]


def test_a_refusal_of_the_question_is_told_and_the_engine_lives_on() -> None:
    line = Line()
    line.run(SECOND)
    ask = line.ask()
    line.engine.say(Refused(ask.request - 1, "An older question."))
    line.engine.say(Refused(ask.request, "No such style."))
    assert [m for m in line.run(SECOND) if isinstance(m, Refused)] == [
        Refused(ask.request, "No such style.")
    ]
    assert line.ask().request == ask.request + 1


def test_a_restarted_engine_is_told_whose_it_is_and_which_notes_it_may_have_learnt() -> None:
    line = Line()
    anna = Profile("anna", "folder")
    line.partner.introduce(anna, 77)
    notes = [line.hear(float(number)) for number in range(2)]
    line.partner.begin(Timebase())
    line.partner.hear(notes[1], Voice.PLAYER, again=True)
    line.engine.die()
    line.run(SECOND)
    assert line.engine.told[:3] == [
        anna,
        Begin(Timebase(), 77),
        Hear(3, notes[1], Voice.PLAYER, again=True),
    ]
    line.partner.play_for(Profile("bert", "folder"))
    line.engine.die()
    line.run(10 * SECOND)
    assert line.engine.told[0] == Profile("bert", "folder")


def test_a_better_plan_comes_through_after_the_last_piece_and_candidates_are_cleaned() -> None:
    line = Line()
    ask = line.ask()
    right, wrong = Note(4.0, 1.0, 60, 80), Note(4.0, 1.0, 128, 80)
    last = Plan(ask.request, (right,), True, 1.0)
    better = Plan(ask.request, (right,), True, 2.0, seed=5, anew=True)
    assert line.partner.receive(0, last) == last
    assert line.partner.receive(0, better) == better
    found = Candidates(ask.request, (Candidate(5, (right, wrong), 1.0),))
    clean = line.partner.receive(0, found)
    assert isinstance(clean, Candidates)
    assert clean.candidates[0].notes == (right,)
    assert line.partner.request == ask.request
    line.ask()
    assert line.partner.receive(0, better) is None, "of an older question"
    assert line.partner.receive(0, found) is None
    line.partner.void()
    assert line.partner.receive(0, found) is None


def test_whose_partner_it_is_and_what_the_engine_tells_comes_through() -> None:
    line = Line()
    playing = Playing("anna", "prior", 3, 500)
    assert line.partner.receive(0, playing) == playing
    assert line.partner.playing == playing
    assert line.partner.receive(0, Tells("A sentence.")) == Tells("A sentence.")


def test_another_engine_is_started_because_somebody_wants_it() -> None:
    line = Line()
    line.run(SECOND)
    line.partner.hear(Note(0.0, 1.0, 60, 80), Voice.PLAYER)
    line.partner.ask(QUESTION)
    line.engine.hang()
    line.partner.restart(line.now_ns)
    assert line.engine.lives == 2
    assert [hear.note.pitch for hear in line.engine.heard] == [60]
    assert not line.partner.asked
    assert READY in line.run(SECOND)


def test_an_engine_that_rests_after_failures_can_be_started_at_once() -> None:
    line = Line()
    for _ in range(4):
        line.engine.die()
        line.run(100 * MS)
    lives = line.engine.lives
    line.partner.restart(line.now_ns)
    assert line.engine.lives == lives + 1
