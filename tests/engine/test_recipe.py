"""Training on made-up music with a tiny network: it learns, survives a kill, stops at nonsense."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.corpus import load_streams
from engine.model.checkpoint import load
from engine.train import recipe
from tests.engine.music import tune, write_folder
from tests.fakes import tiny_prior

pytestmark = pytest.mark.slow

STEPS = 30


class Steps:
    """A clock that says one second a step; may be told to break at one."""

    def __init__(self, *, breaks_at: int | None = None) -> None:
        self.calls, self._breaks_at = 0, breaks_at

    def __call__(self) -> float:
        self.calls += 1
        if self._breaks_at is not None and self.calls // 2 == self._breaks_at:
            raise KeyboardInterrupt
        return float(self.calls // 2)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"LENGTH": 32, "WIDTH": 2, "VALID_EVERY": 10, "SAVE_EVERY": 5}.items():
        monkeypatch.setattr(recipe, name, value)
    monkeypatch.setattr(recipe, "WARM_UP_STEPS", 3)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    pieces = [tune(f"t{n}", seed=n % 3) for n in range(6)]
    return write_folder(tmp_path / "data", [*pieces, tune("v", seed=1, split="valid", count=70)])


def _train(data: Path, out: Path, *, steps: int = STEPS, clock: Steps | None = None) -> Path:
    return recipe.train(
        data,
        out,
        minutes=steps / 60,
        shape=tiny_prior.SHAPE,
        seed=3,
        threads=1,
        clock=clock or Steps(),
    )


def _progress(out: Path) -> dict:
    return json.loads(torch.load(out / "last.pt", weights_only=True)["progress"])


def test_it_learns_and_says_what_it_did(data: Path, tmp_path: Path):
    best = _train(data, tmp_path / "run", steps=60)
    progress = _progress(tmp_path / "run")
    assert progress["step"] == 60
    losses = [bits for _, bits in progress["train"]]
    assert np.mean(losses[-10:]) < np.mean(losses[:5]) - 1.0
    assert progress["best"] == min(bits for _, bits in progress["valid"])

    tensors, metadata = load(best)
    assert metadata["name"] == recipe.NAME
    assert metadata["width"] == str(tiny_prior.SHAPE.width)
    card = json.loads((tmp_path / "run" / "run.json").read_text())
    assert card["steps"] == 60
    assert card["validation_bits_per_note"] == progress["best"]
    assert card["parameters"] == sum(tensor.size for tensor in tensors.values())
    assert (tmp_path / "run" / "curve.png").read_bytes().startswith(b"\x89PNG")


def test_a_killed_run_goes_on_as_if_nothing_had_happened(data: Path, tmp_path: Path):
    whole = _train(data, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        _train(data, tmp_path / "broken", clock=Steps(breaks_at=18))
    assert _progress(tmp_path / "broken")["step"] == 15
    resumed = _train(data, tmp_path / "broken")
    assert _progress(tmp_path / "broken")["step"] == STEPS
    assert _progress(tmp_path / "broken")["train"] == _progress(tmp_path / "whole")["train"]
    expected, found = load(whole)[0], load(resumed)[0]
    for name, tensor in expected.items():
        assert np.allclose(found[name], tensor, atol=1e-4), name


def test_a_finished_run_is_left_as_it_is(data: Path, tmp_path: Path):
    best = _train(data, tmp_path / "run", steps=10)
    written = best.read_bytes()
    clock = Steps()
    assert _train(data, tmp_path / "run", steps=10, clock=clock) == best
    assert clock.calls == 0
    assert best.read_bytes() == written


@pytest.mark.parametrize("poison", ["loss", "gradient"])
def test_what_is_not_a_number_stops_it_and_the_last_save_stays_good(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, poison: str
):
    original, calls = recipe.Prior.losses, 0

    def losses(self, rows, segment, counted):
        nonlocal calls
        found = original(self, rows, segment, counted)
        if not torch.is_grad_enabled():
            return found
        calls += 1
        if calls < 8:
            return found
        if poison == "loss":
            return found * torch.nan
        # The loss is finite, its slope is not: the root of nought.
        return found + torch.sqrt(found.detach() * 0 + self.start.sum() * 0)

    monkeypatch.setattr(recipe.Prior, "losses", losses)
    with pytest.raises(recipe.TrainingError, match="not a number at step 7; the last save"):
        _train(data, tmp_path / "run")
    assert _progress(tmp_path / "run")["step"] == 5
    state = torch.load(tmp_path / "run" / "last.pt", weights_only=True)["model"]
    assert all(torch.isfinite(tensor).all() for tensor in state.values())


@pytest.mark.parametrize("content", [b"", b"noise" * 100, None])
def test_a_save_that_cannot_be_read_is_a_sentence(data: Path, tmp_path: Path, content):
    out = tmp_path / "run"
    out.mkdir()
    if content is None:
        torch.save({"model": {"start": torch.zeros(3)}}, out / "last.pt")
    else:
        (out / "last.pt").write_bytes(content)
    with pytest.raises(recipe.TrainingError, match="name another folder with --out"):
        _train(data, out)


def test_the_rate_warms_up_and_ends_low(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(recipe, "WARM_UP_STEPS", 150)
    assert recipe.learning_rate(0, 0.0) < recipe.learning_rate(100, 0.0) < recipe.PEAK_RATE
    assert recipe.learning_rate(150, 0.0) == recipe.PEAK_RATE
    assert recipe.learning_rate(5000, 0.5) == recipe.PEAK_RATE / 2
    assert recipe.learning_rate(5000, 1.0) == pytest.approx(recipe.PEAK_RATE / 50)


def test_held_out_music_is_the_same_each_time_and_not_augmented(data: Path):
    streams = load_streams(data, "valid")
    first = recipe.validation_batches(streams)
    second = recipe.validation_batches(streams)
    assert len(first) > 0
    for one, other in zip(first, second, strict=True):
        assert all(map(torch.equal, one, other))
    rows, segment, counted = first[0]
    assert rows.shape[:2] == segment.shape == counted.shape[:2]
    starts = torch.diff(segment, prepend=torch.tensor([[-1]])) > 0
    assert not counted[..., 0][starts].any()


def test_sizes_are_shapes_that_the_network_can_have():
    for name, shape in recipe.SIZES.items():
        assert shape == shape.from_text(shape.as_text()), name
