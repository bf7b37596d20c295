"""Whether sharing helps: simulated players, every rule, attacks, late and noisy changes.

    python -m benchmarks.federation [--arms NAME ...] [--seeds 1 2 3] [--rounds 16] [--quick]
                                    [--folder runs/federation] [--picture FILE] [--data DIR]

Players are slices of composers and tune types of nine collections that the prior never met; unseen
players (other composers) are kept apart, some to choose when to stop, the others to judge. Each run
is kept in --folder and not run again; --show puts together those that there are. Bits are of what
an unseen player plays in another piece: by the shared model as it is; taken only where it predicts
eight phrases of the player better than the prior, as the app does ("taken"); with a private adapter
learnt from these phrases on top ("+ own"), beside the adapter on the prior ("local only").
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.adapt.descent import Start
from engine.evaluate.prior import load_prior
from engine.files import write_whole
from engine.meta.starts import SHIPPED as START
from engine.meta.starts import load_start
from engine.model.checkpoint import SHIPPED, fingerprint
from engine.words import data_folder
from federation.client.learning import SharedScorer
from federation.experiments import table
from federation.experiments.arms import MAIN, TRIALS, Arm, arm
from federation.experiments.players import Unseen, contributors, unseen
from federation.experiments.rounds import EACH_ROUND, World, judged, left_of, run
from federation.formats.delta import Delta, encode, note_step
from federation.formats.delta import from_vector as tensors_of
from federation.formats.lineage import Lineage

SEEDS = (1, 2, 3)
ROUNDS, QUICK_ROUNDS = 16, 2
PUBLIC = 12


def main(words: list[str]) -> int:
    """See the module."""
    args = _parser().parse_args(words)
    data = data_folder(args.data)
    if data is None:
        print("There is no data: name a folder with --data.", file=sys.stderr)
        return 1
    torch.set_num_threads(args.threads)
    rounds = QUICK_ROUNDS if args.quick else args.rounds
    arms = [arm(name) for name in args.arms] if args.arms else [*MAIN, *TRIALS]
    shared, start = _model()
    judges = unseen(data, "meta_test")
    args.folder.mkdir(parents=True, exist_ok=True)
    facts = _judges(args.folder, shared, judges, start)
    if not args.show:
        for seed in args.seeds[:1] if args.quick else args.seeds:
            for one in arms:
                if one in MAIN or seed == args.seeds[0] or args.arms:
                    _once(args.folder, data, shared, start, judges, one, rounds, seed)
    report = _report(args.folder, facts, arms, rounds)
    if args.picture is not None:
        _draw(args.picture, args.folder, arms, rounds)
    print("\n".join(table.words(report["arms"], report["local_only"])), file=sys.stderr)
    print(json.dumps(report, indent=1))
    return 0


def _model() -> tuple[SharedScorer, Start]:
    prior, name = load_prior(SHIPPED)[0], fingerprint(SHIPPED)
    lineage = Lineage.of_prior(dict(prior.state_dict()), name)
    return SharedScorer(prior, lineage), load_start(START, name)[0]


def _judges(folder: Path, shared: SharedScorer, judges: list[Unseen], start: Start) -> Any:
    """What the judges take under the prior, and with an adapter of their own on it."""
    path = folder / "judges.json"
    if not path.is_file():
        nothing = shared.to_vector(shared.zero())
        found = judged(shared, nothing, judges, start)
        facts = {
            "names": [one.name for one in judges],
            "styles": [one.style for one in judges],
            "prior": found.alone.tolist(),
            "adapted": found.adapted.tolist(),
        }
        write_whole(path, json.dumps(facts).encode())
    return json.loads(path.read_bytes())


def _once(
    folder: Path, data: Path, shared: SharedScorer, start: Start, judges: list[Unseen],
    one: Arm, rounds: int, seed: int,
) -> None:  # fmt: skip
    path = _path(folder, one, rounds, seed)
    if path.is_file():
        return
    valid = unseen(data, "meta_valid")
    world = World(
        shared, contributors(data, seed), valid, [player.support for player in valid[::2]][:PUBLIC]
    )

    def tell(number: int) -> None:
        print(f"\r{one.name}, seed {seed}: round {number} of {rounds} ", end="", file=sys.stderr)

    found = run(world, one, rounds=rounds, seed=seed, tell=tell)
    worth = judged(shared, found.best, judges, start)
    size = len(
        encode(
            Delta(shared.lineage.id, 1, note_step(256), tensors_of(found.best, shared.lineage)),
            shared.lineage,
        )
    )
    np.save(path.with_suffix(".npy"), found.best)
    write_whole(
        path,
        json.dumps(
            {
                "curve": found.curve,
                "best_round": found.best_round,
                "dropped": found.dropped,
                "change_norm": found.change_norm,
                "alone": worth.alone.tolist(),
                "taken": worth.taken.tolist(),
                "adapted": worth.adapted.tolist(),
                "bytes": 0 if one.pooled else size * EACH_ROUND * found.best_round,
                "bytes_of_one": size,
                "contributors": len(world.contributors),
                "left_of_valid": left_of(shared, valid, shared.of_vector(found.best)).tolist(),
            }
        ).encode(),
    )
    print(file=sys.stderr)


def _report(folder: Path, facts: Any, arms: list[Arm], rounds: int) -> dict[str, Any]:
    prior, local = np.array(facts["prior"]), np.array([facts["adapted"]])
    values = table.saved(local, prior)
    rows = {}
    for one in arms:
        runs = [
            json.loads(path.read_bytes())
            for path in sorted(
                folder.glob(_path(folder, one, rounds, 0).name.replace("-0.", "-*."))
            )
        ]
        if runs:
            rows[one.name] = table.row(runs, facts)
    return {
        "rounds": rounds,
        "each_round": EACH_ROUND,
        "judges": len(prior),
        "players": len(set(facts["names"])),
        "prior_bits_per_note": float(prior.mean()),
        "local_only": {
            "saved_percent": float(values.mean()),
            "interval": table.interval(values, facts["names"]),
            "bits_per_note": float(local.mean()),
        },
        "arms": rows,
    }


def _path(folder: Path, one: Arm, rounds: int, seed: int) -> Path:
    plain = "".join(char if char.isalnum() else "_" for char in one.name)
    return folder / f"{plain}-{rounds}-{seed}.json"


def _draw(path: Path, folder: Path, arms: list[Arm], rounds: int) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(11, 4.2), sharey=True)
    for axis, group, title in (
        (axes[0], MAIN, "rules"),
        (axes[1], TRIALS, "attacks, late and noisy changes"),
    ):
        for one in group:
            found = sorted(folder.glob(_path(folder, one, rounds, 0).name.replace("-0.", "-*.")))
            if one in arms and found:
                curves = np.array([json.loads(each.read_bytes())["curve"] for each in found])
                axis.plot(curves[0, :, 0], curves[:, :, 1].mean(axis=0), label=one.name)
        axis.set(title=title, xlabel="rounds", ylim=(85, 104))
        axis.axhline(100, color="grey", linewidth=0.8)
        axis.legend(fontsize=7)
    axes[0].set_ylabel("bits left to unseen players, % of the prior's")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--arms", nargs="+", default=[], help="only these, for every seed")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--folder", type=Path, default=Path("runs") / "federation")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--show", action="store_true", help="run nothing")
    parser.add_argument("--quick", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
