"""`/tema/month`: two people close a month on the page, and correct it."""

import hashlib
import re
from datetime import date

import pytest

from fixtures_months import OCTOBER, TANAKA, october
from pages.conftest import Seen, Visitor
from temanashi.people import Actor, People
from temanashi.signin.recognising import SignedIn
from temanashi.signin.rights import rights_of
from temanashi.signin.users import add_user
from temanashi.workspace.closing_months import approve_month, prepare_month
from temanashi.workspace.closings import read_closings
from temanashi.workspace.first_admin import book_of
from temanashi.workspace.signatures import ensure_gate_key

OURS = {"origin": "http://testserver"}
SETUP = Actor(name="setup", kind="system")


class Desk(Visitor):
    """The page, and the months behind it."""

    def __init__(self, months):
        super().__init__(None, months.opened, Seen())
        self.months = months

    def see(self, path="/month?month=2026-10&lang=en", *, status=200):
        answer = self.get(path)
        assert answer.status_code == status, answer.text
        return answer.text

    def post(self, form, verb, *, status=303, month="2026-10", lang="en", **fields):
        data = {"form": form, "verb": verb, "month": month, **fields}
        answer = self.http.post(f"/month?month={month}&lang={lang}", data=data, headers=OURS)
        assert answer.status_code == status, answer.text
        return answer

    def digest(self):
        return re.search(r'name="digest" value="([^"]+)"', self.see())[1]

    def closed(self):
        with self.opened.database.reading() as connection:
            return read_closings(self.opened, connection)

    def be(self, user, *roles):
        """The gate says that this person is there, as its table of users has them."""
        actor = Actor(name=user, assurance="verified", account=user)
        self.http.me = SignedIn(user=user, actor=actor, roles=frozenset(roles), rights=rights_of(roles))


@pytest.fixture
def desk(tmp_path):
    with october(tmp_path) as months:
        yield Desk(months)


@pytest.fixture
def signed(tmp_path):
    with october(tmp_path, sign_in=True) as months:
        ensure_gate_key(months.opened.settings)
        with months.opened.database.transaction() as connection:
            for user, role in {"hana": "operator", "ken": "manager", "shin": "staff"}.items():
                add_user(
                    book_of(months.opened),
                    connection,
                    user,
                    name=user,
                    password="four short words here",
                    roles=[role],
                    actor=SETUP,
                    channel="cli",
                    people=People(),
                )
        yield Desk(months)


@pytest.fixture
def closed(desk):
    common = {"channel": "page"}
    months = desk.months
    prepare_month(months.opened, months.published, OCTOBER, actor=Actor(name="佐藤"), **common)
    approve_month(months.opened, months.published, OCTOBER, actor=TANAKA, **common)
    return desk


def test_two_people_close_a_month_on_the_page(desk):
    text = desk.see("/month?lang=en")
    assert "October 2026 is not closed." in text
    assert "To be closed by Thu 5 November 2026" in text
    assert "it was never verified" in text
    answer = desk.post("prepare", "prepare", name="佐藤", note="十月分です")
    assert answer.headers["location"] == "/tema/month?month=2026-10&said=prepared&lang=en"
    text = desk.see("/month?month=2026-10&lang=en&said=prepared")
    assert "It now waits for another person." in text
    assert "十月分です" in text
    digest = desk.digest()
    answer = desk.post("decide", "approve", status=400, name="佐藤", digest=digest, note="見ました")
    assert "Only another person can approve it" in answer.text
    assert ">見ました</textarea>" in answer.text
    assert desk.closed() == {}
    desk.post("decide", "approve", name="田中", digest=digest)
    text = desk.see()
    assert "October 2026 was closed on" in text
    assert "prepared by 佐藤, approved by 田中" in text
    assert 'value="approve"' not in text


def test_an_approval_is_of_what_was_shown(desk):
    desk.post("prepare", "prepare", name="佐藤")
    digest = desk.digest()
    for other in ("", "sha256:0"):
        answer = desk.post("decide", "approve", status=400, name="田中", digest=other)
        assert "no longer those" in answer.text
    desk.months.run(slot="2026-10-06")
    assert "the figures have changed since" in desk.see()
    desk.post("decide", "approve", status=400, name="田中", digest=digest)
    assert desk.closed() == {}


def test_a_refusal_needs_a_reason_and_is_shown(desk):
    desk.post("prepare", "prepare", name="佐藤")
    answer = desk.post("decide", "refuse", status=400, name="田中", digest=desk.digest())
    assert 'href="#decide-note"' in answer.text
    desk.post("decide", "refuse", name="田中", digest=desk.digest(), note="依頼が足りません")
    text = desk.see()
    assert "refused by 田中: 依頼が足りません" in text
    assert 'value="prepare"' in text


def test_who_signed_in_counts_whatever_name_a_form_says(signed):
    signed.be("hana", "operator")
    signed.post("prepare", "prepare", name="ken")
    text = signed.see()
    assert "You asked for this, so another person decides." in text
    assert 'value="approve"' not in text
    signed.be("ken", "manager")
    digest = signed.digest()
    signed.be("hana", "operator")
    answer = signed.post("decide", "approve", status=400, name="ken", digest=digest)
    assert "Only another person" in answer.text
    signed.be("ken", "manager")
    signed.post("decide", "approve", digest=digest)
    closing = signed.closed()["2026-10"]
    assert (closing.preparer, closing.approver) == ("hana", "ken")


def test_roles_that_do_not_close_months_see_the_page_and_can_do_nothing(signed):
    signed.be("shin", "viewer")
    text = signed.see()
    assert "role operator, approver, manager or admin" in text
    assert '<form method="post" action="/tema/month' not in text
    signed.be("shin", "staff")
    answer = signed.post("prepare", "prepare", status=400)
    assert "do not let them close" in answer.text
    signed.be("nobody-we-know", "operator")
    signed.post("prepare", "prepare", status=400)


def test_issued_and_restated_figures_stand_side_by_side_and_files_come_as_they_were_issued(closed):
    assert "As the ledger tells" not in closed.see()
    closed.months.run(slot="2026-10-06")
    text = closed.see()
    assert "Figures as issued, and as the ledger tells them now" in text
    row = re.search(r'<th scope="row">credited</th>(.*?)</tr>', text)[1]
    assert re.findall(r">([0-9.]+)<", row) == ["1.3", "1.5"]
    for file in closed.closed()["2026-10"].files:
        answer = closed.get(f"/month/files/{file.name}?month=2026-10")
        assert answer.status_code == 200
        assert hashlib.sha256(answer.content).hexdigest() == file.sha256
        assert "attachment" in answer.headers["content-disposition"]
        assert "sandbox" in answer.headers["content-security-policy"]
    assert closed.get("/month/files/other.html?month=2026-10").status_code == 400
    assert closed.get("/month/files/other.html?month=2026-11").status_code == 400
    assert closed.get("/month/files/other.html").status_code == 400


def test_a_correction_is_asked_for_by_one_and_decided_by_another(closed):
    closed.post("correct", "ask", name="佐藤", task="calls", figure="human", minutes="１０", reason="電話の記録もれ")
    text = closed.see("/month?month=2026-11&lang=ja")
    assert "電話の対応" in text
    assert "電話の記録もれ" in text
    seq = re.search(r'value="correction-(\d+)"', text)[1]
    answer = closed.post(f"correction-{seq}", "approve", status=400, name="佐藤")
    assert "themselves" in answer.text
    closed.post(f"correction-{seq}", "approve", name="田中")
    (entry,) = closed.closed()["2026-10"].corrections
    assert (entry.task, entry.seconds) == ("calls", 600)
    assert "approved by 田中" in closed.see()
    answer = closed.post(f"correction-{seq}", "refuse", status=400, name="田中", note="やはり違う")
    assert "was decided by 田中" in answer.text
    closed.months.at(date(2026, 12, 1))
    assert "Posted about earlier months: 1" in closed.see("/month?month=2026-11&lang=en")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"minutes": "many"}, "correct-minutes"),
        ({"minutes": "nan"}, "correct-minutes"),
        ({"minutes": "0"}, "correct-minutes"),
        ({"reason": " "}, "correct-reason"),
        ({"task": "<b>"}, "correct-task"),
        ({"figure": "baseline"}, "correct-figure"),
        ({"name": ""}, "correct-name"),
        ({"name": "x" * 101}, "correct-name"),
    ],
)
def test_a_correction_that_cannot_be_keeps_what_was_typed_and_says_where(closed, fields, told):
    asked = {"name": "佐藤", "task": "calls", "figure": "human", "minutes": "10", "reason": "なぜなら"} | fields
    answer = closed.post("correct", "ask", status=400, **asked)
    assert f'href="#{told}"' in answer.text
    assert asked["reason"] == " " or "なぜなら" in answer.text
    assert closed.months.records("correction") == []


def test_forms_that_are_not_ours_do_nothing(closed):
    number = len(closed.months.records())
    for form, verb in (("prepare", "approve"), ("decide", "x"), ("correct", "x"), ("correction-x", "approve"), ("x", "approve")):
        closed.post(form, verb, status=400, name="佐藤")
    for seq in ("99", "9" * 15, "9" * 5000):
        closed.post(f"correction-{seq}", "approve", status=400, name="佐藤")
    closed.post("prepare", "prepare", status=400, name="佐藤", month="2026-13")
    answer = closed.http.post("/month", content=b"x" * 70_000, headers=OURS)
    assert answer.status_code == 413
    assert closed.http.post("/month", data={"form": "prepare"}, headers={"origin": "http://evil.example"}).status_code == 403
    assert len(closed.months.records()) == number


@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize("month", ["2026-09", "2026-10", "2026-11", "2099-01"])
def test_every_month_has_a_page_in_both_languages(closed, lang, month):
    closed.months.run("extra", slot="2026-11-02")
    text = closed.see(f"/month?month={month}&lang={lang}")
    assert "close." not in re.sub(r"<[^>]*>", "", text)
