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


def address_of(where: str | Path) -> Address:
    """Read a database URL, `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST:PORT/NAME`, or take the path of a SQLite file.

    What follows `sqlite:///` is a path as it stands, nothing is decoded. Raises BadDatabaseUrl, which shows the scheme only.
    """
    if isinstance(where, Path):
        file = where.absolute()
        return Address(URL.create("sqlite", database=str(file)), str(file), file)
    scheme, _, rest = where.partition("://")
    if scheme in {"sqlite", "sqlite+pysqlite"} and rest[1:] not in {"", ":memory:"} and "?" not in rest:
        return address_of(Path(rest[1:]))
    if scheme in {"postgres", "postgresql", "postgresql+psycopg"}:
        try:
            url = make_url(where).set(drivername="postgresql+psycopg")
        except (ArgumentError, ValueError) as error:
            raise BadDatabaseUrl(place=f"{scheme}://…") from error
        host = f"{url.host or ''}{f':{url.port}' if url.port else ''}"
        return Address(url, f"postgresql://{host}/{url.database or ''}", None)
    raise BadDatabaseUrl(place=f"{scheme}://…" if rest else "…")
