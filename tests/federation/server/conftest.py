"""A book over SQLite and over a real PostgreSQL, and a server process for each module."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from federation.formats.lineage import Lineage
from federation.formats.requests import DeviceKey
from federation.server import blobs, setup
from federation.server.database import of_folder
from federation.server.settings import Places
from federation.server.setup import Opened
from federation.server.signer import Signer
from federation.server.store import Arrival
from tests.federation.formats.stage import SMALL, contribution
from tests.federation.server.postgres import Postgres, why_not
from tests.federation.server.served import CONSENT


class Time:
    """Seconds of UTC that a test moves."""

    def __init__(self) -> None:
        self.now_s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class Stage:
    """A server without its network: book, leases, blobs, key, and a clock."""

    here: Opened
    signer: Signer
    time: Time
    lineage: Lineage = SMALL

    def device(self) -> str:
        key = DeviceKey.fresh()
        words = (CONSENT[0], "2026-11-21", "0.1.0")
        assert self.here.book.enrol(key.id, key.public, *words, nonce=secrets.token_hex(16))
        return key.id

    def arrival(
        self, device: str, seed: int = 0, from_version: int = 1, **others: object
    ) -> Arrival:
        import hashlib
        import uuid

        body = contribution(seed, from_version=from_version)
        sha256 = hashlib.sha256(body).hexdigest()
        one = {"uuid": str(uuid.uuid4()), "device": device, "lineage": SMALL.id,
               "from_version": from_version, "notes": 256, "sha256": sha256, "bytes": len(body),
               "norm": 1.0}  # fmt: skip
        arrival = Arrival(**{**one, **others})
        self.here.store.put(blobs.delta(arrival.uuid, sha256), body)
        return arrival

    def send(self, seed: int = 0, from_version: int = 1, device: str | None = None) -> Arrival:
        one = self.arrival(device or self.device(), seed, from_version)
        _, new = self.keep(one)
        assert new
        return one

    def keep(self, one: Arrival, most_a_day: int = 100):
        return self.here.book.keep(one, nonce=secrets.token_hex(16), most_a_day=most_a_day)

    def status(self, one: Arrival) -> str:
        sent = self.here.book.sent(one.uuid)
        assert sent is not None
        return sent.status

    def deltas(self) -> list[str]:
        return sorted(name for name, _ in self.here.store.names("deltas"))


def make_stage(folder: Path, database: str, store: str = "") -> Stage:
    now = Time()
    here = setup.opened(Places(folder, database, store or str(folder / "blobs")), now)
    signer = setup.init(here, SMALL, CONSENT, None)
    assert setup.publish_first(here, signer, SMALL, 1.0)
    return Stage(here, signer, now)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    reason = why_not()
    if reason:
        pytest.skip(reason)
    found = Postgres()
    yield found
    found.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    if request.param == "sqlite":
        url = of_folder(tmp_path)
    else:
        url = request.getfixturevalue("postgres").fresh("t" + secrets.token_hex(8))
    made = make_stage(tmp_path, url)
    yield made
    made.here.database.close()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Stage]:
    """On SQLite alone."""
    made = make_stage(tmp_path, of_folder(tmp_path))
    yield made
    made.here.database.close()
