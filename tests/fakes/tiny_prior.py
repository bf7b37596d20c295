"""A prior small enough to make, load and step in milliseconds: random weights, real format.

It plays nonsense, but in every respect the way the shipped one does: same file format, same
network, same code. Weights are drawn large enough for every part of the network to matter.
"""

from dataclasses import replace
from pathlib import Path

import torch

from engine.model import checkpoint
from engine.model.fast import FastPrior
from engine.model.network import Prior
from engine.model.shape import Shape
from engine.styles import Vocabulary

SHAPE = Shape(width=16, layers=2, heads=2, window=8, hidden=12, styles=3)
STYLES = Vocabulary(("reel", "ragtime", "chorale"))
BACKBONES = {name: replace(SHAPE, backbone=name) for name in ("transformer", "gru", "lstm")}


def model(*, seed: int = 0, shape: Shape = SHAPE) -> Prior:
    """The reference network with random weights, rounded as a checkpoint rounds them."""
    torch.manual_seed(seed)
    prior = Prior(shape)
    with torch.no_grad():
        for name, weight in prior.named_parameters():
            spread = 0.3 if weight.dim() > 1 else 0.1
            centre = 1.0 if "norm" in name else 0.0
            weight.copy_((centre + spread * torch.randn_like(weight)).half().float())
        prior.style.weight[0] = 0.0
        for head in prior.heads:
            head.told.weight[-1] = 0.0
    return prior.eval()


def write(path: Path, *, seed: int = 0, shape: Shape = SHAPE, name: str = "tiny") -> Path:
    """A checkpoint of `model`; returns its path."""
    weights = {
        key: value.numpy() for key, value in model(seed=seed, shape=shape).state_dict().items()
    }
    metadata = {"name": name, "styles_known": STYLES.as_text(), **shape.as_text()}
    checkpoint.save(path, weights, metadata)
    return path


def fast(folder: Path, *, seed: int = 0, shape: Shape = SHAPE) -> FastPrior:
    """The step of such a checkpoint, through the file."""
    return FastPrior(*checkpoint.load(write(folder / "tiny.safetensors", seed=seed, shape=shape)))
