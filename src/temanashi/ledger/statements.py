"""SQL that is compiled once a dialect: appending runs a few statements so often that building them would cost more than they do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select, Table, insert
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.elements import CompilerElement

__all__ = ["Statement", "inserting", "plain_rows"]


class Statement:
    """A statement with values in the order of `names`; `make` builds it for a dialect's name."""

    def __init__(self, names: Sequence[str], make: Callable[[str], CompilerElement]) -> None:
        self._names = tuple(names)
        self._make = make
        self._texts: dict[str, tuple[str, tuple[int, ...] | None]] = {}

    def one(self, connection: Connection, *values: Any) -> Any:
        """The first row that it finds with one set of values, or None."""
        text, order = self._text(connection)
        driver: Any = connection.connection.driver_connection  # without what SQLAlchemy does around a statement
        try:
            return driver.execute(text, self._given(values, order)).fetchone()
        except connection.dialect.dbapi.Error as error:  # type: ignore[union-attr]
            raise _told(connection, text, error) from error

    def many(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Run it for every row."""
        if not rows:
            return
        text, order = self._text(connection)
        driver: Any = connection.connection.driver_connection
        try:
            if len(rows) == 1:
                driver.execute(text, self._given(rows[0], order))
            else:
                driver.cursor().executemany(text, [self._given(row, order) for row in rows])
        except connection.dialect.dbapi.Error as error:  # type: ignore[union-attr]
            raise _told(connection, text, error) from error

    def _given(self, values: Sequence[Any], order: tuple[int, ...] | None) -> Any:
        if order is None:
            return dict(zip(self._names, values, strict=True))
        return tuple([values[at] for at in order]) if order else values

    def _text(self, connection: Connection) -> tuple[str, tuple[int, ...] | None]:
        known = self._texts.get(connection.dialect.name)
        if known is None:
            compiled: Any = self._make(connection.dialect.name).compile(dialect=connection.dialect)
            order = tuple(self._names.index(name) for name in compiled.positiontup) if compiled.positional else None
            if order == tuple(range(len(self._names))):
                order = ()  # as they come
            known = self._texts[connection.dialect.name] = str(compiled), order
        return known


def _told(connection: Connection, text: str, error: Exception) -> Exception:
    """The driver's error as SQLAlchemy tells it."""
    base: Any = connection.dialect.dbapi.Error  # type: ignore[union-attr]
    return DBAPIError.instance(
        text, None, error, base, hide_parameters=True, connection_invalidated=False, dialect=connection.dialect
    )


def plain_rows(connection: Connection, query: Select[Any], page: int) -> Iterator[tuple[Any, ...]]:
    """The rows of a query of many, read in pages: plain tuples, on SQLite without what SQLAlchemy makes of each."""
    if connection.dialect.name != "sqlite":
        for row in connection.execute(query, execution_options={"yield_per": page}):
            yield tuple(row)
        return
    compiled: Any = query.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    driver: Any = connection.connection.driver_connection
    text = str(compiled)
    try:
        cursor = driver.execute(text, tuple(compiled.params[name] for name in compiled.positiontup))
        while rows := cursor.fetchmany(page):
            yield from rows
    except connection.dialect.dbapi.Error as error:  # type: ignore[union-attr]
        raise _told(connection, text, error) from error


def inserting(table: Table, *, known_too: bool = False) -> Statement:
    """Insert rows of a table, values in the order of its columns. With `known_too`, a row whose key is there is left as it is."""

    def make(dialect: str) -> Executable | CompilerElement:
        if not known_too:
            return insert(table)
        return (insert_sqlite if dialect == "sqlite" else insert_postgresql)(table).on_conflict_do_nothing()

    return Statement([column.name for column in table.columns], make)  # type: ignore[arg-type]
