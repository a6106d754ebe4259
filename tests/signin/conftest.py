"""Sign-in on a real database, with a clock that a test sets."""

from datetime import UTC, datetime, timedelta

import pytest

from fixtures_slapd import slapd
from temanashi.ledger.database import open_database
from temanashi.ledger.ledger import Ledger
from temanashi.people import Actor, People
from temanashi.signin.book import Book
from temanashi.signin.users import add_user

__all__ = ["slapd"]

PASSWORD = "four short words here"
YAMADA = Actor(name="山田 花子")
PEOPLE = People.model_validate(
    {
        "people": {
            "yamada": {"name": "山田 花子", "mail": "hanako@example.jp", "os": "hyamada"},
            "sato": {"name": "佐藤 次郎"},
            "gone": {"name": "Gone Person", "left": "2026-11-19"},
        },
        "roles": {"operator": ["sato"]},
    }
)


class Hand:
    """A clock that a test moves."""

    def __init__(self):
        self.at = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)

    def now(self):
        return self.at

    def monotonic(self):
        return self.at.timestamp()

    def sleep(self, seconds):
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return Hand()


@pytest.fixture
def book(tmp_path, clock):
    database = open_database(f"sqlite:///{tmp_path / 'temanashi.db'}", clock=clock)
    yield Book(database=database, ledger=Ledger(database, clock=clock), clock=clock)
    database.close()


@pytest.fixture
def people():
    return PEOPLE


@pytest.fixture
def add(book):
    """Add a user whose password is PASSWORD."""

    def add(user, *, roles=(), one_time=False, name="", people=PEOPLE):
        with book.database.transaction() as connection:
            more = {"people": people, "actor": YAMADA, "channel": "cli", "name": name, "roles": roles, "one_time": one_time}
            return add_user(book, connection, user, password=PASSWORD, **more)

    return add


@pytest.fixture
def events(book):
    """What the ledger says of sign-in, the oldest first: pairs of actor and event."""

    def read():
        with book.database.reading() as connection:
            return [(r.draft.actor, r.draft.outcome) for r in book.ledger.records(connection, kinds=("noted",))]

    return read
