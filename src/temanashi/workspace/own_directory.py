"""temanashi's own users as one more directory: who leaves everywhere leaves here too, signed out and without tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel
from sqlalchemy import Connection

from temanashi.accounts.directories_file import SECONDS, Directories, DirectoryEntry
from temanashi.accounts.directory import Directory
from temanashi.accounts.faults import AccountConflict, AccountRefused, WishRefused
from temanashi.accounts.model import Account, Cap, Scope, Snapshot
from temanashi.accounts.refusals import Refusals
from temanashi.accounts.wishes import FieldChange, Wish
from temanashi.clock import Clock
from temanashi.people import Actor, People
from temanashi.secrets import resolve
from temanashi.signin.book import Book
from temanashi.signin.faults import LastAdmin
from temanashi.signin.users import User, disable_user, enable_user, list_users
from temanashi.text import explain
from temanashi.text.local import LocalText, phrase
from temanashi.workspace.own_accounts import OWN

__all__ = ["OwnDirectories", "OwnDirectory", "with_own"]

US = Actor(name="temanashi", kind="system")


class _Nothing(BaseModel):
    """Our own users need no settings."""


@dataclass(frozen=True, kw_only=True)
class OwnDirectories(Directories):
    """The directories of the workspace, and our own users among them."""

    book: Book
    people: People

    def opened(
        self,
        name: str,
        *,
        clock: Clock,
        secrets: Callable[[str], str] = resolve,
        root: Path = Path(),
        timeout: float = SECONDS,
        refusals: Refusals | None = None,
    ) -> Directory:
        """The directory of a name, ready to be asked; touches nothing yet. Raises UnknownDirectory."""
        if name == OWN:
            return OwnDirectory(self.book, self.people)
        return super().opened(name, clock=clock, secrets=secrets, root=root, timeout=timeout, refusals=refusals)


def with_own(directories: Directories, book: Book, connection: Connection, people: People) -> Directories:
    """These directories and ours, where somebody has a user here at all; a name that is taken is theirs."""
    if OWN in directories.names or not list_users(connection):
        return directories
    title = LocalText(ja="temanashi の利用者", en="Users of temanashi")
    entry = DirectoryEntry(name=OWN, kind=OWN, title=title, settings=_Nothing())
    return OwnDirectories({**directories.entries, OWN: entry}, directories.broken, book=book, people=people)


@dataclass(frozen=True)
class OwnDirectory:
    """Users are stopped and let in again here; all else about them is done on the page of users."""

    book: Book
    people: People
    caps: frozenset[Cap] = frozenset({Cap.SWITCH, Cap.CAS, Cap.LAST_SEEN})

    def read(self, scope: Scope) -> Snapshot:
        """Users by their id, or by another name of the same listed person."""
        with self.book.database.reading() as connection:
            users = list_users(connection)
        wanted = [(login, self._user(login, users)) for login in scope.logins] if scope.logins else [(u.id, u) for u in users]
        return Snapshot(
            where=OWN,
            accounts=tuple(_account(login, user) for login, user in wanted if user is not None),
            groups={},
            scope=scope,
            taken_at=self.book.now(),
        )

    def _user(self, login: str, users: list[User]) -> User | None:
        found = next((user for user in users if user.id == login), None)
        listed = self.people.find(login)
        return found or next((user for user in users if listed is not None and self.people.find(user.id) == listed), None)

    def plan(self, wish: Wish, seen: Snapshot) -> tuple[FieldChange, ...]:
        """Whether the switch has to become another; raises WishRefused for what is done elsewhere."""
        account = seen.account(wish.login)
        if account is None:
            if wish.do == "disable":
                return ()
            raise WishRefused(wish.login, OWN, phrase("accounts.no-account"))
        return tuple(_changes(wish, account))

    def apply(self, wish: Wish, changes: tuple[FieldChange, ...], seen: Snapshot, *, secret: str | None) -> Snapshot:  # noqa: ARG002
        """Stop the user or let them in; their sessions and tokens end with it."""
        account = seen.account(wish.login)
        with self.book.database.transaction() as connection:
            now = {user.id: user.state == "active" for user in list_users(connection)}
            for change in changes:
                if account is None or now.get(account.native_id) != change.before:
                    raise AccountConflict(wish.login, OWN)
                try:
                    deed = enable_user if change.after else disable_user
                    deed(self.book, connection, account.native_id, actor=US, channel="api")
                except LastAdmin as error:
                    raise AccountRefused(wish.login, OWN, explain(error, "ja").what) from error
        return self.read(Scope(logins=(wish.login,)))


def _account(login: str, user: User) -> Account:
    return Account(
        login=login,
        native_id=user.id,
        name=user.name,
        enabled=user.state == "active",
        password="set" if user.password else "none",
        groups=tuple(sorted({*user.roles, *user.group_roles})),
        last_seen=user.signed_in_at or "never",
    )


def _changes(wish: Wish, account: Account) -> Iterator[FieldChange]:
    wanted = {"disable": False, "enable": True}.get(wish.do)
    if wish.do == "restore":
        wanted = Account.model_validate(wish.before or {}).enabled
    if wanted is None:
        raise WishRefused(wish.login, OWN, phrase("accounts.own-users"))
    if account.enabled != wanted:
        yield FieldChange(field="enabled", before=account.enabled, after=wanted)
