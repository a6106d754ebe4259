"""Once a day, and after days on which nothing ran: verified, signed, recorded, sent; failures are told and tried again."""

import json
import threading
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from sqlalchemy import text

from fixtures_approvals import SetClock
from fixtures_prefect import make_place
from temanashi.ledger.checkpoints import CHECKPOINTS, read_checkpoints
from temanashi.ledger.given import BadPublicKey, NoCheckpoint, given_checkpoint, given_key
from temanashi.ledger.records import Draft
from temanashi.ledger.verification import verify_database
from temanashi.ledger.verified import last_verification
from temanashi.notices import Notifier, message_by_apprise
from temanashi.text import explain
from temanashi.workspace.daily_seal import seal_day
from temanashi.workspace.opening import open_installation
from test_notices import Mail


class Post:
    """Keeps what is delivered; `broken`: nothing arrives."""

    def __init__(self):
        self.mails, self.broken = [], False

    def __call__(self, url, *, title, body, recovery):
        if not self.broken:
            self.mails.append((url, title, body, recovery))
        return not self.broken


class Office:
    def __init__(self, opened, clock):
        self.opened, self.clock, self.post, self.alarms = opened, clock, Post(), Post()

    def seal(self):
        common = {"database": self.opened.database, "clock": self.clock, "lang": "en", "secret": lambda ref: ref}
        notifier = Notifier(("env:OPS",), deliver=self.alarms, **common)
        auditors = Notifier(("env:AUDITOR",), deliver=self.post, **common)
        return seal_day(self.opened, notifier=notifier, auditors=auditors)

    def add(self, actor="alice"):
        with self.opened.database.transaction() as connection:
            self.opened.ledger.append(connection, Draft(kind="noted", actor=actor))

    def records(self):
        with self.opened.database.reading() as connection:
            return [(r.draft.outcome, r.draft.body) for r in self.opened.ledger.records(connection, kinds=("checkpoint",))]

    @property
    def state(self):
        return self.opened.settings.state_dir


@pytest.fixture
def office(tmp_path):
    place = make_place(tmp_path)
    clock = SetClock(datetime(2026, 11, 20, 1, 0, tzinfo=UTC))
    with open_installation(place.root, clock=clock) as opened:
        made = Office(opened, clock)
        made.add()
        yield made


def test_a_day_is_sealed_once_however_often_the_watch_looks(office):
    for _ in range(5):
        assert office.seal() == []
        office.clock.later(minutes=1)
        office.add()
    assert len(office.post.mails) == 1
    assert [outcome for outcome, _ in office.records()] == ["written", "mailed"]
    assert last_verification(office.state).found.status == "intact"
    assert len(read_checkpoints(office.state / CHECKPOINTS)) == 1


def test_days_are_those_of_the_workspace(office):
    office.seal()
    office.clock.at = datetime(2026, 11, 20, 14, 59, tzinfo=UTC)  # 23:59 in Tokyo
    office.seal()
    assert len(office.post.mails) == 1
    office.clock.later(minutes=2)
    office.seal()
    assert len(office.post.mails) == 2


def test_days_on_which_nothing_ran_are_made_up_for_and_told(office):
    office.seal()
    office.clock.later(days=4)
    assert office.seal() == []
    _, title, body, recovery = office.post.mails[-1]
    assert ("2026年11月24日" in title, recovery) == (True, False)
    assert "その前の3日" in body
    assert [body["missed_days"] for outcome, body in office.records() if outcome == "written"] == [0, 3]


def test_the_mail_is_what_verifies_the_ledger_later(office, tmp_path):
    office.seal()
    body = office.post.mails[0][2]
    mail = tmp_path / "mail.txt"
    broken = body.replace('"hash":"', '"hash":"\r\n> ').replace('"signature":"', '"signature":"\n')
    for form in (body, "Subject: x\r\n\r\n" + body, broken, body.replace('"', "&quot;"), body + "\n{not this}"):
        mail.write_text(form, encoding="utf-8")
        kept = given_checkpoint(mail)
        assert verify_database(office.opened.database, state=office.state, given=[kept]).status == "intact"
    for file in (office.state / CHECKPOINTS).iterdir():
        file.unlink()  # whoever rewrites the ledger removes these too
    with office.opened.database.transaction() as connection:
        for (name,) in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            connection.execute(text(f"DROP TRIGGER {name}"))
        for table in ("ledger_body", "ledger"):
            connection.execute(text(f"DELETE FROM {table}"))
    office.add("mallory")
    assert verify_database(office.opened.database, state=office.state).status == "intact"
    assert verify_database(office.opened.database, state=office.state, given=[kept]).status == "altered"


def test_a_real_mail_saved_as_a_file_is_understood_however_it_is_encoded(office, tmp_path):
    with Mail() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        common = {"database": office.opened.database, "clock": office.clock, "lang": "ja", "secret": lambda _: server.url}
        assert seal_day(office.opened, auditors=Notifier(("env:AUDITOR",), deliver=message_by_apprise, **common)) == []
        server.shutdown()
        thread.join(10)
    (mail,) = server.mails
    (checkpoint,) = read_checkpoints(office.state / CHECKPOINTS)
    file = tmp_path / "mail.eml"
    file.write_bytes(mail.as_bytes())
    assert given_checkpoint(file) == checkpoint
    text_ = next(part for part in mail.walk() if part.get_content_type() == "text/plain").get_payload(decode=True).decode()
    again = EmailMessage()
    again.set_content(text_, cte="base64")
    file.write_bytes(again.as_bytes())
    assert b'"hash"' not in file.read_bytes()
    assert given_checkpoint(file) == checkpoint


def test_an_auditors_own_key_is_what_counts(office, tmp_path):
    office.seal()
    own = given_key(office.state / "keys" / "ledger-signing.pub.pem")
    assert verify_database(office.opened.database, state=office.state, trusted_key=own).status == "intact"
    assert verify_database(office.opened.database, state=office.state, trusted_key="0" * 64).status == "cannot_tell"


@pytest.mark.parametrize("content", [None, "", "{}", "nothing here", '{"format": 1, "number": 1}', "{" * 1000])
def test_a_file_without_a_checkpoint_is_refused(tmp_path, content):
    file = tmp_path / "kept.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(NoCheckpoint) as refused:
        given_checkpoint(file)
    assert all("kept.json" in explain(refused.value, lang).what for lang in ("ja", "en"))


@pytest.mark.parametrize("content", [None, "", "-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----\n"])
def test_a_file_that_is_no_public_key_is_refused(tmp_path, content):
    file = tmp_path / "key.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(BadPublicKey):
        given_key(file)


def test_a_mail_that_does_not_arrive_is_told_and_sent_again_without_a_second_checkpoint(office):
    office.post.broken = True
    assert [problem.key for problem in office.seal()] == ["notices.not-delivered"]
    office.clock.later(minutes=1)
    assert office.seal()
    office.post.broken = False
    assert office.seal() == []
    assert office.seal() == []
    assert len(office.post.mails) == 1
    assert [outcome for outcome, _ in office.records()] == ["written", "mailed"]


def test_a_look_that_died_while_it_verified_is_made_up_for(office):
    with office.opened.database.transaction() as connection:
        dead = {"day": "2026-11-20", "state": "verifying", "at": office.clock.now().isoformat(), "before": "2026-11-18"}
        connection.execute(text("INSERT INTO flags (name, value) VALUES ('daily_seal', :value)"), {"value": json.dumps(dead)})
    assert office.seal() == []
    assert office.post.mails == []
    office.clock.later(minutes=31)
    assert office.seal() == []
    assert "その前の1日" in office.post.mails[0][2]


def test_an_altered_ledger_is_an_alarm_and_stands_in_the_mail(office):
    office.seal()
    with office.opened.database.transaction() as connection:
        connection.execute(text("DROP TRIGGER ledger_no_update"))
        connection.execute(text("UPDATE ledger SET actor = 'mallory' WHERE seq = 1"))
    office.clock.later(days=1)
    assert [problem.key for problem in office.seal()] == ["opening.ledger-altered"]
    assert "書かれたときと違う" in office.alarms.mails[0][1]
    assert "改ざんあり" in office.post.mails[-1][2]
    assert last_verification(office.state).found.status == "altered"


def test_without_auditors_the_checkpoint_is_written_all_the_same(office):
    assert seal_day(office.opened) == []
    assert [outcome for outcome, _ in office.records()] == ["written"]


def test_a_checkpoint_that_cannot_be_written_is_told(office):
    office.state.mkdir(exist_ok=True)
    (office.state / CHECKPOINTS).write_text("in the way")
    assert [problem.key for problem in office.seal()] == ["opening.day-not-sealed"]
    assert office.post.mails == []
