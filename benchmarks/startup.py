"""From the command to the window, to "ready to hear", and how long the light commands take.

    python -m benchmarks.startup [--runs N]

Each figure is the median of several fresh processes, with the largest beside it where the app is
opened. Of the app: until its session process was on its way (`spawned`), until the window had been
painted (`shown`), until the ports were open (`opened`) and until the engine had read its weights
and said so (`ready`); what each of its processes has in memory then, and what it took of a core,
whoever else shares the machine; and how long it took to end them all. `import_s` is what Python and
Qt need alone before a window can be made: no part of ours. The terminal's jam is started, too. All
play through ports in memory, so no MIDI system is measured; what stands in the file cache was read
before.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import psutil

from benchmarks.live.screen import Screen
from gui.kept import Kept, path_in, save

READY = "Ready to hear you"
STEPS = ("spawned", "shown", "opened", "ready")
AIMS_S = {"shown": 1.5, "ready": 4.0}
ENDS_WITHIN_S = 20.0
APP = """
import sys, time
from gui.command import main
def reached(step):
    print(step, time.monotonic_ns(), flush=True)
sys.exit(main(sys.argv[1:], reached))
"""
IMPORTS = "import PySide6.QtWidgets, PySide6.QtSvg, msgspec, argparse, threading, sqlite3"


@dataclass(frozen=True, slots=True)
class Start:
    """One start of the app. Seconds since the command, and to its end; the rest by process."""

    screen: str
    reached_s: dict[str, float]
    rss_mb: dict[str, float]
    cpu_s: dict[str, float]
    ended_s: float


def app() -> Start:
    """Start the app as of a player who was here before; wait until it is ready, and end it."""
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(Screen()) as screen:
        save(path_in(folder), Kept(first_run_done=True, system="memory"))
        began_ns = time.monotonic_ns()
        window = subprocess.Popen(
            [sys.executable, "-c", APP],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **screen.variables, "ANTIPHON_DATA": folder},
        )
        assert window.stdout is not None
        reached_s: dict[str, float] = {}
        while not reached_s.keys() >= set(STEPS):
            words = window.stdout.readline().split()
            if not words:
                sys.exit(f"The window ended before it was ready; it had reached {[*reached_s]}.")
            reached_s.setdefault(words[0], (int(words[1]) - began_ns) / 1e9)
        processes = _of(window.pid)
        rss_mb = {name: process.memory_info().rss / 1e6 for name, process in processes.items()}
        cpu_s = {name: sum(process.cpu_times()[:2]) for name, process in processes.items()}
        asked_s = time.perf_counter()
        window.terminate()
        window.wait(ENDS_WITHIN_S)
        psutil.wait_procs(list(processes.values()), ENDS_WITHIN_S)
        ended_s = time.perf_counter() - asked_s
        window.stdout.close()
        name = screen.name
    return Start(name, reached_s, rss_mb, cpu_s, ended_s)


def _of(pid: int) -> dict[str, psutil.Process]:
    """The app's processes by name."""
    window = psutil.Process(pid)
    found = {"window": window}
    for child in window.children(recursive=True):
        with contextlib.suppress(psutil.Error):
            words = " ".join(child.cmdline())
            found["session" if "plugin.served" in words else "engine"] = child
    return found


def until_ready() -> tuple[float, float]:
    """(seconds until ready, resident megabytes of session and engine then) of one jam."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        jam = subprocess.Popen(
            [sys.executable, "-m", "plugin", "demo"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # it complains that it is ended before its answer
            text=True,
            cwd=folder,
        )
        assert jam.stdout is not None
        for line in jam.stdout:
            if line.startswith(READY):
                break
        seconds = time.perf_counter() - began
        session = psutil.Process(jam.pid)
        processes = [session, *session.children(recursive=True)]
        megabytes = sum(process.memory_info().rss for process in processes) / 1e6
        jam.terminate()
        jam.communicate()
    return seconds, megabytes


def run_of(*words: str) -> float:
    """Seconds of one Python program."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *words], capture_output=True, check=False)
    return time.perf_counter() - began


def of_the_app(starts: list[Start]) -> dict[str, object]:
    """Medians, the largest, and the aims beside them."""
    median, most = (_over(starts, how) for how in (statistics.median, max))
    return {
        "screen": starts[0].screen,
        **{f"{step}_s": {"median": median[step], "max": most[step]} for step in STEPS},
        "ended_s": round(statistics.median(start.ended_s for start in starts), 3),
        "rss_mb": _by_process([start.rss_mb for start in starts], 1),
        "cpu_s": _by_process([start.cpu_s for start in starts], 2),
        "aims": {
            step: {
                "aim": f"within {most_s:g} s",
                "found": median[step],
                "met": median[step] <= most_s,
            }
            for step, most_s in AIMS_S.items()
        },
    }


def _by_process(values: list[dict[str, float]], digits: int) -> dict[str, float]:
    names = [name for name in values[0] if all(name in one for one in values)]
    return {name: round(statistics.median(one[name] for one in values), digits) for name in names}


def _over(starts: list[Start], how: Callable[[list[float]], float]) -> dict[str, float]:
    return {step: round(how([start.reached_s[step] for start in starts]), 3) for step in STEPS}


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--app-only", action="store_true", help="no jam, no light commands")
    args = parser.parse_args()
    runs = range(args.runs)
    result: dict[str, object] = {"runs": args.runs, "cores": os.cpu_count()}
    result["app"] = of_the_app([app() for _ in runs])
    result["import_s"] = _median(run_of("-c", IMPORTS) for _ in runs)
    if not args.app_only:
        starts = [until_ready() for _ in runs]
        result |= {
            "ready_s": _median(seconds for seconds, _ in starts),
            "rss_mb": _median(megabytes for _, megabytes in starts),
            "ports_s": _median(run_of("-m", "plugin", "ports") for _ in runs),
            "version_s": _median(run_of("-m", "plugin", "version") for _ in runs),
            "takes_list_s": _median(run_of("-m", "plugin", "takes", "list") for _ in runs),
        }
    result["load_average"] = round(os.getloadavg()[0], 2)
    print(json.dumps(result, indent=1))


def _median(values: Iterable[float]) -> float:
    return round(statistics.median(values), 3)


if __name__ == "__main__":
    main()
