"""What was approved and not yet taken by the server: at most three files, each with its word.

The file is laid down first and its word second, so that a word always has its file; what a kill
left without one is removed. A file that is newer takes the place of the oldest. It stays until the
server says that it has it, and the same name is sent again: nothing is lost or counted twice.

It refuses to take anything without the hash that was approved, and to send.
"""

import hashlib
import re
from collections.abc import Callable

import msgspec

from federation.client import places
from federation.client.places import Places
from federation.client.trouble import SharingError

MOST = 3
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """A contribution on its way. id: UUID, the same at every attempt. sha256: that was approved.

    lineage, version: what it starts from. not_before: ISO 8601, "" for at once. The figures are
    those of the preview, for the log.
    """

    id: str
    sha256: str
    lineage: str
    version: int
    approved: str
    not_before: str = ""
    bytes: int = 0
    clip: float = 0.0
    sigma: float = 0.0
    norm_before: float = 0.0
    norm: float = 0.0


class Outbox:
    """The parcels in a folder, which need not exist."""

    def __init__(self, where: Places) -> None:
        self._folder = where.outbox

    def put(self, data: bytes, parcel: Parcel) -> None:
        """Lay one down; the oldest ones over three go. Raises SharingError, OSError."""
        if hashlib.sha256(data).hexdigest() != parcel.sha256:
            raise SharingError("This is not what was approved: look at the preview again.")
        places.write(self._folder / f"{parcel.id}.bin", data)
        places.keep(self._folder / f"{parcel.id}.json", parcel)
        for old in self.parcels()[:-MOST]:
            self.remove(old.id)
        self._mend()

    def parcels(self) -> list[Parcel]:
        """Those that are whole, the oldest first."""
        if not self._folder.is_dir():
            return []
        found = [(path, places.read(path, Parcel)) for path in self._folder.glob("*.json")]
        whole = [
            parcel
            for path, parcel in found
            if parcel is not None
            and parcel.id == path.stem
            and _ID.fullmatch(parcel.id)
            and self._data(parcel) is not None
        ]
        return sorted(whole, key=lambda parcel: (parcel.approved, parcel.id))

    def _mend(self) -> None:
        """Remove what a kill left half done."""
        whole = {parcel.id for parcel in self.parcels()}
        for path in list(self._folder.iterdir()):
            if path.stem not in whole:
                places.remove(path)

    def data(self, parcel: Parcel) -> bytes:
        """The bytes that were approved, and no others. Raises SharingError."""
        data = self._data(parcel)
        if data is None:
            raise SharingError("What was approved is no longer there: make a new preview.")
        return data

    def remove(self, id_: str) -> None:
        """The word first: without it the file is nothing. Raises OSError."""
        places.remove(self._folder / f"{id_}.json")
        places.remove(self._folder / f"{id_}.bin")

    def clear(self) -> None:
        """All of them go. Raises OSError."""
        places.remove_all(self._folder)

    def _data(self, parcel: Parcel) -> bytes | None:
        try:
            data = (self._folder / f"{parcel.id}.bin").read_bytes()
        except OSError:
            return None
        return data if hashlib.sha256(data).hexdigest() == parcel.sha256 else None


Chance = Callable[[int], bytes]
"""So many secure bytes; tests hand in others (`federation.formats.chance.Bytes`)."""


def fresh_id(chance: Chance) -> str:
    """A random UUID (version 4)."""
    import uuid

    return str(uuid.UUID(bytes=chance(16), version=4))
