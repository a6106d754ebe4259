"""What the page says, and how it shows numbers."""

import csv
import io
import json
import re
from datetime import UTC, date, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from books.bookkeeping import FRIDAY, NOVEMBER, Books, at, proposed
from reports.report_cases import DAYS, LOGS, cases, report
from temanashi.books import Seconds
from temanashi.books.figures import Goal
from temanashi.calendars import Month
from temanashi.reports import LedgerHead, MonthlyReport, answering_sentence, as_csv, as_json, render_html
from temanashi.reports.bridge_chart import bridge_steps
from temanashi.reports.display import Display, shortened, text_width
from temanashi.reports.faces import guarded
from temanashi.reports.wording import Wording, sign_command
from temanashi.runbooks.model import Demand
from temanashi.text import LANGUAGES, LocalText, keys

TOKYO = ZoneInfo("Asia/Tokyo")
JA, EN = Display("ja", TOKYO), Display("en", TOKYO)


def text_of(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.split("</style>")[1]))


# Numbers


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0.0"),
        (179, "0.0"),
        (180, "0.1"),
        (3600, "1.0"),
        (-180, "−0.1"),
        (-179, "0.0"),
        (45_000, "12.5"),
        (36_000_000, "10,000.0"),
    ],
)
def test_hours_have_one_decimal_rounded_half_up(seconds, shown):
    assert JA.hours(seconds) == shown


def test_percentages_are_rounded_half_up_too():
    assert JA.percent(Fraction(7, 13)) == "53.8"
    assert JA.percent(Fraction(1, 2000)) == "0.1"
    assert JA.percent(Fraction(-2855, 10_000)) == "−28.6"
    assert (JA.whole_percent(0.5), JA.whole_percent(Fraction(333, 1000))) == ("50", "33.3")


def test_minutes_are_whole_where_they_are():
    assert (JA.minutes(900), JA.minutes(450)) == ("15", "7.5")


def test_days_and_moments_are_written_as_readers_write_them():
    moment = datetime(2026, 11, 19, 23, 30, tzinfo=UTC)
    assert JA.moment(moment) == "2026年11月20日(金) 08:30"
    assert EN.moment(moment) == "Fri 20 November 2026 08:30"
    assert (JA.short_day(date(2026, 11, 3)), EN.short_day(date(2026, 11, 3))) == ("11月3日", "3 Nov")
    assert (JA.month("2026-11"), EN.month("2026-11")) == ("2026年11月", "November 2026")


# Sentences


@pytest.mark.parametrize(
    ("name", "ja", "en"),
    [
        (
            "running",
            "今月の手作業は基準月比77.1%減（目標50%減）。",
            "77.1% below the baseline (goal: 50% below)",
        ),
        ("over", "2026年10月の手作業は基準月比100.0%減", "Manual work in October 2026 is 100.0% below"),
        ("worse", "基準月比28.6%増（目標50%減）。", "28.6% above the baseline"),
        ("waiting", "今月の手作業はまだ数えられません。2件の作業が署名を待っています。", "waiting for a signature: 2"),
        ("empty", "まだ記録がありません。最初の実行から始めましょう。", "Nothing is recorded yet"),
    ],
)
def test_the_answer_comes_first(name, ja, en):
    page = render_html(cases()[name], "ja")
    assert ja in page.split("<h1>")[1].split("</h1>")[0]
    assert page.index("<h1>") < page.index("<h2>")
    assert en in render_html(cases()[name], "en").split("<h1>")[1].split("</h1>")[0]


def test_a_month_like_its_baseline_says_so_and_one_without_demand_too():
    books = Books()
    books.sign()
    assert "基準月と変わりません" in render_html(report(books.figures()), "ja")
    none_due = books.figures(month=Month(2027, 1), now=at(FRIDAY))
    page = render_html(report(none_due), "ja")
    assert "行うはずの作業はありませんでした" in page
    assert "<figure>" not in page


def standing(**seen):
    books = Books()
    books.sign()
    for day in DAYS[:15]:
        books.run(on=day)
    figures = books.figures()
    outlook = Goal.model_validate(figures.outlook.model_dump() | seen)
    return [Wording(report(figures.model_copy(update={"outlook": outlook})), show) for show in (JA, EN)]


def test_each_standing_has_its_sentence():
    ja, en = standing(standing="met", measured_share=0.8)
    assert ja.standing() == "低い見積もりでも目標に届いています。"
    assert en.standing() == "even the low estimate reaches the goal."
    ja, en = standing(standing="probable", measured_share=0.8, low=0.4)
    assert ja.standing() == "低い見積もりでは40.0%減で、目標に届かないため。"
    assert "the low one, 40.0% below, does not" in en.standing()
    ja, en = standing(standing="probable", measured_share=0.25)
    assert ja.standing() == "根拠の75%が推定のため。"
    assert en.standing() == "75% of the evidence is estimated."
    assert answering_sentence(ja.report, "ja").endswith("減（目標50%減）。 達成見込み: 根拠の75%が推定のため。")
    assert "Probable: 75% of the evidence" in answering_sentence(en.report, "en")


def test_a_reason_and_its_explanation_exist_for_all_that_is_not_counted():
    from typing import get_args

    from temanashi.books.figures import Flag, Reason

    for lang in LANGUAGES:
        for reason in get_args(Reason):
            assert {f"report.reason-{reason}", f"report.why-{reason}"} <= keys("report", lang)
        assert {f"report.flag-{flag}" for flag in get_args(Flag)} <= keys("report", lang)


def test_a_missed_goal_says_how_many_hours_are_missing():
    page = text_of(render_html(cases()["first-day"], "ja"))
    assert "未達: 目標まであと1.5時間。" in page


def test_an_unsigned_task_says_zero_hours_what_it_would_be_and_how_to_sign():
    page = text_of(render_html(cases()["waiting"], "ja"))
    assert "署名待ち 0時間" in page
    assert "署名すると、基準3.5時間のうち0.3時間が削減と認められます（毎営業日・1回15分の場合）。" in page
    assert "tema baseline sign morning-checks --minutes 15" in page
    assert "Waiting for a signature: 0 hours" in text_of(render_html(cases()["waiting"], "en"))


def test_a_non_business_day_is_named_with_its_reason():
    page = text_of(render_html(cases()["waiting"], "ja"))
    assert "人が行うはずのない日・依頼" in page
    assert "11月3日（祝日: 文化の日）" in page


def test_many_closed_days_are_summed_up():
    books = Books()
    books.sign()
    for day in NOVEMBER.days():
        books.run(on=day)
    assert "、ほか5日" in render_html(report(books.figures()), "ja")


def test_the_page_says_why_to_believe_it():
    page = text_of(render_html(cases()["running"], "ja"))
    for expected in ("2026年11月", "2026年11月20日(金) 18:00", "記録 214 まで", "9f2c" * 16, "tema audit verify", "12番（記録 210"):
        assert expected in page
    assert "まだありません。台帳の末尾が" in text_of(render_html(cases()["first-day"], "ja"))


def test_an_empty_ledger_says_what_to_do_first_and_shows_no_result():
    page = text_of(render_html(cases()["empty"], "ja"))
    assert "tema run morning-checks" in page
    assert "減った割合" not in page.split("この数字")[0].replace("減った割合が表示されます", "")
    assert "数えなかった実行" not in page


def test_the_page_adds_up_for_a_reader():
    sums = cases()["running"].figures.sums
    first, *steps, last = bridge_steps(sums)
    assert first.seconds == sums.baseline_seconds
    assert first.seconds + sum(step.seconds for step in steps) == steps[-1].reached == last.seconds == sums.manual_seconds


@pytest.mark.parametrize(
    ("seconds", "demand", "command"),
    [
        (Seconds.of_minutes(7.5), Demand(calendar="day"), "tema baseline sign t --minutes 7.5"),
        (Seconds.of_minutes(0, 2, 5), Demand(calendar="day"), "tema baseline sign t --per-target 2 --targets 5"),
        (Seconds.of_minutes(10, 2, 5), Demand(per_month=3), "tema baseline sign t --minutes 10 --per-target 2 --targets 5"),
        (None, Demand(), "tema baseline sign t --minutes 15 --per-month 20"),
    ],
)
def test_the_command_to_sign_can_be_typed_as_it_stands(seconds, demand, command):
    task = Books().figures([proposed("t", minutes=0, demand=demand)]).tasks[0]
    assert sign_command(task.model_copy(update={"minutes": seconds})) == command


def test_a_command_for_a_hostile_task_id_is_quoted():
    task = Books().figures([proposed("t; rm -rf /")]).tasks[0]
    assert sign_command(task) == "tema baseline sign 't; rm -rf /' --minutes 15"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "分数の案なし"),
        (Seconds.of_minutes(0, 2, 5), "1対象2分×5"),
        (Seconds.of_minutes(10, 2, 5), "1回10分＋1対象2分×5"),
        (Seconds.of_minutes(15, persons=2), "1回15分（2人で）"),
    ],
)
def test_minutes_are_told_in_words(seconds, words):
    assert Wording(cases()["bare"], JA).minutes(seconds) == words


@pytest.mark.parametrize(
    ("demand", "words"),
    [
        (Demand(calendar="week"), "毎週"),
        (Demand(per_month=2.5), "月2.5件"),
        (Demand(), "依頼ごと"),
        (Demand(calendar="month"), "毎月"),
    ],
)
def test_demand_is_told_in_words(demand, words):
    task = Books().figures([proposed(demand=demand)]).tasks[0]
    assert Wording(cases()["bare"], JA).demand(task) == words


# Hostile and huge


def test_hostile_names_are_text_and_huge_ones_are_cut():
    books, evil = Books(), "<script>alert(1)</script>" * 9
    task = proposed("t", ja=evil, en=evil)
    books.sign(task)
    books.run("t")
    books.cancel("t", "2026-11-19", reason="</p><b>")
    page = render_html(report(books.figures([task]), company="<i>&"), "ja")
    assert "<script" not in page
    assert "<b>" not in page.split("</header>")[1].split("</dl>", 1)[1]
    assert "…" in page
    assert shortened("a\n b" * 3) == "a ba ba b"


def test_a_page_of_very_many_tasks_stays_small_and_says_what_it_left_out():
    books, tasks = Books(), []
    for n in range(200):
        tasks.append(proposed(f"task-{n}", ja="長い名前の作業" * 20))
        books.run(f"task-{n}", on=date(2026, 11, 3))
        if n % 2:
            books.sign(tasks[-1])
    page = render_html(report(books.figures(tasks)), "ja")
    assert len(page.encode()) < 50_000
    for left_out in ("ほか76件の作業", "ほか92件。", "ほか184件"):
        assert left_out in page


def test_cancelled_demand_is_listed_with_its_reason_and_summed_up():
    books = Books()
    books.sign()
    for day in DAYS[:8]:
        books.cancel("morning-checks", day.isoformat())
    page = render_html(report(books.figures()), "ja")
    assert "取り消した作業: 朝の点検 2026-11-02（停電のため）" in page
    assert "ほか2件" in page


def test_human_time_on_unsigned_tasks_has_its_own_row():
    books = Books()
    books.sign()
    books.run("rotate-logs", human=3600)
    page = text_of(render_html(report(books.figures([proposed(), LOGS])), "ja"))
    assert "署名待ちの作業に使った人の手間 1.0 1.0" in page


def test_full_width_letters_are_one_em():
    assert text_width("目標") == 2
    assert text_width("ﾊﾝｶｸ") < 3
    assert text_width("e\u0301") == text_width("e")


# Other faces


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "＠x"])
def test_no_cell_is_taken_for_a_formula(text):
    assert guarded(text) == f"'{text}"


def test_plain_text_stays_as_it_is():
    assert guarded("朝の点検") == "朝の点検"


def test_a_spreadsheet_reads_the_csv():
    books = Books()
    task = proposed("t", ja='=cmd|"/c calc"!A1')
    books.sign(task)
    told = as_csv(report(books.figures([task])), "ja")
    assert told.startswith(b"\xef\xbb\xbf")
    header, row = csv.reader(io.StringIO(told.decode("utf-8-sig")))
    assert len(header) == len(row) == 15
    assert row[2] == '\'=cmd|"/c calc"!A1'
    assert row[10] == "4.8"
    assert b"\r\n" in told


def test_json_can_be_read_back():
    own = cases()["running"]
    assert MonthlyReport.model_validate(json.loads(as_json(own))) == own


def test_every_text_of_the_report_exists_in_both_languages():
    assert keys("report", "ja") == keys("report", "en")
    assert keys("calendars", "ja") == keys("calendars", "en")


def test_a_report_of_one_plain_language_renders_in_both():
    books = Books()
    task = proposed("t").model_copy(update={"title": LocalText(plain="点検")})
    books.sign(task)
    own = report(books.figures([task]), head=LedgerHead())
    for lang in LANGUAGES:
        assert "点検" in render_html(own, lang)
