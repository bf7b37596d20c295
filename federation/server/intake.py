"""What a device sends, looked at and kept: nothing is stored before every check was passed.

The order is what makes it safe to die anywhere: checks, then the blob on disk, then the row that
names it, then the answer. A blob without a row is swept away later; a row always has its blob.

It refuses to clip: what comes in is kept as it came, and is clipped again where it is used.
"""

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from types import EllipsisType, MappingProxyType

from federation.formats.delta import DeltaError, as_vector, decode, norm
from federation.formats.lineage import Lineage
from federation.formats.requests import NO_BASE, Credentials
from federation.formats.tensorfile import MOST_HEADER_BYTES
from federation.server import blobs
from federation.server.blobs import Blobs
from federation.server.leases import Leases, Version
from federation.server.schema import LEASED, PENDING, PUBLISHED
from federation.server.store import Arrival, Book, Sent
from federation.server.trouble import RefusedError

NO_HEADS: Mapping[str, Version | None] = MappingProxyType({})
LONGEST = 100.0
"""How long a change may be, in units of C: more is no training, whatever made it."""


class Intake:
    """See the module."""

    def __init__(
        self,
        book: Book,
        leases: Leases,
        store: Blobs,
        *,
        clip: float,
        most_stale: int,
        most_a_day: int,
        at: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._at = at
        self._book, self._leases, self._store = book, leases, store
        self._clip, self._most_stale, self._most_a_day = clip, most_stale, most_a_day

    def take_in(
        self,
        uuid: str,
        body: bytes,
        said: Credentials,
        lineages: dict[str, tuple[Lineage, bool]],
        *,
        known: Sent | EllipsisType | None = ...,
        heads: Mapping[str, Version | None] = NO_HEADS,
    ) -> tuple[Sent, bool]:
        """The contribution as it stands, and whether it is new.

        known: what was there a moment ago, asked anew where it is not told; so are heads: the
        newest versions. What matters of both is looked at again when the row is written.
        Raises RefusedError, AwayError, OSError.
        """
        sha256 = hashlib.sha256(body).hexdigest()
        if known is ...:
            known = self._book.sent(uuid)
        if known is not None:
            if (known.sha256, known.device) != (sha256, said.device):
                raise RefusedError(
                    409,
                    "Something else was sent under this id already; send it under one of its own.",
                )
            arrival = Arrival(
                uuid, said.device, known.lineage, known.from_version, 0, sha256, len(body), 0.0
            )
            return self._book.keep(arrival, nonce=said.nonce, most_a_day=self._most_a_day)
        lineage = _lineage_of(body, lineages)
        try:
            delta = decode(body, lineage)
        except DeltaError as error:
            raise RefusedError(422, str(error)) from error
        length = norm(as_vector(delta.tensors))
        if not math.isfinite(length) or length > LONGEST * self._clip:
            raise RefusedError(422, "This change is far too large to be learnt; train again.")
        if said.base == NO_BASE or int(said.base) != delta.from_version:
            raise RefusedError(
                422, "The request names another version than the file; send it again."
            )
        self._check_version(lineage.id, delta.from_version, heads.get(lineage.id))
        arrival = Arrival(
            uuid,
            said.device,
            lineage.id,
            delta.from_version,
            delta.notes,
            sha256,
            len(body),
            length,
        )
        name = blobs.delta(uuid, sha256)
        self._at("checked")
        self._store.put(name, body)
        self._at("blob")
        try:
            kept = self._book.keep(arrival, nonce=said.nonce, most_a_day=self._most_a_day)
        except RefusedError:
            now = self._book.sent(uuid)
            if now is None or now.sha256 != sha256 or now.status not in {PENDING, LEASED}:
                self._store.delete(name)
            raise
        self._at("kept")
        return kept

    def forget(self, gone: list[Sent]) -> None:
        """The blobs of contributions that were taken back; what fails here is swept later."""
        for one in gone:
            self._store.delete(blobs.delta(one.uuid, one.sha256))

    def _check_version(self, lineage: str, from_version: int, head: Version | None) -> None:
        head = head or self._leases.latest(lineage)
        if head is not None and head.manifest.version == from_version:
            return
        newest = 0 if head is None else head.manifest.version
        found = self._leases.version(lineage, from_version)
        if found is None:
            raise RefusedError(
                404, f"There is no version {from_version} here; fetch the newest and train again."
            )
        if found.status != PUBLISHED:
            raise RefusedError(
                410, f"Version {from_version} was withdrawn; fetch the newest and train again."
            )
        if newest - from_version > self._most_stale:
            raise RefusedError(
                410,
                f"Version {from_version} is too old, the newest is {newest}; "
                "fetch it and train again.",
            )


def _lineage_of(body: bytes, lineages: dict[str, tuple[Lineage, bool]]) -> Lineage:
    """The lineage that the file names; if it names none, any: `decode` refuses it."""
    named = _named(body)
    if named is None:
        if not lineages:
            raise RefusedError(404, "There is no lineage here yet; try again later.")
        return lineages[next(reversed(lineages))][0]
    if named not in lineages:
        raise RefusedError(
            404, "This contribution belongs to a model that is not known here; update Antiphon."
        )
    lineage, is_open = lineages[named]
    if not is_open:
        raise RefusedError(410, "This model takes no contributions any more; update Antiphon.")
    return lineage


def _named(body: bytes) -> str | None:
    length = int.from_bytes(body[:8], "little")
    if length > MOST_HEADER_BYTES:
        return None
    try:
        words = json.loads(body[8 : 8 + length])["__metadata__"]["lineage"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return words if isinstance(words, str) else None
