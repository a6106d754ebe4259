"""Letters to who asked and to who approves, through a real mail server, and where their links lead."""

import json
from datetime import timedelta

import pytest

from fixtures_approvals import SetClock
from fixtures_prefect import make_place
from pages.conftest import Seen, Visitor
from temanashi.notices import BadAddress
from temanashi.people import Actor, People
from temanashi.reports.display import Display
from temanashi.runs.advancing import advance
from temanashi.signin.preferences import set_language
from temanashi.signin.users import add_user
from temanashi.text.local import phrase
from temanashi.workspace.afterwards import after_run
from temanashi.workspace.approval_links import BadLink, link_for, read_link
from temanashi.workspace.approval_notices import tell_of_approvals
from temanashi.workspace.first_admin import book_of
from temanashi.workspace.mailing import addressed
from temanashi.workspace.mailing_approvals import approval_letter
from temanashi.workspace.mailing_results import mail_results
from temanashi.workspace.opening import open_installation
from temanashi.workspace.signatures import ensure_gate_key

SATO = Actor(name="佐藤 次郎", assurance="verified", account="sato")
PEOPLE = {
    "people": {
        "sato": {"name": "佐藤 次郎", "mail": "sato@example.jp"},
        "yamada": {"name": "山田 花子", "mail": "yamada+tema@example.jp"},
        "mori": {"name": "森 三郎", "mail": "mori@example.jp"},
        "kato": {"name": "加藤 四郎"},
    },
    "groups": {"leads": ["yamada", "mori", "kato", "sato"]},
}


CHANGED = (phrase("opening.approval-more", count=3),)


@pytest.fixture
def place(tmp_path):
    place = make_place(tmp_path, sign_in=True)
    with (tmp_path / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write('[tool.temanashi.mail]\nserver = "env:TEMA_TEST_MAIL"\n')
    echo = {"id": "go", "command": {"run": ["echo", "ok"]}}
    place.runbook("to-approve", echo, approve={"by": "group:leads", "expires": {"hours": 4}})
    place.runbook("plain", echo)
    place.runbook("fails", {"id": "go", "command": {"run": ["false"]}})
    place.runbook(
        "by-hand", {"id": "hand", "manual": {"text": {"ja": "数えます。", "en": "Count."}, "minutes": 1, "expires_hours": 8}}
    )
    (tmp_path / "runbooks" / "site").mkdir(parents=True)
    (tmp_path / "runbooks" / "site" / "people.yaml").write_text(json.dumps(PEOPLE), encoding="utf-8")
    place.publish()
    return place


@pytest.fixture
def clock():
    from datetime import UTC, datetime

    return SetClock(datetime.now(UTC))


@pytest.fixture
def visitor(place, clock, mail):
    with open_installation(place.root, clock=clock) as opened:
        ensure_gate_key(opened.settings)
        yield Visitor(place, opened, Seen())


@pytest.fixture
def ask(visitor):
    """A run that Sato asked for on our page, and what its readers are told."""

    def ask(name="to-approve", *, actor=SATO, channel="page", **more):
        run = visitor.run(name, actor=actor, channel=channel, **more)
        tell(run)
        return run

    def tell(run):
        from temanashi.runs.reading import run_view

        with visitor.opened.database.reading() as connection:
            view = run_view(connection, run)
        return after_run(visitor.opened, view)

    ask.tell = tell
    return ask


@pytest.fixture
def letter(ask, mail):
    """The letter to Yamada about a plan of Sato's."""
    ask()
    return next(letter for letter in mail.letters if letter.to == ("yamada+tema@example.jp",))


def path_of(letter, word):
    return letter.link(word).split("/tema", 1)[1]


def post(visitor, path, **form):
    return visitor.http.post(path, data=form, headers={"origin": "http://testserver", "sec-fetch-site": "same-origin"})


# Who hears of what


def test_every_approver_with_an_address_hears_once_but_not_who_asked(ask, mail, visitor):
    ask()
    assert sorted(letter.to for letter in mail.letters) == [("mori@example.jp",), ("yamada+tema@example.jp",)]
    assert tell_of_approvals(visitor.opened) == []
    assert len(mail.letters) == 2


def test_the_letter_has_the_plan_and_two_links_and_is_plain_text(letter, visitor):
    assert letter.subject == "承認待ち：見本 to-approve"
    assert letter.kinds == ("text/plain",)
    assert "佐藤 次郎さんからの依頼です。" in letter.text
    assert "1. localhost" in letter.text
    assert "echo ok" in letter.text
    assert "リンクを開くだけでは何も決まりません。" in letter.text
    for word in ("承認する：", "却下する："):
        assert letter.link(word).startswith(f"http://127.0.0.1:{visitor.opened.settings.port}/tema/decide/")
        assert len(letter.link(word)) < 500


def test_who_asked_hears_that_nobody_approved_in_time(visitor, ask, mail, clock):
    run = ask()
    mail.letters.clear()
    clock.later(hours=5)
    advance(visitor.opened.engine(), run)
    ask.tell(run)
    assert [(letter.to, letter.subject) for letter in mail.letters] == [(("sato@example.jp",), "却下：見本 to-approve")]


@pytest.mark.parametrize(("changed", "says"), [((), "前に頼まれたときと同じ計画です。"), (CHANGED, "変わったこと：\n* ほか3件")])
def test_a_request_that_comes_again_tells_what_changed(visitor, ask, changed, says):
    from temanashi.runs.approvals.reading import approval_of

    run = ask()
    with visitor.opened.database.reading() as connection:
        view = approval_of(visitor.opened.engine(), connection, run)
    settings, plan = visitor.opened.settings, view.plan * 41
    again = view.model_copy(update={"again": True, "changed": changed, "plan": plan, "beneficiary": "田中", "reason": "月末"})
    text = approval_letter(again, "yamada", Display("ja", settings.zone), settings).body
    assert says in text
    assert "40. localhost" in text
    assert "41. localhost" not in text
    assert "誰のため：田中\n理由：月末" in text


@pytest.mark.parametrize(
    ("runbook", "subject", "says"),
    [
        ("plain", "完了：見本 plain", "ご依頼の「見本 plain」が終わりました。"),
        ("fails", "失敗：見本 fails", "localhost"),
        ("by-hand", "確認待ち：見本 by-hand", "数えます。"),
    ],
)
def test_who_asked_hears_how_it_stands_once(ask, mail, visitor, runbook, subject, says):
    run = ask(runbook)
    assert [(letter.to, letter.subject) for letter in mail.letters] == [(("sato@example.jp",), subject)]
    assert says in mail.letters[0].text
    assert f"/tema/runs/{run}" in mail.letters[0].text
    assert mail_results(visitor.opened) == []
    assert len(mail.letters) == 1


@pytest.mark.parametrize(
    "more",
    [{"channel": "cli"}, {"channel": "schedule"}, {"actor": Actor(name="加藤 四郎")}, {"actor": Actor(name="a stranger")}],
    ids=str,
)
def test_who_sees_it_anyway_or_has_no_address_gets_no_letter(ask, mail, more):
    ask("plain", **more)
    assert mail.letters == []


@pytest.mark.parametrize(("lang", "subject"), [("en", "Done: Sample plain"), ("fr", "完了：見本 plain")])
def test_everybody_is_written_to_in_the_language_that_they_chose(ask, mail, visitor, lang, subject):
    book = book_of(visitor.opened)
    with visitor.opened.database.transaction() as connection:
        more = {"people": People.model_validate(PEOPLE), "actor": SATO, "channel": "cli"}
        for user in ("sato", "mori"):
            add_user(book, connection, user, password="four short words here", **more)
            set_language(connection, user, lang)
    ask("plain")
    assert [letter.subject for letter in mail.letters] == [subject]
    mail.letters.clear()
    ask()
    english = {letter.to[0] for letter in mail.letters if "To approve:" in letter.text}
    assert english == ({"mori@example.jp"} if lang == "en" else set())
    assert {letter.to[0] for letter in mail.letters} == {"mori@example.jp", "yamada+tema@example.jp"}


def test_a_letter_that_was_not_taken_is_tried_again(ask, mail, visitor):
    mail.refusing = True
    run = visitor.run("plain", actor=SATO, channel="page")
    failures = ask.tell(run)
    assert any("TEMA_TEST_MAIL" in failure.text("ja") for failure in failures)
    assert "127.0.0.1" not in str(failures)
    mail.refusing = False
    assert mail_results(visitor.opened) == []
    assert [letter.to for letter in mail.letters] == [("sato@example.jp",)]


def test_nothing_old_is_told(visitor, mail, clock):
    visitor.run("plain", actor=SATO, channel="page")
    clock.later(hours=3)
    mail_results(visitor.opened)
    assert mail.letters == []


def test_only_mail_goes_through_the_mail_server():
    assert addressed("mailtos://u:p@mail.example.jp:465?from=a@b&to=x@y&mode=ssl", "c+d@e.jp") == (
        "mailtos://u:p@mail.example.jp:465?from=a%40b&mode=ssl&to=c%2Bd%40e.jp&format=text"
    )
    for wrong in ("json://example.jp", "mailto:", "", "file:///etc/passwd"):
        with pytest.raises(BadAddress):
            addressed(wrong, "a@b")


def test_without_the_gates_key_at_hand_the_letter_leads_to_the_page(place, ask, mail, visitor):
    for file in (place.root / ".tema" / "keys").glob("gate-signing.pem"):
        file.unlink()
    run = ask()
    assert "/tema/decide/" not in mail.letters[0].text
    assert f"/tema/runs/{run}" in mail.letters[0].text


# Where the links lead


def test_opening_a_link_decides_nothing_and_its_button_does(visitor, letter):
    visitor.sign_in("yamada", "approver")
    path = path_of(letter, "承認する：")
    for _ in range(2):
        page = visitor.get(f"{path}?lang=ja")
        assert page.status_code == 200
        assert "承認しますか：見本 to-approve" in page.text
        assert page.text.count("<button") == 2  # this one, and signing out
        assert "echo ok" in page.text
    run = read_link(visitor.opened.settings, path.rsplit("/", 1)[1]).run
    assert state_of(visitor, run) == "waiting"
    answer = post(visitor, f"{path}?lang=ja", note="見ました")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/tema/approvals?said=approved&run={run}&lang=ja")
    assert visitor.seen.woken == [run]
    advance(visitor.opened.engine(), run)
    assert state_of(visitor, run) == "done"
    with visitor.opened.database.reading() as connection:
        decided = [r.draft for r in visitor.opened.ledger.records(connection, run=run, kinds=("decision",))]
    assert [(d.actor, d.assurance, d.outcome) for d in decided] == [("山田 花子", "verified", "approved")]


def state_of(visitor, run):
    from temanashi.runs.reading import run_view

    with visitor.opened.database.reading() as connection:
        return run_view(connection, run).state


def test_a_link_works_once(visitor, letter):
    visitor.sign_in("yamada", "approver")
    path = path_of(letter, "承認する：")
    assert post(visitor, path).status_code == 303
    for answer in (visitor.get(f"{path}?lang=ja"), post(visitor, f"{path}?lang=ja")):
        assert answer.status_code == 400
        assert "このリンクはもう使いました。" in answer.text


def test_a_refusal_needs_a_reason_and_keeps_what_was_typed(visitor, letter):
    visitor.sign_in("yamada", "approver")
    path = path_of(letter, "却下する：")
    answer = post(visitor, f"{path}?lang=en", note="  ")
    assert answer.status_code == 400
    assert 'aria-describedby="note-hint note-wrong"' in answer.text
    assert post(visitor, path, note="x" * 2001).status_code == 400
    run = read_link(visitor.opened.settings, path.rsplit("/", 1)[1]).run
    # What the form says of the verdict does not count: the link does.
    answer = post(visitor, path, note="月末です", verb="approve")
    assert "said=refused" in answer.headers["location"]
    advance(visitor.opened.engine(), run)
    assert state_of(visitor, run) == "refused"


@pytest.mark.parametrize(("user", "role"), [("mori", "approver"), ("sato", "staff"), ("kato", "admin")])
def test_the_link_of_somebody_else_shows_and_decides_nothing(visitor, letter, user, role):
    visitor.sign_in(user, role)
    path = path_of(letter, "承認する：")
    for answer in (visitor.get(f"{path}?lang=en"), post(visitor, f"{path}?lang=en")):
        assert answer.status_code == 400
        assert "not for" in answer.text
        assert "echo ok" not in answer.text


def test_nobody_who_is_not_signed_in_sees_it(visitor, letter):
    assert "not for" in visitor.get(f"{path_of(letter, '承認する：')}?lang=en").text
    assert post(visitor, path_of(letter, "承認する：")).status_code == 400


def test_a_link_is_over_when_the_request_was_decided(visitor, letter):
    from temanashi.runs.decisions import decide

    visitor.sign_in("yamada", "approver")
    path = path_of(letter, "承認する：")
    link = read_link(visitor.opened.settings, path.rsplit("/", 1)[1])
    mori = Actor(name="森 三郎", assurance="verified", account="mori")
    decide(visitor.opened.engine(sign=True), link.run, actor=mori, channel="page", verdict="approved", digest=link.digest)
    advance(visitor.opened.engine(), link.run)
    answer = visitor.get(f"{path}?lang=ja")
    assert answer.status_code == 409
    assert "もう判断を待っていません" in answer.text
    assert post(visitor, path).status_code == 409


def test_a_link_is_over_with_its_approval(visitor, letter, clock):
    visitor.sign_in("yamada", "approver")
    path = path_of(letter, "承認する：")
    until = read_link(visitor.opened.settings, path.rsplit("/", 1)[1]).until
    clock.at = clock.at.fromisoformat(until) - timedelta(seconds=1)
    assert visitor.get(path).status_code == 200
    clock.later(seconds=2)
    assert post(visitor, path).status_code == 409


def test_a_link_is_bound_to_the_plan_that_it_was_sent_for(visitor, letter):
    from temanashi.runs.approvals.reading import approval_of

    link = read_link(visitor.opened.settings, path_of(letter, "承認する：").rsplit("/", 1)[1])
    with visitor.opened.database.reading() as connection:
        view = approval_of(visitor.opened.engine(), connection, link.run)
    assert link.fits(view)
    for other in ({"digest": "sha256:" + "0" * 64}, {"number": view.number + 1}, {"step": "another"}, {"run": "another"}):
        assert not link.fits(view.model_copy(update=other))
        token = link_for(visitor.opened.settings, view.model_copy(update=other), "yamada", "approved")
        visitor.sign_in("yamada", "approver")
        assert post(visitor, f"/decide/{token}").status_code in {400, 409}
    assert state_of(visitor, link.run) == "waiting"


def test_links_that_the_gate_did_not_sign_are_refused(visitor, letter):
    visitor.sign_in("yamada", "approver")
    token = path_of(letter, "承認する：").rsplit("/", 1)[1]
    said, _, mark = token.partition(".")
    refusing = path_of(letter, "却下する：").rsplit("/", 1)[1].partition(".")[0]
    made_up = [said, f"{said}.", f".{mark}", f"{refusing}.{mark}", f"{said}.{mark[:-2]}AA", f"{said}A.{mark}", f"{said}.{mark}=",
               f"{said}.{mark}.x", "x", "日本.日本", "A" * 1001, f"{said}\n.{mark}"]  # fmt: skip
    for wrong in made_up:
        with pytest.raises(BadLink):
            read_link(visitor.opened.settings, wrong)
    for wrong in (f"{refusing}.{mark}", f"{said}.", "x"):
        assert visitor.get(f"/decide/{wrong}").status_code == 400
        assert post(visitor, f"/decide/{wrong}").status_code == 400


def test_a_signature_of_a_decision_is_none_of_a_link(visitor, letter):
    """Both are made with the gate's key, over different words."""
    from temanashi.workspace.signatures import signatures_of

    signatures = signatures_of(visitor.opened.settings, sign=True)
    token = path_of(letter, "承認する：").rsplit("/", 1)[1]
    said = token.partition(".")[0]
    from base64 import urlsafe_b64decode, urlsafe_b64encode

    body = urlsafe_b64decode(said + "=" * (-len(said) % 4))
    mark = urlsafe_b64encode(bytes.fromhex(signatures.sign(b"temanashi/decision/1\n" + body))).rstrip(b"=").decode()
    with pytest.raises(BadLink):
        read_link(visitor.opened.settings, f"{said}.{mark}")
