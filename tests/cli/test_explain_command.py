"""`tema explain`: the figure, its formula and its records, as a person and as a program reads them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

TODAY = datetime.now(UTC).astimezone(ZoneInfo("Asia/Tokyo")).date()
LAST = TODAY.replace(day=1) - timedelta(days=1)
MONTH = f"{LAST:%Y-%m}"
STEPS = [{"id": "go", "manual": {"text": {"ja": "行う", "en": "Do it"}, "minutes": 1}}]


@pytest.fixture
def tema(tema):
    tema.runbook("daily", steps=STEPS, toil={"demand": {"calendar": "day"}, "minutes": 6})
    assert tema.run("baseline", "sign", "daily", "--minutes", "6", "--since", f"{MONTH}-01", "--force").returncode == 0
    return tema


def test_a_figure_is_told_with_its_formula_and_what_is_behind_it(tema):
    told = tema.run("explain", "manual", "--month", MONTH)
    lines = told.stdout.splitlines()
    hours = f"{LAST.day // 10}:{LAST.day % 10 * 6:02}:00"
    assert f"manual hours: {LAST.day / 10:.1f} h ({hours})" in lines[0]
    assert lines[1] == f"= remaining by hand {hours} + human time 0:00:00 + new toil 0:00:00"
    assert f"calendar day {MONTH}-01" in lines[2]
    assert "0:06:00" in lines[2]
    assert len(lines) == 2 + LAST.day
    assert f"report/records?month={MONTH}&figure=manual" in told.stderr


def test_a_program_gets_every_line_with_its_record(tema):
    told = tema.json("explain", "baseline", "--month", MONTH, "--task", "daily")
    (line,) = told["lines"]
    assert (line["kind"], line["seconds"], told["seconds"]) == ("version", LAST.day * 360, LAST.day * 360)
    record = tema.json("audit", "show", "--kind", "task_version")[0]
    assert (line["seq"], line["at"]) == (record["seq"], record["recorded_at"])
    assert tema.json("explain", "reduction", "--month", MONTH)["ratio"] == 0


def test_of_a_closed_month_the_issued_figure_is_told_beside(tema):
    tema.run("month", "prepare", MONTH, "--as", "佐藤")
    tema.run("month", "approve", MONTH, "--as", "田中")
    assert "Issued" not in tema.run("explain", "remaining", "--month", MONTH).stdout
    tema.run("demand", "cancel", "daily", f"{MONTH}-05", "--reason", "停電")
    told = tema.run("explain", "remaining", "--month", MONTH, "--task", "daily").stdout
    assert f"Issued when the month was closed: {LAST.day / 10:.1f} h" in told
    assert tema.json("explain", "remaining", "--month", MONTH)["issued"] == LAST.day * 360
    assert "発行した数字は 0.0%" in tema.run("--lang", "ja", "explain", "reduction", "--month", MONTH).stdout


def test_runs_that_gave_nothing_are_told_with_their_reasons(tema):
    done = tema.run("run", "good", "--dry-run")
    assert done.returncode == 0
    live = tema.run("run", "good")
    assert live.returncode == 0
    told = tema.run("explain", "credited")
    assert "Runs that gave nothing: 2" in told.stdout
    assert "it was a dry run" in told.stdout
    assert "no minutes are signed" in told.stdout
    assert "署名した分数がありません" in tema.run("--lang", "ja", "explain", "credited").stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [(["credit"], "credited"), (["credited", "--task", "dayly"], "daily"), (["credited", "--month", "2026-13"], "2026-13")],
)
def test_what_cannot_be_explained_is_told_with_what_can(tema, words, told):
    done = tema.run("explain", *words)
    assert done.returncode == 2
    assert told in done.stderr


def test_a_month_without_a_baseline_has_no_reduction_and_says_why(tema):
    told = tema.run("explain", "reduction", "--month", "2020-01").stdout
    assert "Nothing is signed" in told
