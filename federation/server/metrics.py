"""Counters and times for Prometheus, in a registry of the server's own.

Labels are routes, statuses and lineages: nothing that names a device or an address.
"""

import logging
import threading
from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

LOG = logging.getLogger("antiphon.sharing")
_SECONDS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
_METHODS = frozenset({"GET", "HEAD", "PUT", "POST", "DELETE"})
_SHORT = 12


class Metrics:
    """See the module."""

    def __init__(self) -> None:
        self._registry, self._telling = CollectorRegistry(), threading.Lock()
        labels = ("method", "route")
        self._requests = Counter(
            "antiphon_requests", "Requests", (*labels, "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "antiphon_request_seconds", "Time of a request", labels,
            buckets=_SECONDS, registry=self._registry,
        )  # fmt: skip
        self._mistakes = Counter(
            "antiphon_mistakes", "Errors of the server's own", ("kind",), registry=self._registry
        )
        self._contributions = Gauge(
            "antiphon_contributions", "Contributions by what became of them",
            ("lineage", "status"), registry=self._registry,
        )  # fmt: skip
        self._latest = Gauge(
            "antiphon_latest_version", "Newest version", ("lineage",), registry=self._registry
        )
        self._epsilon = Gauge(
            "antiphon_epsilon_spent", "Privacy spent; absent where there is no promise",
            ("lineage",), registry=self._registry,
        )  # fmt: skip
        self._devices = Gauge("antiphon_devices", "Devices", ("state",), registry=self._registry)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request has been answered."""
        method = method if method in _METHODS else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def mistake(self, error: BaseException) -> None:
        """An error of ours: counted, and written to the log with its trace."""
        self._mistakes.labels(type(error).__name__).inc()
        LOG.error("A request failed for a reason of the server's own", exc_info=error)

    def text(
        self,
        counts: Mapping[str, Mapping[str, int]],
        latest: Mapping[str, tuple[int, float | None]],
        devices: Mapping[str, int],
    ) -> bytes:
        """All of it, as Prometheus reads it. latest: version and ε by lineage."""
        with self._telling:
            return self._told(counts, latest, devices)

    def _told(
        self,
        counts: Mapping[str, Mapping[str, int]],
        latest: Mapping[str, tuple[int, float | None]],
        devices: Mapping[str, int],
    ) -> bytes:
        for gauge in (self._contributions, self._latest, self._epsilon, self._devices):
            gauge.clear()  # what is no more is not told any more
        for lineage, of_status in counts.items():
            for status, number in of_status.items():
                self._contributions.labels(lineage[:_SHORT], status).set(number)
        for lineage, (version, epsilon) in latest.items():
            self._latest.labels(lineage[:_SHORT]).set(version)
            if epsilon is not None:
                self._epsilon.labels(lineage[:_SHORT]).set(epsilon)
        for state, number in devices.items():
            self._devices.labels(state).set(number)
        return generate_latest(self._registry)
