"""The release key: what makes a version believable. On the aggregator's machine, nowhere else.

Gateways serve what is signed and hold no key. It refuses to be made twice: a player's machine
knows the public half, and a new key needs a new release of Antiphon.
"""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.files import OWNER_ONLY, write_whole
from federation.formats.manifest import Manifest, canonical, key_id, sign
from federation.server.trouble import ServerError

_BYTES = 32


class Signer:
    """Signs manifests with one key."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes_raw()
        self.key = key_id(private.public_key())

    @classmethod
    def of_folder(cls, folder: Path, *, make: bool = False) -> "Signer":
        """The key of a server's folder; `make` it if there is none. Raises ServerError."""
        path = folder / "release.key"
        if not path.is_file():
            if not make:
                raise ServerError(
                    f"There is no release key in {folder}; run `antiphon serve admin init` there."
                )
            folder.mkdir(parents=True, mode=0o700, exist_ok=True)
            write_whole(path, Ed25519PrivateKey.generate().private_bytes_raw(), OWNER_ONLY)
        data = path.read_bytes()
        if len(data) != _BYTES:
            raise ServerError(f"{path} is no release key; put back the one that was there.")
        return cls(Ed25519PrivateKey.from_private_bytes(data))

    def signed(self, manifest: Manifest) -> tuple[bytes, bytes]:
        """The bytes of the manifest, and the signature over them."""
        return canonical(manifest), sign(manifest, self._private)
