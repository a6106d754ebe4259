"""The FAQ of the live version: published like runbooks, changed at once, built in the background."""

from datetime import date

import pytest

from temanashi.ledger.database import open_database
from temanashi.ledger.ledger import Ledger
from temanashi.people import Actor
from temanashi.workspace.faq_serving import LiveFaq
from temanashi.workspace.live import live_entries
from temanashi.workspace.publishing import current_version, publish

ENTRY = """\
---
id: {id}
owner: helpdesk
verified_on: 2026-11-01
ja:
  question: {question}
  phrasings: [{question}困った, {question}助けて]
---
{answer}
"""


class Desk:
    def __init__(self, folder, clock, kinds):
        self.folder, self.clock, self.kinds = folder, clock, kinds
        self.database = open_database(folder.root / "state.db", clock=clock)
        self.ledger = Ledger(self.database, clock=clock)
        self.faq = LiveFaq(languages=("ja", "en"), state=folder.root / ".tema", seconds=self.seconds)
        self.patient = False

    def seconds(self):
        """A clock on which the time to wait is always over, unless somebody is patient."""
        self.clock.sleep(0 if self.patient else 10)
        return self.clock.monotonic()

    def write(self, name, question, answer="答え"):
        self.folder.write(f"faq/pc/{name}.md", ENTRY.format(id=name, question=question, answer=answer))

    def publish(self):
        return publish(self.database, self.ledger, self.folder.load(), actor=Actor(name="alice"), clock=self.clock)

    def engine(self):
        with self.database.reading() as connection:
            return self.faq.engine(connection)

    def ask(self, text):
        return self.engine().ask(text, lang="ja", may_see=lambda _: True, today=date(2026, 11, 20))


@pytest.fixture
def desk(folder, clock, kinds):
    made = Desk(folder, clock, kinds)
    yield made
    made.faq.wait()
    made.database.close()


def test_before_the_first_publication_nothing_is_known(desk):
    assert desk.ask("パスワード").kind == "unknown"


def test_entries_are_live_from_their_publication_on(desk):
    desk.write("password", "パスワードを忘れた")
    assert desk.ask("パスワードを忘れた").kind == "unknown"
    desk.publish()
    desk.engine()
    desk.faq.wait()
    assert desk.ask("パスワードを忘れた").hits[0].entry.id == "password"
    with desk.database.reading() as connection:
        assert set(live_entries(connection)) == {"password"}
        assert set(current_version(connection, kinds=desk.kinds).entries) == {"password"}


def test_what_is_withdrawn_or_reworded_shows_at_once(desk):
    desk.write("password", "パスワードを忘れた")
    desk.write("printer", "印刷できない", "古い答え")
    desk.publish()
    assert desk.ask("パスワードを忘れた").kind == "answer"
    (desk.folder.root / "faq/pc/password.md").unlink()
    desk.write("printer", "印刷できない", "新しい答え")
    desk.publish()
    gone, reworded = desk.ask("パスワードを忘れた"), desk.ask("印刷できない")
    assert "password" not in {hit.entry.id for hit in gone.hits}
    assert reworded.hits[0].entry.texts["ja"].answer == "新しい答え"
    desk.faq.wait()
    assert desk.engine().index != gone.index
    assert desk.ask("印刷できない").hits[0].entry.texts["ja"].answer == "新しい答え"


def test_who_asks_after_a_publication_finds_what_is_new(desk):
    desk.write("password", "パスワードを忘れた")
    desk.publish()
    desk.engine()
    desk.write("printer", "印刷できない")
    desk.publish()
    desk.patient = True
    assert desk.ask("印刷できない").hits[0].entry.id == "printer"


def test_a_broken_entry_takes_nothing_else_along(desk):
    desk.write("password", "パスワードを忘れた")
    desk.folder.write("faq/pc/broken.md", "---\nid: broken\n")
    assert {fault.at.file for fault in desk.publish().faults} >= {"faq/pc/broken.md"}
    assert set(desk.engine().entries) == {"password"}


def test_a_version_without_changes_of_the_faq_builds_nothing(desk):
    desk.write("password", "パスワードを忘れた")
    desk.publish()
    first = desk.engine()
    desk.folder.runbook("look")
    desk.publish()
    assert desk.engine().index == first.index
    assert desk.faq._builder is None


def test_a_damaged_index_is_told_in_the_log_and_built_anew(desk, caplog):
    desk.write("password", "パスワードを忘れた")
    desk.publish()
    desk.engine()
    desk.faq.wait()
    (desk.folder.root / ".tema/faq/index.json").write_text("{")
    desk.faq = LiveFaq(languages=("ja", "en"), state=desk.folder.root / ".tema")
    assert desk.ask("パスワードを忘れた").kind == "answer"
    assert "damaged" in caplog.text
