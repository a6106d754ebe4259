"""`/tema/accounts`: a roster is chosen, compared, and asked for as a run."""

from datetime import UTC, datetime

import pytest
from openpyxl import Workbook

from fixtures_paper import Paper, paper_installed
from temanashi.runs.access_ends import ACCESS_ENDS
from temanashi.workspace.creating import starter_texts

OURS = {"origin": "http://testserver"}
SATO = {"cookie": "tema_name=%E4%BD%90%E8%97%A4"}
DIRECTORIES = "directories:\n  wiki: {kind: paper, title: {ja: 社内 Wiki, en: Wiki}, file: wiki.json}\n"
ROLES = "roles:\n  ops: {title: {ja: 運用, en: Operations}, saas: {wiki: [Editors]}}\n"
HEAD = "社員番号,ログイン名,氏名,役割,退職日\n"
ROSTER = HEAD + "1,sato,佐藤,運用,2020-01-31\n2,yamada,山田 花子,運用,\n3,a;id,<b>悪い</b>,,\n"


@pytest.fixture(scope="module", autouse=True)
def paper(tmp_path_factory):
    with paper_installed(tmp_path_factory.mktemp("package")):
        yield


@pytest.fixture
def office(empty):
    """A workspace with one directory, in which sato has an account."""
    root = empty.place.root
    for name, text in (("directories", DIRECTORIES), ("roles", ROLES)):
        file = root / f"runbooks/site/{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    book = root / "runbooks/account/apply-roster.yaml"
    book.parent.mkdir(parents=True, exist_ok=True)
    text = starter_texts()["runbooks/account/apply-roster.yaml"].replace("      deliver: account-secrets\n", "")
    lines = [line for line in text.splitlines() if not line.startswith(("approve:", "privileged:"))]
    book.write_text("\n".join(lines) + "\n", encoding="utf-8")
    wiki = Paper("wiki", root / "wiki.json")
    wiki.groups("Editors")
    wiki.put("sato", employee="1", groups=["Editors"])
    empty.wiki = wiki
    empty.place.publish()
    return empty


def choose(office, data, *, name="名簿.csv", lang="ja", headers=SATO, **fields):
    files = {"file": (name, data)} if data is not None else {"other": ("", b"")}
    return office.http.post(f"/accounts?lang={lang}", files=files, data=fields, headers={**OURS, **headers})


def hidden(text, name):
    return text.partition(f'name="p.{name}" value="')[2].partition('"')[0]


def test_the_page_asks_for_a_file_and_tells_what_it_will_do(office):
    for lang, words in (("ja", "比べるだけでは何も変わりません"), ("en", "Comparing changes nothing")):
        answer = office.get(f"/accounts?lang={lang}")
        assert answer.status_code == 200
        assert words in answer.text
        assert 'enctype="multipart/form-data"' in answer.text


@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
def test_a_roster_is_compared_and_each_row_with_a_mistake_is_told(office, encoding):
    before = office.wiki.file.read_bytes()
    answer = choose(office, ROSTER.encode(encoding))
    assert answer.status_code == 200
    assert "<h1>閉鎖 1 人、変更 0 人、作成 1 人です</h1>" in answer.text
    assert "B4" in answer.text
    assert "<b>悪い" not in answer.text
    assert hidden(answer.text, "leavers") == "sato|1|佐藤||"
    assert hidden(answer.text, "joiners") == "yamada|2|山田 花子|ops|"
    assert office.wiki.file.read_bytes() == before
    assert "To close (1)" in choose(office, ROSTER.encode(encoding), lang="en").text


def test_what_the_page_hands_on_is_a_plan_of_the_runbook_and_then_a_request(office):
    text = choose(office, ROSTER.encode()).text
    form = {f"p.{name}": hidden(text, name) for name in ("leavers", "movers", "joiners", "roster")}
    shown = office.http.post("/runbooks/apply-roster/run?lang=ja", data={**form, "action": "plan", "name": "佐藤"}, headers=OURS)
    assert shown.status_code == 200
    assert "wiki のアカウント sato を閉鎖します" in shown.text
    assert "wiki にアカウント yamada を作ります" in shown.text
    sent = office.http.post("/runbooks/apply-roster/run?lang=ja", data={**form, "action": "run", "name": "佐藤"}, headers=OURS)
    assert sent.status_code == 303
    [(runbook, inputs, _, _)] = office.seen.submitted
    assert (runbook, inputs["leavers"]) == ("apply-roster", ["sato|1|佐藤||"])


def test_an_excel_file_is_read_and_what_is_no_roster_is_refused_with_what_to_do(office, tmp_path):
    book = Workbook()
    for row in (["Employee ID", "Login", "Name", "Roles"], ["2", "yamada", "Hanako", "Operations"]):
        book.active.append(row)
    book.save(tmp_path / "people.xlsx")
    answer = choose(office, (tmp_path / "people.xlsx").read_bytes(), name="people.csv", lang="en")
    assert "0 to close, 0 to change, 1 to open" in answer.text
    for data, words in (
        (b"a,b\n1,2\n", "No list of people"),
        (None, "There is no roster file"),
        (b"\xff\x00\x01", "cannot be read"),
    ):
        answer = choose(office, data, lang="en")
        assert answer.status_code == 400
        assert words in answer.text
    plain = office.http.post("/accounts?lang=en", data={"file": "x"}, headers=OURS)
    assert plain.status_code == 400
    unknown = choose(office, ROSTER.encode(), lang="en", roles="nobody")
    assert unknown.status_code == 400
    assert "nobody" in unknown.text


def test_a_file_that_is_too_large_is_not_read(office):
    assert choose(office, b" " * 20_100_000).status_code == 413


def test_people_who_are_missing_are_held_back_and_it_is_said_why(office):
    office.wiki.put("suzuki", employee="9")
    text = choose(office, ROSTER.encode(), lang="en").text
    assert "Not on the roster, and not closed: 1" in text
    assert "more than 10 %" in text
    office.wiki.file.write_text("torn")
    torn = choose(office, ROSTER.encode(), lang="en").text
    assert "wiki cannot be read" in torn


def test_access_that_ends_is_listed_and_what_is_overdue_is_marked(office):
    row = {
        "login": "sato",
        "target": "wiki",
        "directory": "wiki",
        "group_name": "Editors",
        "state": "open",
        "run": "r",
        "step": "s",
    }
    row |= {"iteration": 0, "tries": 1, "made_at": "2026-01-01T00:00:00+00:00"}
    with office.opened.database.transaction() as connection:
        for number, year in enumerate((2020, 2090)):
            at = datetime(year, 1, 1, tzinfo=UTC).isoformat()
            connection.execute(ACCESS_ENDS.insert().values(**row, id=str(number), ends_at=at))
    text = office.get("/accounts?lang=en").text
    assert "2 accesses that end" in text
    assert text.count("overdue</b>") == 1


def test_who_may_only_look_sees_no_form(office):
    office.sign_in("sato", "viewer")
    assert "multipart" not in office.get("/accounts?lang=en").text
