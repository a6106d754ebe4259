"""What other systems tell, pure: in any order, as often as it comes, and as we ourselves would tell it."""

import json
import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures_receiver import FakeReceiver
from monitoring.test_receivers import Wire, secrets
from temanashi.monitoring.receivers.pagerduty import PagerDuty
from temanashi.monitoring.receivers.webhook import Webhook
from temanashi.monitoring.senders.contract import Member, Told
from temanashi.monitoring.senders.following import AHEAD, follow, group_id
from temanashi.monitoring.senders.recognising import told_in
from temanashi.monitoring.senders.rules import AlertRule, AlertRules, assigned
from temanashi.monitoring.senders.store import forget_members, read_members, write_members

ZONE = ZoneInfo("Asia/Tokyo")
START = datetime(2026, 11, 20, 1, tzinfo=UTC)
NOW = START + timedelta(days=1)
GAP = timedelta(minutes=5)
MINUTE = timedelta(minutes=1)


class Heard:
    """Everything that was told of a group so far."""

    def __init__(self):
        self.rows, self.turns, self.began = {}, [], 0

    def hear(self, told, now=NOW):
        found = follow(self.rows.values(), told, now=now, gap=GAP)
        self.rows |= {one.member: one for one in found.kept}
        self.turns += found.turns
        self.began += sum(len(one) for one in found.began.values())
        return found

    @property
    def incidents(self):
        return sorted({one.incident for one in self.rows.values()})


def told(*members, sender="alertmanager", group="g"):
    return Told(sender=sender, group=group, title="t", members=tuple(members))


def member(start, end=None, name="a"):
    began = START + start * MINUTE
    over = {"state": "resolved", "ended": START + end * MINUTE} if end is not None else {"state": "firing"}
    return Member(id=f"{name}@{began.isoformat()}", started=began, **over)


ALERTS = st.lists(
    st.tuples(st.integers(0, 600), st.integers(0, 60), st.sampled_from("abc")),
    min_size=1,
    max_size=6,
    unique_by=lambda one: one[::2],
)


@given(alerts=ALERTS, seed=st.integers(0, 10_000))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_messages_may_come_in_any_order_and_twice(alerts, seed):
    messages = [told(member(start, name=name)) for start, _, name in alerts]
    messages += [told(member(start, start + long, name=name)) for start, long, name in alerts]
    shuffled = [*messages, *messages]
    random.Random(seed).shuffle(shuffled)
    heard = Heard()
    for message in shuffled:
        heard.hear(message)
    assert {(one.started, one.ended, one.over) for one in heard.rows.values()} == {
        (START + start * MINUTE, START + (start + long) * MINUTE, True) for start, long, _ in alerts
    }
    assert heard.began == len(alerts)
    before = len(heard.turns)
    for message in shuffled:
        assert heard.hear(message).repeated == 1
    assert len(heard.turns) == before
    last = {turn.incident: turn for turn in heard.turns if turn.state in {"resolved", "reopened"}}
    for incident in heard.incidents:
        mine = [one for one in heard.rows.values() if one.incident == incident]
        assert (last[incident].state, last[incident].at) == ("resolved", max(one.ended for one in mine))


def test_one_message_tells_an_alert_once_and_its_end_counts():
    heard = Heard()
    found = heard.hear(told(member(0), member(0, 9), member(0)))
    assert ([turn.state for turn in found.turns], heard.began) == (["opened", "resolved"], 1)


def test_what_ended_before_an_open_incident_began_is_another_incident():
    heard = Heard()
    heard.hear(told(member(60)))
    heard.hear(told(member(0, 10, "b")))
    assert len(heard.incidents) == 2
    heard.hear(told(member(50, 58, "c")))
    assert len(heard.incidents) == 2


def test_an_end_ahead_of_now_is_none_and_clocks_may_differ_a_little():
    heard = Heard()
    ahead = Member(id="a", state="resolved", started=START, ended=NOW + AHEAD + MINUTE)
    found = heard.hear(told(ahead))
    assert found.odd[heard.incidents[0]] == {"clock"}
    assert [turn.at for turn in found.turns if turn.state == "resolved"] == [None]
    close = Member(id="b", state="firing", started=NOW + AHEAD)
    assert Heard().hear(told(close, group="other")).odd == {}


def test_groups_of_two_senders_are_never_one():
    names = {group_id(told(sender=sender)) for sender in ("alertmanager", "zabbix", "pagerduty")}
    assert len(names) == 3
    assert len(group_id(told(group="長" * 9_000))) == 40


def event(state, at=None, said=None):
    moment = START + at * MINUTE if at is not None else None
    return told(
        Member(
            id="",
            state=state,
            started=moment if state == "firing" else None,
            ended=moment if state == "resolved" else None,
            said_at=moment,
        ),
        sender="pagerduty",
    )


def test_an_earlier_trigger_that_comes_late_moves_the_start_of_what_is_open():
    heard = Heard()
    heard.hear(event("firing", 10))
    found = heard.hear(event("firing", 3))
    assert [(turn.state, turn.at) for turn in found.turns] == [("opened", START + 3 * MINUTE)]
    assert heard.hear(event("firing", 7)).turns == []


def test_a_trigger_without_a_time_long_after_an_unexplained_end_is_another_alert():
    heard = Heard()
    heard.hear(event("resolved"), now=START)
    heard.hear(event("firing"), now=START + 2 * MINUTE)
    assert len(heard.incidents) == 1
    heard.hear(event("firing"), now=START + 20 * MINUTE)
    assert len(heard.incidents) == 2


def test_a_trigger_after_an_end_at_an_unknown_time_is_another_alert():
    heard = Heard()
    heard.hear(event("firing", 10))
    heard.hear(event("resolved", 5))
    assert [turn.at for turn in heard.turns if turn.state == "resolved"] == [None]
    assert heard.hear(event("firing", 10)).repeated == 1
    heard.hear(event("firing", 60))
    assert heard.began == 2


def test_an_acknowledgement_that_comes_first_is_that_of_what_is_told_then():
    heard = Heard()
    heard.hear(event("acknowledged", 4))
    heard.hear(event("firing", 0))
    heard.hear(event("acknowledged", 9))
    (incident,) = heard.incidents
    assert [(turn.state, turn.at) for turn in heard.turns] == [
        ("opened", None), ("acknowledged", START + 4 * MINUTE), ("opened", START),
    ]  # fmt: skip
    assert incident.startswith("alert-")


def test_labels_match_by_patterns_and_all_that_are_named():
    rules = AlertRules.model_validate(
        {
            "rules": [
                {"id": "a", "owner": "A", "match": {"x": ["1", "2*"], "y": "z?"}},
                {"id": "same", "owner": "A", "match": {"x": "1"}},
                {"id": "rest", "owner": "B"},
            ]
        }
    ).rules
    assert assigned(rules, [{"x": "1", "y": "zz"}]).rule.id == "a"
    assert assigned(rules, [{"x": "1", "y": "zz"}]).others == ()
    assert assigned(rules, [{"x": "22", "y": "zz"}]).rule.id == "a"
    assert assigned(rules, [{"x": "3", "y": "zz"}, {"x": "1"}]).rule.id == "same"
    assert assigned(rules, [{"x": "X"}]).rule.id == "rest"
    assert assigned((), [{"x": "1"}]).rule is None
    assert AlertRule(id="e", owner="E", match={"gone": "*"}).covers({})


def test_what_is_known_of_a_group_is_kept_and_forgotten_in_time(world):
    found = Heard().hear(told(member(0, 5), member(0, name="b")))
    with world.database.transaction() as connection:
        write_members(connection, "g", found.kept, now=NOW)
        assert sorted(read_members(connection, "g", [], now=NOW), key=lambda one: one.member) == sorted(
            found.kept, key=lambda one: one.member
        )
        late = NOW + timedelta(days=70)
        (still_open,) = read_members(connection, "g", [], now=late)
        assert not still_open.over
        names = [one.member for one in found.kept]
        assert len(read_members(connection, "g", [*names, *map(str, range(1_200))], now=late)) == 2
        forget_members(connection, late)
        assert [one.over for one in read_members(connection, "g", names, now=late)] == [False]
        assert read_members(connection, "other", names, now=late) == []


@pytest.fixture
def fake():
    made = FakeReceiver()
    yield made
    made.close()


@pytest.mark.parametrize("seed", range(6))
def test_another_temanashi_hears_our_webhook_repeated_and_in_any_order(world, fake, seed):
    hook = Webhook(
        title="am", url=f"{fake.url}/hook", authorization=None, lang="ja", page="http://x/tema", secret=secrets, now=world.clock.now
    )
    Wire(world, [hook]).run("WARNING", "CRITICAL", "WARNING", "OK")
    messages = [told_in(json.dumps(body).encode(), zone=ZONE) for body in fake.taken]
    assert len(messages) == 4
    assert {message.truncated for message in messages} == {0}
    shuffled = [*messages, *messages] if seed else messages
    if seed:
        random.Random(seed).shuffle(shuffled)
    heard = Heard()
    for message in shuffled:
        heard.hear(message, now=world.clock.now() + timedelta(days=1))
    assert len(heard.incidents) == 1
    assert all(one.over for one in heard.rows.values())


def test_two_webhooks_tell_the_same_alert_to_two_owners_under_one_group(world, fake):
    hooks = [
        Webhook(
            title=name,
            url=f"{fake.url}/{name}",
            authorization=None,
            lang="ja",
            page="http://x",
            secret=secrets,
            now=world.clock.now,
        )
        for name in ("web-team", "ops")
    ]
    Wire(world, hooks).run("CRITICAL", "OK")
    groups = {(path, body["groupKey"]) for path, _, body, _ in fake.heard}
    assert {path for path, _ in groups} == {"/web-team", "/ops"}
    assert len({group for _, group in groups}) == 1
    heard = Heard()
    for body in fake.taken:
        heard.hear(told_in(json.dumps(body).encode(), zone=ZONE), now=world.clock.now() + timedelta(days=1))
    assert (len(heard.incidents), heard.began) == (1, 1)


@pytest.mark.parametrize("turned", [False, True])
def test_another_temanashi_hears_our_events_for_pagerduty(world, fake, turned):
    service = PagerDuty(routing_key="env:KEY", url=fake.url, lang="en", page="http://x/tema", secret=secrets, now=world.clock.now)
    Wire(world, [service]).run("WARNING", "CRITICAL", "OK")
    messages = [told_in(json.dumps(body).encode(), zone=ZONE) for body in fake.taken]
    heard = Heard()
    for message in reversed(messages) if turned else messages:
        heard.hear(message, now=world.clock.now())
    for message in messages:
        heard.hear(message, now=world.clock.now())
    assert len(heard.incidents) == 1
    assert heard.began == 1
    assert heard.turns[-1].state == "resolved" or turned
    assert all(one.over for one in heard.rows.values())
