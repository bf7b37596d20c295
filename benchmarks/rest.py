"""What Antiphon takes of the machine while nobody plays: a laptop's battery, a fan in a quiet room.

    python -m benchmarks.rest [--seconds N] [--no-window]

The app (or a session alone) is connected to a JACK server of its own and left alone. Of each of its
processes: percent of one core, and how often a second its main thread gave up the core, which is
how often it was woken. The first seconds after the start do not count.
"""

import argparse
import contextlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import psutil

from benchmarks.live.jam import Alone, Jam, Starts
from benchmarks.live.window import Windowed
from plugin.served.messages import Open
from tests.rig.jackd import JackServer, why_no_jack

SETTLES_S = 5.0


class Used(NamedTuple):
    """By one process since its start. woken: how often its main thread gave up the core."""

    cpu_s: float
    woken: int


def used(jam: Jam) -> dict[str, Used]:
    """Of each process that lives, by name."""
    found = {}
    for name, process in jam.processes().items():
        with contextlib.suppress(psutil.Error):
            times, switches = process.cpu_times(), process.num_ctx_switches()
            found[name] = Used(times.user + times.system, switches.voluntary)
    return found


def rest(start: Starts, seconds: float) -> dict[str, object]:
    """One start, left alone for so long."""
    with JackServer() as server, tempfile.TemporaryDirectory() as folder:
        jam = start(server.environment, Path(folder), Open(system="JACK", seed=1))
        try:
            jam.wait_until_ready()
            time.sleep(SETTLES_S)
            before, began_s = used(jam), time.monotonic()
            time.sleep(seconds)
            after, took_s = used(jam), time.monotonic() - began_s
        finally:
            jam.end()
    both = [name for name in after if name in before]
    return {
        "seconds": round(took_s, 1),
        "percent_of_a_core": {
            name: round(100 * (after[name].cpu_s - before[name].cpu_s) / took_s, 1) for name in both
        },
        "woken_per_s": {
            name: round((after[name].woken - before[name].woken) / took_s) for name in both
        },
        "load_average": round(os.getloadavg()[0], 2),
    }


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--no-window", action="store_true", help="a session without the window")
    args = parser.parse_args()
    if reason := why_no_jack():
        sys.exit(f"No JACK server to rest on: {reason}")
    print(json.dumps(rest(Alone if args.no_window else Windowed, args.seconds), indent=1))


if __name__ == "__main__":
    main()
