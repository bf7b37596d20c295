"""Starting points on disk: the same again; of another prior, damaged or odd ones are a sentence."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.adapt.adapter import AdapterError
from engine.adapt.descent import Start
from engine.adapt.forms import FORMS, first_values
from engine.meta.starts import FORMAT, load_start, save_start
from tests.engine.adapt.stage import PRIOR, assert_is_a_sentence, random_values, scorer

BASE = scorer().base


def _start(form: str = "lora-4", steps: int = 3) -> Start:
    values = {name: value.half().float() for name, value in random_values(form, BASE).items()}
    rates = {name: torch.rand(steps) for name in first_values(form, BASE)}
    return Start(form, values, rates)


@pytest.mark.parametrize("form", FORMS)
def test_what_is_saved_is_what_is_loaded(tmp_path: Path, form: str):
    made = _start(form)
    save_start(tmp_path / "s", made, PRIOR, {"method": "maml", "rounds": "7"})
    found, facts = load_start(tmp_path / "s", PRIOR)
    assert facts == {"method": "maml", "rounds": "7"}
    assert (found.form, found.steps) == (form, 3)
    for one, other in ((made.values, found.values), (made.rates, found.rates)):
        assert one.keys() == other.keys()
        assert all(torch.equal(tensor, other[name]) for name, tensor in one.items())


def test_that_of_another_prior_is_refused_unless_nobody_minds(tmp_path: Path):
    save_start(tmp_path / "s", _start(), PRIOR, {})
    with pytest.raises(AdapterError, match="another prior") as error:
        load_start(tmp_path / "s", "f" * 16)
    assert_is_a_sentence(str(error.value))
    assert load_start(tmp_path / "s", None)[0].form == "lora-4"


GOOD = {"format": FORMAT, "form": "state", "prior": PRIOR}
ONE = {"value:said": torch.ones(16), "rate:said": torch.ones(3)}
DAMAGE = {
    "noise": lambda path: path.write_bytes(b"noise" * 99),
    "half": lambda path: path.write_bytes(path.read_bytes()[:200]),
    "nothing": lambda path: path.unlink(),
    "no form": lambda path: save_file(ONE, path, {"format": FORMAT, "prior": PRIOR}),
    "no prior": lambda path: save_file(ONE, path, {"format": FORMAT, "form": "state"}),
    "no rates": lambda path: save_file({"value:said": torch.ones(16)}, path, GOOD),
    "no values": lambda path: save_file({"rate:said": torch.ones(3)}, path, GOOD),
    "no steps": lambda path: save_file({**ONE, "rate:said": torch.ones(0)}, path, GOOD),
    "rates of another": lambda path: save_file({**ONE, "rate:x": torch.ones(3)}, path, GOOD),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_one_is_a_sentence(tmp_path: Path, damage: str):
    path = tmp_path / "start.safetensors"
    save_start(path, _start(), PRIOR, {})
    DAMAGE[damage](path)
    with pytest.raises(AdapterError, match="damaged or missing") as error:
        load_start(path, PRIOR)
    assert_is_a_sentence(str(error.value))


def test_another_format_and_numbers_that_are_none_are_sentences(tmp_path: Path):
    save_file(ONE, tmp_path / "s", {**GOOD, "format": "antiphon-start-0"})
    with pytest.raises(AdapterError, match="no starting point of this version"):
        load_start(tmp_path / "s", PRIOR)
    save_file({**ONE, "value:said": torch.full((16,), torch.nan)}, tmp_path / "s", GOOD)
    with pytest.raises(AdapterError, match="not finite"):
        load_start(tmp_path / "s", PRIOR)


def test_values_take_half_the_room(tmp_path: Path):
    save_start(tmp_path / "s", _start(), PRIOR, {})
    kinds = {name.partition(":")[0]: t.dtype for name, t in load_file(tmp_path / "s").items()}
    assert kinds == {"value": torch.float16, "rate": torch.float32}
