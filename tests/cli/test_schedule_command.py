"""`tema schedule`: what starts when, and which days are left out and why."""

import json

import openpyxl
import pytest


@pytest.fixture
def planned(tema):
    step = {"id": "go", "command": ["true"]}
    tema.runbook(
        "morning",
        steps=[step],
        schedules=[
            {"cron": "30 7 * * *", "calendar": "tse"},
            {"id": "often", "cron": "*/10 8-9 1-30 12 *", "until": "2026-12-18"},
            {"at": "08:00", "active": False},
        ],
    )
    return tema


def test_the_answer_is_what_starts_and_what_does_not(planned):
    done = planned.run("schedule", "--from", "2026-12-30", "--to", "2027-01-05")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "From 2026-12-30 to 2027-01-05: 3 starts",
        "  Wed 30 December 2026 07:30  Sample morning  (morning)",
        "  Mon 4 January 2027 07:30  Sample morning  (morning)",
        "  Tue 5 January 2027 07:30  Sample morning  (morning)",
        "Left out or moved (weekends not listed):",
        *(f"  {day}  year-end holidays  Sample morning" for day in ("Thu 31 December 2026", "Fri 1 January 2027")),
        *(f"  {day}  year-end holidays  Sample morning" for day in ("Sat 2 January 2027", "Sun 3 January 2027")),
        "Switched off in the file: morning/3",
    ]


def test_many_starts_a_day_are_one_line_and_very_many_are_counted(planned):
    done = planned.run("schedule", "morning", "--from", "2026-12-01", "--to", "2026-12-01")
    assert "08:00-09:50 12 times" in done.stdout
    done = planned.run("schedule", "--from", "2027-01-01", "--to", "2027-12-31", env={"TEMA_LANG": "ja"})
    assert "ほかに" in done.stdout
    assert "祝日: 海の日" in done.stdout


def test_a_program_gets_every_occurrence_with_its_reason(planned):
    done = planned.run("schedule", "morning", "--from", "2026-12-30", "--to", "2026-12-31", "--json")
    told = json.loads(done.stdout)
    assert (told["from"], told["to"], told["timezone"], told["off"]) == ("2026-12-30", "2026-12-31", "Asia/Tokyo", ["morning/3"])
    first, second = told["occurrences"]
    assert first == {
        "runbook": "morning",
        "schedule": "1",
        "day": "2026-12-30",
        "clock": "07:30",
        "at": "2026-12-30T07:30:00+09:00",
        "slot": "2026-12-30",
        "meant_for": "2026-12-30",
        "starts": True,
        "mark": "starts",
        "reason": "",
    }
    assert (second["starts"], second["mark"], second["reason"]) == (False, "closed", "year-end holidays")


def test_without_days_it_is_the_next_week(planned):
    assert planned.run("schedule").returncode == 0


def test_an_excel_file_is_written(planned, tmp_path):
    done = planned.run("schedule", "--from", "2026-12-01", "--xlsx", str(tmp_path / "plan.xlsx"))
    assert done.returncode == 0
    assert "plan.xlsx" in done.stdout
    assert len(openpyxl.load_workbook(tmp_path / "plan.xlsx").worksheets) == 4


@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("mornin",), ("mornin", "morning")),
        (("--from", "2026-12-02", "--to", "2026-12-01"), ("2026-12-01", "400")),
        (("--from", "2026-12-02", "--to", "2029-12-01"), ("2029-12-01", "400")),
        (("--from", "soon"), ("soon",)),
    ],
)
def test_what_cannot_be_planned_is_refused_with_the_next_step(planned, lang, words, told):
    done = planned.run("schedule", *words, env={"TEMA_LANG": lang})
    assert done.returncode == 2
    assert all(word in done.stdout + done.stderr for word in told)
