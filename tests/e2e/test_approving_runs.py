"""Four eyes in a browser: a plan is approved, refused, or left until its time is over, in Japanese and in English."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from fixtures_up import Up, until

WORDS = {
    "ja": {"name": "お名前", "note": "メモ", "approve": "承認する", "refuse": "却下する", "waits": "この計画の承認を待っています"},
    "en": {"name": "Your name", "note": "Note", "approve": "Approve", "refuse": "Refuse", "waits": "This plan waits for approval"},
}


def picture(page: Page, name: str) -> None:
    """Kept where somebody wants to look at it: TEMA_PICTURES names a folder."""
    if folder := os.environ.get("TEMA_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.fixture(params=["ja", "en"])
def reader(request, chromium: Browser, up: Up):
    """A browser without a name in it, and the words of its language."""
    context = chromium.new_context(base_url=up.url, timezone_id="Asia/Tokyo", viewport={"width": 1200, "height": 900})
    yield context.new_page(), request.param, WORDS[request.param]
    context.close()


def asked(up: Up, runbook: str) -> tuple[str, str]:
    """A run that waits for approval: its flow run and its id."""
    body = {"parameters": {}, "state": {"type": "SCHEDULED"}, "tags": ["actor:yamada", "channel:form"]}
    flow_run = str(up.api("POST", f"/deployments/{up.deployment(runbook)['id']}/create_flow_run", body)["id"])

    def look():
        if up.flow_run(flow_run)["state"]["type"] != "PAUSED":
            return None
        return next((r for r in up.runs(runbook) if r["flow_run"] == flow_run and r["wait"]), None)

    return flow_run, until(look, seconds=60, what="the wait for approval")["id"]


def answer(page: Page, words: dict[str, str], name: str, verb: str, note: str = "") -> None:
    page.locator("#name").fill(name)  # the form below, to cancel, asks for a name too
    page.get_by_label(words["note"]).fill(note)
    page.get_by_role("button", name=words[verb]).click()


def test_a_plan_is_approved_by_somebody_else_and_never_by_who_asked(up: Up, reader):
    page, lang, words = reader
    flow_run, run = asked(up, "approved-work")
    page.goto(f"/tema/runs/{run}?lang={lang}")
    expect(page.get_by_role("heading", name=words["waits"])).to_be_visible()
    expect(page.get_by_text("echo approved").first).to_be_visible()
    picture(page, f"approval-{lang}")
    answer(page, words, "ＹＡＭＡＤＡ", "approve")
    expect(page.get_by_role("alert")).to_contain_text("ＹＡＭＡＤＡ")
    picture(page, f"approval-own-{lang}")
    answer(page, words, "佐藤 次郎", "approve", "計画を読みました")
    up.in_state(flow_run, "Completed", seconds=120)
    decision = [draft for draft in up.drafts(run) if draft["kind"] == "decision"]
    assert [(d["actor"], d["outcome"], d["channel"]) for d in decision] == [("佐藤 次郎", "approved", "page")]
    page.goto(f"/tema/runs/{run}?lang={lang}")
    picture(page, f"approval-done-{lang}")


def test_a_plan_is_refused_with_a_reason(up: Up, reader):
    page, lang, words = reader
    flow_run, run = asked(up, "approved-work")
    page.goto(f"/tema/runs/{run}?lang={lang}")
    answer(page, words, "佐藤 次郎", "refuse")
    expect(page.get_by_role("alert")).to_be_visible()
    answer(page, words, "佐藤 次郎", "refuse", "日程が合いません")
    assert "日程が合いません" in up.in_state(flow_run, "Refused", seconds=120)["state"]["message"]
    page.goto(f"/tema/runs/{run}?lang={lang}")
    expect(page.get_by_text("日程が合いません").first).to_be_visible()
    picture(page, f"refused-{lang}")


def test_silence_refuses(up: Up, reader):
    page, lang, words = reader
    flow_run, run = asked(up, "short-wait")
    page.goto(f"/tema/runs/{run}?lang={lang}")
    expect(page.get_by_role("heading", name=words["waits"])).to_be_visible()
    up.in_state(flow_run, "Refused", seconds=180)  # the watch looks every minute
    assert [d["outcome"] for d in up.drafts(run) if d["kind"] == "decision"] == ["expired"]
    page.reload()
    expect(page.get_by_role("button", name=words["approve"])).to_have_count(0)
    picture(page, f"expired-{lang}")
