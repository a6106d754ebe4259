"""The page of incidents, and the address at which another system tells of them."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from fixtures_runs import ALICE
from temanashi.books import Happening, alert_told, incident_told, incidents_of, read_operations
from temanashi.calendars import Month, day_of
from temanashi.ledger.records import Draft
from temanashi.signin.tokens import make_token
from temanashi.workspace.first_admin import book_of

ZONE = ZoneInfo("Asia/Tokyo")
NOW = datetime.now(UTC).replace(second=0, microsecond=0)
HERE = {"origin": "http://testserver"}


def local(moment):
    return f"{moment.astimezone(ZONE):%Y-%m-%dT%H:%M}"


def tell(visitor, key, state="opened", at=None, *, source="hand", **more):
    told = Happening(key=key, state=state, at=at or NOW, source=source, **more)
    with visitor.opened.database.transaction() as connection:
        visitor.opened.ledger.append(connection, incident_told(told, actor=ALICE))


def incidents(visitor):
    with visitor.opened.database.reading() as connection:
        return list(incidents_of(read_operations(visitor.opened.ledger, connection, None, zone=ZONE), ZONE).values())


def token_on(answer):
    return re.search(r'name="number" value="(inc-\d{8}-[0-9a-f]{6})"', answer.text)[1]


def send(visitor, *, lang="en", **form):
    found = {"verb": "new", "name": "佐藤", "started": local(NOW), "title": "Orders cannot be entered"} | form
    if found["verb"] == "new" and "number" not in form:
        found["number"] = token_on(visitor.get("/incidents"))
    return visitor.http.post(f"/incidents?lang={lang}", data=found, headers=HERE)


def test_an_empty_page_says_that_nothing_is_open(visitor):
    for lang, words in (("en", "No incident is open"), ("ja", "未解決のインシデントはありません")):
        answer = visitor.get(f"/incidents?lang={lang}")
        assert answer.status_code == 200
        assert f"<h1>{words}</h1>" in answer.text


def test_an_incident_is_recorded_by_the_form_once_and_carried_to_its_end(visitor):
    number = token_on(visitor.get("/incidents"))
    form = {"number": number, "started": local(datetime.now(UTC) - timedelta(minutes=30)), "system": "trading", "severity": "1"}
    assert [send(visitor, **form).status_code for _ in range(2)] == [303, 303]
    (one,) = incidents(visitor)
    assert (one.title, one.system, one.severity, one.by, one.over) == ("Orders cannot be entered", "trading", "1", "佐藤", False)
    shown = visitor.get("/incidents?lang=en").text
    assert "<h1>1 incident(s) are open</h1>" in shown
    assert "I take care of it" in shown
    assert send(visitor, verb="acknowledged", number=one.key).status_code == 303
    assert "I take care of it" not in visitor.get("/incidents?lang=en").text
    assert send(visitor, verb="resolved", number=one.key).status_code == 303
    (one,) = incidents(visitor)
    assert (one.acknowledged_by, one.over, one.ack_seconds >= 1800) == ("佐藤", True, True)
    assert re.search(r"It took [3-5]\d min", visitor.get("/incidents?lang=en").text)


def test_what_was_typed_is_kept_and_the_mistake_stands_beside_its_field(visitor):
    for form, field, words in (
        ({"title": " "}, "title", "What happened is missing"),
        ({"started": ""}, "started", "It is no moment"),
        ({"started": "soon"}, "started", "It is no moment"),
        ({"resolved": "later"}, "resolved", "It is no moment"),
        ({"resolved": local(NOW - timedelta(hours=1))}, "resolved", "before the incident began"),
        ({"started": local(NOW + timedelta(days=1))}, "started", "ahead of now"),
        ({"number": "INC-1"}, "title", "This page was too old"),
        ({"name": " "}, "name", "name"),
        ({"name": "x" * 101}, "name", "name"),
    ):
        answer = send(visitor, system="<b>trading", **form)
        assert answer.status_code == 400, form
        assert f'href="#{field}"' in answer.text
        assert words in answer.text
        assert "&lt;b&gt;trading" in answer.text
        assert "<b>trading" not in answer.text
    assert incidents(visitor) == []


def test_a_number_that_there_is_not_is_told(visitor):
    answer = send(visitor, verb="resolved", number="INC-9")
    assert answer.status_code == 400
    assert "no incident INC-9" in answer.text
    assert visitor.http.post("/incidents", content=b"x" * 70_000, headers=HERE).status_code == 413


def test_who_signed_in_is_who_tells_and_who_may_not_tell_sees_no_form(visitor):
    visitor.sign_in("carol", "operator")
    send(visitor, name="somebody else")
    (one,) = incidents(visitor)
    assert one.by != "somebody else"
    assert 'id="name"' not in visitor.get("/incidents").text
    visitor.sign_in("victor", "viewer")
    shown = visitor.get("/incidents?lang=en").text
    assert "Record it" not in shown
    assert "1 incident(s) are open" in shown


def test_the_month_tells_its_times_systems_and_what_is_odd(visitor):
    began = NOW - timedelta(hours=1)
    tell(visitor, "A", at=began, source="alerts", title="Slow <script>", system="trading", owner="web", flags=("two-rules",))
    tell(visitor, "A", "acknowledged", began + timedelta(minutes=4))
    tell(visitor, "A", "resolved", began + timedelta(minutes=30))
    tell(
        visitor,
        "B",
        at=began,
        source="alerts",
        title="Nobody's",
        flags=("clock", "no-start", "end-before-start", "truncated", "not-demand"),
    )
    tell(visitor, "C", at=began, source="monitoring", title="Disk")
    with visitor.opened.database.transaction() as connection:
        visitor.opened.ledger.append(connection, alert_told("A", actor=ALICE, began=[began, began], truncated=3, system="trading"))
    for lang, words in (
        (
            "en",
            [
                "3 incident(s), 2 alert(s)",
                "mean 4 min",
                "mean 30 min",
                "alerts.yaml",
                "3 alert(s) that senders left out",
                "trading",
            ],
        ),
        (
            "ja",
            ["インシデント 3 件、アラート 2 件", "平均 4分", "未解決の 2 件は含みません", "担当が決まっていません", "未来の時刻"],
        ),
    ):
        shown = visitor.get(f"/incidents?lang={lang}").text
        for word in words:
            assert word in shown, word
        assert "<script>" not in shown
    assert 'href="/tema/problems?lang=ja"' in visitor.get("/incidents?lang=ja").text


def test_another_month_can_be_chosen_and_none_ahead_of_this_one(visitor):
    month = Month.of(day_of(NOW, ZONE))
    earlier = datetime.combine(month.previous.first, datetime.min.time(), tzinfo=ZONE) + timedelta(days=3)
    tell(visitor, "OLD", at=earlier, title="Long ago")
    tell(visitor, "OLD", "resolved", earlier + timedelta(hours=2))
    assert "Long ago" in visitor.get(f"/incidents?month={month.previous}&lang=en").text
    for month_asked in ("", "2999-01", "nonsense"):
        assert "Long ago" not in visitor.get(f"/incidents?month={month_asked}&lang=en").text


def test_figures_of_systems_and_the_topic_are_shown_and_can_do_no_harm(visitor):
    month = Month.of(day_of(NOW, ZONE))
    site = visitor.place.root / "runbooks/site"
    (site / "topics").mkdir(parents=True, exist_ok=True)
    (site / "topics" / f"{month}.md").write_text("# 移転\n\n<script>x</script> **完了**", encoding="utf-8")
    (site / "kpi.yaml").write_text(
        "kpi:\n  - {check: full-disk/root, title: {ja: 注文, en: Orders}, system: trading}\n"
        "  - {check: full-disk/disk/root, title: {ja: 約定, en: Trades}}\n",
        encoding="utf-8",
    )
    visitor.place.publish()
    metric = {"name": "used", "value": 4.0, "unit": "%", "warn": "80", "crit": "90"}
    detail = {"check": "root", "verdict": "OK", "measured_at": NOW.isoformat(), "metrics": [metric]}
    body = {"targets": [{"target": "-", "outcome": {"details": [detail]}}]}
    with visitor.opened.database.transaction() as connection:
        visitor.opened.ledger.append(connection, Draft(kind="step_done", runbook="full-disk", step="else", actor="s", body=body))
    shown = visitor.get("/incidents?lang=en").text
    for words in ("Orders", "measured 1 times, 1 within range. Last 4%", "warning 80, critical 90", "Not measured in this month"):
        assert words in shown
    assert "<h3>移転</h3>" in shown
    assert "<script>" not in shown
    assert "<strong>完了</strong>" in shown


@pytest.fixture
def desk(visitor):
    with visitor.opened.database.transaction() as connection:
        about = {"user": "", "scopes": ["alerts"], "until": None, "actor": ALICE, "channel": "cli"}
        visitor.token = make_token(book_of(visitor.opened), connection, "servicedesk", **about)[1]
    return visitor


START = NOW - timedelta(hours=2)
WHOLE = {"number": "INC-1", "title": "注文が止まる", "started": START.isoformat(), "system": "trading"}


def post(desk, told, *, lang="en", **more):
    headers = {"authorization": f"Bearer {desk.token}", "content-type": "application/json", "accept-language": lang}
    return desk.http.post("/api/incidents", headers=headers, **({"json": told} if told is not None else {}), **more)


def test_another_system_tells_of_an_incident_once_and_piece_by_piece(desk):
    first, again = post(desk, WHOLE), post(desk, WHOLE)
    assert (first.status_code, again.status_code, again.json()["standing"]) == (201, 200, "known")
    known = post(desk, {"number": "INC-1", "acknowledged": (START + timedelta(minutes=5)).astimezone(ZONE).isoformat()})
    assert (known.status_code, known.json()["standing"], known.json()["ack_seconds"]) == (200, "changed", 300)
    over = WHOLE | {"resolved": (START + timedelta(minutes=50)).isoformat()}
    assert [post(desk, over).json()["standing"] for _ in range(2)] == ["changed", "known"]
    (one,) = incidents(desk)
    assert (one.resolve_seconds, one.source, one.by) == (3000, "api", "servicedesk")


@pytest.mark.parametrize(
    ("told", "status", "words"),
    [
        ({"number": "INC-9", "resolved": NOW.isoformat()}, 404, "INC-9"),
        (WHOLE | {"title": "other"}, 409, "title"),
        (WHOLE | {"started": NOW.isoformat()}, 409, "started"),
        ({"number": "INC-1"}, 422, "What happened is missing"),
        ({"number": "INC-1", "title": "x"}, 422, '"field":"started"'),
        (WHOLE | {"number": ""}, 422, '"field":"number"'),
        (WHOLE | {"started": "2026-11-20T10:00:00"}, 422, '"field":"started"'),
        (WHOLE | {"number": "INC-2", "resolved": (START - timedelta(1)).isoformat()}, 422, "before the incident began"),
        (WHOLE | {"number": "INC-2", "started": "2999-01-01T00:00:00Z"}, 422, "ahead of now"),
        (WHOLE | {"closed": True}, 422, '"field":"closed"'),
        ([], 422, "problems"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(desk, told, status, words):
    post(desk, WHOLE)
    answer = post(desk, told)
    assert (answer.status_code, words in answer.text) == (status, True), answer.text
    assert answer.json()["next"]
    assert post(desk, told, lang="ja").json()["message"] != answer.json()["message"]
    (one,) = incidents(desk)
    assert (one.title, one.over) == ("注文が止まる", False)


def test_another_end_than_the_recorded_one_is_a_conflict(desk):
    post(desk, WHOLE | {"resolved": NOW.isoformat()})
    assert post(desk, {"number": "INC-1", "resolved": (NOW - timedelta(minutes=1)).isoformat()}).status_code == 409
    assert post(desk, {"number": "INC-1", "resolved": NOW.isoformat()}).json()["standing"] == "known"


def test_what_is_no_json_or_without_a_token_is_refused(desk):
    assert post(desk, None, content=b"{").status_code == 422
    assert post(desk, None, content=b" " * 70_000).status_code == 413
    desk.token = "tema_wrong"
    assert post(desk, WHOLE).status_code == 401


def test_an_auditor_reads_incidents_like_every_other_record(desk):
    post(desk, WHOLE | {"resolved": NOW.isoformat()})
    with desk.opened.database.reading() as connection:
        records = read_operations(desk.opened.ledger, connection, None, zone=ZONE)
    for record in records:
        for lang in ("ja", "en"):
            assert desk.get(f"/audit/records/{record.seq}?lang={lang}").status_code == 200
    assert "INC-1" in desk.get(f"/audit/records/{records[0].seq}?lang=en").text
