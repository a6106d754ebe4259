"""A person who never saw this product: a form in Prefect's UI, its result, and what the record and the report say of it."""

from __future__ import annotations

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from e2e.browsing import Form
from fixtures_up import Up, until
from temanashi.calendars import BusinessCalendar, day_of

TOKYO = ZoneInfo("Asia/Tokyo")


def badge(page: Page):
    return page.locator(".page-heading-flow-run .state-badge")


@pytest.fixture
def big_file(workspace) -> str:
    """A folder with one large file in it, and its address."""
    folder = workspace / "var"
    folder.mkdir(exist_ok=True)
    with (folder / "large.bin").open("wb") as file:
        file.truncate(30_000_000)
    return str(folder)


def test_a_filled_in_form_runs_and_its_result_is_seen_in_prefect_on_our_page_and_in_the_record(
    up: Up, form: Form, browser_page: Page, big_file: str
):
    form.open(up.deployment("find-large-files")["id"])
    form.type("フォルダ", big_file)
    form.type("大きさ", "20")
    form.choose("更新日", "any")
    form.submit()
    flow_run = form.submitted()
    expect(badge(browser_page)).to_have_text("Completed", timeout=60_000)

    browser_page.get_by_text("Artifacts", exact=True).click()
    expect(browser_page.get_by_text("find-large-files-targets")).to_be_visible()
    browser_page.get_by_text("find-large-files-summary").click()
    expect(browser_page.get_by_role("heading", name="大きいファイルを探す: 完了")).to_be_visible()
    expect(browser_page.get_by_role("link", name="この実行のすべて")).to_have_attribute(
        "href", f"{up.url}/tema/runs/{up.run_of(flow_run)}"
    )

    run = up.run_of(flow_run)
    requested, *_, finished = up.drafts(run)
    assert requested["kind"] == "run_requested"
    assert (finished["kind"], finished["outcome"]) == ("run_finished", "done")
    assert requested["channel"] == "form"
    inputs = {"folder": big_file, "megabytes": 20, "age": "any", "same_disk": True}
    assert inputs.items() <= requested["body"]["inputs"].items()
    for lang, title in (("ja", "大きいファイルを探す"), ("en", "Find large files")):
        shown = up.page(f"runs/{run}", lang)
        assert title in shown
        assert big_file in shown
    assert '<html lang="ja"' in up.page("report", "ja")
    assert '<html lang="en"' in up.page("report", "en")


@pytest.mark.parametrize("typed", ["; rm -rf /", "var/log", "/var/$(id)"])
def test_a_form_with_a_wrong_folder_is_refused_with_a_message_and_nothing_runs(up: Up, form: Form, typed: str):
    before = len(up.runs("find-large-files"))
    form.open(up.deployment("find-large-files")["id"])
    form.type("フォルダ", typed)
    form.submit()
    expect(form.problem()).to_contain_text("'folder'")
    expect(form.problem()).to_contain_text("does not match")
    assert len(up.runs("find-large-files")) == before


def test_a_wrong_form_sent_without_prefects_validation_is_refused_by_the_flow_and_nothing_runs(
    up: Up, form: Form, browser_page: Page
):
    before = len(up.runs("find-large-files"))
    form.open(up.deployment("find-large-files")["id"])
    form.type("フォルダ", "/tmp; rm -rf /")
    browser_page.get_by_text("Validate parameters").click()
    form.submit()
    state = up.in_state(form.submitted(), "Failed")["state"]
    assert "フォルダ" in state["message"]
    assert "何も実行していません" in state["message"]
    assert len(up.runs("find-large-files")) == before


@pytest.mark.parametrize(
    "wrong", [{"megabytes": "many"}, {"megabytes": 0}, {"age": "yesterday"}, {"same_disk": "maybe"}, {"foldr": "/"}]
)
def test_an_input_of_a_wrong_type_is_refused_before_anything_runs(up: Up, wrong: dict[str, object]):
    before = len(up.runs("find-large-files"))
    deployment = up.deployment("find-large-files")["id"]
    answer = up.http.post(
        f"/api/deployments/{deployment}/create_flow_run", json={"parameters": wrong, "state": {"type": "SCHEDULED"}}
    )
    if answer.is_success:  # Prefect lets an unknown name pass; the flow does not
        state = up.in_state(answer.json()["id"], "Failed")["state"]
        assert "何も実行していません" in state["message"]
    else:
        assert answer.status_code == 409
        assert next(iter(wrong)) in answer.text
    assert len(up.runs("find-large-files")) == before


def test_the_morning_checks_of_the_first_minute_are_counted_once_somebody_signs_their_minutes(up: Up, browser_page: Page):
    run = until(lambda: next((r for r in up.runs("morning-checks") if r["ended_at"]), None), seconds=60, what="the morning checks")
    assert run["state"] == "done"
    flow_run = up.in_state(run["flow_run"], "Completed", "Warning", "Critical", "Unknown")
    artifacts = up.api("POST", "/artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [flow_run["id"]]}}})
    assert {a["key"] for a in artifacts} == {"morning-checks-summary", "morning-checks-targets"}
    assert up.drafts(run["id"])[-1]["outcome"] == "done"
    assert "署名待ち 0時間" in up.page("report")

    up.tema("baseline", "sign", "morning-checks", "--minutes", "15", "--as", "山田 花子")
    task = next(t for t in up.json("report")["figures"]["tasks"] if t["task"] == "morning-checks")
    assert task["signed_by"] == "山田 花子"
    day = day_of(datetime.fromisoformat(run["ended_at"]), TOKYO)
    good = run["verdict"] not in {"CRITICAL", "UNKNOWN"}
    if not BusinessCalendar().is_business_day(day):
        assert task["sums"]["credited_seconds"] == 0
        assert "自動化がなくても、人は作業しませんでした。" in up.page("report")
        assert f"{day.month}月{day.day}日" in up.page("report")
    elif good:
        assert task["sums"]["credited_seconds"] == 15 * 60

    for lang in ("ja", "en"):
        browser_page.goto(f"/tema/report?lang={lang}")
        assert browser_page.locator("html").get_attribute("lang") == lang


def test_the_flow_written_in_python_starts_the_day_with_runbooks_that_are_on_the_record(up: Up):
    before = {run["id"] for run in up.runs("morning-checks") + up.runs("find-large-files")}
    flow_run = up.begin("start-day", large_file_mb=1000)
    state = up.in_state(flow_run, "Completed", "Warning", "Critical", "Unknown", "Failed")["state"]
    new = [r for r in up.runs("morning-checks") + up.runs("find-large-files") if r["id"] not in before]
    checks = next(r for r in new if r["runbook"] == "morning-checks")
    assert checks["state"] == "done"
    good = checks["verdict"] not in {"CRITICAL", "UNKNOWN"}
    assert len(new) == (1 if good else 2)
    assert (state["type"] == "COMPLETED") is good
    assert {r["flow_run"] for r in new} <= {f"{flow_run}:{n}" for n in (1, 2)}
    assert json.dumps(up.drafts(checks["id"])).count("run_finished") == 1


def test_a_question_to_the_faq_is_answered_in_prefects_form_and_masked_there_too(up: Up):
    asked = {"question": "zzqq の献立。パスワードは Himitsu-2026! です", "hand_over": True, "details": "急ぎます"}
    done = up.in_state(up.begin("answer-question", **asked), "Completed")
    assert "担当者の回答待ち" in done["state"]["message"]
    number = done["state"]["message"].rpartition(" ")[2]
    (artifact,) = up.api("POST", "/artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [done["id"]]}}})
    assert artifact["key"] == "answer-question-reply"
    assert number in artifact["data"]
    assert "Himitsu" not in json.dumps([done["parameters"], artifact], ensure_ascii=False)
    assert "わかりません" in artifact["data"]
    assert "急ぎます" in up.page(f"faq/inquiries/{number}")
    empty = up.in_state(up.begin("answer-question", question=" "), "Failed")
    assert "質問が書かれていません" in empty["state"]["message"]
