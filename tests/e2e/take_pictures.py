"""The pictures in docs/: `PYTHONPATH=src:tests python tests/e2e/take_pictures.py docs [ops|staff]`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from e2e.browsing import FLAGS, Form
from fixtures_up import Up, make_workspace, running, until

CHROMIUM = "/usr/bin/chromium"
PASSWORD = "four short words here"


def take(up: Up, page: Page, folder: Path) -> None:
    def keep(name: str) -> None:
        page.wait_for_timeout(1000)  # Prefect's UI fades pages in
        page.screenshot(path=folder / f"{name}.png")

    form = Form(page)
    until(lambda: [r for r in up.runs("morning-checks") if r["ended_at"]], seconds=60, what="the morning checks")
    up.tema("baseline", "sign", "morning-checks", "--minutes", "15", "--as", "山田 花子")

    form.open(up.deployment("find-large-files")["id"])
    form.type("フォルダ", "/usr/lib")
    form.type("大きさ", "100")
    keep("prefect-form")
    form.type("フォルダ", "/usr/lib/x86_64-linux-gnu")
    form.type("大きさ", "30")
    form.submit()
    listed = form.submitted()
    expect(page.locator(".page-heading-flow-run .state-badge")).to_have_text("Completed")
    page.goto(f"/runs/flow-run/{listed}")
    page.get_by_text("Artifacts", exact=True).click()
    page.get_by_text("find-large-files-summary").click()
    expect(page.get_by_role("heading", name="大きいファイルを探す: 完了")).to_be_visible()
    keep("prefect-artifact")
    page.goto(f"/tema/runs/{up.run_of(listed)}?lang=en")
    keep("run-finished-en")

    form.open(up.deployment("month-end-checklist")["id"])
    form.submit()
    waiting = form.submitted()
    up.in_state(waiting, "Suspended")
    page.goto("/tema/?lang=ja")
    keep("home-ja")
    page.get_by_role("link", name="月末の締め作業").first.click()
    page.get_by_label("お名前").first.fill("山田 花子")
    page.get_by_role("button", name="始める").click()
    expect(page.get_by_text("（あなた）")).to_be_visible()
    keep("run-waiting-ja")
    page.goto(f"/runs/flow-run/{waiting}")
    page.get_by_role("button", name="Resume").click()
    page.get_by_text("お名前").first.wait_for()
    keep("prefect-resume")
    for lang in ("ja", "en"):
        page.goto(f"/tema/report?lang={lang}")
        keep(f"report-{lang}")


def take_as_staff(up: Up, page: Page, folder: Path) -> None:
    """What somebody sees who may run one runbook, from signing in to the result."""
    up.tema("user", "add", "yamada", "--permanent", typed=PASSWORD)

    def keep(name: str) -> None:
        page.screenshot(path=folder / f"{name}.png")

    page.goto("/tema/?lang=ja")
    page.get_by_label("利用者名").fill("yamada")
    page.get_by_label("パスワード").fill(PASSWORD)
    page.get_by_role("button", name="サインインする").click()
    keep("staff-home-ja")
    page.get_by_role("link", name="大きいファイルを探す").click()
    page.get_by_label("フォルダ").fill("/usr/share/doc")
    page.get_by_role("button", name="内容を確認する").click()
    keep("staff-plan-ja")
    page.get_by_role("button", name="実行する", exact=True).click()
    page.wait_for_url("**/tema/runs/*", timeout=60_000)
    for lang in ("ja", "en"):
        page.goto(f"/tema/requests?lang={lang}")
        until(lambda: page.reload() and page.locator(".state.done, .state.OK").count(), seconds=60, what="the result")
        keep(f"staff-requests-{lang}")


def place_for(which: str, root: Path) -> Path:
    """The starter content; for staff with one person who may run one of its runbooks."""
    if which == "ops":
        return make_workspace(root)
    make_workspace(root, sign_in=True)
    people = '{"people": {"yamada": {"name": "山田 花子"}}, "roles": {"staff": ["yamada"]}}'
    (root / "runbooks" / "site" / "people.yaml").write_text(people, encoding="utf-8")
    [book] = root.glob("runbooks/*/find-large-files.yaml")
    book.write_text(book.read_text(encoding="utf-8") + "allow: [yamada]\n", encoding="utf-8")
    return root


def main() -> None:
    folder, which = Path(sys.argv[1]).resolve(), sys.argv[2] if len(sys.argv) > 2 else "ops"
    with tempfile.TemporaryDirectory() as root, sync_playwright() as playwright:
        for up in running(place_for(which, Path(root)), now=("morning-checks",)):
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            context = browser.new_context(
                base_url=up.url, locale="ja-JP", timezone_id="Asia/Tokyo", viewport={"width": 1200, "height": 960}
            )
            expect.set_options(timeout=20_000)
            (take if which == "ops" else take_as_staff)(up, context.new_page(), folder)
            browser.close()


if __name__ == "__main__":
    main()
