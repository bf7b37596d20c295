"""Trains the key classifier that ships: `python -m engine.key.train`.

From labelled pieces of the training split to weights and a run card, in minutes on one core. The
best state is kept by the validation split; nothing here looks at the test split. Same seed, same
data, same machine: same weights.

Exit codes: 0 done, 1 could not (one sentence and a next step on standard error), 2 wrong usage.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

# Training is a program of its own; what plays (engine.key.finder) never imports this module.
import torch  # noqa: TID253
import torch.nn.functional as F  # noqa: TID253

from engine.corpus import CorpusError, data_hash
from engine.key.examples import Examples, listen
from engine.key.memory import CHANNELS
from engine.key.network import TURNS, save
from engine.key.songs import Refused, Song, load_songs
from engine.words import DEFAULT_DATA, NO_DATA, complain, data_folder, positive

NAME = "key-1"
BATCH = 512
LEARNING_RATE = 3e-3
WEIGHT_DECAY = 0.05
DROPOUT = 0.2
VALID_PASSES = 4
PATIENCE = 4
"""Epochs without a better validation loss after which training ends."""

Parameters = dict[str, Any]
Say = Callable[[str], None]


def fresh(width: int, generator: torch.Generator) -> Parameters:
    """Random kernels (out, in, 12) of the two convolutions, and the last layer (2, width)."""

    def normal(*shape: int, into: int) -> Any:
        return torch.randn(*shape, generator=generator) * (2.0 / into) ** 0.5

    parameters = {
        "first.weight": normal(width, CHANNELS, 12, into=CHANNELS * 12),
        "first.bias": torch.zeros(width),
        "second.weight": normal(width, width, 12, into=width * 12),
        "second.bias": torch.zeros(width),
        "last.weight": normal(2, width, into=width),
        "last.bias": torch.zeros(2),
    }
    return {name: tensor.requires_grad_() for name, tensor in parameters.items()}


def logits(parameters: Parameters, views: Any, *, dropout: float = 0.0) -> Any:
    """The classifier as `engine.key.network` computes it: (n, CHANNELS * 12) to (n, 24)."""
    x = views
    for name in ("first", "second"):
        kernel = parameters[f"{name}.weight"]
        out, into, _ = kernel.shape
        matrix = kernel[:, :, torch.from_numpy(TURNS)].permute(0, 2, 1, 3)
        x = x @ matrix.reshape(out * 12, into * 12).T
        x = F.relu(x + parameters[f"{name}.bias"].repeat_interleave(12))
        if dropout > 0.0:
            x = F.dropout(x, dropout)
    by_class = parameters["last.weight"] @ x.view(len(x), -1, 12)
    return (by_class + parameters["last.bias"][:, None]).reshape(len(x), 24)


def losses(found: Any, right: Any) -> Any:
    """Nats: minus the logarithm of the chance of all keys that would be right. Shape (n,)."""
    allowed = found.masked_fill(~right, float("-inf"))
    return found.logsumexp(dim=1) - allowed.logsumexp(dim=1)


def fit(
    train: Examples, valid: Examples, *, width: int, epochs: int, seed: int, say: Say
) -> tuple[dict[str, np.ndarray], list[dict[str, float]]]:
    """(the best tensors by validation, what happened in each epoch).

    AdamW under a cosine; ends early when validation stops getting better.
    """
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)  # dropout draws from the default generator
    parameters = fresh(width, generator)
    optimiser = torch.optim.AdamW(
        [
            {"params": [p for p in parameters.values() if p.dim() > 1]},
            {"params": [p for p in parameters.values() if p.dim() == 1], "weight_decay": 0.0},
        ],
        lr=LEARNING_RATE,
        weight_decay=WEIGHT_DECAY,
    )
    steps = epochs * (len(train) // BATCH + 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, total_steps=steps)
    history: list[dict[str, float]] = []
    best: dict[str, np.ndarray] = {}
    lowest, since = float("inf"), 0
    for epoch in range(epochs):
        order = torch.randperm(len(train), generator=generator).numpy()
        total = 0.0
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            found = logits(parameters, _views(train, chosen), dropout=DROPOUT)
            weight = torch.from_numpy(train.weight[chosen])
            loss = (losses(found, torch.from_numpy(train.right[chosen])) * weight).mean()
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(list(parameters.values()), 1.0)
            optimiser.step()
            schedule.step()
            total += float(loss.detach()) * len(chosen)
        held_out, right = score(parameters, valid)
        if not np.isfinite(held_out):
            raise ArithmeticError(f"the loss is not a number after epoch {epoch + 1}")
        history.append({"train": total / len(train), "valid": held_out, "valid_right": right})
        say(f"epoch {epoch + 1}: train {total / len(train):.4f}, valid {held_out:.4f} nats, "
            f"right {right:.1%}")  # fmt: skip
        since += 1
        if held_out < lowest:
            lowest, since = held_out, 0
            best = {name: tensor.detach().numpy().copy() for name, tensor in parameters.items()}
        if since >= PATIENCE:
            break
    return best, history


def score(parameters: Parameters, examples: Examples) -> tuple[float, float]:
    """(mean nats, share answered rightly), each moment by its weight."""
    nats = right = 0.0
    with torch.inference_mode():
        for start in range(0, len(examples), 4 * BATCH):
            chosen = np.arange(start, min(start + 4 * BATCH, len(examples)))
            found = logits(parameters, _views(examples, chosen))
            allowed = torch.from_numpy(examples.right[chosen])
            weight = torch.from_numpy(examples.weight[chosen])
            nats += float((losses(found, allowed) * weight).sum())
            hit = allowed.gather(1, found.argmax(dim=1, keepdim=True))[:, 0]
            right += float((hit * weight).sum())
    total = float(examples.weight.sum())
    return nats / total, right / total


def _views(examples: Examples, chosen: np.ndarray) -> Any:
    return torch.from_numpy(examples.views[chosen].astype(np.float32))


def train(
    data: Path, out: Path, *, width: int, passes: int, epochs: int, seed: int, say: Say
) -> dict[str, Any]:
    """Train and write `out` (weights) and its run card beside it (.json); returns the card.

    Raises CorpusError, OSError; ArithmeticError where the loss is no number.
    """
    begun = time.perf_counter()
    rng = np.random.default_rng(seed)
    songs, refused = load_songs(data, "train")
    held_out, _ = load_songs(data, "valid")
    with _bar(passes * len(songs) + VALID_PASSES * len(held_out)) as done:
        examples = listen(songs, rng, passes=passes, progress=done)
        valid = listen(held_out, rng, passes=VALID_PASSES, progress=done)
    say(f"{len(examples):,} moments of {len(songs):,} pieces")
    best, history = fit(examples, valid, width=width, epochs=epochs, seed=seed, say=say)
    out.parent.mkdir(parents=True, exist_ok=True)
    save(out, best, {"name": NAME})
    card = {
        "name": NAME,
        "data_sha256": data_hash(data),
        "seed": seed,
        "width": width,
        "channels": CHANNELS,
        "parameters": int(sum(tensor.size for tensor in best.values())),
        "bytes": out.stat().st_size,
        "passes": passes,
        "moments": len(examples),
        "batch": BATCH,
        "learning_rate": LEARNING_RATE,
        "weight_decay": WEIGHT_DECAY,
        "dropout": DROPOUT,
        "pieces": _counted(songs, refused),
        "epochs": history,
        "valid": min(history, key=lambda epoch: epoch["valid"]),
        "seconds": round(time.perf_counter() - begun, 1),
    }
    out.with_suffix(".json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    return card


def _counted(songs: Sequence[Song], refused: Sequence[Refused]) -> dict[str, dict[str, int]]:
    """Pieces of each collection: mode and signature believed, signature only, refused."""
    keys = Counter(song.collection for song in songs if song.mode_known)
    scales = Counter(song.collection for song in songs if not song.mode_known)
    not_believed = Counter(piece.collection for piece in refused)
    return {
        name: {"key": keys[name], "signature_only": scales[name], "refused": not_believed[name]}
        for name in dict.fromkeys(song.collection for song in songs)
    }


def main(words: Sequence[str]) -> int:
    """Run with these words; returns the exit code."""
    from engine.key.network import SHIPPED

    parser = argparse.ArgumentParser(
        prog="python -m engine.key.train", description="Train the key classifier that ships."
    )
    parser.add_argument("--data", type=Path, help=f"data folder (default: {DEFAULT_DATA})")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="weights file to write")
    parser.add_argument("--width", type=positive, default=24, help="channels a layer")
    parser.add_argument("--passes", type=positive, default=5, help="times each piece is heard")
    parser.add_argument("--epochs", type=positive, default=10, help="at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=positive, default=1)
    parser.add_argument("--json", action="store_true", help="print the run card at the end")
    try:
        args = parser.parse_args(list(words))
    except SystemExit as stop:  # argparse has said why; --help ends with 0
        return int(stop.code or 0)
    data = data_folder(args.data)
    if data is None:
        return complain(NO_DATA)
    torch.set_num_threads(args.threads)
    sizes = {name: getattr(args, name) for name in ("width", "passes", "epochs", "seed")}
    try:
        card = train(data, args.out, **sizes, say=_say)
    except CorpusError as error:
        return complain(str(error))
    except ArithmeticError as error:
        return complain(f"Training failed: {error}. Nothing was written; try another --seed.")
    except OSError as error:
        return complain(f"{args.out} cannot be written ({error}); name another with --out.")
    except KeyboardInterrupt:
        return complain("Stopped; nothing was written.")
    print(json.dumps(card, indent=1) if args.json else f"Weights: {args.out}", flush=True)
    return 0


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


@contextmanager
def _bar(length: int) -> Iterator[Callable[[int], object]]:
    from tqdm import tqdm

    quiet = None if sys.stderr.isatty() else 10.0
    with tqdm(total=length, desc="listening", file=sys.stderr, mininterval=quiet or 0.1) as bar:
        yield bar.update


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
