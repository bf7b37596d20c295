"""What the jam's processes take of the machine, once a second, and what others take beside them."""

import contextlib
import os
import threading
import time
from dataclasses import dataclass, field

import psutil

from benchmarks.live.jam import Jam

EVERY_S = 1.0
MB = 1e6


@dataclass(frozen=True, slots=True)
class Taken:
    """What one process takes: memory, and processor time since it began."""

    pid: int
    rss_mb: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at the jam's processes by name; absent while there is none of that name."""

    at_ns: int
    taken: dict[str, Taken]


@dataclass
class Watch:
    """Samples a jam in a thread until closed."""

    jam: Jam
    samples: list[Sample] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ended = threading.Event()
        self._all_before = psutil.cpu_times()
        self._ours_before = self._ours_s()
        self._began_s = time.monotonic()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> dict[str, float]:
        """End; the machine's load meanwhile, in percent of one core."""
        self._ended.set()
        self._thread.join()
        return self._load()

    def _run(self) -> None:
        while not self._ended.wait(EVERY_S):
            self.samples.append(self._look())

    def _look(self) -> Sample:
        taken = {}
        for name, process in self.jam.processes().items():
            with contextlib.suppress(psutil.Error):  # it has just ended
                rss_mb = process.memory_info().rss / MB
                taken[name] = Taken(process.pid, rss_mb, _cpu_s(process))
        return Sample(time.monotonic_ns(), taken)

    def _ours_s(self) -> dict[int, float]:
        found = {}
        me = psutil.Process()
        for process in [me, *me.children(recursive=True)]:
            try:
                found[process.pid] = _cpu_s(process)
            except psutil.Error:
                continue
        return found

    def _load(self) -> dict[str, float]:
        """Busy time of all cores, of ours, of others and stolen by the machine's host."""
        now, ours = psutil.cpu_times(), self._ours_s()
        seconds = time.monotonic() - self._began_s
        idle = now.idle + now.iowait - self._all_before.idle - self._all_before.iowait
        total = sum(now[:8]) - sum(self._all_before[:8])
        stolen = now.steal - self._all_before.steal
        # Of processes that ended meanwhile nothing is known: they count as others.
        mine = sum(used - self._ours_before.get(pid, 0.0) for pid, used in ours.items())
        busy = total - idle - stolen
        return {
            "cores": os.cpu_count() or 1,
            "busy_percent": round(100 * busy / seconds, 1),
            "ours_percent": round(100 * mine / seconds, 1),
            "others_percent": round(100 * (busy - mine) / seconds, 1),
            "stolen_percent": round(100 * stolen / seconds, 1),
            "load_average": round(os.getloadavg()[0], 2),
        }


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
