"""The way to the server: one question, one answer, over TLS that is always checked.

A server that is away, slow or busy is asked a few times, a little later each time, and then left
alone (`schedule.back_off` says for how long). Answers are read up to a limit and never unpacked.
Nothing is read from the environment: no proxy, no netrc, no other certificates. It refuses plain
HTTP, redirects, and to know what the bytes mean.
"""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import msgspec

from federation.client.consent import ConsentRecord, Server
from federation.client.trouble import SharingError
from federation.formats.manifest import MOST_BYTES, MOST_MODEL_BYTES
from federation.formats.requests import NO_BASE, NONCE_BYTES

if TYPE_CHECKING:
    from federation.formats.requests import DeviceKey

SIGNED_MANIFEST = "X-Antiphon-Manifest-Signature"
TRIES = 3
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 20.0
CONNECT_S, ANSWER_S = 10.0, 60.0
_MOST_WORDS = 256 * 1024
_AWAY = frozenset({408, 425, 429, 500, 502, 503, 504})
AGENT = "Antiphon"
_AWAY_SAYS = (
    "The server cannot be reached, and is tried again later: are you online, and is its address "
    "right?"
)

Chance = Callable[[int], bytes]


class AwayError(SharingError):
    """The server cannot be reached or cannot do it just now; it may be tried again."""


class RefusedError(SharingError):
    """The server said no. status: of HTTP; why: its one word for it."""

    def __init__(self, says: str, status: int, why: str) -> None:
        super().__init__(says)
        self.status, self.why = status, why


class State(msgspec.Struct, frozen=True):
    """What became of a contribution."""

    status: str
    used_in: int | None = None
    with_others: int | None = None


class _Says(msgspec.Struct, frozen=True):
    says: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: httpx.Headers
    body: bytes


class Mailbox:
    """See the module. To be closed. now_s: UTC; sleep: waits seconds; chance: secure bytes.

    version: of Antiphon, told when the device enrols.
    """

    def __init__(
        self,
        server: Server,
        *,
        now_s: Callable[[], int],
        chance: Chance,
        sleep: Callable[[float], None],
        version: str = "0",
    ) -> None:
        """Raises SharingError for an address or a file of certificates that will not do."""
        if not server.url.startswith("https://"):
            raise SharingError("The server's address must begin with https://.")
        try:
            trusted = ssl.create_default_context(cafile=server.ca or None)
        except (OSError, ssl.SSLError) as error:
            raise SharingError(
                f"The certificates in {server.ca} cannot be read: name another file."
            ) from error
        self._now_s, self._chance, self._sleep, self._version = now_s, chance, sleep, version
        self._client = httpx.Client(
            base_url=server.url,
            verify=trusted,
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(ANSWER_S, connect=CONNECT_S),
            headers={"User-Agent": AGENT, "Accept-Encoding": "identity"},
        )

    def close(self) -> None:
        """Let go of the line."""
        self._client.close()

    # ----------------------------------------------------------------------------------- receiving

    def manifest(self, lineage: str, version: int | None = None) -> tuple[bytes, bytes] | None:
        """(the words, their signature) of a version, None: the newest; None where there is none."""
        which = "latest" if version is None else str(version)
        try:
            answer = self._ask("GET", f"/v1/model/{which}?lineage={lineage}", most=MOST_BYTES)
        except RefusedError as error:
            if error.status == 404:
                return None
            raise
        try:
            return answer.body, bytes.fromhex(answer.headers.get(SIGNED_MANIFEST, ""))
        except ValueError:
            return answer.body, b""

    def blob(self, sha256: str) -> bytes:
        """The file of a version."""
        return self._ask("GET", f"/v1/blobs/{sha256}", most=MOST_MODEL_BYTES).body

    # -------------------------------------------------------------------------------------- giving

    def enrol(self, key: "DeviceKey", record: ConsentRecord) -> None:
        """Tell the server this device's key, and which text was agreed to."""
        from federation.formats.requests import Enrolment

        one = Enrolment(
            public_key=key.public.hex(),
            consent_version=record.text_version,
            consent_sha256=record.text_sha256,
            agreed=record.agreed,
            app=self._version,
        )
        self._ask("POST", "/v1/devices", msgspec.json.encode(one), key=key)

    def put(self, key: "DeviceKey", uuid: str, version: int, data: bytes) -> State:
        """A contribution that starts from this version; again is as if once."""
        base = str(version)
        answer = self._ask("PUT", f"/v1/contributions/{uuid}", data, key=key, base=base)
        return _read(answer.body, State)

    def state(self, key: "DeviceKey", uuid: str) -> State:
        """What became of it."""
        return _read(self._ask("GET", f"/v1/contributions/{uuid}", key=key).body, State)

    def withdraw(self, key: "DeviceKey", uuid: str) -> State:
        """Take back what still waits."""
        return _read(self._ask("DELETE", f"/v1/contributions/{uuid}", key=key).body, State)

    def forget(self, key: "DeviceKey") -> None:
        """The device is gone; one that the server never knew is gone, too."""
        try:
            self._ask("DELETE", f"/v1/devices/{key.id}", key=key)
        except RefusedError as error:
            if error.why not in {"unknown", "revoked"} and error.status != 404:
                raise

    # -------------------------------------------------------------------------------------- inside

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        key: "DeviceKey | None" = None,
        base: str = NO_BASE,
        most: int = _MOST_WORDS,
    ) -> _Answer:
        """Raises AwayError, RefusedError."""
        wait_s = FIRST_WAIT_S
        for left in reversed(range(TRIES)):
            # Signed anew at every try: a number that was used once is not taken again.
            answer, why = self._once(method, path, body, key, base, most)
            if answer is not None and answer.status not in _AWAY:
                break
            asked_s = _retry_after(answer)
            if not left or asked_s > LONGEST_WAIT_S:
                raise AwayError(why or _sentence(answer, "The server is busy; it is tried later."))
            share = int.from_bytes(self._chance(2), "big") / 2**16
            self._sleep(max(asked_s, wait_s * (0.5 + share)))
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)
        assert answer is not None
        if answer.status >= 300:
            says = _sentence(answer, f"The server answered with {answer.status}; update Antiphon.")
            raise RefusedError(says, answer.status, _said(answer).why)
        return answer

    def _once(
        self, method: str, path: str, body: bytes, key: "DeviceKey | None", base: str, most: int
    ) -> tuple[_Answer | None, str]:
        headers: dict[str, str] = {}
        if key is not None:
            signed = {"now_s": self._now_s(), "nonce": self._chance(NONCE_BYTES), "base": base}
            headers = key.headers(method, path, body, **signed)  # type: ignore[arg-type]
        if body:
            headers["Content-Type"] = (
                "application/json" if method == "POST" else "application/octet-stream"
            )
        try:
            with self._client.stream(method, path, content=body or None, headers=headers) as got:
                found, parts = 0, []
                for part in got.iter_raw():
                    found += len(part)
                    if found > most:
                        return None, "The server's answer is far too large; it was left alone."
                    parts.append(part)
                return _Answer(got.status_code, got.headers, b"".join(parts)), ""
        except httpx.HTTPError as error:
            if "CERTIFICATE_VERIFY" in str(error):
                raise RefusedError(
                    "The server cannot show that it is the one it says it is, so nothing was sent: "
                    "check its address and the file of certificates.", 0, "certificate",
                ) from error  # fmt: skip
            return None, _AWAY_SAYS
        except (OSError, httpx.InvalidURL) as error:
            return None, f"{_AWAY_SAYS} ({error})"


def _said(answer: _Answer | None) -> _Says:
    try:
        return msgspec.json.decode(answer.body if answer else b"", type=_Says)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Says()


def _sentence(answer: _Answer | None, otherwise: str) -> str:
    """The server's own words, as far as they can stand in a sentence."""
    says = "".join(char for char in _said(answer).says if char.isprintable())[:300]
    return says or otherwise


def _retry_after(answer: _Answer | None) -> float:
    word = answer.headers.get("Retry-After", "") if answer is not None else ""
    return float(word) if word.isascii() and word.isdigit() and len(word) < 7 else 0.0


def _read(body: bytes, kind: type[State]) -> State:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise AwayError("The server's answer cannot be read; it is tried again later.") from error
