"""The live step and the torch reference are one network, and going back is exact."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.encoding import FIELD_SIZES, FIELDS, OPEN, ORDER, Row
from engine.model import kernels
from engine.model.fast import SPARE, FastPrior
from engine.model.network import Music, Prior, usual_rank
from engine.model.shape import BACKBONES
from tests.engine.music import rows
from tests.fakes import tiny_prior

LONG = 1500  # crosses the window many times and every ring twice
CLOSE = 1e-4
"""Largest difference of a logit from the reference's, as a share of the logits' spread."""


@pytest.fixture(params=BACKBONES)
def backbone(request) -> str:
    return request.param


@pytest.fixture
def fast(tmp_path: Path, backbone: str) -> FastPrior:
    return _fast(tmp_path, backbone)


def _fast(folder: Path, backbone: str) -> FastPrior:
    return tiny_prior.fast(folder, shape=replace(tiny_prior.SHAPE, backbone=backbone))


def _reference(backbone: str) -> Prior:
    return tiny_prior.model(shape=replace(tiny_prior.SHAPE, backbone=backbone))


@torch.inference_mode()
def _logits(
    model: Prior, notes: list[Row], *, read=None, order=ORDER, style=None
) -> list[np.ndarray]:
    """Logits of each field, (notes, classes); style: numbers of labels, the same for every note."""
    rank = torch.tensor([order.index(field) for field in range(len(FIELDS))])
    shape = (1, len(notes))
    music = Music(
        torch.tensor([notes]),
        torch.zeros(shape, dtype=torch.long),
        read=None if read is None else torch.tensor([read]),
        rank=rank.expand(*shape, -1),
        style=None if style is None else torch.tensor(style).expand(*shape, -1),
    )
    return [field[0].numpy() for field in model(music)]


def _fields(prior: FastPrior, row: Row, order=ORDER) -> list[np.ndarray]:
    """Logits of each field, chosen in this order; what is not known of the row must not matter."""
    found: list[np.ndarray] = [np.empty(0)] * len(FIELDS)
    for place, field in enumerate(order):
        found[field] = prior.field(field, row, frozenset(order[:place]))
    return found


def _steps(prior: FastPrior, notes: list[Row], *, read=None, order=ORDER) -> list[np.ndarray]:
    """As `_logits`, note by note."""
    found = []
    for number, row in enumerate(notes):
        found.append(_fields(prior, row, order))
        prior.read((read or notes)[number])
    return [np.array(field) for field in zip(*found, strict=True)]


def _same(found: list[np.ndarray], expected: list[np.ndarray]) -> bool:
    spread = max(1.0, *(float(field.std()) for field in expected))
    return all(
        np.abs(one - other).max() < CLOSE * spread
        for one, other in zip(found, expected, strict=True)
    )


@pytest.mark.slow
@pytest.mark.parametrize("kind", [0, 15])
def test_the_step_computes_what_the_reference_computes(fast, backbone: str, kind: int):
    notes = rows(LONG, seed=1, kind=kind)
    expected = _logits(_reference(backbone), notes)
    assert _same(_steps(fast, notes), expected)
    assert min(field.std() for field in expected) > 0.1, "the weights must matter here"


@settings(max_examples=12, deadline=None)
@given(order=st.permutations(ORDER), seed=st.integers(0, 99))
def test_fields_may_be_chosen_in_any_order(tmp_path_factory, order, seed: int):
    notes = rows(12, seed=seed)
    prior = _fast(tmp_path_factory.mktemp("tiny"), "transformer")
    expected = _logits(_reference("transformer"), notes, order=order)
    assert _same(_steps(prior, notes, order=order), expected)


def test_what_is_not_known_yet_does_not_matter(fast):
    one, other = rows(2, seed=5)
    other = other._replace(kind=one.kind, to_go=one.to_go)
    for field in range(len(FIELDS)):
        assert np.array_equal(fast.field(field, one), fast.field(field, other))
    for known in range(len(FIELDS)):
        for field in {0, 1, 2, 3, 4} - {known}:
            told = fast.field(field, one, {known})
            assert not np.allclose(told, fast.field(field, other, {known}))


def test_the_way_to_the_end_is_told_to_all_but_the_voice(fast):
    row = rows(1)[0]._replace(to_go=0)
    for field in range(len(FIELDS)):
        same = np.array_equal(fast.field(field, row), fast.field(field, row._replace(to_go=9)))
        assert same == (FIELDS[field] == "voice")


def test_a_held_note_is_read_as_open(fast, backbone: str):
    notes = rows(40, seed=2)
    read = [row._replace(duration=OPEN) if n % 3 else row for n, row in enumerate(notes)]
    expected = _logits(_reference(backbone), notes, read=read)
    assert _same(_steps(fast, notes, read=read), expected)
    assert not _same(_logits(_reference(backbone), notes), expected)


@pytest.mark.parametrize(
    ("weights", "labels"), [({2: 0.3}, [2]), ({1: 2.0, 3: 4.0}, [1, 3, 3]), ({}, [0])]
)
def test_styles_are_mixed_by_weight(fast, backbone: str, weights: dict, labels: list[int]):
    notes = rows(40, seed=3)
    fast.set_style(weights)
    expected = _logits(_reference(backbone), notes, style=labels)
    assert _same(_steps(fast, notes), expected)
    assert _same(_logits(_reference(backbone), notes), expected) == (not weights)


def test_a_style_counts_from_the_last_note_on(fast, tmp_path: Path, backbone: str):
    notes = rows(12, seed=4)
    for row in notes[:11]:
        fast.read(row)
    fast.set_style({1: 1.0})
    other = _fast(tmp_path, backbone)
    for row in notes[:10]:
        other.read(row)
    mark = other.mark()
    other.set_style({1: 1.0})
    other.back_to(mark)  # the tenth note was read without the style, and is again
    other.set_style({})
    other.read(notes[10])
    assert not _same(_fields(fast, notes[11]), _fields(other, notes[11]))
    other.set_style({1: 7.0})
    assert _same(_fields(fast, notes[11]), _fields(other, notes[11]))


@pytest.mark.parametrize("weights", [{0: 1.0}, {4: 1.0}, {1: 0.0}, {1: -1.0}, {1: float("nan")}])
def test_a_style_that_is_none_is_refused(fast, weights: dict):
    with pytest.raises(ValueError, match="label's number"):
        fast.set_style(weights)


def test_styles_are_known_by_name(fast):
    assert fast.styles == tiny_prior.STYLES


def test_forgetting_everything_is_starting_anew(fast):
    notes = rows(30, seed=2)
    first = _fields(fast, notes[0])
    for row in notes:
        fast.read(row)
    assert fast.count == 30
    fast.reset()
    assert fast.count == 0
    assert all(map(np.array_equal, _fields(fast, notes[0]), first))


@pytest.mark.parametrize("drums", [0, 2])
def test_the_first_note_depends_on_the_kind_of_music_alone(fast, drums: int):
    one = rows(1)[0]._replace(kind=drums)
    before = fast.field(0, one)
    assert np.array_equal(before, fast.field(0, one._replace(pitch=3, beat_pos=9)))
    assert not np.allclose(fast.field(0, one._replace(kind=1)), before), "another kind is asked for"
    assert np.array_equal(fast.field(0, one), before)


@pytest.mark.slow
@pytest.mark.parametrize("heard", [0, 1, 7, 580, 1030])
@pytest.mark.parametrize("ahead", [1, 20, SPARE - 1, SPARE])
def test_a_mark_brings_the_state_back_bit_for_bit(fast, heard: int, ahead: int):
    notes = rows(heard + 30, seed=3)
    for row in notes[:heard]:
        fast.read(row)
    mark = fast.mark()
    expected = _steps(fast, notes[heard:])
    fast.back_to(mark)
    for row in rows(ahead, seed=4):
        fast.field(0, row)
        fast.read(row)
    fast.back_to(mark)
    assert fast.count == heard
    assert all(map(np.array_equal, _steps(fast, notes[heard:]), expected))


def test_a_mark_brings_its_style_back(fast):
    notes = rows(20, seed=3)
    fast.set_style({1: 1.0})
    for row in notes[:10]:
        fast.read(row)
    mark = fast.mark()
    expected = _steps(fast, notes[10:])
    fast.back_to(mark)
    fast.set_style({2: 1.0})
    assert not _same(_steps(fast, notes[10:]), expected)
    fast.back_to(mark)
    assert all(map(np.array_equal, _steps(fast, notes[10:]), expected))


def test_a_mark_that_is_too_old_is_refused(fast):
    mark = fast.mark()
    for row in rows(SPARE + 1):
        fast.read(row)
    with pytest.raises(ValueError, match="too old"):
        fast.back_to(mark)


def test_a_mark_from_before_a_reset_is_refused(fast):
    for row in rows(9):
        fast.read(row)
    mark = fast.mark()
    fast.reset()
    for row in rows(9):
        fast.read(row)
    with pytest.raises(ValueError, match="too old"):
        fast.back_to(mark)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(
    name=st.sampled_from(BACKBONES),
    prompts=st.lists(st.sampled_from([0, 1, 2, 3, 11, 13, 19, 20, 64, 300, 700]), max_size=4),
    between=st.integers(0, 3),
)
def test_a_prompt_leaves_the_state_of_its_notes(
    tmp_path_factory, name: str, prompts: list[int], between: int
):
    folder = tmp_path_factory.mktemp("tiny")
    together, apart = _fast(folder, name), _fast(folder, name)
    notes = rows(sum(prompts) + len(prompts) * between + 30, seed=6)
    begin = 0
    for prompt in prompts:
        together.read_many(np.array(notes[begin : begin + prompt]))
        for row in notes[begin + prompt : begin + prompt + between]:
            together.read(row)
        begin += prompt + between
    for row in notes[:begin]:
        apart.read(row)
    assert together.count == apart.count == begin
    mark = together.mark()
    expected = _steps(apart, notes[begin:])
    assert _same(_steps(together, notes[begin:]), expected)
    together.back_to(mark)
    assert _same(_steps(together, notes[begin:]), expected)


def test_a_mark_from_before_a_prompt_still_holds(fast):
    notes = rows(400, seed=7)
    for row in notes[:40]:
        fast.read(row)
    mark = fast.mark()
    expected = _steps(fast, notes[40:60])
    fast.back_to(mark)
    fast.read_many(np.array(notes[60:]))
    fast.back_to(mark)
    assert all(map(np.array_equal, _steps(fast, notes[40:60]), expected))


@pytest.mark.slow
def test_ten_thousand_notes_take_no_more_room_and_change_nothing(fast, tmp_path, backbone):
    notes = rows(10_030, seed=8)
    room = fast.state_bytes
    for row in notes[:10_000]:
        fast.read(row)
    assert fast.state_bytes == room
    other = _fast(tmp_path, backbone)
    other.read_many(np.array(notes[:10_000]))
    assert _same(_steps(fast, notes[10_000:]), _steps(other, notes[10_000:]))


def test_nothing_is_compiled_while_music_plays(fast):
    compiled = [kernels.transformer, kernels.recurrent, kernels.take, kernels.head, kernels.choose]
    before = [list(kernel.signatures) for kernel in compiled]
    fast.read_many(np.array(rows(30)))
    fast.set_style({1: 1.0})
    odd = Row(*map(np.int32, rows(1)[0]))
    for field in range(len(FIELDS)):
        logits = fast.field(field, odd, {0, 3})
        assert logits.shape == (FIELD_SIZES[field],)
        assert kernels.choose(logits, np.ones(len(logits), bool), 1, 0.9, 0.5) >= 0
    fast.read(odd)
    assert [list(kernel.signatures) for kernel in compiled] == before
    assert all(len(signatures) == 1 for signatures in before)


def test_the_usual_order_is_the_references_own():
    assert usual_rank().tolist() == [ORDER.index(field) for field in range(len(FIELDS))]
