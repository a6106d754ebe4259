"""What a review finds, against companies that are made up from seeds and whose truth is known by construction."""

from collections import Counter
from datetime import timedelta

import pytest

from fixtures_population import NOW, SIZE, TODAY, company
from temanashi.accounts.reviews.findings import FINDINGS, find
from temanashi.accounts.reviews.matching import Known, Matcher
from temanashi.accounts.reviews.population import Entry, Population, Target
from temanashi.accounts.reviews.register import NO_REGISTER, Register
from temanashi.people import People


def found_in(made):
    return find(made.population, made.known, made.register, made.people, day=TODAY)


def target(*entries, where="corp", kind="ldap", **more):
    return Target(where=where, kind=kind, query="all", taken_at=NOW, entries=entries, **more)


def kinds_of(*targets, known=(), register=NO_REGISTER, people=None):
    found = find(Population(targets=targets), known, register, people or People(), day=TODAY)
    return {(one.where, one.entry.login): sorted(one.kinds) for one in found}


@pytest.mark.parametrize("seed", [1, 7, 2026, 31337, 65537, 990])
def test_every_finding_of_three_thousand_accounts_is_found_and_no_other(seed):
    made = company(seed)
    assert [len(one.entries) for one in made.population.targets] == [SIZE] * 3
    found = {(one.where, one.entry.login, kind) for one in found_in(made) for kind in one.kinds}
    assert found - made.truth == set()  # precision 100 %
    assert made.truth - found == set()  # recall 100 %


def test_the_made_up_companies_have_every_kind_of_finding():
    counted = Counter(kind for _, _, kind in company(1).truth)
    assert set(counted) == set(FINDINGS)
    assert min(counted.values()) >= 1
    assert counted["privileged"] > 100


def test_an_account_whose_last_use_nobody_knows_is_never_called_dormant_or_never_used():
    made = company(5)
    assert len(made.unknown) > 300
    for one in found_in(made):
        if one.entry.last_seen == "unknown":
            assert not one.kinds & {"dormant", "never-used"}


def test_findings_of_a_company_come_out_alike_in_any_order():
    made = company(3)
    turned = made.population.model_copy(
        update={
            "targets": tuple(t.model_copy(update={"entries": tuple(reversed(t.entries))}) for t in made.population.targets[::-1])
        }
    )
    again = find(turned, made.known[::-1], made.register, made.people, day=TODAY)
    assert {(o.where, o.entry.login): o.findings for o in again} == {(o.where, o.entry.login): o.findings for o in found_in(made)}


def test_a_privilege_through_groups_tells_the_way_to_it():
    one = target(
        Entry(login="a", native_id="1", groups=("night-shift",)),
        Entry(login="b", native_id="2", groups=("everybody",)),
        nested={"admins": ("server-team",), "server-team": ("night-shift",), "everybody": ("admins",), "night-shift": ("admins",)},
    )
    known = [Known(key="a", logins=("a",)), Known(key="b", logins=("b",))]
    register = Register(privileged=("corp/admins",))
    found = find(Population(targets=(one,)), known, register, People(), day=TODAY)
    assert [f.why.text("en") for f in found[0].findings] == ["Has privileges: admins < server-team < night-shift"]
    assert found[1].findings == ()


def test_the_first_account_of_a_number_is_found_whatever_its_login_says():
    matcher = Matcher([Known(key="1", employee="E1", logins=("sato",)), Known(key="2", employee="E2", logins=("suzuki",))])
    assert matcher.person(Entry(login="suzuki", native_id="x", employee="Ｅ1")).key == "1"
    assert matcher.person(Entry(login="sato", native_id="x", employee="E9")) is None
    assert matcher.person(Entry(login="SATO", native_id="x")).key == "1"
    assert matcher.person(Entry(login="sato@example.co.jp", native_id="x")) is None
    mailed = Matcher([Known(key="1", logins=("sato",))], mail_domains=["example.co.jp"])
    assert mailed.person(Entry(login="Sato@Example.co.jp", native_id="x")).key == "1"
    assert mailed.person(Entry(login="sato@elsewhere.jp", native_id="x")) is None


def test_a_closed_account_of_a_leaver_and_a_dormant_closed_one_are_no_findings():
    entry = Entry(login="a", native_id="1", enabled=False, groups=("sudo",), last_seen=NOW - timedelta(days=900))
    known = [Known(key="a", logins=("a",), ends_on=TODAY - timedelta(days=9))]
    assert kinds_of(target(entry, kind="linux"), known=known) == {("corp", "a"): []}


def test_what_a_directory_itself_tells_of_privileges_is_told_once():
    entry = Entry(login="a", native_id="1", groups=("sudo", "users"), privileged="sudo")
    found = find(
        Population(targets=(target(entry, kind="linux"),)), [Known(key="a", logins=("a",))], NO_REGISTER, People(), day=TODAY
    )
    assert found[0].findings[0].why.data == {"reasons": ["sudo"]}


def test_an_unregistered_service_account_lacks_an_owner_unless_its_directory_tells_one():
    people = People.model_validate({"people": {"keeper": {"name": "K"}}})
    entry = Entry(login="svc", native_id="1", kind="service", last_seen=NOW - timedelta(days=900))
    assert kinds_of(target(entry), people=people)["corp", "svc"] == ["no-owner", "unregistered"]
    owned = entry.model_copy(update={"owner": "keeper"})
    assert kinds_of(target(owned), people=people)["corp", "svc"] == ["unregistered"]


def test_the_digest_of_a_place_changes_with_what_matters_and_not_with_use_or_order():
    entries = (Entry(login="a", native_id="1", groups=("x",)), Entry(login="b", native_id="2"))
    one = target(*entries, groups={"x": ("a", "b")})
    used = target(entries[1].model_copy(update={"last_seen": NOW}), entries[0], groups={"x": ("b", "a")})
    assert one.digest == used.digest
    assert one.digest != target(*entries, groups={"x": ("a",)}).digest
    assert one.digest != target(entries[0], groups={"x": ("a", "b")}).digest
