"""The numpy step and the torch reference are one network, and forgetting is exact."""

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.encoding import FIELDS, Row
from engine.model.fast import SPARE, FastPrior
from engine.model.transformer import Prior
from tests.engine.music import rows
from tests.fakes import tiny_prior

LONG = 1500  # crosses the window many times and makes room in the buffers


@pytest.fixture(scope="module")
def reference() -> Prior:
    return tiny_prior.model()


@pytest.fixture
def fast(tmp_path: Path) -> FastPrior:
    return tiny_prior.fast(tmp_path)


@torch.inference_mode()
def _logits(model: Prior, notes: list[Row], segment: list[int] | None = None) -> list[np.ndarray]:
    """Logits of each field: four arrays (notes, classes)."""
    segments = torch.tensor([segment or [0] * len(notes)])
    return [field[0].numpy() for field in model(torch.tensor([notes]), segments)]


def _fields(prior: FastPrior, row: Row) -> list[np.ndarray]:
    return [prior.field(number, row) for number in range(len(FIELDS))]


@pytest.mark.slow
@pytest.mark.parametrize("kind", [0, 3])
def test_the_step_computes_what_the_reference_computes(reference, fast, kind: int):
    notes = rows(LONG, seed=1, kind=kind)
    expected = _logits(reference, notes)
    off = 0.0
    for number, row in enumerate(notes):
        for field, logits in enumerate(_fields(fast, row)):
            off = max(off, float(np.abs(logits - expected[field][number]).max()))
        fast.read(row)
    spread = max(float(field.std()) for field in expected)
    assert off < 1e-4 * max(1.0, spread)
    assert spread > 0.1, "the weights must matter for this to say anything"


def test_forgetting_everything_is_starting_anew(fast, tmp_path: Path):
    notes = rows(30, seed=2)
    first = _fields(fast, notes[0])
    for row in notes:
        fast.read(row)
    fast.reset()
    assert all(map(np.array_equal, _fields(fast, notes[0]), first))


@pytest.mark.slow
@pytest.mark.parametrize("heard", [0, 1, 7, 100, 1030, 1100])
@pytest.mark.parametrize("ahead", [1, 20, SPARE - 1])
def test_a_mark_brings_the_state_back_bit_for_bit(fast, heard: int, ahead: int):
    notes = rows(heard + 30, seed=3)
    for row in notes[:heard]:
        fast.read(row)
    mark = fast.mark()
    expected = []
    for row in notes[heard:]:
        expected += _fields(fast, row)
        fast.read(row)
    fast.back_to(mark)
    for row in rows(ahead, seed=4):
        fast.field(0, row)
        fast.read(row)
    fast.back_to(mark)
    found = []
    for row in notes[heard:]:
        found += _fields(fast, row)
        fast.read(row)
    assert all(map(np.array_equal, found, expected))


def test_a_mark_that_is_too_old_is_refused(fast):
    mark = fast.mark()
    for row in rows(SPARE + 2):
        fast.read(row)
    with pytest.raises(ValueError, match="too old"):
        fast.back_to(mark)


def test_a_mark_from_before_a_reset_is_refused(fast):
    for row in rows(9):
        fast.read(row)
    mark = fast.mark()
    fast.reset()
    with pytest.raises(ValueError, match="too old"):
        fast.back_to(mark)


@pytest.mark.parametrize("changed", [0, 5, 20, 39])
def test_what_comes_later_changes_nothing_before_it(reference, changed: int):
    notes = rows(40, seed=5)
    before = _logits(reference, notes)
    other = rows(1, seed=99)[0]
    notes[changed] = other._replace(kind=notes[changed].kind)
    after = _logits(reference, notes)
    for field in range(len(FIELDS)):
        assert np.allclose(before[field][:changed], after[field][:changed], atol=1e-5)
    assert np.allclose(before[0][changed], after[0][changed], atol=1e-5), "its onset comes first"
    if changed < 39:
        assert not np.allclose(before[1][changed + 1], after[1][changed + 1], atol=1e-3)


def test_pieces_that_share_a_row_do_not_see_each_other(reference):
    one, two = rows(20, seed=6), rows(25, seed=7)
    together = _logits(reference, one + two, [0] * 20 + [1] * 25)
    apart = [
        np.concatenate(both)
        for both in zip(_logits(reference, one), _logits(reference, two), strict=True)
    ]
    for field in range(len(FIELDS)):
        assert np.allclose(together[field], apart[field], atol=1e-4)


def test_every_piece_of_a_row_begins_anew(reference):
    note = rows(1)[0]
    logits = _logits(reference, [note] * 3, [0, 1, 2])
    assert np.allclose(logits[0][0], logits[0], atol=1e-5)


def test_only_the_last_notes_are_attended_to(reference):
    """Two layers with a window of 8 and two notes of look-back reach 18 notes and no more."""
    notes = rows(60, seed=8)
    far = [row._replace(duration=1 + row.duration % 200) for row in notes[:30]] + notes[30:]
    assert np.allclose(_logits(reference, notes)[0][-1], _logits(reference, far)[0][-1], atol=1e-5)


@torch.inference_mode()
def test_losses_are_the_cross_entropy_of_what_counts(reference):
    notes = rows(12, seed=9)
    counted = torch.ones(1, 12, 4, dtype=torch.bool)
    counted[0, 0, 0] = counted[0, 3] = False
    nats = reference.losses(torch.tensor([notes]), torch.zeros(1, 12, dtype=torch.long), counted)
    for column, logits in enumerate(_logits(reference, notes)):
        chances = np.exp(logits - logits.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        expected = -np.log(chances[np.arange(12), [row[column] for row in notes]])
        expected *= counted[0, :, column].numpy()
        assert nats[0, :, column].numpy() == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("drums", [0, 2])
def test_the_first_note_depends_on_the_kind_of_music_alone(fast, drums: int):
    one = Row(0, 60, 48, 20, 5, 2, drums)
    assert np.array_equal(fast.field(0, one), fast.field(0, one._replace(pitch=3, beat_pos=9)))
    fast.reset()
    assert not np.array_equal(fast.field(0, one._replace(kind=1)), fast.field(0, one))
