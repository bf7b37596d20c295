"""A change of the small prior, from beginning to end: what is told of it is true of its bytes."""

import hashlib

import numpy as np
import pytest
from safetensors.numpy import load as load_bytes

from engine.adapt.material import MaterialError
from engine.events import Note, Timebase
from engine.learning import LearnPiece
from federation.client.lesson import divided, phrases_of
from federation.client.training import Policy, Trainer, longest_run
from federation.formats.delta import MOST_BYTES, as_vector, decode, norm
from federation.formats.lineage import Lineage
from federation.formats.shared import nothing_learnt
from tests.federation.client.stage import lineage, piece, weights

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trainer(tmp_path_factory) -> Trainer:
    path = weights(tmp_path_factory.mktemp("weights"))
    return Trainer(path, lineage(path))


def _change(trainer: Trainer, policy: Policy = Policy(app="0.1.0"), seeds=(1, 2)):  # noqa: B008
    rng = np.random.default_rng(5)
    return trainer.change(
        phrases_of([piece(seed) for seed in seeds]),
        nothing_learnt(trainer.lineage), 3, policy, chance=rng.bytes, made="2026-05-04",
    )  # fmt: skip


def test_what_is_told_is_true_of_the_bytes(trainer):
    data, told = _change(trainer)
    assert (told.sha256, told.bytes) == (hashlib.sha256(data).hexdigest(), len(data))
    assert len(data) < MOST_BYTES
    tensors = load_bytes(data)  # the library reads it, too
    assert {name: tensor.shape for name, tensor in tensors.items()} == told.shapes
    assert sum(tensor.size for tensor in tensors.values()) == told.values
    assert {tensor.dtype for tensor in tensors.values()} == {np.dtype(np.float16)}
    assert all(name.endswith(".up") for name in tensors)
    vector = as_vector(decode(data, trainer.lineage).tensors)
    assert norm(vector) == pytest.approx(told.norm)
    assert 0.0 < told.norm <= told.clip
    assert sum(told.histogram.counts) == sum(told.histogram_before.counts) == told.values
    assert told.words.keys() == {"schema", "lineage", "from_version", "notes", "app"}


def test_the_same_music_makes_the_same_bytes(trainer):
    assert _change(trainer)[0] == _change(trainer)[0] != _change(trainer, seeds=(1, 3))[0]


def test_it_is_clipped_to_the_limit_and_no_further(trainer):
    limit = _change(trainer)[1].norm_before / 3
    told = _change(trainer, Policy(limit=limit))[1]
    assert 0.99 * limit < told.norm <= limit < told.norm_before


def test_it_is_blurred_if_the_policy_says_so(trainer):
    sigma = 0.05
    told = _change(trainer, Policy(sigma=sigma))[1]
    expected = sigma * trainer.lineage.size**0.5
    assert told.norm == pytest.approx(
        (expected**2 + min(told.norm_before, 1.4) ** 2) ** 0.5, rel=0.1
    )
    assert told.sigma == sigma


def test_learning_helps_on_what_is_learnt(trainer):
    phrases = phrases_of([piece(1), piece(2)])
    data, _ = _change(trainer)
    change = decode(data, trainer.lineage).tensors
    assert trainer.bits(phrases, change, held=False) < trainer.bits(phrases, None, held=False)


def test_no_note_of_a_held_back_phrase_is_learnt(trainer):
    phrases = phrases_of([piece(1), piece(2)])
    assert 0 < phrases.held.sum() < len(phrases.held)
    learnt = trainer._lesson(phrases, ~phrases.held)
    assert learnt.counted[0][phrases.held].sum() == 0
    assert learnt.notes == phrases.learnt_notes


def test_what_is_held_back_stays_held_back_whatever_is_added():
    one = phrases_of([piece(1, 200)])
    both = phrases_of([piece(1, 200), piece(2, 200)])
    assert (both.held[: len(one.held)] == one.held).all()


def test_of_two_phrases_one_is_held_back_and_one_is_learnt():
    for seed in range(12):
        held = divided(phrases_of([piece(seed, 60)]).material.takes)
        assert 0 < held.sum() < len(held)


def test_too_little_is_a_sentence():
    with pytest.raises(MaterialError, match="too little"):
        phrases_of([piece(1, 10)])


def test_the_leak_test_counts_what_lies_in_one_phrase():
    hit = np.array([1, 1, 1, 0, 1, 1, 1, 1, 1], np.bool_)
    owner = np.array([0, 0, 0, 0, 0, 0, 1, 1, 1])
    assert longest_run(hit, owner) == 3
    assert longest_run(np.zeros(4, np.bool_), np.zeros(4, np.int64)) == 0
    assert longest_run(np.ones(4, np.bool_), np.zeros(4, np.int64)) == 4


def test_the_leak_test_finds_a_model_that_learnt_by_heart(trainer):
    """With a change far longer than the limit allows, the model plays the phrase back."""
    from federation.client.learning import learn

    notes = tuple(Note(step * 0.5, 0.45, 60 + 4 * (step % 2), 70) for step in range(60))
    phrases = phrases_of([LearnPiece("to and fro", notes, Timebase(100.0, 4.0, True))])
    scorer = trainer._scorer
    lesson = trainer._lesson(phrases, np.ones(len(phrases.held), np.bool_))
    by_heart = learn(scorer, [lesson], scorer.zero(), rate=1e-2, steps=20)
    longest = int(np.bincount(phrases.owner).max())
    assert trainer._longest(phrases, by_heart) > longest - 4
    assert trainer._longest(phrases, scorer.zero()) < 4


def test_another_lineage_draws_another_a(trainer, tmp_path):
    path = weights(tmp_path)
    other = Trainer(path, Lineage(**{**_fields(trainer.lineage), "seed": 7}))
    name = next(iter(trainer.frozen()))
    assert not np.array_equal(trainer.frozen()[name], other.frozen()[name])


def _fields(one: Lineage) -> dict:
    return {name: getattr(one, name) for name in one.__struct_fields__}
