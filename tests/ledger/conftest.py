from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fixtures_postgresql import postgresql_server, postgresql_url  # noqa: F401  (fixtures)
from temanashi.errors import TemanashiError
from temanashi.ledger.checkpoints import Seal, open_seal
from temanashi.ledger.database import Database, open_database
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.records import Draft
from temanashi.people import Actor
from temanashi.text import LANGUAGES, explain

ALICE = Actor(name="alice")


@dataclass
class SteppingClock:
    """A second passes with every look; sleeping and waiting pass at once."""

    moment: datetime = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        self.moment += timedelta(seconds=1)
        return self.moment

    def monotonic(self) -> float:
        self.moment += timedelta(seconds=1)
        return self.moment.timestamp()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "temanashi.db"


@pytest.fixture
def opened() -> Iterator[Callable[[Database], Database]]:
    """Closes databases at the end of a test."""
    databases: list[Database] = []

    def keep(database: Database) -> Database:
        databases.append(database)
        return database

    yield keep
    for database in databases:
        database.close()


@pytest.fixture
def sqlite(file: Path, clock: SteppingClock, opened: Callable[[Database], Database]) -> Database:
    return opened(open_database(f"sqlite:///{file}", clock=clock, busy_timeout=5))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def database(request: pytest.FixtureRequest, clock: SteppingClock, opened: Callable[[Database], Database]) -> Database:
    """The same contract on both kinds of database."""
    if request.param == "sqlite":
        return request.getfixturevalue("sqlite")
    return opened(open_database(request.getfixturevalue("postgresql_url"), clock=clock, busy_timeout=5))


@pytest.fixture
def seal(tmp_path: Path) -> Seal:
    return open_seal(tmp_path / "state")


@pytest.fixture
def ledger(sqlite: Database, clock: SteppingClock) -> Ledger:
    return Ledger(sqlite, clock=clock)


def draft(number: int = 0, **fields: object) -> Draft:
    return Draft.model_validate(
        {"kind": "noted", "actor": "alice", "reason": f"note {number}", "body": {"number": number}} | fields
    )


@pytest.fixture
def fill() -> Callable[..., None]:
    """Appends a number of records, one transaction each."""

    def append(ledger: Ledger, count: int, **fields: object) -> None:
        for number in range(count):
            with ledger.database.transaction() as connection:
                ledger.append(connection, draft(number, **fields))

    return append


@pytest.fixture
def assert_told() -> Callable[..., None]:
    """An error renders in both languages, says what to do, and shows what it should."""

    def check(error: TemanashiError, *shown: str) -> None:
        for lang in LANGUAGES:
            told = explain(error, lang)
            assert told.what
            assert told.next
            assert not told.what.startswith(error.key)
            assert "{" not in told.what + told.next
            for each in shown:
                assert each in told.what

    return check


@pytest.fixture
def alice() -> Actor:
    return ALICE


@pytest.fixture
def a_draft() -> Callable[..., Draft]:
    return draft
