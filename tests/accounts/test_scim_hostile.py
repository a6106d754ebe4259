"""Names and filters that somebody types, or a service sends, to reach further: refused before anything is asked, or harmless."""

import json
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures_hostile import hostile_strings
from fixtures_scim import Reply
from temanashi.accounts.directories.scim_attributes import Garbled, attribute, entries, flag, identifier, moment, number, text
from temanashi.accounts.directories.scim_bodies import group_patch
from temanashi.accounts.faults import BadAccountValue, IncompleteRead
from temanashi.accounts.model import Scope
from temanashi.accounts.wide_names import check_login
from temanashi.accounts.wishes import Wish
from temanashi.errors import TemanashiError

FILTERS = [
    *(
        'ann" or userName pr or userName eq "',
        'ann" or "1" eq "1',
        '" or active eq true or userName eq "',
        'x" or not (id pr) or id eq "',
    ),
    *(
        "*",
        "ann*",
        "%",
        "_%",
        "ann or bob",
        "userName pr",
        'userName sw "a"',
        "(ann)",
        "[ann]",
        "ann]",
        'members[value eq "1"]',
        "ann\\",
    ),
    *(
        'ann\\"',
        'ann" #',
        "ann&filter=userName pr",
        "ann&count=0",
        "ann#",
        "ann?x=y",
        "ann%22%20or",
        "ann%00",
        "ann;",
        "ann/..",
        "../Groups",
    ),
    *(
        "..",
        ".",
        "./ann",
        "ann/",
        "/ann",
        "Users/ann",
        "urn:x:y",
        "ann\n",
        "ann\r\nHost: x",
        "ann\x00",
        "ann\t",
        " ann",
        "ann ",
        "an n",
    ),
    *(
        "ａｎｎ",
        "аnn",
        "ann\u200b",
        "ann\u202e",
        "ann\ufeff",
        "ann\u0301",
        "äänn",
        "İnn",
        "ſnn",
        "ﬁnn",
        "山田",
        "👩‍💻",
        "",
        "-ann",
        ".ann",
        "@ann",
    ),
    *(
        "+ann",
        "ann.",
        "ann@",
        "a" * 101,
        "ann'",
        "ann`id`",
        "$(id)",
        "{login}",
        "{{ ann }}",
        "null,",
        "a,b",
        "a:b",
        "a|b",
        "a<b>",
        '"ann"',
    ),
]


def test_at_least_sixty_hostile_user_names_are_refused_before_anything_is_asked(scim_server):
    directory = scim_server()
    scim_server.gate.asked.clear()
    hostile = [*FILTERS, *(one for one in hostile_strings("/tmp/canary") if not _may_be_a_login(one))]
    assert len({*FILTERS}) > 60
    for name in hostile:
        with pytest.raises(BadAccountValue):
            check_login(name)
        for kind, given_values in ((Wish, {"do": "disable", "login": name}), (Scope, {"logins": (name,)})):
            with pytest.raises(ValueError):
                kind.model_validate(given_values)
        with pytest.raises(TemanashiError):
            directory.read(Scope.model_construct(logins=(name,)))
    assert scim_server.gate.asked == []


def _may_be_a_login(name):
    try:
        return bool(check_login(name))
    except BadAccountValue:
        return False


def test_odd_names_that_may_be_logins_touch_nobody_else(scim_server):
    for name in ("ann", "bob", "a.n+n@x", "_svc-1"):
        scim_server.user(name)
    odd = ["true", "null", "0", "__proto__", "constructor", "a.n+n@x", "id", "userName", "eq", "or", "not", "_svc-1", "ANN.", "pr"]
    for name in filter(_may_be_a_login, odd):
        _, account = scim_server.done("disable", name)
        assert (account is not None) == (name in {"a.n+n@x", "_svc-1"})
    off = {one["userName"] for one in scim_server.raw("GET", "/Users")["Resources"] if one.get("active") is False}
    assert off == {"a.n+n@x", "_svc-1"}


def test_user_names_made_by_others_are_read_and_never_taken_for_somebody_else(scim_server):
    """A full-width or accented name that the service holds is another account than the plain one."""
    strange = ["ａｎｎ", "ann ", 'x" or userName eq "ann', "ann\u200b", "äann", "山田"]
    listing = [{"id": str(n), "userName": name, "active": True} for n, name in enumerate(strange)]
    answer = {"totalResults": len(listing), "Resources": listing}
    scim_server.gate.ways.append(lambda asked, _: Reply(200, answer) if "/Users" in asked.path else None)
    assert scim_server().read(Scope(logins=("ann",))).accounts == ()
    assert len(scim_server().read(Scope()).accounts) == len(strange)


def test_ids_become_one_part_of_an_address_and_nothing_else(scim_server):
    for bad in ("a/../../Groups/1", "a?b=c", "a#b", "a%2e", "a b", "日本", 'x"] or members[value pr'):
        listing = {"totalResults": 1, "Resources": [{"id": bad, "userName": "ann", "displayName": "Ann"}]}

        def way(asked, _, listing=listing):
            if "/Users?" in asked.path:
                return Reply(200, listing)
            return Reply(404) if "/Users/" in asked.path else None

        scim_server.gate.ways[:] = [way]
        scim_server.gate.asked.clear()
        with pytest.raises(TemanashiError):
            scim_server.done("disable", "ann")
        parts = {one.path.partition("/Users/")[2] for one in scim_server.gate.asked if "/Users/" in one.path}
        assert parts
        assert all(not set('/?#" ') & set(part) for part in parts)
        path = group_patch(bad, member=False)["Operations"][0]["path"]
        assert path.startswith('members[value eq "')
        assert json.loads(path.removeprefix("members[value eq ").removesuffix("]")) == bad


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8) | st.sampled_from(["id", "name", "ACTIVE"]), inner)
    ),
    max_leaves=12,
)


@given(entry=JSON, path=st.sampled_from(["id", "userName", "name.formatted", "active", "urn:x:User:n", "emails"]))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_a_service_sends_is_read_or_called_garbled(entry, path):
    attribute(entry, path)
    moment(entry, path)
    assert "\n" not in text(entry, path)
    for read in (identifier, number, entries, lambda e, p: flag(e, p, absent=True)):
        with suppress(Garbled):
            read(entry, path)


@given(answer=JSON)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_whatever_a_service_answers_ends_in_a_snapshot_or_a_sentence(scim_server, answer):
    scim_server.gate.ways[:] = [lambda *_: Reply(200, {"totalResults": 1, "Resources": [answer]})]
    try:
        seen = scim_server().read(Scope())
    except IncompleteRead as error:
        told = error
    else:
        told = None
        assert len(seen.accounts) == 1
    assert told is None or "saas" in str(told)
