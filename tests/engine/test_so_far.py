"""Notes that are not over yet count for one plan as if they had been heard, and leave no trace."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.api import Ask, Expect, Hear, Rework
from engine.context import MOST_SO_FAR
from engine.events import DRUM_CHANNEL, Note, Timebase, Voice
from engine.expect import expect
from engine.limits import Constraints
from engine.model.fast import FastPrior
from engine.planner import Planner
from engine.rework import rework
from tests.fakes import tiny_prior
from tests.strategies import phrases, timebases

LIMITS = Constraints(max_notes=30, closeness=0.5, follow_key=True, reach=4)


@pytest.fixture(scope="module")
def prior(tmp_path_factory: pytest.TempPathFactory) -> FastPrior:
    return tiny_prior.fast(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> FastPrior:
    """The same weights, a state of its own: for a planner beside another one."""
    return tiny_prior.fast(tmp_path_factory.mktemp("weights"))


def _planner(prior: FastPrior, *told: Hear, timebase: Timebase | None = None) -> Planner:
    planner = Planner(prior)
    planner.begin(timebase or Timebase())
    for one in told:
        planner.hear(one.note, one.voice, held=one.held)
    return planner


def _hear(serial: int, *, step: float = 0.5, voice: Voice = Voice.PLAYER, held: bool = False):
    note = Note(step * serial, 0.2 if held else step, 60 + 7 * serial % 12, 40 + serial % 80)
    return Hear(serial, note, voice, held)


def _ask(*so_far: Hear, start: float = 8.0, seed: int = 1, **limits) -> Ask:
    return Ask(1, 0, start, start + 8.0, seed, replace(LIMITS, **limits), so_far=so_far)


TOLD = [_hear(n) for n in range(8)]
OPEN = [
    _hear(8, held=True),
    _hear(9),
    _hear(10, voice=Voice.PARTNER),
    _hear(11, voice=Voice.PARTNER, held=True),
    _hear(12, held=True),
]


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    notes=phrases(max_notes=14),
    cut=st.integers(0, 14),
    voices=st.lists(st.sampled_from(Voice), min_size=14, max_size=14),
    held=st.lists(st.booleans(), min_size=14, max_size=14),
    timebase=timebases(),
    asked_before=st.booleans(),
    seed=st.integers(0, 2**63),
)
def test_a_plan_with_what_sounds_so_far_is_the_plan_after_hearing_it(
    prior, notes, cut, voices, held, timebase, asked_before, seed
):
    heard = [Hear(n, note, voices[n], held[n]) for n, note in enumerate(notes)]
    start = max((note.onset for note in notes), default=0.0) + 0.3
    whole = _planner(prior, *heard, timebase=timebase)
    wanted = list(whole.plan(_ask(start=start, seed=seed)))
    planner = _planner(prior, *heard[:cut], timebase=timebase)
    if asked_before:
        list(planner.plan(_ask(*heard[cut : cut + 2], start=start)))
    assert list(planner.plan(_ask(*heard[cut:], start=start, seed=seed))) == wanted


def test_it_is_forgotten_afterwards_and_neither_lost_nor_doubled_when_told(prior, other):
    planner = _planner(prior, *TOLD)
    plain = list(planner.plan(_ask()))
    with_open = list(planner.plan(_ask(*OPEN)))
    assert with_open != plain
    assert list(planner.plan(_ask())) == plain
    list(itertools.islice(planner.plan(_ask(*OPEN)), 2))
    over = [replace(one, held=False) for one in OPEN]
    for one in over:
        planner.hear(one.note, one.voice)
    assert list(planner.plan(_ask())) == list(_planner(other, *TOLD, *over).plan(_ask()))


def test_notes_that_end_one_by_one_are_read_as_they_are_now(prior, other):
    planner = _planner(prior, *TOLD)
    for ended in range(len(OPEN) + 1):
        now = [replace(one, held=one.held and n >= ended) for n, one in enumerate(OPEN)]
        assert list(planner.plan(_ask(*now))) == list(_planner(other, *TOLD, *now).plan(_ask()))


def test_how_long_a_held_note_has_sounded_so_far_changes_nothing(prior, other):
    planner = _planner(prior, *TOLD)
    longer = replace(OPEN[0], note=replace(OPEN[0].note, duration=3.0))
    assert list(planner.plan(_ask(longer))) == list(planner.plan(_ask(OPEN[0])))
    assert list(_planner(other, *TOLD, longer).plan(_ask())) == list(planner.plan(_ask(OPEN[0])))


def test_a_change_of_style_and_a_new_session_forget_it(prior, other):
    planner, plain = _planner(prior, *TOLD), _planner(other, *TOLD)
    styled = replace(_ask(), style=(("reel", 1.0),))
    list(planner.plan(_ask(*OPEN)))
    assert list(planner.plan(styled)) == list(plain.plan(styled))
    list(planner.plan(_ask(*OPEN)))
    assert list(planner.plan(_ask())) == list(plain.plan(_ask()))
    list(planner.plan(_ask(*OPEN)))
    planner.forget()
    plain.forget()
    assert list(planner.plan(_ask())) == list(plain.plan(_ask()))


def test_the_answer_begins_after_the_last_of_it_and_follows_its_channel_and_range(prior):
    planner = _planner(prior, *TOLD)
    late = Hear(9, Note(9.7, 0.1, 100, 80, channel=5), Voice.PLAYER, held=True)
    for seed in range(10):
        plan = list(planner.plan(_ask(late, seed=seed, reach=0)))
        assert plan[0].onset >= 9.7 - 1 / 96
        assert {note.channel for note in plan} == {5}
        assert max(note.pitch for note in plan) > 71, "the range has grown"
    drum = Hear(9, Note(9.0, 0.1, 36, 80, DRUM_CHANNEL), Voice.PLAYER)
    assert {note.channel for note in planner.plan(_ask(drum))} == {DRUM_CHANNEL}
    assert {note.channel for note in planner.plan(_ask())} == {0}


def test_the_partner_keeps_the_players_channel(prior):
    planner = _planner(prior, Hear(1, Note(0.0, 1.0, 60, 80, 3), Voice.PLAYER))
    planner.hear(Note(1.0, 1.0, 90, 80, 7), Voice.PARTNER)
    assert {note.channel for note in planner.plan(_ask())} == {3}
    assert planner.context.range == (60, 60)


def test_notes_of_the_partner_that_sound_on_take_their_place(prior):
    planner = _planner(prior, *TOLD)
    ringing = Hear(9, Note(7.5, 4.0, 50, 80), Voice.PARTNER)
    for seed in range(10):
        plan = list(planner.plan(_ask(ringing, seed=seed, most_at_once=1, longest_rest=9.0)))
        assert not plan or plan[0].onset >= 11.5
    two = list(planner.plan(_ask(ringing, most_at_once=2, longest=0.5)))
    assert two
    assert two[0].onset < 9.0
    players = Hear(9, Note(7.5, 4.0, 50, 80), Voice.PLAYER, held=True)
    first = next(planner.plan(_ask(players, most_at_once=1)))
    assert first.onset < 9.0, "they are not the answer's"


def test_ends_are_foretold_for_the_players_held_keys_from_the_answers_start_on(prior):
    planner = _planner(prior, *TOLD, Hear(8, Note(4.0, 1.0, 40, 80), Voice.PLAYER, held=True))
    list(planner.plan(_ask(*OPEN)))
    ends = dict(planner.ends)
    assert set(ends) == {40, OPEN[0].note.pitch, OPEN[-1].note.pitch}
    assert all(end >= 8.0 for end in ends.values())
    list(planner.plan(_ask(*OPEN, start=30.0)))
    assert all(end >= 30.0 for _, end in planner.ends)
    list(planner.plan(_ask()))
    assert [pitch for pitch, _ in planner.ends] == [40]
    planner.hear(Note(4.0, 2.0, 40, 80))
    list(planner.plan(_ask()))
    assert planner.ends == ()


def test_of_very_many_the_last_ones_count(prior, other):
    planner = _planner(prior, *TOLD)
    many = [_hear(n, step=0.1, held=n % 3 == 0) for n in range(50, 50 + 3 * MOST_SO_FAR)]
    plan = list(planner.plan(_ask(*many, start=200.0, max_notes=256)))
    assert plan
    assert list(planner.plan(_ask(*many, start=200.0, max_notes=256))) == plan
    assert list(planner.plan(_ask())) == list(_planner(other, *TOLD).plan(_ask()))


def test_a_rework_and_an_expectation_know_it_too(prior, other):
    planner, whole = _planner(prior, *TOLD), _planner(other, *TOLD, *OPEN)
    notes = tuple(Note(8.0 + n, 0.5, 60 + n, 80) for n in range(4))
    task = Rework(1, notes, ("onset",), seed=3)
    assert list(rework(planner, replace(task, so_far=tuple(OPEN)))) == list(rework(whole, task))
    wanted = expect(whole.context, Expect(4))
    assert expect(planner.context, Expect(4, tuple(OPEN))) == wanted
    assert expect(planner.context, Expect(4)) != wanted
