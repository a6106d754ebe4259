"""Logins, groups, names and distinguished names that somebody types to reach further: refused before I/O, or they stay values."""

import unicodedata

import pytest

from fixtures_accounts_slapd import ODD, SUFFIX
from fixtures_hostile import hostile_strings
from temanashi.accounts.directories.ldap_names import dn_key, equals, new_dn
from temanashi.accounts.faults import AccountConflict, BadAccountValue, WishRefused
from temanashi.accounts.model import Scope
from temanashi.accounts.names import check_display_name
from temanashi.accounts.wide_names import check_group, check_login
from temanashi.accounts.wishes import Wish

OWN = [
    *("*", "a*", "*)(uid=*", "a)(|(uid=*", "a))(|(objectClass=*", "(uid=a)", "a\\2a", "\\2a", "\\", "a\\", "a\\00", "a\x00b"),
    *(
        "a,ou=people",
        "a,dc=example,dc=jp",
        "uid=a",
        "uid=a+cn=b",
        "a+b=c",
        "a;b",
        "a=b",
        "#a",
        "#0401",
        " a",
        "a ",
        "a\n",
        "a\r\nb",
    ),
    *('"a"', 'a"b', "<a>", "a<b", "a>b", "a~=b", "a>=b", "a<=b", "a:=b", "a:1.2.840.113556.1.4.803:=2", "&", "|", "!", "!(uid=a)"),
    *(
        "(&)",
        "(|)",
        "%2a",
        "&#42;",
        "\u202ea",
        "a\u200bb",
        "a\u00adb",
        "ａ*",
        "＊",
        "（*）",
        "a\u0000*",
        "\ud800",
        "é*",
        "\x7f",
        "\x85",
    ),
    *("cn=ops,ou=groups,dc=example,dc=jp", "<GUID=00>", "<SID=S-1-5-32-544>", "..", "../a", "{login}", "{dn}", "$(id)", "`id`", ""),
    *("a" * 200, "ldap://x/", "p0001)(userPassword=*", "p0001*", "p0001\\29", "p000?", "p0001#", "p0001,", "p0001/"),
]


def _same(one, other):
    return unicodedata.normalize("NFKC", one).casefold() == unicodedata.normalize("NFKC", other).casefold()


def passes(check, text):
    try:
        check(text)
    except BadAccountValue:
        return False
    return True


def test_hostile_logins_and_groups_are_refused_before_anything_is_asked(accounts_slapd):
    away = accounts_slapd.directory(url="ldaps://localhost:1")
    refused = [text for text in [*OWN, *hostile_strings("/tmp/x", 400)] if not passes(check_login, text)]
    assert len(refused) > 300
    for text in refused:
        with pytest.raises((BadAccountValue, ValueError)):
            away.read(Scope.model_construct(logins=(text,)))
        with pytest.raises(ValueError, match="logins"):
            Scope(logins=(text,))
        with pytest.raises(ValueError, match="login"):
            Wish(do="disable", login=text)
    groups = [text for text in OWN if not passes(check_group, text)]
    assert len(groups) > 60
    for text in groups:
        with pytest.raises(ValueError, match="groups"):
            Wish(do="set", login="a", groups=(text,))


def test_values_that_are_written_reach_one_entry_and_come_back_as_they_were(accounts_slapd):
    corp, login = accounts_slapd.directory(), accounts_slapd.person()
    names = [text for text in [*OWN, *hostile_strings("/tmp/x", 400)] if passes(check_display_name, text)]
    assert len(names) > 60
    before = accounts_slapd.whole()
    for text in names[:70]:
        wish = Wish(do="set", login=login, name=text)
        seen = corp.read(Scope(logins=(login,)))
        if changes := corp.plan(wish, seen):
            after = corp.apply(wish, changes, seen, secret=None)
            assert after.account(login).name == text
    after = accounts_slapd.whole()
    mine = accounts_slapd.dn(login)
    assert {dn: one for dn, one in after.items() if dn != mine} == {dn: one for dn, one in before.items() if dn != mine}
    assert len(after) == len(before)


def test_groups_with_signs_are_found_by_their_whole_name_only(accounts_slapd):
    corp, login = accounts_slapd.directory(), accounts_slapd.person()
    name = accounts_slapd.group("p0020", cn=f"R&D (東京) {accounts_slapd.login()}")
    before = accounts_slapd.whole()
    for text in ("R&D", "R&D (東京)", "(東京)", "o(b)", "p0020", name[:-1]):
        with pytest.raises(WishRefused):
            corp.plan(Wish(do="set", login=login, groups=(text,)), corp.read(Scope(logins=(login,))))
    wish = Wish(do="set", login=login, groups=(name,))
    seen = corp.read(Scope(logins=(login,)))
    assert corp.apply(wish, corp.plan(wish, seen), seen, secret=None).account(login).groups == (name,)
    after = accounts_slapd.whole()
    changed = {dn for dn in after if after[dn] != before.get(dn)}
    assert changed == {f"cn={name},ou=groups,{SUFFIX}", accounts_slapd.dn(login)}


def test_a_value_in_a_filter_or_a_name_means_itself_and_no_other_entry(accounts_slapd):
    values = [text for text in OWN if text and not set(text) & set("\x00\ud800") and text == text.strip()]
    assert len(values) > 60
    with accounts_slapd.as_root() as root:
        for text in values:
            root.search(f"ou=people,{SUFFIX}", equals("uid", text), attributes=["uid"])
            found = [one["raw_attributes"]["uid"][0].decode() for one in root.response]
            # The server takes full-width forms for the same letter, as everybody does who searches there.
            assert all(_same(one, text) for one in found), (text, found)
        for rdn, uid in ODD:
            root.search(f"ou=people,{SUFFIX}", equals("uid", uid.strip()), attributes=["uid"])
            assert [dn_key(one["dn"]) for one in root.response] == [dn_key(f"{rdn},ou=people,{SUFFIX}")]
        made = 0
        for text in values[:40]:
            dn = new_dn("cn", text, f"ou=people,{SUFFIX}")
            root.add(dn, attributes={"objectClass": "person", "cn": text, "sn": "x"})
            if root.result["description"] == "success":
                root.search(dn, "(objectClass=*)", "BASE", attributes=["cn"])
                assert [one.decode() for one in root.response[0]["raw_attributes"]["cn"]] == [text]
                assert dn_key(root.response[0]["dn"]) == dn_key(dn)
                made += root.delete(dn)
        assert made > 30


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("uid=a,ou=People,dc=x", "UID=A, OU=people ,DC=X"),
        (r"cn=a\2cb,dc=x", r"cn=a\,b,dc=x"),
        (r"cn=a\5Cb,dc=x", r"CN=a\\b,dc=x"),
        ("cn=a+uid=b,dc=x", "uid=b+cn=a,dc=x"),
        ("cn=山田,dc=x", r"cn=\e5\b1\b1\e7\94\b0,dc=x"),
        ("cn=a  b,dc=x", "cn=a b,dc=x"),
    ],
)
def test_the_same_name_spelled_otherwise_is_the_same(one, other):
    assert dn_key(one) == dn_key(other)
    assert dn_key(one) != dn_key(one.replace("dc=x", "dc=y"))


def test_names_that_only_look_alike_are_not_the_same():
    assert dn_key(r"cn=a\,dc=x") != dn_key("cn=a,dc=x")
    assert dn_key(r"cn=a\+uid=b,dc=x") != dn_key("cn=a+uid=b,dc=x")
    assert dn_key("cn=a,cn=b") != dn_key("cn=b,cn=a")


def test_an_entry_under_the_name_of_a_new_one_is_not_taken_over(accounts_slapd):
    """Somebody sits on the distinguished name with another login."""
    corp, login = accounts_slapd.directory(), accounts_slapd.login()
    with accounts_slapd.as_root() as root:
        root.add(f"uid={login},ou=people,{SUFFIX}", attributes={"objectClass": "inetOrgPerson", "cn": "x", "sn": "x"})
        root.modify(f"uid={login},ou=people,{SUFFIX}", {"uid": [("MODIFY_ADD", [f"other-{login}"])]})
    seen = corp.read(Scope(logins=(login,)))
    assert seen.account(login).login == login
    wish = Wish(do="join", login=f"other-{login}", name="x")
    seen = corp.read(Scope(logins=(wish.login,)))
    assert seen.account(wish.login) is not None
    fresh = Wish(do="join", login=accounts_slapd.login(), name="x")
    seen = corp.read(Scope(logins=(fresh.login,)))
    corp.apply(fresh, corp.plan(fresh, seen), seen, secret=None)
    with pytest.raises(AccountConflict):
        corp.apply(fresh, corp.plan(fresh, seen), seen, secret=None)
