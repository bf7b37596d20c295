"""Trains the critic that ships: `antiphon train critic`.

In rounds: the planner answers passages of the training split as it does live, the critic learns to
tell its answers from what humans really went on with; then the best of several new answers by that
critic are shown to it as well, and so on. The validation split chooses the state that is kept;
nothing here looks at the test split. Answers and finished rounds are kept in the folder of the run,
so a run that was stopped goes on with the round it was in.

Exit codes: 0 done, 1 could not (one sentence and a next step on standard error), 2 wrong usage.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Training is a program of its own; what plays (engine.critic.network) never imports this module.
import torch  # noqa: TID253

from engine.corpus import CorpusError, data_hash, load_streams
from engine.critic import fit
from engine.critic.examples import Example, gather
from engine.critic.network import SHIPPED, CriticError, read, save
from engine.critic.reference import Reference
from engine.evaluate.continuation.continuers import planned
from engine.evaluate.continuation.passages import choose
from engine.model.checkpoint import SHIPPED as PRIOR
from engine.model.checkpoint import CheckpointError, load
from engine.model.fast import FastPrior
from engine.planner import Planner
from engine.words import DEFAULT_DATA, NO_DATA, complain, data_folder, positive

NAME = "critic-1"
FIRST_ANSWERS = 2
"""Answers to each passage of the first round; all of them are shown."""
LATER_ANSWERS = 4
"""Answers to each passage of a later round; the critic's best and one other are shown."""
VALID_ANSWERS = 8
REPLAYED = 0.25
"""Share of what earlier rounds showed that is shown again."""
_ALL = 1_000_000
_SEED_STEP = 10**9

Say = Callable[[str], None]


def train(
    data: Path,
    folder: Path,
    out: Path,
    *,
    prior: Path,
    rounds: int,
    epochs: int,
    later: int,
    seed: int,
    say: Say,
) -> dict[str, Any]:
    """Train and write `out` (weights) and its run card beside it (.json); returns the card.

    folder: of the run. later: passages of each round after the first. Raises CorpusError,
    CheckpointError, OSError; ArithmeticError where the loss is no number.
    """
    begun = time.perf_counter()
    answer = _answers(data, folder, prior, seed)
    held_out = answer("valid", "valid", _ALL, VALID_ANSWERS, 0)
    torch.manual_seed(seed)
    critic, seen = Reference(), fit.Shown([], [])
    told: list[dict[str, Any]] = []
    run = {"prior": prior.name, "epochs": epochs, "later": later, "seed": seed}
    for number in range(1, rounds + 1):
        first = number == 1
        size, answers = (_ALL, FIRST_ANSWERS) if first else (later, LATER_ANSWERS)
        examples = answer("train", f"round{number}", size, answers, number)
        say(f"round {number}: {len(examples):,} passages")
        kept = _kept(folder, number, run)
        # A later round goes on from the critic whose choices it shows.
        every = [list(range(answers))] * len(examples)
        chosen = (
            kept["shown"] if kept else every if first else fit.best_and_another(critic, examples)
        )
        seen = fit.some(seen, REPLAYED, seed) + fit.shown(examples, chosen)
        if not first:
            seen += fit.spoilt(examples, seed + number)
        if kept is None:
            ask = [[0]] * len(held_out) if first else fit.best_and_another(critic, held_out)
            valid = fit.shown(held_out, ask)
            if not first:
                valid += fit.spoilt(held_out, 0)
            history = fit.fit(
                critic,
                seen,
                valid,
                epochs=epochs if first else max(1, epochs // 2),
                rate=fit.RATE if first else fit.LATER_RATE,
                seed=seed + number,
                say=say,
            )
            found = {
                "passages": len(examples), "epochs": history,
                "valid_auc": fit.asked(critic, held_out),
            }  # fmt: skip
            _keep(folder, number, critic, {"run": run, "told": found, "shown": chosen})
            kept = _kept(folder, number, run)
        assert kept is not None
        critic.load_state_dict(kept["state"])
        told.append(kept["told"])
        area = told[-1]["valid_auc"]
        say(f"round {number}: AUC {area['one']:.3f}, of the best of 8 {area['best']:.3f}")
    tensors = critic.tensors()
    out.parent.mkdir(parents=True, exist_ok=True)
    save(out, tensors, {"name": NAME})
    card = {
        "name": NAME,
        "prior": prior.name,
        "data_sha256": data_hash(data),
        "seed": seed,
        "parameters": int(sum(tensor.size for tensor in tensors.values())),
        "bytes": out.stat().st_size,
        "batch": fit.BATCH,
        "learning_rates": [fit.RATE, fit.LATER_RATE],
        "weight_decay": fit.DECAY,
        "valid_passages": len(held_out),
        "rounds": told,
        "seconds": round(time.perf_counter() - begun, 1),
    }
    out.with_suffix(".json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    return card


def _keep(folder: Path, number: int, critic: Reference, what: dict[str, Any]) -> None:
    """A finished round: its weights, then what it showed and came to. Raises OSError."""
    save(folder / f"round{number}.safetensors", critic.tensors(), {"name": NAME})
    temporary = folder / f"round{number}.tmp"
    temporary.write_text(json.dumps(what), encoding="utf-8")
    temporary.replace(folder / f"round{number}.json")


def _kept(folder: Path, number: int, run: dict[str, Any]) -> dict[str, Any] | None:
    """A finished round of this run, with its weights as `state`; None where there is none."""
    try:
        found: dict[str, Any] = json.loads(
            (folder / f"round{number}.json").read_text(encoding="utf-8")
        )
        tensors = read(folder / f"round{number}.safetensors")
    except (FileNotFoundError, ValueError, CriticError):
        return None
    if found["run"] != run:
        raise CorpusError(f"{folder} is of another run; name another --folder, or remove it.")
    return {**found, "state": {name: torch.from_numpy(each) for name, each in tensors.items()}}


def _answers(
    data: Path, folder: Path, prior: Path, seed: int
) -> Callable[[str, str, int, int, int], list[Example]]:
    """Gathers examples: (split, name of the folder, passages, answers each, number of the draw)."""
    continuer = planned(Planner(FastPrior(*load(prior))))

    def gathered(split: str, name: str, size: int, answers: int, number: int) -> list[Example]:
        passages = choose(load_streams(data, split), size, seed=seed + number)
        if len(passages) < 2:
            raise CorpusError(f"{data} holds too few passages of split {split!r} to learn from.")
        with _bar(name, len(passages)) as done:
            return gather(passages, continuer, folder / name, answers=answers,
                          seed=(seed + number) * _SEED_STEP, progress=done)  # fmt: skip

    return gathered


def main(words: Sequence[str]) -> int:
    """Run with these words; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="antiphon train critic", description="Train the critic that ships."
    )
    parser.add_argument("--data", type=Path, help=f"data folder (default: {DEFAULT_DATA})")
    parser.add_argument("--weights", type=Path, default=PRIOR, help="prior whose answers are told")
    parser.add_argument("--folder", type=Path, default=Path("runs") / "critic", help="of the run")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="weights file to write")
    parser.add_argument("--rounds", type=positive, default=2)
    parser.add_argument("--epochs", type=positive, default=4, help="of the first; half of it later")
    parser.add_argument("--later", type=positive, default=7000, help="passages of a later round")
    parser.add_argument("--seed", type=positive, default=1)
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
    sizes = {name: getattr(args, name) for name in ("rounds", "epochs", "later", "seed")}
    try:
        card = train(data, args.folder, args.out, prior=args.weights, **sizes, say=_say)
    except (CorpusError, CheckpointError) as error:
        return complain(str(error))
    except ArithmeticError as error:
        return complain(f"Training failed: {error}. Nothing was written; try another --seed.")
    except OSError as error:
        return complain(f"{error.filename or error} cannot be written; name another with --folder "
                        "and --out.")  # fmt: skip
    except KeyboardInterrupt:
        return complain(f"Stopped; the same command goes on from the answers in {args.folder}.")
    print(json.dumps(card, indent=1) if args.json else f"Weights: {args.out}", flush=True)
    return 0


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


@contextmanager
def _bar(title: str, length: int) -> Iterator[Callable[[int], object]]:
    from tqdm import tqdm

    quiet = None if sys.stderr.isatty() else 10.0
    with tqdm(total=length, desc=title, file=sys.stderr, mininterval=quiet or 0.1) as bar:
        yield bar.update
