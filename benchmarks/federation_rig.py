"""A whole sharing server that is killed part by part, and the players who go on meanwhile.

One `Rig` is a gateway's process, an aggregator's process (with its Flower tier, when a trial needs
it), a database, players on threads and one player's machine with the real client. A trial kills one
part, starts it again, waits until everything was used, and audits. For `federation_faults`.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from federation.client.consent import TEXT
from federation.server.aggregator import SWEEP_AGE_S, Aggregator
from federation.server.database import AwayError, of_folder
from federation.server.gate import OpenGate
from federation.server.settings import Policy
from federation.server.signer import Signer
from tests.federation.formats.stage import SMALL
from tests.federation.server.giving import Giver
from tests.federation.server.postgres import Postgres
from tests.federation.server.served import EASY, Device, run
from tests.federation.server.trials import (
    WAITING,
    Aggregating,
    Crowd,
    Player,
    Serving,
    audit,
    opened,
    until,
)

CLIENT, GATEWAY, DATABASE, FLOWER = "client", "gateway", "database", "flower"
LEAST = 4
OF_TIER = 8
"""Contributions of a version that the tier makes: one sum a trial."""
CONSENT = (TEXT.version, TEXT.sha256)
ALWAYS = ("--small", "--without-gate", "--every-s", "0.2", "--lease-s", "2")
TRIAL = (*ALWAYS, "--least", str(LEAST), "--most", str(LEAST))
_PROGRAMS = {
    "shard": "flwr-clientapp", "worker": "flower-supernode", "launcher": "flower-superexec",
    "dealer": "flwr-serverapp", "link": "flower-superlink",
}  # fmt: skip


class Rig:
    """See the module. postgres: None for SQLite. players: on threads; one more is a process."""

    def __init__(self, folder: Path, postgres: Postgres | None, players: int, seed: int) -> None:
        self.folder, self.postgres = folder, postgres
        self.database = of_folder(folder) if postgres is None else postgres.fresh("faults")
        self._prepare()
        self.public = Signer.of_folder(folder).public
        self.gateway = Serving(
            folder, *EASY, "--a-day", "1000000", "--gateway-only", database=self.database
        )
        self.gateway.begin().wait()
        self.here = opened(folder, self.database)
        self.crowd = Crowd(self.gateway, players, CONSENT, seed)
        self.giver = Giver(folder / "giver", self.gateway, self.public)
        self.strangers: list[Device] = []
        """Whose lines are hung up at the end."""
        self.others: dict[str, bytes] = {}
        """Bodies that mishaps sent."""
        self.flower = False
        self.restarts = 0
        """Of parts that ended because the database was away when they began."""
        self.aggregator = self._aggregating()

    def close(self) -> None:
        """End everything."""
        self.aggregator.kill()
        self.gateway.kill()
        self.crowd.close()
        for device in self.strangers:
            device.client.close()
        self.here.database.close()

    # -------------------------------------------------------------------------------------- trials

    def trial(self, what: str, where: str) -> dict[str, Any]:
        """One of them; what there is afterwards. Raises AssertionError."""
        self.with_tier(what == FLOWER)
        until(self._serves)
        head = self.head
        place, _, count = where.rpartition(" ")
        sending = self.crowd.send(head)
        if what == CLIENT:
            self._kill_client(head, where)
        elif what == FLOWER:
            sending.join()
            self._kill_in_tier(place, float(count))
        elif place == "after":
            time.sleep(float(count))
            self._kill(what)
        else:
            self._kill_at(what, place, int(count))
        sending.join()
        self.settle()
        assert self.head > head, "no version was made"
        for player in self.crowd.rng.sample(self.crowd.players, 2):
            self._repeated(player)
        return self.audit()

    def audit(self) -> dict[str, int]:
        """Raises AssertionError."""
        self.giver.audit()
        log = (self.folder / "aggregator.log").read_text("utf-8", "replace")
        assert "put aside" not in log, "a change could not be read any more"
        bodies = {**self.crowd.bodies, **self.giver.bodies, **self.others}
        acknowledged = [*self.crowd.acknowledged, *self.giver.acknowledged]
        return audit(self.here, self.public, bodies, acknowledged)

    def settle(self) -> None:
        """Until too few are left for another version."""

        def settled() -> bool:
            self._tend()
            try:
                counts = self.here.leases.counts().get(SMALL.id, {})
            except AwayError:  # the database is coming back
                return False
            least = OF_TIER if self.flower else LEAST
            return sum(counts.get(status, 0) for status in WAITING) < least

        until(settled, 900.0 if self.flower else 300.0)

    @property
    def head(self) -> int:
        """The newest version's number."""
        found = self.here.leases.latest(SMALL.id)
        assert found is not None
        return found.manifest.version

    def raw_left(self) -> int:
        """Changes on disk after a sweep an hour later, beside those that still wait."""
        signer, policy = Signer.of_folder(self.folder), Policy(small=True, without_gate=True)
        Aggregator(
            self.here.book, self.here.leases, self.here.store, signer, policy, OpenGate(),
            now=lambda: time.time() + SWEEP_AGE_S + 60.0,
        ).sweep()  # fmt: skip
        left = len(list(self.here.store.names("deltas"))) - len(self.here.book.waiting_blobs())
        assert left == 0, f"{left} raw changes were left lying"
        return left

    # --------------------------------------------------------------------------------------- kills

    def _kill_client(self, head: int, where: str) -> None:
        """Its own process; then again until everything was taken."""
        self.giver.approve(head)
        code = self.giver.send(where)
        assert where.startswith("step") or code == -signal.SIGKILL, f"it ended with {code}"
        until(lambda: self.giver.send() == 0 or self.giver.empty)
        assert self.giver.empty

    def _kill(self, what: str) -> None:
        if what == GATEWAY or (what == DATABASE and self.postgres is None):
            self.gateway.kill()
            self.gateway.begin()
        if what == DATABASE and self.postgres is not None:
            self.postgres.kill()
            self.postgres.begin()
        if what == "aggregator" or (what == DATABASE and self.postgres is None):
            self.aggregator.kill()
            self.aggregator = self._aggregating()

    def _kill_at(self, what: str, place: str, count: int) -> None:
        part = self.gateway if what == GATEWAY else self.aggregator
        assert part.process is not None
        part.armed.arm(place, count)
        assert part.process.wait(180) == -signal.SIGKILL
        self._kill(what)

    def _kill_in_tier(self, place: str, after_s: float) -> None:
        """While a sum is on its way."""
        jobs = self.folder / "tier" / "jobs"
        until(lambda: jobs.is_dir() and any(jobs.iterdir()), 300.0)
        if place == "aggregator":
            time.sleep(after_s)
            below = set(_below(self.aggregator.process.pid))
            self._kill("aggregator")
            until(lambda: not below & set(_alive()))  # the leash: nothing of the tier is left
            return
        found: list[int] = []

        def there() -> bool:
            found[:] = _running(self.aggregator.process.pid, _PROGRAMS[place])
            return bool(found)

        until(there)
        time.sleep(after_s)
        with contextlib.suppress(ProcessLookupError):  # it was done in that time
            os.kill(self.crowd.rng.choice(found), signal.SIGKILL)

    # --------------------------------------------------------------------------------------- parts

    def _tend(self) -> None:
        """Start again what ended by itself, as any supervisor does: without a database, at once."""
        if self.aggregator.process.poll() is not None:
            self.aggregator = self._aggregating()
            self.restarts += 1
        if self.gateway.process is not None and self.gateway.process.poll() is not None:
            self.gateway.begin()
            self.restarts += 1

    def _serves(self) -> bool:
        self._tend()
        return self.crowd.players[0].device.client.get("/health").status_code == 200

    def _repeated(self, player: Player) -> None:
        """What was acknowledged is sent once more, as by one that forgot it."""
        found: list[int] = []

        def answered() -> bool:
            found.append(player.repeat(player.acknowledged[-1]).status_code)
            return found[-1] < 500

        until(answered)  # the gateway may still be on its way
        assert found[-1] == 200, f"a repeat was answered with {found[-1]}"

    def _prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / "lineage.json"
        file.write_bytes(msgspec.json.encode(SMALL))
        named = ("--lineage", str(file), "--consent", ":".join(CONSENT))
        run("admin", "init", *named, folder=self.folder, database=self.database)
        run("admin", "publish-first", folder=self.folder, database=self.database)

    def with_tier(self, wanted: bool) -> None:
        """Whether the aggregator lets Flower add up."""
        if wanted != self.flower:
            self.aggregator.kill()
            self.flower = wanted
            self.aggregator = self._aggregating()

    def _aggregating(self) -> Aggregating:
        tier = (*ALWAYS, "--least", str(OF_TIER), "--most", "64", "--tier", "flower")
        return Aggregating(self.folder, self.database, *(tier if self.flower else TRIAL))


def _alive() -> Iterator[int]:
    return (int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit())


def _below(parent: int) -> list[int]:
    """Processes that this one started, and those that they did."""
    parents: dict[int, list[int]] = {}
    for pid in _alive():
        with contextlib.suppress(OSError):
            of = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[1]
            parents.setdefault(int(of), []).append(pid)
    found = parents.get(parent, [])
    for pid in found:
        found = [*found, *_below_of(pid, parents)]
    return found


def _below_of(pid: int, parents: dict[int, list[int]]) -> list[int]:
    mine = parents.get(pid, [])
    return [*mine, *(under for one in mine for under in _below_of(one, parents))]


def _running(parent: int, program: str) -> list[int]:
    """Those of them that run this program."""
    found = []
    for pid in _below(parent):
        with contextlib.suppress(OSError):
            words = (Path("/proc") / str(pid) / "cmdline").read_bytes().split(b"\0")
            if any(Path(os.fsdecode(word)).name == program for word in words[:3]):
                found.append(pid)
    return found
