"""Snapshots of accounts on a real host: what changed outside temanashi is found, and what our runs did is not."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from fixtures_account_site import AccountSite
from fixtures_approvals import SetClock
from temanashi.accounts.reviews.faults import NothingToRead, PopulationAltered, PopulationPruned
from temanashi.accounts.reviews.keeping import kept, prune_populations
from temanashi.accounts.reviews.tables import POPULATIONS, SNAPSHOTS
from temanashi.notices import Notifier
from temanashi.people import Actor
from temanashi.runs.advancing import advance
from temanashi.runs.requests import RunRequest, request_run
from temanashi.workspace.account_night import read_accounts_at_night
from temanashi.workspace.account_snapshots import drift_line, snapshot_accounts
from temanashi.workspace.version_rows import live_version
from temanashi.workspace.versions import published_version

HANA = Actor(name="hana")


@pytest.fixture(scope="module")
def site(tmp_path_factory, linuxhost):
    made = AccountSite(tmp_path_factory.mktemp("snapshots") / "site", linuxhost, dead=True)
    made.shipped("close-linux-account", targets="linux1")
    return made


@pytest.fixture(scope="module")
def opened(site):
    with site.opened() as installation:
        yield installation


def teller(installation):
    told = []

    def deliver(url, *, title, body, recovery):
        told.append((title, body))
        return True

    known = {"database": installation.database, "clock": installation.clock, "lang": "ja"}
    made = Notifier(("env:X",), **known, secret=lambda _: "json://x", deliver=deliver)
    return made, told


def run(installation, name, **inputs):
    engine = installation.engine()
    with installation.database.reading() as connection:
        digest = live_version(connection).digest
        published = published_version(connection, digest, kinds=engine.kinds)
    request = RunRequest(
        runbook=published.runbooks[name],
        workspace_version=digest,
        inventory=published.inventory,
        inputs=inputs,
        actor=HANA,
        channel="cli",
    )
    return advance(engine, request_run(engine, request)).outcome


def taken(installation, **more):
    return snapshot_accounts(installation, actor=HANA, channel="cli", **more)


def test_what_runs_of_ours_did_is_no_drift_and_what_others_did_is(opened, linuxhost):
    for login in ("driftours", "driftboth", "driftother", "driftgone"):
        linuxhost.inside("useradd", "-c", "Before", login)
    notifier, told = teller(opened)
    first = taken(opened, notifier=notifier)
    assert first.drift == ()
    assert first.first == ("linux1",)
    assert [one.where for one in first.population.not_read] == ["dead1"]
    assert [title for title, _ in told] == ["dead1 のアカウントを読めませんでした"]

    assert run(opened, "close-linux-account", login="driftours") == "done"
    linuxhost.inside("usermod", "-c", "Another", "driftboth")
    assert run(opened, "close-linux-account", login="driftboth") == "done"
    linuxhost.inside("usermod", "-s", "/bin/sh", "driftboth")
    linuxhost.inside("gpasswd", "-a", "driftother", "sudo")
    linuxhost.inside("userdel", "driftgone")
    linuxhost.inside("useradd", "driftnew")

    second = taken(opened, notifier=notifier)
    found = {one.login: one for one in second.drift if one.login.startswith("drift")}
    assert sorted(found) == ["driftboth", "driftgone", "driftnew", "driftother"]
    assert [found[name].change for name in sorted(found)] == ["changed", "removed", "added", "changed"]
    assert [(f.field, f.before, f.after) for f in found["driftboth"].fields] == [
        ("name", "Before", "Another"),
        ("shell", found["driftboth"].fields[1].before, "/bin/sh"),
    ]
    assert "sudo" in {group for f in found["driftother"].fields if f.field == "groups" for group in f.after}
    assert drift_line(found["driftnew"]).text("ja").startswith("linux1: driftnew が作られました")
    titles = [title for title, _ in told[1:]]
    assert len(titles) == 1
    assert titles[0].endswith("linux1")
    assert "driftother" in told[1][1]

    third = taken(opened, notifier=notifier)
    assert third.drift == ()
    assert len(told) == 2  # nothing is told twice


def test_the_record_tells_queries_counts_digests_and_what_was_not_read(opened):
    made = taken(opened)
    with opened.database.reading() as connection:
        record = opened.ledger.get(connection, made.seq)
        body = record.draft.body
        host = next(one for one in body["targets"] if one["where"] == "linux1")
        again = kept(connection, host["kept"], taken_at=datetime.fromisoformat(host["taken_at"]))
    assert record.draft.kind == "account_snapshot"
    assert host["accounts"] == len(again.entries) > 20
    assert host["digest"] == again.digest
    assert [one["where"] for one in body["not_read"]] == ["dead1"]
    assert "temanashi" in [one["where"] for one in body["targets"]]


def test_two_nights_alike_take_the_room_of_one_and_what_is_old_can_go(opened):
    taken(opened)
    with opened.database.reading() as connection:
        before = len(connection.execute(select(POPULATIONS.c.digest)).all())
    made = taken(opened)
    with opened.database.transaction() as connection:
        assert len(connection.execute(select(POPULATIONS.c.digest)).all()) == before
        assert prune_populations(connection, before=datetime(2020, 1, 1, tzinfo=UTC)) == 0
        gone = prune_populations(connection, before=opened.clock.now() + timedelta(days=1))
        assert gone == before - 2  # the last of the host and of our own users
        digests = connection.scalars(select(SNAPSHOTS.c.digest).where(SNAPSHOTS.c.seq == made.seq)).all()
        assert kept(connection, digests[0], taken_at=made.population.targets[0].taken_at)
        with pytest.raises(PopulationPruned):
            kept(connection, "0" * 64, taken_at=opened.clock.now())


def test_a_kept_population_that_somebody_wrote_into_is_told(opened):
    made = taken(opened)
    with opened.database.transaction() as connection:
        mine = (SNAPSHOTS.c.seq == made.seq) & (SNAPSHOTS.c.place == "linux1")
        digest = connection.scalars(select(SNAPSHOTS.c.digest).where(mine)).one()
        old = connection.scalars(select(POPULATIONS.c.content).where(POPULATIONS.c.digest == digest)).one()
        connection.execute(update(POPULATIONS).where(POPULATIONS.c.digest == digest).values(content=b"other"))
        with pytest.raises(PopulationAltered):
            kept(connection, digest, taken_at=opened.clock.now())
    told = [problem.key for problem in taken(opened).problems]
    assert told == ["reviews.population-altered"]
    with opened.database.transaction() as connection:
        connection.execute(update(POPULATIONS).where(POPULATIONS.c.digest == digest).values(content=old))


def test_a_night_is_read_once_and_made_up_for(opened):
    def records():
        with opened.database.reading() as connection:
            return len(list(opened.ledger.records(connection, kinds=["account_snapshot"])))

    before = records()
    problems = read_accounts_at_night(opened)
    assert [problem.key for problem in problems] == ["reviews.place-not-read"]
    assert "dead1" in problems[0].text("ja")
    assert records() == before + 1
    assert read_accounts_at_night(opened) == []
    assert records() == before + 1


def test_where_there_is_nothing_to_read_a_snapshot_says_so(tmp_path):
    site = AccountSite(tmp_path / "site")
    site.write("runbooks/site/accounts.yaml", "policy: {}\n")
    with site.opened() as installation:
        with pytest.raises(NothingToRead):
            taken(installation)
        assert read_accounts_at_night(installation) == []


def test_what_became_readable_is_read_and_the_next_night_comes(tmp_path, linuxhost):
    site = AccountSite(tmp_path / "site", linuxhost, clock=SetClock())
    site.register(policy={})
    with site.opened() as installation:

        def records():
            with installation.database.reading() as connection:
                return len(list(installation.ledger.records(connection, kinds=["account_snapshot"])))

        assert read_accounts_at_night(installation) == []
        site.register()
        site.publish(installation)
        assert read_accounts_at_night(installation) == []
        assert records() == 0  # it is looked up again after a while
        installation.clock.later(minutes=11)
        read_accounts_at_night(installation)
        assert records() == 1
        for _ in range(3):
            installation.clock.later(hours=8)
            read_accounts_at_night(installation)
        assert records() == 2
