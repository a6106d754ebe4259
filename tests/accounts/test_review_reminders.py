"""A review that is due and exceptions that ran out are told once."""

from datetime import date, timedelta

import pytest
from sqlalchemy import update

from fixtures_account_site import AccountSite
from fixtures_approvals import SetClock
from fixtures_population import company
from temanashi.accounts.directories_file import NO_DIRECTORIES
from temanashi.accounts.reviews.deciding import Asked
from temanashi.accounts.reviews.population import Population
from temanashi.accounts.reviews.tables import REVIEWS
from temanashi.hosts.inventory import Inventory
from temanashi.notices import Notifier
from temanashi.people import Actor
from temanashi.workspace.reading_accounts import Places
from temanashi.workspace.reviewing.deciding import Wanted, decide_many
from temanashi.workspace.reviewing.opening import review_of
from temanashi.workspace.reviewing.reading import every_line
from temanashi.workspace.reviewing.reminding import remind_of_reviews

HANA = Actor(name="hana")


@pytest.fixture
def opened(tmp_path):
    site = AccountSite(tmp_path / "site", clock=SetClock())
    site.register(policy={})
    with site.opened() as installation:
        yield installation


def test_what_is_due_and_what_ran_out_is_told_once_each(opened):
    told = []

    def deliver(url, *, title, body, recovery):
        told.append((title, body))
        return True

    known = {"database": opened.database, "clock": opened.clock, "lang": "ja"}
    notifier = Notifier(("env:X",), **known, secret=lambda _: "json://x", deliver=deliver)
    assert remind_of_reviews(opened, notifier=notifier) == []
    assert told == []
    made = company(2)
    targets = tuple(one.model_copy(update={"entries": one.entries[:5]}) for one in made.population.targets)
    places = Places(register=made.register, inventory=Inventory(), directories=NO_DIRECTORIES, people=made.people)
    review = review_of(opened, places, Population(targets=targets), actor=HANA, channel="cli")
    today = opened.clock.now().date()
    with opened.database.transaction() as connection:
        first, second = every_line(connection, review.id)[:2]
        wanted = [
            Wanted(first.line.id, Asked(verdict="exception", reason="移行", until=today + timedelta(days=30))),
            Wanted(second.line.id, Asked(verdict="exception", reason="移行", until=date(2100, 1, 1))),
        ]
        decide_many(opened, connection, review.id, wanted, actor=HANA, channel="cli")
    remind_of_reviews(opened, notifier=notifier)
    assert told == []
    opened.clock.later(days=40)
    for _ in range(2):
        remind_of_reviews(opened, notifier=notifier)
    [(title, body)] = told
    assert "例外 1件" in title
    assert first.line.entry.login in body
    opened.clock.later(days=200)
    remind_of_reviews(opened, notifier=notifier)
    assert len(told) == 1  # the review that is open is not overdue
    with opened.database.transaction() as connection:
        connection.execute(update(REVIEWS).values(state="closed"))
    for _ in range(2):
        remind_of_reviews(opened, notifier=notifier)
    assert len(told) == 2
    assert "棚卸しの期限" in told[1][0]
