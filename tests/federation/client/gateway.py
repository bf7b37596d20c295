"""A small server of the same paths over TLS, for the client's tests: in memory, in a thread.

`trouble` breaks it in the ways a real one breaks: away, slow to say yes, a lost answer.
"""

import hashlib
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from federation.client.consent import TEXT, Server
from federation.formats.delta import DeltaError, decode
from federation.formats.lineage import Lineage
from federation.formats.manifest import Manifest, canonical, key_id, sign
from federation.formats.requests import check, credentials
from federation.formats.shared import packed

SIGNED = "X-Antiphon-Manifest-Signature"


class Gateway:
    """What it holds. versions: (words, signature, file) by number; sent: bodies by uuid."""

    def __init__(self, lineage: Lineage) -> None:
        self.lineage = lineage
        self.release = Ed25519PrivateKey.generate()
        self.versions: dict[int, tuple[bytes, bytes, bytes]] = {}
        self.devices: dict[str, bytes] = {}
        self.sent: dict[str, tuple[str, bytes]] = {}
        self.asked: list[tuple[str, str]] = []
        self.headers: list[Mapping[str, str]] = []
        self.trouble: list[int] = []
        """Statuses to answer with first; 0 takes the request and loses the answer."""
        self.now_s = lambda: int(datetime.now(UTC).timestamp())
        self.server = Server("https://localhost:1")

    @property
    def key(self) -> str:
        return self.release.public_key().public_bytes_raw().hex()

    def publish(
        self, tensors: Mapping[str, np.ndarray], *, number: int | None = None, **facts: Any
    ) -> Manifest:
        number = number or max(self.versions, default=0) + 1
        data = packed(tensors, self.lineage)
        manifest = Manifest(
            version=number,
            lineage=self.lineage.id,
            sha256=hashlib.sha256(data).hexdigest(),
            bytes=len(data),
            created="2026-01-01T00:00:00Z",
            key=key_id(self.release.public_key()),
            parent=number - 1 or None,
            **{"clip": 1.4, **facts},
        )
        self.versions[number] = (canonical(manifest), sign(manifest, self.release), data)
        return manifest

    # ------------------------------------------------------------------------------- answering

    def answer(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes, dict[str, str]]:
        self.asked.append((method, path))
        self.headers.append(dict(headers))
        plain = path.partition("?")[0].split("/")[2:]
        if method == "GET" and plain[0] == "model":
            return self._model(plain[1])
        if method == "GET" and plain[0] == "blobs":
            found = [f for _, _, f in self.versions.values() if _sha(f) == plain[1]]
            return (200, found[0], {}) if found else _no(404, "unknown")
        return self._signed(method, path, plain, headers, body)

    def _model(self, which: str) -> tuple[int, bytes, dict[str, str]]:
        number = max(self.versions, default=0) if which == "latest" else int(which)
        if number not in self.versions:
            return _no(404, "unknown")
        words, signature, _ = self.versions[number]
        return 200, words, {SIGNED: signature.hex()}

    def _signed(
        self, method: str, path: str, plain: list[str], headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes, dict[str, str]]:
        said = credentials(headers)
        if abs(said.time_s - self.now_s()) > 300:
            return _no(401, "clock")
        if method == "POST":
            one = msgspec.json.decode(body)
            if one["consent_sha256"] != TEXT.sha256:
                return _no(403, "consent")
            public = bytes.fromhex(one["public_key"])
            check(said, method, path, body, public=public, now_s=self.now_s())
            self.devices[said.device] = public
            return 201, msgspec.json.encode({"device": said.device}), {}
        if said.device not in self.devices:
            return _no(401, "unknown")
        public = self.devices[said.device]
        check(said, method, path, body, public=public, now_s=self.now_s())
        if method == "PUT":
            return self._put(plain[1], said.device, body)
        if method == "DELETE" and plain[0] == "devices":
            del self.devices[said.device]
            return 200, msgspec.json.encode({"withdrawn": 0, "says": "gone"}), {}
        if plain[1] not in self.sent:
            return _no(404, "unknown")
        return 200, _state(plain[1], "pending"), {}

    def _put(self, uuid: str, device: str, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        if uuid in self.sent:
            same = self.sent[uuid] == (device, body)
            return (200, _state(uuid, "pending"), {}) if same else _no(409, "conflict")
        try:
            decode(body, self.lineage)
        except DeltaError as error:
            return 422, msgspec.json.encode({"says": str(error), "why": "content"}), {}
        self.sent[uuid] = (device, body)
        return 201, _state(uuid, "pending"), {}


@contextmanager
def serving(gateway: Gateway, folder: Path) -> Iterator[Gateway]:
    """On a free port of this machine, with a certificate of its own."""
    from federation.server.tls import own

    made = own(folder / "tls", ["localhost"], datetime.now(UTC))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            broken = gateway.trouble.pop(0) if gateway.trouble else None
            if broken:
                gateway.asked.append((self.command, self.path))
                status, words, more = _no(broken, "away")
            else:
                headers = dict(self.headers.items())
                status, words, more = gateway.answer(self.command, self.path, headers, body)
            if broken == 0:  # taken, but the answer is lost
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(words)))
            self.end_headers()
            self.wfile.write(words)

        do_GET = do_PUT = do_POST = do_DELETE = _serve  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    web.daemon_threads = False
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.certificate, made.key)
    web.socket = context.wrap_socket(web.socket, server_side=True)
    thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    url = f"https://localhost:{web.server_port}"
    gateway.server = Server(url, str(made.certificate), gateway.key)
    try:
        yield gateway
    finally:
        web.shutdown()
        thread.join()
        web.server_close()


def _state(uuid: str, status: str) -> bytes:
    return msgspec.json.encode(
        {"uuid": uuid, "status": status, "used_in": None, "with_others": None}
    )


def _no(status: int, why: str) -> tuple[int, bytes, dict[str, str]]:
    return status, msgspec.json.encode({"says": f"No ({why}); try again.", "why": why}), {}


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
