"""A review from opening to closing on a real host: decisions, sheets, revocations that are read again, and what was not reached."""

import csv
import hashlib
import io
import json
import re
import zipfile
from datetime import date, timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update

from fixtures_account_site import AccountSite
from temanashi.accounts.reviews.deciding import Asked
from temanashi.accounts.reviews.faults import (
    DecisionsAltered,
    ExceptionNeedsDay,
    GroupNotHeld,
    GroupsNotNamed,
    LineStale,
    LinesUndecided,
    NoReviewSheet,
    NoSuchLine,
    NoSuchReview,
    NotHere,
    NothingReadAtAll,
    OwnAccount,
    ReasonNeeded,
    ReviewClosed,
    ReviewOpen,
    RosterProblems,
    UnknownVerdict,
)
from temanashi.accounts.reviews.tables import LINES, REVIEWS
from temanashi.audit.faults import FileInTheWay, PackUnreadable
from temanashi.audit.pack_scope import Scope
from temanashi.ledger.checkpoints import open_seal
from temanashi.ledger.keys import public_key_of
from temanashi.people import Actor
from temanashi.signin.tokens import make_token
from temanashi.signin.users import add_user
from temanashi.workspace.first_admin import book_of
from temanashi.workspace.packing import pack_evidence
from temanashi.workspace.reviewing.carrying_out import carry_out
from temanashi.workspace.reviewing.deciding import Wanted, decide, decide_many, keep_plain_lines
from temanashi.workspace.reviewing.opening import open_review, roster_of_file
from temanashi.workspace.reviewing.pack_check import check_review_pack
from temanashi.workspace.reviewing.packing import pack_review
from temanashi.workspace.reviewing.reading import counts_of, due_on, every_line, pick_lines, read_review, reviews
from temanashi.workspace.reviewing.sheet import export_sheet, import_sheet

HANA = Actor(name="管理 花子")
TARO = Actor(name="運用 太郎")
ROSTER = """\
社員番号,ログイン名,氏名,退職日
E1,revstays,継続 一郎,
E2,revleft,退職 二郎,2026-01-31
E3,revmoves,異動 三郎,
E4,taro,運用 太郎,
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory, linuxhost):
    made = AccountSite(tmp_path_factory.mktemp("campaign") / "site", linuxhost)
    made.register(
        accounts=[
            {"login": "revsvc", "kind": "service", "owner": "gone", "purpose": "夜間", "expires": "2026-01-31"},
            {"login": "root", "kind": "break-glass", "owner": "hana", "purpose": "緊急"},
        ],
    )
    made.write("roster.csv", ROSTER)
    made.write("broken.csv", ROSTER + "E5,revodd,変な人,二月三十日\n")
    for login in ("revstays", "revleft", "revmoves", "revorphan", "revsvc", "taro"):
        linuxhost.person(login, "Right-pass-1", groups="sudo,video" if login == "revmoves" else "")
    return made


@pytest.fixture(scope="module")
def opened(site):
    with site.opened() as installation:
        with installation.database.transaction() as connection:
            book = book_of(installation)
            told = {"people": _people(connection), "actor": HANA, "channel": "cli"}
            add_user(book, connection, "revuser", password="long enough to be one", name="使わない人", **told)
            make_token(book, connection, "old tool", user="", scopes=["demand"], until=None, actor=HANA, channel="cli")
        yield installation


def _people(connection):
    from temanashi.workspace.live import live_people

    return live_people(connection)


@pytest.fixture(scope="module")
def review(opened, site):
    return open_review(opened, actor=HANA, channel="cli", roster=roster_of_file(opened, site.root / "roster.csv"), title="下期")


def line_of(installation, review, login):
    with installation.database.reading() as connection:
        return next(one for one in every_line(connection, review.id) if one.line.entry.login == login)


def wants(verdict, **more):
    return Asked(verdict=verdict, **more)


def put(installation, review, login, asked, *, actor=HANA, digest=""):
    line = line_of(installation, review, login).line.id
    return decide(installation, review.id, Wanted(line, asked, digest), actor=actor, channel="cli")


def test_what_is_found_of_a_real_host_our_users_and_tokens_is_told_by_line(opened, review):
    def kinds(login):
        return {one.kind for one in line_of(opened, review, login).line.findings}

    assert review.state == "open"
    assert review.roster.people == 4
    assert kinds("revstays") == {"never-used"}
    assert kinds("revleft") == {"leaver", "never-used"}
    assert kinds("revmoves") == {"privileged", "never-used"}
    assert kinds("revorphan") == {"orphan", "never-used"}
    assert kinds("revsvc") == {"no-owner", "past-end"}
    assert kinds("root") == {"privileged"}
    assert kinds("revuser") == {"orphan", "never-used"}
    with opened.database.reading() as connection:
        token = pick_lines(connection, review.id, words="token:").lines[0].line
        assert {one.kind for one in token.findings} == {"unregistered", "no-owner"}
        assert token.where == "temanashi"
        counts = counts_of(connection, review.id)
        assert counts.undecided == review.lines
        record = opened.ledger.get(connection, review.seq)
    assert record.draft.outcome == "opened"
    assert [one["where"] for one in record.draft.body["targets"]] == ["linux1", "temanashi"]


def test_lines_are_picked_by_finding_decision_and_words_a_page_at_a_time(opened, review):
    with opened.database.reading() as connection:
        leavers = pick_lines(connection, review.id, finding="leaver")
        assert [one.line.entry.login for one in leavers.lines] == ["revleft"]
        with_findings = pick_lines(connection, review.id, finding="any", limit=500)
        plain = pick_lines(connection, review.id, finding="none", limit=500)
        assert with_findings.total + plain.total == review.lines
        assert pick_lines(connection, review.id, words="rev%").total == 0
        assert pick_lines(connection, review.id, words="revmov").total == 1
        first, second = (pick_lines(connection, review.id, first=at, limit=2).lines for at in (0, 2))
        assert [one.position for one in (*first, *second)] == [1, 2, 3, 4]
        assert read_review(connection, "last").id == review.id
        assert [one.id for one in reviews(connection)] == [review.id]
        due = due_on(connection, 6, opened.settings.zone)
        assert timedelta(days=175) < due - review.opened_at.date() < timedelta(days=190)
        with pytest.raises(NoSuchReview):
            read_review(connection, "2020-01-01-1")


def test_a_second_review_waits_for_the_first_to_be_closed(opened, review):
    with pytest.raises(ReviewOpen):
        open_review(opened, actor=HANA, channel="cli")


def test_a_roster_with_rows_that_cannot_be_read_opens_nothing(opened, site):
    with pytest.raises(RosterProblems) as told:
        roster_of_file(opened, site.root / "broken.csv")
    assert told.value.data["count"] == 1


REFUSED = [
    ("revleft", wants("keep"), ReasonNeeded),
    ("revleft", wants("delete"), UnknownVerdict),
    ("revleft", wants("exception", reason="残務"), ExceptionNeedsDay),
    ("revleft", wants("exception", reason="残務", until=date(2020, 1, 1)), ExceptionNeedsDay),
    ("revmoves", wants("change", reason="異動"), GroupsNotNamed),
    ("revmoves", wants("change", reason="異動", groups=("wheel",)), GroupNotHeld),
    ("revmoves", wants("change", groups=("sudo",)), ReasonNeeded),
    ("revuser", wants("change", reason="x", groups=("admin",)), NotHere),
]


@pytest.mark.parametrize(
    ("login", "asked", "error"), REFUSED, ids=[f"{login}-{asked.verdict}-{e.__name__}" for login, asked, e in REFUSED]
)
def test_a_decision_that_says_too_little_is_refused_and_nothing_is_recorded(opened, review, login, asked, error):
    with opened.database.reading() as connection:
        head = opened.ledger.head(connection).seq
    with pytest.raises(error):
        put(opened, review, login, asked)
    with opened.database.reading() as connection:
        assert opened.ledger.head(connection).seq == head


@pytest.mark.parametrize("name", ["運用 太郎", "taro", "ＴＡＲＯ", "運用　太郎"])
def test_nobody_decides_about_their_own_account(opened, review, name):
    with pytest.raises(OwnAccount):
        put(opened, review, "taro", wants("keep", reason="mine"), actor=Actor(name=name))


def test_somebody_who_sits_at_their_own_account_under_another_name_does_not_either(opened, review):
    with pytest.raises(OwnAccount):
        put(opened, review, "revstays", wants("keep", reason="mine"), actor=Actor(name="管理 花子", account="revstays"))


def test_a_line_that_was_decided_meanwhile_is_not_overwritten_unseen(opened, review):
    seen = line_of(opened, review, "revstays").digest
    put(opened, review, "revstays", wants("keep", reason="新人"), digest=seen)
    with pytest.raises(LineStale):
        put(opened, review, "revstays", wants("revoke"), digest=seen)
    with pytest.raises(NoSuchLine):
        decide(opened, review.id, Wanted("ffffffffffff", wants("keep")), actor=HANA, channel="cli")
    assert line_of(opened, review, "revstays").decision.verdict == "keep"


def test_a_sheet_goes_out_and_in_and_stale_or_wrong_rows_are_refused_by_themselves(opened, review, tmp_path):
    file = tmp_path / "review.xlsx"
    file.write_bytes(export_sheet(opened, review.id, lang="ja", actor=HANA, channel="cli"))
    book = load_workbook(file)
    sheet = book.active
    assert [sheet.column_dimensions[name].hidden for name in "ABC"] == [True, True, False]
    heads = {cell.value: cell.column for cell in sheet[1]}
    rows = {row[heads["ログイン名"] - 1].value: row[0].row for row in sheet.iter_rows(min_row=2)}

    def fill(login, **values):
        for head, value in values.items():
            sheet.cell(rows[login], heads[head], value).data_type = "s"  # as somebody types it: no formula

    fill("revleft", 決定="停止")
    fill("revorphan", 決定="exception", 理由="=HYPERLINK(1)", 例外の期限="2035/03/31")
    fill("revmoves", 決定="変更", 外すグループ="sudo、video", 理由="異動")
    fill("revsvc", 決定="例外", 理由="移行中", 例外の期限="来月")
    fill("revuser", 決定="停止")
    fill("root", 決定="継続")
    put(opened, review, "revuser", wants("keep", reason="changed my mind"))  # after the sheet was written
    sheet.cell(rows["revstays"], heads["行"], "000000000000")
    fill("revstays", 決定="停止")
    fill("taro", 決定="継続", 理由="自分")
    book.save(file)

    before = [line_of(opened, review, login).digest for login in rows]
    trial = import_sheet(opened, review.id, file, actor=TARO, channel="cli", dry_run=True)
    assert [line_of(opened, review, login).digest for login in rows] == before
    done = import_sheet(opened, review.id, file, actor=TARO, channel="cli")
    assert [len(one.decided) for one in (trial, done)] == [3, 3]
    told = {one.login: type(one.error).__name__ for one in done.refused}
    assert told == {
        "revsvc": "BadSheetDay",
        "revuser": "LineStale",
        "root": "ReasonNeeded",
        "": "NoSuchLine",
        "taro": "OwnAccount",
    }
    moves = line_of(opened, review, "revmoves").decision
    assert (moves.verdict, moves.groups, moves.by) == ("change", ("sudo", "video"), "運用 太郎")
    assert line_of(opened, review, "revorphan").decision.until == date(2035, 3, 31)
    again = import_sheet(opened, review.id, file, actor=TARO, channel="cli")
    assert again.decided == ()
    assert len(again.refused) == 5


def test_text_of_accounts_is_never_a_formula_in_the_sheet(opened, review, tmp_path):
    file = tmp_path / "review.xlsx"
    file.write_bytes(export_sheet(opened, review.id, lang="en", actor=HANA, channel="cli"))
    cells = [cell for row in load_workbook(file).active.iter_rows() for cell in row]
    assert "=HYPERLINK(1)" in [cell.value for cell in cells]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d"}
    assert all(cell.quotePrefix for cell in cells if cell.value == "=HYPERLINK(1)")


def test_a_workbook_that_is_no_sheet_of_a_review_is_refused(opened, review, tmp_path):
    book = load_workbook(_workbook(tmp_path))
    book.active["A1"] = "x"
    book.save(tmp_path / "other.xlsx")
    with pytest.raises(NoReviewSheet):
        import_sheet(opened, review.id, tmp_path / "other.xlsx", actor=HANA, channel="cli")


def _workbook(folder):
    from openpyxl import Workbook

    Workbook().save(folder / "empty.xlsx")
    return folder / "empty.xlsx"


def test_what_is_undecided_stops_the_closing_before_anything_is_touched(opened, review, linuxhost):
    files = linuxhost.files()
    with pytest.raises(LinesUndecided):
        carry_out(opened, review.id, actor=HANA, channel="cli")
    assert linuxhost.files() == files


def decide_the_rest(installation, review):
    bulk = keep_plain_lines(installation, review.id, actor=HANA, channel="page")
    with installation.database.transaction() as connection:
        rest = [one for one in every_line(connection, review.id) if one.decision is None]
        wanted = [Wanted(one.line.id, wants("keep", reason="確認済み")) for one in rest]
        if wanted:
            decide_many(installation, connection, review.id, wanted, actor=HANA, channel="cli")
    return bulk


def test_decisions_that_somebody_wrote_into_the_database_stop_the_closing(opened, review):
    with opened.database.transaction() as connection:
        token = pick_lines(connection, review.id, words="token:").lines[0].line
        decide_many(opened, connection, review.id, [Wanted(token.id, wants("revoke"))], actor=HANA, channel="cli")
    put(opened, review, "revuser", wants("revoke"))
    decide_the_rest(opened, review)
    line = line_of(opened, review, "revstays")
    forged = line.decision.model_copy(update={"verdict": "revoke"}).model_dump_json()
    where = (LINES.c.review == review.id) & (LINES.c.line == line.line.id)
    with opened.database.transaction() as connection:
        kept = connection.execute(select(LINES.c.decision).where(where)).scalar_one()
        connection.execute(update(LINES).where(where).values(decision=forged, decided="revoke"))
    with pytest.raises(DecisionsAltered):
        carry_out(opened, review.id, actor=HANA, channel="cli")
    with opened.database.transaction() as connection:
        connection.execute(update(LINES).where(where).values(decision=kept, decided="keep"))


class Cut(Exception):
    pass


def test_closing_goes_on_where_it_was_cut_off_and_only_what_is_read_again_counts(site, opened, review, linuxhost):
    hosts = site.root / "runbooks/site/hosts.yaml"
    right = hosts.read_text()
    wrong = json.loads(right)
    wrong["hosts"]["linux1"]["port"] = 1
    hosts.write_text(json.dumps(wrong))
    site.publish(opened)
    away = carry_out(opened, review.id, actor=HANA, channel="cli")
    assert not away.closed
    assert {one.line.where for one in away.left} == {"linux1"}
    assert {one.line.where for one in away.done} == {"temanashi"}
    assert all(one.result.why is not None for one in away.left)
    with opened.database.reading() as connection:
        assert read_review(connection, review.id).state == "carrying-out"
    with pytest.raises(ReviewClosed):
        put(opened, review, "revstays", wants("revoke"))
    hosts.write_text(right)
    site.publish(opened)

    def cut(line):
        raise Cut

    with pytest.raises(Cut):
        carry_out(opened, review.id, actor=HANA, channel="cli", progress=cut)
    put(opened, review, "revmoves", wants("change", reason="video は仕事", groups=("sudo",)))
    done = carry_out(opened, review.id, actor=HANA, channel="cli")
    assert done.closed
    assert sorted(one.line.entry.login for one in done.done if one.line.where == "linux1") == ["revleft", "revmoves"]
    assert linuxhost.login("revleft", password="Right-pass-1") == "refused"
    assert linuxhost.login("revleft", key=linuxhost.folder / "key-revleft") == "refused"
    assert linuxhost.login("revmoves", password="Right-pass-1") == "revmoves"
    assert "revmoves" not in linuxhost.line("group", "sudo")[3]
    assert "revmoves" in linuxhost.line("group", "video")[3]
    result = line_of(opened, review, "revleft").result
    assert result.state == "done"
    assert result.run
    assert result.plan.startswith("sha256:")
    assert result.seen["password"] == "locked"
    with pytest.raises(ReviewClosed):
        carry_out(opened, review.id, actor=HANA, channel="cli")
    with opened.database.reading() as connection:
        assert connection.execute(select(REVIEWS.c.state)).scalars().all() == ["closed"]
        outcomes = [r.draft.outcome for r in opened.ledger.records(connection, kinds=["account_review"])]
        done_twice = [
            r
            for r in opened.ledger.records(connection, kinds=["step_done"])
            for one in r.draft.targets
            if one.outcome == "changed" and one.target == "linux1"
        ]
    assert outcomes[-1] == "closed"
    assert len(done_twice) == 2  # one change an account, however often the closing was begun


def test_a_review_of_nothing_but_our_own_users_is_not_opened(tmp_path):
    site = AccountSite(tmp_path / "site", dead=True)
    with site.opened() as installation, pytest.raises(NothingReadAtAll):
        open_review(installation, actor=HANA, channel="cli")


def repacked(file, target, change):
    """The pack with one member changed; its manifest is made anew, as somebody would who knows how."""
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(target, "w") as new:
        contents = {name: old.read(name) for name in old.namelist() if name != "SHA256SUMS"}
        contents |= {name: change[name](contents[name]) for name in change}
        for name, content in contents.items():
            new.writestr(name, content)
        sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(contents.items()))
        new.writestr("SHA256SUMS", sums)
    return target


def test_the_evidence_pack_holds_all_an_auditor_asks_for_and_proves_itself(opened, review, tmp_path):
    made = pack_review(opened, review.id, tmp_path / "review.zip", actor=HANA, channel="cli")
    key = public_key_of(open_seal(opened.settings.state_dir).key)
    found = check_review_pack(made.file, trusted=key)
    assert found.pack.status == "intact", found.pack.problem
    assert (found.review, found.lines, found.decided, found.left) == (review.id, review.lines, review.lines, 0)
    assert found.done == 4
    assert check_review_pack(made.file, trusted=None).pack.exit_code == 2
    with zipfile.ZipFile(made.file) as pack:
        names = pack.namelist()
        texts = {name: pack.read(name).decode("utf-8-sig", "replace") for name in names if name.startswith("review/")}
    for name in ("targets", "population", "findings", "decisions", "exceptions", "results", "not-read"):
        assert f"review/{name}.csv" in names
    assert {"review/README.ja.txt", "review/README.en.txt", "review/population/linux1.json"} <= {*names}
    decisions = list(csv.DictReader(io.StringIO(texts["review/decisions.csv"])))
    left = next(one for one in decisions if one["ログイン名"] == "revorphan")
    assert left["決定"] == "例外"
    assert left["決定の理由"] == "'=HYPERLINK(1)"
    assert left["時刻（日本）"].endswith("+09:00")
    assert left["時刻（UTC）"].endswith("+00:00")
    results = list(csv.DictReader(io.StringIO(texts["review/results.csv"])))
    gone = next(one for one in results if one["ログイン名"] == "revleft")
    assert gone["結果"] == "実行済み"
    assert gone["計画のダイジェスト"].startswith("sha256:")
    assert json.loads(gone["読み直した内容"])["password"] == "locked"
    population = list(csv.DictReader(io.StringIO(texts["review/population.csv"])))
    assert {"root", "daemon", "revstays"} <= {one["where"] and one["login"] for one in population}
    assert all("Right-pass-1" not in text and "$6$" not in text and "PRIVATE" not in text for text in texts.values())
    with pytest.raises(FileInTheWay):
        pack_review(opened, review.id, made.file, actor=HANA, channel="cli")


TAMPERED = {
    "review/decisions.csv": lambda text: text.replace("停止".encode(), "継続".encode(), 1).replace("新人".encode(), b"x", 1),
    "review/population/linux1.json": lambda text: text.replace(b"revorphan", b"revorphen", 1),
    "review/lines.json": lambda text: text.replace(b"revorphan", b"revorphen", 1),
    "review/results.csv": lambda text: re.sub(rb"[0-9a-f]{8}-[0-9a-f-]{27}", b"another-run", text, count=1),
    "records.jsonl": lambda text: text.replace("継続".encode(), "停止".encode(), 1).replace(b"revorphan", b"revorphen", 1),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_a_pack_that_somebody_changed_is_found_even_with_a_new_manifest(opened, review, tmp_path, name):
    made = pack_review(opened, review.id, tmp_path / "review.zip", actor=HANA, channel="cli")
    key = public_key_of(open_seal(opened.settings.state_dir).key)
    other = repacked(made.file, tmp_path / "other.zip", {name: TAMPERED[name]})
    found = check_review_pack(other, trusted=key)
    assert found.pack.status == "altered"
    assert found.pack.problem.text("ja")


def test_a_file_that_is_no_pack_of_a_review_is_told(opened, tmp_path):
    (tmp_path / "x.zip").write_bytes(b"no zip")
    with pytest.raises(PackUnreadable):
        check_review_pack(tmp_path / "x.zip", trusted=None)
    seal = public_key_of(open_seal(opened.settings.state_dir).key)
    made = pack_evidence(opened, Scope(sort="period", value="2026"), tmp_path / "period.zip", actor=HANA)
    with pytest.raises(PackUnreadable):
        check_review_pack(made.file, trusted=seal)
