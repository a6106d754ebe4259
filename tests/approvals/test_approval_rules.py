"""Who may approve: nobody their own, nobody twice, deputies in one person's place and never for that person's own run."""

from datetime import UTC, date, datetime

import pytest

from fixtures_approvals import ALICE, BOB, CAROL, DAVE, ERIN, FRANK, people
from temanashi.people import Actor
from temanashi.runbooks.approval import Approval
from temanashi.runs.approvals.faults import AlreadyVoted, DeputyOfRequester, HasLeft, NotAnApprover, NotAPerson, OwnRequest
from temanashi.runs.approvals.rules import Case, Standing, Vote, judge, ruling

DAY = date(2026, 11, 20)
LEADS = Approval(by=("group:leads",))


def case(rule=LEADS, requester=ALICE, beneficiary="", votes=()):
    return Case(run="r", rule=rule, requester=requester, beneficiary=beneficiary, votes=tuple(votes))


def now(day=DAY, *, escalated=False, **changed):
    return Standing(people=people(**changed), day=day, escalated=escalated)


def voted(approver, verdict="approved", *, principal="", **more):
    identities = frozenset({f"person:{approver}", f"person:{principal or approver}"})
    fields = {"name": approver, "note": "", "at": datetime(2026, 11, 20, tzinfo=UTC), "identities": identities}
    return Vote(approver=approver, principal=principal or approver, verdict=verdict, **fields | more)


def test_somebody_of_the_group_may():
    assert judge(case(), now(), BOB).principal == "bob"
    assert judge(case(), now(), Actor(name="Ｂｏｂ　Ｂ")).approver == "bob"


@pytest.mark.parametrize("spelling", ["alice", "ALICE", "ａｌｉｃｅ", "Alice A", "alice-adm", " ali\u200bce "])
@pytest.mark.parametrize("asked_as", ["alice", "Ａｌｉｃｅ　Ａ", "alice-adm"])
def test_the_requester_never_may_however_either_name_is_spelled(spelling, asked_as):
    with pytest.raises(OwnRequest) as caught:
        judge(case(requester=Actor(name=asked_as)), now(), Actor(name=spelling))
    assert "管理者や代理でも同じ" in __import__("temanashi.text", fromlist=["explain"]).explain(caught.value, "ja").what


def test_a_requester_who_is_not_listed_never_may_either():
    with pytest.raises(OwnRequest):
        judge(case(requester=Actor(name="Zoe Z")), now(), Actor(name="ＺＯＥ z"))


@pytest.mark.parametrize("beneficiary", ["bob", "Bob B", "BOB", "経理部、ＢＯＢ", "Zoe; Bob B"])
def test_the_beneficiary_never_may(beneficiary):
    with pytest.raises(OwnRequest):
        judge(case(beneficiary=beneficiary), now(), BOB)


def test_another_name_at_the_requesters_own_terminal_is_still_the_requester():
    with pytest.raises(OwnRequest):
        judge(case(requester=ALICE), now(), Actor(name="bob", account="alice-adm"))
    with pytest.raises(OwnRequest):
        judge(case(requester=Actor(name="zoe", account="bob")), now(), BOB)
    assert judge(case(), now(), Actor(name="bob", account="root")).principal == "bob"  # an account of nobody is anybody's


@pytest.mark.parametrize("name", ["bob", "alice", "temanashi"])
def test_a_part_of_the_system_never_may(name):
    with pytest.raises(NotAPerson):
        judge(case(), now(), Actor(name=name, kind="system"))


@pytest.mark.parametrize("actor", [FRANK, DAVE.model_copy(update={"name": "nobody we know"})])
def test_who_is_not_named_may_not_and_is_told_who_may(actor):
    with pytest.raises(NotAnApprover, match="Bob B, Carol C"):
        judge(case(), now(), actor)


def test_who_left_may_not():
    with pytest.raises(HasLeft):
        judge(case(), now(), ERIN)
    assert judge(case(), now(date(2026, 11, 19)), ERIN).approver == "erin"


def test_a_deputy_may_in_the_persons_place_while_the_dates_say_so():
    mandate = judge(case(), now(), DAVE)
    assert (mandate.approver, mandate.principal) == ("dave", "carol")
    with pytest.raises(NotAnApprover):
        judge(case(), now(date(2026, 12, 1)), DAVE)


def test_a_deputy_of_the_requester_or_the_beneficiary_may_not():
    for own in (case(requester=CAROL), case(beneficiary="Carol C")):
        with pytest.raises(DeputyOfRequester, match="Carol C"):
            judge(own, now(), DAVE)


def test_a_deputy_never_approves_their_own_request_in_anybodys_place():
    with pytest.raises(OwnRequest):
        judge(case(requester=DAVE), now(), DAVE)


def test_a_person_and_their_deputy_count_once():
    with pytest.raises(AlreadyVoted):
        judge(case(votes=[voted("carol")]), now(), DAVE)
    with pytest.raises(AlreadyVoted):
        judge(case(votes=[voted("dave", principal="carol")]), now(), CAROL)
    with pytest.raises(AlreadyVoted):
        judge(case(votes=[voted("bob")]), now(), Actor(name="ＢＯＢ"))


def test_a_deputy_who_is_an_approver_too_votes_once():
    rule = Approval(by=("bob", "carol", "dave"), count=3)
    assert judge(case(rule), now(), DAVE).principal == "dave"
    with pytest.raises(AlreadyVoted):
        judge(case(rule, votes=[voted("dave")]), now(), DAVE)


def test_those_to_whom_it_is_escalated_may_once_it_is():
    rule = Approval.model_validate({"by": "group:leads", "escalate": {"after_hours": 4, "to": "group:board"}})
    with pytest.raises(NotAnApprover):
        judge(case(rule), now(), FRANK)
    assert judge(case(rule), now(escalated=True), FRANK).approver == "frank"


def test_votes_add_up_by_different_people_and_one_refusal_refuses():
    two = Approval(by=("group:leads",), count=2)
    assert ruling(two, []) == "open"
    assert ruling(two, [voted("bob")]) == "open"
    assert ruling(two, [voted("bob"), voted("bob")]) == "open"
    assert ruling(two, [voted("dave", principal="carol"), voted("carol")]) == "open"
    assert ruling(two, [voted("bob"), voted("carol")]) == "approved"
    assert ruling(two, [voted("bob"), voted("carol"), voted("frank", "refused")]) == "refused"
