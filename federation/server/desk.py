"""What the rooms of a gateway share: its parts, who may ask, what is remembered for a second.

It refuses to answer anything itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Path, Query, Request
from starlette.concurrency import run_in_threadpool

from federation.formats.lineage import Lineage
from federation.formats.requests import Credentials
from federation.server.blobs import Blobs
from federation.server.door import body_of
from federation.server.guard import Guard, path_of
from federation.server.intake import Intake
from federation.server.leases import Leases, Version
from federation.server.limits import Buckets, household
from federation.server.metrics import Metrics
from federation.server.remembered import Remembered
from federation.server.settings import Limits
from federation.server.store import Book, Device
from federation.server.trouble import RefusedError

FRESH_S, FRESH_LINEAGES_S = 1.0, 5.0

_HEX = "^[0-9a-f]{64}$"
Uuid = Annotated[str, Path(pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Sha = Annotated[str, Path(pattern=_HEX)]
DeviceId = Annotated[str, Path(pattern=_HEX)]
Number = Annotated[int, Path(ge=1, lt=10**9)]
OfLineage = Annotated[str | None, Query(pattern=_HEX, description="The newest, if not named.")]

BYTES: dict[str, Any] = {
    "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
}


@dataclass(frozen=True, slots=True)
class Parts:
    """What a gateway is made of. now: seconds of UTC; clock: seconds that only go forward.

    at: is told each place that an upload reaches.
    """

    book: Book
    leases: Leases
    store: Blobs
    limits: Limits
    clip: float
    now: Callable[[], float]
    clock: Callable[[], float]
    metrics: Metrics
    at: Callable[[str], object] = lambda _: None


class Desk:
    """See the module."""

    def __init__(self, parts: Parts) -> None:
        self.parts, limits = parts, parts.limits
        self.guard = Guard(parts.book, Buckets(limits.device, parts.clock), parts.now)
        self.intake = Intake(
            parts.book, parts.leases, parts.store, clip=parts.clip,
            most_stale=limits.most_stale, most_a_day=limits.most_a_day, at=parts.at,
        )  # fmt: skip
        self.lineages: Remembered[str, dict[str, tuple[Lineage, bool]]] = Remembered(
            lambda _: parts.book.lineages(), parts.clock, FRESH_LINEAGES_S
        )
        self.consent: Remembered[str, list[tuple[str, str]]] = Remembered(
            lambda _: parts.book.consents(), parts.clock, FRESH_LINEAGES_S
        )
        self.latest: Remembered[str, Version | None] = Remembered(
            parts.leases.latest, parts.clock, FRESH_S
        )

    async def lineage(self, named: str | None) -> str:
        """The id of the lineage that is named, or of the newest. Raises RefusedError."""
        found = await self.lineages.get("")
        if named is None and found:
            return next(reversed(found))
        if named is None or named not in found:
            raise RefusedError(
                404, "That model is not known here; update Antiphon to use the newest."
            )
        return named

    def household(self, request: Request) -> str:
        """What the address of a request is counted as."""
        return household(request.client.host if request.client else "")

    async def agreed(self, version: str) -> None:
        """That this is the consent text of today. Raises RefusedError."""
        known = await self.consent.get("")
        if not known or known[-1][0] != version:
            raise RefusedError(
                403, "The text about sharing has changed; read it and agree again to take part."
            )

    async def signed(
        self, request: Request, *, revoked_too: bool = False
    ) -> tuple[Credentials, Device]:
        """What a signed request without a body said, and its device. Raises RefusedError."""
        guard = self.guard
        said = guard.look(request)
        body = await body_of(request, 0)
        device = await run_in_threadpool(guard.known, said, revoked_too=revoked_too)
        guard.proven(said, request.method, path_of(request), body, device.public_key)
        guard.spend(said)
        return said, device
