"""kill -9 of client, gateway, aggregator, Flower worker and database at 50 points: what is lost?

    python -m benchmarks.federation_faults [--points 50] [--seed 1] [--sqlite] [--players 8]
                                           [--without-flower]

Each point is a trial: players send over TLS while something is killed, at a named place (client:
half of the change on its way, the answer read, the outbox half emptied ...; gateway: checks passed,
blob on disk, row written; aggregator: after lease, sum, gate, before and after publishing; Flower's
link, dealer, launcher, worker, a worker's task) or at a moment drawn by the seed. It is started
again, players repeat what was not acknowledged, versions are made, and the book is audited: every
version is worked out anew from what is written down as used in it. Then what no kill brings about
(`federation_mishaps`): half an upload, half a blob, two aggregators, revoking, replays, other
bodies.

With PostgreSQL (Debian's, started here), or SQLite (--sqlite; there "database" kills gateway and
aggregator at once). One JSON value; exit code 1 if anything was lost, or counted twice.
"""

import argparse
import json
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.federation_mishaps import MISHAPS
from benchmarks.federation_rig import CLIENT, DATABASE, FLOWER, GATEWAY, Rig
from tests.federation.server.giving import PLACES as CLIENT_PLACES
from tests.federation.server.giving import STEPS
from tests.federation.server.postgres import Postgres, why_not
from tests.federation.server.trials import AGGREGATOR_PLACES, GATEWAY_PLACES

FLOWER_PLACES = ("shard", "worker", "launcher", "dealer", "link", "aggregator")
MOST_AT_A_PLACE = 3
"""A named place is where it dies when it is reached for the first to the third time."""
MOMENT_S = 1.5
OF_FLOWER = 10
"""One moment of so many is one of the tier: its trials take half a minute."""


def main(words: list[str]) -> int:
    """See the module."""
    parser = argparse.ArgumentParser(prog="benchmarks.federation_faults")
    parser.add_argument("--points", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--players", type=int, default=8)
    parser.add_argument("--sqlite", action="store_true")
    parser.add_argument("--without-flower", action="store_true")
    args = parser.parse_args(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # nothing is left running
    postgres = None if args.sqlite or why_not() else Postgres()
    folder = Path(tempfile.mkdtemp(prefix="antiphon-faults-"))
    points = plan(args.points, args.seed, flower=not args.without_flower)
    try:
        report = faults(folder, postgres, points, args.seed, args.players)
    finally:
        if postgres is not None:
            postgres.close()
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(report, indent=1))
    return 0 if not report["lost_or_doubled"] else 1


def plan(points: int, seed: int, *, flower: bool = True) -> list[tuple[str, str]]:
    """(what is killed, where): all named places, then moments drawn by the seed; the tier last."""
    rng = random.Random(seed)

    def first_to_third() -> int:
        return rng.randint(1, MOST_AT_A_PLACE)

    found = [(CLIENT, place) for place in CLIENT_PLACES]
    found += [(GATEWAY, f"{place} {first_to_third()}") for place in GATEWAY_PLACES]
    found += [("aggregator", f"{place} {rng.randint(1, 2)}") for place in AGGREGATOR_PLACES]
    found += [(FLOWER, f"{place} 0.0") for place in FLOWER_PLACES] if flower else []
    kinds = [CLIENT, GATEWAY, "aggregator", DATABASE]
    for number in range(points - len(found)):
        if flower and number % OF_FLOWER == 0:
            found.append((FLOWER, f"{rng.choice(FLOWER_PLACES)} {rng.uniform(0.0, 3.0):.2f}"))
        elif (kind := rng.choice(kinds)) == CLIENT:
            found.append((kind, f"step {rng.randint(1, STEPS)}"))
        else:
            found.append((kind, f"after {rng.uniform(0.0, MOMENT_S):.2f}"))
    found = found[:points]
    return [one for one in found if one[0] != FLOWER] + [one for one in found if one[0] == FLOWER]


def faults(
    folder: Path,
    postgres: Postgres | None,
    points: list[tuple[str, str]],
    seed: int,
    players: int,
    mishaps: tuple[str, ...] = tuple(MISHAPS),
) -> dict[str, Any]:
    """All trials over one server, whose versions go on from trial to trial."""
    began, trials = time.monotonic(), []
    rig = Rig(folder, postgres, players, seed)
    try:
        for number, (what, where) in enumerate(points):
            trials.append(_tried(rig, what, where))
            words = f"{number + 1:>3} of {len(points)}: {json.dumps(trials[-1])}"
            print(words, file=sys.stderr, flush=True)
        rig.with_tier(False)
        others = {}
        for name in mishaps:
            others[name] = _done(lambda name=name: MISHAPS[name](rig))
            print(f"{name}: {json.dumps(others[name])}", file=sys.stderr, flush=True)
        last = _done(lambda: {**rig.audit(), "raw_changes_left": rig.raw_left()})
    finally:
        rig.close()
    every = [*trials, *others.values(), last]
    return {
        "database": "SQLite" if postgres is None else "PostgreSQL",
        "points": len(trials),
        "players": players + 1,
        "ended_by_themselves": rig.restarts,
        "lost_or_doubled": sum("failed" in one for one in every),
        "at_the_end": last,
        "mishaps": others,
        "seconds": round(time.monotonic() - began),
        "trials": trials,
    }


def _tried(rig: Rig, what: str, where: str) -> dict[str, Any]:
    began = time.monotonic()
    found = {"kills": what, "where": where, **_done(lambda: rig.trial(what, where))}
    return {**found, "seconds": round(time.monotonic() - began, 1)}


def _done(one: Any) -> dict[str, Any]:
    try:
        found: dict[str, Any] = one()
    except Exception as error:  # whatever goes wrong, the other trials go on and the exit code is 1
        return {"failed": f"{type(error).__name__}: {error}"}
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
