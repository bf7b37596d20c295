"""From the command to "ready to hear", and how long the light commands take.

    python -m benchmarks.startup [--runs N]

Each figure is the median of several fresh processes. `ready_s` ends when the engine has read its
weights and says so; the jam plays through ports in memory, so no MIDI system is measured.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time

import psutil

READY = "Ready to hear you"


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
    """Seconds of one command."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "plugin", *words], capture_output=True, check=False)
    return time.perf_counter() - began


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=7)
    runs = range(parser.parse_args().runs)
    starts = [until_ready() for _ in runs]
    result = {
        "ready_s": statistics.median(seconds for seconds, _ in starts),
        "rss_mb": statistics.median(megabytes for _, megabytes in starts),
        "ports_s": statistics.median(run_of("ports") for _ in runs),
        "version_s": statistics.median(run_of("version") for _ in runs),
        "takes_list_s": statistics.median(run_of("takes", "list") for _ in runs),
    }
    print(json.dumps({name: round(value, 3) for name, value in result.items()}, indent=1))


if __name__ == "__main__":
    main()
