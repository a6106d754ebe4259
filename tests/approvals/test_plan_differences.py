"""What changed from one plan to the next, in sentences."""

import pytest

from fixtures_runs import runbook_of
from temanashi.changes import Change, Plan
from temanashi.runbooks.kinds import step_kinds
from temanashi.runbooks.steps.approval import ApprovalStep
from temanashi.runs.approvals.plans import differences, told
from temanashi.text.local import phrase


def change(target="web1", command="a", **more):
    summary = phrase("runbooks.command-summary", host=target, command=command)
    return Change(step="go", target=target, kind="command", summary=summary, **more)


def plan(*changes, version="sha256:" + "1" * 64, inputs=None):
    return told(Plan(runbook="r", version=version, inputs=inputs or {}, changes=changes))


CASES = {
    "nothing": (plan(change()), plan(change()), []),
    "added": (plan(change()), plan(change(), change("web2")), ["Added: Run `a` on web2."]),
    "removed": (plan(change(), change("web2")), plan(change()), ["No longer done: Run `a` on web2."]),
    "another command": (plan(change()), plan(change(command="b")), ["Changed: Run `a` on web1. → Run `b` on web1."]),
    "a precondition": (
        plan(change(preconditions={"lines": 3, "gone": "x"})),
        plan(change(preconditions={"lines": 4})),
        [
            "What it relies on changed: Run `a` on web1. (gone: x → -)",
            "What it relies on changed: Run `a` on web1. (lines: 3 → 4)",
        ],
    ),
    "content alone": (
        plan(change(payload={"timeout": 1})),
        plan(change(payload={"timeout": 2})),
        ["The sentence is the same, but the content changed: Run `a` on web1."],
    ),
    "order": (plan(change(), change("web2")), plan(change("web2"), change()), ["The order changed."]),
    "an input": (plan(change(), inputs={"n": 1}), plan(change(), inputs={"n": 2}), ["Input n changed from “1” to “2”."]),
    "the version": (
        plan(change()),
        plan(change(), version="sha256:" + "2" * 64),
        ["The runbook's version changed from 111111111111 to 222222222222."],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_differences_in_sentences(case):
    before, after, expected = CASES[case]
    assert [sentence.text("en") for sentence in differences(before, after)] == expected
    assert all(sentence.text("ja") for sentence in differences(before, after))


def test_long_values_are_cut():
    before, after = plan(change(preconditions={"x": "a" * 500})), plan(change(preconditions={"x": "b" * 500}))
    (sentence,) = differences(before, after)
    assert len(sentence.text("en")) < 500
    assert "…" in sentence.text("en")


def test_an_approval_step_is_never_applied_cannot_be_taken_back_and_only_the_ledger_knows():
    step = ApprovalStep(runbook_of([{"id": "ask", "approval": "bob"}]).steps[0])
    waiting = change(wait=None)
    assert step.apply(waiting, "key").status == "unknown"
    assert step.observe(waiting).happened == "unknown"
    assert "cannot be taken back" in step.undo(waiting, None).reason.text("en")
    assert "承認は取り消せません" in step.undo(waiting, None).reason.text("ja")


def test_editors_know_the_short_form_and_the_long_one():
    from jsonschema import Draft202012Validator

    from temanashi.runbooks.schema import runbook_schema

    validator = Draft202012Validator(runbook_schema(step_kinds()))
    base = {"id": "a", "title": "t", "description": "d", "category": "routine", "owner": "ops", "steps": [{"command": ["true"]}]}
    long = {"by": ["bob"], "count": 2, "expires": {"hours": 4}, "escalate": {"after_hours": 1, "to": "role:manager"}}
    for good in (
        {"approve": "group:a"},
        {"approve": ["bob", "group:a"]},
        {"approve": long},
        {"approve": {"by": "bob", "expires": "next_business_day"}},
        {"allow": ["bob", "schedule"]},
        {"steps": [{"approval": "bob"}]},
        {"steps": [{"approval": {**long, "text": {"ja": "見る"}}}]},
    ):
        assert [error.message for error in validator.iter_errors(base | good)] == [], good
    for bad in ({"approve": {"bye": "bob"}}, {"approve": {"by": "bob", "expires": "never"}}, {"steps": [{"approval": {}}]}):
        assert not validator.is_valid(base | bad), bad
