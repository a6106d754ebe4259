"""A checklist that waits for people: on our page, in Prefect's dialog, and on the terminal."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from e2e.browsing import Form
from fixtures_up import Up, until


def waits_at(up: Up, flow_run: str, step: str) -> dict:
    """The run, once its flow run is suspended and it waits at a step."""

    def look():
        if up.flow_run(flow_run)["state"]["type"] != "PAUSED":
            return None
        run = next((r for r in up.runs("month-end-checklist") if r["flow_run"] == flow_run), None)
        return run if run and run["wait"] and run["wait"]["step"] == step else None

    return until(look, seconds=60, what=f"the wait at {step}")


def test_a_checklist_waits_and_is_confirmed_on_our_page_in_prefect_and_on_the_terminal(up: Up, form: Form, browser_page: Page):
    page = browser_page
    form.open(up.deployment("month-end-checklist")["id"])
    form.submit()
    flow_run = form.submitted()
    run = waits_at(up, flow_run, "backups")["id"]

    page.goto("/tema/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("1件")
    page.get_by_role("link", name="月末の締め作業").first.click()
    expect(page.locator(".prompt")).to_contain_text("バックアップ管理画面で")
    page.get_by_role("button", name="記録する").click()
    expect(page.get_by_role("alert")).to_contain_text("まだ何も記録していません")
    page.get_by_label("手順を完了しました").check()
    page.get_by_label("お名前").fill("山田 花子")
    page.get_by_label("メモ").fill("すべて成功でした")
    page.get_by_label("かかった時間").fill("7")
    page.get_by_role("button", name="記録する").click()
    waits_at(up, flow_run, "licences")

    page.goto(f"/runs/flow-run/{flow_run}")
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("来月末までに期限が切れるライセンス")).to_be_visible()
    form.choose("結果", "完了しました / Done")
    form.type("お名前", "鈴木 一郎")
    form.type("メモ", "1件連絡済み")
    form.type("かかった時間", "12")
    page.locator(".p-modal").get_by_role("button", name="Submit").click()
    waits_at(up, flow_run, "report")

    said = up.tema("resume", run, "--minutes", "20", "--note", "提出済み", "--as", "佐藤")
    assert "月末の締め作業" in said
    up.in_state(flow_run, "Completed", seconds=120)
    page.goto(f"/tema/runs/{run}?lang=en")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Month-end checklist")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Done")

    decisions = [draft for draft in up.drafts(run) if draft["kind"] == "decision"]
    told = [(d["actor"], d["channel"], d["step"], d["human_seconds"]) for d in decisions]
    assert told == [
        ("山田 花子", "page", "backups", 7 * 60),
        ("鈴木 一郎", "form", "licences", 12 * 60),
        ("佐藤", "cli", "report", 20 * 60),
    ]
    assert up.drafts(run)[-1]["outcome"] == "done"


def test_a_step_that_is_refused_ends_the_run_and_says_by_whom_and_why(up: Up):
    flow_run = up.begin("month-end-checklist")
    run = waits_at(up, flow_run, "backups")
    typed = {"step": "backups", "verdict": "refused", "name": "鈴木 一郎", "note": "今月は休止中のため"}
    answer = up.http.post(f"/tema/runs/{run['id']}", data=typed, headers={"origin": up.url})
    assert answer.status_code == 303, answer.text
    state = up.in_state(flow_run, "Refused", "Completed", "Cancelled")["state"]
    assert state["name"] == "Refused"
    assert "鈴木 一郎" in state["message"]
    assert "今月は休止中のため" in up.page(f"runs/{run['id']}")
