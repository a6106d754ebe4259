"""`/tema/reviews`: the lines of a review, thousands of them, decided on pages that work without scripts."""

import re
import zipfile
from io import BytesIO

import pytest
from openpyxl import load_workbook

from fixtures_account_site import AccountSite
from fixtures_population import company
from pages.conftest import Seen, Visitor
from temanashi.accounts.directories_file import NO_DIRECTORIES
from temanashi.accounts.reviews.deciding import Asked
from temanashi.accounts.reviews.drift import Drift, Moved
from temanashi.accounts.reviews.population import NotRead, Population
from temanashi.accounts.roster import Roster, RosterPerson
from temanashi.hosts.inventory import Inventory
from temanashi.ledger.records import Draft
from temanashi.people import Actor
from temanashi.signin.recognising import SignedIn
from temanashi.signin.rights import rights_of
from temanashi.text.local import phrase
from temanashi.workspace.closings import proof_of
from temanashi.workspace.reading_accounts import Places
from temanashi.workspace.reviewing.deciding import Wanted, decide_many, recorded_decisions
from temanashi.workspace.reviewing.opening import review_of
from temanashi.workspace.reviewing.reading import counts_of, every_line, pick_lines, read_line, read_review
from temanashi.workspace.signatures import ensure_gate_key

OURS = {"origin": "http://testserver"}
HANA = Actor(name="管理 花子", assurance="verified", account="hana")


class Desk(Visitor):
    def __init__(self, opened, review):
        super().__init__(None, opened, Seen())
        self.review = review

    def see(self, path, *, status=200):
        answer = self.get(path)
        assert answer.status_code == status, answer.text
        return answer.text

    def post(self, *, status=303, path="", query="", **fields):
        answer = self.http.post(f"/reviews/{self.review}{path}?lang=en{query}", data=fields, headers=OURS)
        assert answer.status_code == status, answer.text
        return answer

    def be(self, user, *roles, name=""):
        actor = Actor(name=name or user, assurance="verified", account=user)
        self.http.me = SignedIn(user=user, actor=actor, roles=frozenset(roles), rights=rights_of(roles))

    def lines(self, **how):
        with self.opened.database.reading() as connection:
            return pick_lines(connection, self.review, **how).lines

    def line(self, line):
        with self.opened.database.reading() as connection:
            return read_line(connection, self.review, line)


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    site = AccountSite(tmp_path_factory.mktemp("pages") / "site", sign_in=True)
    site.write("runbooks/site/accounts.yaml", "policy: {}\n")
    with site.opened() as installation:
        ensure_gate_key(installation.settings)
        made = company(4)
        people = tuple(
            RosterPerson(employee=k.employee, login=(*k.logins, "")[0], name=k.name, starts_on=k.starts_on, ends_on=k.ends_on)
            for k in made.known
        )
        roster = Roster(source="名簿.csv", people=people, digest="0" * 64, read_on=installation.clock.now().date())
        away = NotRead(where="web9", kind="linux", reason=phrase("reviews.place-gone", where="web9"))
        population = made.population.model_copy(update={"not_read": (away,)})
        places = Places(register=made.register, inventory=Inventory(), directories=NO_DIRECTORIES, people=made.people)
        review = review_of(installation, places, population, actor=HANA, channel="page", roster=roster, title="下期の棚卸し")
        yield installation, review.id


@pytest.fixture
def desk(opened):
    made = Desk(*opened)
    made.be("hana", "manager", name="管理 花子")
    return made


def test_thousands_of_lines_are_shown_a_page_at_a_time_the_gravest_first(desk):
    page = desk.see(f"/reviews/{desk.review}?lang=ja")
    assert "下期の棚卸し: あと 2999行" in page
    assert page.count('<li id="l-') == 25
    assert len(page.encode()) < 90_000
    assert "web9 のアカウントを読めませんでした" in page
    assert "名簿.csv" in page
    later = re.search(r'<a href="([^"]+)" rel="next"', page)[1].replace("&amp;", "&")
    second = desk.see(later.removeprefix("/tema"))
    assert set(re.findall(r'id="l-(\w+)"', page)).isdisjoint(re.findall(r'id="l-(\w+)"', second))
    assert 'rel="prev"' in second
    assert desk.see(f"/reviews/{desk.review}?first=999999").count('<li id="l-') == 0


def test_lines_are_picked_by_finding_decision_and_words(desk):
    page = desk.see(f"/reviews/{desk.review}?lang=en&finding=separation")
    count = int(re.search(r'<h2 role="status">(\d+) lines', page)[1])
    with desk.opened.database.reading() as connection:
        every = every_line(connection, desk.review)
    assert count == sum("separation" in {f.kind for f in one.line.findings} for one in every) > 5
    assert "Breaks the rule pay" in page
    assert desk.see(f"/reviews/{desk.review}?lang=en&words=p0001").count('<li id="l-') == 3
    assert desk.see(f"/reviews/{desk.review}?lang=en&finding=' or 1=1 --").count('<li id="l-') == 0


def test_decisions_of_a_page_are_recorded_together_signed_by_who_is_there(desk):
    one, other = desk.lines(finding="leaver", decided="no", limit=2)
    fields = {}
    for line, verdict in ((one, "revoke"), (other, "exception")):
        fields |= {f"line-{line.line.id}": verdict, f"digest-{line.line.id}": line.digest}
    fields |= {f"reason-{other.line.id}": "引き継ぎ中", f"until-{other.line.id}": "2035-03-31"}
    back = desk.post(verb="decide", query="&finding=leaver", **fields)
    assert "said=decided" in back.headers["location"]
    assert "finding=leaver" in back.headers["location"]
    assert "2 decisions were recorded" in desk.see(back.headers["location"].removeprefix("/tema"))
    decided = desk.line(one.line.id).decision
    assert (decided.verdict, decided.by) == ("revoke", "管理 花子")
    with desk.opened.database.reading() as connection:
        record = desk.opened.ledger.get(connection, decided.seq)
    assert len(record.draft.body["lines"]) == 2
    assert record.draft.assurance == "verified"
    assert "signature" in record.draft.body


def test_what_is_wrong_is_told_at_its_line_what_was_typed_stays_and_nothing_is_recorded(desk):
    one, other = desk.lines(finding="privileged", decided="no", limit=2)
    fields = {
        f"line-{one.line.id}": "keep",
        f"digest-{one.line.id}": one.digest,
        f"line-{other.line.id}": "revoke",
        f"digest-{other.line.id}": other.digest,
        f"reason-{other.line.id}": "typed <b>words</b>",
    }
    page = desk.post(verb="decide", status=400, query="&finding=privileged&decided=no", **fields).text
    assert "1 lines need correcting" in page
    assert f'href="#l-{one.line.id}"' in page
    assert "needs a reason" in page
    assert "typed &lt;b&gt;words" in page
    assert [desk.line(each.line.id).decision for each in (one, other)] == [None, None]
    fields[f"digest-{one.line.id}"] = "0000"
    fields[f"reason-{one.line.id}"] = "当番"
    assert "is not as it was" in desk.post(verb="decide", status=400, **fields).text
    fields[f"line-{one.line.id}"] = "exception"
    fields[f"until-{one.line.id}"] = "someday"
    assert "This is no date" in desk.post(verb="decide", status=400, **fields).text


def test_nobody_sees_a_form_for_their_own_account_and_nobody_gets_by_without_one(desk):
    one = desk.lines(finding="none", decided="no", words="p0", limit=1)[0]
    desk.be(one.line.entry.login.partition("@")[0], "manager")
    page = desk.see(f"/reviews/{desk.review}?lang=en&words={one.line.entry.login}&decided=no")
    assert "This is your own account" in page
    assert f'name="line-{one.line.id}"' not in page
    fields = {f"line-{one.line.id}": "keep", f"digest-{one.line.id}": one.digest}
    assert "your own account" in desk.post(verb="decide", status=400, **fields).text


def test_an_auditor_reads_and_takes_the_files_and_decides_nothing(desk):
    desk.be("aki", "auditor")
    page = desk.see(f"/reviews/{desk.review}?lang=en")
    assert 'value="decide"' not in page
    assert 'value="keep-plain"' not in page
    sheet = desk.post(path="/file", status=200, what="sheet")
    assert load_workbook(BytesIO(sheet.content)).active.max_row > 2900
    pack = desk.post(path="/file", status=200, what="pack")
    with zipfile.ZipFile(BytesIO(pack.content)) as found:
        assert "review/decisions.csv" in found.namelist()
        assert "web9" in found.read("review/not-read.csv").decode()
    assert pack.headers["content-disposition"].startswith("attachment")


def test_lines_without_findings_are_kept_at_once_and_the_rest_stops_the_closing(desk):
    before = desk.lines(finding="none", decided="no", limit=4000)
    back = desk.post(verb="keep-plain")
    assert "said=kept" in back.headers["location"]
    assert len(before) > 1000
    left = desk.lines(finding="none", decided="no", limit=4000)
    assert {one.line.entry.login for one in left} <= {"hana"}
    assert "undecided" in desk.post(verb="close", status=400).text
    with desk.opened.database.reading() as connection:
        assert read_review(connection, desk.review).state == "open"


def test_what_closing_will_do_is_said_in_sentences_and_what_is_not_reached_stays(desk):
    with desk.opened.database.transaction() as connection:
        rest = [one for one in every_line(connection, desk.review) if one.decision is None]
        wanted = [Wanted(one.line.id, Asked(verdict="keep", reason="確認済み")) for one in rest]
        decide_many(desk.opened, connection, desk.review, wanted, actor=HANA, channel="page")
        revoked = [one for one in every_line(connection, desk.review) if one.decision.verdict == "revoke"]
    [one] = revoked
    page = desk.see(f"/reviews/{desk.review}?lang=en")
    assert f"{one.line.entry.login} at {one.line.where} is revoked" in page
    back = desk.post(verb="close")
    assert "said=left&count=1" in back.headers["location"]
    page = desk.see(f"/reviews/{desk.review}?lang=en&decided=failed")
    assert "not done" in page
    assert "no longer a place" in page or "no directory" in page.lower()
    with desk.opened.database.reading() as connection:
        assert counts_of(connection, desk.review).to_do == 1


def test_the_list_tells_what_is_open_and_what_changed_outside(desk):
    with desk.opened.database.transaction() as connection:
        drift = Drift(where="web1", login="<b>x", change="changed", fields=(Moved(field="groups", before=[], after=["sudo"]),))
        body = {"where": "web1", "changes": [drift.model_dump(mode="json")]}
        desk.opened.ledger.append(connection, Draft(kind="account_drift", actor="temanashi", actor_kind="system", body=body))
        read = {
            "targets": [],
            "not_read": [{"where": "web9", "kind": "linux", "reason": phrase("reviews.nothing-to-read").model_dump()}],
        }
        desk.opened.ledger.append(connection, Draft(kind="account_snapshot", actor="temanashi", actor_kind="system", body=read))
    page = desk.see("/reviews?lang=ja")
    assert "下期の棚卸し" in page
    assert "web1: &lt;b&gt;x が変わりました（グループが - → sudo）" in page
    assert "web9 のアカウントを読めませんでした" in page
    assert "1行" in page
    assert desk.see("/reviews?lang=en").count("Changes made outside temanashi") == 1


def test_a_review_that_is_not_there_is_told(desk):
    assert "2001-01-01-1" in desk.see("/reviews/2001-01-01-1?lang=en", status=404)


def test_where_nobody_signs_in_a_name_is_asked_for(tmp_path):
    site = AccountSite(tmp_path / "site")
    site.write("runbooks/site/accounts.yaml", "policy: {}\n")
    with site.opened() as installation:
        made = company(9)
        places = Places(register=made.register, inventory=Inventory(), directories=NO_DIRECTORIES, people=made.people)
        review = review_of(installation, places, made.population, actor=Actor(name="someone"), channel="cli")
        desk = Desk(installation, review.id)
        assert "There is no review yet" not in desk.see("/reviews?lang=en")
        assert 'name="name"' in desk.see(f"/reviews/{review.id}?lang=en")
        one = desk.lines(finding="none", limit=1)[0]
        fields = {f"line-{one.line.id}": "keep", f"digest-{one.line.id}": one.digest}
        desk.post(verb="decide", status=400, name="", **fields)
        desk.post(verb="decide", name="Somebody", **fields)
        assert desk.line(one.line.id).decision.by == "Somebody"
        desk.post(path="/file", status=400, what="sheet", name="")


def test_decisions_that_the_gate_did_not_sign_count_for_nothing(opened):
    installation, review = opened
    with installation.database.transaction() as connection:
        line = every_line(connection, review)[0]
        forged = {
            "review": review,
            "lines": [
                {
                    "line": line.line.id,
                    "where": "x",
                    "login": "x",
                    "digest": "",
                    "verdict": "keep",
                    "reason": "",
                    "groups": [],
                    "until": None,
                }
            ],
        }
        more = {"assurance": "verified", "slot": f"review:{review}", "step": "decide"}
        installation.ledger.append(
            connection, Draft(kind="account_review", actor="管理 花子", outcome="decided", body=forged, **more)
        )
    with installation.database.reading() as connection:
        told = recorded_decisions(installation.ledger, connection, review, proof_of(installation, connection))
        assert told[line.line.id] == line.decision
        assert told[line.line.id].verdict == "revoke"  # as it was signed


def form(kind, data, **fields):
    """A form with a file, as a browser posts it."""
    return {"files": {kind: (f"{kind}.xlsx", data)}, "data": fields, "headers": OURS}


def test_a_filled_in_sheet_is_taken_over_on_the_page_row_by_row(tmp_path):
    site = AccountSite(tmp_path / "site")
    site.register(policy={})
    with site.opened() as installation:
        made = company(9)
        places = Places(register=made.register, inventory=Inventory(), directories=NO_DIRECTORIES, people=made.people)
        targets = tuple(one.model_copy(update={"entries": one.entries[:5]}) for one in made.population.targets)
        review = review_of(installation, places, Population(targets=targets), actor=Actor(name="someone"), channel="cli")
        desk = Desk(installation, review.id)
        book = load_workbook(BytesIO(desk.post(path="/file", status=200, what="sheet", name="Hana").content))
        heads = {cell.value: cell.column for cell in book.active[1]}
        book.active.cell(2, heads["Decision"], "revoke")
        book.active.cell(3, heads["Decision"], "change")
        kept = BytesIO()
        book.save(kept)
        answer = desk.http.post(f"/reviews/{review.id}/sheet?lang=en", **form("sheet", kept.getvalue(), name="Hana"))
        assert answer.status_code == 200
        assert "1 lines were taken over" in answer.text
        assert "row 3: " in answer.text
        assert [one.decision.verdict for one in desk.lines(decided="yes")] == ["revoke"]
        for data, name, words in ((b"no workbook", "Hana", "sheet.xlsx"), (b"", "Hana", "no sheet"), (b"x", "", "name")):
            wrong = desk.http.post(f"/reviews/{review.id}/sheet?lang=en", **form("sheet", data, name=name))
            assert wrong.status_code == 400
            assert words in wrong.text


def test_a_review_is_opened_on_the_page_and_what_hinders_it_is_told(tmp_path):
    site = AccountSite(tmp_path / "site", dead=True)
    with site.opened() as installation:
        desk = Desk(installation, "-")
        page = desk.see("/reviews?lang=en")
        assert 'enctype="multipart/form-data"' in page
        roster = "ログイン名,氏名\nhana,管理 花子\n".encode()
        for data, name, words in (
            (roster, "", "name"),
            (b"a,b\n1,2\n", "Hana", "No list of people"),
            (roster, "Hana", "No place could be read: dead1"),
        ):
            wrong = desk.http.post("/reviews?lang=en", **form("roster", data, name=name, title="Second half"))
            assert wrong.status_code == 400
            assert words in wrong.text
            assert 'value="Second half"' in wrong.text
        site.write("runbooks/site/accounts.yaml", "policy: {}\n")
        site.write("runbooks/site/directories.yaml", '{"directories": {}}')
        site.publish(installation)
        assert "There is no place" in desk.http.post("/reviews?lang=en", **form("roster", b"", name="Hana")).text
