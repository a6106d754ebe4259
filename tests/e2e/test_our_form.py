"""Our own form in a browser: found, filled in, checked, run, in both languages and without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from fixtures_up import Up

WORDS = {
    "ja": ("大きいファイルを探す", "この手順書を実行する", "内容を確認する", "実行する", "入力を確認してください", "フォルダ"),
    "en": ("Find large files", "Run this runbook", "Check it", "Run it", "Please check", "Folder"),
}


@pytest.mark.parametrize("lang", WORDS)
def test_a_runbook_is_found_filled_in_checked_and_run(up: Up, chromium: Browser, lang: str):
    title, start, check, run, wrong, folder = WORDS[lang]
    context = chromium.new_context(base_url=up.url, java_script_enabled=False, locale="ja-JP" if lang == "ja" else "en-US")
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.goto(f"/tema/?lang={lang}")
    page.get_by_role("navigation").locator('a[href*="/tema/runbooks"]').click()
    page.locator("#q").fill(title)
    page.locator("main button").click()
    page.get_by_role("link", name=title).click()
    page.get_by_role("link", name=start).click()
    page.get_by_label(folder).fill("; rm -rf /")
    page.get_by_role("button", name=check).click()
    expect(page.get_by_role("alert")).to_contain_text(wrong)
    expect(page.get_by_label(folder)).to_have_value("; rm -rf /")
    page.get_by_label(folder).fill("/usr/share/doc")
    page.locator("#name").fill("山田 花子")
    page.locator("#beneficiary").fill("佐藤")
    page.locator('[name="identity"][value="signed"]').check()
    page.get_by_role("button", name=check).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(title)
    before = len(up.runs("find-large-files"))
    page.get_by_role("button", name=run, exact=True).click()
    page.wait_for_url("**/tema/runs/*", timeout=60_000)
    made = up.runs("find-large-files")
    assert len(made) == before + 1
    assert (made[0]["actor"]["name"], made[0]["channel"], made[0]["beneficiary"]) == ("山田 花子", "page", "佐藤")
    context.close()
