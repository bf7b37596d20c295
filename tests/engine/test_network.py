"""The reference network: a true likelihood in every order, blind to what is not yet chosen."""

from dataclasses import replace
from itertools import permutations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.encoding import (
    COLUMN_SIZES,
    COLUMNS,
    DURATION,
    FIELD_SIZES,
    FIELDS,
    ONSET,
    OPEN,
    ORDER,
    PITCH,
    VOICE,
)
from engine.model.network import Music, Prior, pitch_memory, usual_rank
from engine.model.shape import BACKBONES, FADES
from tests.engine.music import rows
from tests.fakes import tiny_prior

LENGTHS = (9, 1, 14)
TOTAL = sum(LENGTHS)
SEGMENT = torch.repeat_interleave(torch.arange(len(LENGTHS)), torch.tensor(LENGTHS))[None]
COUNTED = torch.ones(1, TOTAL, len(FIELDS), dtype=torch.bool)
BEAT_POS, BAR_POS, KIND, TO_GO = (
    COLUMNS.index(name) for name in ("beat_pos", "bar_pos", "kind", "to_go")
)
MODELS = {
    name: tiny_prior.model(shape=replace(tiny_prior.SHAPE, backbone=name, layers=1, window=5))
    for name in BACKBONES
}
orders = st.permutations(range(len(FIELDS)))


@pytest.fixture(params=BACKBONES)
def model(request: pytest.FixtureRequest) -> Prior:
    return MODELS[request.param]


def _music(seed: int = 0, **more: torch.Tensor) -> Music:
    return Music(torch.tensor(rows(TOTAL, seed=seed))[None], SEGMENT, **more)


def _rank(order) -> torch.Tensor:
    """Ranks of fields chosen in this order, the same for every note."""
    place = torch.tensor([order.index(field) for field in range(len(FIELDS))])
    return place.expand(1, TOTAL, -1)


@torch.inference_mode()
def _losses(model: Prior, music: Music) -> torch.Tensor:
    return model.losses(music, COUNTED)[0]


def _changed(music: Music, note: int, column: int, by: int = 1) -> Music:
    """The same with another value in one column of one note."""
    table = music.rows.clone()
    table[0, note, column] = (table[0, note, column] + by) % COLUMN_SIZES[column]
    return replace(music, rows=table)


# ---------------------------------------------------------------------- who sees what of a note


@settings(max_examples=30)
@given(
    name=st.sampled_from(BACKBONES),
    order=orders,
    note=st.integers(0, TOTAL - 1),
    by=st.integers(1, 20),
)
def test_a_field_never_looks_at_fields_chosen_after_it(name, order, note, by):
    model, music = MODELS[name], _music(rank=_rank(order))
    before = _losses(model, music)
    for place, field in enumerate(order):
        after = _losses(model, _changed(music, note, field, by))
        for earlier in order[:place]:
            assert after[note, earlier] == before[note, earlier], (FIELDS[field], FIELDS[earlier])
        assert after[note, field] != before[note, field]
        for later in order[place + 1 :]:
            assert after[note, later] != before[note, later], "and it does look at those before"


@settings(max_examples=20)
@given(order=orders, note=st.integers(0, TOTAL - 1))
def test_where_in_the_bar_a_note_falls_is_told_with_its_onset(order, note):
    model, music = MODELS["transformer"], _music(rank=_rank(order))
    before = _losses(model, music)
    for column in (BEAT_POS, BAR_POS):
        after = _losses(model, _changed(music, note, column))
        told = order[order.index(ONSET) + 1 :]
        for field in range(len(FIELDS)):
            assert (after[note, field] != before[note, field]) == (field in told), FIELDS[field]


def test_how_long_the_phrase_lasts_is_told_to_all_but_who_plays(model: Prior):
    for order in ([*ORDER], [*reversed(ORDER)]):
        music = _music(rank=_rank(order))
        before, after = _losses(model, music), _losses(model, _changed(music, 12, TO_GO))
        changed = (after != before).nonzero().tolist()
        assert changed == [[12, field] for field in range(len(FIELDS)) if field != VOICE]


def test_the_usual_order_is_the_default(model: Prior):
    assert torch.equal(_losses(model, _music()), _losses(model, _music(rank=_rank(ORDER))))
    assert sorted(range(len(FIELDS)), key=usual_rank().tolist().__getitem__) == list(ORDER)


def test_notes_may_have_orders_of_their_own(model: Prior):
    orders = list(permutations(range(len(FIELDS))))
    several = [orders[(7 * note) % len(orders)] for note in range(TOTAL)]
    mixed = torch.cat([_rank(order)[:, :1] for order in several], dim=1)
    found = _losses(model, _music(rank=mixed))
    for note in (0, 5, 9, 20):
        alone = _losses(model, _music(rank=_rank(several[note])))
        assert torch.allclose(found[note], alone[note], atol=1e-6)


@torch.inference_mode()
def test_probabilities_of_each_field_sum_to_one(model: Prior):
    for logits, size in zip(model(_music()), FIELD_SIZES, strict=True):
        assert logits.shape == (1, TOTAL, size)
        assert torch.allclose(logits.softmax(-1).sum(-1), torch.ones(1, TOTAL))
    nats = _losses(model, _music())
    chosen = model(_music())[PITCH][0].log_softmax(-1)
    picked = chosen.gather(1, _music().rows[0, :, PITCH, None])[:, 0]
    assert torch.allclose(nats[:, PITCH], -picked, atol=1e-5)


@torch.inference_mode()
@pytest.mark.parametrize("order", [ORDER, tuple(reversed(ORDER)), (1, 4, 0, 3, 2)])
def test_in_every_order_the_product_is_a_likelihood_of_two_fields(order):
    """Summed over all values of the two fields chosen last, with the others fixed, it is 1."""
    model, note = MODELS["gru"], 6
    first, second = order[-2:]
    music = _music(rank=_rank(order))
    count = FIELD_SIZES[first]
    every = music.rows.repeat(count, 1, 1)
    every[:, note, first] = torch.arange(count)
    logits = model(Music(every, SEGMENT.expand(count, -1), rank=music.rank.expand(count, -1, -1)))
    chance = logits[first][:, note].softmax(-1).diagonal()
    both = chance[:, None] * logits[second][:, note].softmax(-1)
    assert both.shape == (count, FIELD_SIZES[second])
    assert both.std(dim=0).max() > 0, "the last field hangs on the one before"
    assert float(both.double().sum()) == pytest.approx(1.0, abs=1e-4)


def test_what_is_not_counted_costs_nothing(model: Prior):
    music = _music()
    counted = torch.rand(COUNTED.shape, generator=torch.Generator().manual_seed(0)) < 0.5
    with torch.inference_mode():
        found = model.losses(music, counted)
    assert (found[~counted] == 0).all()
    assert torch.equal(found[counted], _losses(model, music)[None][counted])
    assert (found[counted] > 0).all()


# ------------------------------------------------------------------------ who sees which notes


@pytest.mark.parametrize("note", [3, 8, 9, 10, 15])
@pytest.mark.parametrize("field", range(len(FIELDS)))
def test_a_note_is_known_to_later_notes_of_its_piece_alone(model: Prior, note: int, field: int):
    music = _music()
    before, after = _losses(model, music), _losses(model, _changed(music, note, field, 5))
    moved = (after - before).abs().amax(dim=-1)
    piece = SEGMENT[0] == SEGMENT[0, note]
    place = torch.arange(TOTAL)
    assert (moved[place < note] == 0).all(), "nothing ahead"
    assert (moved[~piece] < 1e-5).all(), "no other piece"
    if piece[min(note + 1, TOTAL - 1)]:
        assert moved[note + 1] > 1e-6


def test_packed_pieces_cost_what_pieces_alone_cost(model: Prior):
    style = torch.tensor([[1, 0], [0, 0], [2, 3]])[SEGMENT]
    music = _music(rank=_rank((2, 0, 4, 1, 3)), style=style)
    packed = _losses(model, music)
    for piece in range(len(LENGTHS)):
        part = SEGMENT[0] == piece
        alone = Music(
            music.rows[:, part],
            torch.zeros(1, LENGTHS[piece], dtype=torch.long),
            rank=music.rank[:, part],
            style=style[:, part],
        )
        with torch.inference_mode():
            nats = model.losses(alone, COUNTED[:, part])[0]
        assert torch.allclose(packed[part], nats, atol=1e-4)


def test_an_open_note_changes_what_comes_after_it_and_not_its_own_price(model: Prior):
    music = _music()
    read = music.rows.clone()
    assert torch.equal(_losses(model, music), _losses(model, replace(music, read=read)))
    read[0, 12, DURATION] = OPEN
    before, after = _losses(model, music), _losses(model, replace(music, read=read))
    moved = (after - before).abs().amax(dim=-1)
    assert (moved[:13] == 0).all()
    assert (moved[13:16] > 1e-6).all(), "not the next one alone"


def test_the_first_note_hangs_on_kind_and_style_alone(model: Prior):
    music = _music()
    nats = _losses(model, music)
    for column in range(len(FIELDS)):
        after = _losses(model, _changed(music, 0, column, 3))
        assert after[9:].sub(nats[9:]).abs().max() < 1e-5
    with torch.inference_mode():
        start = model.states(music)[0][0, 0]
        for column in range(len(COLUMNS)):
            moved = model.states(_changed(music, 0, column, 3))[0][0, 0] != start
            assert moved.any() == (column == KIND), COLUMNS[column]
        styled = _music(style=torch.ones(1, TOTAL, 1, dtype=torch.long))
        assert (model.states(styled)[0][0, 0] != start).any()


# ---------------------------------------------------------------------------------------- style


def test_no_style_is_no_label(model: Prior):
    none = torch.zeros(1, TOTAL, 3, dtype=torch.long)
    music = _music(style=none)
    assert torch.equal(_losses(model, music), _losses(model, music.without_style()))


def test_a_label_matters_and_empty_places_beside_it_do_not(model: Prior):
    one = torch.ones(1, TOTAL, 1, dtype=torch.long)
    padded = torch.nn.functional.pad(one, (1, 2))
    assert torch.allclose(
        _losses(model, _music(style=one)), _losses(model, _music(style=padded)), atol=1e-6
    )
    moved = (_losses(model, _music(style=one)) - _losses(model, _music())).abs()
    assert (moved.amax(dim=-1) > 1e-4).all(), "at every note, the first too"


def test_several_labels_are_their_mean():
    model = MODELS["transformer"]
    half = (model.style.weight[1] + model.style.weight[2]) / 2
    with torch.inference_mode():
        assert torch.allclose(model.style(torch.tensor([[1, 0, 2]]))[0], half)
        assert (model.style(torch.zeros(1, 3, dtype=torch.long)) == 0).all()


# --------------------------------------------------------------------------------- small parts


def test_pitch_memory_counts_what_was_heard_relative_to_the_last_note():
    heard = pitch_memory(torch.tensor([[60, 64, 60]]), torch.zeros(1, 3, dtype=torch.long))[0]
    assert heard[0].tolist() == ([1.0] + [0.0] * 11) * len(FADES)
    fade = FADES[0]
    assert heard[2, 0] == pytest.approx((1 + fade**2) / (1 + fade + fade**2))
    assert heard[2, 4] == pytest.approx(fade / (1 + fade + fade**2))
    assert heard.view(3, len(FADES), 12).sum(-1) == pytest.approx(1.0)


def test_pitch_memory_is_the_same_in_every_key():
    pitch, zeros = torch.tensor([[60, 64, 67, 59]]), torch.zeros(1, 4, dtype=torch.long)
    assert torch.allclose(pitch_memory(pitch, zeros), pitch_memory(pitch + 5, zeros))


def test_a_new_network_is_nearly_uniform_and_knows_no_style():
    torch.manual_seed(0)
    fresh = Prior(tiny_prior.SHAPE)
    bits = _losses(fresh, _music(seed=3)) / torch.log(torch.tensor(2.0))
    assert bits.mean(dim=0) == pytest.approx(torch.tensor(FIELD_SIZES).log2(), abs=0.3)
    assert (fresh.style.weight == 0).all()


def test_dropout_is_for_training_alone():
    torch.manual_seed(0)
    model = Prior(tiny_prior.SHAPE, dropout=0.5)
    model.load_state_dict(tiny_prior.model().state_dict())
    music = _music()
    assert not torch.equal(_losses(model.train(), music), _losses(model, music))
    assert torch.equal(_losses(model.eval(), music), _losses(tiny_prior.model(), music))
