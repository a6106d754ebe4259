import pytest

from temanashi.books import Seconds, proposed_tasks, sign
from temanashi.people import Actor
from temanashi.runbooks.kinds import step_kinds
from temanashi.runbooks.model import Demand
from temanashi.workspace.publishing import current_version


@pytest.mark.parametrize(("lang", "word"), [("ja", "2026年1月"), ("en", "January 2026")])
def test_the_report_of_a_month_in_a_language(visitor, lang, word):
    visitor.run("full-disk")
    answer = visitor.get(f"/report?month=2026-01&lang={lang}")
    assert answer.status_code == 200
    assert word in answer.text
    assert answer.headers["content-language"] == lang


def test_without_a_month_it_is_this_month(visitor):
    assert visitor.get("/report").status_code == 200


def test_before_anything_is_published_there_is_a_report_too(empty):
    assert empty.get("/report").status_code == 200


@pytest.mark.parametrize("month", ["2026-13", "soon", "../../etc"])
def test_a_month_that_is_none_is_said_so(visitor, month):
    answer = visitor.get("/report", params={"month": month, "lang": "en"})
    assert answer.status_code == 400
    assert "2026-11" in answer.text


def test_month_team_and_language_are_chosen_without_scripts(visitor):
    visitor.run("full-disk")
    page = visitor.get("/report?lang=ja").text
    assert '<form method="get" action="report">' in page
    assert "<script" not in page
    assert "selected" in page.split('name="month"')[1].split("</select>")[0]
    assert "format=xlsx" in page
    assert "form-action 'self'" in visitor.get("/report").headers["content-security-policy"]


@pytest.mark.parametrize(
    ("face", "begins", "kind"),
    [
        ("html", b"<!doctype html>", "text/html"),
        ("csv", b"\xef\xbb\xbf", "text/csv"),
        ("json", b"{", "application/json"),
        ("xlsx", b"PK", "application/vnd.openxmlformats"),
        ("pdf", b"%PDF", "application/pdf"),
    ],
)
def test_every_face_can_be_kept_as_a_file(visitor, face, begins, kind):
    answer = visitor.get(f"/report?month=2026-01&lang=en&format={face}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)
    assert answer.content.startswith(begins)
    assert f'filename="report-2026-01.{face}"' in answer.headers["content-disposition"]
    assert b'class="choose"' not in answer.content


@pytest.mark.parametrize(("query", "word"), [("format=docx", "docx"), ("team=nobody", "nobody"), ("team=%3Cb%3E", "&lt;b&gt;")])
def test_what_the_report_does_not_have_is_said_so(visitor, query, word):
    answer = visitor.get(f"/report?lang=en&{query}")
    assert answer.status_code == 400
    assert word in answer.text
    assert "<b></" not in answer.text
    assert "<b>." not in answer.text


def test_one_team_alone(visitor):
    visitor.run("full-disk")
    owner = next(iter(visitor.get("/report?format=json").json()["teams"]))
    page = visitor.get("/report", params={"lang": "ja", "team": owner})
    assert f"{owner}の作業だけを数えています" in page.text
    assert visitor.get("/report", params={"team": owner, "format": "json"}).json()["team"] == owner


def test_numbers_lead_to_their_records_online_and_not_in_the_file(visitor):
    visitor.run("full-disk")
    place = visitor.opened
    with place.database.reading() as connection:
        task = next(iter(proposed_tasks(current_version(connection, kinds=step_kinds()).runbooks.values())))
    with place.database.transaction() as connection:
        minutes = Seconds.of_minutes(30)
        rule = Demand(calendar="day")
        place.ledger.append(
            connection, sign(task, minutes, actor=Actor(name="佐藤"), now=place.clock.now(), zone=place.settings.zone, demand=rule)
        )
    page = visitor.get("/report?lang=ja").text
    for figure in ("manual", "baseline"):
        links = [one.split('"')[0] for one in page.split('href="')[1:] if f"figure={figure}" in one.split('"')[0]]
        assert len(links) >= 2
        for link in links:
            answer = visitor.get("/" + link.replace("&amp;", "&"))
            assert answer.status_code == 200
    assert "report/records" not in visitor.get("/report?format=html").text
