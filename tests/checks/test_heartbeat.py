"""A job that tells of itself, and what its silence means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from temanashi.changes import Verdict
from temanashi.checks import Heartbeat, Means, check_problems, installed_kinds, judge_again, measure, parse_check

NOW = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
BACKUP = {"id": "backup", "kind": "heartbeat", "name": "eod-backup", "period": "24h", "grace": "30m"}


class Stopped:
    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        pass


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


@pytest.fixture
def heard(localhost, redactor, scripted):
    def judged(known: Heartbeat | None, **data):
        spec = parse_check({**BACKUP, **data})
        means = Means(zone=ZoneInfo("Asia/Tokyo"), heartbeat={"eod-backup": known}.get)
        (result,) = measure([spec], localhost, transport=scripted(), clock=Stopped(), redactor=redactor, means=means)
        for lang in ("ja", "en"):
            assert "checks." not in result.reason.text(lang)
            assert "{" not in result.reason.text(lang)
        again = judge_again(installed_kinds().find("heartbeat"), spec, result.evidence[0])
        assert (again.verdict, again.reason, again.metrics) == (result.verdict, result.reason, result.metrics)
        return result

    return judged


def beat(**known) -> Heartbeat:
    return Heartbeat(name="eod-backup", **{"made_at": ago(days=30), **known})


def ended(exit: int = 0, said: str = "", **span: float) -> dict:  # noqa: A002  (its name in a ping)
    at = ago(**span)
    return {"ended_at": at, "exit": exit, "said": said, **({"succeeded_at": at} if exit == 0 else {})}


@pytest.mark.parametrize(
    ("known", "data", "verdict", "key"),
    [
        (None, {}, "UNKNOWN", "checks.heartbeat-none"),
        (beat(made_at=ago(hours=1)), {}, "PENDING", "checks.heartbeat-new"),
        (beat(made_at=ago(hours=24, minutes=30)), {}, "PENDING", "checks.heartbeat-new"),
        (beat(made_at=ago(hours=24, minutes=31)), {}, "UNKNOWN", "checks.heartbeat-never"),
        (beat(made_at=NOW + timedelta(hours=1)), {}, "PENDING", "checks.heartbeat-new"),
        (beat(**ended(hours=2)), {}, "OK", "checks.heartbeat-ok"),
        (beat(**ended(hours=24)), {}, "OK", "checks.heartbeat-ok"),
        (beat(**ended(hours=24, minutes=20)), {}, "OK", "checks.heartbeat-late"),
        (beat(**ended(hours=24, minutes=30)), {}, "OK", "checks.heartbeat-late"),
        (beat(**ended(hours=24, minutes=31)), {}, "CRITICAL", "checks.heartbeat-silent"),
        (beat(**ended(hours=2, exit=3, said="disk full")), {}, "CRITICAL", "checks.heartbeat-failed"),
        (beat(**{**ended(hours=2, exit=3), "succeeded_at": ago(hours=26)}), {}, "CRITICAL", "checks.heartbeat-failed"),
        (beat(started_at=ago(hours=3), **ended(hours=2)), {"longest": "1h"}, "OK", "checks.heartbeat-ok"),
        (beat(started_at=ago(hours=2), **ended(hours=20)), {"longest": "1h"}, "CRITICAL", "checks.heartbeat-long"),
        (beat(started_at=ago(hours=2), **ended(hours=20)), {}, "OK", "checks.heartbeat-ok"),
        (beat(started_at=ago(minutes=5), **ended(hours=30)), {"longest": "1h"}, "CRITICAL", "checks.heartbeat-silent"),
        (beat(started_at=ago(hours=2), made_at=ago(hours=3)), {"longest": "1h"}, "CRITICAL", "checks.heartbeat-long"),
        (beat(started_at=ago(hours=2), made_at=ago(hours=3)), {}, "PENDING", "checks.heartbeat-new"),
    ],
)
def test_a_job_is_judged_by_what_it_told_last(heard, known, data, verdict: str, key: str) -> None:
    result = heard(known, **data)
    assert (result.verdict.value, result.reason.key) == (verdict, key), result.reason.text("en")


def test_the_last_ping_is_told_in_local_time_with_its_last_words(heard) -> None:
    result = heard(beat(**ended(hours=2, exit=3, said="step 1 ok\ndisk full\n\n")))
    assert result.reason.text("en") == "eod-backup told at 2026-11-20 07:00 that it failed (exit status 3: disk full)."
    assert "2026-11-20 07:00 に失敗を知らせました" in result.reason.text("ja")


def test_silence_is_a_metric_with_its_limit(heard) -> None:
    result = heard(beat(**ended(hours=30)))
    metric = result.metrics[0]
    assert (metric.name, metric.value, metric.unit, metric.crit) == ("silence", 108_000, "s", "~:88200")
    assert heard(beat(made_at=ago(hours=1))).metrics == ()


def test_without_means_nothing_is_known(localhost, redactor, scripted) -> None:
    (result,) = measure([parse_check(BACKUP)], localhost, transport=scripted(), clock=Stopped(), redactor=redactor)
    assert result.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("data", "field"),
    [({"period": "1 day"}, "period"), ({"grace": 30}, "grace"), ({"name": "Backup"}, "name"), ({"longest": "0h"}, "longest")],
)
def test_a_mistake_is_told_with_its_field(data, field: str) -> None:
    problem = check_problems({**BACKUP, **data})[0]
    assert problem.field == field
    assert problem.message.text("ja")
