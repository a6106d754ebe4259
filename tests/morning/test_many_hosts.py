"""Mornings with many hosts, and mornings that are not over."""

import io
from datetime import UTC, datetime

import openpyxl
import pytest

from fixtures_morning import Browser, morning_in
from fixtures_prefect import OPS
from temanashi.reports.display import Display
from temanashi.reports.morning_html import SheetFrame, Stamp, render_file
from temanashi.reports.morning_words import SheetWords
from temanashi.reports.morning_xlsx import morning_xlsx
from temanashi.runs.holds import add_hold
from temanashi.runs.run_cache import KeptRuns
from temanashi.workspace.telling_sheets import summary_of

FORTY = {f"h{n:02}": {"system": "order" if n <= 20 else "books"} for n in range(1, 41)}


@pytest.fixture
def forty(tmp_path):
    with morning_in(tmp_path, hosts=FORTY) as made:
        made.book(checks=[f"c{n}" for n in range(1, 6)])
        made.publish()
        yield made


def words(morning, sheet, lang="ja"):
    return SheetWords(sheet, Display(lang, morning.town.opened.settings.zone))


def test_half_of_forty_hosts_down_is_one_line_that_says_what_is_not_known(forty):
    forty.down = {f"h{n:02}" for n in range(1, 21)}
    forty.run("2026-11-18 08:00")
    sheet = forty.sheet("2026-11-18", "2026-11-18 08:10")
    (line,) = sheet.lines
    assert (line.area, len(line.hosts), len(line.items), sheet.counts["OK"]) == (("system", "order"), 20, 100, 100)
    word = words(forty, sheet)
    assert word.title(line) == "order の20台（20台中）の状態が分かりません"
    assert "分からない項目は100件" in word.what(line)
    text = Browser(forty).get("/checks?lang=ja").text
    assert text.count('class="state UNKNOWN"') == 2  # the line, and the result of the run it comes from
    assert len(text) < 20_000


def test_many_different_findings_keep_the_page_small_and_the_files_whole(forty):
    forty.says = {(host, f"c{n % 5 + 1}"): "CRITICAL" for n, host in enumerate(FORTY)}
    forty.says |= {(host, f"c{(n + 1) % 5 + 1}"): "WARNING" for n, host in enumerate(FORTY)}
    forty.run("2026-11-18 07:30")
    sheet = forty.sheet("2026-11-18", "2026-11-18 08:10")
    assert len(sheet.lines) == 10
    assert len(Browser(forty).get("/checks?lang=ja").text) < 50_000
    show = Display("ja", forty.town.opened.settings.zone)
    frame = SheetFrame(made_at=datetime(2026, 11, 18, tzinfo=UTC), stamps=(Stamp("担当"), Stamp("確認者")))
    one, other = (render_file(sheet, show, frame, company="てま証券") for _ in range(2))
    assert one == other
    book = openpyxl.load_workbook(io.BytesIO(morning_xlsx(sheet, show, frame)))
    assert book.worksheets[1].max_row == 201
    title, body = summary_of(sheet, forty.town.opened.settings)
    assert title.endswith("異常 5件、警告 5件があります")
    assert len(body) < 2500


def test_a_sheet_with_everything_on_it_is_the_same_in_its_faces(forty):
    forty.says = {("h01", "c1"): "WARNING", ("h02", "c5"): "CRITICAL"}
    forty.run("2026-11-17 07:30")
    forty.book(checks=[f"c{n}" for n in range(1, 5)])
    forty.book("evening", checks=["c1"], schedules=[{"at": "18:00"}])
    forty.book("held", checks=["c1"], schedules=[{"at": "06:30"}])
    forty.book("missed", checks=["c1"], schedules=[{"at": "07:00"}])
    forty.publish()
    forty.town.watch("2026-11-18 06:00")
    add_hold(forty.town.engine, runbook="held", reason="棚卸し", until=None, actor=OPS, channel="cli")
    for minute in ("06:30", "06:32", "06:45", "07:01", "07:12"):
        forty.town.watch(f"2026-11-18 {minute}")
    forty.says = {}
    forty.run("2026-11-18 07:30")
    sheet = forty.sheet("2026-11-18", "2026-11-18 08:10")
    assert [one.runbook for one in sheet.material.missed] == ["missed"]
    assert [(one.runbook, one.state) for one in sheet.material.left_out] == [("held", "held")]
    assert [one.runbook for one in sheet.material.ahead] == ["evening"]
    assert (len(sheet.resolved), len(sheet.gone)) == (1, 40)
    text = Browser(forty).get("/checks?lang=ja").text
    for said in (
        "棚卸し",
        "未実施 1件",
        "18:00 に「見本 evening」の予定があります",
        "点検がなくなったもの",
        "よくなったわけではありません",
    ):
        assert said in text
    show = Display("en", forty.town.opened.settings.zone)
    frame = SheetFrame(made_at=forty.town.clock.now(), stamps=(Stamp("Confirmed"),))
    cells = [
        str(cell)
        for page in openpyxl.load_workbook(io.BytesIO(morning_xlsx(sheet, show, frame))).worksheets
        for row in page.iter_rows(values_only=True)
        for cell in row
    ]
    assert {"Not run", "no longer checked", "Sample missed"} <= set(cells)
    assert any("棚卸し" in cell for cell in cells)
    assert "missed" in summary_of(sheet, forty.town.opened.settings)[1]


def test_while_a_run_goes_on_nothing_is_called_well(forty):
    forty.town.clock.set("2026-11-18 07:30")
    forty.town.start("morning", "2026-11-18 07:30")
    sheet = forty.sheet("2026-11-18", "2026-11-18 07:31")
    assert (sheet.word, len(sheet.going_on), sheet.counts) == ("NOT_RUN", 1, {"NOT_RUN": 200})
    assert "実行中の点検が1件あります。" in words(forty, sheet).remarks()


def test_nothing_is_wrong_so_far_where_something_is_still_to_come(forty):
    forty.book("evening", checks=["c1"], schedules=[{"at": "18:00"}])
    forty.publish()
    forty.run("2026-11-18 07:30")
    sheet = forty.sheet("2026-11-18", "2026-11-18 08:00")
    assert words(forty, sheet, "en").headline() == "Nothing is wrong so far, but not everything was checked yet"


def test_a_day_whose_plan_is_no_longer_on_record_says_so(forty):
    forty.run("2026-11-18 07:30")
    sheet = forty.sheet("2026-11-18", "2027-06-01 08:00")
    assert any("保存期間" in remark for remark in words(forty, sheet).remarks())


def test_runs_that_are_over_are_read_once_and_only_so_many_are_kept(forty):
    kept = KeptRuns(most_rows=450)
    for day in ("17", "18", "19"):
        forty.run(f"2026-11-{day} 07:30")
    first = forty.sheet("2026-11-19", "2026-11-19 08:00", cache=kept)
    assert (len(kept), sum(len(kept[run].rows) for run in kept)) == (2, 400)
    assert forty.sheet("2026-11-19", cache=kept).digest == first.digest
    del kept[next(iter(kept))]
    assert len(kept) == 1


def test_the_name_is_kept_for_the_next_morning_and_a_form_has_its_bounds(forty):
    forty.run("2026-11-18 07:30")
    browser = Browser(forty)
    browser.confirm("2026-11-18", "山田")
    forty.run("2026-11-19 07:30")
    assert 'value="山田"' in browser.get("/checks?lang=ja").text
    assert browser.request("POST", "/checks/2026-11-18", data={"name": "x" * 70_000}).status_code == 413
