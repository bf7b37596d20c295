"""What one core of the sharing server does, and what a million players would need.

    python -m benchmarks.federation_load [--quick] [--players N] [--requests N]

`per_core`: the real `antiphon serve` process, with TLS and without, pinned to one core, its clients
on another. A rate per core is requests over the seconds of processor time that the server used, so
that other work on the machine hardly matters; `wall` is what came through, disk and all. Beside it,
in the same run and taking turns, the prototype's gateway with bodies of the same size, where it is
there.

`day`: one day of so many opted-in players, as many real requests as asked for drawn from it, with
arrivals on a clock that is moved by hand: sent to the real gateway (in this process), with the real
aggregator. `scaled`: the arithmetic from both to the whole crowd; the prices in it are assumptions.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.federation_load.crowd import day
from benchmarks.federation_load.gateways import Ours, Prototype, why_no_prototype

CITED = {"uploads_per_core": 273, "version_checks_per_core": 1875}
"""What the prototype was once measured at, with bodies of 462 kB and plain HTTP."""
PRICES = {"core_month": 20.0, "gb_month": 0.023, "gb_out_cdn": 0.02, "database_month": 100.0}
"""Assumed, in US dollars; lists of prices differ by more than this arithmetic does."""
BUSY = 0.5
"""How much of a core is planned to be used when most is asked of it."""
PEAK = 5.0
"""The busiest minute over the mean of the day."""


def main(words: list[str]) -> int:
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a tenth of it")
    parser.add_argument("--players", type=int, default=1_000_000)
    parser.add_argument("--requests", type=int, default=10_000)
    args = parser.parse_args(words)
    turns, uploads, checks = (2, 40, 300) if args.quick else (4, 150, 1500)
    requests = args.requests // 10 if args.quick else args.requests
    cores = sorted(os.sched_getaffinity(0))
    found: dict[str, Any] = {"cores": len(cores), "delta_bytes": 0, "per_core": {}}
    with tempfile.TemporaryDirectory(prefix="antiphon-load-") as name:
        found |= per_core(Path(name), cores, turns, uploads, checks)
        os.sched_setaffinity(0, cores)
        print("per core: done; the day", file=sys.stderr)
        found["day"] = day(Path(name) / "day", args.players, requests)
    found["scaled"] = scaled(found, args.players)
    print(json.dumps(found, indent=1))
    return 0


def per_core(
    folder: Path, cores: list[int], turns: int, uploads: int, checks: int
) -> dict[str, Any]:
    """Rates of each gateway, taking turns."""
    server_core, client_core = cores[0], cores[-1]
    os.sched_setaffinity(0, {client_core})
    reason = why_no_prototype()
    gateways = {
        "ours_tls": Ours(folder / "tls", server_core, tls=True),
        "ours_plain": Ours(folder / "plain", server_core, tls=False),
    }
    if reason is None:
        gateways["prototype_plain"] = Prototype(folder / "prototype", server_core)
    rates: dict[str, dict[str, list[float]]] = {name: {} for name in gateways}
    try:
        for turn in range(turns):
            for name, gateway in gateways.items():
                measured = {
                    "enrolments": gateway.enrol(uploads),
                    "uploads": gateway.upload(),
                    "version_checks": gateway.check(checks),
                }
                for what, rate in measured.items():
                    rates[name].setdefault(f"{what}_per_core", []).append(rate.per_core)
                    rates[name].setdefault(f"{what}_wall", []).append(rate.wall)
                print(f"turn {turn + 1} of {turns}: {name}", file=sys.stderr)
        memory = {name: gateway.resident_mb() for name, gateway in gateways.items()}
    finally:
        for gateway in gateways.values():
            gateway.close()
    rounded = {
        name: {what: round(median(values), 1) for what, values in of_name.items()}
        | {"resident_mb": memory[name]}
        for name, of_name in rates.items()
    }
    return {
        "delta_bytes": gateways["ours_tls"].delta_bytes,
        "per_core": rounded,
        "prototype": "measured beside" if reason is None else f"{reason}; cited",
        "prototype_cited": CITED,
    }


def scaled(found: dict[str, Any], players: int) -> dict[str, Any]:
    """From rates and a sampled day to all of them."""
    rates, one = found["per_core"]["ours_tls"], found["day"]
    share = players / one["player_days"]
    per_s = {what: one["answered"][what] * share / 86_400 for what in ("uploads", "version_checks")}
    core_s = per_s["uploads"] / rates["uploads_per_core"]
    core_s += (per_s["version_checks"] + per_s["uploads"]) / rates["version_checks_per_core"]
    cores = core_s * PEAK / BUSY
    gateways = max(2, round(cores + 0.5))
    aggregating = one["aggregator_s_per_contribution"] * per_s["uploads"] / BUSY
    in_gb_day = per_s["uploads"] * 86_400 * found["delta_bytes"] / 1e9
    model_gb_day = players * one["versions_fetched_a_day"] * one["model_bytes"] / 1e9
    api_out_gb_day = one["bytes_out"] * share / 1e9
    rows_gb_year = one["row_bytes"] * per_s["uploads"] * 86_400 * 365 / 1e9
    waiting_gb = in_gb_day * one["hours_waiting"] / 24
    workers = max(1, round(aggregating + 0.5))
    money = {
        "gateways_and_aggregators": (gateways + workers) * PRICES["core_month"],
        "database": PRICES["database_month"],
        "objects": waiting_gb * PRICES["gb_month"],
        "model_by_cdn": model_gb_day * 30 * PRICES["gb_out_cdn"],
        "api_out": api_out_gb_day * 30 * PRICES["gb_out_cdn"],
    }
    return {
        "players": players,
        "mean_per_s": {what: round(value, 2) for what, value in per_s.items()},
        "peak_per_s": {what: round(value * PEAK, 1) for what, value in per_s.items()},
        "gateway_cores_at_peak": round(cores, 2),
        "gateway_processes": gateways,
        "aggregator_processes": workers,
        "gb_in_a_day": round(in_gb_day, 1),
        "peak_mbit_in": round(in_gb_day * 8e3 / 86_400 * PEAK, 1),
        "gb_out_of_the_api_a_day": round(api_out_gb_day, 2),
        "gb_of_models_by_cdn_a_day": round(model_gb_day, 1),
        "gb_waiting": round(waiting_gb, 1),
        "gb_of_rows_a_year": round(rows_gb_year, 1),
        "dollars_a_month": {what: round(value) for what, value in money.items()},
        "dollars_a_month_in_all": round(sum(money.values())),
        "assumed": {"prices": PRICES, "peak_over_mean": PEAK, "busy": BUSY},
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
