"""Training on made-up music with a tiny network: it learns, survives a kill, stops at nonsense."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.corpus import load_streams, rows_of
from engine.encoding import FIELDS, ONSET, VOICE
from engine.model import backbones
from engine.model.checkpoint import CheckpointError, load, save
from engine.model.shape import BACKBONES, Shape
from engine.styles import Vocabulary
from engine.train import held_out, recipe
from tests.engine.music import stream, tune, write_folder
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
    # Drawing takes longer than the training here; the command's test looks at a real curve.
    monkeypatch.setattr(recipe.curve, "draw", lambda *_: None)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    pieces = [tune(f"t{n}", seed=n % 3, style="reel") for n in range(6)]
    return write_folder(tmp_path / "data", [*pieces, tune("v", seed=1, split="valid", count=70)])


def _train(
    data: Path,
    out: Path,
    *,
    steps: int = STEPS,
    clock: Steps | None = None,
    shape: Shape = tiny_prior.SHAPE,
    **more,
) -> Path:
    return recipe.train(
        data,
        out,
        minutes=steps / 60,
        shape=shape,
        seed=3,
        threads=1,
        clock=clock or Steps(),
        **more,
    )


def _progress(out: Path) -> dict:
    return json.loads(torch.load(out / "last.pt", weights_only=True)["progress"])


@pytest.mark.parametrize("backbone", BACKBONES)
def test_it_learns_and_says_what_it_did(data: Path, tmp_path: Path, backbone: str):
    shape = replace(tiny_prior.SHAPE, backbone=backbone)
    best = _train(data, tmp_path / "run", steps=60, shape=shape)
    progress = _progress(tmp_path / "run")
    assert progress["step"] == 60
    losses = [bits for _, bits in progress["train"]]
    assert np.mean(losses[-10:]) < np.mean(losses[:5]) - 1.0
    assert progress["best"] == min(bits for _, bits in progress["valid"])

    tensors, metadata = load(best)
    assert metadata["name"] == recipe.NAME
    assert metadata["backbone"] == backbone
    assert metadata["width"] == str(tiny_prior.SHAPE.width)
    assert Vocabulary.from_text(metadata["styles_known"]).names == ("tunes", "reel")
    assert metadata["styles"] == "2"
    assert tensors["style.weight"][1:].any(), "styles are learnt"
    card = json.loads((tmp_path / "run" / "run.json").read_text())
    assert card["steps"] == 60
    assert card["validation_bits_per_note"] == progress["best"]
    assert card["parameters"] == sum(tensor.size for tensor in tensors.values())


def test_a_run_that_gets_no_better_ends_and_stays_ended(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(recipe, "PATIENCE", 2)
    asked = iter([9.0, 8.0, 8.5, 8.0, 1.0])
    monkeypatch.setattr(recipe, "bits_per_note", lambda *_: np.full(1, next(asked)))
    _train(data, tmp_path / "run", steps=200)
    progress = _progress(tmp_path / "run")
    assert progress["step"] == 40, "validated after every ten; two without a new best"
    assert progress["best"] == 8.0
    clock = Steps()
    _train(data, tmp_path / "run", steps=200, clock=clock)
    assert clock.calls == 0
    assert json.loads((tmp_path / "run" / "run.json").read_text())["steps"] == 40


def test_a_run_ends_where_it_is_saved_even_between_saves(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name, value in {"PATIENCE": 1, "SAVE_EVERY": 1000}.items():
        monkeypatch.setattr(recipe, name, value)
    asked = iter([9.0, 9.0])
    monkeypatch.setattr(recipe, "bits_per_note", lambda *_: np.full(1, next(asked)))
    _train(data, tmp_path / "run", steps=200)
    assert _progress(tmp_path / "run")["step"] == 20


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

    def losses(self, music, counted):
        nonlocal calls
        found = original(self, music, counted)
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


@pytest.mark.parametrize("backbone", BACKBONES)
def test_only_matrices_decay(data: Path, tmp_path: Path, backbone: str):
    shape = replace(tiny_prior.SHAPE, backbone=backbone)
    _train(data, tmp_path / "run", steps=1, shape=shape)
    saved = torch.load(tmp_path / "run" / "last.pt", weights_only=True)["optimiser"]
    decay, still = saved["param_groups"]
    assert (decay["weight_decay"], still["weight_decay"]) == (recipe.WEIGHT_DECAY, 0.0)
    named = dict(tiny_prior.model(shape=shape).named_parameters())
    matrices = [
        name
        for name, weight in named.items()
        if weight.dim() == 2
        and not any(word in name for word in ("notes", "style", "told", "echo", "look_back"))
    ]
    assert len(decay["params"]) == len(matrices)
    assert len(still["params"]) == len(named) - len(matrices)


# ------------------------------------------------------------------------- weights to begin with


def test_a_run_may_begin_with_other_weights_and_keeps_their_styles(data: Path, tmp_path: Path):
    start = tiny_prior.write(tmp_path / "start.safetensors")
    best = _train(data, tmp_path / "run", steps=1, start=start)
    tensors, metadata = load(best)
    assert Vocabulary.from_text(metadata["styles_known"]) == tiny_prior.STYLES
    for name, tensor in load(start)[0].items():
        assert np.allclose(tensors[name], tensor, atol=2 * recipe.PEAK_RATE), name


@pytest.mark.parametrize("change", [{"width": 32}, {"layers": 1}, {"backbone": "gru"}])
def test_weights_of_another_size_are_a_sentence(data: Path, tmp_path: Path, change: dict):
    shape = replace(tiny_prior.SHAPE, **change)
    start = tiny_prior.write(tmp_path / "start.safetensors", shape=shape)
    with pytest.raises(recipe.TrainingError, match="another size; name the same --size"):
        _train(data, tmp_path / "run", start=start)


@pytest.mark.parametrize("styles", [None, "reel", '["reel", 1]'])
def test_weights_that_name_no_styles_are_a_sentence(data: Path, tmp_path: Path, styles):
    tensors, metadata = load(tiny_prior.write(tmp_path / "start.safetensors"))
    del metadata["styles_known"]
    save(
        tmp_path / "x.safetensors",
        tensors,
        {**metadata, **({"styles_known": styles} if styles else {})},
    )
    with pytest.raises(recipe.TrainingError, match="which styles they know"):
        _train(data, tmp_path / "run", start=tmp_path / "x.safetensors")


def test_weights_that_are_not_there_are_a_sentence(data: Path, tmp_path: Path):
    with pytest.raises(CheckpointError, match="no weights at"):
        _train(data, tmp_path / "run", start=tmp_path / "none.safetensors")


# ---------------------------------------------------------------------------------- held-out music


def test_held_out_music_is_the_same_each_time_and_not_augmented(data: Path):
    streams = load_streams(data, "valid")
    first = held_out.validation_batches(streams)
    second = held_out.validation_batches(streams)
    assert len(first) == 1
    for (music, counted), (again, counted_again) in zip(first, second, strict=True):
        assert torch.equal(music.rows, again.rows)
        assert torch.equal(counted, counted_again)
    (music, counted), *_ = first
    assert music.rows.shape[:2] == music.segment.shape == counted.shape[:2] == (1, 70)
    assert torch.equal(music.rows[0], torch.from_numpy(rows_of(streams[0])))
    starts = torch.diff(music.segment, prepend=torch.tensor([[-1]])) > 0
    assert not counted[starts][:, [ONSET, VOICE]].any()


def test_much_held_out_music_is_a_sample_in_full_rows(monkeypatch: pytest.MonkeyPatch):
    for name, value in {"NOTES": 300, "LENGTH": 40}.items():
        monkeypatch.setattr(held_out, name, value)
    found = held_out.validation_batches([stream(100, seed=n, piece=str(n)) for n in range(12)])
    assert {tuple(music.segment.shape) for music, _ in found} == {(1, 40)}
    assert 200 <= 40 * len(found) <= 400
    for music, counted in found:
        starts = torch.diff(music.segment, prepend=torch.tensor([[-1]])) > 0
        assert starts.sum() >= 2
        assert not counted[starts][:, [ONSET, VOICE]].any()
        assert counted[~starts].all()


def test_bits_are_a_mean_over_notes():
    batches = held_out.validation_batches([stream(30), stream(50, piece="b")])
    model = tiny_prior.model()
    (music, counted), *_ = batches
    with torch.inference_mode():
        expected = model.losses(music, counted).sum(dim=(0, 1)) / 80 / np.log(2)
    found = held_out.bits_per_note(model, batches)
    assert found.shape == (len(FIELDS),)
    assert found == pytest.approx(expected.numpy(), rel=1e-5)


# ------------------------------------------------------------------------------------------ sizes


def test_sizes_are_shapes_that_the_network_can_have():
    for name, shape in recipe.SIZES.items():
        for backbone in BACKBONES:
            made = recipe.recurrent(shape, backbone)
            assert made == made.from_text(made.as_text()), name
            assert made.backbone == backbone


@pytest.mark.parametrize("backbone", ["gru", "lstm"])
def test_a_recurrent_backbone_is_of_about_the_same_size(backbone: str):
    def weights(shape: Shape) -> int:
        return sum(p.numel() for p in backbones.backbone(shape).parameters())

    shape = recipe.SIZES["small"]
    assert recipe.recurrent(shape, "transformer") == shape
    assert weights(recipe.recurrent(shape, backbone)) == pytest.approx(weights(shape), rel=0.06)
    smallest = recipe.recurrent(Shape(width=4, layers=1, heads=1), backbone)
    assert Shape.from_text(smallest.as_text()).hidden > 0
