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
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from engine.corpus import Stream, data_hash, load_streams, rows_of
from engine.encoding import FIELDS
from engine.model import checkpoint
from engine.model.shape import Shape
from engine.model.transformer import Prior
from engine.train import curve
from engine.train.batches import Sampler, what_counts

PEAK_RATE = 2e-3
WARM_UP_STEPS = 150
WEIGHT_DECAY = 0.05
CLIP_NORM = 1.0
LENGTH = 384
WIDTH = 10
VALID_EVERY = 200
SAVE_EVERY = 50
VALID_NOTES = 40_960
NAME = "prior-1"
"""What weights of this recipe call themselves; a take remembers it."""

SIZES = {
    "small": Shape(width=128, layers=4, heads=4),
    "medium": Shape(width=192, layers=4, heads=6),
    "large": Shape(width=320, layers=6, heads=10),
}
"""The dial: about 1, 2.5 and 10 million weights."""


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


def learning_rate(step: int, share_used: float) -> float:
    """Linear warm-up over the first steps, then from the peak linearly to a fiftieth."""
    return PEAK_RATE * min(1.0, (step + 1) / WARM_UP_STEPS) * max(1.0 - share_used, 0.02)


def train(
    data: Path,
    out: Path,
    *,
    minutes: float,
    shape: Shape,
    seed: int = 1,
    threads: int = 2,
    compiled: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> Path:
    """Train (or go on training) in folder `out`; returns the path of the best weights.

    Writes last.pt (to go on from), best.safetensors, curve.png and run.json. `clock` says seconds.
    Raises TrainingError, CorpusError.
    """
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    out.mkdir(parents=True, exist_ok=True)
    sampler = Sampler(load_streams(data, "train"), seed=seed, length=LENGTH, width=WIDTH)
    held_out = validation_batches(load_streams(data, "valid"))

    model = Prior(shape)
    optimiser = _optimiser(model)
    progress = _resume(out / "last.pt", model, optimiser)
    losses = torch.compile(model.losses) if compiled else model.losses

    bar = tqdm(total=round(minutes * 60), initial=round(progress.used_s), unit="s", desc="training")
    while progress.used_s < minutes * 60:
        started = clock()
        rate = learning_rate(progress.step, progress.used_s / (minutes * 60))
        for group in optimiser.param_groups:
            group["lr"] = rate
        batch = sampler.batch(progress.step)
        counted = torch.from_numpy(batch.counted)
        nats = losses(torch.from_numpy(batch.rows), torch.from_numpy(batch.segment), counted)
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
            bits = float(bits_per_note(model, held_out).sum())
            progress.valid.append((progress.step, bits))
            if bits < progress.best:
                progress.best = bits
                _export(out / "best.safetensors", model)
            curve.draw(out / "curve.png", progress.train, progress.valid)
        if progress.step % SAVE_EVERY == 0 or over:
            _save(out / "last.pt", model, optimiser, progress)
        bar.set_postfix(
            bits=f"{progress.train[-1][1]:.2f}", best=f"{progress.best:.3f}", refresh=False
        )
        bar.update(round(progress.used_s) - bar.n)
    bar.close()
    _write_card(out / "run.json", data, model, progress, seed=seed, minutes=minutes)
    return out / "best.safetensors"


def _optimiser(model: Prior) -> torch.optim.Optimizer:
    """AdamW; only matrices decay, not embeddings, norms and biases."""
    matrices = {id(m.weight) for m in model.modules() if isinstance(m, nn.Linear)}
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


def validation_batches(streams: list[Stream]) -> list[tuple[Tensor, Tensor, Tensor]]:
    """A fixed sample of held-out music, every n-th stretch of it, unchanged by augmentation."""
    stretches: list[tuple[Tensor, Tensor, Tensor]] = []
    total = sum(len(stream) for stream in streams)
    every = max(1, round(total / VALID_NOTES))
    rows, counted, segment = [], [], []
    room, number, turn = LENGTH, 0, 0
    for stream in streams:
        encoded = rows_of(stream)
        scored = what_counts(encoded, velocity_known=True)
        for first in range(0, len(encoded), LENGTH // 2):
            turn += 1
            if turn % every:
                continue
            part = slice(first, first + min(LENGTH // 2, room))
            rows.append(encoded[part])
            counted.append(scored[part])
            segment.append(np.full(len(rows[-1]), number))
            counted[-1][0, 0] = False
            number += 1
            room -= len(rows[-1])
            if room == 0:
                stretches.append(_stretch(rows, segment, counted))
                rows, counted, segment, room = [], [], [], LENGTH
    if rows and not stretches:
        stretches.append(_stretch(rows, segment, counted))
    return stretches


def _stretch(
    rows: list[np.ndarray], segment: list[np.ndarray], counted: list[np.ndarray]
) -> tuple[Tensor, Tensor, Tensor]:
    one, two, three = (torch.from_numpy(np.concatenate(part)) for part in (rows, segment, counted))
    return one[None], two[None], three[None]


@torch.inference_mode()
def bits_per_note(model: Prior, batches: list[tuple[Tensor, Tensor, Tensor]]) -> np.ndarray:
    """Mean bits of each field (onset, pitch, duration, velocity) over all notes: shape (4,)."""
    total, notes = torch.zeros(4, dtype=torch.float64), 0
    for rows, segment, counted in batches:
        total += model.losses(rows, segment, counted).double().sum(dim=(0, 1))
        notes += rows.shape[0] * rows.shape[1]
    return (total / notes / math.log(2)).numpy()


def _export(path: Path, model: Prior) -> None:
    tensors = {name: tensor.detach().numpy() for name, tensor in model.state_dict().items()}
    checkpoint.save(path, tensors, {"name": NAME, **model.shape.as_text()})


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


def _write_card(
    path: Path, data: Path, model: Prior, progress: Progress, *, seed: int, minutes: float
) -> None:
    card = {
        "name": NAME,
        "data_sha256": data_hash(data),
        "seed": seed,
        "minutes": minutes,
        "steps": progress.step,
        "notes_seen": progress.step * LENGTH * WIDTH,
        "parameters": sum(p.numel() for p in model.parameters()),
        "shape": model.shape.as_text(),
        "fields": FIELDS,
        "peak_rate": PEAK_RATE,
        "validation_bits_per_note": progress.best,
    }
    path.write_text(json.dumps(card, indent=1) + "\n")
