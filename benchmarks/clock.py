"""How near the beat of a jittering MIDI clock the follower is, beside the naive way.

    python -m benchmarks.clock [--runs 8] [--beats 64]

Simulated clocks of several tempos arrive with several kinds of jitter at the real follower and the
session's grid; every tick the grid's beat is compared with the truth. The naive way takes the last
tick as the phase and the mean of the last 24 intervals as the tempo. Printed for each: beats until
locked (two bars are 8), error of phase after lock in ms (p50, p95, max), of tempo in percent (p95).
"""

import argparse
import json
import time
from collections import deque

import numpy as np

from engine.events import Timebase
from plugin.realtime.beats import BeatGrid
from plugin.realtime.midi_clock import ClockFollower, ClockState
from tests.fakes.clock_master import ClockMaster, Late, gaussian, in_periods, uniform

TEMPOS = (20.0, 60.0, 97.3, 120.0, 174.0, 240.0, 300.0)
JITTERS: dict[str, Late] = {
    "none": gaussian(0.0),
    "normal_1_ms": gaussian(1.0),
    "normal_3_ms": gaussian(3.0),
    "uniform_3_ms": uniform(3.0),
    "periods_of_5.3_ms": in_periods(256 / 48),
    "periods_of_21.3_ms": in_periods(1024 / 48),
}


class Naive:
    """The last tick is the phase, the mean of 24 intervals the tempo."""

    def __init__(self) -> None:
        self._times: deque[int] = deque(maxlen=25)
        self._ticks = -1

    def tick(self, at_ns: int) -> None:
        """One clock."""
        self._times.append(at_ns)
        self._ticks += 1

    def beat_and_bpm(self, at_ns: int) -> tuple[float, float]:
        """Between ticks it goes on at its tempo."""
        span_ns = max(self._times[-1] - self._times[0], 1)
        period_ns = span_ns / max(len(self._times) - 1, 1)
        late_ns = at_ns - self._times[-1]
        return (self._ticks + late_ns / period_ns) / 24, 60e9 / 24 / period_ns


Errors = tuple[list[float], list[float]]


def one_run(parts: list[tuple[float, ...]], late: Late, seed: int) -> tuple[float, Errors, Errors]:
    """Beats until locked; errors of phase (ms) and tempo (%) of ours and of the naive way."""
    master = ClockMaster(parts, late=late, seed=seed)
    follower, naive = ClockFollower(), Naive()
    grid = BeatGrid(Timebase())
    locked_beats = float("inf")
    ours: Errors = ([], [])
    theirs: Errors = ([], [])
    chance = np.random.default_rng(seed)
    for (at_ns, message), (next_ns, _) in zip(master.messages, master.messages[1:], strict=False):
        follower.message(at_ns, message)
        if message == b"\xf8":
            naive.tick(at_ns)
        beat, bpm = follower.beat(at_ns), follower.bpm
        if follower.state is not ClockState.LOCKED or beat is None or bpm is None:
            continue
        locked_beats = min(locked_beats, master.beat(at_ns))
        grid.align(at_ns, beat, bpm)
        # Asked at any moment until the next tick, as music is.
        look_ns = int(at_ns + chance.uniform() * (next_ns - at_ns))
        true_beat, true_bpm = master.beat(look_ns), master.bpm(look_ns)
        for errors, (beat, bpm) in (
            (ours, (grid.beat(look_ns), grid.timebase.bpm)),
            (theirs, naive.beat_and_bpm(look_ns)),
        ):
            apart = (beat - true_beat + 2) % 4 - 2
            errors[0].append(abs(apart) * 60e3 / true_bpm)
            errors[1].append(100 * abs(bpm / true_bpm - 1))
    return locked_beats, ours, theirs


def summary(errors: list[Errors]) -> dict[str, float]:
    """Of all ticks of all runs."""
    phase = np.concatenate([e[0] for e in errors])
    tempo = np.concatenate([e[1] for e in errors])
    return {
        "phase_ms_p50": round(float(np.percentile(phase, 50)), 2),
        "phase_ms_p95": round(float(np.percentile(phase, 95)), 2),
        "phase_ms_max": round(float(phase.max()), 2),
        "tempo_percent_p95": round(float(np.percentile(tempo, 95)), 3),
    }


def measure(parts: list[tuple[float, ...]], late: Late, runs: int) -> dict[str, object]:
    """One cell of the table."""
    results = [one_run(parts, late, seed) for seed in range(runs)]
    return {
        "beats_until_locked_max": round(max(result[0] for result in results), 2),
        "ours": summary([result[1] for result in results]),
        "naive": summary([result[2] for result in results]),
    }


def microseconds_a_tick() -> float:
    """What following costs, grid included."""
    master = ClockMaster([(400, 120.0)], late=gaussian(3.0))
    follower, grid = ClockFollower(), BeatGrid(Timebase())
    began_ns = time.perf_counter_ns()
    for at_ns, message in master.messages:
        follower.message(at_ns, message)
        beat, bpm = follower.beat(at_ns), follower.bpm
        if beat is not None and bpm is not None:
            grid.align(at_ns, beat, bpm)
    return round((time.perf_counter_ns() - began_ns) / len(master.messages) / 1e3, 1)


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=8)
    parser.add_argument("--beats", type=float, default=64)
    args = parser.parse_args()
    result: dict[str, object] = {"microseconds_a_tick": microseconds_a_tick()}
    for name, late in JITTERS.items():
        result[name] = {f"{bpm:g}": measure([(args.beats, bpm)], late, args.runs) for bpm in TEMPOS}
    moving = {
        "ramp_120_to_180_in_64_beats": [(16, 120.0), (64, 120.0, 180.0), (16, 180.0)],
        "ramp_140_to_70_in_16_beats": [(16, 140.0), (16, 140.0, 70.0), (16, 70.0)],
        "sudden_120_to_140": [(16, 120.0), (32, 140.0)],
        "sudden_100_to_60": [(16, 100.0), (32, 60.0)],
    }
    for name, parts in moving.items():
        result[name] = measure(list(parts), gaussian(3.0), args.runs)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
