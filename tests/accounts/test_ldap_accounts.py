"""Accounts of a real OpenLDAP server: read whole, changed by comparing, and what that means for who signs in."""

from datetime import UTC, date, datetime, timedelta

import pytest

from fixtures_accounts_slapd import MANY, ODD, OUR_PASSWORD, OURS, PERSON_PASSWORD, SUFFIX
from temanashi.accounts.directories.ldap_policies import suffix_of
from temanashi.accounts.faults import AccountConflict, AccountRefused, BadAccountValue, WishRefused
from temanashi.accounts.model import Scope
from temanashi.accounts.one_time import new_secret
from temanashi.accounts.wishes import Wish


def done(directory, do, login, *, secret=None, **more):
    """What a run does: read, plan, apply. The fields that changed, and the account afterwards."""
    wish = Wish(do=do, login=login, **more)
    seen = directory.read(Scope(logins=(login,)))
    changes = directory.plan(wish, seen)
    after = directory.apply(wish, changes, seen, secret=secret) if changes else seen
    return [change.field for change in changes], after.account(login)


@pytest.fixture(scope="session")
def slapd(accounts_slapd):
    return accounts_slapd


@pytest.fixture(scope="session")
def corp(slapd):
    return slapd.directory(privileged_groups=("admins", "営業 部"))


def test_everybody_is_read_in_pages_beyond_the_limit_of_the_server(corp):
    seen = corp.read(Scope())
    read = {one.login: one for one in seen.accounts}
    assert {f"p{number:04}" for number in range(MANY)} <= {*read}
    assert {uid.casefold() for _, uid in ODD} <= {*read}
    assert len({one.native_id for one in seen.accounts}) == len(seen.accounts)
    assert (read["p0007"].name, read["p0007"].employee, read["p0007"].last_seen) == ("Person 7", "7", "unknown")


def test_groups_of_every_sort_have_members_also_spelled_otherwise_and_groups_in_them(corp):
    seen = corp.read(Scope())
    assert seen.groups["ops"] == ("p0000", "p0001")
    assert (seen.groups["unix"], seen.groups["unique"]) == (("p0003",), ("p0004",))
    assert seen.groups["admins"] == (f"cn=root,{SUFFIX}",)
    assert {**seen.nested} == {"営業 部": ("ops",), "everybody": ("everybody", "営業 部")}
    assert seen.members("everybody") == {"p0000", "p0001", "p0002", "o(b)*"}
    of = {one.login: one for one in seen.accounts}
    assert of["p0001"].groups == ("ops",)
    assert (of["p0001"].privileged, of["p0003"].privileged) == ("営業 部", "")


def test_one_account_is_read_as_it_is_among_all(corp):
    everybody = {one.login: one for one in corp.read(Scope()).accounts}
    for login in ("p0000", "p0001", "p0002", "p0003", "p0004", "p0009"):
        assert corp.read(Scope(logins=(login,))).account(login) == everybody[login]
    assert corp.read(Scope(logins=("P0001",))).account("P0001").groups == ("ops",)
    assert corp.read(Scope(logins=("nobody",))).account("nobody") is None


def test_after_a_closing_the_right_password_is_refused_and_after_opening_again_it_works(slapd, corp):
    login = slapd.person()
    assert slapd.signs_in(slapd.dn(login), PERSON_PASSWORD) == "success"
    assert done(corp, "disable", login)[0] == ["enabled"]
    assert slapd.signs_in(slapd.dn(login), PERSON_PASSWORD) == "locked"
    assert done(corp, "disable", login)[0] == []
    assert done(corp, "enable", login)[0] == ["enabled"]
    assert slapd.signs_in(slapd.dn(login), PERSON_PASSWORD) == "success"
    assert done(corp, "enable", login)[0] == []


def test_after_an_unlock_the_password_works_again(slapd, corp):
    login = slapd.person()
    for _ in range(4):
        slapd.signs_in(slapd.dn(login), "wrong")
    assert slapd.signs_in(slapd.dn(login), PERSON_PASSWORD) == "locked"
    seen = corp.read(Scope(logins=(login,))).account(login)
    assert (seen.locked, seen.enabled, seen.failures) == (True, True, 3)
    fields, after = done(corp, "unlock", login)
    assert fields == ["locked", "failures"]
    assert (after.locked, after.failures) == (False, 0)
    assert slapd.signs_in(slapd.dn(login), PERSON_PASSWORD) == "success"
    assert done(corp, "unlock", login)[0] == []


def test_after_a_reset_the_old_password_fails_and_a_change_is_forced(slapd, corp):
    login, secret = slapd.person(), new_secret()
    for _ in range(4):
        slapd.signs_in(slapd.dn(login), "wrong")
    fields, after = done(corp, "reset", login, secret=secret)
    assert fields == ["password", "must_change", "locked", "failures"]
    assert (after.must_change, after.password) == (True, "set")
    assert slapd.signs_in(slapd.dn(login), PERSON_PASSWORD) == "invalidCredentials"
    assert slapd.signs_in(slapd.dn(login), secret) == "must-change"
    with slapd.connection(slapd.dn(login), secret) as theirs:
        assert not theirs.search(SUFFIX, "(objectClass=*)", "BASE")
        assert theirs.result["description"] == "insufficientAccessRights"
        assert theirs.extend.standard.modify_password(slapd.dn(login), secret, "My-own-Password-2")
    assert slapd.signs_in(slapd.dn(login), "My-own-Password-2") == "success"
    assert not corp.read(Scope(logins=(login,))).account(login).must_change


def test_an_account_is_opened_with_everything_and_changed_and_taken_back(slapd, corp):
    secret, tomorrow = new_secret(), datetime.now(UTC).date() + timedelta(days=400)
    login, ops, sales = slapd.login(), slapd.group("p0010"), slapd.group("p0010", cn=f"営業 {slapd.login()}")
    unix = slapd.group(objectClass="posixGroup", gidNumber="5001", memberUid="p0010")
    unique = slapd.group(objectClass="groupOfUniqueNames", uniqueMember=slapd.dn("p0010"))
    more = {
        "name": "山田 花子 👩‍💻",
        "employee": "E-77",
        "groups": (ops.upper(), sales),
        "expires_on": tomorrow,
        "with_password": True,
    }
    fields, opened = done(corp, "join", login, secret=secret, **more)
    assert fields == ["account", "name", "employee", "groups", "expires_on", "password", "must_change"]
    assert (opened.name, opened.employee, opened.groups) == ("山田 花子 👩‍💻", "E-77", (ops, sales))
    assert (opened.expires_on, opened.must_change, opened.enabled) == (tomorrow, True, True)
    assert slapd.signs_in(slapd.dn(login), secret) == "must-change"
    assert done(corp, "join", login, secret=new_secret(), **more)[0] == []
    fields, moved = done(corp, "set", login, groups=(unix, unique), not_groups=(ops,), name="鈴木 花子")
    assert fields == ["name", "groups"]
    assert {*moved.groups} == {unique, unix, sales}
    fields, back = done(corp, "restore", login, before=opened.facts())
    assert fields == ["name", "groups"]
    assert back.facts() == opened.facts()


def test_an_end_that_is_over_refuses_the_right_password_by_itself(slapd, corp):
    login = slapd.person()
    fields, after = done(corp, "set", login, expires_on=date(2026, 1, 1))
    assert (fields, after.expires_on) == (["expires_on"], date(2026, 1, 1))
    assert slapd.signs_in(slapd.dn(login), PERSON_PASSWORD) != "success"
    assert done(corp, "set", login, expires_on="never")[1].expires_on is None
    assert slapd.signs_in(slapd.dn(login), PERSON_PASSWORD) == "success"


def test_who_signed_in_was_seen_then(slapd, corp):
    login = slapd.person()
    slapd.signs_in(slapd.dn(login), PERSON_PASSWORD)
    seen = corp.read(Scope(logins=(login,)))
    assert abs(seen.account(login).last_seen - seen.taken_at) < timedelta(minutes=5)


def test_the_last_member_of_a_group_stays_or_a_placeholder_takes_the_place(slapd, corp):
    login = slapd.person()
    group = slapd.group(login)
    before = slapd.whole()
    with pytest.raises(WishRefused, match="last member"):
        done(corp, "set", login, name="Another Name", not_groups=(group,))
    assert slapd.whole() == before
    kept = slapd.directory(placeholder=OURS)
    assert done(kept, "set", login, not_groups=(group,))[1].groups == ()
    assert kept.read(Scope()).groups[group] == ()
    assert done(kept, "set", login, groups=(group,))[1].groups == (group,)


def changed_meanwhile(slapd, corp, login, changes, **wish):
    """Somebody else changes the entry after the plan read it."""
    wished = Wish(login=login, **wish)
    seen = corp.read(Scope(logins=(login,)))
    planned = corp.plan(wished, seen)
    with slapd.as_root() as root:
        root.modify(slapd.dn(login), changes)
        assert root.result["description"] == "success", root.result
    before = slapd.whole()
    with pytest.raises(AccountConflict):
        corp.apply(wished, planned, seen, secret=new_secret())
    assert slapd.whole() == before


def test_what_somebody_else_changed_meanwhile_is_a_conflict_and_stays_as_it_is(slapd, corp):
    off = {"pwdAccountLockedTime": [("MODIFY_REPLACE", ["000001010000Z"])]}
    name = {"displayName": [("MODIFY_REPLACE", ["Somebody Else"])]}
    changed_meanwhile(slapd, corp, slapd.person(), name, do="set", name="New")
    changed_meanwhile(slapd, corp, slapd.person(), name, do="disable")
    changed_meanwhile(slapd, corp, slapd.person(), name, do="set", employee="E-2")
    changed_meanwhile(slapd, corp, slapd.person(), off, do="reset")
    changed_meanwhile(slapd, corp, slapd.person(), off, do="set", expires_on=date(2027, 1, 1))


def test_an_entry_made_anew_under_the_same_name_is_somebody_else(slapd, corp):
    login = slapd.person()
    seen = corp.read(Scope(logins=(login,)))
    wish = Wish(do="disable", login=login)
    planned = corp.plan(wish, seen)
    with slapd.as_root() as root:
        root.delete(slapd.dn(login))
    with pytest.raises(AccountConflict):
        corp.apply(wish, planned, seen, secret=None)
    with slapd.as_root() as root:
        root.add(slapd.dn(login), attributes={"objectClass": "inetOrgPerson", "cn": "x", "sn": "x", "displayName": login})
    with pytest.raises(AccountConflict):
        corp.apply(wish, planned, seen, secret=None)


def test_an_entry_that_came_meanwhile_is_not_opened_again(slapd, corp):
    wish = Wish(do="join", login=slapd.login(), name="New")
    seen = corp.read(Scope(logins=(wish.login,)))
    with slapd.as_root() as root:
        root.add(slapd.dn(wish.login), attributes={"objectClass": "inetOrgPerson", "cn": "x", "sn": "x"})
    with pytest.raises(AccountConflict):
        corp.apply(wish, corp.plan(wish, seen), seen, secret=None)


def test_a_password_that_the_policy_does_not_take_is_told_and_the_old_one_stays(slapd, corp):
    login = slapd.person()
    with pytest.raises(AccountRefused, match="quality") as caught:
        done(corp, "reset", login, secret="short-1A")
    assert "short-1A" not in repr(caught.value) + str(caught.value.data)
    assert slapd.signs_in(slapd.dn(login), PERSON_PASSWORD) == "success"


def test_our_own_account_and_what_does_not_exist_are_not_touched(slapd, corp):
    mine = slapd.directory(user_base=f"ou=svc,{SUFFIX}", user_filter="(objectClass=simpleSecurityObject)", login_attribute="cn")
    with pytest.raises(WishRefused, match="system"):
        done(mine, "disable", "temanashi")
    with pytest.raises(WishRefused, match="no such account"):
        done(corp, "reset", "nobody-here")
    assert done(corp, "disable", "nobody-here") == ([], None)
    with pytest.raises(WishRefused, match="no such group"):
        done(corp, "join", "nobody-here", groups=("nothing",))


def test_the_rights_that_the_documentation_prints_are_enough_and_no_more(slapd, corp):
    login = slapd.person()
    with slapd.connection(OURS, OUR_PASSWORD) as ours:
        refused = [
            (ours.delete, (slapd.dn(login),)),
            (ours.modify, (slapd.dn(login), {"mail": [("MODIFY_REPLACE", ["x@example.jp"])]})),
            (ours.modify, (slapd.dn(login), {"uid": [("MODIFY_ADD", ["second"])]})),
            (ours.modify, (f"cn=other,ou=svc,{SUFFIX}", {"userPassword": [("MODIFY_REPLACE", ["Mine-for-ever-1"])]})),
            (ours.modify, (f"cn=default,ou=policies,{SUFFIX}", {"pwdMinLength": [("MODIFY_REPLACE", ["1"])]})),
            (ours.modify, (f"cn=ops,ou=groups,{SUFFIX}", {"description": [("MODIFY_REPLACE", ["mine"])]})),
            (ours.delete, (f"cn=ops,ou=groups,{SUFFIX}",)),
            (ours.modify_dn, (slapd.dn(login), "uid=other")),
            (ours.add, (f"cn=new,ou=svc,{SUFFIX}", None, {"objectClass": "organizationalRole", "cn": "new"})),
            (ours.add, (f"cn=new,ou=groups,{SUFFIX}", None, {"objectClass": "groupOfNames", "cn": "new", "member": OURS})),
        ]
        for call, arguments in refused:
            call(*arguments)
            assert ours.result["description"] in {"insufficientAccessRights", "noSuchObject"}, (arguments, ours.result)
        ours.search(slapd.dn(login), "(userPassword=*)", "BASE", attributes=["userPassword"])
        assert not ours.response


@pytest.mark.parametrize("policy", ["lax", "missing"])
def test_what_the_password_policy_would_not_enforce_is_refused_instead_of_written_down(slapd, corp, policy):
    """OpenLDAP takes all of it, and lets the person in all the same."""
    login = slapd.person()
    with slapd.as_root() as root:
        root.modify(
            slapd.dn(login),
            {
                "pwdPolicySubentry": [("MODIFY_REPLACE", [f"cn={policy},ou=policies,{SUFFIX}"])],
                "pwdAccountLockedTime": [("MODIFY_REPLACE", ["000001010000Z"])],
                "pwdReset": [("MODIFY_REPLACE", ["TRUE"])],
            },
        )
    assert slapd.signs_in(slapd.dn(login), PERSON_PASSWORD) == "success"
    seen = corp.read(Scope(logins=(login,))).account(login)
    assert (seen.enabled, seen.locked, seen.must_change) == (True, False, False)
    before = slapd.whole()
    wishes = [({"do": "disable"}, "pwdLockout"), ({"do": "reset"}, "pwdMustChange")]
    wishes += [({"do": "set", "expires_on": date(2026, 1, 1)}, "no password policy")] if policy == "missing" else []
    for more, word in wishes:
        with pytest.raises(WishRefused, match=word):
            done(corp, more.pop("do"), login, secret=new_secret(), **more)
    assert slapd.whole() == before


def test_of_several_policies_the_default_is_named_or_only_what_all_enforce_counts(slapd):
    unnamed, wrong = slapd.directory(default_policy=""), slapd.directory(default_policy=f"cn=nothing,{SUFFIX}")
    login = slapd.person()
    for directory in (unnamed, wrong):
        with pytest.raises(WishRefused, match="default_policy"):
            done(directory, "disable", login)
        with pytest.raises(WishRefused, match="default_policy"):
            done(directory, "join", slapd.login(), secret=new_secret(), with_password=True)
    assert done(unnamed, "set", login, expires_on=date(2026, 1, 1))[0] == ["expires_on"]
    assert slapd.signs_in(slapd.dn(login), PERSON_PASSWORD) == "locked"


def test_the_domain_of_a_base_is_found():
    assert suffix_of("ou=people, DC=example,dc=jp") == " DC=example,dc=jp"
    assert suffix_of("ou=people,o=Company") == "o=Company"
    assert suffix_of(r"ou=people,o=A\, B") == r"o=A\, B"


def test_power_over_others_comes_only_by_a_role_that_says_so(slapd, corp):
    login, power = slapd.person(), slapd.group("p0040", cn=f"Power {slapd.login()}")
    with slapd.as_root() as root:
        root.add(f"cn=Domain Admins,ou=groups,{SUFFIX}", "groupOfNames", {"member": slapd.dn("p0040")})
    ruled = slapd.directory(privileged_groups=(power,))
    before = slapd.whole()
    for group in (power.upper(), "domain admins"):
        with pytest.raises(BadAccountValue, match="privileged"):
            done(ruled, "set", login, groups=(group,))
    assert slapd.whole() == before
    after = done(ruled, "set", login, groups=(power,), privileged=True)[1]
    assert after.privileged == power
    assert done(ruled, "set", login, groups=(power,))[0] == []
    assert done(ruled, "set", login, not_groups=(power,))[1].privileged == ""
    assert done(ruled, "restore", login, before=after.facts())[1].groups == (power,)
