"""`runbooks/site/tickets.yaml`: every mistake with its line; a kind with one means no task, the others count."""

import json

from temanashi.runbooks.kinds import step_kinds
from temanashi.workspace.faults import fault_lines
from temanashi.workspace.loading import load_workspace

FILE = "runbooks/site/tickets.yaml"
RUNBOOK = {
    "id": "reset-password",
    "title": {"ja": "パスワード再発行", "en": "Reset a password"},
    "description": {"ja": "見本です。", "en": "A sample."},
    "category": "account",
    "owner": "ops",
    "toil": {"demand": {"source": "tickets", "per_month": 10}},
    "steps": [{"id": "go", "manual": {"text": {"ja": "行う", "en": "Do it"}, "minutes": 1}}],
}


def told(folder, text, **change):
    folder.write("runbooks/account/reset-password.yaml", json.dumps(RUNBOOK | change))
    folder.write(FILE, text)
    loaded = load_workspace(folder.root, kinds=step_kinds())
    return fault_lines(loaded.faults, "en"), loaded.tickets


def test_kinds_mean_tasks_and_some_mean_none(folder):
    faults, tickets = told(folder, "kinds: {PW: reset-password, パスワード: reset-password}\nignore: [雑談]\n")
    assert faults == []
    assert tickets.kinds == {"PW": "reset-password", "パスワード": "reset-password"}
    assert tickets.ignore == ("雑談",)


def test_a_kind_with_a_mistake_is_told_with_its_line_and_means_nothing(folder):
    faults, tickets = told(
        folder, "kinds:\n  PW: reset-pasword\n  a: reset-password\n  Ａ: reset-password\nignore:\n  - A\n  - b\n"
    )
    assert [line.partition("  ")[0] for line in faults] == [f"{FILE}:2", f"{FILE}:4", f"{FILE}:6"]
    assert "reset-pasword" in faults[0]
    assert "reset-password" in faults[0]
    assert (dict(tickets.kinds), tickets.ignore) == ({"a": "reset-password"}, ("b",))


def test_a_file_that_is_none_means_nothing(folder):
    faults, tickets = told(folder, "kind: {PW: reset-password}\n")
    assert "unknown key `kind`" in faults[0]
    assert dict(tickets.kinds) == {}
    assert told(folder, "kinds: [PW]\n")[0]


def test_tasks_are_not_doubted_while_a_runbook_cannot_be_read(folder):
    faults, tickets = told(folder, "kinds: {PW: other-task}\n", steps=[])
    assert [line for line in faults if line.startswith(FILE)] == []
    assert dict(tickets.kinds) == {"PW": "other-task"}


def test_a_calendar_needs_no_recorder(folder):
    faults, _ = told(folder, "{}\n", toil={"demand": {"calendar": "day", "source": "tally"}})
    assert len(faults) == 1
    assert "the calendar day lays down" in faults[0] or "calendar: day" in faults[0]
