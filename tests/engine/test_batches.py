import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.corpus import rows_of
from engine.train.batches import Batch, Sampler, augment, what_counts
from tests.engine.music import stream

STREAMS = [
    stream(200, seed=1, collection="pop909"),
    stream(300, seed=2, collection="polish", velocity=False),
    stream(90, seed=3, collection="groove", drums=True),
    stream(40, seed=4, collection="pianoroll", tempo_known=False),
]


def _sampler(seed: int = 7, length: int = 128) -> Sampler:
    return Sampler(STREAMS, seed=seed, length=length, width=3)


def _same(one: Batch, other: Batch) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("rows", "segment", "counted")
    )


def test_a_batch_depends_on_seed_and_step_alone():
    sampler = _sampler()
    fifth = sampler.batch(5)
    sampler.batch(6)
    assert _same(fifth, sampler.batch(5))
    assert _same(fifth, _sampler().batch(5))
    assert not _same(fifth, sampler.batch(6))
    assert not _same(fifth, _sampler(seed=8).batch(5))


@pytest.mark.parametrize("length", [1, 17, 128, 700])
def test_rows_are_full_and_pieces_lie_one_behind_the_other(length: int):
    batch = _sampler(length=length).batch(0)
    assert batch.rows.shape == (3, length, 7)
    assert batch.segment.shape == (3, length)
    assert batch.counted.shape == (3, length, 4)
    assert (batch.segment[:, 0] == 0).all()
    assert set(np.unique(np.diff(batch.segment, axis=1))) <= {0, 1}
    starts = np.diff(batch.segment, axis=1, prepend=-1) > 0
    assert (batch.rows[..., 0][starts] == 0).all()
    assert not batch.counted[..., 0][starts].any()
    assert (batch.rows[..., 2] > 0).all()


@given(seed=st.integers(0, 2**32), which=st.integers(0, len(STREAMS) - 1))
def test_augmented_music_could_have_been_played(seed, which):
    original = STREAMS[which]
    played, velocity_known = augment(original, np.random.default_rng(seed))
    assert len(played) == len(original)
    assert played.pitch.min() >= 0
    assert played.pitch.max() <= 127
    assert played.velocity.min() >= 0
    assert played.velocity.max() <= 127
    assert velocity_known == bool((original.velocity > 0).all())
    assert (played.duration > 0).all()
    assert (np.diff(np.floor(played.onset + 0.5)) >= 0).all()
    assert played.tempo_known <= original.tempo_known
    rows = rows_of(played)
    assert (rows >= 0).all()
    assert (rows.max(axis=0) < [289, 128, 289, 33, 25, 13, 4]).all()
    if not played.tempo_known:
        assert (rows[:, 4:6] == 0).all()


@given(seed=st.integers(0, 2**32))
def test_transposition_is_whole_and_spares_drums(seed):
    rng = np.random.default_rng(seed)
    tonal, drums = STREAMS[0], STREAMS[2]
    moved = np.sort(augment(tonal, rng)[0].pitch.astype(int)) - np.sort(tonal.pitch.astype(int))
    assert len(set(moved.tolist())) == 1
    assert -6 <= moved[0] <= 6
    assert sorted(augment(drums, rng)[0].pitch) == sorted(drums.pitch)


def test_a_piece_at_the_edge_of_the_keyboard_stays_on_it():
    edge = stream(20)
    edge.pitch[:] = [0, 127] * 10
    assert {tuple(augment(edge, np.random.default_rng(n))[0].pitch) for n in range(20)} == {
        tuple(edge.pitch)
    }


def test_what_is_made_up_or_unknown_is_not_scored():
    rows = rows_of(stream(5))
    assert what_counts(rows, velocity_known=True).tolist() == [
        [False, True, True, True],
        *[[True] * 4] * 4,
    ]
    assert not what_counts(rows, velocity_known=False)[:, 3].any()
    assert not what_counts(rows_of(stream(5, velocity=False)), velocity_known=True)[:, 3].any()


def test_velocities_of_music_without_any_are_never_scored():
    sampler = Sampler([STREAMS[1]], seed=0, length=64, width=2)
    batches = [sampler.batch(step) for step in range(12)]
    assert not any(batch.counted[..., 3].any() for batch in batches)
    assert any((batch.rows[..., 3] > 0).any() for batch in batches), "some are made up to be heard"
