"""The n-gram that plays: its chances are those of the back-off model, and a planner can use it."""

from itertools import starmap
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.encoding import FIELD_SIZES, FIELDS, Row
from engine.evaluate.backoff import EXCLUSION, Variant, View, probabilities
from engine.evaluate.continuation.continuers import planned
from engine.evaluate.continuation.ngram import NgramPrior
from engine.evaluate.continuation.passages import choose
from engine.evaluate.notes import Notes, gather
from engine.model.fast import FastPrior
from engine.planner import Planner
from tests.engine.music import stream

KIND, CHORD = ("kind", 0), ("chord", 0)
# The views of the n-gram, as the back-off model writes them, at the order that it has room for.
TWINS = {
    "onset": (View("", 0, (KIND, ("beat_pos", 1)), (("delta", 1), ("duration", 1))), 3),
    "pitch": (View("", 1, (KIND, CHORD), (("interval", 1),), relative=True), 7),
    "duration": (View("", 2, (KIND, CHORD), (("duration", 1), ("delta", 0))), 3),
    "velocity": (View("", 3, (KIND, CHORD), (("velocity", 1),)), 9),
}


def _music(seed: int, pieces: int = 5, *, pattern: int = 5) -> Notes:
    found = [
        stream(60, seed=seed + n, piece=str(n), pattern=pattern, velocity=n % 2 == 0)
        for n in range(pieces)
    ]
    notes = gather(found)
    rng = np.random.default_rng(seed)
    # Chords and uneven rhythms, so that every kind of context occurs.
    delta, duration = Row._fields.index("delta"), Row._fields.index("duration")
    notes.rows[:, delta] = np.where(notes.place > 0, rng.choice([0, 24, 48], len(notes)), 0)
    notes.rows[:, duration] = rng.choice([24, 48], len(notes))
    return notes


@pytest.mark.parametrize("name", TWINS)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000))
def test_chances_are_those_of_the_backoff_model(name, seed):
    train, asked = _music(seed), _music(seed + 3, 2)
    view, order = TWINS[name]
    field = FIELDS.index(name)
    wanted = probabilities(view, train, asked, deepest=order)[Variant(EXCLUSION, order)]
    prior, found = NgramPrior(train), []
    for number, row in enumerate(starmap(Row, asked.rows.tolist())):
        if asked.place[number] == 0:
            prior.reset()
        if asked.counted[number, field]:
            value = row.delta if name == "onset" else getattr(row, name)
            found.append(float(np.exp(prior.field(field, row)[value])))
        prior.read(row)
    assert np.array(found) == pytest.approx(wanted, rel=1e-4)


@given(seed=st.integers(0, 50))
@settings(max_examples=10, deadline=None)
def test_chances_sum_to_one_with_and_without_notes_to_learn_from(seed):
    nothing = _music(seed)
    nothing.counted[:] = False
    for train in (_music(seed), nothing):
        prior = NgramPrior(train)
        for row in starmap(Row, _music(seed + 9, 1).rows[:12].tolist()):
            for field in range(len(FIELDS)):
                chances = np.exp(prior.field(field, row).astype(np.float64))
                assert len(chances) == FIELD_SIZES[field]
                assert chances.sum() == pytest.approx(1.0, abs=1e-3)
            prior.read(row)


def test_a_pattern_is_learnt():
    prior = NgramPrior(gather([stream(80, seed=1, pattern=4)]))
    rows = list(starmap(Row, gather([stream(80, seed=1, pattern=4)]).rows.tolist()))
    for row in rows[:20]:
        prior.read(row)
    for field, value in enumerate(rows[20][:4]):
        assert int(prior.field(field, rows[20]).argmax()) == value


def test_a_mark_brings_it_back():
    prior = NgramPrior(_music(1))
    rows = list(starmap(Row, _music(2, 1).rows[:20].tolist()))
    for row in rows[:8]:
        prior.read(row)
    mark, before = prior.mark(), prior.field(1, rows[8])
    for row in rows[8:]:
        prior.read(row)
    prior.back_to(mark)
    assert prior.count == 8
    assert (prior.field(1, rows[8]) == before).all()


def test_the_planner_plays_it():
    played = stream(100, seed=2, pattern=8)
    (passage,) = choose([played], 1, seed=0)
    prior = NgramPrior(gather([stream(400, seed=2, pattern=8)]))
    continuer = planned(Planner(cast(FastPrior, prior)))
    found = continuer(passage, 1)
    assert found == continuer(passage, 1)
    assert len(found.notes) > 8
    own = {note.pitch for note in passage.prime.notes}
    assert sum(note.pitch in own for note in found.notes) > len(found.notes) / 2
