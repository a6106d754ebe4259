"""What changed between two reads and no run of ours did: each of our changes lies between the two with its before and after."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from fixtures_account_site import AccountSite
from temanashi.accounts.model import Account
from temanashi.accounts.reviews.drift import OurChange, drift_between
from temanashi.accounts.reviews.population import Entry, Target
from temanashi.ledger.records import Draft
from temanashi.workspace.our_account_changes import our_changes

START = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
OPEN = Entry(login="a", native_id="1", groups=("staff",))
CLOSED = OPEN.model_copy(update={"enabled": False})
NAMED = OPEN.model_copy(update={"name": "Another"})


def at(hours):
    return START + timedelta(hours=hours)


def read(hours, *entries, groups=None, nested=None):
    return Target(
        where="corp", kind="ldap", query="all", taken_at=at(hours), entries=entries, groups=groups or {}, nested=nested or {}
    )


def ours(before, after, *, start=1.0, end=1.1, **more):
    return OurChange(where="corp", login="a", run="R", started_at=at(start), ended_at=at(end), before=before, after=after, **more)


def told(before, after, *changes):
    return [
        (one.login or one.group, one.change, [f.field for f in one.fields], one.run)
        for one in drift_between(before, after, changes)
    ]


CASES = {
    "nothing": (OPEN, OPEN, [], []),
    "used only": (OPEN, OPEN.model_copy(update={"last_seen": at(1)}), [], []),
    "groups in another order": (
        OPEN.model_copy(update={"groups": ("x", "y")}),
        OPEN.model_copy(update={"groups": ("y", "x")}),
        [],
        [],
    ),
    "by somebody else": (OPEN, CLOSED, [], [("a", "changed", ["enabled"], "")]),
    "by us": (OPEN, CLOSED, [ours(OPEN, CLOSED)], []),
    "by us, and then by somebody else": (
        OPEN,
        CLOSED.model_copy(update={"name": "Another"}),
        [ours(OPEN, CLOSED)],
        [("a", "changed", ["name"], "")],
    ),
    "by somebody else before us": (
        OPEN,
        NAMED.model_copy(update={"enabled": False}),
        [ours(NAMED, NAMED.model_copy(update={"enabled": False}))],
        [("a", "changed", ["name"], "")],
    ),
    "taken back by somebody else": (OPEN, OPEN, [ours(OPEN, CLOSED)], [("a", "changed", ["enabled"], "")]),
    "twice by us": (OPEN, OPEN, [ours(OPEN, CLOSED), ours(CLOSED, OPEN, start=2, end=2.1)], []),
    "of another place": (
        OPEN,
        CLOSED,
        [ours(OPEN, CLOSED).model_copy(update={"where": "wiki"})],
        [("a", "changed", ["enabled"], "")],
    ),
    "before the first read": (OPEN, CLOSED, [ours(OPEN, CLOSED, start=-2, end=-1)], [("a", "changed", ["enabled"], "")]),
    "after the second read": (OPEN, CLOSED, [ours(OPEN, CLOSED, start=25, end=26)], [("a", "changed", ["enabled"], "")]),
    "under way and not seen yet": (OPEN, OPEN, [ours(OPEN, CLOSED, start=23, end=25)], []),
    "under way and seen already": (OPEN, CLOSED, [ours(OPEN, CLOSED, start=23, end=25)], []),
    "perhaps by us": (OPEN, CLOSED, [ours(None, None, known=False)], [("a", "changed", ["enabled"], "R")]),
    "made by somebody else": (None, OPEN, [], [("a", "added", ["account"], "")]),
    "made by us": (None, OPEN, [ours(None, OPEN)], []),
    "deleted by somebody else": (OPEN, None, [], [("a", "removed", ["account"], "")]),
    "made by us and deleted by somebody else": (None, None, [ours(None, OPEN)], [("a", "changed", ["account"], "")]),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_left_of_a_change(case):
    was, now, changes, wanted = CASES[case]
    assert told(read(0, *filter(None, [was])), read(24, *filter(None, [now])), *changes) == wanted


def test_members_that_the_group_tells_are_groups_of_the_account():
    assert told(read(0, OPEN), read(24, OPEN, groups={"admins": ("a", "stranger")})) == [("a", "changed", ["groups"], "")]
    assert told(read(0, OPEN), read(24, OPEN, groups={"staff": ("a",)})) == []


def test_a_group_within_a_group_is_told_by_itself():
    assert told(read(0, OPEN, nested={"admins": ()}), read(24, OPEN, nested={"admins": ("staff",)})) == [
        ("admins", "changed", ["nested"], "")
    ]


def account(**more):
    return Account(login="a", native_id="1", **more).facts()


def test_our_changes_are_read_from_the_ledger_with_what_nobody_knows_of(tmp_path):
    site = AccountSite(tmp_path / "site")
    site.register(policy={})
    with site.opened() as installation:
        now = installation.clock.now()

        def step(run, name, status, *, done=True, **outcome):
            payload = {"wish": {"do": "disable", "login": "a"}}
            change = {"target": "corp", "iteration": 0, "kind": "accounts", "payload": payload}
            told = [Draft(kind="step_intended", actor="x", run=run, step=name, body={"changes": [change]})]
            if done:
                moment = now.isoformat()
                body = {"status": status, "started_at": moment, "ended_at": moment, **outcome}
                line = {"target": "corp", "iteration": 0, "outcome": body}
                told.append(Draft(kind="step_done", actor="x", run=run, step=name, body={"targets": [line]}))
            return told

        evidence = [{"name": "account", "truncated": False, "text": json.dumps(account(enabled=False))}]
        drafts = [
            *step("R1", "s", "changed", before={"account": account()}, evidence=evidence),
            *step("R2", "s", "already"),
            *step("R3", "s", "unknown"),
            *step("R4", "s", "changed", before={"account": account()}, evidence=[]),
            *step("R5", "s", "", done=False),
            Draft(
                kind="step_intended",
                actor="x",
                run="R6",
                step="s",
                body={"changes": [{"target": "-", "kind": "command", "payload": {}}]},
            ),
            Draft(kind="step_done", actor="x", run="R6", step="s", body={"targets": []}),
        ]
        with installation.database.transaction() as connection:
            installation.ledger.append_all(connection, drafts)
            found = list(our_changes(installation.ledger, connection, since=now))
    assert [(one.run, one.known) for one in found] == [("R1", True), ("R3", False), ("R4", False), ("R5", False)]
    assert (found[0].before.enabled, found[0].after.enabled) == (True, False)
