"""Runs that have to stop now: Cancel in Prefect, and the emergency stop."""

from __future__ import annotations

from collections.abc import Iterator

import psutil
import pytest
from playwright.sync_api import Page

from fixtures_up import Up, until


def started(up: Up, flow_run: str) -> tuple[dict, psutil.Process]:
    """The recorded run and the command that it started."""
    up.in_state(flow_run, "Running")
    file = up.root / "long.pid"
    pid = int(until(lambda: file.exists() and file.read_text(), seconds=30, what="the long command"))
    file.unlink()
    return next(r for r in up.runs("long-work") if r["flow_run"] == flow_run), psutil.Process(pid)


def ended(up: Up, run: str) -> dict:
    return until(
        lambda: next((r for r in up.runs("long-work") if r["id"] == run and r["ended_at"]), None), seconds=30, what="the end"
    )


def test_cancel_in_prefects_ui_ends_the_command_within_seconds_and_the_record_says_cancelled(up: Up, browser_page: Page):
    flow_run = up.begin("long-work")
    run, command = started(up, flow_run)
    browser_page.goto(f"/runs/flow-run/{flow_run}")
    browser_page.get_by_role("button", name="Cancel").click()
    browser_page.locator(".p-modal").get_by_role("button", name="Confirm").click()
    until(lambda: not command.is_running(), seconds=15, what="the command to be gone")
    up.in_state(flow_run, "Cancelled")
    assert ended(up, run["id"])["state"] == "cancelled"
    assert up.drafts(run["id"])[-1]["outcome"] == "cancelled"


@pytest.fixture
def lifted(up: Up) -> Iterator[None]:
    yield
    up.tema("stop", "--lift", "--reason", "the test is over", code=None)


def test_an_emergency_stop_halts_what_runs_and_refuses_what_comes_until_it_is_lifted(up: Up, lifted: None):
    run, command = started(up, up.begin("long-work"))
    up.tema("stop", "--reason", "煙が出ています", "--as", "dave")
    until(lambda: not command.is_running(), seconds=15, what="the command to be gone")
    assert ended(up, run["id"])["state"] == "cancelled"
    assert "緊急停止中です" in up.page("")
    assert up.http.get("/tema/healthz").json()["checks"]["emergency_stop"]["reason"] == "煙が出ています"

    state = up.in_state(up.begin("morning-checks"), "Failed")["state"]
    assert "煙が出ています" in state["message"]
    assert "tema stop --lift" in state["message"]
    up.tema("run", "morning-checks", code=5)

    up.tema("stop", "--lift", "--reason", "消火しました", "--as", "dave")
    up.in_state(up.begin("morning-checks"), "Completed", "Warning", "Critical", "Unknown")
    stops = up.json("audit", "show", "--kind", "emergency_stop")
    assert [record["draft"]["actor"] for record in stops] == ["dave", "dave"]
