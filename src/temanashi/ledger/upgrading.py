"""Which revision a database has, which one this package knows, and the way from one to the other."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from temanashi.ledger.faults import LedgerForeign, LedgerMissing, LedgerNewer

if TYPE_CHECKING:
    from temanashi.ledger.database import Database

__all__ = ["MIGRATIONS", "SCHEMA_NAME", "bring_up_to_date", "known_revisions", "revision_of"]

MIGRATIONS = Path(__file__).parent / "migrations"
SCHEMA_NAME = "temanashi"
"""All our tables live in this PostgreSQL schema, apart from Prefect's."""

_UPGRADE_LOCK = 0x74656D61_00000001
# Alembic's `context` and `op` are proxies of the whole process: two threads must not upgrade at once.
_one_upgrade = threading.Lock()


def known_revisions() -> list[str]:
    """The revisions that this package has, oldest first, read from file names so that Alembic is not imported."""
    return sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9][0-9][0-9][0-9]_*.py"))


def revision_of(connection: Connection) -> tuple[str | None, bool]:
    """The database's revision (None: never upgraded) and whether it holds any table at all."""
    if connection.dialect.name == "sqlite":
        tables = set(connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars())
    else:
        query = text("SELECT tablename FROM pg_tables WHERE schemaname = :schema")
        tables = set(connection.execute(query, {"schema": SCHEMA_NAME}).scalars())
    if "alembic_version" not in tables:
        return None, bool(tables)
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar(), True


def bring_up_to_date(database: Database, *, create: bool) -> None:
    """Run the migrations that the database lacks, in one transaction that other openers wait for.

    Raises LedgerNewer, LedgerForeign, or LedgerMissing where nothing is there and nothing is to be created.
    """
    with database.reading() as connection:
        behind = _behind(connection, database.place)
        fresh = behind == known_revisions()
    if not behind:
        return
    if fresh and (database.read_only or not create):
        raise LedgerMissing(place=database.place)
    if database.read_only:
        return
    with _one_upgrade, database.transaction() as connection:
        if database.dialect == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
            connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA_NAME}")
        if _behind(connection, database.place):
            _upgrade(connection)


def _behind(connection: Connection, place: str) -> list[str]:
    """The revisions that are missing."""
    found, has_tables = revision_of(connection)
    known = known_revisions()
    if found is None:
        if has_tables:
            raise LedgerForeign(place=place)
        return known
    if found in known:
        return known[known.index(found) + 1 :]
    if found.isdecimal() and found > known[-1]:
        raise LedgerNewer(place=place, found=found, known=known[-1])
    raise LedgerForeign(place=place)


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415  (takes 0.2 s, needed once a release)
    from alembic.config import Config  # noqa: PLC0415

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, "head")
