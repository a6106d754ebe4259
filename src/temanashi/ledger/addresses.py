"""Where the database is: a SQLite file or a PostgreSQL server, and how to name it without a password."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from temanashi.ledger.faults import BadDatabaseUrl

__all__ = ["Address", "address_of"]


class Address(NamedTuple):
    """A database: its URL, its name for people (`place`), and the file where it is SQLite."""

    url: URL
    place: str
    file: Path | None

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return "sqlite" if self.file else "postgresql"


def address_of(url: str) -> Address:
    """Read a database URL: `sqlite:///file` or `postgresql://...`; raises BadDatabaseUrl, which shows the scheme only."""
    scheme = url.partition("://")[0] if "://" in url else ""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise BadDatabaseUrl(place=f"{scheme}://…") from error
    if scheme in {"sqlite", "sqlite+pysqlite"} and parsed.database and parsed.database != ":memory:" and not parsed.query:
        file = Path(parsed.database).absolute()
        return Address(parsed, str(file), file)
    if scheme in {"postgres", "postgresql", "postgresql+psycopg"}:
        host = f"{parsed.host or ''}{f':{parsed.port}' if parsed.port else ''}"
        return Address(parsed.set(drivername="postgresql+psycopg"), f"postgresql://{host}/{parsed.database or ''}", None)
    raise BadDatabaseUrl(place=f"{scheme}://…")
