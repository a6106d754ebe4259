from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import closing

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from temanashi.errors import LedgerError
from temanashi.ledger.database import open_database
from temanashi.ledger.ledger import Ledger
from temanashi.people import Actor
from temanashi.text import explain
from temanashi.workspace.publishing import (
    ApproverNotAPerson,
    NoEarlierVersion,
    NoSuchVersion,
    NothingPending,
    NothingPublished,
    PublicationStale,
    SamePerson,
    VersionAltered,
    approve_publication,
    current_version,
    live_version,
    publish,
    publish_back,
    published_version,
    refuse_publication,
    stored_versions,
)

ALICE, BOB = Actor(name="alice"), Actor(name="bob")


class Desk:
    """A folder, a database, and the people who publish from one to the other."""

    def __init__(self, folder, clock, kinds, url=""):
        self.folder, self.clock, self.kinds = folder, clock, kinds
        self.file = folder.root.parent / "tema.db"
        self.database = open_database(url or f"sqlite:///{self.file}", clock=clock)
        self.ledger = Ledger(self.database, clock=clock)

    def publish(self, actor=ALICE, **more):
        return publish(self.database, self.ledger, self.folder.load(), actor=actor, clock=self.clock, **more)

    def approve(self, number, actor=BOB):
        return approve_publication(self.database, self.ledger, number, actor=actor, clock=self.clock)

    def refuse(self, number, actor=BOB):
        return refuse_publication(self.database, self.ledger, number, actor=actor, clock=self.clock, reason="no")

    def back(self, actor=BOB, to=None):
        return publish_back(self.database, self.ledger, actor=actor, clock=self.clock, to=to, reason="it broke")

    def current(self, cache=None):
        with self.database.reading() as connection:
            return current_version(connection, kinds=self.kinds, cache=cache)

    def by_digest(self, digest, cache=None):
        with self.database.reading() as connection:
            return published_version(connection, digest, kinds=self.kinds, cache=cache)

    def versions(self):
        with self.database.reading() as connection:
            return stored_versions(connection)

    def records(self):
        with self.database.reading() as connection:
            return [(r.draft.kind, r.draft.outcome, r.draft.actor, r.draft.body["number"]) for r in self.ledger.records(connection)]


@pytest.fixture
def desk(folder, clock, kinds):
    desk = Desk(folder, clock, kinds)
    yield desk
    desk.database.close()


def told(error):
    return {lang: explain(error, lang) for lang in ("ja", "en")}


def tamper(desk, *statements):
    with closing(sqlite3.connect(desk.file)) as connection:
        for name in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'versions'"
        ).fetchall():
            connection.execute(f"DROP TRIGGER {name[0]}")
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def test_nothing_is_live_before_the_first_publication(desk):
    assert desk.current() is None
    with desk.database.reading() as connection:
        assert live_version(connection) is None
    assert desk.versions() == []


def test_publishing_makes_the_files_live(desk):
    desk.folder.runbook("a")
    desk.folder.write("flows/check_disks.py", "x = 1\n")
    done = desk.publish(reason="first")
    assert (done.status, done.number, done.difference.added, done.faults) == ("live", 1, ("a",), [])
    live = desk.current()
    assert (live.number, live.digest, live.author) == (1, done.digest, "alice")
    assert live.runbooks["a"].title.text("ja") == "朝の点検"
    assert sorted(live.files) == ["flows/check_disks.py", "runbooks/routine/a.yaml"]
    assert (live.languages, live.timezone, str(live.zone)) == (("ja", "en"), "Asia/Tokyo", "Asia/Tokyo")
    assert live.inventory.select("localhost")
    assert desk.records() == [("published", "published", "alice", 1)]


def test_live_runs_never_see_drafts(desk):
    desk.folder.runbook("a")
    desk.publish()
    desk.folder.runbook("a", **{"owner: ops": "owner: night shift"})
    assert desk.current().runbooks["a"].owner == "ops"


def test_the_same_content_makes_no_new_version(desk):
    desk.folder.runbook("a")
    desk.publish()
    again = desk.publish(BOB)
    assert (again.status, again.number) == ("unchanged", 1)
    assert len(desk.versions()) == len(desk.records()) == 1


def test_the_difference_names_runbooks_and_shows_lines(desk):
    for name in "abc":
        desk.folder.runbook(name)
    desk.publish()
    desk.folder.runbook("b", **{"owner: ops": "owner: night shift"})
    desk.folder.write("runbooks/routine/c.yaml", "[")
    (desk.folder.root / "runbooks/routine/a.yaml").unlink()
    desk.folder.runbook("d")
    found = desk.publish().difference
    assert (found.added, found.changed, found.removed, found.disabled) == (("d",), ("b",), ("a",), ("c",))
    assert {file.file: file.change for file in found.files} == {
        "runbooks/routine/a.yaml": "removed",
        "runbooks/routine/b.yaml": "changed",
        "runbooks/routine/c.yaml": "changed",
        "runbooks/routine/d.yaml": "added",
    }
    assert "-owner: ops\n+owner: night shift" in found.files[1].text


def test_a_long_difference_is_cut_and_a_huge_one_left_out(desk):
    desk.folder.runbook("a", more="# x\n" * 500)
    desk.folder.runbook("b", more="# x\n" * 6000)
    found = desk.publish().difference.files
    assert [(file.truncated, len(file.text.splitlines())) for file in found] == [(True, 200), (True, 0)]


def test_a_broken_file_is_published_as_disabled_and_its_old_version_does_not_go_on(desk):
    desk.folder.runbook("a")
    desk.folder.runbook("b")
    desk.publish()
    desk.folder.runbook("b", more="timout: 3\n")
    done = desk.publish()
    assert done.status == "live"
    assert [fault.at.file for fault in done.faults] == ["runbooks/routine/b.yaml"]
    live = desk.current()
    assert list(live.runbooks) == ["a"]
    assert live.faults == done.faults
    with desk.database.reading() as connection:
        last = list(desk.ledger.records(connection))[-1].draft.body
    assert last["difference"]["disabled"] == ["b"]
    assert last["faults"] == ["runbooks/routine/b.yaml:10  unknown key `timout`."]


def test_a_digest_finds_the_version_that_a_run_was_planned_with(desk):
    desk.folder.runbook("a")
    first = desk.publish()
    desk.folder.runbook("a", **{"owner: ops": "owner: night shift"})
    desk.publish()
    assert desk.by_digest(first.digest).runbooks["a"].owner == "ops"
    with pytest.raises(NoSuchVersion) as caught:
        desk.by_digest("sha256:0")
    assert "sha256:0" in told(caught.value)["en"].what


def test_a_cache_parses_a_version_once(desk):
    desk.folder.runbook("a")
    done = desk.publish()
    cache = {}
    first = desk.current(cache)
    assert desk.current(cache) is first
    assert desk.by_digest(done.digest, cache) is first


def test_a_change_of_settings_is_a_new_version(desk):
    desk.folder.runbook("a")
    desk.publish()
    desk.folder.write("pyproject.toml", '[tool.temanashi]\nlanguages = ["ja", "en"]\ntimezone = "UTC"\n')
    assert desk.publish().number == 2
    assert desk.current().timezone == "UTC"


def test_a_privileged_runbook_waits_for_a_second_person(desk):
    desk.folder.runbook("a")
    desk.publish()
    desk.folder.runbook("root", more="privileged: true\n")
    waiting = desk.publish()
    assert (waiting.status, waiting.needs_second) == ("pending", ("root",))
    assert desk.current().number == 1
    with pytest.raises(NoSuchVersion):
        desk.by_digest(waiting.digest)
    assert desk.publish().number == waiting.number
    assert [version.state for version in desk.versions()] == ["pending", "live"]
    done = desk.approve(waiting.number)
    assert (done.status, desk.current().number, sorted(desk.current().runbooks)) == ("live", 2, ["a", "root"])
    assert desk.records() == [
        ("published", "published", "alice", 1),
        ("publication", "pending", "alice", 2),
        ("published", "approved", "bob", 2),
    ]
    with desk.database.reading() as connection:
        last = list(desk.ledger.records(connection))[-1].draft
    assert (last.approvers, last.privileged, last.body["author"]) == (("bob",), True, "alice")
    assert [version.state for version in desk.versions()] == ["live", "earlier"]


@pytest.mark.parametrize("name", ["alice", "ALICE", " alice ", "ａｌｉｃｅ"])
def test_the_author_cannot_be_the_second_person(desk, name):
    desk.folder.runbook("root", more="privileged: true\n")
    desk.publish()
    with pytest.raises(SamePerson) as caught:
        desk.approve(1, Actor(name=name))
    assert "`tema publish --approve 1`" in told(caught.value)["en"].next
    assert desk.current() is None


def test_a_part_of_the_system_cannot_approve(desk):
    desk.folder.runbook("root", more="privileged: true\n")
    desk.publish()
    with pytest.raises(ApproverNotAPerson):
        desk.approve(1, Actor(name="watch", kind="system"))


def test_a_change_before_or_after_being_privileged_needs_a_second_person(desk):
    desk.folder.runbook("root", more="privileged: true\n")
    desk.publish()
    desk.approve(1)
    desk.folder.runbook("root")
    assert desk.publish().needs_second == ("root",)
    desk.folder.runbook("other")
    desk.folder.runbook("root", more="privileged: true\n")
    assert desk.publish().status == "live"


def test_removing_a_privileged_runbook_needs_nobody_but_adding_it_again_does(desk):
    desk.folder.runbook("a")
    path = desk.folder.root / desk.folder.runbook("root", more="privileged: true\n")
    desk.publish()
    desk.approve(1)
    path.unlink()
    assert desk.publish().status == "live"
    desk.folder.runbook("root")
    assert desk.publish().needs_second == ("root",)


def test_a_waiting_version_can_be_refused(desk):
    desk.folder.runbook("root", more="privileged: true\n")
    desk.publish()
    assert desk.refuse(1).status == "refused"
    assert [version.state for version in desk.versions()] == ["refused"]
    with pytest.raises(NothingPending) as caught:
        desk.approve(1)
    assert told(caught.value)["ja"].what == "承認を待っている版はありません。"
    assert desk.records()[-1] == ("publication", "refused", "bob", 1)
    assert desk.publish().number == 2


def test_approving_never_undoes_what_was_published_meanwhile(desk):
    desk.folder.runbook("a")
    desk.publish()
    desk.folder.runbook("root", more="privileged: true\n")
    waiting = desk.publish()
    (desk.folder.root / "runbooks/routine/root.yaml").unlink()
    desk.folder.runbook("b")
    desk.publish()
    with pytest.raises(PublicationStale) as caught:
        desk.approve(waiting.number)
    assert (caught.value.data["number"], caught.value.data["live"]) == (2, 3)
    assert desk.current().number == 3


def test_going_back_is_one_command_and_recorded(desk):
    for owner in ("first", "second", "third"):
        desk.folder.runbook("a", **{"owner: ops": f"owner: {owner}"})
        desk.publish()
    assert desk.back().number == 2
    assert desk.current().runbooks["a"].owner == "second"
    assert desk.back().number == 1
    assert desk.current().runbooks["a"].owner == "first"
    assert desk.records()[-2:] == [("published", "back", "bob", 2), ("published", "back", "bob", 1)]
    with pytest.raises(NoEarlierVersion):
        desk.back()
    assert desk.back(to=3).number == 3
    assert [version.state for version in desk.versions()] == ["live", "earlier", "earlier"]


def test_going_back_needs_a_version_that_was_live(desk):
    with pytest.raises(NothingPublished):
        desk.back()
    desk.folder.runbook("root", more="privileged: true\n")
    desk.publish()
    with pytest.raises(NothingPublished):
        desk.back(to=1)
    (desk.folder.root / "runbooks/routine/root.yaml").unlink()
    desk.folder.runbook("a")
    desk.publish()
    with pytest.raises(NoSuchVersion):
        desk.back(to=1)


def test_a_start_does_not_bring_back_what_somebody_went_back_from(desk):
    desk.folder.runbook("a")
    desk.publish()
    desk.folder.runbook("a", **{"owner: ops": "owner: wrong"})
    desk.publish()
    desk.back()
    assert desk.publish(automatic=True).status == "held"
    assert desk.current().number == 1
    assert desk.publish().status == "live"
    assert desk.current().runbooks["a"].owner == "wrong"


def test_versions_cannot_be_changed_through_the_database(desk):
    desk.folder.runbook("a")
    desk.publish()
    for statement in (
        "UPDATE versions SET author = 'mallory'",
        "DELETE FROM versions",
        "INSERT OR REPLACE INTO versions SELECT * FROM versions",
        "UPDATE publications SET live = 0",
        "DELETE FROM publications",
        "INSERT OR REPLACE INTO publications SELECT * FROM publications",
    ):
        with pytest.raises((DBAPIError, LedgerError)), desk.database.transaction() as connection:
            connection.execute(text(statement))


def test_a_stored_version_that_was_altered_is_not_used(desk):
    desk.folder.runbook("a")
    done = desk.publish()
    tamper(desk, "UPDATE versions SET content = replace(content, 'owner: ops', 'owner: me!')")
    with pytest.raises(VersionAltered) as caught:
        desk.current()
    assert "tema audit verify" in told(caught.value)["en"].next
    with pytest.raises(VersionAltered):
        desk.by_digest(done.digest)
    desk.folder.runbook("b")
    with pytest.raises(VersionAltered):
        desk.publish()
    tamper(desk, "UPDATE versions SET content = 'nonsense'")
    with pytest.raises(VersionAltered):
        desk.current()


def test_going_back_to_an_altered_version_is_refused(desk):
    desk.folder.runbook("a")
    desk.publish()
    desk.folder.runbook("b")
    desk.publish()
    tamper(desk, "UPDATE versions SET content = replace(content, 'owner: ops', 'owner: me!') WHERE number = 1")
    with pytest.raises(VersionAltered):
        desk.back()
    assert desk.current().number == 2


def test_what_was_disabled_when_published_stays_disabled(desk):
    desk.folder.runbook("a")
    desk.folder.runbook("b")
    desk.publish()
    with desk.database.reading() as connection:
        findings = connection.execute(text("SELECT findings FROM versions")).scalar_one()
    less = json.loads(findings)
    less["runbooks"].pop("b")
    tamper(desk, f"UPDATE versions SET findings = '{json.dumps(less)}'")
    assert list(desk.current().runbooks) == ["a"]


def test_two_who_publish_at_once_make_one_version(desk):
    desk.folder.runbook("a")
    start, done = threading.Barrier(2), []

    def go():
        start.wait(10)
        done.append(desk.publish().status)

    threads = [threading.Thread(target=go) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(done) == ["live", "unchanged"]
    assert len(desk.versions()) == 1


def test_what_cannot_be_recorded_is_not_published(desk):
    desk.folder.runbook("a")
    with closing(sqlite3.connect(desk.file)) as connection:
        connection.execute("CREATE TRIGGER stop BEFORE INSERT ON ledger BEGIN SELECT RAISE(ABORT, 'no'); END")
        connection.commit()
    with pytest.raises((DBAPIError, LedgerError)):
        desk.publish()
    assert desk.versions() == []


@pytest.fixture
def far_desk(folder, clock, kinds, postgresql_url):
    desk = Desk(folder, clock, kinds, postgresql_url)
    yield desk
    desk.database.close()


@pytest.mark.server
def test_postgresql_publishes_approves_and_goes_back(far_desk):
    far_desk.folder.runbook("a")
    far_desk.publish()
    far_desk.folder.runbook("root", more="privileged: true\n")
    assert far_desk.publish().status == "pending"
    assert far_desk.approve(2).status == "live"
    assert far_desk.back().number == 1
    assert list(far_desk.current().runbooks) == ["a"]
    assert [version.state for version in far_desk.versions()] == ["earlier", "live"]


@pytest.mark.server
@pytest.mark.parametrize("table", ["versions", "publications"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET number = 7", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_postgresql_keeps_versions_as_they_are(far_desk, table, statement):
    far_desk.folder.runbook("a")
    far_desk.publish()
    with pytest.raises((DBAPIError, LedgerError)), far_desk.database.transaction() as connection:
        connection.execute(text(statement.format(table)))


@pytest.mark.server
def test_postgresql_lets_one_publish_at_a_time(far_desk):
    far_desk.folder.runbook("a")
    start, done = threading.Barrier(3), []

    def go():
        start.wait(10)
        done.append(far_desk.publish().status)

    threads = [threading.Thread(target=go) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(done) == ["live", "unchanged", "unchanged"]
