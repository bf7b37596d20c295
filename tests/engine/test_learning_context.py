"""A memory beside the prior: each note learnt once, what is only looked at not at all."""

from pathlib import Path

import pytest

from engine.api import Ask, Hear
from engine.building import Builder
from engine.events import Note, Timebase, Voice
from engine.memory.memory import Memory
from engine.planner import Planner
from tests.engine.player import ask, builder, hear, note, planner
from tests.fakes.tiny_prior import STYLES


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    return builder(tmp_path_factory.mktemp("weights"))


def _memory(found: Planner) -> Memory:
    memory = found.context.memory
    assert isinstance(memory, Memory)
    return memory


def _learnt(found: Planner) -> int:
    found.context.settle()
    return _memory(found).players_notes


def _plan(found: Planner, question: Ask) -> list[Note]:
    return list(found.plan(question))


def test_the_players_notes_are_learnt_the_partners_and_plans_are_not(made):
    found = planner(made)
    for number in range(10):
        found.hear(note(number), Voice.PARTNER if number % 2 else Voice.PLAYER)
    assert _learnt(found) == 5
    open_notes = (hear(11), Hear(12, note(12), Voice.PLAYER, held=True))
    before = _memory(found).rows()["rows"].tolist()
    assert _plan(found, ask(1, 12))
    list(found.plan(Ask(2, 10, 8.0, 12.0, 3, so_far=open_notes)))
    found.context.settle()
    assert _memory(found).rows()["rows"].tolist() == before


def test_what_is_told_again_is_context_and_not_learnt(made):
    found = planner(made)
    for number in range(6):
        found.hear(note(number), learn=False)
    assert _learnt(found) == 0
    assert len(_memory(found)) == 6, "it is context all the same"
    assert found.context.range == (60, 67)


def test_a_change_of_style_learns_nothing_twice_and_changes_what_the_prior_thinks(made):
    found = planner(made)
    for number in range(6):
        found.hear(note(number))
    plain = _plan(found, ask(1, 6))
    found.context.set_style(((STYLES.names[0], 1.0),))
    assert _learnt(found) == 6
    assert len(_memory(found)) == 6
    found.context.set_style(())
    assert _plan(found, ask(2, 6)) == plain


def test_forgetting_and_another_beginning_keep_what_was_learnt(made):
    found = planner(made)
    for number in range(6):
        found.hear(note(number))
    found.begin(Timebase(90.0, 3.0, tempo_known=True))
    assert _learnt(found) == 6
    found.hear(note(7))
    found.forget()
    assert _learnt(found) == 7
    assert found.context.encoder.last_tick is None


def test_another_prior_that_has_read_the_notes_plays_as_if_it_had_been_there(made):
    found, other = planner(made), planner(made)
    for number in range(40):
        found.hear(note(number))
        other.hear(note(number))
    read = found.context.reading()
    fresh = made.prior(None, read)
    for number in range(40, 44):  # while it was built
        found.hear(note(number))
        other.hear(note(number))
    list(found.plan(Ask(1, 44, 22.0, 24.0, 3, so_far=(hear(44),))))
    found.context.adopt(fresh, read)
    assert _learnt(found) == 44
    assert _plan(found, ask(1, 44)) == _plan(other, ask(1, 44))


@pytest.mark.parametrize("style", [(), ((STYLES.names[0], 1.0),)])
def test_a_prior_that_has_read_what_no_longer_counts_reads_all_again(made, style):
    found, other = planner(made), planner(made)
    for number in range(10):
        found.hear(note(number))
    read = found.context.reading()
    late = made.prior(None, read)
    for one in (found, other):
        one.begin(Timebase())
        one.context.set_style(style)
        for number in range(4):
            one.hear(note(number), learn=one is other)
    found.context.adopt(late, read, Memory(capacity=4096))
    assert _learnt(found) == 0
    memory = _memory(other)
    other.context.remember(Memory(capacity=4096))
    assert memory.players_notes == 4
    assert found.context.prior_field(1, [0] * 9, set()).tolist() == pytest.approx(
        other.context.prior_field(1, [0] * 9, set()).tolist(), abs=1e-4
    )


def test_another_players_memory_takes_over_and_knows_the_last_notes_as_context(made):
    found = planner(made)
    for number in range(50):
        found.hear(note(number))
    theirs = Memory(capacity=4096)
    found.context.adopt(made.prior(None, found.context.reading()), found.context.reading(), theirs)
    assert found.context.memory is theirs
    assert theirs.players_notes == 0
    assert 0 < len(theirs) <= 50
    found.hear(note(50))
    assert theirs.players_notes == 1


def test_without_weights_the_memory_plays_alone_in_any_style(tmp_path: Path):
    made = Builder(tmp_path / "nothing.safetensors")
    assert "no weights" in made.says[0]
    assert made.model == "memory"
    found = Planner(made.mixture(made.prior(), Memory(capacity=4096)))
    for number in range(60):
        found.hear(note(number))
    styled = Ask(1, 60, 31.0, 39.0, 3, style=(("ragtime", 1.0),), may_hand_over=False)
    notes = _plan(found, styled)
    assert notes
    assert found.alone_notes == len(notes)
    keys = {60, 63, 65, 67}
    share = sum(n.pitch in keys for n in notes) / len(notes)
    assert share > 0.5, "it plays what it heard"


def test_a_prior_that_is_late_leaves_the_rest_of_the_plan_to_the_memory(made):
    now = [0.0]

    def clock() -> float:
        now[0] += 3.0  # each note takes longer than it lasts
        return now[0]

    found = planner(made, clock=clock)
    for number in range(12):
        found.hear(note(number))
    learnt = len(_memory(found))
    notes = _plan(found, ask(1, 12))
    assert notes
    assert 0 < found.alone_notes <= len(notes)
    assert found.context.alone is False, "the next plan begins with both again"
    found.context.settle()
    assert len(_memory(found)) == learnt
    in_time = planner(made, clock=lambda: 0.0)
    for number in range(12):
        in_time.hear(note(number))
    assert _plan(in_time, ask(1, 12))
    assert in_time.alone_notes == 0


def test_how_likely_the_prior_finds_a_plan_is_told_unless_it_was_left_behind(made):
    found = planner(made, clock=lambda: 0.0)
    for number in range(8):
        found.hear(note(number))
    assert _plan(found, ask(1, 8))
    assert found.likelihood_bits is not None
    assert found.likelihood_bits < 0
