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


def test_a_checklist_waits_once_and_is_worked_through_on_our_page_by_two_people(up: Up, form: Form, browser_page: Page):
    page = browser_page
    form.open(up.deployment("month-end-checklist")["id"])
    form.submit()
    flow_run = form.submitted()
    run = waits_at(up, flow_run, "backups")["id"]

    page.goto("/tema/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("対応を待っているもの")  # the sheet of the morning may be another
    page.get_by_role("link", name="月末の締め作業").first.click()
    expect(page.locator(".prompt").first).to_contain_text("バックアップ管理画面で")
    page.get_by_role("button", name="始める").click()
    expect(page.get_by_role("alert")).to_contain_text("お名前を入力してください")
    page.get_by_label("お名前").first.fill("山田 花子")
    page.get_by_role("button", name="始める").click()
    page.locator("#line-1").get_by_role("button", name="完了", exact=True).click()
    expect(page.get_by_text("3行中1行が済みました")).to_be_visible()

    page.goto(f"/tema/runs/{run}?lang=en")
    page.get_by_role("button", name="Change the name").click()
    page.get_by_label("Your name").first.fill("Ichiro Suzuki")
    page.get_by_role("button", name="Take over").click()
    for line in (2, 3):
        page.locator(f"#line-{line}").get_by_role("button", name="Done", exact=True).click()
        expect(page.locator(f"#line-{line}")).to_contain_text("Done by Ichiro Suzuki")
    page.get_by_role("button", name="Complete it").click()
    up.in_state(flow_run, "Completed", seconds=120)
    page.goto(f"/tema/runs/{run}?lang=en")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Done")

    (decision,) = [draft for draft in up.drafts(run) if draft["kind"] == "decision"]
    assert (decision["actor"], decision["channel"], decision["step"]) == ("Ichiro Suzuki", "page", "backups")
    assert [line["by"] for line in decision["body"]["lines"]] == ["山田 花子", "Ichiro Suzuki", "Ichiro Suzuki"]
    assert up.drafts(run)[-1]["outcome"] == "done"


def test_the_whole_checklist_is_answered_in_prefects_dialog(up: Up, form: Form, browser_page: Page):
    page = browser_page
    flow_run = up.begin("month-end-checklist")
    run = waits_at(up, flow_run, "backups")["id"]
    page.goto(f"/runs/flow-run/{flow_run}")
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("来月末までに期限が切れるライセンス")).to_be_visible()
    form.choose("結果", "完了しました / Done")
    form.type("お名前", "鈴木 一郎")
    form.type("メモ", "1件連絡済み")
    form.type("かかった時間", "12")
    page.locator(".p-modal").get_by_role("button", name="Submit").click()
    up.in_state(flow_run, "Completed", seconds=120)
    (decision,) = [draft for draft in up.drafts(run) if draft["kind"] == "decision"]
    assert (decision["actor"], decision["channel"], decision["human_seconds"]) == ("鈴木 一郎", "form", 12 * 60)
    assert decision["human_source"] == "entered"
    assert decision["body"]["sample"]["accepted"] is False


def test_the_whole_checklist_is_answered_on_the_terminal(up: Up):
    flow_run = up.begin("month-end-checklist")
    run = waits_at(up, flow_run, "backups")["id"]
    said = up.tema("resume", run, "--minutes", "20", "--note", "提出済み", "--as", "佐藤")
    assert "月末の締め作業" in said
    up.in_state(flow_run, "Completed", seconds=120)
    (decision,) = [draft for draft in up.drafts(run) if draft["kind"] == "decision"]
    assert (decision["actor"], decision["channel"], decision["human_seconds"]) == ("佐藤", "cli", 20 * 60)


def test_a_step_that_is_refused_ends_the_run_and_says_by_whom_and_why(up: Up):
    flow_run = up.begin("month-end-checklist")
    run = waits_at(up, flow_run, "backups")
    typed = {"step": "backups", "verb": "refused", "name": "鈴木 一郎", "note": "今月は休止中のため"}
    answer = up.http.post(f"/tema/runs/{run['id']}/checklist", data=typed, headers={"origin": up.url})
    assert answer.status_code == 303, answer.text
    state = up.in_state(flow_run, "Refused", "Completed", "Cancelled")["state"]
    assert state["name"] == "Refused"
    assert "鈴木 一郎" in state["message"]
    assert "今月は休止中のため" in up.page(f"runs/{run['id']}")
