"""Meta-training: the loop that MAML, first-order MAML and Reptile share.

Each round draws some episodes, asks the method for its slopes at the start, and moves the first
values and the logarithms of the rates by Adam (Reptile: part of the way, as it is). A run saves
itself and goes on from its last save; episodes are a function of (seed, number). What is kept is
the best by held-back players (meta_valid tasks): bits a note of their queries after learning, as a
share of those of the prior.
"""

import json
import pickle
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from engine.adapt.adapter import AdapterError
from engine.adapt.descent import Start, Values, descend, even_rates
from engine.adapt.forms import first_values
from engine.adapt.lesson import Scorer
from engine.corpus import EVERY_TIER, SHIPPABLE, load_tasks
from engine.evaluate.prior import load_prior
from engine.meta import first_order, maml, reptile
from engine.meta.episodes import Episodes
from engine.meta.starts import save_start
from engine.meta.tasks import SETTINGS, Episode
from engine.meta.turns import query_of, support_of
from engine.model.checkpoint import fingerprint
from engine.train.curve import draw

METHODS = {"maml": maml.slopes, "first-order": first_order.slopes, "reptile": reptile.slopes}
FIRST_RATE = 1e-3
STEPS = 5
EPISODES_A_ROUND = 4
VALUE_RATE, LOG_RATE_RATE = 1e-3, 1e-1
PULLS = (0.3, 0.0)
"""Reptile: the share of the way towards the learnt values that the start is moved."""
CLIP = 1.0
VALID_EVERY = 20
VALID_PHRASES = (2, 8)
VALID_EPISODES = 40


@dataclass
class Progress:
    """What a run remembers beside its tensors."""

    round: int = 0
    used_s: float = 0.0
    train: list[tuple[int, float]] = field(default_factory=list)
    valid: list[tuple[int, float]] = field(default_factory=list)
    """Bits a note after learning, as a percentage of the prior's."""
    best: float = float("inf")


def train(
    data: Path,
    weights: Path,
    out: Path,
    method: str,
    *,
    minutes: float,
    form: str = "lora-4",
    steps: int = STEPS,
    seed: int = 1,
    threads: int = 2,
    clock: Callable[[], float] = time.monotonic,
) -> Path:
    """Meta-train (or go on) in folder `out`; returns the path of the best start.

    Raises CorpusError, CheckpointError, AdapterError, OSError.
    """
    torch.set_num_threads(threads)
    out.mkdir(parents=True, exist_ok=True)
    prior, name = load_prior(weights)[0], fingerprint(weights)
    scorer = Scorer(prior)
    values = first_values(form, scorer.base)
    logs = {key: rate.log() for key, rate in even_rates(values, FIRST_RATE, steps).items()}
    leaves = [*values.values(), *logs.values()]
    for leaf in leaves:
        leaf.requires_grad_()
    peaks = PULLS if method == "reptile" else (VALUE_RATE, LOG_RATE_RATE)
    optimiser = _optimiser(method, list(values.values()), list(logs.values()))
    belongs = {"method": method, "form": form, "prior": name, "seed": str(seed)}
    progress = _resume(out / "last.pt", values, logs, optimiser, belongs)
    learnt = Episodes(load_tasks(data, "meta_train", tier=SHIPPABLE, seen=True), seed=seed)
    held_back = validation(data)
    nothing = values_of_nothing(values)
    before = _bits(scorer, held_back, lambda _: nothing)
    total_s = minutes * 60
    bar = tqdm(total=round(total_s), initial=round(progress.used_s), unit="s", desc=method)
    while progress.used_s < total_s:
        started = clock()
        share = progress.used_s / total_s
        for group, rate in zip(optimiser.param_groups, peaks, strict=True):
            group["lr"] = rate * min(1.0, (progress.round + 1) / 10) * max(1.0 - share, 0.05)
        found = []
        for number in range(EPISODES_A_ROUND):
            episode = learnt.episode(progress.round * EPISODES_A_ROUND + number)
            start = Start(form, values, {key: log.exp() for key, log in logs.items()})
            found.append(METHODS[method](scorer, start, episode))
        _check(found, progress.round)
        _push(values, [slopes for slopes, _, _ in found])
        rates = {key: log.detach().exp() for key, log in logs.items()}
        _push(logs, [{key: s * rates[key] for key, s in slopes.items()} for _, slopes, _ in found])
        for group in optimiser.param_groups if method != "reptile" else ():
            torch.nn.utils.clip_grad_norm_(group["params"], CLIP)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        progress.round += 1
        progress.train.append((progress.round, float(np.mean([loss for _, _, loss in found]))))
        progress.used_s += clock() - started
        if progress.round % VALID_EVERY == 0 or progress.used_s >= total_s:
            start = _plain(Start(form, values, {key: log.exp() for key, log in logs.items()}))
            after = _bits(scorer, held_back, partial(_descend, scorer, start))
            left = float(100 * np.mean(np.divide(after, before)))
            progress.valid.append((progress.round, left))
            if left < progress.best:
                progress.best = left
                facts = {"method": method, "rounds": str(progress.round), "left": f"{left:.3f}"}
                save_start(out / "best.safetensors", start, name, facts)
            draw(out / "curve.png", progress.train, progress.valid)
            _save(out / "last.pt", values, logs, optimiser, progress, belongs)
            bar.set_postfix(left=f"{left:.2f}%", best=f"{progress.best:.2f}%", refresh=False)
        bar.update(round(progress.used_s) - bar.n)
    bar.close()
    (out / "run.json").write_text(json.dumps({**belongs, "seed": seed, **asdict(progress)}))
    return out / "best.safetensors"


def validation(data: Path) -> list[Episode]:
    """The same episodes of held-back players each time, of all tiers."""
    tasks = load_tasks(data, "meta_valid", tier=EVERY_TIER)
    found = []
    for number, phrases in enumerate(VALID_PHRASES):
        drawn = Episodes(tasks, seed=number, phrases=(phrases,), settings=SETTINGS)
        found += [drawn.episode(n) for n in range(VALID_EPISODES // len(VALID_PHRASES))]
    return found


def values_of_nothing(values: Mapping[str, Tensor]) -> Values:
    """Values of an adapter that changes nothing."""
    return {name: torch.zeros_like(value) for name, value in values.items()}


def _bits(
    scorer: Scorer, episodes: list[Episode], learn: Callable[[Episode], Values]
) -> list[float]:
    """Bits a note of each query after learning."""
    found = []
    for episode in episodes:
        values = learn(episode)
        with torch.no_grad():
            found.append(float(scorer.mean_bits(query_of(episode), values)))
    return found


def _descend(scorer: Scorer, start: Start, episode: Episode) -> Values:
    return descend(scorer, support_of(episode), start)


def _optimiser(method: str, values: list[Tensor], logs: list[Tensor]) -> torch.optim.Optimizer:
    """Adam; for Reptile, whose slope is a way to go and not a slope, the plain step."""
    groups = [{"params": values}, {"params": logs}]
    return torch.optim.SGD(groups) if method == "reptile" else torch.optim.Adam(groups)


def _push(leaves: Mapping[str, Tensor], slopes: list[Values]) -> None:
    """Put the mean of the slopes where the optimiser looks for them."""
    for name, leaf in leaves.items():
        given = [one[name] for one in slopes if name in one]
        leaf.grad = torch.stack(given).mean(dim=0) if given else torch.zeros_like(leaf)


def _check(found: list[tuple[Values, Values, float]], number: int) -> None:
    """Raises AdapterError where a slope is not a number."""
    slopes = [slope for values, rates, _ in found for slope in (*values.values(), *rates.values())]
    if not all(bool(torch.isfinite(slope).all()) for slope in slopes):
        raise AdapterError(
            f"A slope is not a number in round {number}, and the best start so far stays; "
            "name another --seed and another --out."
        )


def _plain(start: Start) -> Start:
    values = {name: value.detach().clone() for name, value in start.values.items()}
    rates = {name: rate.detach().clone() for name, rate in start.rates.items()}
    return Start(start.form, values, rates)


def _save(
    path: Path,
    values: Values,
    logs: Values,
    optimiser: torch.optim.Optimizer,
    progress: Progress,
    belongs: dict[str, str],
) -> None:
    state = {"values": values, "logs": logs, "optimiser": optimiser.state_dict(), **belongs}
    temporary = path.with_suffix(".tmp")
    torch.save({**state, "progress": json.dumps(asdict(progress))}, temporary)
    temporary.replace(path)


def _resume(
    path: Path,
    values: Values,
    logs: Values,
    optimiser: torch.optim.Optimizer,
    belongs: dict[str, str],
) -> Progress:
    if not path.exists():
        return Progress()
    try:
        state = torch.load(path, weights_only=True)
        if any(state.get(key, word) != word for key, word in belongs.items()):
            raise ValueError("another run's")
        with torch.no_grad():
            for leaves, kept in ((values, state["values"]), (logs, state["logs"])):
                for name, leaf in leaves.items():
                    leaf.copy_(kept[name])
        optimiser.load_state_dict(state["optimiser"])
        return Progress(**json.loads(state["progress"]))
    except (
        RuntimeError,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
        EOFError,
        pickle.UnpicklingError,
    ) as error:
        raise AdapterError(
            f"{path} is damaged or of another run; name another folder with --out."
        ) from error
