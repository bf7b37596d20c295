"""How a device says who it is: an Ed25519 key, and what it signs of each request.

There is no account and no name: a device is its public key, and its id is the hash of it. Signed
is everything that matters of a request (method, path, the version it builds on, the body by its
hash, the time, a number used once), so that nobody can change, replay or redirect it. Requests
begin with a word of their own, so a signature of one can never pass for one of a manifest.

It refuses to keep keys (the client's keychain does) and to remember nonces (the server does).
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

DEVICE = "X-Antiphon-Device"
BASE = "X-Antiphon-Base"
TIME = "X-Antiphon-Time"
NONCE = "X-Antiphon-Nonce"
SIGNATURE = "X-Antiphon-Signature"
HEADERS = (DEVICE, BASE, TIME, NONCE, SIGNATURE)

NO_BASE = "-"
"""Said instead of a version by requests that build on none."""
MOST_OFF_S = 300
"""How far a device's clock may be from the server's."""
NONCE_BYTES = 16

_DEVICE_ID = re.compile(r"[0-9a-f]{64}")
_NONCE = re.compile(r"[0-9a-f]{32}")
_BASE = re.compile(r"-|0|[1-9][0-9]{0,8}")
_TIME = re.compile(r"[1-9][0-9]{0,11}")
_SIGNATURE = re.compile(r"[0-9a-f]{128}")
_LINE = re.compile(r"[!-~]{1,2048}")


class RequestError(Exception):
    """This request is not what it says it is; the message is a sentence and a next step."""


class ClockError(RequestError):
    """The request is genuine, but the device's clock and the server's disagree."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the headers of a request say, in the right form but not yet proven."""

    device: str
    base: str
    time_s: int
    nonce: str
    signature: bytes


class Enrolment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of the first request of a device, which its own key signs.

    public_key: 32 bytes in hex. consent_version, consent_sha256: of the text that was agreed to.
    agreed: UTC, ISO 8601, to the day: no more is needed. app: the version of Antiphon.
    """

    public_key: str
    consent_version: str
    consent_sha256: str
    agreed: str
    app: str = "0"


def to_sign(method: str, path: str, base: str, body: bytes, time_s: int, nonce: str) -> bytes:
    """The bytes that a device signs. path: as it is asked for, query included."""
    lines = ["antiphon-request-1", method.upper(), path, base]
    lines += [hashlib.sha256(body).hexdigest(), str(time_s), nonce]
    if not all(_LINE.fullmatch(line) for line in lines):
        raise RequestError(
            "This address has letters that cannot be signed; write them percent-encoded."
        )
    return "\n".join(lines).encode("ascii")


class DeviceKey:
    """The private key of a device."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes_raw()
        self.id = device_id(self.public)

    @classmethod
    def fresh(cls) -> "DeviceKey":
        """A new one, from the system's secure generator."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_bytes(cls, data: bytes) -> "DeviceKey":
        """The one that `as_bytes` gave. Raises ValueError."""
        return cls(Ed25519PrivateKey.from_private_bytes(data))

    def as_bytes(self) -> bytes:
        """32 bytes, to be kept secret."""
        return self._private.private_bytes_raw()

    def sign(self, data: bytes) -> bytes:
        """64 bytes."""
        return self._private.sign(data)

    def headers(
        self, method: str, path: str, body: bytes, *, now_s: int, nonce: bytes, base: str = NO_BASE
    ) -> dict[str, str]:
        """What to send with a request. now_s: UTC. nonce: 16 secure bytes, never used before."""
        number = nonce.hex()
        signature = self.sign(to_sign(method, path, base, body, now_s, number))
        values = (self.id, base, str(now_s), number, signature.hex())
        return dict(zip(HEADERS, values, strict=True))


def device_id(public: bytes) -> str:
    """The name of a device: SHA-256 of its public key, in hex."""
    return hashlib.sha256(public).hexdigest()


def credentials(headers: Mapping[str, str]) -> Credentials:
    """What the headers say (a mapping that does not mind capitals, or with lower-case names).

    Raises RequestError if one is missing or of another form.
    """
    found = [headers.get(name) or headers.get(name.lower()) or "" for name in HEADERS]
    forms = (_DEVICE_ID, _BASE, _TIME, _NONCE, _SIGNATURE)
    for name, word, form in zip(HEADERS, found, forms, strict=True):
        if not form.fullmatch(word):
            raise RequestError(
                f"The request lacks a proper {name}; update Antiphon, then send again."
            )
    device, base, time_s, nonce, signature = found
    return Credentials(device, base, int(time_s), nonce, bytes.fromhex(signature))


def check(
    said: Credentials, method: str, path: str, body: bytes, *, public: bytes, now_s: int
) -> None:
    """That the key with these 32 bytes signed this, now. Raises RequestError, ClockError."""
    signed = to_sign(method, path, said.base, body, said.time_s, said.nonce)
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(said.signature, signed)
    except (InvalidSignature, ValueError) as error:
        raise RequestError(
            "The signature does not fit the request; send it again, as it was signed."
        ) from error
    if device_id(public) != said.device:
        raise RequestError(
            "The request names another device than the one that signed it; enrol this one first."
        )
    if abs(now_s - said.time_s) > MOST_OFF_S:
        off_s = abs(now_s - said.time_s)
        raise ClockError(
            f"This device's clock is off by {off_s} seconds; set it right, then send again."
        )
