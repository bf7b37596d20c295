"""One day of very many players: arrivals on a clock that is moved by hand, real requests.

A player contributes once on a share of days, asks twice a day whether there is a newer version and
once what became of the contribution. Arrivals follow the day: few at night, most in the evening.
Drawn from it are as many requests as asked for; the gateway (in this process, without its network)
and the aggregator are the real ones, the bodies have the real size. It refuses to be a load test:
`gateways` is.
"""

import asyncio
import math
import secrets
import time
import uuid
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.federation_load.gateways import CONSENT, change, enrolment, lineage
from federation.formats.requests import DeviceKey
from federation.server import setup
from federation.server.aggregator import Aggregator
from federation.server.database import of_folder
from federation.server.desk import Parts
from federation.server.gate import OpenGate
from federation.server.gateway import gateway
from federation.server.metrics import Metrics
from federation.server.settings import Limits, Places, Policy

DAY_S = 86_400
BEGINS_S = 1_800_000_000 // DAY_S * DAY_S
REQUESTS_EACH = 6
"""Lineages, enrolling, a version check, an upload, what became of it, a version check again."""
VERSIONS_A_DAY = 4
BODIES = 16


@dataclass
class _Clock:
    now_s: float = float(BEGINS_S)

    def __call__(self) -> float:
        return self.now_s


def arrivals(count: int, seed: int) -> list[float]:
    """Seconds of the day, in order: three times as many at 20:00 as at 08:00, few at 04:00."""
    rng, found = np.random.default_rng(seed), []
    while len(found) < count:
        at_s, height = rng.uniform(0, DAY_S), rng.uniform(0, 1.0)
        hour = at_s / 3600
        if height < 0.08 + 0.92 * math.exp(-0.5 * ((hour - 20) / 3.5) ** 2) + 0.2 * (8 < hour < 18):
            found.append(float(at_s))
    return sorted(found)


def day(folder: Path, players: int, requests: int, seed: int = 0) -> dict[str, Any]:
    """What came of it."""
    folder.mkdir(parents=True)
    return asyncio.run(_Day(folder, players, requests // REQUESTS_EACH, seed).run())


class _Day:
    def __init__(self, folder: Path, players: int, sampled: int, seed: int) -> None:
        self.players, self.sampled, self.seed = players, sampled, seed
        self.clock, self.lineage = _Clock(), lineage()
        places = Places(folder, of_folder(folder), str(folder / "blobs"))
        self.folder, self.here = folder, setup.opened(places, self.clock)
        signer = setup.init(self.here, self.lineage, CONSENT, None)
        setup.publish_first(self.here, signer, self.lineage, 1.0)
        here = self.here
        self.metrics = Metrics()
        self.door = gateway(
            Parts(
                here.book,
                here.leases,
                here.store,
                Limits(),
                1.0,
                self.clock,
                self.clock,
                self.metrics,
            )
        )
        least = max(1, sampled // (VERSIONS_A_DAY + 1))
        policy = Policy(least=least, most=least, small=True, without_gate=True)
        self.aggregator = Aggregator(
            here.book, here.leases, here.store, signer, policy, OpenGate(), now=self.clock
        )
        self.answers: Counter[str] = Counter()
        self.bytes_in = self.bytes_out = self.most_waiting = 0
        self.aggregator_s = self.gateway_s = 0.0
        self._bodies: dict[tuple[int, int], bytes] = {}

    async def run(self) -> dict[str, Any]:
        times = arrivals(self.sampled, self.seed)
        turns, began_s = 0, time.perf_counter()
        sent: list[tuple[DeviceKey, str]] = []
        for number, at_s in enumerate(times):
            self.clock.now_s = BEGINS_S + at_s
            while turns * 600 < at_s:
                self._turn()
                turns += 1
            sent.append(await self._player(number))
        self.clock.now_s = BEGINS_S + DAY_S - 1.0
        self._turn()
        here = self.here
        counts = here.leases.counts()[self.lineage.id]
        acknowledged = sum(here.book.sent(name) is not None for _, name in sent)
        versions = here.leases.versions(self.lineage.id)
        in_versions = sum(one.manifest.contributions for one in versions)
        left = sum(1 for _ in here.store.names("deltas"))
        here.database.close()
        database = sum(file.stat().st_size for file in self.folder.glob("antiphon.db*"))
        model_bytes = versions[-1].manifest.bytes
        report = {
            "players": self.players,
            "player_days": self.sampled,
            "requests": sum(self.answers.values()),
            "answers": dict(self.answers),
            "answered": {"uploads": self.sampled, "version_checks": 2 * self.sampled},
            "acknowledged": acknowledged,
            "became": counts,
            "lost": acknowledged - sum(counts.values()),
            "counted_twice": in_versions - counts.get("used", 0),
            "versions": len(versions),
            "versions_fetched_a_day": 1.0,
            "most_waiting": self.most_waiting,
            "hours_waiting": round(24 * self.most_waiting / self.sampled, 1),
            "left_in_blob_folder": left - counts.get("pending", 0),
            "bytes_in": self.bytes_in,
            "bytes_out": self.bytes_out,
            "model_bytes": model_bytes,
            "row_bytes": round(database / self.sampled),
            "gateway_s_per_request": round(self.gateway_s / sum(self.answers.values()), 5),
            "aggregator_s_per_contribution": round(self.aggregator_s / max(1, in_versions), 5),
            "seconds_on_the_wall": round(time.perf_counter() - began_s, 1),
        }
        return report

    def _turn(self) -> None:
        waiting = self.here.leases.counts().get(self.lineage.id, {}).get("pending", 0)
        self.most_waiting = max(self.most_waiting, waiting)
        began_s = time.process_time()
        self.aggregator.turn()
        self.aggregator_s += time.process_time() - began_s

    async def _player(self, number: int) -> tuple[DeviceKey, str]:
        key, name, home = (
            DeviceKey.fresh(),
            str(uuid.uuid4()),
            f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}",
        )
        head = self.here.leases.latest(self.lineage.id)
        assert head is not None
        version, latest = head.manifest.version, f"/v1/model/latest?lineage={self.lineage.id}"
        tag = {"If-None-Match": f'"{head.signature.hex()[:32]}"'}
        path = f"/v1/contributions/{name}"
        await self._ask("GET", "/v1/lineages", {}, home)
        await self._signed(key, "POST", "/v1/devices", home, enrolment(key))
        await self._ask("GET", latest, tag, home)
        await self._signed(key, "PUT", path, home, self._body(number, version), str(version))
        await self._signed(key, "GET", path, home)
        await self._ask("GET", latest, tag, home)
        return key, name

    def _body(self, number: int, version: int) -> bytes:
        which = (number % BODIES, version)
        if which not in self._bodies:
            self._bodies[which] = change(self.lineage, *which)
        return self._bodies[which]

    async def _signed(
        self, key: DeviceKey, method: str, path: str, home: str, body: bytes = b"", base: str = "-"
    ) -> None:
        now_s, nonce = int(self.clock.now_s), secrets.token_bytes(16)
        headers = key.headers(method, path, body, now_s=now_s, nonce=nonce, base=base)
        await self._ask(method, path, headers, home, body)

    async def _ask(
        self, method: str, path: str, headers: dict[str, str], home: str, body: bytes = b""
    ) -> None:
        status = 0

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            nonlocal status
            status = message.get("status", status)
            self.bytes_out += len(message.get("body", b""))
            self.bytes_out += sum(len(a) + len(b) + 4 for a, b in message.get("headers", ()))

        plain, _, query = path.partition("?")
        lines = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        lines.append((b"content-length", str(len(body)).encode()))
        self.bytes_in += len(body) + sum(len(a) + len(b) + 4 for a, b in lines)
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
            "path": plain, "raw_path": plain.encode(), "query_string": query.encode(),
            "headers": lines, "client": (home, 1), "server": ("127.0.0.1", 1), "scheme": "https",
            "root_path": "", "state": {},
        }  # fmt: skip
        began_s = time.process_time()
        await self.door(scope, receive, send)
        self.gateway_s += time.process_time() - began_s
        self.answers[str(status)] += 1
