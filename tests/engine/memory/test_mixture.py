"""Laws of prior and memory together: true chances, the prior's interface, a dial."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.api import Ask
from engine.encoding import FAMILIES, FIELD_SIZES, ONSET, ORDER, PITCH, VELOCITY, VOICE, Row
from engine.events import Note, Timebase
from engine.limits import Constraints
from engine.memory.judge import LEAST_CHANCE
from engine.memory.memory import Memory
from engine.memory.mixture import Mixture
from engine.memory.offline import bits_with_memory
from engine.memory.weights import Weights, blank
from engine.model.fast import FastPrior
from engine.planner import Planner
from tests.engine.memory.weights import trusting, wild
from tests.engine.music import rows
from tests.fakes import tiny_prior

NEXT = Row(24, 60, 24, 20, 0, 1, 1, 1, 0)


@pytest.fixture
def prior(tmp_path: Path) -> FastPrior:
    return tiny_prior.fast(tmp_path)


def _mixed(prior: FastPrior | None, notes: list[Row], weights: Weights) -> Mixture:
    mixture = Mixture(prior, Memory(capacity=2048), weights)
    mixture.reset()
    for note in notes:
        mixture.read(note)
    return mixture


def _chances(logits: np.ndarray) -> np.ndarray:
    weights = np.exp(logits.astype(np.float64) - logits.max())
    return weights / weights.sum()


def _melody(pitches: list[int]) -> list[Row]:
    return [NEXT._replace(pitch=pitch) for pitch in pitches]


@pytest.mark.parametrize("alone", [False, True])
@settings(max_examples=15, deadline=None)
@given(count=st.integers(0, 60), seed=st.integers(0, 99), order=st.permutations(range(5)))
def test_every_field_has_true_chances_in_every_order(alone, count, seed, order):
    prior = _shared_prior()
    mixture = _mixed(None if alone else prior, rows(count, seed=seed), wild(seed))
    known: set[int] = set()
    for field in order:
        logits = mixture.field(field, NEXT, known)
        assert logits.shape == (FIELD_SIZES[field],)
        assert logits.dtype == np.float32
        assert np.isfinite(logits).all()
        assert np.exp(logits.max()) > 0
        assert _chances(logits).sum() == pytest.approx(1.0)
        known.add(field)


_KEPT: list[FastPrior] = []


def _shared_prior() -> FastPrior:
    if not _KEPT:
        import tempfile

        _KEPT.append(tiny_prior.fast(Path(tempfile.mkdtemp())))
    return _KEPT[0]


def test_judges_that_say_nothing_leave_the_prior_as_it_is(prior: FastPrior, tmp_path: Path):
    notes = rows(60)
    mixture = _mixed(prior, notes, blank())
    (tmp_path / "other").mkdir()
    other = tiny_prior.fast(tmp_path / "other")
    for note in notes:
        other.read(note)
    known: set[int] = set()
    for field in ORDER:
        expected = _chances(other.field(field, NEXT, known))
        assert _chances(mixture.field(field, NEXT, known)) == pytest.approx(expected, abs=1e-5)
        known.add(field)


def test_further_is_the_prior_alone_and_closer_is_closer(prior: FastPrior):
    figure = [60, 64, 67, 71, 60, 64, 67]
    mixture = _mixed(prior, _melody(figure * 3), trusting())
    plain = _chances(prior.field(PITCH, NEXT, {ONSET, VOICE}))
    found = []
    for closeness in (-1.0, -0.5, 0.0, 0.5, 1.0):
        mixture.closeness = closeness
        found.append(_chances(mixture.field(PITCH, NEXT, {ONSET, VOICE}))[60])
    assert found[0] == pytest.approx(plain[60], rel=1e-3)
    assert found == sorted(found)
    assert found[-1] > 2 * found[0]


def test_a_figure_is_known_again_in_another_key():
    """After D E F the note that makes the figure of C D E G, a tone up, is the likeliest."""
    mixture = _mixed(None, _melody([60, 62, 64, 67] * 2), trusting())
    mixture.reset()
    for row in _melody([62, 64, 66]):
        mixture.read(row)
    chances = _chances(mixture.field(PITCH, NEXT, {ONSET, VOICE}))
    never_heard = [p for p in range(40, 90) if p not in {60, 62, 64, 67, 66, 69}]
    assert chances[69] > 3 * chances[never_heard].max()


def test_touch_that_is_nearly_the_same_is_known_again():
    notes = [NEXT._replace(velocity=19 + n % 3) for n in range(30)]
    mixture = _mixed(None, notes, trusting())
    chances = _chances(mixture.field(VELOCITY, NEXT, {ONSET, VOICE}))
    assert chances[18] > 2 * chances[5]
    assert chances[[19, 20, 21]].sum() > 0.5


@pytest.mark.parametrize("alone", [False, True])
def test_who_plays_is_not_the_memorys_affair(prior: FastPrior, alone: bool):
    """However long the player went on, the chance that the turn passes stays as it was."""
    notes = rows(50)
    players = [note._replace(voice=note.voice % FAMILIES) for note in notes]
    quiet = _mixed(None if alone else prior, players, blank())
    before = _chances(quiet.field(VOICE, NEXT))[FAMILIES:].sum()
    loud = _mixed(None if alone else prior, players, wild(4))
    loud.weights = Weights(wild(4).beside, wild(4).alone, blank().base, 0.0)
    after = _chances(loud.field(VOICE, NEXT))
    assert after[FAMILIES:].sum() == pytest.approx(before, abs=1e-4)
    assert np.abs(after - _chances(quiet.field(VOICE, NEXT))).max() > 0.01


def test_a_change_of_style_teaches_nothing_twice(prior: FastPrior):
    notes = rows(40)
    mixture = _mixed(prior, notes, wild())
    head, count = mixture.memory.head.copy(), mixture.count
    mixture.reread({2: 1.0}, np.array(notes))
    assert np.array_equal(mixture.memory.head, head)
    assert mixture.count == count == prior.count
    assert mixture.memory.place == 40


def test_the_memory_goes_on_where_the_prior_does_not(prior: FastPrior):
    notes = rows(30)
    mixture, lone = _mixed(prior, notes, wild()), _mixed(None, notes, wild())
    beside = mixture.field(PITCH, NEXT, {ONSET})
    mixture.alone = True
    assert np.array_equal(mixture.field(PITCH, NEXT, {ONSET}), lone.field(PITCH, NEXT, {ONSET}))
    mixture.read(NEXT)  # the prior goes on reading
    mixture.alone = False
    assert prior.count == mixture.count == 31
    assert not np.array_equal(mixture.field(PITCH, NEXT, {ONSET}), beside)
    assert lone.alone
    assert lone.styles.names == ()
    lone.set_style({})
    lone.read_many(np.array(notes))
    assert lone.count == 60


def test_a_prior_that_is_left_behind_while_looking_ahead_comes_back(prior: FastPrior):
    mixture = _mixed(prior, rows(30), wild())
    says, mark = mixture.field(PITCH, NEXT), mixture.mark()
    mixture.read(NEXT)
    mixture.prior = None
    for row in rows(10, seed=4):
        mixture.read(row)
    mixture.prior = prior
    mixture.back_to(mark)
    assert mixture.count == prior.count == 30
    assert np.array_equal(mixture.field(PITCH, NEXT), says)


@pytest.mark.parametrize("alone", [False, True])
def test_the_same_seed_gives_the_same_plan_and_leaves_nothing(prior: FastPrior, alone: bool):
    mixture = Mixture(None if alone else prior, Memory(), wild())
    planner = Planner(mixture)
    planner.begin(Timebase(bpm=120.0, tempo_known=True))
    for n in range(24):
        planner.hear(Note(0.5 * n, 0.5, 60 + n % 5, 70))
    head = mixture.memory.head.copy()
    ask = Ask(1, 0, 12.0, 20.0, seed=7, limits=Constraints(max_notes=30), may_hand_over=False)
    first = list(planner.plan(ask))
    assert first
    assert list(planner.plan(ask)) == first
    assert np.array_equal(mixture.memory.head, head)
    assert mixture.count == 24


@pytest.mark.parametrize("alone", [False, True])
def test_whole_streams_score_as_they_do_note_by_note(prior: FastPrior, alone: bool):
    support, context, asked = (np.array(rows(n, seed=n)) for n in (40, 20, 60))
    weights = wild(2)
    mixture = Mixture(None if alone else prior, Memory(), weights)
    mixture.memory.read_many(support)
    mixture.reset()
    mixture.read_many(context)
    counted = np.random.default_rng(0).random((60, 5)) < 0.8
    bits, logits = np.zeros((60, 5)), [np.zeros((60, size), np.float32) for size in FIELD_SIZES]
    for n, row in enumerate(asked):
        known: set[int] = set()
        for field in ORDER:
            if not alone:
                logits[field][n] = prior.field(field, row, known)
            if counted[n, field]:
                chances = _chances(mixture.field(field, row, known))
                bits[n, field] = -np.log2(max(chances[row[field]], np.exp(LEAST_CHANCE)))
            known.add(field)
        mixture.read(row)
    found = bits_with_memory(
        [support], asked, counted, None if alone else logits, context_rows=context, weights=weights
    )
    assert found == pytest.approx(bits, abs=2e-3)
    assert (found[~counted] == 0).all()


def test_chances_of_another_shape_are_refused():
    notes = np.array(rows(4))
    with pytest.raises(ValueError, match="one row a note"):
        bits_with_memory([], notes, np.ones((4, 5), bool), [np.zeros((3, 7))] * 5, weights=blank())
