"""A directory that does not tell everything, or tells something else: what was not read is never taken for absent."""

import pytest

from fixtures_lying_ldap import entry, finished, lying_ldap, reference
from temanashi.accounts.directories.ldap_faults import LdapUnreachable
from temanashi.accounts.faults import AccountConflict, AccountRefused, IncompleteRead
from temanashi.accounts.model import Scope
from temanashi.accounts.wishes import Wish
from temanashi.text import LANGUAGES, explain

PEOPLE, GROUPS = "ou=people,dc=example,dc=jp", "ou=groups,dc=example,dc=jp"


def person(number):
    return entry(f"uid=p{number},{PEOPLE}", uid=f"p{number}", entryUUID=f"id-{number}", displayName=f"P {number}")


PERSON = person(1)
ALL = [person(number) for number in range(8)]


@pytest.fixture(scope="session")
def read(accounts_slapd):
    """What is read of a server that answers so: `people` and `groups` are answers one after another."""

    def reading(people, groups=(), *, scope=None, product="openldap", more=()):
        left = {PEOPLE: list(people), GROUPS: list(groups or [(finished(),)]), **{base: list(said) for base, said in more}}

        def answers(search):
            said = left[search.base].pop(0) if search.base else [finished(cookie=None)]
            return None if said is None else list(said)

        with lying_ldap(answers, certificate=accounts_slapd.folder / "server.pem") as url:
            directory = accounts_slapd.directory(url=url, page_size=5, product=product)
            return directory.read(scope or Scope())

    return reading


def test_pages_are_put_together_until_there_is_no_more(read):
    seen = read([(*ALL[:5], finished(cookie=b"more")), (*ALL[5:], finished())])
    assert [one.login for one in seen.accounts] == [f"p{number}" for number in range(8)]


@pytest.mark.parametrize(
    ("people", "word"),
    [
        ([(PERSON, finished(cookie=None))], "pages"),
        ([(*ALL, finished())], "pages"),
        ([(PERSON, finished(cookie=b"more")), (PERSON, finished(cookie=None))], "pages"),
        ([(PERSON, finished(12))], "pages"),
        ([(PERSON, finished(4))], "sizeLimitExceeded"),
        ([(*ALL[:5], finished(cookie=b"more")), (PERSON, finished(4))], "sizeLimitExceeded"),
        ([(PERSON, finished(3))], "timeLimitExceeded"),
        ([(PERSON, finished(11))], "adminLimitExceeded"),
        ([(PERSON, finished(50))], "insufficientAccessRights"),
        ([(PERSON, finished(52))], "unavailable"),
        ([(PERSON, reference("ldap://other.example.jp/ou=people,dc=example,dc=jp"), finished())], "other.example.jp"),
        ([(entry(f"uid=p1,{PEOPLE}", uid="p1"), finished())], "uid=p1"),
        ([(entry(f"uid=p1,{PEOPLE}", entryUUID="1"), finished())], "uid=p1"),
    ],
)
def test_what_is_not_all_is_refused_and_says_why(read, people, word):
    with pytest.raises(IncompleteRead, match=word) as caught:
        read(people)
    assert all(explain(caught.value, lang).what for lang in LANGUAGES)


def test_an_answer_that_breaks_off_is_no_answer(read):
    with pytest.raises(LdapUnreachable):
        read([(*ALL[:5], finished(cookie=b"more")), None])
    with pytest.raises(IncompleteRead, match="understood"):
        read([(b"\x64\x84\x00\x00\x00\x01",)])


def test_a_server_that_ignores_filters_tells_of_others_and_they_are_left_out(read):
    seen = read([(*ALL[:5], finished())], [(finished(),), (finished(),)], scope=Scope(logins=("p1",)))
    assert [one.login for one in seen.accounts] == ["p1"]
    assert read([(*ALL[2:5], finished())], scope=Scope(logins=("p1",))).account("p1") is None


def test_two_entries_of_one_login_are_not_chosen_from(read):
    twice = entry(f"cn=other,{PEOPLE}", uid="P1", entryUUID="id-9")
    with pytest.raises(IncompleteRead, match="two entries"):
        read([(PERSON, twice, finished())], scope=Scope(logins=("p1",)))


def ad_person(number):
    dn = f"CN=p{number},{PEOPLE}"
    return entry(dn, sAMAccountName=f"p{number}", objectGUID=bytes([number] * 16), userAccountControl="512", pwdLastSet="1")


def ad_group(members, name="member"):
    return entry(f"CN=ops,{GROUPS}", cn="ops", objectClass=["group"], **{name: members})


def test_a_long_list_of_members_that_comes_in_parts_is_read_to_its_end(read):
    members = [f"CN=p{number},{PEOPLE}" for number in range(5)]
    parts = [
        (ad_group(members[2:4], "member;range=2-3"), finished()),
        (ad_group(members[4:], "member;range=4-*"), finished()),
    ]
    people = [([ad_person(number) for number in range(5)] + [finished()])]
    groups = [(ad_group(members[:2], "member;range=0-1"), finished())]
    seen = read(people, groups, product="active-directory", more=[(f"CN=ops,{GROUPS}", parts)])
    assert seen.groups["ops"] == ("p0", "p1", "p2", "p3", "p4")


@pytest.mark.parametrize(
    "part",
    [(finished(),), (ad_group([], "member;range=2-*"), finished()), (ad_group(["CN=x"], "member;range=0-*"), finished())],
)
def test_a_list_of_members_that_ends_too_early_is_refused(read, part):
    people, groups = [(ad_person(1), finished())], [(ad_group([f"CN=p1,{PEOPLE}", "CN=y"], "member;range=0-1"), finished())]
    with pytest.raises(IncompleteRead, match="member"):
        read(people, groups, product="active-directory", more=[(f"CN=ops,{GROUPS}", [part])])


def test_what_a_domain_always_points_to_is_no_missing_part(read):
    zones = reference("ldap://ad.example.jp/DC=DomainDnsZones,DC=ad,DC=example,DC=jp")
    assert len(read([(ad_person(1), zones, finished())], product="active-directory").accounts) == 1
    child = reference("ldap://child.ad.example.jp/DC=child,DC=ad,DC=example,DC=jp")
    with pytest.raises(IncompleteRead, match="child"):
        read([(ad_person(1), child, finished())], product="active-directory")


@pytest.mark.parametrize(("hangs_up", "fault"), [(False, AccountRefused), (True, LdapUnreachable)])
def test_what_was_not_done_is_told_also_where_the_server_says_yes_and_a_lost_answer_is_not_known(accounts_slapd, hangs_up, fault):
    def answers(search):
        said = {PEOPLE: [PERSON, finished()], GROUPS: [finished()]}
        return said.get(search.base, [finished(cookie=None)])

    with lying_ldap(answers, certificate=accounts_slapd.folder / "server.pem", hangs_up=hangs_up) as url:
        directory = accounts_slapd.directory(url=url)
        wish = Wish(do="set", login="p1", name="New")
        seen = directory.read(Scope(logins=("p1",)))
        with pytest.raises(fault):
            directory.apply(wish, directory.plan(wish, seen), seen, secret=None)


def test_a_group_that_went_away_meanwhile_is_a_conflict(accounts_slapd):
    corp = accounts_slapd.directory()
    login, group = accounts_slapd.person(), accounts_slapd.group("p0011")
    wish = Wish(do="set", login=login, groups=(group,))
    seen = corp.read(Scope(logins=(login,)))
    planned = corp.plan(wish, seen)
    with accounts_slapd.as_root() as root:
        root.delete(f"cn={group},ou=groups,dc=example,dc=jp")
    with pytest.raises(AccountConflict):
        corp.apply(wish, planned, seen, secret=None)
