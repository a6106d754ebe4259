"""`tema demo`: a marked sample year in a workspace of its own."""

from datetime import UTC, date, datetime
from random import Random

import pytest

from fixtures_clock import StoppedClock
from temanashi.books.figures import Sums
from temanashi.calendars import BusinessCalendar, Month
from temanashi.ledger.records import Draft
from temanashi.reports import render_html
from temanashi.runbooks.kinds import step_kinds
from temanashi.text import LANGUAGES, explain, keys
from temanashi.workspace.demo import filling
from temanashi.workspace.demo.filling import DatabaseElsewhere, NotEmpty, fill_demo
from temanashi.workspace.demo.mark import is_sample
from temanashi.workspace.demo.year import SampleYear
from temanashi.workspace.opening import open_installation
from temanashi.workspace.publishing import current_version
from temanashi.workspace.reporting import month_report

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "sample"
    heard = []
    told = fill_demo(folder, seed=7, clock=StoppedClock(NOW), environ={}, note=heard.append)
    assert told.folder == folder
    assert [str(month) for month in (heard[0], heard[-1], told.month)] == ["2025-11", "2026-11", "2026-10"]
    return told


@pytest.fixture(scope="module")
def reports(made):
    with open_installation(made.folder, clock=StoppedClock(NOW)) as opened, opened.database.reading() as connection:
        published = current_version(connection, kinds=step_kinds())
        assert is_sample(opened.ledger, connection)
        return {str(m): month_report(opened, connection, published, m) for m in (Month(2026, 9), Month(2026, 10), Month(2026, 11))}


def test_a_year_makes_a_report_with_every_section(reports):
    report = reports["2026-10"]
    assert len(report.trend) == 12
    assert {one.state for one in report.trend} == {"closed", "open"}
    assert len(report.forecast) == 3
    assert 0 < report.figures.reduction < 1
    assert report.investment is not None
    assert (report.next_best[0].step.title.text("en"), report.next_best[0].step.samples) == ("Look into it", 0)
    assert report.roadmap is not None
    assert report.operations.incidents
    assert set(report.topics) == {"ja", "en"}
    assert set(report.figures.by_time) == {"day", "early", "night", "holiday"}
    assert reports["2026-11"].figures.running
    assert "最も長い手作業の手順は「調べる」で、案では" in render_html(report, "ja")
    assert reports["2026-09"].closing.approver == "見本 花子"
    assert reports["2026-09"].closing.restated is None


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_page_says_that_it_is_a_sample_and_stays_small(reports, lang):
    for report in reports.values():
        page = render_html(report, lang)
        assert len(page.encode()) < 50_000
        assert ("見本: すべて作り物" if lang == "ja" else "SAMPLE: all data") in page
        assert '@top-center{content:"' in page
        for forbidden in ("report.", "None", "{{"):
            assert forbidden not in page.split("</style>")[1].replace("report.html", "")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_sections_are_there_with_their_data_alone(reports, lang):
    full = render_html(reports["2026-09"], lang)
    bare = render_html(
        reports["2026-09"].model_copy(
            update={"operations": None, "roadmap": None, "investment": None, "topics": {}, "closing": None}
        ),
        lang,
    )
    ja = ("件、アラート", "ロードマップ", "自動化にかけた時間", "今月のトピック", "見本 太郎さんが作成")
    en = ("incidents,", "Roadmap", "put into automation", "Topic of the month", "prepared by 見本 太郎")
    topic_too = render_html(reports["2026-10"], lang)
    for word in ja if lang == "ja" else en:
        assert word in full + topic_too
        assert word not in bare


def test_a_month_restated_stands_beside_what_was_issued(reports):
    report = reports["2026-09"]
    less = Sums.model_validate({**report.figures.sums.model_dump(), "credited_seconds": 1, "manual_seconds": 3600})
    closing = report.closing.model_copy(update={"restated": less})
    page = render_html(report.model_copy(update={"closing": closing}), "ja")
    assert "発行した数字と、いまの記録による数字" in page


def test_equal_seeds_and_days_make_equal_years():
    def told(seed):
        year = SampleYear(
            first=Month(2026, 1), until=NOW, zone=filling.ZoneInfo("Asia/Tokyo"), random=Random(seed), business=BusinessCalendar()
        )
        return [year.day(date(2026, 9, day)) for day in range(1, 20)]

    assert told(1) == told(1) != told(2)


def test_a_folder_with_a_workspace_is_left_alone(made, tmp_path):
    before = (made.folder / "pyproject.toml").read_text()
    with pytest.raises(NotEmpty) as caught:
        fill_demo(made.folder, seed=1, clock=StoppedClock(NOW), environ={})
    assert (made.folder / "pyproject.toml").read_text() == before
    (tmp_path / ".tema").mkdir()
    with pytest.raises(NotEmpty):
        fill_demo(tmp_path, seed=1, clock=StoppedClock(NOW), environ={})
    assert [path.name for path in tmp_path.iterdir()] == [".tema"]
    assert "tema demo" in explain(caught.value, "ja").next


def test_another_database_is_never_filled(tmp_path):
    with pytest.raises(DatabaseElsewhere) as caught:
        fill_demo(tmp_path / "x", seed=1, clock=StoppedClock(NOW), environ={"TEMA_DATABASE_URL": "postgresql://real"})
    assert not (tmp_path / "x").exists()
    for lang in LANGUAGES:
        assert "TEMA_DATABASE_URL" in explain(caught.value, lang).what


def test_a_ledger_of_real_records_is_no_sample(empty_ledger):
    ledger, connection = empty_ledger
    assert not is_sample(ledger, connection)
    ledger.append(connection, Draft(kind="noted", actor="佐藤", reason="見本"))
    assert not is_sample(ledger, connection)


@pytest.fixture
def empty_ledger(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.temanashi]\n", encoding="utf-8")
    with open_installation(tmp_path, clock=StoppedClock(NOW)) as opened, opened.database.transaction() as connection:
        yield opened.ledger, connection


def test_texts_exist_in_both_languages():
    assert keys("demo", "ja") == keys("demo", "en")
