"""Fits the memory's weights: the base on training music, the judges on validation music.

    python -m engine.evaluate.memory.fit [--data DIR] [--out FILE]

The judges must meet music that the prior has not learnt by heart, so they learn from the validation
split and the validation tasks (shippable tier alone); what `antiphon evaluate memory` measures on
is never touched. About twenty minutes on one core.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.corpus import Stream, data_hash, load_streams, load_tasks
from engine.encoding import FIELDS
from engine.evaluate.memory import base, judges
from engine.evaluate.memory.chances import Chances, chances_of
from engine.evaluate.memory.examples import examples_of
from engine.evaluate.memory.players import Player, as_many_of_each, players_of
from engine.evaluate.prior import load_prior
from engine.files import write_whole
from engine.memory.weights import HALF_LIFE, SHIPPED, Vector, Weights, fading_of, save
from engine.model.checkpoint import SHIPPED as PRIOR
from engine.model.checkpoint import fingerprint
from engine.words import data_folder

NOTES_OF_EACH = 13_000
"""Notes of each collection that the judges learn from."""
LONGEST, MOST_PIECES = 600, 8
TURNS, FROM_ANYWHERE = 0.2, 0.5
PASSES, PASSES_ALONE = 5, 3
_SEED = 1


def players_to_learn_from(data: Path, rng: np.random.Generator) -> list[Player]:
    """Players of the validation split and tasks; nothing of the test split or the test tasks."""
    tasks, valid = load_tasks(data, "meta_valid"), load_streams(data, "valid")
    closed = {stream.piece for stream in load_streams(data, "test")}
    closed |= _pieces(load_tasks(data, "meta_test", seen=True))
    own = {stream.piece for stream in valid} - closed
    for name, streams in load_tasks(data, "meta_train").items():
        tasks[name] = [stream for stream in streams if stream.piece in own]
    tasks = {
        name: chosen
        for name, streams in tasks.items()
        if (chosen := [stream for stream in streams if stream.piece not in closed])
    }
    taken = closed | _pieces(tasks)
    players = players_of(
        tasks,
        [stream for stream in valid if stream.piece not in taken],
        rng,
        most_pieces=MOST_PIECES,
        longest=LONGEST,
        turns=TURNS,
        from_anywhere=FROM_ANYWHERE,
    )
    return as_many_of_each(players, NOTES_OF_EACH)


def _pieces(tasks: Mapping[str, Sequence[Stream]]) -> set[str]:
    return {stream.piece for streams in tasks.values() for stream in streams}


def fit(
    players: Sequence[Player],
    chances: Sequence[Sequence[Chances]],
    tables: Sequence[Vector],
    *,
    say: Callable[[str], object] = lambda _: None,
) -> tuple[Weights, dict[str, Any]]:
    """The weights, and what their card says; chances: of the prior, by player and piece."""
    found: dict[str, list[judges.Fitted]] = {"beside": [], "alone": []}
    for name, known, passes in (("beside", chances, PASSES), ("alone", None, PASSES_ALONE)):
        for field in range(len(FIELDS)):
            examples = examples_of(field, players, known, tables[field], fading_of(HALF_LIFE))
            fitted = judges.fit(field, examples, seed=_SEED, passes=passes)
            say(f"{name}, {FIELDS[field]}: {fitted.before:.3f} to {fitted.after:.3f} bits")
            found[name].append(fitted)
    vectors = {name: tuple(one.vector for one in made) for name, made in found.items()}
    weights = Weights(**vectors, base=tuple(tables), fading=fading_of(HALF_LIFE))
    return weights, {
        "players": len(players),
        "notes": sum(player.notes for player in players),
        "base_notes": base.NOTES,
        "half_life_notes": HALF_LIFE,
        "parameters": sum(v.size for vs in (*vectors.values(), tables) for v in vs),
        "left_out_bits": {
            name: {
                FIELDS[field]: {"before": round(one.before, 4), "after": round(one.after, 4)}
                for field, one in enumerate(made)
            }
            for name, made in found.items()
        },
    }


def main() -> int:
    """Fit, write the weights and their card, and print the card."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, default=SHIPPED)
    args = parser.parse_args()
    data = data_folder(args.data)
    if data is None:
        parser.error("there is no data folder; name it with --data")
    torch.set_num_threads(1)
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {text}", file=sys.stderr, flush=True)

    rng = np.random.default_rng(_SEED)
    say("the base")
    tables = base.fit(load_streams(data, "train"), seed=_SEED)
    players = players_to_learn_from(data, rng)
    notes = sum(player.notes for player in players)
    say(f"the prior, on {notes} notes of {len(players)} players")
    model, _ = load_prior(PRIOR)
    every = iter(chances_of(model, [piece for player in players for piece in player.pieces]))
    chances = [[next(every) for _ in player.pieces] for player in players]
    weights, card = fit(players, chances, tables, say=say)
    save(args.out, weights, half_life=HALF_LIFE)
    card = {
        "name": "memory-1",
        "data_sha256": data_hash(data),
        "prior": fingerprint(PRIOR),
        "seed": _SEED,
        **card,
        "bytes": args.out.stat().st_size,
        "seconds": round(time.monotonic() - began, 1),
    }
    text = json.dumps(card, indent=1)
    write_whole(args.out.with_suffix(".json"), f"{text}\n".encode())
    print(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
