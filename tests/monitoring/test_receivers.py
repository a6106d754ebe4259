"""What goes over the wire, to a receiver on loopback; nothing lost while it is down, nothing sent twice."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from fixtures_receiver import FakeReceiver
from fixtures_runs import ALICE
from fixtures_up import free_port
from temanashi.changes import Verdict
from temanashi.hosts.inventory import Inventory
from temanashi.monitoring.acknowledging import acknowledge, problems_named
from temanashi.monitoring.alerting import Alerts, settle_alerts
from temanashi.monitoring.events import KEY_LENGTH
from temanashi.monitoring.outbox import GIVE_UP, enqueue, forget_sent, pending, send_waiting
from temanashi.monitoring.receivers.address import Address
from temanashi.monitoring.receivers.pagerduty import PagerDuty
from temanashi.monitoring.receivers.posting import post_json, wait_of
from temanashi.monitoring.receivers.webhook import Webhook, fingerprint
from temanashi.monitoring.tables import OUTBOX
from temanashi.secrets import SecretMissing

KEY = "R0UT1NGK3Y-secret"
PAGE = "http://tema.example/tema"


def secrets(ref):
    if ref == "env:MISSING":
        raise SecretMissing(ref)
    return {"env:KEY": KEY, "env:TOKEN": "Bearer t0ken"}.get(ref, ref)


@pytest.fixture
def fake():
    made = FakeReceiver()
    yield made
    made.close()


class Wire:
    """Runs whose alerts go to receivers."""

    def __init__(self, world, receivers):
        self.world, self.receivers = world, receivers

    def settle(self):
        now = self.world.clock.now()
        with self.world.database.transaction() as connection:
            events = settle_alerts(connection, now=now, alerts=Alerts(inventory=lambda _: self.world.inventory))
            enqueue(connection, events, self.receivers, now=now)

    def send(self):
        return send_waiting(self.world.database, self.receivers, clock=self.world.clock)

    def run(self, *verdicts, **how):
        for verdict in verdicts or (None,):
            self.world.run(*([verdict] if verdict else []), **how)
            self.settle()
        return self.send()

    def pending(self):
        with self.world.database.reading() as connection:
            return [(one.receiver, one.state, one.count) for one in pending(connection)]


@pytest.fixture
def pagerduty(world, fake):
    service = PagerDuty(routing_key="env:KEY", url=f"{fake.url}/", lang="en", page=PAGE, secret=secrets, now=world.clock.now)
    return Wire(world, [service])


@pytest.fixture
def webhook(world, fake):
    hook = Webhook(
        title="am", url=f"{fake.url}/hook", authorization="env:TOKEN", lang="ja", page=PAGE, secret=secrets, now=world.clock.now
    )
    return Wire(world, [hook])


def test_pagerduty_hears_trigger_and_resolve_under_one_key(pagerduty, fake):
    assert pagerduty.run("CRITICAL").sent == 1
    assert pagerduty.run("CRITICAL").sent == 0
    assert pagerduty.run("OK").sent == 1
    first, last = fake.taken
    assert fake.heard[0][0] == "/v2/enqueue"
    assert first["routing_key"] == last["routing_key"] == KEY
    assert (first["event_action"], last["event_action"]) == ("trigger", "resolve")
    assert first["dedup_key"] == last["dedup_key"]
    assert len(first["dedup_key"]) <= KEY_LENGTH
    payload = first["payload"]
    assert (payload["severity"], payload["source"], payload["class"]) == ("critical", "web1", "problem")
    assert payload["summary"].startswith("CRITICAL: web1 disk: ")
    assert payload["custom_details"]["hosts"] == ["web1"]
    assert first["client_url"] == f"{PAGE}/problems"
    assert set(last) == {"routing_key", "event_action", "dedup_key"}


def test_pagerduty_gets_every_field_in_the_form_of_its_events_api_v2(pagerduty, fake):
    pagerduty.run("CRITICAL")
    (body,) = fake.taken
    assert set(body) == {"routing_key", "event_action", "dedup_key", "payload", "client", "client_url"}
    payload = body["payload"]
    assert set(payload) == {"summary", "source", "severity", "timestamp", "component", "group", "class", "custom_details"}
    assert {name for name, value in payload.items() if not isinstance(value, str)} == {"custom_details"}
    assert datetime.fromisoformat(payload["timestamp"]).tzinfo is not None


@pytest.fixture
def offering(world):
    """A check that offers a runbook, as journals of runs have it."""
    world.checks = [{"id": "disk", "kind": "disk", "runbook": {"id": "free-disk", "params": {"host": "{{ host.name }}"}}}]
    return world


def test_an_alert_leads_to_the_runbook_that_fixes_it(offering, pagerduty, fake):
    pagerduty.run("CRITICAL")
    (problem,) = offering.problems()
    (link,) = fake.taken[0]["links"]
    assert link == {"href": f"{PAGE}/problems/{problem.id}/remedy", "text": "What fixes it (free-disk, web1)"}
    pagerduty.run("OK")
    assert "links" not in fake.taken[1]


def test_the_webhook_leads_there_by_the_name_that_prometheus_rules_use(offering, webhook, fake):
    webhook.run("WARNING", "CRITICAL", "OK")
    (problem,) = [one for body in fake.taken for one in body["alerts"]][:1]
    address = problem["annotations"]["runbook_url"]
    assert address.startswith(f"{PAGE}/problems/")
    assert f"直す手順書（free-disk、web1）: {address}" in problem["annotations"]["description"]
    second, third = fake.taken[1:]
    assert [alert["annotations"].get("runbook_url") for alert in second["alerts"]] == [None, address]
    assert "runbook_url" not in second["commonAnnotations"]
    assert "runbook_url" not in third["alerts"][0]["annotations"]


def test_mail_leads_there_too_and_to_ten_at_most(offering, mail):
    offering.inventory = Inventory.model_validate({"hosts": {f"w{n:02}": {"transport": "local"} for n in range(12)}})
    for n in range(12):
        offering.say("CRITICAL", target=f"w{n:02}")
    mail.run()
    ((_, body, _),) = mail.told
    assert body.count("/remedy") == 10


@pytest.mark.parametrize(("verdict", "severity"), [("CRITICAL", "critical"), ("UNKNOWN", "error"), ("WARNING", "warning")])
def test_pagerduty_severities(pagerduty, fake, verdict, severity):
    pagerduty.run(verdict)
    assert fake.taken[0]["payload"]["severity"] == severity


def test_pagerduty_hears_of_an_acknowledgement_and_of_its_end_under_a_new_key(pagerduty, fake, world):
    pagerduty.run("CRITICAL")
    with world.database.transaction() as connection:
        acknowledge(
            connection,
            world.engine.ledger,
            problems_named(connection, world.problems()[0].id),
            until=world.clock.now() + timedelta(hours=1),
            reason="known",
            actor=ALICE,
            channel="cli",
            clock=world.clock,
        )
    pagerduty.settle()
    pagerduty.send()
    world.clock.pass_by(3600)
    pagerduty.settle()
    pagerduty.send()
    actions = [(body["event_action"], body["dedup_key"].rpartition(":")[2]) for body in fake.taken]
    assert actions == [("trigger", "1"), ("acknowledge", "1"), ("resolve", "1"), ("trigger", "2")]


def test_a_summary_is_never_longer_than_pagerduty_takes(pagerduty, fake, world):
    world.checks = [{"id": "disk", "kind": "disk", "title": "x" * 2000}]
    pagerduty.run("CRITICAL")
    assert len(fake.taken[0]["payload"]["summary"]) == 1024


def test_the_routing_key_never_lies_in_the_database(pagerduty, fake, world):
    pagerduty.run("CRITICAL", "OK")
    world.database.close()
    assert fake.taken
    for file in (world.engine.database.address.file.parent).iterdir():
        assert KEY.encode() not in file.read_bytes()


@pytest.mark.parametrize("status", [429, 500, 503, 408])
def test_nothing_is_lost_while_a_receiver_is_busy(pagerduty, fake, world, status):
    fake.answers = [(status, {})]
    done = pagerduty.run("CRITICAL")
    assert done.sent == 0
    assert str(status) in done.failures[0].text("en")
    assert pagerduty.send().sent == 0, "it backs off"
    world.clock.pass_by(30)
    assert pagerduty.send().sent == 1
    assert len(fake.taken) == 1


def test_a_receiver_is_not_asked_sooner_than_it_says(pagerduty, fake, world):
    fake.answers = [(429, {"retry-after": "600"})]
    pagerduty.run("CRITICAL")
    world.clock.pass_by(599)
    assert pagerduty.send().sent == 0
    assert len(fake.heard) == 1
    world.clock.pass_by(1)
    assert pagerduty.send().sent == 1


def test_the_pauses_grow(pagerduty, fake, world):
    fake.answers = [(500, {})] * 9
    pagerduty.run("CRITICAL")
    for pause in (30, 60, 120, 240, 480, 900, 900, 900):
        world.clock.pass_by(pause - 1)
        assert pagerduty.send().failures == []
        world.clock.pass_by(1)
        assert len(pagerduty.send().failures) == 1


def test_what_a_receiver_refuses_is_not_sent_again_and_is_told(pagerduty, fake, world):
    fake.answers = [(400, {})]
    assert "400" in pagerduty.run("CRITICAL").failures[0].text("ja")
    world.clock.pass_by(9999)
    assert pagerduty.send().sent == 0
    assert pagerduty.pending() == [("pagerduty", "failed", 1)]


def test_a_receiver_that_is_down_for_long_gets_everything_in_order_when_it_is_back(world, fake):
    dead = f"http://127.0.0.1:{free_port()}"
    service = PagerDuty(routing_key="env:KEY", url=dead, lang="en", page=PAGE, secret=secrets, now=world.clock.now)
    wire = Wire(world, [service])
    wire.run("CRITICAL", "OK", "WARNING")
    assert wire.pending() == [("pagerduty", "waiting", 3)]
    wire.receivers = [replace(service, url=fake.url)]
    world.clock.pass_by(3600)
    assert wire.send().sent == 3
    assert [(b["event_action"], b.get("payload", {}).get("severity")) for b in fake.taken] == [
        ("trigger", "critical"),
        ("resolve", None),
        ("trigger", "warning"),
    ]
    assert fake.taken[0]["dedup_key"] == fake.taken[1]["dedup_key"] != fake.taken[2]["dedup_key"]


def test_threads_that_send_at_the_same_time_send_each_message_once(pagerduty, fake, world):
    for verdict in ("CRITICAL", "OK", "WARNING", "CRITICAL", "OK"):
        world.run(verdict)
        pagerduty.settle()
    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(pagerduty.send) for _ in range(4)]:
            future.result()
    while pagerduty.send().sent:
        pass
    keys = [(body["dedup_key"], body["event_action"]) for body in fake.taken]
    assert len(keys) == len(set(keys)) + 1 == 5  # worse is told under the key of the problem


def test_what_a_process_was_sending_when_it_died_is_sent_after_a_while(pagerduty, fake, world):
    world.run("CRITICAL")
    pagerduty.settle()
    with world.database.transaction() as connection:
        claimed = (world.clock.now() + timedelta(minutes=2)).isoformat(timespec="microseconds")
        connection.execute(update(OUTBOX).values(claimed_until=claimed))
    assert pagerduty.send().sent == 0
    world.clock.pass_by(121)
    assert pagerduty.send().sent == 1


def test_one_receiver_that_is_down_holds_no_other_back(world, fake):
    good = PagerDuty(routing_key="env:KEY", url=fake.url, lang="en", page=PAGE, secret=secrets, now=world.clock.now)
    bad = Webhook(
        title="x", url="http://127.0.0.1:9/", authorization=None, lang="en", page=PAGE, secret=secrets, now=world.clock.now
    )
    wire = Wire(world, [bad, good])
    done = wire.run("CRITICAL")
    assert (done.sent, len(done.failures)) == (1, 1)
    assert wire.pending() == [("webhook:x", "waiting", 1)]


def test_a_secret_that_is_missing_is_waited_for(world, fake):
    service = PagerDuty(routing_key="env:MISSING", url=fake.url, lang="en", page=PAGE, secret=secrets, now=world.clock.now)
    wire = Wire(world, [service])
    assert "env:MISSING" in wire.run("CRITICAL").failures[0].text("ja")
    hook = Webhook(title="x", url="env:MISSING", authorization=None, lang="en", page=PAGE, secret=secrets, now=world.clock.now)
    assert hook.send({}).result == "later"
    assert fake.heard == []


def test_a_receiver_that_left_the_settings_gets_nothing_more(pagerduty, world):
    world.run("CRITICAL")
    pagerduty.settle()
    pagerduty.receivers = []
    assert "pagerduty" in pagerduty.send().failures[0].text("en")
    assert pagerduty.pending() == [("pagerduty", "failed", 1)]


def test_after_a_week_it_is_given_up_and_later_forgotten(pagerduty, fake, world):
    fake.answers = [(500, {}), (500, {})]
    pagerduty.run("CRITICAL")
    world.clock.pass_by(GIVE_UP.total_seconds() + 60)
    pagerduty.send()
    assert pagerduty.pending() == [("pagerduty", "failed", 1)]
    with world.database.transaction() as connection:
        forget_sent(connection, world.clock.now())
    assert pagerduty.pending() == []


def test_an_address_that_is_none_is_given_up_at_once(world):
    sent = post_json("x", "http://[::1", {}, headers={}, now=world.clock.now())
    assert sent.result == "never"
    assert post_json("x", "gopher://127.0.0.1/", {}, headers={}, now=world.clock.now()).result == "later"


def test_redirects_are_not_followed(world, fake):
    fake.answers = [(307, {"location": "http://127.0.0.1:9/"})]
    assert post_json("x", fake.url, {}, headers={}, now=world.clock.now()).result == "never"
    assert len(fake.heard) == 1


def test_how_long_to_wait_is_read_as_seconds_or_a_date(world):
    now = world.clock.now()
    assert wait_of("120", now=now) == 120
    assert wait_of("Fri, 20 Nov 2026 00:05:00 GMT", now=now) == 300
    assert wait_of("99999999", now=now) == 3600
    assert wait_of("-5", now=now) == 0
    assert wait_of("", now=now) is None
    assert wait_of("soon", now=now) is None
    assert wait_of("nan", now=now) is None


def test_the_webhook_speaks_alertmanagers_version_4(webhook, fake, world):
    webhook.run("WARNING")
    path, headers, body, _ = fake.heard[0]
    assert (path, headers["authorization"]) == ("/hook", "Bearer t0ken")
    assert set(body) == {
        "version", "groupKey", "truncatedAlerts", "status", "receiver", "groupLabels", "commonLabels", "commonAnnotations",
        "externalURL", "alerts",
    }  # fmt: skip
    assert (body["version"], body["status"], body["truncatedAlerts"], body["receiver"]) == ("4", "firing", 0, "am")
    (alert,) = body["alerts"]
    assert alert["labels"] == {
        "alertname": "temanashi",
        "kind": "problem",
        "subject": "sample/look/disk@web1",
        "runbook": "sample",
        "severity": "warning",
        "check": "disk",
        "instance": "web1",
    }
    assert alert["fingerprint"] == fingerprint(alert["labels"])
    assert (alert["status"], alert["endsAt"]) == ("firing", "0001-01-01T00:00:00Z")
    assert "警告" in alert["annotations"]["summary"]


def test_a_change_of_severity_ends_the_alert_under_its_old_labels(webhook, fake):
    webhook.run("WARNING", "CRITICAL", "OK")
    first, second, third = fake.taken
    assert [(a["status"], a["labels"]["severity"]) for a in second["alerts"]] == [("resolved", "warning"), ("firing", "critical")]
    assert second["alerts"][0]["fingerprint"] == first["alerts"][0]["fingerprint"]
    assert third["alerts"][0]["fingerprint"] == second["alerts"][1]["fingerprint"]
    assert {alert["startsAt"] for body in fake.taken for alert in body["alerts"]} == {first["alerts"][0]["startsAt"]}
    assert third["status"] == "resolved"
    open_ = set()
    for body in fake.taken:
        for alert in body["alerts"]:
            (open_.add if alert["status"] == "firing" else open_.discard)(alert["fingerprint"])
    assert open_ == set()


def test_labels_that_hold_quotes_do_not_break_the_group_key(webhook, fake, world):
    world.inventory = Inventory.model_validate({"hosts": {f"w{n}": {"transport": "local", "system": 'a"b\\c'} for n in range(2)}})
    for n in range(2):
        world.say("UNKNOWN", target=f"w{n}")
    webhook.run()
    assert fake.taken[0]["groupKey"] == '{}:{alertname="temanashi", kind="system", subject="a\\"b\\\\c"}'


def test_an_outage_is_one_alert_on_the_wire(webhook, fake, world):
    world.inventory = Inventory.model_validate(
        {"hosts": {f"w{n:02}": {"transport": "local", "system": "order"} for n in range(20)}}
    )
    for n in range(20):
        world.say("UNKNOWN", target=f"w{n:02}")
    webhook.run()
    (body,) = fake.taken
    assert [(a["labels"]["kind"], a["labels"]["subject"]) for a in body["alerts"]] == [("system", "order")]
    assert "w19" in body["alerts"][0]["annotations"]["description"]


def test_fingerprints_are_those_of_prometheus():
    assert fingerprint({}) == "cbf29ce484222325"
    # labelSetToFingerprint of prometheus/common, worked out by hand for one label: "a" 0xff "b" 0xff
    value = 0xCBF29CE484222325
    for octet in (0x61, 0xFF, 0x62, 0xFF):
        value = ((value ^ octet) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    assert fingerprint({"a": "b"}) == f"{value:016x}"
    assert fingerprint({"b": "1", "a": "2"}) == fingerprint({"a": "2", "b": "1"})


@pytest.fixture
def mail(world):
    told = []

    def deliver(url, *, title, body, recovery):
        if told and told[-1] == "down":
            return False
        told.append((title, body, recovery))
        return True

    wire = Wire(world, [Address(ref="env:MAIL", lang="ja", page=PAGE, secret=secrets, deliver=deliver)])
    wire.told = told
    return wire


def test_mail_gets_one_message_a_run_however_many_problems_it_found(mail, world):
    world.say("CRITICAL", target="web1")
    world.say("WARNING", target="web2")
    mail.run()
    ((title, body, recovery),) = mail.told
    assert (title, recovery) == ("点検の通知：問題 2 件、復旧 0 件", False)
    assert "web1 disk 異常" in body
    assert body.endswith(f"{PAGE}/problems")


def test_mail_hears_of_the_end_as_a_recovery_and_never_of_acknowledgements(mail, world):
    mail.run("CRITICAL")
    mail.run("OK")
    assert [(title.partition("：")[0], recovery) for title, _, recovery in mail.told] == [("異常", False), ("復旧", True)]


def test_mail_that_did_not_arrive_is_sent_later(mail, world):
    mail.told.append("down")
    assert mail.run("CRITICAL").failures
    mail.told.clear()
    world.clock.pass_by(30)
    assert mail.send().sent == 1


def test_a_message_is_never_endless(mail, world):
    world.inventory = Inventory.model_validate({"hosts": {f"w{n:03}": {"transport": "local"} for n in range(60)}})
    world.checks = [{"id": f"c{n}", "kind": "disk"} for n in range(3)]
    for n in range(60):
        world.say("CRITICAL", target=f"w{n:03}", check=f"c{n % 3}")
    for n in range(0, 60, 2):
        world.say("CRITICAL", target=f"w{n:03}", check=f"c{(n + 1) % 3}")
    mail.run()
    assert len(mail.told[0][1].splitlines()) <= 110
    assert json.dumps(mail.told)
    assert Verdict.CRITICAL
