"""The recipe that makes the prior: read it from top to bottom.

AdamW with warm-up and a long linear decay, gradient clipping, packed sequences, augmentation by
`engine.train.batches`. The dial is time: `minutes` of training on this machine; the learning rate
follows the share of it that is used, so a slow hour and a fast hour both end annealed. A run saves
itself and goes on from its last save; batches are a function of (seed, step).

Not-a-number stops the run, says where, and leaves the last good save.
"""

import json
import math
import pickle
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from engine.corpus import SHIPPABLE, data_hash, load_streams
from engine.encoding import FIELDS
from engine.model import checkpoint
from engine.model.network import Music, Prior
from engine.model.shape import Shape
from engine.styles import Vocabulary
from engine.train import curve
from engine.train.batches import Batch, Sampler
from engine.train.held_out import bits_per_note, validation_batches
from engine.train.scenes import FREE_ORDER

PEAK_RATE = 1.5e-3
WARM_UP_STEPS = 150
WEIGHT_DECAY = 0.05
CLIP_NORM = 1.0
LENGTH = 384
WIDTH = 10
VALID_EVERY = 200
SAVE_EVERY = 50
PATIENCE = 12
"""Validations without a new best after which a run ends."""
NAME = "prior-2"
"""What weights of this recipe call themselves; a take remembers it."""

SIZES = {
    "small": Shape(width=128, layers=4, heads=4),
    "medium": Shape(width=192, layers=4, heads=6),
    "large": Shape(width=320, layers=6, heads=10),
}
"""The dial: about 2, 3.5 and 11 million weights."""


def recurrent(shape: Shape, backbone: str) -> Shape:
    """A GRU or LSTM of about as many weights as the transformer of this shape: two layers."""
    if backbone == "transformer":
        return shape
    gates = {"gru": 3, "lstm": 4}[backbone]
    # Weights of two layers and the map back: gates (w h + 3 h^2) + h w = 12 w^2 layers.
    linear, wanted = (gates + 1) * shape.width, 12 * shape.width**2 * shape.layers
    hidden = (math.sqrt(linear**2 + 12 * gates * wanted) - linear) / (6 * gates)
    return replace(shape, backbone=backbone, layers=2, hidden=max(1, round(hidden / 16)) * 16)


class TrainingError(Exception):
    """Training cannot start or go on; the message is a sentence and a next step."""


@dataclass
class Progress:
    """What a run remembers besides weights and optimiser."""

    step: int = 0
    used_s: float = 0.0
    train: list[tuple[int, float]] = field(default_factory=list)
    valid: list[tuple[int, float]] = field(default_factory=list)
    best: float = math.inf

    @property
    def stale(self) -> int:
        """Validations since the best one."""
        found = [bits for _, bits in self.valid]
        return len(found) - 1 - found.index(min(found)) if found else 0


def learning_rate(step: int, share_used: float) -> float:
    """Linear warm-up over the first steps, then from the peak linearly to a fiftieth."""
    return PEAK_RATE * min(1.0, (step + 1) / WARM_UP_STEPS) * max(1.0 - share_used, 0.02)


def train(  # noqa: PLR0913 - the settings of a run, each by its name
    data: Path,
    out: Path,
    *,
    minutes: float,
    shape: Shape,
    seed: int = 1,
    threads: int = 2,
    tier: str = SHIPPABLE,
    free_order: float = FREE_ORDER,
    dropout: float = 0.0,
    start: Path | None = None,
    compiled: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> Path:
    """Train (or go on training) in folder `out`; returns the path of the best weights.

    Writes last.pt (to go on from), best.safetensors, curve.png and run.json. free_order: share of
    the notes whose fields are learnt in any order. dropout: see `Prior`. start: weights to begin
    with, where the folder has no save yet. `clock` says seconds. Raises TrainingError, CorpusError,
    CheckpointError.
    """
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    out.mkdir(parents=True, exist_ok=True)
    streams = load_streams(data, "train", tier=tier)
    pieces = {(stream.collection, stream.piece): stream.labels for stream in streams}
    begin_with = checkpoint.load(start) if start else None
    styles = _styles_of(begin_with[1]) if begin_with else Vocabulary.of(pieces.values())
    sampler = Sampler(
        streams, seed=seed, length=LENGTH, width=WIDTH, styles=styles, free_order=free_order
    )
    held_out = validation_batches(load_streams(data, "valid", tier=tier))

    model = Prior(replace(shape, styles=len(styles.names)), dropout=dropout)
    if begin_with:
        _begin_with(model, begin_with[0])
    optimiser = _optimiser(model)
    progress = _resume(out / "last.pt", model, optimiser)
    losses = torch.compile(model.losses) if compiled else model.losses
    autocast = torch.autocast("cpu", torch.bfloat16, enabled=_has_bfloat16())

    bar = tqdm(total=round(minutes * 60), initial=round(progress.used_s), unit="s", desc="training")
    while progress.used_s < minutes * 60 and progress.stale < PATIENCE:
        started = clock()
        rate = learning_rate(progress.step, progress.used_s / (minutes * 60))
        for group in optimiser.param_groups:
            group["lr"] = rate
        with autocast:
            nats = losses(*tensors_of(sampler.batch(progress.step)))
        loss = nats.sum() / (WIDTH * LENGTH)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), CLIP_NORM)
        # Before the weights are touched: a save never holds what is not a number.
        if not (torch.isfinite(loss) and torch.isfinite(norm)):
            bar.close()
            raise TrainingError(
                f"The loss is not a number at step {progress.step}; the last save is in {out}. "
                "Go on from there with a smaller learning rate."
            )
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        progress.step += 1
        progress.train.append((progress.step, loss.item() / math.log(2)))
        progress.used_s += clock() - started
        over = progress.used_s >= minutes * 60
        if progress.step % VALID_EVERY == 0 or over:
            model.eval()
            bits = float(bits_per_note(model, held_out).sum())
            model.train()
            progress.valid.append((progress.step, bits))
            if bits < progress.best:
                progress.best = bits
                _export(out / "best.safetensors", model, styles)
            over = over or progress.stale >= PATIENCE
            curve.draw(out / "curve.png", progress.train, progress.valid)
        if progress.step % SAVE_EVERY == 0 or over:
            _save(out / "last.pt", model, optimiser, progress)
        bar.set_postfix(
            bits=f"{progress.train[-1][1]:.2f}", best=f"{progress.best:.3f}", refresh=False
        )
        bar.update(round(progress.used_s) - bar.n)
    bar.close()
    setting: dict[str, object] = {
        "seed": seed,
        "minutes": minutes,
        "free_order": free_order,
        "dropout": dropout,
    }
    setting |= {"tier": tier, "data_sha256": data_hash(data, tier=tier)}
    _write_card(out / "run.json", model, progress, setting)
    return out / "best.safetensors"


def tensors_of(batch: Batch) -> tuple[Music, Tensor]:
    """A batch for the network, and which fields count."""
    rows, read, segment, rank, style, counted = (
        torch.from_numpy(array)
        for array in (batch.rows, batch.read, batch.segment, batch.rank, batch.style, batch.counted)
    )
    return Music(rows, segment, read, rank, style), counted


def _has_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 itself; emulated it would be slower."""
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(supported and supported())


def _styles_of(metadata: dict[str, str]) -> Vocabulary:
    """The styles that the weights to begin with know."""
    try:
        return Vocabulary.from_text(metadata["styles_known"])
    except (KeyError, ValueError) as error:
        raise TrainingError(
            "The weights to begin with do not say which styles they know; "
            "name others with --start, or begin with none."
        ) from error


def _begin_with(model: Prior, tensors: dict[str, np.ndarray]) -> None:
    try:
        model.load_state_dict({name: torch.from_numpy(t) for name, t in tensors.items()})
    except RuntimeError as error:
        raise TrainingError(
            "The weights to begin with are of another size; name the same --size they have."
        ) from error


def _optimiser(model: Prior) -> torch.optim.Optimizer:
    """AdamW (arXiv:1711.05101); only matrices decay, not embeddings, norms and biases."""
    matrices = {id(m.weight) for m in model.modules() if isinstance(m, nn.Linear)}
    matrices |= {id(p) for name, p in model.named_parameters() if "cells.weight" in name}
    groups = [
        {
            "params": [p for p in model.parameters() if id(p) in matrices],
            "weight_decay": WEIGHT_DECAY,
        },
        {
            "params": [p for p in model.parameters() if id(p) not in matrices],
            "weight_decay": 0.0,
        },
    ]
    return torch.optim.AdamW(groups, lr=PEAK_RATE, betas=(0.9, 0.98), fused=True)


def _export(path: Path, model: Prior, styles: Vocabulary) -> None:
    tensors = {name: tensor.detach().numpy() for name, tensor in model.state_dict().items()}
    metadata = {"name": NAME, "styles_known": styles.as_text(), **model.shape.as_text()}
    checkpoint.save(path, tensors, metadata)


def _save(path: Path, model: Prior, optimiser: torch.optim.Optimizer, progress: Progress) -> None:
    state = {
        "model": model.state_dict(),
        "optimiser": optimiser.state_dict(),
        "progress": json.dumps(vars(progress)),
    }
    temporary = path.with_suffix(".tmp")
    torch.save(state, temporary)
    temporary.replace(path)


def _resume(path: Path, model: Prior, optimiser: torch.optim.Optimizer) -> Progress:
    """Load the last save into model and optimiser; a fresh `Progress` where there is none."""
    if not path.exists():
        return Progress()
    try:
        state = torch.load(path, weights_only=True)
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        return Progress(**json.loads(state["progress"]))
    except (
        RuntimeError,
        LookupError,
        ValueError,
        TypeError,
        EOFError,
        pickle.UnpicklingError,
    ) as error:
        raise TrainingError(
            f"{path} is damaged or not a save of this model's size; name another folder with --out."
        ) from error


def _write_card(path: Path, model: Prior, progress: Progress, setting: dict[str, object]) -> None:
    card = {
        "name": NAME,
        **setting,
        "steps": progress.step,
        "notes_seen": progress.step * LENGTH * WIDTH,
        "parameters": sum(p.numel() for p in model.parameters()),
        "shape": model.shape.as_text(),
        "fields": FIELDS,
        "peak_rate": PEAK_RATE,
        "validation_bits_per_note": progress.best,
    }
    path.write_text(json.dumps(card, indent=1) + "\n")
