"""`/tema/checks`: the sheet of a day, and the button that confirms what was shown."""

import io
import re
from datetime import date

import anyio
import httpx
import openpyxl
import pytest

from fixtures_morning import Browser, morning_in
from temanashi.workspace.confirming_sheets import confirmations_of


@pytest.fixture
def morning(tmp_path):
    with morning_in(tmp_path) as made:
        made.book()
        made.publish()
        yield made


@pytest.fixture
def browser(morning):
    return Browser(morning)


@pytest.fixture
def troubled(morning):
    morning.says = {("order1", "disk"): "CRITICAL", ("order2", "disk"): "CRITICAL", ("gate1", "load"): "WARNING"}
    morning.run("2026-11-20 07:30")
    morning.down = {"books1", "books2"}
    morning.says.pop(("gate1", "load"))
    morning.run("2026-11-24 07:30")
    morning.town.clock.set("2026-11-24 08:00")
    return morning


def plain(text):
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        (
            "ja",
            [
                "確認不能 1件",
                "異常 1件",
                "踏み台 gate1 の先の2台",
                "2営業日以上",
                "解消したもの",
                "警告 → ✓ 正常",
                "確認する",
                "まだ",
            ],
        ),
        (
            "en",
            ["1 Critical", "1 Unknown", "behind the jump host gate1", "2 business days or more", "Resolved", "Confirm", "not yet"],
        ),
    ],
)
def test_today_is_shown_with_what_is_wrong_first(troubled, browser, lang, words):
    answer = browser.get(f"/checks?lang={lang}")
    text = plain(answer.text)
    assert (answer.status_code, f'<html lang="{lang}"' in answer.text) == (200, True)
    assert [word for word in words if word not in text] == []
    assert text.index("The disk" if lang == "en" else "disk点検") < text.index("gate1")
    assert "{" not in answer.text
    assert len(answer.text) < 50_000
    assert "<script" not in answer.text


def test_the_button_puts_a_name_on_the_record_and_on_the_sheet(troubled, browser):
    answer = browser.confirm("2026-11-24", "  山田　 花子 ", note="order のディスクは増設待ち")
    assert answer.status_code == 303
    text = plain(browser.get("/checks/2026-11-24?lang=ja").text)
    assert "確認: 山田 花子（2026年11月24日(火) 08:00） order のディスクは増設待ち" in text
    assert "確認する" not in text
    (note,) = troubled.town.notes("sheet_confirmed")
    assert (note.actor, note.assurance, note.channel, note.slot) == ("山田 花子", "asserted", "page", "2026-11-24")
    assert note.reason == "order のディスクは増設待ち"
    assert note.body["digest"] == note.version == troubled.sheet("2026-11-24").digest


def test_what_is_judged_the_same_again_stays_confirmed_and_what_changes_does_not(troubled, browser):
    browser.confirm("2026-11-24", "山田 花子")
    troubled.run("2026-11-24 09:00")
    assert "結果が変わりました" not in browser.get("/checks/2026-11-24?lang=ja").text
    troubled.says["gate1", "memory"] = "CRITICAL"
    troubled.down = set()
    troubled.run("2026-11-24 10:00")
    text = plain(browser.get("/checks/2026-11-24?lang=ja").text)
    assert "確認のあとに結果が変わりました" in text
    assert "正常 → 異常: 1項目（gate1 memory）" in text
    assert "確認不能 → 正常: 6項目（books1 disk、" in text
    assert "以前の内容は 山田 花子 さんが確認しました" in text
    assert browser.confirm("2026-11-24", "山田 花子").status_code == 303
    assert "結果が変わりました" not in browser.get("/checks/2026-11-24?lang=ja").text


@pytest.mark.parametrize(("lang", "says"), [("ja", "変わったため、確認は記録していません"), ("en", "nothing was confirmed")])
def test_what_changed_while_somebody_read_is_not_confirmed(troubled, browser, lang, says):
    shown = troubled.sheet("2026-11-24").digest
    troubled.says["gate1", "memory"] = "CRITICAL"
    troubled.run("2026-11-24 09:00")
    answer = browser.confirm("2026-11-24", "山田", note="見ました", digest=shown, lang=lang)
    assert answer.status_code == 409
    assert says in answer.text
    assert 'value="山田"' in answer.text
    assert "見ました</textarea>" in answer.text
    assert troubled.town.notes("sheet_confirmed") == []


def test_a_second_person_is_another_one(tmp_path):
    with morning_in(tmp_path, settings="second_person = true") as morning:
        morning.book()
        morning.publish()
        morning.run("2026-11-18 07:30")
        browser = Browser(morning)
        assert "担当" in browser.get("/checks?lang=ja").text
        assert browser.confirm("2026-11-18", "山田 花子").status_code == 303
        assert "確認者として確認する" in browser.get("/checks?lang=ja").text
        refused = browser.confirm("2026-11-18", "山田　花子")
        assert refused.status_code == 409
        assert "確認者にはなれません" in refused.text
        assert browser.confirm("2026-11-18", "佐藤").status_code == 303
        text = plain(browser.get("/checks?lang=ja").text)
        assert "担当: 山田 花子" in text
        assert "確認者: 佐藤" in text
        assert "確認者として確認する" not in text
        again = browser.confirm("2026-11-18", "鈴木", digest=morning.sheet("2026-11-18").digest)
        assert (again.status_code, "確認済み" in again.text) == (409, True)
        with morning.town.opened.database.reading() as connection:
            found = confirmations_of(morning.town.opened, connection, date(2026, 11, 18))
        assert [(one.name, one.role) for one in found] == [("山田 花子", "checker"), ("佐藤", "confirmer")]


@pytest.mark.parametrize("name", ["", "x" * 101])
def test_a_name_is_asked_for(troubled, browser, name):
    answer = browser.confirm("2026-11-24", name)
    assert answer.status_code == 400
    assert 'id="name-wrong"' in answer.text


@pytest.mark.parametrize(("day", "status"), [("2026-11-25", 400), ("soon", 400), ("2026-11-22", 200)])
def test_days_that_have_no_sheet(troubled, browser, day, status):
    answer = browser.get(f"/checks/{day}?lang=ja")
    assert answer.status_code == status
    assert "確認する" not in answer.text


def test_a_day_without_checks_cannot_be_confirmed(troubled, browser):
    answer = browser.confirm("2026-11-22", "山田")
    assert (answer.status_code, "確認するものがありません" in answer.text) == (409, True)


def test_a_form_from_another_site_confirms_nothing(troubled, browser):
    async def call():
        async with httpx.AsyncClient(transport=browser._transport, base_url="http://testserver") as client:
            return await client.post("/tema/checks/2026-11-24", data={"name": "x"}, headers={"origin": "http://evil.example"})

    assert anyio.run(call).status_code == 403
    assert troubled.town.notes("sheet_confirmed") == []


def test_what_hosts_and_people_say_is_only_text(morning, browser):
    morning.says = {("order1", "disk"): "CRITICAL"}
    morning.run("2026-11-18 07:30", inputs={})
    browser.confirm("2026-11-18", "<b>山田", note="<script>alert(1)</script>")
    text = browser.get("/checks/2026-11-18?lang=ja").text
    assert "<script" not in text
    assert "<b>山田" not in text


def test_the_excel_file_prints_on_a4_with_room_for_two_seals(troubled, browser):
    browser.confirm("2026-11-24", "山田 花子")
    answer = browser.get("/checks/2026-11-24.xlsx?lang=ja")
    assert "checks-2026-11-24.xlsx" in answer.headers["content-disposition"]
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    findings, everything, runs = book.worksheets
    assert (findings.title, everything.title, runs.title) == ("点検表", "全項目", "実行")
    cells = [[cell.value for cell in row] for row in findings.iter_rows()]
    assert {"担当", "確認者", "備考"} <= {str(cell) for row in cells for cell in row}
    assert [row[1] for row in cells if row[0] in {1, 2}] == ["異常", "確認不能"]
    assert (everything.max_row, everything.auto_filter.ref) == (16, "A1:L16")
    assert everything["A2"].value == "異常"
    for page in book.worksheets:
        assert (page.page_setup.orientation, str(page.page_setup.paperSize)) == ("landscape", "9")
        assert (page.page_setup.fitToHeight, page.sheet_properties.pageSetUpPr.fitToPage) == (0, True)  # one page wide
        assert page.print_title_rows


def test_the_styles_are_served(browser):
    assert "@page" in browser.get("/checks.css").text


def test_every_page_leads_to_the_sheet(troubled, browser):
    assert '/tema/checks?lang=ja"' in browser.get("/?lang=ja").text
