"""The mailbox's book: lineages, consent texts, devices, and what they sent.

Each method is one transaction. A request's nonce is used up in the transaction that carries it out,
so a request happens once or not at all, whatever dies in between. What makes versions of it is
`federation.server.leases`.

It refuses to check signatures (`guard`), to read what was sent, and to write an address.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from federation.formats.lineage import Lineage
from federation.formats.requests import MOST_OFF_S
from federation.server import quotas
from federation.server.database import Database
from federation.server.forgetting import forget_ended
from federation.server.schema import (
    LEASED,
    PENDING,
    QUARANTINED,
    USED,
    WITHDRAWN,
    consents,
    contributions,
    devices,
    lineages,
    nonces,
)
from federation.server.trouble import RefusedError, ServerError

_NONCES_KEPT_S = 4 * MOST_OFF_S
_FORGETS_EVERY_S = 3600

# What every upload asks: made once, because making a statement costs more than SQLite's answer.
_DEVICE = select(devices).where(devices.c.id == bindparam("device"))
_ALIVE = select(devices.c.revoked).where(devices.c.id == bindparam("device"))
_ALIVE = _ALIVE.with_for_update(read=True)
_SENT = select(contributions).where(contributions.c.uuid == bindparam("uuid"))
_KEEP, _NONCE = insert(contributions), insert(nonces)


class Device(msgspec.Struct, frozen=True):
    """A device that enrolled. consent: the version of the text that it agreed to."""

    id: str
    public_key: bytes
    consent: str
    revoked: bool


class Sent(msgspec.Struct, frozen=True):
    """A contribution as it is known here. with_others: how many more are in the same version."""

    uuid: str
    device: str
    lineage: str
    from_version: int
    sha256: str
    status: str
    used_in: int | None = None
    with_others: int | None = None


class Arrival(msgspec.Struct, frozen=True):
    """A contribution that passed every check and whose blob is on disk."""

    uuid: str
    device: str
    lineage: str
    from_version: int
    notes: int
    sha256: str
    bytes: int
    norm: float


class Book:
    """See the module. now: seconds of UTC. All raise AwayError; callers get RefusedError."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self.database, self._now = database, now
        self._forgot_s = -_FORGETS_EVERY_S

    # ------------------------------------------------------------------------- consent and lineages

    def add_consent(self, version: str, sha256: str) -> None:
        """From now on this is the text of today; older ones are still known. Raises ServerError."""
        with self.database.writing() as here:
            known = here.execute(select(consents).where(consents.c.version == version)).first()
            if known is not None and known.sha256 != sha256:
                raise ServerError(
                    f"Version {version} of the consent text has another hash already; give the "
                    "changed text a new version."
                )
            if known is None:
                here.execute(
                    insert(consents).values(version=version, sha256=sha256, added=self._time_s())
                )

    def consents(self) -> list[tuple[str, str]]:
        """(version, SHA-256) of every text, that of today last."""
        with self.database.reading() as here:
            order = (consents.c.added, consents.c.version)
            return [
                (row.version, row.sha256) for row in here.execute(select(consents).order_by(*order))
            ]

    def open_lineage(self, lineage: Lineage) -> None:
        """Another prior begins; those before it stay as they are."""
        words = msgspec.json.encode(lineage)
        with self.database.writing() as here:
            if here.execute(select(lineages.c.id).where(lineages.c.id == lineage.id)).first():
                return
            number = (here.scalar(select(func.max(lineages.c.number))) or 0) + 1
            row = {"id": lineage.id, "number": number, "words": words, "opened": self._time_s()}
            here.execute(insert(lineages).values(**row))

    def close_lineage(self, lineage: str) -> None:
        """No contribution comes in any more; its versions are still served. Raises ServerError."""
        with self.database.writing() as here:
            done = here.execute(
                update(lineages).where(lineages.c.id == lineage).values(closed=self._time_s())
            )
            if not done.rowcount:
                raise ServerError(
                    "There is no such lineage; `antiphon serve admin lineages` lists them."
                )

    def lineages(self) -> dict[str, tuple[Lineage, bool]]:
        """By id, the newest last; and whether it takes contributions."""
        with self.database.reading() as here:
            rows = here.execute(select(lineages).order_by(lineages.c.number)).all()
        return {
            row.id: (msgspec.json.decode(row.words, type=Lineage), row.closed is None)
            for row in rows
        }

    # ------------------------------------------------------------------------------------- devices

    def enrol(
        self, device: str, public: bytes, consent: str, agreed: str, app: str, *, nonce: str
    ) -> bool:
        """Whether it was new. The same key again only renews its consent."""
        words = {"consent": consent, "agreed": agreed, "app": app}
        with self._once(device, nonce) as here:
            known = here.execute(select(devices).where(devices.c.id == device)).first()
            if known is not None and known.revoked is not None:
                raise RefusedError(
                    403, "This device was revoked; switch sharing on anew to get a new key."
                )
            if known is not None:
                here.execute(update(devices).where(devices.c.id == device).values(**words))
                return False
            row = {"id": device, "public_key": public.hex(), "enrolled": self._time_s(), **words}
            here.execute(insert(devices).values(**row))
            return True

    def device(self, device: str) -> Device | None:
        """As it enrolled, or None."""
        with self.database.reading() as here:
            return _device(here, device)

    def device_and_sent(self, device: str, uuid: str) -> tuple[Device | None, Sent | None]:
        """Both of one moment: what an upload has to know first."""
        with self.database.reading() as here:
            return _device(here, device), _sent(here, uuid)

    def revoke(self, device: str, *, nonce: str | None = None) -> list[Sent]:
        """Its key is dead and what waits is withdrawn; returns that, so that its blobs can go.

        What is leased is withdrawn, too: the version that it was to be in is made again without.
        """
        with self._once(device, nonce) as here:
            here.execute(
                update(devices)
                .where(devices.c.id == device, devices.c.revoked.is_(None))
                .values(revoked=self._time_s())
            )
            return self._withdrawn(here, contributions.c.device == device)

    def device_counts(self) -> dict[str, int]:
        """How many are enrolled, and how many were revoked."""
        with self.database.reading() as here:
            every = here.scalar(select(func.count()).select_from(devices)) or 0
            dead = here.scalar(select(func.count()).where(devices.c.revoked.is_not(None))) or 0
        return {"enrolled": every - dead, "revoked": dead}

    def device_list(self, most: int = 1000) -> list[dict[str, Any]]:
        """The newest devices: all that is known of each, and how much it sent."""
        count = func.count(contributions.c.number).label("contributions")
        chosen = [devices.c[name] for name in ("id", "consent", "app", "enrolled", "revoked")]
        query = (
            select(*chosen, count)
            .join(contributions, contributions.c.device == devices.c.id, isouter=True)
            .group_by(devices.c.id)
            .order_by(devices.c.enrolled.desc(), devices.c.id)
        )
        with self.database.reading() as here:
            return [dict(row._mapping) for row in here.execute(query.limit(most))]

    # ------------------------------------------------------------------------------- contributions

    def sent(self, uuid: str) -> Sent | None:
        """What is known of a contribution, or None."""
        with self.database.reading() as here:
            return _sent(here, uuid)

    def keep(self, one: Arrival, *, nonce: str, most_a_day: int) -> tuple[Sent, bool]:
        """The contribution as it stands now, and whether it is new; its blob must be on disk.

        The same again is as if it had come once. Raises RefusedError: another body under this id, a
        second one of this device for this version, too many a day.
        """
        for _ in range(2):
            try:
                with self._once(one.device, nonce) as here:
                    known = _sent(here, one.uuid)
                    if known is None:
                        self._alive(here, one.device)
                        quotas.count(here, f"device {one.device}", most_a_day, self._time_s())
                        values = msgspec.structs.asdict(one)
                        values |= {"received": self._time_s(), "status": PENDING}
                        here.execute(_KEEP, values)
                        return _as_sent(one), True
                    return _same(known, one), False
            except IntegrityError:
                if (other := self._second(one)) is not None:
                    raise other from None
        raise RefusedError(409, "This contribution came twice at once; ask what became of it.")

    def withdraw(self, uuid: str, device: str, *, nonce: str) -> tuple[Sent | None, list[Sent]]:
        """What became of it now, and what was taken back (so that its blob can go)."""
        with self._once(device, nonce) as here:
            mine = (contributions.c.uuid == uuid, contributions.c.device == device)
            gone = self._withdrawn(here, *mine)
            return _sent(here, uuid), gone

    def count_today(self, subject: str, most: int) -> None:
        """One more of the coarse limit that all gateways share. Raises RefusedError."""
        with self.database.writing() as here:
            quotas.count(here, subject, most, self._time_s())

    def household_today(self, household: str) -> str:
        """A name for an address that nobody can turn back, and that is another one tomorrow."""
        return quotas.household_name(self.database, household, self._time_s())

    def forget_old(self) -> None:
        """Nonces nobody can use again, counts of days gone by, and lines that ended long ago."""
        now_s = self._time_s()
        with self.database.writing() as here:
            here.execute(delete(nonces).where(nonces.c.time_s < now_s - _NONCES_KEPT_S))
            quotas.forget(here, now_s)
            if now_s - self._forgot_s >= _FORGETS_EVERY_S:
                forget_ended(here, now_s)
                self._forgot_s = now_s

    def waiting_blobs(self) -> set[tuple[str, str]]:
        """(uuid, SHA-256) of what is still to be used: every other delta may go."""
        status = contributions.c.status.in_([PENDING, LEASED])
        with self.database.reading() as here:
            rows = here.execute(select(contributions.c.uuid, contributions.c.sha256).where(status))
            return {(row.uuid, row.sha256) for row in rows}

    # --------------------------------------------------------------------------------------- parts

    def _once(self, device: str, nonce: str | None) -> "_Once":
        return _Once(self.database, device, nonce, self._time_s())

    def _time_s(self) -> int:
        return int(self._now())

    def _withdrawn(self, here: Connection, *which: Any) -> list[Sent]:
        """Without a RETURNING of a race: rows are locked by the update itself."""
        done = here.execute(
            update(contributions)
            .where(*which, contributions.c.status.in_([PENDING, LEASED]))
            .values(status=WITHDRAWN, lease=None, lease_until=None)
            .returning(contributions.c.uuid)
        )
        found = [_sent(here, row.uuid) for row in done.all()]
        return [one for one in found if one is not None]

    def _alive(self, here: Connection, device: str) -> None:
        """The device cannot be revoked before this transaction ends. Raises RefusedError."""
        if here.execute(_ALIVE, {"device": device}).scalar_one() is not None:
            raise RefusedError(401, "This device was revoked; nothing of it is taken in any more.")

    def _second(self, one: Arrival) -> RefusedError | None:
        """Why a row could not be added, if it is the caller's doing."""
        mine = [
            contributions.c[name] == getattr(one, name)
            for name in ("device", "lineage", "from_version")
        ]
        mine.append(contributions.c.status != QUARANTINED)
        with self.database.reading() as here:
            known = here.scalar(select(contributions.c.uuid).where(*mine))
        if known is None or known == one.uuid:
            return None
        return RefusedError(
            409,
            f"This device contributed to version {one.from_version} already; wait for the next.",
        )


class _Once:
    """A transaction in which a request's nonce is used up, if it has one."""

    def __init__(self, database: Database, device: str, nonce: str | None, time_s: int) -> None:
        self._writing = database.writing()
        self._row = {"device": device, "nonce": nonce, "time_s": time_s}

    def __enter__(self) -> Connection:
        here = self._writing.__enter__()
        if self._row["nonce"] is None:
            return here
        try:
            here.execute(_NONCE, self._row)
        except IntegrityError as error:
            refused = RefusedError(
                401, "This very request was made before; sign it again, then send it."
            )
            self._writing.__exit__(type(refused), refused, None)
            raise refused from error
        except BaseException as error:
            self._writing.__exit__(type(error), error, error.__traceback__)
            raise
        return here

    def __exit__(self, *what: Any) -> bool | None:
        return self._writing.__exit__(*what)


def _device(here: Connection, device: str) -> Device | None:
    row = here.execute(_DEVICE, {"device": device}).first()
    if row is None:
        return None
    return Device(row.id, bytes.fromhex(row.public_key), row.consent, row.revoked is not None)


def _as_sent(one: Arrival) -> Sent:
    return Sent(one.uuid, one.device, one.lineage, one.from_version, one.sha256, PENDING)


def _sent(here: Connection, uuid: str) -> Sent | None:
    row = here.execute(_SENT, {"uuid": uuid}).first()
    if row is None:
        return None
    others = None
    if row.status == USED:
        together = (contributions.c.lineage == row.lineage, contributions.c.used_in == row.used_in)
        others = (here.scalar(select(func.count()).where(*together)) or 1) - 1
    names = ("uuid", "device", "lineage", "from_version", "sha256", "status", "used_in")
    return Sent(**{name: row._mapping[name] for name in names}, with_others=others)


def _same(known: Sent | None, one: Arrival) -> Sent:
    if known is None or (known.sha256, known.device) != (one.sha256, one.device):
        raise RefusedError(
            409, "Something else was sent under this id already; send it under an id of its own."
        )
    return known
