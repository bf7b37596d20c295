"""What is kept of reworked notes is kept exactly; the rest is chosen, reproducibly."""

from dataclasses import replace

import numpy as np
import pytest

from engine.api import Ask, Hear, Rework
from engine.events import Note, Timebase, Voice
from engine.limits import Constraints
from engine.model.fast import FastPrior
from engine.planner import Planner
from engine.rework import KEEPABLE, ReworkError, rework
from engine.scales import Scale
from tests.fakes import tiny_prior

# Odd times and loudnesses on purpose: no class of the model is exactly these.
NOTES = tuple(
    Note(4.0 + 0.503 * n, 0.31 + 0.01 * n, 60 + step, 71 + n)
    for n, step in enumerate((0, 4, 2, 2, 7, 5, 5, 9))
)


@pytest.fixture(scope="module")
def prior(tmp_path_factory: pytest.TempPathFactory) -> FastPrior:
    return tiny_prior.fast(tmp_path_factory.mktemp("weights"))


@pytest.fixture
def planner(prior: FastPrior) -> Planner:
    planner = Planner(prior)
    planner.begin(Timebase())
    for n in range(8):
        planner.hear(Note(0.5 * n, 0.5, 60 + n, 80))
    return planner


@pytest.mark.parametrize(
    "keep",
    [
        ("onset", "duration", "velocity"),
        ("pitch",),
        ("onset", "pitch", "duration"),
        ("onset",),
        ("onset", "pitch", "duration", "velocity"),
        (),
    ],
)
def test_what_is_kept_is_kept_exactly(planner: Planner, keep: tuple[str, ...]):
    made = list(rework(planner, Rework(1, NOTES, keep, seed=2)))
    assert len(made) == len(NOTES)
    for name in keep:
        assert [getattr(note, name) for note in made] == [getattr(note, name) for note in NOTES]
    assert [note.onset for note in made] == sorted(note.onset for note in made)
    assert all(note.duration > 0 and 1 <= note.velocity <= 127 for note in made)
    for name in {"pitch", "duration", "velocity"} - set(keep):
        assert [getattr(note, name) for note in made] != [getattr(note, name) for note in NOTES]


def test_the_contour_goes_up_down_and_on_as_it_did(planner: Planner):
    for seed in range(10):
        made = list(rework(planner, Rework(1, NOTES, ("contour", "onset"), seed=seed)))
        steps = np.sign(np.diff([note.pitch for note in made]))
        assert steps.tolist() == np.sign(np.diff([note.pitch for note in NOTES])).tolist()


def test_a_contour_that_leaves_the_keyboard_stays_on_its_last_key(planner: Planner):
    rising = tuple(Note(4.0 + n, 0.5, 20 + n, 80) for n in range(60))
    low = Constraints(lowest=120, highest=127, reach=None)
    made = list(rework(planner, Rework(1, rising, ("contour", "onset"), seed=1, limits=low)))
    pitches = [note.pitch for note in made]
    assert pitches == sorted(pitches)
    assert max(pitches) == 127


def test_harmony_adds_another_key_to_each_note(planner: Planner):
    chord = (*NOTES, Note(9.0, 1.0, 60, 80), Note(9.0, 1.0, 64, 80))
    limits = Constraints(scale=Scale(0, "major"), reach=None)
    made = list(rework(planner, Rework(1, chord, (), seed=3, beside=True, limits=limits)))
    assert [note.onset for note in made] == [note.onset for note in chord]
    assert [note.duration for note in made] == [note.duration for note in chord]
    assert all(new.pitch != old.pitch for new, old in zip(made, chord, strict=True))
    assert made[-1].pitch not in (60, made[-2].pitch)
    assert {note.pitch % 12 for note in made} <= {0, 2, 4, 5, 7, 9, 11}


def test_a_note_given_again_gets_another_one_beside_it(planner: Planner):
    for seed in range(5):
        for duration in (0.0, 0.5):
            notes = (Note(5.0, duration, 64, 80),) * 3
            made = list(rework(planner, Rework(1, notes, (), seed=seed, beside=True)))
            assert len({64, *(note.pitch for note in made)}) == 4
            assert [note.duration for note in made] == [duration] * 3


def test_what_is_read_already_is_not_read_again_beside(planner: Planner):
    note = Note(5.0, 0.0, 64, 80)
    task = Rework(1, (note,), (), seed=3, beside=True)
    so_far = (Hear(9, note, Voice.PLAYER, held=True),)
    limits = Constraints(keys=(64, 67))
    wanted = list(rework(planner, task))
    assert list(rework(planner, replace(task, so_far=so_far))) == wanted
    # A key that sounds already is no companion.
    below = Hear(8, Note(4.5, 0.1, 67, 80), Voice.PLAYER, held=True)
    some = replace(task, limits=Constraints(keys=(67, 71), reach=None, temperature=9.0, top_p=1.0))
    both = [
        {next(rework(planner, replace(some, seed=n, so_far=held))).pitch for n in range(30)}
        for held in ((), (below,))
    ]
    assert both == [{67, 71}, {71}]
    assert next(rework(planner, replace(task, limits=limits))).pitch == 67


def test_a_share_of_the_notes_is_reworked_and_a_larger_one_more_of_them(planner: Planner):
    before: set[int] = set()
    for share in (0.0, 0.3, 0.6, 1.0):
        task = Rework(1, NOTES, ("onset",), seed=5, share=share)
        made = list(rework(planner, task))
        changed = {n for n, (a, b) in enumerate(zip(made, NOTES, strict=True)) if a != b}
        assert before <= changed
        assert len(changed) >= len(before)
        before = changed
    assert before == set(range(len(NOTES)))
    assert list(rework(planner, replace(task, share=0.0))) == list(NOTES)
    mixed = list(rework(planner, Rework(1, NOTES, ("pitch",), seed=5, share=0.5)))
    assert [note.onset for note in mixed] == sorted(note.onset for note in mixed)
    with pytest.raises(ReworkError, match="take 0 to 1"):
        list(rework(planner, replace(task, share=1.5)))


def test_the_same_seed_makes_the_same_and_leaves_no_trace(planner: Planner):
    ask = Ask(1, 0, 5.0, 9.0, seed=1)
    plan = list(planner.plan(ask))
    task = Rework(1, NOTES, ("onset",), seed=5)
    first = list(rework(planner, task))
    assert list(rework(planner, task)) == first
    assert list(rework(planner, replace(task, seed=6))) != first
    assert list(planner.plan(ask)) == plan


def test_a_style_changes_what_is_chosen(planner: Planner):
    task = Rework(1, NOTES, ("onset", "contour"), seed=5)
    assert list(rework(planner, task)) != list(
        rework(planner, replace(task, style=(("chorale", 1.0),)))
    )


def test_what_cannot_be_kept_and_too_many_notes_are_refused_in_a_sentence(planner: Planner):
    with pytest.raises(ReworkError, match=f"'colour' to keep; name {KEEPABLE[0]}"):
        list(rework(planner, Rework(1, NOTES, ("colour",), seed=1)))
    many = tuple(Note(float(n), 0.5, 60, 80) for n in range(600))
    with pytest.raises(ReworkError, match="divide them"):
        list(rework(planner, Rework(1, many, (), seed=1)))


def test_no_notes_make_none(planner: Planner):
    assert list(rework(planner, Rework(1, (), (), seed=1))) == []
