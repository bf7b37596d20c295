"""Laws of masks: whatever the limits, the state and the order of the fields, there is a choice."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.limits import GIVES_WAY, Constraints
from engine.sampling.constraints import Rules
from engine.sampling.prepared import Prepared
from engine.scales import Scale
from tests.engine.constraint_play import (
    USUAL,
    Judge,
    constraints,
    frames,
    heard,
    meters,
    orders,
    play,
)


@pytest.mark.slow
@given(limits=constraints(), frame=frames(), bar=meters, order=orders, seed=st.integers(0, 2**32))
def test_there_is_always_a_choice_and_it_keeps_what_did_not_give_way(
    limits, frame, bar, order, seed
):
    rules = Rules(Prepared(limits, bar), frame, heard())
    judge = Judge(limits, frame, bar, rules.gave_way)
    at_first = rules.gave_way.copy()
    run = play(rules, order, min(limits.max_notes, 20), seed)
    for count, chosen in enumerate(run.notes, start=1):
        note, notes = chosen.placed, run.notes[:count]
        # What never gives way.
        assert frame.end_tick > note.tick >= max(frame.start_tick, frame.last_tick)
        assert 0 <= note.pitch <= 127
        assert note.duration_ticks >= 1
        assert 1 <= note.velocity <= 127
        assert all(a.placed.tick <= b.placed.tick for a, b in itertools.pairwise(notes))
        same = [n.placed.pitch for n in notes if n.placed.tick == note.tick]
        assert len(set(same)) == len(same)
        # What gives way only if it says so.
        assert judge.broken(notes, rules.answer.cuts) <= set(chosen.gave_way) | set(at_first)
    assert set(rules.gave_way) <= set(GIVES_WAY)
    assert not {"duration", "velocity"} & set(rules.gave_way)
    complete = run.over or len(run.notes) == limits.max_notes
    if judge.land is not None and complete and not rules.gave_way["land"]:
        assert run.notes[-1].placed.tick == judge.land


@settings(max_examples=30)
@given(frame=frames(), bar=meters, order=orders, seed=st.integers(0, 2**32))
def test_limits_that_contradict_nothing_never_give_way(frame, bar, order, seed):
    limits = Constraints(scale=Scale(2, "dorian"), grid=(4,) if bar else (), reach=None)
    rules = Rules(Prepared(limits, bar), frame)
    run = play(rules, order, 20, seed)
    # Chords upwards and entries between beats are the only habits among the usual limits.
    assert set(rules.gave_way) <= {"upwards", "entry", "soon"}
    assert run.over or len(run.notes) == 20


@settings(max_examples=20)
@given(limits=constraints(), frame=frames(), bar=meters, seed=st.integers(0, 2**32))
def test_the_same_seed_makes_the_same_answer(limits, frame, bar, seed):
    prepared = Prepared(limits, bar)
    first, second = (
        [n.placed for n in play(Rules(prepared, frame, heard()), USUAL, 10, seed).notes]
        for _ in range(2)
    )
    assert first == second


# ----------------------------------------------------------------------------- single limits
