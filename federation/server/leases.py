"""From contributions to versions: leased by one aggregator, published in one transaction.

An aggregator leases a batch for a while. If it dies the lease runs out and another takes the batch;
if two work at once, one publishes and the other finds the head moved; if a device is revoked in
between, its row is not leased any more and the whole batch is made again. So every contribution is
in one version or in none, and what was acknowledged is never lost.

It refuses to add up, to judge and to sign: `Made` comes from outside.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from federation.aggregate.buffer import Waiting, batch
from federation.formats.manifest import Manifest
from federation.server.database import Database
from federation.server.schema import (
    EXPIRED,
    LEASED,
    PENDING,
    PUBLISHED,
    QUARANTINED,
    USED,
    WITHDRAWN,
    contributions,
    devices,
    lineages,
    quarantine,
    versions,
)
from federation.server.trouble import ServerError

_LOOK_AT = 4
"""Rows looked at for one that is taken: the rest may be second ones of a device."""


class LostError(Exception):
    """This batch is not ours any more, or the head moved: begin again."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version as it lies in the database."""

    manifest: Manifest
    words: bytes
    signature: bytes
    status: str


@dataclass(frozen=True, slots=True)
class Leased:
    """One contribution of a batch."""

    uuid: str
    device: str
    from_version: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Lease:
    """A batch, and the version that it moves. number: what the next version will be called."""

    id: str
    lineage: str
    head: Version
    number: int
    batch: tuple[Leased, ...]
    spent: bytes | None
    moments: str | None


@dataclass(frozen=True, slots=True)
class Made:
    """What is to be written when a batch is done. words, signature: of the manifest."""

    manifest: Manifest
    words: bytes
    signature: bytes
    spent: bytes | None
    moments: str | None


class Leases:
    """See the module. now: seconds of UTC."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database, self._now = database, now

    # ------------------------------------------------------------------------------------ versions

    def latest(self, lineage: str) -> Version | None:
        """The newest version that was not withdrawn."""
        with self._database.reading() as here:
            return _head(here, lineage)

    def version(self, lineage: str, number: int) -> Version | None:
        """That version, withdrawn or not."""
        which = (versions.c.lineage == lineage, versions.c.version == number)
        with self._database.reading() as here:
            return _version(here.execute(select(versions).where(*which)).first())

    def versions(self, lineage: str | None = None) -> list[Version]:
        """All versions that were ever published, oldest first."""
        query = select(versions).order_by(versions.c.created, versions.c.version)
        if lineage is not None:
            query = query.where(versions.c.lineage == lineage)
        with self._database.reading() as here:
            found = [_version(row) for row in here.execute(query)]
        return [one for one in found if one is not None]

    def serves(self, sha256: str) -> bool:
        """Whether a version that is not withdrawn has this file."""
        which = (versions.c.sha256 == sha256, versions.c.status == PUBLISHED)
        with self._database.reading() as here:
            return here.execute(select(versions.c.version).where(*which)).first() is not None

    def begin(self, manifest: Manifest, words: bytes, signature: bytes) -> bool:
        """Publish the first version of a lineage; False if it has one."""
        try:
            with self._database.writing() as here:
                if _head(here, manifest.lineage) is not None:
                    return False
                self._insert(here, manifest, words, signature)
        except IntegrityError:
            return False
        return True

    def withdraw(self, manifest: Manifest, words: bytes, signature: bytes) -> None:
        """Put the withdrawn manifest (signed again) in place of the old one. Raises ServerError."""
        which = (versions.c.lineage == manifest.lineage, versions.c.version == manifest.version)
        with self._database.writing() as here:
            self._lock(here, manifest.lineage)
            head = _head(here, manifest.lineage)
            left = here.scalar(
                select(func.count()).where(
                    versions.c.lineage == manifest.lineage, versions.c.status == PUBLISHED
                )
            )
            if head is not None and left == 1 and head.manifest.version == manifest.version:
                raise ServerError(
                    "The only version of a lineage cannot be withdrawn; close the lineage instead."
                )
            here.execute(
                update(versions)
                .where(*which)
                .values(status=WITHDRAWN, manifest=words, signature=signature)
            )

    # -------------------------------------------------------------------------------------- leases

    def take(self, lineage: str, *, least: int, most: int, seconds: float) -> Lease | None:
        """A batch of at least so many devices for so long, or None. Raises AwayError alone."""
        now_s, lease = int(self._now()), secrets.token_hex(16)
        free = or_(
            contributions.c.status == PENDING,
            and_(contributions.c.status == LEASED, contributions.c.lease_until < now_s),
        )
        query = (
            select(contributions)
            .join(devices, devices.c.id == contributions.c.device)
            .where(contributions.c.lineage == lineage, free, devices.c.revoked.is_(None))
            .order_by(contributions.c.number)
            .limit(most * _LOOK_AT)
            .with_for_update(of=contributions, skip_locked=True)
        )
        with self._database.writing() as here:
            account = here.execute(select(lineages).where(lineages.c.id == lineage)).first()
            head = _head(here, lineage)
            if account is None or head is None:
                return None
            rows = {row.uuid: row for row in here.execute(query)}
            good = self._published(here, lineage)
            waiting = [
                Waiting(row.uuid, row.device, row.from_version, row.number, row.notes)
                for row in rows.values()
                if row.from_version in good
            ]
            found = batch(waiting, head.manifest.version, least=least, most=most)
            stale = [one.uuid for one in found.too_old]
            stale += [uuid for uuid, row in rows.items() if row.from_version not in good]
            self._set(here, stale, status=EXPIRED, lease=None, lease_until=None)
            chosen = [one.uuid for one in found.chosen]
            until = now_s + int(seconds)
            self._set(here, chosen, status=LEASED, lease=lease, lease_until=until)
            number = 1 + (
                here.scalar(
                    select(func.max(versions.c.version)).where(versions.c.lineage == lineage)
                )
                or 0
            )
        if not chosen:
            return None
        leased = tuple(
            Leased(row.uuid, row.device, row.from_version, row.sha256)
            for row in (rows[uuid] for uuid in chosen)
        )
        return Lease(lease, lineage, head, number, leased, account.spent, account.moments)

    def extend(self, lease: Lease, seconds: float) -> None:
        """Work goes on: nobody else is to take the batch for so long."""
        with self._database.writing() as here:
            here.execute(
                update(contributions)
                .where(contributions.c.lease == lease.id, contributions.c.status == LEASED)
                .values(lease_until=int(self._now() + seconds))
            )

    def give_back(self, lease: Lease) -> None:
        """The batch waits again."""
        with self._database.writing() as here:
            here.execute(
                update(contributions)
                .where(contributions.c.lease == lease.id, contributions.c.status == LEASED)
                .values(status=PENDING, lease=None, lease_until=None)
            )

    def expire(self, lease: Lease, uuids: list[str]) -> None:
        """These of the batch cannot be used, and never will."""
        with self._database.writing() as here:
            self._set(here, uuids, status=EXPIRED, lease=None, lease_until=None)

    def publish(self, lease: Lease, made: Made) -> None:
        """The version is there, its contributions are used, the account is kept: all or nothing.

        Raises LostError, and then nothing has changed.
        """
        try:
            with self._database.writing() as here:
                self._still_ours(here, lease)
                self._insert(here, made.manifest, made.words, made.signature)
                number = made.manifest.version
                self._end(here, lease, made.spent, made.moments, status=USED, used_in=number)
        except IntegrityError as error:
            raise LostError("another aggregator published this version") from error

    def keep_back(
        self, lease: Lease, sha256: str, figures: dict[str, Any], reason: str, spent: bytes | None
    ) -> None:
        """The batch made something worse: it is written down and not served. Raises LostError."""
        row = {
            "lineage": lease.lineage,
            "parent": lease.head.manifest.version,
            "sha256": sha256,
            "figures": msgspec.json.encode(figures),
            "reason": reason,
            "contributions": len(lease.batch),
            "created": int(self._now()),
        }
        with self._database.writing() as here:
            self._still_ours(here, lease)
            here.execute(insert(quarantine).values(**row))
            self._end(here, lease, spent, lease.moments, status=QUARANTINED)

    def kept_back(self) -> list[dict[str, Any]]:
        """What the gate kept back, oldest first."""
        with self._database.reading() as here:
            rows = here.execute(select(quarantine).order_by(quarantine.c.number)).all()
        return [{**row._mapping, "figures": msgspec.json.decode(row.figures)} for row in rows]

    def counts(self) -> dict[str, dict[str, int]]:
        """How many contributions there are, by lineage and status."""
        columns = (contributions.c.lineage, contributions.c.status)
        found: dict[str, dict[str, int]] = {}
        with self._database.reading() as here:
            for row in here.execute(select(*columns, func.count().label("n")).group_by(*columns)):
                found.setdefault(row.lineage, {})[row.status] = row.n
        return found

    # --------------------------------------------------------------------------------------- parts

    def _lock(self, here: Connection, lineage: str) -> None:
        """Whoever publishes or withdraws in this lineage waits here for the other."""
        here.execute(select(lineages.c.id).where(lineages.c.id == lineage).with_for_update())

    def _still_ours(self, here: Connection, lease: Lease) -> None:
        self._lock(here, lease.lineage)
        head = _head(here, lease.lineage)
        if head is None or head.manifest.version != lease.head.manifest.version:
            raise LostError("the head moved")
        spent = here.scalar(select(lineages.c.spent).where(lineages.c.id == lease.lineage))
        if spent != lease.spent:  # a version that was kept back has spent, too
            raise LostError("the account of privacy moved")
        mine = (contributions.c.lease == lease.id, contributions.c.status == LEASED)
        rows = here.execute(select(contributions.c.uuid).where(*mine).with_for_update()).all()
        if {row.uuid for row in rows} != {one.uuid for one in lease.batch}:
            raise LostError("the lease ran out, or a device was revoked")

    def _end(
        self, here: Connection, lease: Lease, spent: bytes | None, moments: str | None, **now: Any
    ) -> None:
        mine = (contributions.c.lease == lease.id, contributions.c.status == LEASED)
        here.execute(update(contributions).where(*mine).values(lease=None, lease_until=None, **now))
        account = update(lineages).where(lineages.c.id == lease.lineage)
        here.execute(account.values(spent=spent, moments=moments))

    def _insert(self, here: Connection, manifest: Manifest, words: bytes, signature: bytes) -> None:
        here.execute(
            insert(versions).values(
                lineage=manifest.lineage,
                version=manifest.version,
                sha256=manifest.sha256,
                manifest=words,
                signature=signature,
                created=int(self._now()),
                status=PUBLISHED,
            )
        )

    def _published(self, here: Connection, lineage: str) -> set[int]:
        which = (versions.c.lineage == lineage, versions.c.status == PUBLISHED)
        return set(here.scalars(select(versions.c.version).where(*which)))

    def _set(self, here: Connection, uuids: list[str], **values: Any) -> None:
        if uuids:
            which = contributions.c.uuid.in_(uuids)
            here.execute(update(contributions).where(which).values(**values))


def _head(here: Connection, lineage: str) -> Version | None:
    query = (
        select(versions)
        .where(versions.c.lineage == lineage, versions.c.status == PUBLISHED)
        .order_by(versions.c.version.desc())
        .limit(1)
    )
    return _version(here.execute(query).first())


def _version(row: Any) -> Version | None:
    if row is None:
        return None
    manifest = msgspec.json.decode(row.manifest, type=Manifest)
    return Version(manifest, row.manifest, row.signature, row.status)
