"""A database by URL: SQLite for one machine, PostgreSQL for several gateways; one way to use both.

`writing()` is one transaction that ends on disk or not at all: SQLite with synchronous=FULL and the
write lock taken at once, PostgreSQL as it comes. `reading()` sees one moment and takes no lock.
What the database itself cannot do (it is away, locked, full) is
`AwayError`, whoever asked for what.

Thread: any.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError

from federation.server import schema
from federation.server.trouble import ServerError

BUSY_S = 20
FILE = "antiphon.db"
_READS = "antiphon_reads"


class AwayError(Exception):
    """The database does not answer, or cannot write."""


class Database:
    """See the module. url: sqlite:///PATH or postgresql://USER@HOST/NAME."""

    def __init__(self, url: str) -> None:
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise ServerError(
                f"No database is named by {url}; write sqlite:///PATH or postgresql://USER@HOST/NAME."
            ) from error
        if parsed.drivername in {"postgres", "postgresql"}:
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if self.is_sqlite:
            self._engine = create_engine(parsed, connect_args={"timeout": BUSY_S}, pool_size=8)
            _tune_sqlite(self._engine)
        elif parsed.get_backend_name() == "postgresql":
            self._engine = create_engine(
                parsed, pool_pre_ping=True, pool_size=8, max_overflow=8, pool_timeout=10,
                connect_args={"connect_timeout": 5},
            )  # fmt: skip
        else:
            raise ServerError(
                f"A {parsed.drivername} database is not known here; use SQLite or PostgreSQL."
            )

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    def make_tables(self) -> None:
        """Make what is missing. Raises AwayError; ServerError where tables have another form."""
        with _told():
            schema.metadata.create_all(self._engine)
        with self.writing() as here:
            form = here.scalar(
                select(schema.facts.c.value).where(schema.facts.c.name == "antiphon_schema")
            )
            if form is None:
                here.execute(insert(schema.facts).values(name="antiphon_schema", value=schema.FORM))
            elif form != schema.FORM:
                raise ServerError(
                    f"The database has the form {form} and this server knows {schema.FORM}; run "
                    "the server that made it."
                )

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One moment of the database. Raises AwayError."""
        with _told(), self._engine.connect() as here:
            here = here.execution_options(**{_READS: True})
            with here.begin():
                yield here

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: whole and on disk when this ends, or nothing. Raises AwayError.

        IntegrityError comes through: it says that something was there already.
        """
        with _told(), self._engine.begin() as here:
            yield here


def of_folder(folder: Path) -> str:
    """The URL of the SQLite file of a server's folder."""
    return f"sqlite:///{folder.resolve() / FILE}"


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise
    except (DBAPIError, TimeoutError, OSError) as error:
        raise AwayError(type(error).__name__) from error
    except Exception as error:
        # A pool that has no connection left raises its own TimeoutError.
        if type(error).__module__.startswith("sqlalchemy"):
            raise AwayError(type(error).__name__) from error
        raise


def _tune_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # transactions begin where this module says so
        for words in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {words}")

    @event.listens_for(engine, "begin")
    def _begun(here: Connection) -> None:
        reads = here.get_execution_options().get(_READS)
        here.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
