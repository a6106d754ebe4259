"""The address at which other monitoring systems tell of alerts."""

import json
from datetime import UTC, datetime, timedelta
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures_runs import ALICE
from temanashi.books import (
    ProposedTask,
    Seconds,
    incidents_of,
    month_figures,
    operations_figures,
    proposed_tasks,
    read_month,
    read_operations,
    read_register,
    sign,
)
from temanashi.calendars import BusinessCalendar, Month, day_of
from temanashi.monitoring.senders.store import forget_members
from temanashi.pages.alerts_posted import MOST_BYTES
from temanashi.runbooks.model import Demand
from temanashi.signin.tokens import make_token
from temanashi.text import LocalText
from temanashi.workspace.first_admin import book_of
from temanashi.workspace.noting_incidents import Telling, note_state
from temanashi.workspace.publishing import current_version

ZONE = ZoneInfo("Asia/Tokyo")
NOW = datetime.now(UTC).replace(microsecond=0)
START = NOW - timedelta(hours=2)
MINUTE = timedelta(minutes=1)
NEVER = "0001-01-01T00:00:00Z"
STEP = {"id": "go", "manual": {"text": {"ja": "行う", "en": "Do it"}, "minutes": 1}}
RULES = """
gap_minutes: 5
rules:
  - {id: web, match: {service: web, severity: [critical, "warn*"]}, owner: web-team, system: trading, task: recover}
  - {id: tokyo, match: {site: tokyo}, owner: tokyo-team, system: trading}
"""


@pytest.fixture
def desk(empty):
    empty.place.runbook("recover", STEP, toil={"demand": {"source": "alerts"}})
    site = empty.place.root / "runbooks/site"
    site.mkdir(parents=True, exist_ok=True)
    (site / "alerts.yaml").write_text(RULES, encoding="utf-8")
    empty.place.publish()
    empty.token = made(empty, "alerts", "alertmanager of 2F")
    return empty


def made(desk, scope, name="x"):
    with desk.opened.database.transaction() as connection:
        about = {"user": "", "scopes": [scope], "until": None, "actor": ALICE, "channel": "cli"}
        return make_token(book_of(desk.opened), connection, name, **about)[1]


def post(desk, told=None, *, lang="en", headers=None, **more):
    given = {"authorization": f"Bearer {desk.token}", "content-type": "application/json", "accept-language": lang}
    body = {"content": json.dumps(told)} if told is not None else {}
    return desk.http.post("/api/alerts", headers={k: v for k, v in {**given, **(headers or {})}.items() if v}, **body, **more)


def alert(name="web1", *, start=START, end=None, labels=None, **more):
    found = {
        "status": "firing" if end is None else "resolved",
        "labels": {"alertname": "Slow", "service": "web", "severity": "critical", "instance": name, **(labels or {})},
        "startsAt": start if isinstance(start, str) else start.isoformat(),
        "endsAt": NEVER if end is None else end if isinstance(end, str) else end.isoformat(),
    }
    return {**found, **more}


def hook(*alerts, group="{}:{alertname='Slow'}", **more):
    return {"version": "4", "groupKey": group, "status": alerts[0]["status"], "alerts": list(alerts), **more}


def records(desk):
    with desk.opened.database.reading() as connection:
        return read_operations(desk.opened.ledger, connection, None, zone=ZONE)


def incidents(desk):
    return list(incidents_of(records(desk), ZONE).values())


def only(desk):
    (one,) = incidents(desk)
    return one


def demand(desk, task="recover"):
    with desk.opened.database.reading() as connection:
        return list(read_register(desk.opened.ledger, connection, zone=ZONE).requested.get(task, {}).values())


def figures(desk):
    return operations_figures(records(desk), Month.of(day_of(START, ZONE)), zone=ZONE)


def said(answer, status=200):
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_group_of_alerts_is_one_incident_and_one_occasion_of_its_task(desk):
    told = said(post(desk, hook(alert("web1"), alert("web2", start=START + MINUTE))), 201)
    (heard,) = told.pop("incidents")
    assert told == {"sender": "alertmanager", "new": 2, "known": 0, "truncated": 0, "opened": True, "unassigned": False}
    assert (heard["state"], heard["owner"], heard["system"], heard["task"], heard["rule"]) == (
        "open", "web-team", "trading", "recover", "web",
    )  # fmt: skip
    assert heard["counted"]
    one, (unit,) = only(desk), demand(desk)
    assert (one.key, one.started, one.over, one.owner, one.system, one.task) == (
        heard["key"], START, False, "web-team", "trading", "recover",
    )  # fmt: skip
    assert (unit.slot, unit.day, unit.source, unit.by) == (one.key, day_of(START, ZONE), "alerts", "alertmanager of 2F")
    assert (figures(desk).incidents, figures(desk).alerts, figures(desk).unassigned) == (1, 2, 0)


def test_the_same_message_again_records_nothing(desk):
    told = hook(alert("web1"), alert("web2"))
    post(desk, told)
    before = len(records(desk))
    again = said(post(desk, told))
    assert (again["new"], again["known"], again["opened"], len(records(desk))) == (0, 2, False, before)
    assert (len(demand(desk)), figures(desk).alerts) == (1, 2)


def test_an_incident_is_over_when_all_its_alerts_are(desk):
    post(desk, hook(alert("web1"), alert("web2")))
    half = hook(alert("web1", end=START + 10 * MINUTE), alert("web2"))
    assert said(post(desk, half))["incidents"][0]["state"] == "open"
    post(desk, hook(alert("web1", end=START + 10 * MINUTE), alert("web2", end=START + 30 * MINUTE)))
    assert (only(desk).over, only(desk).resolve_seconds) == (True, 1800)
    assert len(demand(desk)) == 1


def test_what_a_person_said_was_over_is_open_again_when_new_alerts_join_it(desk):
    post(desk, hook(alert("web1")))
    key = only(desk).key
    telling = Telling(source="hand", actor=ALICE, channel="page")
    with desk.opened.database.transaction() as connection:
        note_state(desk.opened, connection, key, "resolved", at=None, reason="", telling=telling)
    post(desk, hook(alert("web1")))
    assert only(desk).over
    post(desk, hook(alert("web1"), alert("web2", start=NOW - MINUTE)))
    assert (only(desk).over, len(demand(desk))) == (False, 1)
    post(desk, hook(alert("web1", end=NOW), alert("web2", start=NOW - MINUTE, end=NOW)))
    assert (only(desk).over, only(desk).resolved) == (True, NOW)


def test_an_incident_whose_alerts_were_forgotten_here_is_not_made_again(desk):
    told = hook(alert(end=START + MINUTE))
    post(desk, told)
    before = len(records(desk))
    with desk.opened.database.transaction() as connection:
        forget_members(connection, NOW + timedelta(days=1))
    assert said(post(desk, told))["incidents"][0]["counted"] is False
    assert (len(records(desk)), len(demand(desk))) == (before, 1)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_order_in_which_messages_arrive_makes_no_difference(desk, order):
    messages = [
        hook(alert("web1")),
        hook(alert("web1"), alert("web2", start=START + 3 * MINUTE)),
        hook(alert("web1", end=START + 20 * MINUTE), alert("web2", start=START + 3 * MINUTE, end=START + 15 * MINUTE)),
    ]
    for number in (*order, *order):
        assert post(desk, messages[number]).status_code in {200, 201}
    one = only(desk)
    assert (one.started, one.resolved, one.resolve_seconds) == (START, START + 20 * MINUTE, 1200)
    assert (len(demand(desk)), figures(desk).alerts) == (1, 2)


def test_what_fires_again_soon_is_the_same_incident_and_later_another_one(desk):
    end = START + 10 * MINUTE
    post(desk, hook(alert(end=end)))
    soon = alert(start=end + 4 * MINUTE)
    assert said(post(desk, hook(soon)))["incidents"][0]["state"] == "open"
    assert not only(desk).over
    post(desk, hook(alert(start=end + 4 * MINUTE, end=end + 6 * MINUTE)))
    assert only(desk).resolve_seconds == 16 * 60
    said(post(desk, hook(alert(start=end + 12 * MINUTE))), 201)
    assert (len(incidents(desk)), len(demand(desk)), figures(desk).alerts) == (2, 2, 3)


def test_an_end_before_the_start_gives_no_duration_and_says_so(desk):
    told = said(post(desk, hook(alert(end=START - MINUTE))), 201)
    assert told["incidents"][0]["odd"] == ["end-before-start"]
    one = only(desk)
    assert (one.over, one.resolved, one.resolve_seconds, one.flags) == (True, None, None, ("end-before-start",))
    assert (figures(desk).mttr.n, figures(desk).mttr.unknown, figures(desk).odd) == (0, 1, {"end-before-start": 1})


def test_the_end_of_an_alert_that_still_fires_is_not_its_end(desk):
    post(desk, hook({**alert(), "endsAt": (NOW + 5 * MINUTE).isoformat()}))
    assert not only(desk).over
    post(desk, hook({**alert("web2"), "endsAt": ""}))
    assert not only(desk).over


def test_an_alert_that_is_over_without_an_end_has_no_duration_until_the_end_is_told(desk):
    post(desk, hook(alert(end=NEVER)))
    assert (only(desk).over, only(desk).resolve_seconds) == (True, None)
    post(desk, hook(alert(end=START + 5 * MINUTE)))
    assert only(desk).resolve_seconds == 300


def test_an_offset_makes_no_difference_and_a_sender_in_a_wrong_time_zone_is_told(desk):
    post(desk, hook(alert(start=START.astimezone(ZONE).isoformat())))
    again = said(post(desk, hook(alert(start=START.astimezone(UTC).isoformat().replace("+00:00", ".000000000Z")))))
    assert (again["new"], again["known"]) == (0, 1)
    local_as_utc = START.astimezone(ZONE).replace(tzinfo=UTC)
    told = said(post(desk, hook(alert("web9", start=local_as_utc), group="clock")), 201)
    assert told["incidents"][0]["odd"] == ["clock", "no-start"]
    wrong = next(one for one in incidents(desk) if "clock" in one.flags)
    assert (wrong.started, wrong.day) == (None, day_of(NOW, ZONE))
    assert said(post(desk, hook(alert("web9", start=local_as_utc), group="clock")))["known"] == 1


def test_a_start_that_was_never_set_is_not_a_start(desk):
    for start in (NEVER, "0001-01-01T00:00:00+09:00", "1970-01-01T00:00:00Z"):
        post(desk, hook(alert(start=start), group=start))
    assert {one.started for one in incidents(desk)} == {None}
    assert figures(desk).mttr.open == 3


def test_what_the_sender_left_out_is_counted_and_told(desk):
    told = said(post(desk, hook(alert(), truncatedAlerts=7)), 201)
    assert (told["truncated"], told["incidents"][0]["odd"]) == (7, ["truncated"])
    post(desk, hook(alert(), alert("web2"), truncatedAlerts=9))
    assert (figures(desk).truncated, figures(desk).odd) == (9, {"truncated": 1})


def test_two_rules_that_match_are_told_and_the_first_one_counts(desk):
    told = said(post(desk, hook(alert(labels={"site": "tokyo"}))), 201)
    (heard,) = told["incidents"]
    assert (heard["owner"], heard["rule"], heard["others"], heard["odd"]) == ("web-team", "web", ["tokyo"], ["two-rules"])
    assert (only(desk).owner, figures(desk).odd) == ("web-team", {"two-rules": 1})
    assert len(demand(desk)) == 1


def test_alerts_of_one_group_may_be_of_two_owners(desk):
    elsewhere = alert("mail1", labels={"service": "mail", "site": "tokyo"})
    (heard,) = said(post(desk, hook(elsewhere, alert())), 201)["incidents"]
    assert (heard["rule"], heard["others"]) == ("web", ["tokyo"])


def test_what_no_rule_matches_is_nobodys_and_not_lost(desk):
    told = said(post(desk, hook(alert(labels={"service": "mail"}))), 201)
    assert (told["unassigned"], told["incidents"][0]["owner"], told["incidents"][0]["counted"]) == (True, "", False)
    assert (figures(desk).incidents, figures(desk).alerts, figures(desk).unassigned) == (1, 1, 1)
    assert only(desk).unassigned
    assert demand(desk) == []


def test_an_owner_without_a_task_gets_the_incident_and_no_demand(desk):
    (heard,) = said(post(desk, hook(alert(labels={"service": "mail", "site": "tokyo"}))), 201)["incidents"]
    assert (heard["owner"], heard["task"], heard["counted"]) == ("tokyo-team", "", False)


def test_a_task_whose_signed_demand_is_another_is_told_and_gets_none(desk):
    task = ProposedTask(task="recover", title=LocalText(plain="x"), category="routine", owner="ops", demand=Demand(calendar="day"))
    signed = sign(task, Seconds.of_minutes(5), actor=ALICE, now=START - timedelta(days=40), zone=ZONE)
    with desk.opened.database.transaction() as connection:
        desk.opened.ledger.append(connection, signed)
    (heard,) = said(post(desk, hook(alert())), 201)["incidents"]
    assert (heard["counted"], heard["odd"], demand(desk)) == (False, ["not-demand"], [])
    assert (only(desk).owner, only(desk).task) == ("web-team", "")


def test_without_rules_or_a_published_version_everything_is_nobodys(empty):
    empty.token = made(empty, "alerts")
    assert said(post(empty, hook(alert())), 201)["unassigned"]


def pagerduty(action, at=None, *, key="db-1", **payload):
    told = {"event_action": action, "dedup_key": key, "routing_key": "R-SECRET-KEY"}
    if action == "trigger" or at is not None or payload:
        told["payload"] = {"summary": "DB is slow", "source": "db1", "severity": "critical", **payload}
        told["payload"] |= {"timestamp": at.isoformat()} if at is not None else {}
    return told


def test_an_event_as_it_is_sent_to_pagerduty_is_an_incident_from_trigger_to_resolve(desk):
    details = {"service": "web", "depth": 3, "nested": {"a": 1}}
    assert said(post(desk, pagerduty("trigger", START, custom_details=details)), 201)["sender"] == "pagerduty"
    post(desk, pagerduty("acknowledge", START + 2 * MINUTE))
    post(desk, pagerduty("trigger", START + 3 * MINUTE))
    post(desk, pagerduty("resolve", START + 9 * MINUTE))
    one = only(desk)
    assert (one.ack_seconds, one.resolve_seconds, one.owner, one.title) == (120, 540, "web-team", "DB is slow")
    assert (len(demand(desk)), figures(desk).alerts) == (1, 1)
    assert "R-SECRET-KEY" not in "".join(record.model_dump_json() for record in records(desk))


def test_the_same_key_after_its_end_is_another_alert(desk):
    for at, action in ((0, "trigger"), (5, "resolve"), (30, "trigger"), (40, "resolve")):
        post(desk, pagerduty(action, START + at * MINUTE))
    assert sorted(one.resolve_seconds for one in incidents(desk)) == [300, 600]
    assert said(post(desk, pagerduty("trigger", START + 2 * MINUTE)))["known"] == 1
    assert said(post(desk, pagerduty("resolve")))["known"] == 1
    assert figures(desk).alerts == 2


@pytest.mark.parametrize("order", list(permutations(("trigger", "acknowledge", "resolve"))))
def test_events_that_arrive_in_the_wrong_order_tell_the_same(desk, order):
    at = {"trigger": START, "acknowledge": START + 2 * MINUTE, "resolve": START + 9 * MINUTE}
    for action in (*order, *order):
        assert post(desk, pagerduty(action, at[action])).status_code in {200, 201}
    one = only(desk)
    assert (one.started, one.ack_seconds, one.resolve_seconds) == (START, 120, 540)


def test_an_event_without_a_time_happened_when_it_was_heard(desk):
    post(desk, pagerduty("trigger"))
    post(desk, pagerduty("resolve"))
    one = only(desk)
    assert NOW - MINUTE <= one.started <= one.resolved
    assert one.resolve_seconds is not None


def test_an_end_that_is_told_first_waits_for_its_beginning(desk):
    post(desk, pagerduty("resolve"))
    assert (only(desk).started, only(desk).over, figures(desk).mttr.unknown) == (None, True, 1)
    assert said(post(desk, pagerduty("trigger")))["known"] == 1
    assert len(incidents(desk)) == 1


def zabbix(value="1", *, event="4711", start=START, end=None, **more):
    def local(moment, name):
        here = moment.astimezone(ZONE)
        return {f"{name}_date": f"{here:%Y.%m.%d}", f"{name}_time": f"{here:%H:%M:%S}"}

    told = {
        "event_id": event,
        "event_value": value,
        "event_name": "CPU が高い",
        "event_severity": "High",
        "host_name": "web1",
        "event_tagsjson": '[{"tag": "service", "value": "web"}, {"tag": "severity", "value": "x"}]',
        **local(start, "event"),
        "event_recovery_date": "{EVENT.RECOVERY.DATE}",
        "event_recovery_time": "{EVENT.RECOVERY.TIME}",
    }
    return {**told, **(local(end, "event_recovery") if end is not None else {}), **more}


def test_a_problem_of_zabbix_is_an_incident_in_the_time_zone_of_its_server(desk):
    assert said(post(desk, zabbix()), 201)["sender"] == "zabbix"
    at = (START + 3 * MINUTE).astimezone(ZONE)
    acknowledged = {"event_update_status": "1", "event_update_action": "acknowledged, commented"}
    post(desk, zabbix(**acknowledged, event_update_date=f"{at:%Y.%m.%d}", event_update_time=f"{at:%H:%M:%S}"))
    post(desk, zabbix("0", end=START + 8 * MINUTE))
    one = only(desk)
    assert (one.started, one.ack_seconds, one.resolve_seconds) == (START, 180, 480)
    assert (one.title, one.severity, figures(desk).unassigned) == ("web1 CPU が高い", "High", 1)


def test_a_trigger_of_zabbix_that_comes_back_at_once_is_the_same_occasion(desk):
    post(desk, zabbix("0", event="1", trigger_id="9", end=START + MINUTE))
    post(desk, zabbix("0", event=2, trigger_id=9, start=START + 3 * MINUTE, end=START + 4 * MINUTE))
    post(desk, zabbix("1", event="3", trigger_id="9", start=START + 30 * MINUTE))
    assert sorted(str(one.resolve_seconds) for one in incidents(desk)) == ["240", "None"]
    assert figures(desk).alerts == 3


def test_the_time_zone_of_zabbix_can_be_another_one(desk):
    rules = desk.place.root / "runbooks/site/alerts.yaml"
    rules.write_text(f"timezone: UTC\n{rules.read_text(encoding='utf-8')}", encoding="utf-8")
    desk.place.publish()
    told = zabbix()
    told |= {
        "event_date": f"{START:%Y.%m.%d}",
        "event_time": f"{START:%H:%M:%S}",
        "event_tagsjson": "",
        "event_tags": "service:web,x",
    }
    post(desk, told)
    assert only(desk).started == START
    post(desk, zabbix(event="2", event_timestamp=str(int(START.timestamp()))))
    assert {one.started for one in incidents(desk)} == {START}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({}, ["Nobody's form"]),
        ([], ["Nobody's form"]),
        ("alert", ["Nobody's form"]),
        ({"status": "firing", "x" * 60: 1}, ["fields: status", "…"]),
        (hook(alert()) | {"version": "3"}, ["version"]),
        (hook(alert()) | {"alerts": []}, ["alerts"]),
        (hook(alert()) | {"alerts": [{}]}, ["alerts.0.status", "alerts.0.startsAt"]),
        (hook(alert()) | {"truncatedAlerts": -1}, ["truncatedAlerts"]),
        (hook(alert()) | {"groupKey": ""}, ["groupKey"]),
        (hook(alert(start="2026-11-20T10:00:00")), ["alerts.0.startsAt", "offset"]),
        (hook(alert(), alert(end="gestern")), ["alerts.1.endsAt", "gestern"]),
        (hook(alert(labels={"n": 5})), ["alerts.0.labels.n"]),
        (pagerduty("close"), ["event_action"]),
        ({"event_action": "trigger", "payload": {"summary": "x"}}, ["dedup_key"]),
        ({"event_action": "trigger", "dedup_key": "k"}, ["payload.summary"]),
        (pagerduty("trigger", key="k" * 256), ["dedup_key"]),
        (pagerduty("trigger", timestamp="2026-11-20"), ["payload.timestamp"]),
        (zabbix(event="DROP"), ["event_id"]),
        (zabbix("2"), ["event_value"]),
        (zabbix(event_date="20.11.2026"), ["event_date", "20.11.2026"]),
        (zabbix(event_timestamp="9" * 30), ["event_timestamp"]),
    ],
)
def test_what_cannot_be_is_refused_with_its_place_and_records_nothing(desk, told, words):
    answer = post(desk, told)
    assert answer.status_code == 422, answer.text
    assert answer.json()["next"]
    for word in words:
        assert word in answer.text
    assert post(desk, told, lang="ja").json()["message"] != answer.json()["message"]
    assert records(desk) == []


def test_what_is_no_json_or_too_deep_or_too_long_is_refused(desk):
    for body in (b"{", b"\xff", b"[" * 100_000, b'{"alerts": NaN}', b""):
        assert post(desk, content=body).status_code == 422
    assert post(desk, content=b"{}", headers={"content-type": "text/plain"}).status_code == 415
    assert post(desk, content=b" " * (MOST_BYTES + 1)).status_code == 413
    assert desk.get("/api/alerts").status_code == 405
    many = hook(*[alert(f"h{number}") for number in range(5_001)])
    assert post(desk, many).status_code == 422
    assert records(desk) == []


def test_many_alerts_in_one_message_are_one_record_of_alerts(desk):
    told = hook(*[alert(f"h{number}") for number in range(2_000)])
    assert said(post(desk, told), 201)["new"] == 2_000
    assert said(post(desk, told))["known"] == 2_000
    assert [record.draft.kind for record in records(desk)] == ["incident", "alert"]
    assert figures(desk).alerts == 2_000


def test_hostile_texts_are_kept_on_one_line_and_cut(desk):
    nasty = "\u202e<script>alert(1)</script>\r\n=cmd|' /C calc'!A0\x1b[2J\x00" + "長" * 400
    post(desk, hook(alert(nasty, labels={nasty: nasty}), commonAnnotations={"summary": nasty}, group=nasty))
    one = only(desk)
    assert len(one.title) == 200
    assert not set(one.title) & set("\u202e\r\n\x1b\x00")
    (record,) = [record for record in records(desk) if record.draft.kind == "alert"]
    assert all(len(value) <= 200 for labels in record.draft.body["labels"] for value in labels.values())


def test_a_lone_surrogate_is_no_json_text_and_is_refused(desk):
    assert (
        post(desk, content=b'{"event_action": "trigger", "dedup_key": "\\ud800", "payload": {"summary": "x"}}').status_code == 422
    )


def test_newer_senders_may_say_more(desk):
    assert said(post(desk, hook(alert(newField=[1], generatorURL=None), receiver="x", notificationReason="new")), 201)["new"] == 1


def test_an_alert_without_a_fingerprint_is_known_by_its_labels(desk):
    post(desk, hook(alert(fingerprint="0123456789abcdef")))
    assert said(post(desk, hook(alert(fingerprint="0123456789abcdef", labels={"extra": "x"}))))["known"] == 1
    assert said(post(desk, hook(alert())))["new"] == 1


def test_only_a_token_of_the_scope_opens_it(desk):
    told = hook(alert())
    for sent in (None, "Bearer tema_wrong", f"Basic {desk.token}", "Bearer "):
        answer = post(desk, told, headers={"authorization": sent})
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert "--scope alerts" in answer.json()["next"]
    for scope in ("demand", "worker"):
        assert post(desk, told, headers={"authorization": f"Bearer {made(desk, scope)}"}).status_code == 403
    desk.sign_in("carol", "operator")
    assert post(desk, told).status_code == 403
    assert records(desk) == []


def test_a_page_of_somebody_else_cannot_send_it(desk):
    for headers in ({"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}):
        assert post(desk, hook(alert()), headers=headers).status_code == 403
    assert records(desk) == []


def test_a_database_that_cannot_be_written_asks_to_try_again(desk):
    desk.opened.database.close()
    desk.opened.settings.state_dir.joinpath("temanashi.db").unlink()
    answer = post(desk, hook(alert()))
    assert answer.status_code == 503
    assert answer.json()["next"]


def test_a_run_against_the_incident_earns_what_the_signed_minutes_say(desk):
    desk.place.runbook("recover", {"id": "go", "command": {"run": ["echo", "ok"]}}, toil={"demand": {"source": "alerts"}})
    desk.place.publish()
    task = ProposedTask(
        task="recover", title=LocalText(plain="x"), category="routine", owner="ops", demand=Demand(source="alerts", per_month=1)
    )
    signed = sign(task, Seconds.of_minutes(20), actor=ALICE, now=START - timedelta(days=40), zone=ZONE)
    with desk.opened.database.transaction() as connection:
        desk.opened.ledger.append(connection, signed)
    post(desk, hook(alert()))
    shown = desk.get("/incidents?lang=en").text
    assert f'href="/tema/runbooks/recover/run?ticket={only(desk).key}&amp;lang=en"' in shown
    assert f'value="{only(desk).key}"' in desk.get(f"/runbooks/recover/run?ticket={only(desk).key}").text
    desk.run("recover", ticket=only(desk).key)
    month = Month.of(day_of(START, ZONE))
    with desk.opened.database.reading() as connection:
        told = read_month(desk.opened.ledger, connection, month, zone=ZONE)
        published = current_version(connection, kinds=desk.engine.kinds)
    tasks = proposed_tasks(published.runbooks.values())
    month_of = month_figures(told, tasks, month, now=NOW, zone=ZONE, goal=0.5, calendar=BusinessCalendar())
    (mine,) = [one for one in month_of.tasks if one.task == "recover"]
    assert (mine.units_due, mine.units_credited, mine.sums.credited_seconds, mine.sources) == (1, 1, 1200, {"alerts": 1})


WORDS = st.sampled_from(
    [
        "version",
        "4",
        "groupKey",
        "alerts",
        "status",
        "firing",
        "resolved",
        "startsAt",
        "endsAt",
        "labels",
        "truncatedAlerts",
        "event_action",
        "trigger",
        "resolve",
        "dedup_key",
        "payload",
        "summary",
        "timestamp",
        "custom_details",
        "event_id",
        "event_value",
        "1",
        "0",
        "event_date",
        "event_time",
        "event_timestamp",
        "event_tags",
        "{EVENT.ID}",
        "0001-01-01T00:00:00Z",
        "2026-11-20T10:00:00Z",
        "9999-12-31T23:59:59-23:59",
        "0001-01-01T00:00:00+23:59",
        "2026.11.20",
        "10:00:00",
        "\x00",
        "\u202e",
    ]
)
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | WORDS
    | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=12,
)
SHAPES = [hook(alert()), pagerduty("trigger", START), zabbix()]


@given(
    shape=st.sampled_from(SHAPES),
    changed=st.dictionaries(WORDS, ANYTHING, max_size=4),
    within=st.dictionaries(WORDS, ANYTHING, max_size=4),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_whatever_is_sent_is_understood_or_refused_and_never_an_error_of_ours(desk, shape, changed, within):
    told = shape | changed
    if isinstance(told.get("alerts"), list) and told["alerts"] and isinstance(told["alerts"][0], dict):
        told["alerts"] = [told["alerts"][0] | within]
    if isinstance(told.get("payload"), dict):
        told["payload"] = told["payload"] | within
    answer = post(desk, told)
    assert answer.status_code in {200, 201, 422}, answer.text
    for one in incidents(desk):
        assert one.resolve_seconds is None or one.resolve_seconds >= 0
