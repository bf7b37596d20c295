"""Ghosts: the plan before it sounds, told when it is another one, empty when it is withdrawn."""

from itertools import pairwise

import pytest

from engine.events import Note
from plugin.protocol import AnswerOver, Change, Hold, NoteSounded, Panic, PhraseHeard
from plugin.served.ghosts import EVERY_NS, MOST, Ghosts
from plugin.served.messages import Planned
from plugin.settings import Settings
from tests.fakes.engine import FakeEngine, answer_with
from tests.fakes.stage import MS, Stage
from tests.plugin.test_session import LINE, PHRASE


class Window:
    """Looks at a stage every millisecond, as the loop does."""

    def __init__(self, stage: Stage, *, takes: bool = True) -> None:
        self.stage, self.takes = stage, takes
        self.told: list[tuple[int, Planned]] = []
        self.ghosts = Ghosts(self.tell)

    def tell(self, planned: Planned) -> bool:
        if self.takes:
            self.told.append((self.stage.now_ns, planned))
        return self.takes

    @property
    def keys(self) -> list[int]:
        return [ghost.pitch for ghost in self.told[-1][1].notes] if self.told else []

    def run(self, ms: int) -> None:
        for _ in range(ms):
            self.stage.run(1)
            self.ghosts.look(self.stage.now_ns, self.stage.session.band)

    def run_until(self, kind: type) -> None:
        seen = len(self.stage.of(kind))
        while len(self.stage.of(kind)) == seen:
            self.run(1)


@pytest.fixture
def window() -> Window:
    stage = Stage(FakeEngine(answer_with(*LINE)))
    stage.play(*PHRASE)
    return Window(stage)


def test_the_plan_is_seen_before_it_sounds_and_at_its_time(window: Window) -> None:
    window.run_until(PhraseHeard)
    window.run(40)
    seen = window.told[-1][1].notes
    assert [ghost.pitch for ghost in seen][-5:] == [note.pitch for note in LINE][-5:]
    window.run_until(AnswerOver)
    sounded = {n.pitch: n.t_ns for n in window.stage.of(NoteSounded) if n.partner}
    for ghost in seen:
        assert abs(ghost.due_ns - sounded[ghost.pitch]) < 2 * MS
        assert ghost.end_ns - ghost.due_ns == pytest.approx(200 * MS, abs=2 * MS)


def test_time_that_passes_is_no_other_plan(window: Window) -> None:
    window.run_until(PhraseHeard)
    window.run(200)
    told = len(window.told)
    window.run(1_000)
    assert len(window.told) == told


def test_it_is_empty_once_it_is_over(window: Window) -> None:
    window.run_until(AnswerOver)
    window.run(200)
    assert window.told[-1][1] == Planned(())


def test_it_is_empty_when_it_is_withdrawn(window: Window) -> None:
    window.run_until(PhraseHeard)
    window.run(300)
    assert window.keys
    window.stage.command(Panic())
    window.run(40)
    assert window.keys == []


def test_what_is_held_will_not_sound(window: Window) -> None:
    window.run_until(PhraseHeard)
    window.run(300)
    window.stage.command(Hold(True))
    window.run(40)
    assert window.keys == []
    window.stage.command(Hold(False))
    window.run(40)
    assert window.keys


def test_another_tempo_moves_them() -> None:
    stage = Stage(FakeEngine(answer_with(*LINE)), settings=Settings(bpm=120.0))
    stage.play(*PHRASE)
    window = Window(stage)
    window.run_until(PhraseHeard)
    window.run(60)
    before = window.told[-1][1].notes[-1]
    stage.command(Change(Settings(bpm=60.0)))
    window.run(60)
    assert window.told[-1][1].notes[-1].due_ns > before.due_ns + 500 * MS


def test_thirty_times_a_second_and_no_more(window: Window) -> None:
    for _ in range(40):
        window.run(3)
        window.stage.down(60)
        window.run(3)
        window.stage.up(60)
    moments = [at for at, _ in window.told]
    assert all(b - a >= EVERY_NS for a, b in pairwise(moments))


def test_a_plan_that_was_not_taken_is_told_again(window: Window) -> None:
    window.takes = False
    window.run_until(PhraseHeard)
    window.run(200)
    assert window.told == []
    window.takes = True
    window.run(40)
    assert len(window.told) == 1


def test_a_dense_plan_is_cut() -> None:
    notes = [Note(n / 64, 0.1, 40 + n % 40, 80) for n in range(3 * MOST)]
    stage = Stage(FakeEngine(answer_with(*notes)))
    stage.play(*PHRASE)
    window = Window(stage)
    window.run_until(PhraseHeard)
    window.run(100)
    assert 0 < len(window.told[-1][1].notes) <= MOST
