"""Backbones: each sees its own piece up to its own note, and nothing else."""

import pytest
import torch

from engine.model.backbones import backbone, before_in_piece, rotary_tables, rotate
from engine.model.network import Prior
from engine.model.shape import BACKBONES, Shape

WIDTH, WINDOW = 16, 6


def _shape(name: str) -> Shape:
    return Shape(name, width=WIDTH, layers=2, heads=2, window=WINDOW, hidden=12)


@pytest.fixture(params=BACKBONES)
def network(request: pytest.FixtureRequest) -> torch.nn.Module:
    """A backbone in which every weight matters."""
    torch.manual_seed(5)
    made = backbone(_shape(request.param))
    with torch.no_grad():
        for weight in made.parameters():
            weight.add_(0.3 * torch.randn_like(weight))
    return made.eval()


def _segments(*lengths: int) -> torch.Tensor:
    return torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths))[None]


@torch.inference_mode()
def test_packed_pieces_give_what_pieces_alone_give(network):
    lengths = (7, 1, 12, 4)
    x = torch.randn(2, sum(lengths), WIDTH)
    segment = torch.cat([_segments(*lengths), _segments(*reversed(lengths))])
    packed = network(x, segment)
    assert packed.shape == x.shape
    for line, sizes in enumerate((lengths, lengths[::-1])):
        first = 0
        for size in sizes:
            part = slice(first, first + size)
            alone = network(x[line : line + 1, part], torch.zeros(1, size, dtype=torch.long))
            assert torch.allclose(packed[line, part], alone[0], atol=1e-5)
            first += size


@torch.inference_mode()
def test_a_note_reaches_the_notes_after_it_in_its_piece_and_no_other(network):
    x, segment = torch.randn(2, 20, WIDTH), _segments(8, 12).expand(2, -1)
    changed = x.clone()
    changed[0, 11] += 1.0
    moved = (network(changed, segment) - network(x, segment)).abs().amax(dim=-1)
    assert (moved[0, :11] < 1e-5).all(), "nothing ahead, no other piece"
    assert (moved[0, 11:14] > 1e-4).all()
    assert (moved[1] < 1e-5).all(), "no other row of the batch"
    changed = x.clone()
    changed[0, 7] += 1.0
    moved = (network(changed, segment) - network(x, segment)).abs().amax(dim=-1)
    assert moved[0, 7] > 1e-4
    assert (moved[0, 8:] < 1e-5).all(), "the piece behind begins anew"


@torch.inference_mode()
def test_a_transformer_forgets_what_is_behind_its_windows():
    torch.manual_seed(1)
    network = backbone(_shape("transformer"))
    for weight in network.parameters():
        weight.add_(0.3 * torch.randn_like(weight))
    x, segment = torch.randn(1, 60, WIDTH), _segments(60)
    changed = x.clone()
    changed[0, 0] += 1.0
    moved = (network(changed, segment) - network(x, segment))[0].abs().amax(dim=-1)
    # Two layers, each six notes back and the two before those.
    reach = 2 * (WINDOW - 1 + 2)
    assert moved[reach - 3] > 1e-6
    assert (moved[reach + 1 :] == 0).all()


@torch.inference_mode()
@pytest.mark.parametrize("name", BACKBONES)
def test_a_fresh_backbone_passes_on_what_it_is_given(name: str):
    """Residual outputs of a new network are nothing, so training starts from a plain model."""
    network = Prior(_shape(name)).backbone
    x = torch.randn(1, 9, WIDTH)
    assert torch.equal(network(x, _segments(4, 5)), x)


def test_a_piece_is_what_has_equal_numbers():
    segment = _segments(3, 2)
    assert before_in_piece(segment, 1).tolist() == [[False, True, True, False, True]]
    assert before_in_piece(segment, 2).tolist() == [[False, False, True, False, False]]
    # The number of the last piece may be that of the first: nothing wraps around.
    assert not before_in_piece(torch.zeros(1, 4, dtype=torch.long), 1)[0, 0]


def test_only_distances_matter_to_rotated_positions():
    cos, sin = rotary_tables(30, 8)
    query, key = torch.randn(8), torch.randn(8)
    turned = rotate(query.expand(30, 8), cos, sin) @ rotate(key.expand(30, 8), cos, sin).T
    for distance in range(-5, 6):
        along = torch.diagonal(turned, distance)
        assert torch.allclose(along, along[0].expand_as(along), atol=1e-4)


def test_a_shape_survives_metadata_and_impossible_ones_are_refused():
    for name in BACKBONES:
        shape = _shape(name)
        assert Shape.from_text(shape.as_text()) == shape
    good = _shape("gru").as_text()
    for harm in (
        {"backbone": "rnn"},
        {"hidden": "0"},
        {"width": "18", "heads": "4"},
        {"styles": "-1"},
        {"layers": "two"},
        {"window": "0"},
    ):
        with pytest.raises(ValueError, match=r".+"):
            Shape.from_text({**good, **harm})
    with pytest.raises(KeyError):
        Shape.from_text({name: text for name, text in good.items() if name != "backbone"})
