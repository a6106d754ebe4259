"""The watch asks the directory again about those who are signed in by it: at most every `recheck_minutes`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from temanashi.clock import Clock
from temanashi.errors import TemanashiError
from temanashi.runs.tables import FLAGS
from temanashi.secrets import resolve
from temanashi.signin.ldap import Ldap
from temanashi.signin.rereading import reread
from temanashi.text import Phrase
from temanashi.workspace.first_admin import book_of
from temanashi.workspace.live import live_directory
from temanashi.workspace.opening import Installation

__all__ = ["reread_people"]

LAST = "directory_reread"


def reread_people(installation: Installation, *, secret: Callable[[str], str] = resolve) -> list[Phrase]:
    """Do it where it is due; what went wrong, as sentences: then it is tried again when it is due the next time."""
    settings = installation.settings
    ldap = settings.gate.ldap if settings.gate.sign_in else None
    if ldap is None or not ldap.recheck_minutes or not _due(installation, timedelta(minutes=ldap.recheck_minutes)):
        return []
    today = installation.clock.now().astimezone(settings.zone).date()
    try:
        with installation.database.reading() as connection:
            people = live_directory(connection).people
        reread(book_of(installation), Ldap(ldap, root=settings.root, secret=secret), people=people, today=today)
    except TemanashiError as error:
        return [Phrase(key=error.key, data=error.data)]
    return []


def _due(installation: Installation, every: timedelta) -> bool:
    with installation.database.reading() as connection:
        last = connection.scalar(select(FLAGS.c.value).where(FLAGS.c.name == LAST))
    if last is not None and installation.clock.now() < datetime.fromisoformat(last) + every:
        return False
    with installation.database.transaction() as connection:
        _note(connection, installation.clock)
    return True


def _note(connection: Connection, clock: Clock) -> None:
    connection.execute(delete(FLAGS).where(FLAGS.c.name == LAST))
    connection.execute(insert(FLAGS).values(name=LAST, value=clock.now().isoformat()))
