"""What owners of entries hear every week, and word of hand-overs and answers."""

from datetime import UTC, datetime, timedelta

import pytest

from fixtures_clock import StoppedClock
from fixtures_faq import PC, SALARY, VPN, with_faq, write_entry_file
from fixtures_prefect import make_place
from temanashi.faq.engine import Engine
from temanashi.people import Actor
from temanashi.reports.display import Display
from temanashi.runbooks.kinds import step_kinds
from temanashi.workspace.demanding import today_of
from temanashi.workspace.faq_digest import digest_lines, read_upkeep, tell_owners
from temanashi.workspace.inquiring import Asking, hand_over, record_question, searched, vote_on
from temanashi.workspace.mailing import Post
from temanashi.workspace.opening import open_installation
from temanashi.workspace.publishing import current_version
from temanashi.workspace.replying import Answering, record_reply
from temanashi.workspace.telling_inquiries import tell_of_inquiries

MONDAY = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)  # ten o'clock in Tokyo
TARO = Asking(actor=Actor(name="田中 太郎"), channel="page")


class Letters:
    """What went to whom; `broken` servers take nothing."""

    def __init__(self):
        self.sent, self.broken = [], False

    def __call__(self, url, *, title, body, recovery):
        if self.broken:
            raise OSError
        self.sent.append((url, title, body))
        return True

    def to(self, address):
        return [(title, body) for url, title, body in self.sent if address.replace("@", "%40") in url]


class Desk:
    def __init__(self, opened, clock):
        self.opened, self.clock, self.letters = opened, clock, Letters()
        with opened.database.reading() as connection:
            self.published = current_version(connection, kinds=step_kinds())
        self.faq = Engine.build(self.published.entries.values(), languages=("ja", "en"))
        self.post = Post(opened, "env:MAIL", secret=lambda _: "mailto://u:p@127.0.0.1?from=f@example.jp", deliver=self.letters)

    def ask(self, question, lang="ja"):
        today = today_of(self.opened)
        found = searched(question, lambda text: self.faq.ask(text, lang=lang, may_see=lambda _: True, today=today))
        with self.opened.database.transaction() as connection:
            return record_question(self.opened, connection, found, TARO, lang=lang)

    def do(self, deed, *args, **more):
        with self.opened.database.transaction() as connection:
            return deed(self.opened, connection, *args, **more)

    def upkeep(self):
        with self.opened.database.reading() as connection:
            return {one.owner: one for one in read_upkeep(self.opened, connection, self.published)}


@pytest.fixture
def desk(tmp_path):
    place = make_place(tmp_path)
    with_faq(place)
    write_entry_file(place, VPN | {"id": "old-vpn", "ja": "VPN に接続できません!", "more": "valid_until: 2026-11-01"})
    write_entry_file(place, SALARY | {"more": "valid_until: 2026-11-25"})
    write_entry_file(
        place, PC | {"id": "never-asked", "ja": "会議室の鍵", "phrasings": "鍵 会議室", "en": "Key", "english": "room key"}
    )
    place.publish()
    clock = StoppedClock(MONDAY)
    with open_installation(tmp_path, clock=clock) as opened:
        yield Desk(opened, clock)


def test_each_owner_gets_a_list_of_their_own(desk):
    for question in ("食堂の献立 zzqq", "食堂の献立 zzqq?", "駐車場 qqzz"):
        assert desk.ask(question).kind == "unknown"
    one = desk.ask("PC のパスワードを忘れました")
    desk.do(vote_on, desk.published, one, "not_solved", TARO, entry="reset-pc")
    found = desk.upkeep()
    sato = found["sato"]
    assert [entry.id for entry in sato.stale] == ["old-vpn"]
    assert [entry.id for entry in found["hanako"].due] == ["salary-slip"]
    assert [inquiry.voted_entry for inquiry in sato.not_solved] == ["reset-pc"]
    assert ("old-vpn", "vpn-connect") in {(a.id, b.id) for a, b in sato.twins}
    assert "never-asked" in {entry.id for entry in sato.unused}
    assert "reset-pc" not in {entry.id for entry in sato.unused}
    assert [len(cluster.questions) for cluster in found[""].unanswered] == [2, 1]
    for lang, words in (("ja", "有効期限を過ぎた項目（1件）"), ("en", "Past their date (1)")):
        assert words in digest_lines(sato, Display(lang, desk.opened.settings.zone))


def test_the_weekly_word_is_told_once_a_week_and_again_where_it_failed(desk):
    desk.letters.broken = True
    assert tell_owners(desk.opened, desk.published, post=desk.post)
    desk.letters.broken = False
    assert tell_owners(desk.opened, desk.published, post=desk.post) == []
    assert tell_owners(desk.opened, desk.published, post=desk.post) == []
    ((title, body),) = desk.letters.to("sato@example.jp")
    assert "FAQ の手入れ" in title
    assert "old-vpn" in body
    desk.clock.pass_by(timedelta(days=7).total_seconds())
    tell_owners(desk.opened, desk.published, post=desk.post)
    assert len(desk.letters.to("sato@example.jp")) == 2


def test_before_its_hour_and_without_entries_nothing_is_told(tmp_path):
    place = make_place(tmp_path)
    with_faq(place)
    place.publish()
    with open_installation(tmp_path, clock=StoppedClock(MONDAY - timedelta(hours=2))) as opened:
        desk = Desk(opened, None)
        assert tell_owners(opened, desk.published, post=desk.post) == []
        assert tell_owners(opened, None, post=desk.post) == []
        assert desk.letters.sent == []


def test_a_hand_over_and_its_answer_are_told_once_by_mail(desk):
    one = desk.ask("食堂の献立 zzqq")
    one = desk.do(hand_over, desk.published, one, TARO, to="group:helpdesk", details="急ぎ")
    for _ in range(2):
        assert tell_of_inquiries(desk.opened, post=desk.post) == []
    ((title, body),) = desk.letters.to("sato@example.jp")
    assert "食堂の献立 zzqq" in title
    assert "急ぎ" in body
    assert f"/tema/faq/inquiries/{one.key}" in body
    sato = Asking(actor=Actor(name="佐藤 次郎"), channel="page")
    desk.do(record_reply, one, Answering(text="掲示板にあります。"), sato, entries={})
    for _ in range(2):
        assert tell_of_inquiries(desk.opened, post=desk.post) == []
    ((_, body),) = desk.letters.to("taro@example.jp")
    assert body.startswith("掲示板にあります。")
    assert len(desk.letters.sent) == 2
