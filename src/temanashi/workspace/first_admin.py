"""The first person who may sign in: made by the first `tema up`, with a password that works once, in a file for its owner only."""

from __future__ import annotations

from pathlib import Path

from temanashi.ledger.keys import place_file
from temanashi.people import Actor, Role
from temanashi.runs.directory import Directory
from temanashi.settings import Settings
from temanashi.signin.book import Book
from temanashi.signin.passwords import made_up
from temanashi.signin.roles import roles_of
from temanashi.signin.users import add_user, list_users
from temanashi.workspace.live import live_directory
from temanashi.workspace.opening import Installation

__all__ = ["ADMIN", "book_of", "first_password_file", "forget_first_password", "make_first_admin"]

ADMIN: Role = "admin"
"""Their name, and what they are."""

SYSTEM = Actor(name="temanashi", kind="system")


def first_password_file(settings: Settings) -> Path:
    """Where the first password is, until it was changed."""
    return settings.state_dir / "first-password.txt"


def book_of(installation: Installation) -> Book:
    """What sign-in acts with in an installation."""
    return Book(database=installation.database, ledger=installation.ledger, clock=installation.clock)


def make_first_admin(installation: Installation) -> Path | None:
    """The file with the first password; None where there is an admin already. Raises LedgerError and OSError."""
    book, file = book_of(installation), first_password_file(installation.settings)
    with installation.database.transaction() as connection:
        directory: Directory = live_directory(connection)
        users = list_users(connection)
        if any(user.id == ADMIN or (user.state == "active" and ADMIN in roles_of(user, directory.people)) for user in users):
            return None
        password = made_up()
        add_user(
            book,
            connection,
            ADMIN,
            password=password,
            people=directory.people,
            actor=SYSTEM,
            channel="cli",
            roles=(ADMIN,),
        )
        # The file first: a user whose password nobody can read would lock everybody out.
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        place_file(file, f"{ADMIN}\n{password}\n".encode(), 0o600)
    return file


def forget_first_password(settings: Settings, user: str) -> None:
    """It was changed: nothing needs to lie about any more."""
    if user == ADMIN:
        first_password_file(settings).unlink(missing_ok=True)
