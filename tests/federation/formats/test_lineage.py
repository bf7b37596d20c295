"""A lineage names exactly what the training learns, and changes with everything that it is."""

import msgspec
import pytest
import torch

from engine.adapt.forms import first_values
from engine.model.checkpoint import SHIPPED, fingerprint
from federation.formats.lineage import RANK, SEED, UP, Lineage
from tests.fakes import tiny_prior
from tests.federation.formats.stage import SMALL

safetensors = pytest.importorskip("safetensors.numpy")


@pytest.mark.parametrize("rank", [4, 16])
def test_it_names_what_the_training_learns(rank: int):
    base = {name: tensor.detach() for name, tensor in tiny_prior.model().state_dict().items()}
    values = first_values(f"lora-{rank}", base, seed=SEED)
    learnt = {name: tuple(value.shape) for name, value in values.items() if name.endswith(UP)}
    assert Lineage.of_prior(base, "x", rank).shapes == learnt


def test_the_shipped_prior_has_a_lineage_that_fits_into_a_contribution():
    weights = safetensors.load_file(SHIPPED)
    values = first_values(
        f"lora-{RANK}", {name: torch.from_numpy(value).float() for name, value in weights.items()}
    )
    lineage = Lineage.of_prior(weights, fingerprint(SHIPPED))
    assert lineage.shapes == {n: tuple(v.shape) for n, v in values.items() if n.endswith(UP)}
    assert 2 * lineage.size < 290_000


@pytest.mark.parametrize(
    "other",
    [
        {"prior": "0123456789abcdee"},
        {"rank": 3},
        {"seed": 8},
        {"form": "other"},
        {"shapes": {"a.logits.weight.up": (5, 2), "c.hidden.weight.up": (3, 2)}},
        {"shapes": {"a.logits.weight.up": (5, 2), "b.hidden.weight.up": (4, 2)}},
        {"shapes": {"a.logits.weight.up": (5, 2)}},
    ],
)
def test_whatever_differs_makes_another_lineage(other: dict[str, object]):
    assert msgspec.structs.replace(SMALL, **other).id != SMALL.id


def test_the_order_of_tensors_makes_no_difference():
    turned = dict(reversed(SMALL.shapes.items()))
    assert msgspec.structs.replace(SMALL, shapes=turned).id == SMALL.id


def test_it_goes_over_the_line_as_json_and_comes_back():
    found = msgspec.json.decode(msgspec.json.encode(SMALL), type=Lineage)
    assert found == SMALL
    assert found.id == SMALL.id


def test_the_id_is_for_ever():
    """A change of this number would leave every server and player behind."""
    assert SMALL.id == "196cd45992d4a270563cfa487f13686327b1c4d260ce7a277585481d3a7a7c57"
