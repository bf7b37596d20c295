"""Gateways under load: ours and the prototype's, each a process pinned to a core, asked in turns.

The clients are sockets and bytes that were made before: what is measured is the server's processor
time, from /proc, for so many requests. Four lines are open at once, as with real clients behind a
proxy. Needs Linux.
"""

import hashlib
import json
import os
import secrets
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
import uuid
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.model import checkpoint
from engine.model.checkpoint import SHIPPED
from federation.formats.delta import Delta, encode, from_vector
from federation.formats.lineage import Lineage
from federation.formats.requests import DeviceKey
from federation.server import setup
from federation.server.database import of_folder
from federation.server.settings import Places

REPOSITORY = Path(__file__).resolve().parents[2]
PROTOTYPE = REPOSITORY.parent / "shared" / "prototypes" / "federation" / "mailbox"
LINES = 4
PATIENCE_S = 120.0
CONSENT = ("1", "c" * 64)
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests a second of the server's processor time, and of the clock on the wall."""

    per_core: float
    wall: float


class Gateway(Protocol):
    """What is asked of each, in this order."""

    def enrol(self, count: int) -> Rate:
        """So many new devices."""

    def upload(self) -> Rate:
        """One contribution of each that has sent none."""

    def check(self, count: int) -> Rate:
        """Whether there is a newer version: there is none."""

    def resident_mb(self) -> float:
        """Memory of the process."""

    def close(self) -> None:
        """End it."""


def why_no_prototype() -> str | None:
    """Why the prototype cannot be run beside, or None."""
    if not (PROTOTYPE / "gateway.py").is_file():
        return "the prototype is not beside this repository"
    try:
        import safetensors.numpy  # noqa: F401
    except ImportError:
        return "the prototype needs safetensors"
    return None


def lineage() -> Lineage:
    """Of the shipped prior."""
    tensors, _ = checkpoint.load(SHIPPED)
    return Lineage.of_prior(tensors, checkpoint.fingerprint(SHIPPED))


def change(of: Lineage, seed: int, from_version: int = 1) -> bytes:
    """A contribution of real size."""
    drawn = np.random.default_rng(seed).normal(size=of.size)
    vector = (drawn / np.linalg.norm(drawn)).astype(np.float32)
    return encode(Delta(of.id, from_version, 1024, from_vector(vector, of), "0.1.0"), of)


def enrolment(key: DeviceKey) -> bytes:
    """The body with which this key enrols."""
    words = {
        "public_key": key.public.hex(),
        "consent_version": CONSENT[0],
        "consent_sha256": CONSENT[1],
        "agreed": "2026-11-21",
        "app": "0.1.0",
    }
    return json.dumps(words).encode()


class _Process:
    """A server's process, and lines to it."""

    def __init__(self, folder: Path, core: int, command: list[str], port: int, trusted: Path | None,
                 **where: object) -> None:  # fmt: skip
        self.port, self._trusted = port, trusted
        with (folder / "log").open("ab") as log:
            self.process = subprocess.Popen(  # type: ignore[call-overload]
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, **where
            )
        os.sched_setaffinity(self.process.pid, {core})
        until_s = time.monotonic() + PATIENCE_S
        while True:
            try:
                with closing(self.line()):
                    break
            except OSError:
                alive = self.process.poll() is None and time.monotonic() < until_s
                if not alive:
                    raise RuntimeError((folder / "log").read_text()[-2000:]) from None
                time.sleep(0.1)

    def line(self) -> socket.socket:
        """One more connection."""
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._trusted is None:
            return plain
        return ssl.create_default_context(cafile=str(self._trusted)).wrap_socket(
            plain, server_hostname="127.0.0.1"
        )

    def asked(self, requests: list[bytes], expected: set[int]) -> Rate:
        """Send them over a few lines, each after the answer to the one before."""
        wrong: list[bytes] = []
        lines = [self.line() for _ in range(LINES)]

        def go(line: socket.socket, own: list[bytes]) -> None:
            with closing(line):
                for request in own:
                    line.sendall(request)
                    answer = _answer(line)
                    if int(answer[9:12]) not in expected:
                        wrong.append(answer[:300])
                        return

        threads = [
            threading.Thread(target=go, args=(line, requests[n::LINES]))
            for n, line in enumerate(lines)
        ]
        time.sleep(0.2)  # what the handshakes cost is over
        before_s, began_s = self._busy_s(), time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wall_s, busy_s = time.perf_counter() - began_s, self._busy_s() - before_s
        if wrong:
            raise RuntimeError(f"the gateway answered {wrong[0]!r}")
        return Rate(len(requests) / max(busy_s, 1 / _TICKS), len(requests) / wall_s)

    def resident_mb(self) -> float:
        """See `Gateway`."""
        words = Path(f"/proc/{self.process.pid}/status").read_text()
        return round(int(words.split("VmRSS:")[1].split()[0]) / 1024, 1)

    def close(self) -> None:
        """See `Gateway`."""
        self.process.kill()
        self.process.wait()

    def _busy_s(self) -> float:
        words = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(words[11]) + int(words[12])) / _TICKS


class Ours(_Process):
    """The real `antiphon serve`."""

    def __init__(self, folder: Path, core: int, *, tls: bool) -> None:
        self._lineage = lineage()
        places = Places(folder, of_folder(folder), str(folder / "blobs"))
        here = setup.opened(places, time.time)
        signer = setup.init(here, self._lineage, CONSENT, None)
        setup.publish_first(here, signer, self._lineage, 1.0)
        head = here.leases.latest(self._lineage.id)
        assert head is not None
        here.database.close()
        self._tag, self._bodies = (
            head.signature.hex()[:32],
            [change(self._lineage, n) for n in range(8)],
        )
        self._fresh: list[DeviceKey] = []
        port = _free_port()
        command = [sys.executable, "-m", "federation.server.command", "--folder", str(folder)]
        command += ["--port", str(port), "--gateway-only", "--address-rate", "1e6"]
        command += ["--device-rate", "1e6", "--enrolments-a-day", "1000000"]
        command += [] if tls else ["--plain-http"]
        if tls:
            from datetime import UTC, datetime

            from federation.server.tls import own

            own(folder / "tls", [], datetime.now(UTC))
        trusted = folder / "tls" / "cert.pem" if tls else None
        super().__init__(folder, core, command, port, trusted, cwd=REPOSITORY)

    @property
    def delta_bytes(self) -> int:
        """Of a contribution."""
        return len(self._bodies[0])

    def enrol(self, count: int) -> Rate:
        """See `Gateway`."""
        self._fresh = [DeviceKey.fresh() for _ in range(count)]
        requests = []
        for key in self._fresh:
            requests.append(_signed(key, "POST", "/v1/devices", enrolment(key)))
        return self.asked(requests, {201})

    def upload(self) -> Rate:
        """See `Gateway`."""
        requests = [
            _signed(key, "PUT", f"/v1/contributions/{uuid.uuid4()}", self._bodies[n % 8], "1")
            for n, key in enumerate(self._fresh)
        ]
        return self.asked(requests, {201})

    def check(self, count: int) -> Rate:
        """See `Gateway`."""
        path = f"/v1/model/latest?lineage={self._lineage.id}"
        return self.asked(
            [_request("GET", path, {"If-None-Match": f'"{self._tag}"'})] * count, {304}
        )


class Prototype(_Process):
    """What was tried first: no TLS, no limits, no nonces; bodies of the same shapes."""

    def __init__(self, folder: Path, core: int) -> None:
        from safetensors.numpy import save

        of = lineage()
        rng = np.random.default_rng(1)
        tensors = {
            name: rng.normal(size=shape).astype(np.float16) for name, shape in of.shapes.items()
        }
        self._body = save(tensors)
        (folder / "blobs").mkdir(parents=True)
        shutil.copy(PROTOTYPE / "gateway.py", folder / "gateway.py")
        shapes = {name: ["float16", list(tensor.shape)] for name, tensor in tensors.items()}
        (folder / "schema.json").write_text(json.dumps(shapes))
        self._sha, port = "f" * 64, _free_port()
        self._fresh: list[tuple[Ed25519PrivateKey, str]] = []
        begin = (
            "import gateway, json; gateway.db().execute('INSERT INTO model VALUES"
            f"(1,NULL,\"base\",?,0,?,1,NULL)', ('{self._sha}', json.dumps({{'version': 1}})))"
        )
        where = {"cwd": folder, "env": {**os.environ, "MAILBOX_ROOT": str(folder)}}
        subprocess.run([sys.executable, "-c", begin], check=True, **where)  # type: ignore[call-overload]
        command = [sys.executable, "-m", "uvicorn", "gateway:app", "--host", "127.0.0.1"]
        command += ["--port", str(port), "--log-level", "warning"]
        super().__init__(folder, core, command, port, None, **where)

    def enrol(self, count: int) -> Rate:
        """See `Gateway`."""
        keys = [Ed25519PrivateKey.generate() for _ in range(count)]
        publics = [key.public_key().public_bytes_raw() for key in keys]
        self._fresh = [
            (key, hashlib.sha256(public).hexdigest()[:32])
            for key, public in zip(keys, publics, strict=True)
        ]
        bodies = [
            json.dumps({"pubkey": public.hex(), "consent": "1"}).encode() for public in publics
        ]
        kind = {"Content-Type": "application/json"}
        return self.asked([_request("POST", "/v1/devices", kind, body) for body in bodies], {201})

    def upload(self) -> Rate:
        """See `Gateway`."""
        requests, sha = [], hashlib.sha256(self._body).hexdigest()
        for key, device in self._fresh:
            name, now = str(uuid.uuid4()), str(time.time())
            signature = key.sign(f"PUT {name} 1 {sha}\n{now}".encode()).hex()
            headers = {"X-Device": device, "X-Base": "1", "X-Sig": signature, "X-Ts": now}
            requests.append(_request("PUT", f"/v1/contributions/{name}", headers, self._body))
        return self.asked(requests, {200})

    def check(self, count: int) -> Rate:
        """See `Gateway`."""
        request = _request("GET", "/v1/model/latest", {"If-None-Match": self._sha})
        return self.asked([request] * count, {304})


def _signed(key: DeviceKey, method: str, path: str, body: bytes, base: str = "-") -> bytes:
    now_s, nonce = int(time.time()), secrets.token_bytes(16)
    return _request(
        method, path, key.headers(method, path, body, now_s=now_s, nonce=nonce, base=base), body
    )


def _request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}"] if body else []
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _answer(line: socket.socket) -> bytes:
    """One whole answer: all that is asked here has a Content-Length, or is a 304."""
    found = b""
    while b"\r\n\r\n" not in found:
        piece = line.recv(65536)
        if not piece:
            raise RuntimeError("the gateway closed the line")
        found += piece
    head, _, rest = found.partition(b"\r\n\r\n")
    length = 0
    for name, _, value in (row.partition(b":") for row in head.lower().split(b"\r\n")[1:]):
        if name == b"content-length" and head[9:12] != b"304":
            length = int(value)
    while len(rest) < length:
        rest += line.recv(65536)
    return head + b"\r\n\r\n" + rest


def _free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
