"""Servers for the tests: real processes with TLS on loopback, and devices that talk to them."""

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx

from federation.formats.lineage import Lineage
from federation.formats.requests import NO_BASE, DeviceKey
from federation.server import setup
from federation.server.database import of_folder
from federation.server.settings import Places
from tests.federation.formats.stage import SMALL, contribution
from tests.shared import REPOSITORY

CONSENT = ("1", "c" * 64)
READY_S = 90.0
EASY = ("--address-rate", "100000", "--device-rate", "1000", "--enrolments-a-day", "1000000")
TRIAL = ("--small", "--least", "3", "--without-gate", "--every-s", "0.2")


def free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def run(*words: str, folder: Path, database: str | None = None) -> Any:
    """`antiphon serve WORDS --json`; what it printed."""
    command = [sys.executable, "-m", "federation.server.command", *words]
    command += ["--folder", str(folder), "--json"]
    command += ["--database", database] if database else []
    done = subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, timeout=READY_S, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def prepare(folder: Path, database: str | None = None, lineage: Lineage = SMALL) -> None:
    """Key, tables, a small lineage and its first version."""
    folder.mkdir(parents=True, exist_ok=True)
    places = Places(folder, database or of_folder(folder), str(folder / "blobs"))
    here = setup.opened(places, time.time)
    signer = setup.init(here, lineage, CONSENT, None)
    assert setup.publish_first(here, signer, lineage, 1.0)
    here.database.close()


_WITHOUT = """
import sys
if sys.argv[1]:
    sys.modules[sys.argv[1]] = None
from federation.server import command
sys.exit(command.main(sys.argv[2:]))
"""


class Served:
    """A server process that can be killed and started again at the same address.

    without: a module that is not there for it.
    """

    def __init__(
        self, folder: Path, *words: str, database: str | None = None, without: str = ""
    ) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self._command = [sys.executable, "-c", _WITHOUT, without]
        self._command += ["--folder", str(folder), "--port", str(self.port), *words]
        self._command += ["--database", database] if database else []
        self.process: subprocess.Popen[bytes] | None = None

    def begin(self) -> "Served":
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                self._command, cwd=REPOSITORY, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
            )  # fmt: skip
        return self

    def wait(self) -> "Served":
        assert self.process is not None
        until_s = time.monotonic() + READY_S
        while time.monotonic() < until_s:
            assert self.process.poll() is None, (self.folder / "server.log").read_text()[-2000:]
            try:
                with self.client() as client:
                    if client.get("/health").status_code == 200:
                        return self
            except (httpx.TransportError, OSError):
                time.sleep(0.05)
        raise AssertionError(
            "the server did not start: " + (self.folder / "server.log").read_text()
        )

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def client(self, **others: Any) -> httpx.Client:
        import ssl

        trusted = ssl.create_default_context(cafile=str(self.folder / "tls" / "cert.pem"))
        return httpx.Client(
            base_url=self.url, verify=trusted, timeout=60, trust_env=False, **others
        )


@contextmanager
def served(
    folder: Path, *words: str, database: str | None = None, without: str = ""
) -> Iterator[Served]:
    server = Served(folder, *words, database=database, without=without).begin()
    try:
        yield server.wait()
    finally:
        server.kill()


class Device:
    """What a player's machine does, in the simplest form. off_s: its clock is wrong by so much."""

    def __init__(self, client: httpx.Client, *, off_s: int = 0, enrol: bool = True) -> None:
        self.client, self.off_s, self.key = client, off_s, DeviceKey.fresh()
        if enrol:
            assert self.enrol().status_code == 201

    def headers(
        self, method: str, path: str, body: bytes = b"", base: str = NO_BASE
    ) -> dict[str, str]:
        now_s = int(time.time()) + self.off_s
        nonce = secrets.token_bytes(16)
        return self.key.headers(method, path, body, now_s=now_s, nonce=nonce, base=base)

    def ask(self, method: str, path: str, body: bytes = b"", base: str = NO_BASE) -> httpx.Response:
        headers = self.headers(method, path, body, base)
        return self.client.request(method, path, content=body, headers=headers)

    def enrol(self, consent: tuple[str, str] = CONSENT) -> httpx.Response:
        words = {"public_key": self.key.public.hex(), "consent_version": consent[0],
                 "consent_sha256": consent[1], "agreed": "2026-11-21", "app": "0.1.0"}  # fmt: skip
        return self.ask("POST", "/v1/devices", json.dumps(words).encode())

    def put(self, body: bytes, base: int = 1, name: str | None = None) -> httpx.Response:
        return self.ask("PUT", f"/v1/contributions/{name or uuid.uuid4()}", body, str(base))


def change(seed: int, from_version: int = 1) -> bytes:
    """A contribution drawn by the seed."""
    return contribution(seed, from_version=from_version)


def assert_says(response: httpx.Response, status: int) -> str:
    """An error with a sentence."""
    assert response.status_code == status, response.text
    words = response.json()
    assert set(words) == {"says", "why"}
    assert words["says"][0].isupper()
    assert words["says"].endswith(".")
    assert any(sign in words["says"] for sign in ";,:.")
    return str(words["why"])
