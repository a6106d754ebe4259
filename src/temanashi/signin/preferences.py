"""What a person chose for themselves: the language of their pages and letters."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select, update

from temanashi.signin.tables import USERS

__all__ = ["chosen_languages", "set_language"]


def set_language(connection: Connection, user: str, lang: str) -> None:
    """Keep it; empty for what the browser prefers."""
    connection.execute(update(USERS).where(USERS.c.id == user).values(lang=lang or None))


def chosen_languages(connection: Connection) -> Mapping[str, str]:
    """The languages of those who chose one, by user."""
    rows = connection.execute(select(USERS.c.id, USERS.c.lang).where(USERS.c.lang.is_not(None))).all()
    return {row.id: row.lang for row in rows}
