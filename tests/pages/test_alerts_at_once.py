"""Several senders that tell of the same alerts at once: one incident and one occasion, on both databases."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest

from fixtures_postgresql import postgresql_server, postgresql_url  # noqa: F401  (fixtures)
from fixtures_prefect import make_place
from fixtures_runs import ALICE
from pages.conftest import Seen, Visitor
from temanashi.books import incidents_of, operations_figures, read_operations, read_register
from temanashi.calendars import Month, day_of
from temanashi.ledger.verification import verify
from temanashi.signin.tokens import make_token
from temanashi.workspace.first_admin import book_of
from temanashi.workspace.opening import open_installation

ZONE = ZoneInfo("Asia/Tokyo")
START = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
STEP = {"id": "go", "manual": {"text": {"ja": "行う", "en": "Do it"}, "minutes": 1}}
RULES = "rules:\n  - {id: all, owner: ops, task: recover}\n"
SENDERS = 6


@pytest.fixture(params=["sqlite", "postgresql"])
def desk(request, tmp_path, monkeypatch):
    if request.param == "postgresql":
        monkeypatch.setenv("TEMA_DATABASE_URL", request.getfixturevalue("postgresql_url"))
    place = make_place(tmp_path)
    place.runbook("recover", STEP, toil={"demand": {"source": "alerts"}})
    (tmp_path / "runbooks/site").mkdir(parents=True, exist_ok=True)
    (tmp_path / "runbooks/site/alerts.yaml").write_text(RULES, encoding="utf-8")
    place.publish()
    with open_installation(place.root) as opened:
        yield Visitor(place, opened, Seen())


def test_the_same_alerts_told_at_once_are_one_incident(desk):
    with desk.opened.database.transaction() as connection:
        about = {"user": "", "scopes": ["alerts"], "until": None, "actor": ALICE, "channel": "cli"}
        token = make_token(book_of(desk.opened), connection, "am", **about)[1]
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    firing = {"status": "firing", "labels": {"alertname": "x"}, "startsAt": START.isoformat(), "endsAt": "0001-01-01T00:00:00Z"}
    over = firing | {"status": "resolved", "endsAt": (START + timedelta(minutes=20)).isoformat()}
    bodies = [json.dumps({"version": "4", "groupKey": "g", "alerts": [one]}) for one in (firing, over)] * (SENDERS // 2)
    together = Barrier(SENDERS)

    def send(body):
        together.wait(timeout=60)
        return desk.http.post("/api/alerts", content=body, headers=headers).status_code

    with ThreadPoolExecutor(SENDERS) as pool:
        codes = sorted(pool.map(send, bodies))
    assert codes == [200] * (SENDERS - 1) + [201]
    with desk.opened.database.reading() as connection:
        records = read_operations(desk.opened.ledger, connection, None, zone=ZONE)
        occasions = read_register(desk.opened.ledger, connection, zone=ZONE).requested["recover"]
        assert verify(connection).exit_code == 0
    (one,) = incidents_of(records, ZONE).values()
    assert (one.started, one.resolve_seconds, list(occasions)) == (START, 1200, [one.key])
    assert operations_figures(records, Month.of(day_of(START, ZONE)), zone=ZONE).alerts == 1
