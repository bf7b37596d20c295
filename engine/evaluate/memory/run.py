"""Measures what a memory of the player is worth, on players whom neither prior nor memory knows.

Three questions, one run: how many bits a note takes at note 10, 50, 200 and 1,000 of a player for
the prior, the memory alone and both; what each collection gains; and what support of 1 to 16
phrases is worth on the same evening and on another day. In each the prior has everything of the
piece so far as its context; "cold" is the prior that begins with what is asked. Intervals come from
drawing players (or episodes) anew.

It refuses to print: `engine.evaluate.memory.report` does.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from engine.corpus import CorpusError, Stream, load_streams, load_tasks
from engine.encoding import FIELDS
from engine.evaluate.memory.chances import bits_of, chances_of
from engine.evaluate.memory.players import Piece, Player, as_many_of_each, players_of
from engine.evaluate.prior import load_prior
from engine.memory.memory import Memory
from engine.memory.offline import score
from engine.memory.weights import Weights
from engine.memory.weights import load as load_weights
from engine.meta.tasks import SETTINGS, Episode, draw, pieces_of
from engine.model.checkpoint import fingerprint
from engine.model.network import Prior
from engine.train.batches import what_counts

AT = (10, 50, 200, 1000)
"""Numbers of a player's notes at which the curve is read, each as the mean of those around it."""
AROUND = 1.25
PHRASES = (1, 2, 4, 8, 16)
MODELS = ("prior", "memory", "both")
NOTES_OF_EACH, QUICK_NOTES_OF_EACH = 4000, 400
"""Notes of each collection that are scored."""
LONGEST, MOST_PIECES = 1000, 8
EPISODES, QUICK_EPISODES = 60, 6
"""Episodes of each setting and number of phrases."""
RESAMPLES = 1000
SPLIT, TASKS = "test", "meta_test"

Bar = Callable[[str, int], AbstractContextManager[Callable[[int], object]]]
Bits = npt.NDArray[np.float32]
Report = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scored:
    """Bits (n, 5) of one player's notes, piece after piece, by model."""

    player: Player
    bits: Mapping[str, Bits]


def evaluate(
    data: Path,
    prior: Path,
    *,
    memory: Path | None = None,
    tier: str = "ship",
    quick: bool = False,
    threads: int = 1,
    seed: int = 1,
    bar: Bar,
) -> Report:
    """The whole report. Raises CorpusError and CheckpointError."""
    torch.set_num_threads(threads)
    model, _ = load_prior(prior)
    weights = load_weights() if memory is None else load_weights(memory)
    rng = np.random.default_rng(seed)
    tasks = load_tasks(data, TASKS, tier=tier)
    players = _players(data, tasks, tier, QUICK_NOTES_OF_EACH if quick else NOTES_OF_EACH, rng)
    with bar("players", sum(player.notes for player in players)) as done:
        scored = [_follow(model, player, weights, done) for player in players]
    report: Report = {
        "prior": prior.name,
        "prior_fingerprint": fingerprint(prior),
        "tier": tier,
        "quick": quick,
        "seed": seed,
        "players": len(players),
        "notes": sum(player.notes for player in players),
        "all": _summary(scored, rng),
        "curve": _curve(scored, rng),
        "collections": {
            name: _summary([one for one in scored if one.player.collection == name], rng)
            for name in sorted({one.player.collection for one in scored})
        },
    }
    count = QUICK_EPISODES if quick else EPISODES
    with bar("phrases", count * len(PHRASES) * len(SETTINGS)) as done:
        report["phrases"] = _phrases(model, tasks, weights, count, rng, done)
    report["microseconds"] = cost(players, weights)
    return report


def _players(
    data: Path,
    tasks: Mapping[str, Sequence[Stream]],
    tier: str,
    notes: int,
    rng: np.random.Generator,
) -> list[Player]:
    """Players of the tasks, and of the test split as far as it belongs to none."""
    taken = {stream.piece for streams in tasks.values() for stream in streams}
    try:
        others = load_streams(data, SPLIT, tier=tier)
    except CorpusError:
        others = []
    free = [stream for stream in others if stream.piece not in taken]
    players = players_of(tasks, free, rng, most_pieces=MOST_PIECES, longest=LONGEST)
    return as_many_of_each(players, notes)


def _follow(
    model: Prior, player: Player, weights: Weights, done: Callable[[int], object]
) -> Scored:
    """Bits of a player under each model; the memories begin empty and go on over the pieces."""
    parts: dict[str, list[Bits]] = {name: [] for name in MODELS}
    beside, alone = (_empty(player.notes) for _ in range(2))
    for piece, chances in zip(player.pieces, chances_of(model, player.pieces), strict=True):
        for memory in (beside, alone):
            memory.begin()
        parts["prior"].append(bits_of(chances, piece))
        parts["both"].append(score(beside, piece.rows, piece.counted, chances, weights))
        parts["memory"].append(score(alone, piece.rows, piece.counted, None, weights))
        done(len(piece))
    return Scored(player, {name: np.concatenate(own) for name, own in parts.items()})


def _empty(notes: int) -> Memory:
    return Memory(capacity=1 << max(notes, 1024).bit_length())


def _summary(scored: Sequence[Scored], rng: np.random.Generator) -> Report:
    """Bits a note by model and field, and the gain of both over the prior with its interval."""
    sums = np.stack([[one.bits[name].sum(axis=0) for name in MODELS] for one in scored])
    notes = np.array([one.player.notes for one in scored], dtype=np.float64)
    found = _bits_and_gain(sums.astype(np.float64), notes, rng)
    return {"players": len(scored), "notes": int(notes.sum()), **found}


def _bits_and_gain(
    sums: npt.NDArray[np.float64], notes: npt.NDArray[np.float64], rng: np.random.Generator
) -> Report:
    """sums (cases, models, 5) of bits, notes (cases,): by model the bits a note; the gain in %."""
    each = sums.sum(axis=0) / max(notes.sum(), 1.0)
    drawn = rng.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=RESAMPLES)
    totals = sums.sum(axis=2)
    of_drawn = drawn @ totals
    gains = 100 * (1 - of_drawn[:, -1] / np.maximum(of_drawn[:, 0], 1e-9))
    low, high = np.percentile(gains, [2.5, 97.5])
    gain = 100 * (1 - totals[:, -1].sum() / max(totals[:, 0].sum(), 1e-9))
    return {
        "bits": {
            name: {"total": float(own.sum())}
            | {field: float(own[n]) for n, field in enumerate(FIELDS)}
            for name, own in zip(MODELS, each, strict=True)
        },
        "gain_percent": float(gain),
        "interval": [float(low), float(high)],
    }


def _curve(scored: Sequence[Scored], rng: np.random.Generator) -> Report:
    """Bits a note around some numbers of a player's notes, of the players who have so many.

    The players who play longer are others than those who play shorter: compare models at a number,
    not numbers of a model.
    """
    found: Report = {}
    for at in AT:
        first, end = int(at / AROUND), int(np.ceil(at * AROUND))
        sums, notes = [], []
        for one in scored:
            part = slice(first, min(end, one.player.notes))
            if one.player.notes >= at:
                sums.append([one.bits[name][part].sum(axis=0) for name in MODELS])
                notes.append(part.stop - part.start)
        if sums:
            table = np.array(sums, dtype=np.float64)
            found[str(at)] = {"players": len(sums)} | _bits_and_gain(
                table, np.array(notes, dtype=np.float64), rng
            )
    return found


def _phrases(
    model: Prior,
    tasks: Mapping[str, Sequence[Stream]],
    weights: Weights,
    count: int,
    rng: np.random.Generator,
    done: Callable[[int], object],
) -> Report:
    """By setting and number of phrases: bits a note of the query, and what the memory gains."""
    pieces = {name: pieces_of(streams) for name, streams in tasks.items()}
    report: Report = {}
    for setting in SETTINGS:
        report[setting] = {}
        for phrases in PHRASES:
            episodes: list[Episode] = []
            order = rng.permutation(len(pieces))
            for number in range(4 * count):
                name = list(pieces)[int(order[number % len(order)])]
                episode = draw(setting, name, pieces[name], phrases, rng)
                episodes += [episode] if episode else []
                if len(episodes) == count:
                    break
            done(count)
            if episodes:
                report[setting][str(phrases)] = _episodes(model, episodes, weights, rng)
    return report


def _episodes(
    model: Prior, episodes: Sequence[Episode], weights: Weights, rng: np.random.Generator
) -> Report:
    """Bits a note of the queries: (cold) prior, memory, both; the support is what was learnt."""
    whole = [
        Piece(episode.task, one, what_counts(one, velocity_known=True))
        for episode in episodes
        for one in (episode.query, episode.query[episode.heard :])
    ]
    chances = chances_of(model, whole)
    sums, cold, notes = [], [], []
    for number, episode in enumerate(episodes):
        asked, heard = whole[2 * number], episode.heard
        counted = asked.counted.copy()
        counted[:heard] = False
        warm = chances[2 * number]
        one: dict[str, Bits] = {"prior": bits_of(warm, asked)[heard:]}
        for name, told in (("memory", None), ("both", warm)):
            memory = _empty(episode.support_notes + len(asked))
            # On the same evening the support is what was heard before in the same piece.
            for stream in () if heard else episode.support:
                memory.begin()
                memory.read_many(stream)
            memory.begin()
            one[name] = score(memory, asked.rows, counted, told, weights)[heard:]
        sums.append([one[name].sum(axis=0) for name in MODELS])
        first = asked.counted[heard:] & ~whole[2 * number + 1].counted
        of_cold = bits_of(chances[2 * number + 1], whole[2 * number + 1]) + one["prior"] * first
        cold.append(float(of_cold.sum()))
        notes.append(len(asked) - heard)
    found = _bits_and_gain(np.array(sums, np.float64), np.array(notes, np.float64), rng)
    total = sum(cold)
    both = found["bits"]["both"]["total"] * sum(notes)
    return {
        "episodes": len(episodes),
        "tasks": len({episode.task for episode in episodes}),
        "notes": sum(notes),
        **found,
        "bits_cold": total / sum(notes),
        "gain_over_cold_percent": 100 * (1 - both / total),
    }


def cost(players: Sequence[Player], weights: Weights, *, most: int = 4000) -> Report:
    """Microseconds a note inside the compiled loops: to learn it, and to predict its five fields.

    `python -m benchmarks.memory` times the live calls, one by one.
    """
    rows = np.concatenate([piece.rows for player in players for piece in player.pieces])[:most]
    counted = np.ones((len(rows), len(FIELDS)), dtype=bool)
    memory = Memory()
    began = time.perf_counter()
    memory.read_many(rows)
    learnt = time.perf_counter()
    score(memory, rows, counted, None, weights)
    predicted = time.perf_counter()
    return {
        "learn": 1e6 * (learnt - began) / len(rows),
        "predict_and_learn": 1e6 * (predicted - learnt) / len(rows),
    }
