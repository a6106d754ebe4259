"""Accounts of a real domain controller: what a change means for who signs in, and what nobody meant stays."""

from datetime import UTC, date, datetime, timedelta

import pytest

from fixtures_samba_ad import DOMAIN, OUR_PASSWORD, OURS
from temanashi.accounts.directories.ldap_faults import (
    LdapBadCredentials,
    LdapCertificate,
    LdapDisabled,
    LdapExpired,
    LdapLocked,
    LdapMustChange,
)
from temanashi.accounts.faults import AccountConflict, WishRefused
from temanashi.accounts.model import Scope
from temanashi.accounts.one_time import new_secret
from temanashi.accounts.wishes import Wish

PASSWORD = "Person-Password-1"


def done(directory, do, login, *, secret=None, **more):
    wish = Wish(do=do, login=login, **more)
    seen = directory.read(Scope(logins=(login,)))
    changes = directory.plan(wish, seen)
    after = directory.apply(wish, changes, seen, secret=secret) if changes else seen
    return [change.field for change in changes], after.account(login)


@pytest.fixture(scope="session")
def ad(samba_ad):
    return samba_ad.directory()


def test_closing_opening_unlocking_and_resetting_mean_what_they_say(samba_ad, ad):
    # PASSWD_CANT_CHANGE and NOT_DELEGATED besides a normal account: bits that nobody here means.
    login = samba_ad.person(password=PASSWORD, userAccountControl=str(0x200 | 0x100000))
    who = f"{login}@ad.example.jp"
    assert samba_ad.signs_in(who, PASSWORD) == "success"
    assert done(ad, "disable", login)[0] == ["enabled"]
    assert samba_ad.signs_in(who, PASSWORD) == "533"
    assert samba_ad.attributes(login, "userAccountControl") == {"userAccountControl": str(0x202 | 0x100000)}
    assert done(ad, "disable", login)[0] == []
    assert done(ad, "enable", login)[0] == ["enabled"]
    assert samba_ad.attributes(login, "userAccountControl") == {"userAccountControl": str(0x200 | 0x100000)}
    assert samba_ad.signs_in(who, PASSWORD) == "success"
    for _ in range(4):
        samba_ad.signs_in(who, "wrong")
    assert samba_ad.signs_in(who, PASSWORD) == "775"
    assert ad.read(Scope(logins=(login,))).account(login).locked
    fields, after = done(ad, "unlock", login)
    assert ("locked" in fields, after.locked, after.failures) == (True, False, 0)
    assert samba_ad.signs_in(who, PASSWORD) == "success"
    secret = new_secret()
    fields, after = done(ad, "reset", login, secret=secret)
    assert (fields[:2], after.must_change) == (["password", "must_change"], True)
    assert samba_ad.signs_in(who, PASSWORD) == "52e"
    assert samba_ad.signs_in(who, secret) == "773"


def test_an_end_that_is_over_refuses_the_right_password_by_itself(samba_ad, ad):
    login = samba_ad.person(password=PASSWORD)
    who, later = f"{login}@ad.example.jp", datetime.now(UTC).date() + timedelta(days=30)
    assert done(ad, "set", login, expires_on=later)[1].expires_on == later
    assert samba_ad.signs_in(who, PASSWORD) == "success"
    assert done(ad, "set", login, expires_on=date(2026, 1, 1))[1].expires_on == date(2026, 1, 1)
    assert samba_ad.signs_in(who, PASSWORD) == "701"
    assert done(ad, "enable", login)[1].expires_on is None
    assert samba_ad.signs_in(who, PASSWORD) == "success"


def test_an_account_is_opened_with_everything_and_taken_back(samba_ad, ad):
    login, secret = f"h.{samba_ad.login()}", new_secret()
    ops, sales = samba_ad.group(), samba_ad.group(cn=f"営業 部 {samba_ad.login()}")
    more = {"name": "山田 花子 👩‍💻", "employee": "E-77", "groups": (ops.upper(), sales), "with_password": True}
    fields, opened = done(ad, "join", login, secret=secret, **more)
    assert fields == ["account", "name", "employee", "groups", "password", "must_change"]
    assert (opened.name, opened.employee, {*opened.groups}, opened.primary_group) == (
        "山田 花子 👩‍💻",
        "E-77",
        {ops, sales},
        "Domain Users",
    )
    assert (opened.enabled, opened.must_change, opened.last_seen, len(opened.native_id)) == (True, True, "unknown", 36)
    assert samba_ad.signs_in(f"{login}@ad.example.jp", secret) == "773"
    assert done(ad, "join", login, secret=new_secret(), **more)[0] == []
    fields, moved = done(ad, "set", login, name="鈴木 花子", not_groups=(ops,))
    assert (fields, moved.groups) == (["name", "groups"], (sales,))
    assert done(ad, "restore", login, before=opened.facts())[1].facts() == opened.facts()
    quiet = samba_ad.login()
    assert done(ad, "join", quiet, name="No Password")[1].must_change


def test_members_through_groups_in_groups_are_found_and_power_is_told(samba_ad, ad):
    login = samba_ad.person(password=PASSWORD)
    inner = samba_ad.group(samba_ad.dn(login))
    outer = samba_ad.group(f"CN={inner},OU=Groups,{DOMAIN}")
    with samba_ad.as_admin() as admin:
        admin.modify(f"CN=Domain Admins,CN=Users,{DOMAIN}", {"member": [("MODIFY_ADD", [f"CN={outer},OU=Groups,{DOMAIN}"])]})
    one = ad.read(Scope(logins=(login,))).account(login)
    seen = ad.read(Scope())
    assert one == seen.account(login)
    assert one.groups == (inner,)
    assert "Domain Admins" in one.privileged
    assert login in seen.members("Domain Admins")
    assert seen.nested[outer] == (inner,)
    with samba_ad.as_admin() as admin:
        admin.modify(f"CN=Domain Admins,CN=Users,{DOMAIN}", {"member": [("MODIFY_DELETE", [f"CN={outer},OU=Groups,{DOMAIN}"])]})


def test_accounts_of_the_system_are_read_and_never_changed(samba_ad):
    everybody = samba_ad.directory(user_base=DOMAIN)
    accounts = {one.login: one for one in everybody.read(Scope()).accounts}
    assert {"administrator", "guest", "krbtgt", "svc-temanashi"} <= {login for login, one in accounts.items() if one.system}
    assert "Administrators" in accounts["administrator"].privileged
    for login in ("administrator", "svc-temanashi"):
        with pytest.raises(WishRefused, match="system"):
            done(everybody, "disable", login)


def test_what_somebody_else_changed_meanwhile_is_a_conflict_and_stays(samba_ad, ad):
    for change, wish in (
        ({"userAccountControl": [("MODIFY_REPLACE", ["514"])]}, {"do": "set", "name": "New"}),
        ({"userAccountControl": [("MODIFY_REPLACE", ["514"])]}, {"do": "reset"}),
        ({"displayName": [("MODIFY_REPLACE", ["Somebody Else"])]}, {"do": "set", "name": "New"}),
        ({"accountExpires": [("MODIFY_REPLACE", ["1"])]}, {"do": "set", "expires_on": date(2027, 1, 1)}),
    ):
        login = samba_ad.person(password=PASSWORD)
        wished = Wish(login=login, **wish)
        seen = ad.read(Scope(logins=(login,)))
        with samba_ad.as_admin() as admin:
            admin.modify(samba_ad.dn(login), change)
        before = samba_ad.attributes(login, "whenChanged", "uSNChanged", "pwdLastSet", "displayName")
        with pytest.raises(AccountConflict):
            ad.apply(wished, ad.plan(wished, seen), seen, secret=new_secret())
        assert samba_ad.attributes(login, "whenChanged", "uSNChanged", "pwdLastSet", "displayName") == before


def test_what_ad_would_take_and_not_do_is_refused(samba_ad, ad):
    login = samba_ad.person(password=PASSWORD, userAccountControl=str(0x200 | 0x10000))
    with pytest.raises(WishRefused, match="never to expire"):
        done(ad, "reset", login, secret=new_secret())
    with pytest.raises(WishRefused, match="up to 20"):
        done(ad, "join", "a" * 21, name="Too Long")


def test_a_login_that_another_part_of_the_domain_has_is_not_opened(samba_ad, ad):
    group = samba_ad.group(cn=f"g{samba_ad.login()}")
    for login in ("administrator", group):
        with pytest.raises(WishRefused, match="elsewhere"):
            done(ad, "join", login, name="Somebody")


def test_who_signed_in_was_seen_then(samba_ad, ad):
    login = samba_ad.person(password=PASSWORD)
    samba_ad.signs_in(f"{login}@ad.example.jp", PASSWORD)
    seen = ad.read(Scope(logins=(login,)))
    assert abs(seen.account(login).last_seen - seen.taken_at) < timedelta(minutes=5)


def test_the_delegation_that_the_documentation_prints_is_enough_and_no_more(samba_ad):
    login, group = samba_ad.person(password=PASSWORD), samba_ad.group()
    with samba_ad.connection(OURS, OUR_PASSWORD) as ours:
        refused = [
            (ours.delete, (samba_ad.dn(login),)),
            (ours.modify, (samba_ad.dn(login), {"mail": [("MODIFY_REPLACE", ["x@example.jp"])]})),
            (ours.modify, (f"CN=Administrator,CN=Users,{DOMAIN}", {"accountExpires": [("MODIFY_REPLACE", ["1"])]})),
            (ours.modify, (f"CN=Domain Admins,CN=Users,{DOMAIN}", {"member": [("MODIFY_ADD", [samba_ad.dn(login)])]})),
            (ours.modify, (f"CN={group},OU=Groups,{DOMAIN}", {"description": [("MODIFY_REPLACE", ["mine"])]})),
            (ours.add, (f"CN=mine,CN=Users,{DOMAIN}", None, {"objectClass": "user", "sAMAccountName": "mine"})),
            (ours.add, (f"CN=mine,OU=Groups,{DOMAIN}", None, {"objectClass": "group", "sAMAccountName": "mine"})),
            (ours.modify_dn, (samba_ad.dn(login), "CN=other")),
        ]
        for call, arguments in refused:
            call(*arguments)
            assert ours.result["description"] == "insufficientAccessRights", (arguments, ours.result)
    with pytest.raises(LdapBadCredentials):
        samba_ad.directory(password="wrong").read(Scope())


def test_why_our_own_account_may_not_ask_is_told_apart(samba_ad, ad):
    made = {}
    for fault, more in (
        (LdapDisabled, {"userAccountControl": "514"}),
        (LdapExpired, {"accountExpires": "116444736000000000"}),
        (LdapMustChange, {"pwdLastSet": "0"}),
        (LdapLocked, {}),
    ):
        made[fault] = samba_ad.person(password=PASSWORD, **more)
    for _ in range(4):
        samba_ad.signs_in(f"{made[LdapLocked]}@ad.example.jp", "wrong")
    for fault, login in made.items():
        with pytest.raises(fault) as caught:
            samba_ad.directory(bind_dn=f"{login}@ad.example.jp", password=PASSWORD).read(Scope())
        assert type(caught.value) is fault
        assert PASSWORD not in str(caught.value.data)
    with pytest.raises(LdapCertificate):
        samba_ad.directory(url=samba_ad.url.replace("localhost", "127.0.0.1")).read(Scope())


def test_names_in_every_script_come_back_as_they_were(samba_ad, ad):
    login = samba_ad.person(password=PASSWORD)
    for name in (
        "山田 花子",
        "ヤマダ ﾊﾅｺ",
        "Ｙａｍａｄａ",
        "髙橋 﨑",
        "👩‍💻 絵文字",
        "é e\u0301 が か\u3099",
        'O\'Brien, "Bob" (*)\\=+<>;#',
    ):
        assert done(ad, "set", login, name=name)[1].name == name
        assert done(ad, "set", login, name=name)[0] == []
