"""Incidents and the month's operations figures, from records in any order."""

from datetime import UTC, date, datetime, timedelta

import pytest

from books.bookkeeping import NOVEMBER, SATO, TOKYO
from temanashi.books import Happening, KpiWanted, Times, alert_told, incident_told, incidents_of, kpi_lines, operations_figures
from temanashi.calendars import Month
from temanashi.changes import Verdict
from temanashi.ledger.records import Draft

START = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
"""10:00 in Tokyo."""
MINUTE = timedelta(minutes=1)


def tell(books, key, state, at, *, recorded=None, **more):
    told = Happening(key=key, state=state, at=at, source=more.pop("source", "hand"), **more)
    return books.write(incident_told(told, actor=SATO), recorded or at or START)


def only(books):
    (one,) = incidents_of(books.records, TOKYO).values()
    return one


def figures(books, month=NOVEMBER, **more):
    return operations_figures(books.records, month, zone=TOKYO, **more)


def test_an_incident_is_what_its_records_tell(books):
    tell(books, "INC-1", "opened", START, title="注文が止まる", system="trading", owner="ops", severity="1", source="file")
    tell(books, "INC-1", "acknowledged", START + 4 * MINUTE)
    tell(books, "INC-1", "resolved", START + 30 * MINUTE)
    one = only(books)
    assert (one.title, one.system, one.owner, one.severity, one.source) == ("注文が止まる", "trading", "ops", "1", "file")
    assert (one.ack_seconds, one.resolve_seconds, one.over, one.day) == (240, 1800, True, date(2026, 11, 20))
    assert (one.by, one.acknowledged_by) == ("佐藤", "佐藤")


def test_what_happened_to_an_incident_that_was_never_opened_is_none(books):
    tell(books, "INC-1", "acknowledged", START)
    tell(books, "INC-1", "resolved", START)
    assert incidents_of(books.records, TOKYO) == {}
    assert figures(books).incidents == 0


def test_a_start_that_is_told_late_counts_if_it_is_earlier(books):
    tell(books, "INC-1", "opened", None)
    tell(books, "INC-1", "resolved", START + 30 * MINUTE)
    assert only(books).resolve_seconds is None
    tell(books, "INC-1", "opened", START)
    assert only(books).resolve_seconds == 1800
    tell(books, "INC-1", "opened", START + 5 * MINUTE)
    assert only(books).started == START


def test_the_first_who_knew_counts(books):
    tell(books, "INC-1", "opened", START)
    for minutes in (9, 3, 5):
        tell(books, "INC-1", "acknowledged", START + minutes * MINUTE)
    assert only(books).ack_seconds == 180
    tell(books, "INC-1", "acknowledged", None)
    assert only(books).ack_seconds == 180


def test_a_reopened_incident_is_open_until_it_is_resolved_again(books):
    tell(books, "INC-1", "opened", START)
    tell(books, "INC-1", "resolved", START + MINUTE)
    tell(books, "INC-1", "reopened", START + 2 * MINUTE)
    assert (only(books).over, only(books).resolve_seconds) == (False, None)
    tell(books, "INC-1", "resolved", START + 7 * MINUTE)
    assert only(books).resolve_seconds == 420


def test_an_end_before_the_start_gives_no_duration_and_never_a_negative_one(books):
    tell(books, "INC-1", "opened", START)
    tell(books, "INC-1", "acknowledged", START - MINUTE)
    tell(books, "INC-1", "resolved", START - MINUTE)
    assert (only(books).ack_seconds, only(books).resolve_seconds, only(books).over) == (None, None, True)
    told = figures(books)
    assert told.mttr == told.mtta == Times(n=0, unknown=1)


def test_mean_and_median_are_of_what_is_known_and_the_rest_is_counted_apart(books):
    for number, minutes in enumerate((1, 2, 60)):
        tell(books, f"I-{number}", "opened", START)
        tell(books, f"I-{number}", "resolved", START + minutes * MINUTE)
    tell(books, "I-open", "opened", START)
    tell(books, "I-unknown", "opened", START)
    tell(books, "I-unknown", "resolved", None, recorded=START)
    tell(books, "I-0", "acknowledged", START + timedelta(seconds=15))
    tell(books, "I-1", "acknowledged", START + timedelta(seconds=30))
    told = figures(books)
    assert told.mttr == Times(n=3, mean=1260, median=120, open=1, unknown=1)
    assert told.mtta == Times(n=2, mean=23, median=23, open=3)
    assert (told.incidents, told.open) == (5, 1)


def test_days_are_cut_in_the_zone_of_the_workspace(books):
    tell(books, "late", "opened", datetime(2026, 10, 31, 15, 0, tzinfo=UTC))
    tell(books, "early", "opened", datetime(2026, 10, 31, 14, 59, tzinfo=UTC))
    assert figures(books).incidents == 1
    assert figures(books, Month(2026, 10)).incidents == 1


def test_systems_are_counted_apart_and_nobodys_come_last(books):
    tell(books, "A", "opened", START, system="trading")
    tell(books, "B", "opened", START, system="")
    tell(books, "C", "opened", START, system="mail")
    tell(books, "C", "resolved", START + MINUTE)
    books.write(alert_told("A", actor=SATO, began=[START, START + MINUTE], system="trading"), START)
    lines = [(line.system, line.incidents, line.open, line.alerts) for line in figures(books).by_system]
    assert lines == [("mail", 1, 0, 0), ("trading", 1, 1, 2), ("", 1, 1, 0)]


def test_alerts_count_in_the_month_in_which_each_began(books):
    books.write(alert_told("A", actor=SATO, began=[START, START - timedelta(days=30), None]), START)
    assert figures(books).alerts == 2
    assert figures(books, Month(2026, 10)).alerts == 1


def test_what_a_sender_left_out_counts_once_however_often_it_says_so(books):
    for truncated in (3, 7, 5):
        books.write(alert_told("A", actor=SATO, began=[START], truncated=truncated), START)
    books.write(alert_told("B", actor=SATO, began=[START], truncated=1), START)
    assert figures(books).truncated == 8


def test_unassigned_alerts_and_odd_ones_are_counted(books):
    tell(books, "A", "opened", START, source="alerts", flags=("two-rules",))
    tell(books, "B", "opened", START, source="alerts", owner="ops", flags=("two-rules", "clock"))
    tell(books, "C", "opened", START, source="hand")
    told = figures(books)
    assert (told.unassigned, told.odd) == (1, {"clock": 1, "two-rules": 2})


def test_a_month_without_anything_is_empty_and_a_topic_is_something(books):
    assert figures(books).empty
    assert not figures(books, topic="# 今月").empty


def test_records_whose_data_are_damaged_say_nothing(books):
    broken = Draft(kind="incident", slot="X", outcome="opened", actor="x", body={"at": "yesterday", "source": "moon"})
    books.write(broken, START)
    books.write(Draft(kind="incident", slot="X", outcome="resolved", actor="x", body={"at": "2026-11-20T10:00:00"}), START)
    books.write(Draft(kind="incident", slot="X", outcome="odd", actor="x"), START)
    books.write(Draft(kind="alert", slot="X", actor="x", body={"began": [5], "truncated": -4}), START)
    one = only(books)
    assert (one.started, one.resolved, one.source, one.over) == (None, None, "hand", True)
    assert (figures(books).alerts, figures(books).truncated) == (1, 0)


ORDERS = KpiWanted(check="trading/orders", title="注文", system="trading")


def measured(books, verdict, value, at=START, *, runbook="trading", step="look", check="orders", mode="live"):
    metric = {"name": "orders", "value": value, "unit": "", "warn": "100:", "crit": "10:"}
    detail = {"check": check, "kind": "prometheus", "verdict": verdict, "metrics": [metric], "measured_at": at.isoformat()}
    body = {"targets": [{"target": "-", "iteration": 0, "outcome": {"details": [detail]}}]}
    books.write(Draft(kind="step_done", runbook=runbook, run="r", step=step, actor="s", mode=mode, body=body), at)


def test_a_figure_of_a_system_shows_its_last_and_its_worst_measurement(books):
    measured(books, "OK", 400)
    measured(books, "CRITICAL", 4, START + MINUTE)
    measured(books, "WARNING", 50, START + 2 * MINUTE)
    measured(books, "OK", 1, START + 3 * MINUTE, check="other")
    measured(books, "CRITICAL", 1, START + 3 * MINUTE, mode="drill")
    measured(books, "CRITICAL", 1, START + 3 * MINUTE, runbook="elsewhere")
    measured(books, "SKIPPED", None, START + 4 * MINUTE)
    measured(books, "CRITICAL", 0, START + timedelta(days=15))
    (line,) = kpi_lines([ORDERS], books.records, NOVEMBER, zone=TOKYO)
    assert (line.measured, line.counts) == (3, {"CRITICAL": 1, "OK": 1, "WARNING": 1})
    assert (line.verdict, line.worst, line.worst_at) == (Verdict.CRITICAL, 4, START + MINUTE)
    assert (line.value, line.warn, line.crit) == (50, "100:", "10:")
    assert not figures(books, kpi=[line]).empty


@pytest.mark.parametrize(
    ("spec", "expected"),
    [({"metric": "load5"}, (1.8, "4")), ({}, (1.8, "4")), ({"metric": "load15"}, (1.7, "")), ({"metric": "gone"}, (1.8, "4"))],
)
def test_of_several_figures_the_one_that_was_judged_is_shown(books, spec, expected):
    plain = {"unit": "", "warn": None, "crit": None}
    metrics = [plain | {"name": "load1", "value": 9.9}, plain | {"name": "load5", "value": 1.8, "warn": "4", "crit": "8"}]
    metrics += [plain | {"name": "load15", "value": 1.7}]
    detail = {"check": "orders", "verdict": "OK", "metrics": metrics, "measured_at": START.isoformat(), "spec": spec}
    body = {"targets": [{"target": "-", "outcome": {"details": [detail]}}]}
    books.write(Draft(kind="step_done", runbook="trading", run="r", step="look", actor="s", body=body), START)
    (line,) = kpi_lines([ORDERS], books.records, NOVEMBER, zone=TOKYO)
    assert (line.value, line.warn) == expected


def test_a_figure_that_nobody_measured_is_unknown_and_never_green(books):
    (line,) = kpi_lines([ORDERS], books.records, NOVEMBER, zone=TOKYO)
    assert (line.measured, line.verdict, line.value) == (0, Verdict.UNKNOWN, None)


def test_a_step_tells_two_checks_of_one_name_apart(books):
    measured(books, "OK", 1, step="first")
    measured(books, "CRITICAL", 2, step="second")
    apart = KpiWanted(check="trading/first/orders", title="x")
    (one,) = kpi_lines([apart], books.records, NOVEMBER, zone=TOKYO)
    (both,) = kpi_lines([ORDERS], books.records, NOVEMBER, zone=TOKYO)
    assert (one.measured, both.measured) == (1, 2)
