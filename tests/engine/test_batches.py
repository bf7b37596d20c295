"""Batches: full rows of whole notes, the same each time, with every scene a partner meets."""

from dataclasses import fields, replace

import numpy as np
import pytest

from engine.corpus import rows_of
from engine.encoding import (
    COLUMN_SIZES,
    COLUMNS,
    DURATION,
    FAMILIES,
    FIELDS,
    ONSET,
    OPEN,
    ORDER,
    PITCH,
    VELOCITY,
    VOICE,
)
from engine.styles import Vocabulary
from engine.train.batches import MOST_LABELS, Batch, Sampler, what_counts
from tests.engine.music import stream

KIND, TO_GO = COLUMNS.index("kind"), COLUMNS.index("to_go")
STYLES = Vocabulary(("pop", "folk", "drums", "reel", "jig", "polka"))
STREAMS = [
    stream(200, seed=1, collection="pop909", labels=("pop",)),
    stream(
        300,
        seed=2,
        collection="polish",
        velocity=False,
        phrases=tuple(range(0, 300, 7)),
        labels=("folk", "reel", "jig", "polka", "pop", "nobody knows this"),
    ),
    stream(90, seed=3, collection="groove", drums=True, labels=("drums",)),
    stream(40, seed=4, collection="pianoroll", tempo_known=False),
]


def _sampler(seed: int = 7, length: int = 128, which: slice = slice(None), **more) -> Sampler:
    return Sampler(STREAMS[which], seed=seed, length=length, width=3, styles=STYLES, **more)


def _together(sampler: Sampler, count: int) -> Batch:
    """The rows of several batches, one below the other."""
    batches = [sampler.batch(step) for step in range(count)]
    names = [field.name for field in fields(Batch)]
    return Batch(
        **{name: np.concatenate([getattr(batch, name) for batch in batches]) for name in names}
    )


def _same(one: Batch, other: Batch) -> bool:
    return all(
        np.array_equal(getattr(one, field.name), getattr(other, field.name))
        for field in fields(Batch)
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
    assert batch.rows.shape == batch.read.shape == (3, length, len(COLUMNS))
    assert batch.segment.shape == (3, length)
    assert batch.rank.shape == batch.counted.shape == (3, length, len(FIELDS))
    assert batch.style.shape == (3, length, MOST_LABELS)
    assert (batch.segment[:, 0] == 0).all()
    assert set(np.unique(np.diff(batch.segment, axis=1))) <= {0, 1}
    starts = np.diff(batch.segment, axis=1, prepend=-1) > 0
    assert (batch.rows[..., ONSET][starts] == 0).all()
    assert not batch.counted[starts][:, [ONSET, VOICE]].any()
    for rows in (batch.rows, batch.read):
        assert (rows >= 0).all()
        assert (rows < COLUMN_SIZES).all()


def test_a_held_note_is_read_open_and_predicted_with_its_end():
    batch = _together(_sampler(), 12)
    assert (batch.rows[..., DURATION] != OPEN).all()
    held = batch.read[..., DURATION] == OPEN
    assert held.any()
    assert (batch.read[~held] == batch.rows[~held]).all()
    others = [column for column in range(len(COLUMNS)) if column != DURATION]
    assert (batch.read[..., others] == batch.rows[..., others]).all()


def test_every_scene_comes_up_and_a_piece_keeps_its_own():
    batch = _together(_sampler(), 16)
    kinds = set(batch.rows[..., KIND].flatten().tolist())
    assert {kind & 4 for kind in kinds} == {0, 4}, "alone and in turns"
    assert {kind & 8 for kind in kinds} == {0, 8}, "with rhythm and without"
    assert not any(kind & 4 and kind & 8 for kind in kinds)
    same = np.diff(batch.segment, axis=1) == 0
    assert (np.diff(batch.rows[..., KIND], axis=1)[same] == 0).all()
    assert (np.diff(batch.style, axis=1)[same] == 0).all()
    alone = batch.rows[..., KIND] & 4 == 0
    assert (batch.rows[alone][:, VOICE] < FAMILIES).all()
    assert (batch.rows[alone][:, TO_GO] == 0).all()
    assert (batch.rows[~alone][:, VOICE] >= FAMILIES).any()
    assert (batch.rows[~alone][:, TO_GO] > 0).any()


def test_where_rhythm_is_hidden_only_pitches_are_scored():
    batch = _together(_sampler(), 16)
    plain = batch.rows[..., KIND] & 8 > 0
    assert batch.counted[plain][:, PITCH].all()
    assert not np.delete(batch.counted[plain], PITCH, axis=1).any()
    assert batch.counted[~plain][:, DURATION].all()


def test_the_order_of_choosing_is_free_as_often_as_is_asked():
    usual = np.argsort(ORDER)
    assert (_sampler(free_order=0.0).batch(3).rank == usual).all()
    free = (_sampler(free_order=1.0).batch(3).rank != usual).any(axis=-1)
    assert free.mean() > 0.95


def test_styles_are_told_now_and_then_and_only_the_pieces_own():
    batch = _together(_sampler(which=slice(1, 2)), 16)
    own = set(STYLES.numbers(STREAMS[1].labels))
    told = [set(row.tolist()) - {0} for row in batch.style.reshape(-1, MOST_LABELS)]
    assert set.union(*told) == own
    assert all(names <= own for names in told)
    assert 0.2 < np.mean([not names for names in told]) < 0.7, "often none is told"
    assert {len(names) for names in told} >= {0, 1, 2, 3}
    for row in batch.style.reshape(-1, MOST_LABELS):
        named = row[row > 0]
        assert len(set(named.tolist())) == len(named)


def test_pieces_without_known_labels_are_told_none():
    sampler = Sampler(STREAMS, seed=0, length=64, width=2, styles=Vocabulary())
    assert not sampler.batch(0).style.any()


def test_what_is_made_up_or_given_is_not_scored():
    rows = rows_of(stream(5))
    assert what_counts(rows, velocity_known=True).tolist() == [
        [False, True, True, True, False],
        *[[True] * 5] * 4,
    ]
    assert not what_counts(rows, velocity_known=False)[:, VELOCITY].any()
    silent = rows_of(stream(5, velocity=False))
    assert not what_counts(silent, velocity_known=True)[:, VELOCITY].any()


def test_velocities_of_music_without_any_are_never_scored():
    batch = _together(_sampler(which=slice(1, 2)), 12)
    assert not batch.counted[..., VELOCITY].any()
    assert (batch.rows[..., VELOCITY] > 0).any(), "some are made up to be heard"


def test_collections_share_the_notes_as_they_are_told_to():
    loud = replace(STREAMS[0], collection="pianoroll", family=np.full(200, 16, dtype=np.int8))
    rare = stream(9000, collection="drum_patterns", drums=True)
    sampler = Sampler([loud, rare], seed=0, length=64, width=8, styles=STYLES)
    drums = np.concatenate([sampler.batch(step).rows[..., KIND] & 2 for step in range(6)]) > 0
    assert drums.mean() < 0.15, "by size alone it would be nearly all"
