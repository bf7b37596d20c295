"""The tables: the same for SQLite (one machine) and PostgreSQL (several gateways).

There is no name, no address and no music in them. A device is a public key; what it sent is a row
here and a blob beside it, until it was used. Times are whole seconds of UTC.

It refuses to migrate: `antiphon_schema` says which form the tables have, and another form is not
opened.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    text,
)

FORM = "1"

PENDING, LEASED, USED, WITHDRAWN = "pending", "leased", "used", "withdrawn"
EXPIRED, QUARANTINED = "expired", "quarantined"
"""Of contributions. expired: too old when its turn came. quarantined: what it made was worse."""
PUBLISHED = "published"
"""Of versions, beside WITHDRAWN."""

_COUNTS = f"status <> '{QUARANTINED}'"
"""What the gate kept back is in no version: its devices may start from the same one again."""

_Number = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only INTEGER keys

metadata = MetaData()

facts = Table(
    "antiphon_facts",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", String, nullable=False),
)
"""The form of the tables, and the secret of `quotas`."""

consents = Table(
    "consents",
    metadata,
    Column("version", String(32), primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("added", BigInteger, nullable=False),
)
"""Texts that may have been agreed to; the last one added is the one of today."""

lineages = Table(
    "lineages",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("words", LargeBinary, nullable=False),
    Column("opened", BigInteger, nullable=False),
    Column("closed", BigInteger),
    Column("spent", LargeBinary),
    Column("moments", String(64)),
)
"""words: the lineage as JSON. spent: the account of privacy. moments: blob of the rule's state."""

devices = Table(
    "devices",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("public_key", String(64), nullable=False),
    Column("consent", String(32), nullable=False),
    Column("agreed", String(32), nullable=False),
    Column("app", String(32), nullable=False),
    Column("enrolled", BigInteger, nullable=False),
    Column("revoked", BigInteger),
)

contributions = Table(
    "contributions",
    metadata,
    Column("number", _Number, primary_key=True, autoincrement=True),
    Column("uuid", String(36), nullable=False, unique=True),
    Column("device", String(64), ForeignKey("devices.id"), nullable=False),
    Column("lineage", String(64), ForeignKey("lineages.id"), nullable=False),
    Column("from_version", Integer, nullable=False),
    Column("notes", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("norm", Float, nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("status", String(16), nullable=False),
    Column("lease", String(32)),
    Column("lease_until", BigInteger),
    Column("used_in", Integer),
    Index(
        "one_per_device_and_version",
        "device",
        "lineage",
        "from_version",
        unique=True,
        sqlite_where=text(_COUNTS),
        postgresql_where=text(_COUNTS),
    ),
    Index("contributions_waiting", "lineage", "status", "number"),
    Index("contributions_lease", "lease"),
    sqlite_autoincrement=True,
)

versions = Table(
    "versions",
    metadata,
    Column("lineage", String(64), ForeignKey("lineages.id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("sha256", String(64), nullable=False),
    Column("manifest", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("status", String(16), nullable=False),
    Index("versions_sha", "sha256"),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("number", _Number, primary_key=True, autoincrement=True),
    Column("lineage", String(64), ForeignKey("lineages.id"), nullable=False),
    Column("parent", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("figures", LargeBinary, nullable=False),
    Column("reason", String, nullable=False),
    Column("contributions", Integer, nullable=False),
    Column("created", BigInteger, nullable=False),
)
"""Versions that the gate kept back: never served, looked at with `antiphon serve admin`."""

nonces = Table(
    "nonces",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("nonce", String(32), primary_key=True),
    Column("time_s", BigInteger, nullable=False),
    Index("nonces_time", "time_s"),
)

quotas = Table(
    "quotas",
    metadata,
    Column("subject", String(80), primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("count", Integer, nullable=False),
)
"""The coarse limits that several gateways share. An address is here only as a keyed hash."""
