from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from temanashi.changes import Verdict
from temanashi.orchestration.artifacts import summary_markdown, target_rows
from temanashi.people import Actor
from temanashi.reports.run_lines import run_lines
from temanashi.runs.reading import RowView, RunView, StepView
from temanashi.text.local import LocalText, phrase

NOW = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
CHECK = {
    "check": "root",
    "title": {"ja": "ルート", "en": "Root"},
    "verdict": "CRITICAL",
    "reason": {"key": "runs.not-reached", "data": {}},
}


def row(**more):
    given = {
        "target": "web1",
        "state": "done",
        "status": "changed",
        "verdict": None,
        "summary": phrase("runs.expired"),
        "reason": None,
    }
    return RowView(**given | {"ended_at": NOW} | more)


def run(*rows, **more):
    step = StepView(step="one", title=LocalText(ja="一 つ|目", en="The *first*"), kind="command", rows=rows)
    given = {
        "id": "r1",
        "runbook": "sample",
        "title": LocalText(ja="見本", en="Sample"),
        "version": "sha256:1",
        "task": "sample",
        "slot": "",
        "mode": "live",
        "state": "done",
        "verdict": None,
        "reason": None,
        "actor": Actor(name="<b>alice</b>"),
        "channel": "form",
        "beneficiary": "",
        "ticket": "INC-1",
        "requested_at": NOW,
        "started_at": NOW,
        "ended_at": NOW,
        "inputs": {},
        "flow_run": "",
        "cancel_asked": False,
        "steps": (step,),
    }
    return RunView(**given | more)


def told(view, lang="en"):
    return summary_markdown(view, lang=lang, zone=ZoneInfo("Asia/Tokyo"), page="http://127.0.0.1:4200/tema/runs/r1")


def test_the_answer_comes_first():
    assert told(run(row(), verdict=Verdict.WARNING)).splitlines()[0] == "# Sample: Done / Warning"
    assert told(run(row(), state="failed", reason=phrase("runs.expired")), "ja").splitlines()[2] == phrase("runs.expired").text(
        "ja"
    )


def test_facts_are_in_the_workspaces_time_and_only_those_that_there_are():
    text = told(run(row()))
    assert "2026-11-21 08:00:00" in text
    assert "INC\\-1" in text or "INC-1" in text
    assert "For:" not in text


def test_nothing_that_a_person_typed_is_markdown():
    text = told(run(row()))
    assert "<b>" not in text
    assert "\\<b\\>alice" in text
    assert "The \\*first\\*" in text


def test_good_lines_are_counted():
    view = run(row(), row(target="web2", status="failed", reason=phrase("runs.expired")))
    assert "(1 of 2 good)" in told(view)
    assert "- **Failed** web2" in told(view)


def test_the_table_has_one_row_a_target():
    (only,) = target_rows(run(row(target="-")), lang="en")
    assert only == {"Step": "The *first*", "Target": "", "Outcome": "Done", "What": phrase("runs.expired").text("en")}


def test_the_table_has_one_row_a_check():
    rows = target_rows(run(row(status="already", verdict=Verdict.CRITICAL, details=(CHECK, CHECK))), lang="ja")
    assert [(r["対象"], r["結果"]) for r in rows] == [("web1", "異常")] * 2
    assert rows[0]["内容"].startswith("ルート: ")


@pytest.mark.parametrize(
    ("status", "verdict", "name", "word"),
    [
        ("changed", None, "changed", "Done"),
        (None, None, "planned", "To do"),
        ("already", Verdict.OK, "OK", "OK"),
        ("conflict", None, "conflict", "Conflict"),
    ],
)
def test_a_line_has_the_word_of_its_verdict_or_outcome(status, verdict, name, word):
    (line,) = run_lines(phrase("runs.expired"), None, (), status=status, verdict=verdict, lang="en")
    assert (line.name, line.word) == (name, word)


def test_a_check_without_a_title_or_reason_is_named_by_its_id():
    (line,) = run_lines(
        phrase("runs.expired"), None, ({"check": "root", "verdict": "OK"},), status="already", verdict=Verdict.OK, lang="en"
    )
    assert line.what == "root"
