from datetime import timedelta

import pytest

from fixtures_runs import ALICE
from temanashi.runs.stopping import stop_everything


@pytest.fixture
def healthy(visitor, seen):
    seen.last_seen = visitor.opened.clock.now()
    return visitor


def test_all_is_well(healthy):
    answer = healthy.get("/healthz")
    assert answer.status_code == 200
    said = answer.json()
    assert said["status"] == "ok"
    assert set(said["checks"]) == {"database", "ledger", "worker", "emergency_stop"}
    assert said["checks"]["ledger"]["seq"] == 1


def test_a_worker_that_was_never_seen_fails(visitor):
    answer = visitor.get("/healthz")
    assert (answer.status_code, answer.json()["checks"]["worker"]["ok"]) == (503, False)


def test_a_worker_that_is_silent_fails(healthy, seen):
    seen.last_seen -= timedelta(minutes=5)
    answer = healthy.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["worker"]["silent_seconds"] >= 300


def test_a_server_that_does_not_answer_fails(healthy, seen):
    seen.broken = True
    assert "ConnectionError" in healthy.get("/healthz").json()["checks"]["worker"]["problem"]


def test_an_emergency_stop_is_told_and_is_no_failure(healthy):
    stop_everything(healthy.engine, actor=ALICE, channel="cli", reason="fire")
    answer = healthy.get("/healthz")
    assert answer.status_code == 200
    assert answer.json()["checks"]["emergency_stop"] == {"ok": True, "on": True, "by": "alice", "reason": "fire"}


def test_a_database_that_is_gone_fails_every_part_of_it(healthy):
    healthy.opened.database.close()
    for file in healthy.place.settings.state_dir.glob("temanashi.db*"):
        file.unlink()
    (healthy.place.settings.state_dir / "temanashi.db").write_text("not a database", encoding="utf-8")
    answer = healthy.get("/healthz")
    assert answer.status_code == 503
    checks = answer.json()["checks"]
    assert [checks[name]["ok"] for name in ("database", "ledger", "emergency_stop")] == [False, False, False]
    page = healthy.get("/?lang=en")
    assert page.status_code == 503
    assert "What is recorded is safe" in page.text
