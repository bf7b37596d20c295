"""The newest shared version that came from the server, as it came: words, signature, file.

Everything is checked when it comes and again whenever it is read: who signed it, its hash, its
lineage, that every number is finite. It refuses to judge whether it is any good (`adoption`).
"""

from federation.client import places
from federation.client.consent import Server
from federation.client.places import Places
from federation.client.trouble import SharingError
from federation.formats.lineage import Lineage
from federation.formats.manifest import Manifest, ManifestError, verify
from federation.formats.shared import SharedVersion

RELEASE_KEYS: tuple[str, ...] = ()
"""Public keys that came with this Antiphon, in hex; none is published yet."""

_WORDS, _SIGNATURE, _FILE = "manifest.json", "manifest.sig", "shared.safetensors"


def verified(words: bytes, signature: bytes, server: Server) -> Manifest:
    """What a manifest says, if a key that is trusted signed it. Raises SharingError."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    trusted = (server.release_key,) if server.release_key else RELEASE_KEYS
    if not trusted:
        raise SharingError(
            "It is not known who signs the versions of this server: name the key with "
            "`antiphon share server URL --key HEX`."
        )
    trouble = ""
    for word in trusted:
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(word))
            return verify(words, signature, key)
        except ValueError:
            trouble = "The key that should sign versions is not one: name it again with --key."
        except ManifestError as error:
            trouble = str(error)
    raise SharingError(trouble)


def opened(manifest: Manifest, data: bytes, lineage: Lineage) -> SharedVersion:
    """The version in the bytes. Raises SharingError."""
    try:
        return SharedVersion.opened(manifest, data, lineage)
    except ManifestError as error:
        raise SharingError(str(error)) from error


def put(where: Places, words: bytes, signature: bytes, data: bytes) -> None:
    """Keep it in the place of the one before. Raises OSError."""
    places.write(where.received / _FILE, data)
    places.write(where.received / _SIGNATURE, signature)
    places.write(where.received / _WORDS, words)  # last: until then the hash does not fit


def newest(where: Places, server: Server, lineage: Lineage) -> SharedVersion | None:
    """What was received last, if it holds every check, else None."""
    try:
        words = (where.received / _WORDS).read_bytes()
        signature = (where.received / _SIGNATURE).read_bytes()
        data = (where.received / _FILE).read_bytes()
        return opened(verified(words, signature, server), data, lineage)
    except (OSError, SharingError):
        return None
