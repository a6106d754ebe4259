from __future__ import annotations

import pytest
from sqlalchemy import text

from temanashi.ledger.database import open_database
from temanashi.ledger.faults import LedgerReadOnly
from temanashi.ledger.grants import grants
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.pruning import prune
from temanashi.ledger.verification import verify


@pytest.mark.server
def test_the_daily_role_can_append_and_prune_and_nothing_else(postgresql_url, clock, opened, a_draft, alice):
    owner = opened(open_database(postgresql_url, clock=clock))
    with owner.transaction() as connection:
        connection.execute(text("DROP ROLE IF EXISTS daily"))
        connection.execute(text("CREATE ROLE daily LOGIN PASSWORD 'daily-word'"))
        for statement in grants("daily"):
            connection.execute(text(statement))
    daily = opened(open_database(postgresql_url.replace("tema:only-for-tests", "daily:daily-word"), clock=clock))
    ledger = Ledger(daily, clock=clock)
    with daily.transaction() as connection:
        ledger.append(connection, a_draft(1))
        prune(connection, ledger, before=clock.now(), actor=alice)
    for statement in (
        "UPDATE ledger SET actor = 'mallory'",
        "DELETE FROM ledger_body",
        "UPDATE ledger_body SET seq = 9",
        "TRUNCATE ledger CASCADE",
        "ALTER TABLE ledger DISABLE TRIGGER ALL",
        "DROP TRIGGER ledger_no_change ON ledger",
        "UPDATE alembic_version SET version_num = '0000'",
    ):
        with pytest.raises(LedgerReadOnly), daily.transaction() as connection:
            connection.execute(text(statement))
    with daily.reading() as connection:
        assert (verify(connection).status, verify(connection).pruned) == ("intact", 1)
    # The role belongs to the whole server and must not hold on to a database that goes away.
    daily.close()
    with owner.transaction() as connection:
        connection.execute(text("DROP OWNED BY daily"))
        connection.execute(text("DROP ROLE daily"))


@pytest.mark.parametrize("role", ["", "A", "a; DROP ROLE b", 'a"b', "1a", "a" * 64])
def test_a_role_name_that_would_need_quoting_is_refused(role):
    with pytest.raises(ValueError, match="role"):
        grants(role)
