"""The morning sheet in a browser, in both languages: what is wrong first, the button, and what is printed on A4."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect
from starlette.applications import Starlette
from starlette.routing import Mount

from fixtures_morning import Morning, morning_in, site_of
from fixtures_up import free_port, until
from temanashi.pages import build_pages

DAY = "2026-11-24"
WORDS = {
    "ja": {
        "name": "お名前",
        "note": "メモ",
        "confirm": "確認する",
        "second": "確認者として確認する",
        "changed": "もう一度確認してください",
    },
    "en": {
        "name": "Your name",
        "note": "Note",
        "confirm": "Confirm",
        "second": "Confirm as second person",
        "changed": "confirm again",
    },
}
FIX = {"id": "free-disk", "params": {"host": "{{ host.name }}"}}


def picture(page: Page, name: str) -> None:
    """Kept where somebody wants to look at it: TEMA_PICTURES names a folder."""
    if folder := os.environ.get("TEMA_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def filled(morning: Morning) -> None:
    """A Tuesday after a long weekend: half a system is silent, disks are full, one thing is over."""
    morning.town.place.runbook(
        "free-disk",
        {"id": "go", "command": ["echo", "{{ params.host }}"]},
        category="incident",
        title={"ja": "ディスクを空ける", "en": "Free disk space"},
        parameters=[{"name": "host", "title": {"ja": "サーバー", "en": "Server"}}],
    )
    morning.book(checks=("disk", "load", "memory", "service", "backup"), each={"runbook": FIX})
    morning.publish()
    morning.says = {("order1", "disk"): "CRITICAL", ("order1", "load"): "WARNING", ("batch01", "backup"): "WARNING"}
    morning.run("2026-11-19 07:30")
    morning.run("2026-11-20 07:30")
    morning.says = {("order1", "disk"): "CRITICAL", ("batch01", "backup"): "CRITICAL", ("order2", "disk"): "CRITICAL"}
    morning.says |= {(f"batch{n:02}", "memory"): "WARNING" for n in range(2, 9)}
    morning.down = {"books1", "books2", "books3"}
    morning.run(f"{DAY} 07:30")
    morning.town.clock.set(f"{DAY} 08:20")


@pytest.fixture(params=["ja", "en"])
def reader(request, chromium: Browser, tmp_path: Path) -> Iterator[tuple[Page, str, dict[str, str], Morning]]:
    """A browser before a sheet that nobody confirmed, and the words of its language."""
    hosts = {f"order{n}": {"system": "order"} for n in (1, 2, 3)} | {f"books{n}": {"system": "books"} for n in (1, 2, 3, 4)}
    hosts |= {f"batch{n:02}": {"system": "batch"} for n in range(1, 21)}
    with morning_in(tmp_path, hosts=hosts, settings="second_person = true") as morning:
        filled(morning)
        port = free_port()
        app = Starlette(routes=[Mount("/tema", build_pages(site_of(morning)))])
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", lifespan="off", ws="none"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        until(lambda: server.started, seconds=20, what="the pages")
        context = chromium.new_context(
            base_url=f"http://127.0.0.1:{port}", timezone_id="Asia/Tokyo", viewport={"width": 1000, "height": 900}
        )
        yield context.new_page(), request.param, WORDS[request.param], morning
        context.close()
        server.should_exit = True
        thread.join(20)


def press(page: Page, words: dict[str, str], name: str, button: str) -> None:
    page.get_by_label(words["name"]).fill(name)
    page.get_by_role("button", name=words[button], exact=True).click()


def test_two_persons_confirm_what_they_see_and_a_change_asks_them_again(reader):
    page, lang, words, morning = reader
    page.goto(f"/tema/checks?lang={lang}")
    picture(page, f"sheet-{lang}")
    first = page.locator(".list > li").first
    expect(first).to_contain_text("order1")
    expect(first.locator(".state")).to_have_class("state CRITICAL")
    page.get_by_label(words["note"]).fill("order のディスクは増設待ち")
    press(page, words, "山田 花子", "confirm")
    expect(page.locator(".stamps")).to_contain_text("山田 花子")
    press(page, words, "山田 花子", "second")
    expect(page.get_by_role("alert")).to_contain_text("山田 花子")
    press(page, words, "佐藤 次郎", "second")
    expect(page.locator(".stamps")).to_contain_text("佐藤 次郎")
    expect(page.get_by_role("button")).to_have_count(0)
    picture(page, f"sheet-confirmed-{lang}")
    morning.down = set()
    morning.run(f"{DAY} 08:40")
    page.reload()
    expect(page.locator(".say")).to_contain_text(words["changed"])
    expect(page.locator(".stamps")).not_to_contain_text("山田 花子")
    picture(page, f"sheet-changed-{lang}")
    assert [note.actor for note in morning.town.notes("sheet_confirmed")] == ["山田 花子", "佐藤 次郎"]


def test_a_finding_leads_to_the_runbook_that_fixes_it_with_its_form_filled_in(reader):
    page, lang, _, _ = reader
    page.goto(f"/tema/checks?lang={lang}")
    page.locator(".list > li", has_text="batch01").first.get_by_role("link").click()
    expect(page.locator("input[name='p.host']")).to_have_value("batch01")
    picture(page, f"sheet-fix-{lang}")


def test_a4_and_a_phone(reader, tmp_path):
    page, lang, _, _ = reader
    page.goto(f"/tema/checks?lang={lang}")
    folder = Path(os.environ.get("TEMA_PICTURES", tmp_path))
    made = page.pdf(path=folder / f"sheet-{lang}.pdf", prefer_css_page_size=True)
    assert made.startswith(b"%PDF")
    assert b"/MediaBox [0 0 595" in made or b"/MediaBox [0 0 594" in made  # A4, upright
    page.set_viewport_size({"width": 360, "height": 800})
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 360
    picture(page, f"sheet-phone-{lang}")
