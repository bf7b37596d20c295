"""What the books forget: lines about contributions that ended long ago, and keys that were revoked.

A line is kept as long as it is needed to let no device into a version twice, and 90 days, in which
its device may ask what became of it. It refuses to touch what still waits, and versions: those are
the public record.
"""

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, or_, select

from federation.aggregate.buffer import MOST_STALE
from federation.server.schema import (
    LEASED,
    PENDING,
    PUBLISHED,
    contributions,
    devices,
    lineages,
    versions,
)

KEPT_S = 90 * 86_400


def forget_ended(here: Connection, now_s: int) -> None:
    """Delete the lines of contributions, and of revoked keys, that nothing needs any more."""
    before_s = now_s - KEPT_S
    # Rows come in order, so this reads the old ones alone; there is no index over times.
    young = here.scalar(
        select(contributions.c.number)
        .where(contributions.c.received >= before_s)
        .order_by(contributions.c.number)
        .limit(1)
    )
    old = contributions.c.received < before_s
    if young is not None:
        old = and_(contributions.c.number < young, old)
    ended = contributions.c.status.not_in([PENDING, LEASED])
    here.execute(delete(contributions).where(old, ended, _out_of_reach()))
    has_sent = exists().where(contributions.c.device == devices.c.id)
    here.execute(delete(devices).where(devices.c.revoked < before_s, ~has_sent))


def _out_of_reach() -> ColumnElement[bool]:
    """Nobody may start from its version any more: too far back, or the lineage is closed."""
    mine = (versions.c.lineage == contributions.c.lineage, versions.c.status == PUBLISHED)
    newest = select(func.max(versions.c.version)).where(*mine).scalar_subquery()
    of_it = lineages.c.id == contributions.c.lineage
    closed = exists().where(of_it, lineages.c.closed.is_not(None))
    return or_(contributions.c.from_version < newest - MOST_STALE, closed)
