"""The coarse limits of a day, shared by all gateways: so many of a device, of a household.

A household's address is here only as a keyed hash that is another one tomorrow, and the counts of
days gone by are deleted. It refuses to be exact about anything shorter than a day (`limits` is).
"""

import hashlib
import hmac
import secrets
from typing import Any

from sqlalchemy import Connection, Executable, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from federation.server.database import Database
from federation.server.schema import facts, quotas
from federation.server.trouble import RefusedError

DAY_S = 86_400
_SECRET = "quota_secret"


def _more(dialect: Any) -> Executable:
    return (  # type: ignore[no-any-return]
        dialect.insert(quotas)
        .on_conflict_do_update(
            index_elements=["subject", "day"], set_={"count": quotas.c.count + 1}
        )
        .returning(quotas.c.count)
    )


_MORE = {"sqlite": _more(sqlite), "postgresql": _more(postgresql)}


def count(here: Connection, subject: str, most: int, time_s: int) -> None:
    """One more of a subject today. Raises RefusedError."""
    row = {"subject": subject, "day": time_s // DAY_S, "count": 1}
    if (here.scalar(_MORE[here.dialect.name], row) or 0) > most:
        wait_s = DAY_S - time_s % DAY_S
        raise RefusedError(429, "That is enough for one day; try again tomorrow.", wait_s)


def household_name(database: Database, household: str, time_s: int) -> str:
    """A name for an address that nobody can turn back, and that is another one tomorrow."""
    words = f"{time_s // DAY_S} {household}".encode()
    return "home " + hmac.new(_secret(database), words, hashlib.sha256).hexdigest()[:32]


def forget(here: Connection, time_s: int) -> None:
    """Delete the counts of days gone by."""
    here.execute(delete(quotas).where(quotas.c.day < time_s // DAY_S))


def _secret(database: Database) -> bytes:
    while True:
        with database.reading() as here:
            found = here.scalar(select(facts.c.value).where(facts.c.name == _SECRET))
        if found is not None:
            return bytes.fromhex(found)
        try:
            with database.writing() as here:
                here.execute(insert(facts).values(name=_SECRET, value=secrets.token_hex(32)))
        except IntegrityError:  # another gateway was first
            continue
