"""Everything of one installation, opened together: what the terminal, the flows and the pages act with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from temanashi.accounts.directories_file import Directories
from temanashi.clock import Clock, SystemClock
from temanashi.hosts.connecting import connecting
from temanashi.hosts.ssh.pool import Pool
from temanashi.ledger.database import Database, open_database
from temanashi.ledger.ledger import Ledger
from temanashi.runbooks.kinds import step_kinds
from temanashi.runbooks.offering import Offers
from temanashi.runbooks.steps.channels import Channels
from temanashi.runs.engine import Engine
from temanashi.runs.events import Observer
from temanashi.secrets import Redactor, resolve
from temanashi.settings import Settings, find_workspace, load_settings
from temanashi.signin.book import Book
from temanashi.workspace.live import live_directories, live_directory, live_roles
from temanashi.workspace.own_directory import with_own
from temanashi.workspace.signatures import signatures_of

__all__ = ["Installation", "open_installation"]


@dataclass(frozen=True, kw_only=True)
class Installation:
    """A workspace's settings with its open database and ledger."""

    settings: Settings
    database: Database
    ledger: Ledger
    clock: Clock
    connections: Pool

    def engine(self, *observers: Observer, secret: Callable[[str], str] = resolve, sign: bool = False) -> Engine:
        """An engine on this installation; each run gets its own redactor through it. `secret` resolves references.

        `sign`: decisions are signed with the gate's key; for the gate, and for who signed in at a terminal.
        """
        redactor = Redactor()

        def revealed(ref: str) -> str:
            value = secret(ref)
            redactor.add(value)
            return value

        return Engine(
            database=self.database,
            ledger=self.ledger,
            kinds=step_kinds(),
            connect=connecting(self.settings, self.connections, secret=revealed),
            clock=self.clock,
            redactor=redactor,
            zone=self.settings.zone,
            directory=live_directory,
            roles=live_roles,
            directories=self._directories,
            root=self.settings.root,
            observers=observers,
            secret=secret,
            offers=self.offers,
            channel=Channels(
                {"": self.settings.notify, **self.settings.channels},
                database=self.database,
                clock=self.clock,
                lang=self.settings.language,
                secret=secret,
            ),
            idle_seconds=round(self.settings.idle_minutes * 60),
            here=self.settings.here,
            signatures=signatures_of(self.settings, sign=sign),
        )

    def _directories(self, connection: Connection) -> Directories:
        """Those of the live version, and our own users, who leave with everybody else."""
        book = Book(database=self.database, ledger=self.ledger, clock=self.clock)
        return with_own(live_directories(connection), book, connection, live_directory(connection).people)

    def offers(self, version: str) -> Offers | None:
        """What can be chosen at this moment in a published version (its digest); None where there is no such version."""
        from temanashi.workspace.choosing import run_offers  # noqa: PLC0415  (most commands start no run)
        from temanashi.workspace.versions import NoSuchVersion, published_version  # noqa: PLC0415

        with self.database.reading() as connection, suppress(NoSuchVersion):
            reach = connecting(self.settings, self.connections)
            return run_offers(published_version(connection, version, kinds=step_kinds()), clock=self.clock, reach=reach)
        return None

    def close(self) -> None:
        """Close the database and the connections to hosts."""
        self.connections.close()
        self.database.close()


@contextmanager
def open_installation(
    root: Path | None = None, *, clock: Clock | None = None, create: bool = True, read_only: bool = False
) -> Iterator[Installation]:
    """Open the workspace at `root` (default: found from here); raises WorkspaceError and LedgerError."""
    settings = load_settings(find_workspace(root))
    ticking = clock or SystemClock()
    if create and not settings.database_url:
        settings.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = open_database(settings.database, clock=ticking, create=create, read_only=read_only)
    connections = Pool(idle_seconds=settings.ssh.idle_seconds)
    try:
        ledger = Ledger(database, clock=ticking)
        yield Installation(settings=settings, database=database, ledger=ledger, clock=ticking, connections=connections)
    finally:
        connections.close()
        database.close()
