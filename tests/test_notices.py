from __future__ import annotations

import logging
import socketserver
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.header import decode_header, make_header

import pytest

from temanashi.ledger.database import open_database
from temanashi.notices import BadAddress, Notice, Notifier

PASSWORD = "hunter2-very-secret"
DISK = Notice("disk:web1", "web1 のディスクが異常です", "使用率 95%\n上限 90%")


class Clock:
    def __init__(self):
        self.at = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)

    def now(self):
        return self.at

    def monotonic(self):
        return self.at.timestamp()

    def sleep(self, seconds):
        self.at += timedelta(seconds=seconds)


class Session(socketserver.StreamRequestHandler):
    """One SMTP session (RFC 5321, section 4.3.2)."""

    timeout = 10

    def handle(self):
        self.say("220 mail.example ESMTP")
        for _ in range(100):
            line = self.rfile.readline().decode().strip()
            verb = line[:4].upper()
            if verb in {"", "QUIT"}:
                return self.say("221 bye")
            if verb == "EHLO":
                self.say("250-mail.example\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN")
            elif verb == "AUTH":
                self.say(self.server.auth)
            elif verb == "DATA":
                self.say("354 go on")
                lines = []
                while (row := self.rfile.readline()) != b".\r\n":
                    lines.append(row)
                self.server.mails.append(message_from_bytes(b"".join(lines)))
                self.say("250 taken")
            else:
                self.say("250 fine")
        return None

    def say(self, text):
        self.wfile.write(f"{text}\r\n".encode())


class Mail(socketserver.ThreadingTCPServer):
    """A mail server on loopback that keeps what it gets."""

    allow_reuse_address = True
    daemon_threads = True
    auth = "235 welcome"

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Session)
        self.mails = []

    @property
    def url(self):
        return (
            f"mailto://alice:{PASSWORD}@127.0.0.1:{self.server_address[1]}?from=tema@example.com&to=ops@example.com&mode=insecure"
        )

    def texts(self):
        return [(str(make_header(decode_header(mail["subject"]))), body(mail)) for mail in self.mails]


def body(mail):
    part = next(part for part in mail.walk() if part.get_content_maintype() == "text")
    return part.get_payload(decode=True).decode()


@pytest.fixture
def mail():
    with Mail() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join(10)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def database(tmp_path, clock):
    database = open_database(f"sqlite:///{tmp_path / 'tema.db'}", clock=clock)
    yield database
    database.close()


class Taken:
    """An address that keeps what it gets, or does what it is told."""

    def __init__(self):
        self.got, self.answer = [], True

    def __call__(self, url, *, title, body, recovery):
        if isinstance(self.answer, Exception):
            raise self.answer
        self.got.append((url, title, recovery))
        return self.answer


def notifier(database, clock, *urls, lang="ja", **more):
    secrets = {f"env:URL{n}": url for n, url in enumerate(urls)}
    return Notifier(tuple(secrets), database=database, clock=clock, lang=lang, secret=secrets.__getitem__, **more)


def test_a_problem_arrives_as_mail_once_and_its_end_too(mail, database, clock):
    teller = notifier(database, clock, mail.url)
    assert teller.send(DISK).status == "told"
    assert teller.send(DISK).status == "known"
    assert teller.send(Notice("disk:web2", "web2", "x")).status == "told"
    assert teller.resolve("disk:web1").status == "told"
    assert teller.resolve("disk:web1").status == "known"
    assert teller.send(DISK).status == "told"
    subjects = [subject for subject, _ in mail.texts()]
    assert subjects == ["web1 のディスクが異常です", "web2", "復旧: web1 のディスクが異常です", "web1 のディスクが異常です"]
    assert "使用率 95%" in mail.texts()[0][1]
    assert mail.mails[0]["to"] == "ops@example.com"


def test_another_process_knows_what_was_told(database, clock):
    first, second = Taken(), Taken()
    notifier(database, clock, "x", deliver=first).send(DISK)
    assert notifier(database, clock, "x", deliver=second).send(DISK).status == "known"
    assert (len(first.got), second.got) == (1, [])


def test_what_did_not_arrive_is_told_again_next_time(mail, database, clock):
    mail.auth = "535 wrong password"
    teller = notifier(database, clock, mail.url)
    failed = teller.send(DISK)
    assert failed.status == "failed"
    assert failed.failures[0].text("en").startswith("The notification to env:URL0 was not delivered.")
    assert teller.resolve(DISK.key).status == "known"
    mail.auth = "235 welcome"
    assert teller.send(DISK).status == "told"


def test_a_mail_server_that_is_not_there_is_a_value(database, clock):
    teller = notifier(database, clock, f"mailto://alice:{PASSWORD}@127.0.0.1:9?from=a@example.com&to=b@example.com&mode=insecure")
    assert teller.send(DISK).status == "failed"


def test_one_address_that_gets_it_is_enough_and_the_others_are_reported(mail, database, clock):
    delivery = notifier(database, clock, "nonsense", mail.url).send(DISK)
    assert delivery.status == "told"
    assert [failure.key for failure in delivery.failures] == ["notices.bad-url"]
    assert "mailtos://" in delivery.failures[0].text("ja")


def test_a_missing_secret_is_reported_by_its_reference(database, clock):
    teller = Notifier(("env:TEMA_NO_SUCH_VARIABLE",), database=database, clock=clock, lang="en")
    delivery = teller.send(DISK)
    assert delivery.status == "failed"
    assert "env:TEMA_NO_SUCH_VARIABLE" in delivery.failures[0].text("en")


def test_without_addresses_nobody_is_told(database, clock):
    teller = notifier(database, clock)
    assert (teller.send(DISK).status, teller.resolve(DISK.key).status) == ("nobody", "nobody")


@pytest.mark.parametrize("error", [RuntimeError(f"mailto://alice:{PASSWORD}@mail"), BadAddress(PASSWORD)])
def test_a_plugin_that_crashes_stops_nothing_and_tells_no_secret(database, clock, error):
    taken = Taken()
    taken.answer = error
    delivery = notifier(database, clock, "x", deliver=taken).send(DISK)
    assert delivery.status == "failed"
    assert PASSWORD not in repr(delivery)
    for lang in ("ja", "en"):
        assert "{" not in delivery.failures[0].text(lang)


@pytest.mark.parametrize("broken", [False, True])
def test_no_secret_is_logged(mail, database, clock, caplog, broken):
    caplog.set_level(0)
    logging.getLogger("apprise").setLevel(1)
    url = mail.url.replace("mailto://", "nonsense://") if broken else mail.url
    notifier(database, clock, url).send(DISK)
    notifier(database, clock, f"json://alice:{PASSWORD}@127.0.0.1:9/{PASSWORD}").send(Notice("other", "a", "b"))
    assert PASSWORD not in caplog.text
    assert logging.getLogger("apprise").filters == []


def test_other_threads_may_log_meanwhile(database, clock, caplog):
    caplog.set_level(0)

    def deliver(url, **_):
        logging.getLogger("apprise").error("mine %s", url)
        other = threading.Thread(target=logging.getLogger("apprise").error, args=("theirs",))
        other.start()
        other.join(10)
        return True

    notifier(database, clock, PASSWORD, deliver=deliver).send(DISK)
    assert [record.getMessage() for record in caplog.records if record.name == "apprise"] == ["theirs"]


def test_a_teller_that_died_holds_the_others_back_for_five_minutes(database, clock, tmp_path):
    taken = Taken()
    teller = notifier(database, clock, "x", deliver=taken)
    teller.send(DISK)
    with closing(sqlite3.connect(tmp_path / "tema.db")) as connection:
        connection.execute("UPDATE notices SET state = 'telling'")
        connection.commit()
    assert teller.send(DISK).status == "known"
    clock.sleep(301)
    assert teller.send(DISK).status == "told"


def test_a_database_that_fails_is_told_once_all_the_same(database, clock, tmp_path):
    taken = Taken()
    teller = notifier(database, clock, "x", deliver=taken)
    (tmp_path / "tema.db").unlink()
    assert [teller.send(DISK).status, teller.send(DISK).status] == ["told", "known"]
    assert teller.resolve(DISK.key).status == "known"
    taken.answer = False
    other = Notice("other", "a", "b")
    assert teller.send(other).status == "failed"
