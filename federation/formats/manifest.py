"""What is said about a version of the shared model, and the signature that makes it believable.

A manifest is canonical JSON: names sorted, no spaces, so that one manifest is always the same
bytes. The release key (Ed25519) signs those bytes; a player's machine knows its public half and
checks the bytes as they came, before it reads a word of them.

It refuses to hold keys on disk, and to say whether a version is any good: the figures of the gate
are in it, and each player's machine tries a version on the player's own phrases.
"""

import hashlib
import math
import re
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SCHEMA = "antiphon-shared-1"
MOST_BYTES = 16 * 1024
MOST_MODEL_BYTES = 4 * 1024 * 1024

_HEX = re.compile(r"[0-9a-f]{64}")


class ManifestError(Exception):
    """This version is not to be used; the message is a sentence and a next step."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """See the module.

    parent: the version it was made from (None: the first). sha256, bytes: of the file of all B.
    created: UTC, ISO 8601. contributions: from how many devices. rule: how they were put together.
    clip: the limit C of each. noise: z, the noise on the sum in units of C; 0 is none.
    epsilon_spent: of the device that took part most often, at `delta`; None: not differentially
    private. privacy: the state of the accountant. gate: its figures by name (bits per note).
    withdrawn: clients go back to the parent. key: which release key signed (`key_id`).
    """

    version: int
    lineage: str
    sha256: str
    bytes: int
    created: str
    key: str
    parent: int | None = None
    contributions: int = 0
    rule: str = "fedavg"
    clip: float = 0.0
    noise: float = 0.0
    epsilon_spent: float | None = None
    delta: float = 1e-6
    privacy: dict[str, Any] = msgspec.field(default_factory=dict)
    gate: dict[str, float] = msgspec.field(default_factory=dict)
    withdrawn: bool = False
    schema: str = SCHEMA


def canonical(manifest: Manifest) -> bytes:
    """The bytes that are signed."""
    return msgspec.json.encode(manifest, order="sorted")


def sign(manifest: Manifest, key: Ed25519PrivateKey) -> bytes:
    """64 bytes over `canonical(manifest)`. Raises ManifestError if it names another key."""
    if manifest.key != key_id(key.public_key()):
        raise ManifestError("This manifest names another key than the one that should sign it.")
    _check(manifest)
    return key.sign(canonical(manifest))


def verify(data: bytes, signature: bytes, key: Ed25519PublicKey) -> Manifest:
    """What the manifest says, if this key signed these bytes. Raises ManifestError."""
    if len(data) > MOST_BYTES:
        raise ManifestError("What describes the new version is far too large; it was left alone.")
    try:
        key.verify(signature, data)
    except InvalidSignature as error:
        raise ManifestError(
            "The new version is not signed by Antiphon and was left alone; yours still works."
        ) from error
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ManifestError(
            "What describes the new version cannot be read; update Antiphon to use it."
        ) from error
    _check(manifest)
    return manifest


def key_id(key: Ed25519PublicKey) -> str:
    """A short name of a public key: 16 digits of its SHA-256."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def _check(manifest: Manifest) -> None:
    """That the words make sense, whoever signed them."""
    parent = manifest.parent
    figures = [
        manifest.clip,
        manifest.noise,
        manifest.epsilon_spent or 0.0,
        *manifest.gate.values(),
    ]
    good = (
        manifest.schema == SCHEMA
        and 1 <= manifest.version < 10**9
        and (parent is None or 1 <= parent < manifest.version)
        and _HEX.fullmatch(manifest.sha256)
        and _HEX.fullmatch(manifest.lineage)
        and 0 < manifest.bytes <= MOST_MODEL_BYTES
        and manifest.contributions >= 0
        and all(math.isfinite(figure) for figure in figures)
        and min(figures[:3]) >= 0.0
        and 0.0 < manifest.delta < 1.0
    )
    if not good:
        raise ManifestError(
            "What describes the new version makes no sense here; update Antiphon to use it."
        )
