"""Faults on purpose: servers that are killed at any place, devices that never stop trying.

`child` is a server process that looks, at each named place, for a file that says "die here" or
"wait here"; a harness can also kill it, or the database, from outside at any moment. Afterwards
`audit` counts, down to the numbers: every version is worked out anew from its parent and from the
changes that are written down as used in it, so nothing acknowledged is lost, or counted twice.
"""

import hashlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select

from federation.aggregate.buffer import MOST_STALE
from federation.aggregate.descent import FRESH, rule
from federation.aggregate.version import How, step
from federation.formats.delta import as_vector, decode
from federation.formats.manifest import verify
from federation.formats.shared import unpacked
from federation.server import blobs, schema, setup
from federation.server.settings import Places
from federation.server.setup import Opened
from tests.federation.formats.stage import SMALL
from tests.federation.server.served import Device, Served, change
from tests.shared import REPOSITORY

GATEWAY_PLACES = ("checked", "blob", "kept")
AGGREGATOR_PLACES = ("leased", "summed", "judged", "stored", "published")
PATIENCE_S = 180.0
WAITING = frozenset({schema.PENDING, schema.LEASED})
HOLD = "hold"


def child(words: list[str]) -> None:
    """`FILE serve words ...`: run it; the file says at which place, for the n-th time, to die."""
    from federation.server import command, running

    file, lock = Path(words[0]), threading.Lock()

    def at(reached: str) -> None:
        with lock:
            try:
                place, count, what = file.read_text().split()
            except (FileNotFoundError, ValueError):
                return
            if place != reached:
                return
            if int(count) > 1:
                file.write_text(f"{place} {int(count) - 1} {what}")
                return
            if what != HOLD:
                file.unlink()
                os.kill(os.getpid(), signal.SIGKILL)
            held = file.with_suffix(".held")
            os.replace(file, held)
        until(lambda: not held.exists())

    make, serve = running.aggregator, running.serve
    running.aggregator = lambda *args, **others: make(*args, **{**others, "at": at})
    running.serve = lambda *args, **others: serve(*args, **{**others, "at": at})
    sys.exit(command.main(words[1:]))


class Armed:
    """The file of such a process."""

    def __init__(self, file: Path) -> None:
        self.file = file

    @property
    def head(self) -> list[str]:
        """What comes before the words of `antiphon serve`."""
        return [sys.executable, "-m", "tests.federation.server.trials", str(self.file)]

    def arm(self, place: str, count: int = 1, what: str = "die") -> None:
        """At this place, for the n-th time from now."""
        spare = self.file.with_suffix(".new")
        spare.write_text(f"{place} {count} {what}")
        os.replace(spare, self.file)

    @contextmanager
    def held_at(self, place: str) -> Iterator[Callable[[], None]]:
        """The process waits there while this is open; call what it gives to wait until it does."""
        held = self.file.with_suffix(".held")
        self.arm(place, what=HOLD)
        try:
            yield lambda: until(held.exists)
        finally:
            self.disarm()

    def disarm(self) -> None:
        """Neither die nor wait."""
        self.file.unlink(missing_ok=True)
        self.file.with_suffix(".held").unlink(missing_ok=True)


class Serving(Served):
    """A gateway's process that can die at a place."""

    def __init__(self, folder: Path, *words: str, database: str | None = None) -> None:
        super().__init__(folder, *words, database=database)
        self.armed = Armed(folder / "gateway.place")
        self._command = self.armed.head + self._command[self._command.index("--folder") :]


class Aggregating:
    """An aggregator's process that can die at a place. name: of its file, where there are two."""

    def __init__(self, folder: Path, database: str, *words: str, name: str = "aggregator") -> None:
        self.armed = Armed(folder / f"{name}.place")
        self.armed.disarm()
        command = [*self.armed.head, "aggregate", "--folder", str(folder)]
        command += ["--database", database, "--json", *words]
        with (folder / f"{name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=REPOSITORY, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )

    def kill(self) -> None:
        """At once."""
        self.process.kill()
        self.process.wait()


@dataclass
class Player:
    """A device that sends one contribution a version, and repeats until it is acknowledged."""

    device: Device
    number: int
    bodies: dict[str, bytes] = field(default_factory=dict)
    acknowledged: list[str] = field(default_factory=list)

    def send(self, version: int) -> bool:
        """Whether it is acknowledged."""
        name = str(uuid.UUID(int=self.number * 10**6 + version))
        body = self.bodies.setdefault(name, change(self.number * 1000 + version, version))
        if self.device.put(body, version, name).status_code in {200, 201}:
            self.acknowledged.append(name)
            return True
        return False

    def repeat(self, name: str) -> httpx.Response:
        """The very same once more."""
        version = uuid.UUID(name).int % 10**6
        return self.device.put(self.bodies[name], version, name)


class Crowd:
    """So many players on threads, who go on until they were acknowledged for a version each."""

    def __init__(self, server: Served, count: int, consent: tuple[str, str], seed: int = 1) -> None:
        self.server, self.rng = server, random.Random(seed)
        self.players: list[Player] = []
        for number in range(count):
            device = Device(server.client(), enrol=False)
            self.players.append(Player(device, number + 1))
            until(lambda one=device: one.enrol(consent).status_code in {200, 201})

    def send(self, version: int) -> "Sending":
        """Everybody begins."""
        return Sending(self.players, version, self.rng)

    @property
    def acknowledged(self) -> list[str]:
        """By all of them."""
        return [name for player in self.players for name in player.acknowledged]

    @property
    def bodies(self) -> dict[str, bytes]:
        """All that was ever sent, acknowledged or not."""
        return {name: body for player in self.players for name, body in player.bodies.items()}

    def close(self) -> None:
        """Hang up."""
        for player in self.players:
            player.device.client.close()


class Sending:
    """Players on their threads."""

    def __init__(self, players: list[Player], version: int, rng: random.Random) -> None:
        self._failed: list[str] = []
        waits = [rng.random() * 0.5 for _ in players]
        self._threads = [
            threading.Thread(target=self._go, args=(player, version, wait_s))
            for player, wait_s in zip(players, waits, strict=True)
        ]
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        """Until all are acknowledged. Raises AssertionError."""
        for thread in self._threads:
            thread.join()
        assert not self._failed, self._failed[0]

    def _go(self, player: Player, version: int, wait_s: float) -> None:
        time.sleep(wait_s)
        try:
            until(lambda: player.send(version))
        except AssertionError as error:
            self._failed.append(f"player {player.number} was never acknowledged: {error}")


def until(done: Callable[[], Any], patience_s: float = PATIENCE_S) -> None:
    """Again and again with a pause, whatever the network or the server says meanwhile."""
    until_s = time.monotonic() + patience_s
    while time.monotonic() < until_s:
        try:
            if done():
                return
        except (httpx.TransportError, OSError):
            pass
        time.sleep(0.05)
    raise AssertionError("it did not come about in time")


def opened(folder: Path, database: str) -> Opened:
    """The same book, from here."""
    return setup.opened(Places(folder, database, str(folder / "blobs")), time.time)


def audit(
    here: Opened, public: bytes, bodies: Mapping[str, bytes], acknowledged: Collection[str]
) -> dict[str, int]:
    """Raises AssertionError if anything was lost or counted twice. bodies: all that was ever sent.

    public: of the key that signs versions.
    """
    with here.database.reading() as read:
        rows = {row.uuid: row for row in read.execute(select(schema.contributions))}
    lost = set(acknowledged) - set(rows)
    assert not lost, f"{len(lost)} acknowledged contributions are not there: {sorted(lost)[:3]}"
    counts: dict[str, int] = {}
    for name, row in rows.items():
        counts[row.status] = counts.get(row.status, 0) + 1
        assert row.sha256 == hashlib.sha256(bodies[name]).hexdigest(), (
            f"{name} is not what was sent"
        )
        if row.status in WAITING:
            kept = here.store.get(blobs.delta(name, row.sha256))  # raises NoBlob
            assert kept == bodies[name], f"the blob of {name} is damaged"
    used: dict[int, list[bytes]] = {}
    for name, row in rows.items():
        assert (row.status == schema.USED) == (row.used_in is not None), name
        if row.used_in is not None:
            used.setdefault(row.used_in, []).append(bodies[name])
    versions = _chain(here, public, used)
    for name, row in rows.items():  # its device gave to newer ones, which went first
        old = versions - row.from_version > MOST_STALE
        assert row.status != schema.EXPIRED or old, f"{name} was put aside before its time"
    return {"acknowledged": len(set(acknowledged)), **counts, "versions": versions}


def _chain(here: Opened, public: bytes, used: dict[int, list[bytes]]) -> int:
    """How many versions there are; each is its parent and what was used in it. AssertionError."""
    key, tensors = Ed25519PublicKey.from_public_bytes(public), {}
    found = here.leases.versions(SMALL.id)
    for number, one in enumerate(found, 1):
        manifest = verify(one.words, one.signature, key)
        assert manifest == one.manifest
        assert manifest.version == number, "a version is missing"
        data = here.store.get(blobs.model(manifest.sha256))
        assert hashlib.sha256(data).hexdigest() == manifest.sha256
        tensors[number] = as_vector(unpacked(data, SMALL))
        if number == 1:
            continue
        assert manifest.parent == number - 1, f"version {number} comes from {manifest.parent}"
        mine = [decode(body, SMALL) for body in used.pop(number, [])]
        assert manifest.contributions == len(mine), (
            f"version {number} says {manifest.contributions}, the book {len(mine)}"
        )
        _, moved = step(mine, number - 1, FRESH, How(manifest.clip, rule(manifest.rule)))
        off = np.abs(tensors[number] - (tensors[number - 1] + moved)).max()
        assert off < 1e-6, f"version {number} is off by {off:.2e}: not what was used in it"
    assert not used, f"contributions are used in versions that are not there: {sorted(used)}"
    return len(found)


if __name__ == "__main__":
    child(sys.argv[1:])
