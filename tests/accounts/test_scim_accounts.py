"""Accounts at a real SCIM server that is not ours: what is read, changed, refused and confirmed there."""

import unicodedata
from datetime import UTC, datetime

import pytest

from fixtures_scim import Reply
from temanashi.accounts.directories.scim_faults import ScimIgnored, ScimRefused, ScimTaken
from temanashi.accounts.faults import AccountConflict, IncompleteRead, WishRefused
from temanashi.accounts.model import Cap, Scope
from temanashi.accounts.wishes import Wish
from temanashi.text import LANGUAGES, explain

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
NAMES = [
    "山田 花子",
    "ヤマダ ﾊﾅｺ",
    "Ｙａｍａｄａ　Ｔａｒｏ",
    "髙橋 﨑",
    "👩‍💻 絵文字",
    "é e\u0301 が か\u3099",
    'O\'Brien, "Bob" $(id) `id` ; rm -rf / && x',
    'a\\b|c>d<e"]',
]


def test_a_joiner_gets_an_account_with_name_number_mail_and_groups_and_a_second_run_changes_nothing(scim_server):
    sales, ops = scim_server.group("営業部"), scim_server.group("運用 チーム")
    directory = scim_server(user_name="{login}@example.co.jp", email="{login}@mail.example.co.jp")
    wish = {"name": "山田 花子", "employee": "E-1001", "groups": ("営業部", "運用 チーム")}
    fields, account = scim_server.done("join", "h.yamada", directory, **wish)
    assert fields == ["account", "name", "employee", "groups"]
    assert (account.name, account.employee, account.enabled) == ("山田 花子", "E-1001", True)
    assert account.groups == ("営業部", "運用 チーム")
    raw = scim_server.raw("GET", f"/Users/{account.native_id}")
    assert raw["userName"] == "h.yamada@example.co.jp"
    assert raw["name"] == {"formatted": "山田 花子", "familyName": "山田", "givenName": "花子"}
    assert raw["emails"][0]["value"] == "h.yamada@mail.example.co.jp"
    assert scim_server.members(sales) == scim_server.members(ops) == {account.native_id}
    before = len(scim_server.gate.sent("POST", "PATCH", "PUT"))
    assert scim_server.done("join", "h.yamada", directory, **wish)[0] == []
    assert len(scim_server.gate.sent("POST", "PATCH", "PUT")) == before


def test_a_mover_changes_groups_and_nobody_else_is_touched(scim_server):
    ann, bob = scim_server.user("ann", displayName="Ann"), scim_server.user("bob", displayName="Bob")
    old, new = scim_server.group("Old", ann, bob), scim_server.group("New", bob)
    fields, account = scim_server.done("set", "ann", name="Ann B", groups=("New",), not_groups=("Old",))
    assert fields == ["name", "groups"]
    assert account.groups == ("New",)
    assert scim_server.members(old) == {bob}
    assert scim_server.members(new) == {ann, bob}
    assert scim_server.raw("GET", f"/Users/{bob}")["displayName"] == "Bob"


def test_a_leaver_is_switched_off_confirmed_and_comes_back_by_undo_with_everything(scim_server):
    ann = scim_server.user("ann", displayName="Ann", externalId="7")
    scim_server.group("Team", ann)
    fields, account = scim_server.done("disable", "ann")
    assert (fields, account.enabled, account.groups) == (["enabled"], False, ("Team",))
    assert scim_server.raw("GET", f"/Users/{ann}")["active"] is False
    assert scim_server.done("disable", "ann")[0] == []
    assert not scim_server.gate.sent("DELETE")
    before = account.model_copy(update={"enabled": True, "name": "Ann", "groups": ("Team",)}).facts()
    scim_server.done("set", "ann", name="Other", employee="8", not_groups=("Team",))
    fields, account = scim_server.done("restore", "ann", before=before)
    assert sorted(fields) == ["employee", "enabled", "groups", "name"]
    assert account.facts() == before


def test_a_closed_account_is_opened_again_only_when_that_is_asked_for(scim_server):
    scim_server.user("ann", active=False)
    with pytest.raises(WishRefused):
        scim_server.done("join", "ann")
    fields, account = scim_server.done("enable", "ann")
    assert (fields, account.enabled) == (["enabled"], True)


@pytest.mark.parametrize("name", NAMES)
def test_names_in_any_script_come_back_as_they_were_written(scim_server, name):
    fields, account = scim_server.done("join", "ann", name=name)
    assert "name" in fields
    assert unicodedata.normalize("NFC", account.name) == unicodedata.normalize("NFC", name)
    assert scim_server.raw("GET", f"/Users/{account.native_id}")["displayName"] == name
    assert scim_server.done("set", "ann", name=name)[0] == []


def test_composed_and_decomposed_letters_are_one_name_and_full_width_letters_are_another(scim_server):
    scim_server.user("ann", displayName="が é")
    assert scim_server.done("set", "ann", name=unicodedata.normalize("NFD", "が é"))[0] == []
    scim_server.user("bob", displayName="Bob")
    assert scim_server.done("set", "bob", name="Ｂｏｂ")[0] == ["name"]


def test_a_group_whose_name_is_decomposed_at_the_service_is_found_by_the_composed_one(scim_server):
    group = scim_server.group(unicodedata.normalize("NFD", "バックオフィス"))
    _, account = scim_server.done("join", "ann", groups=("バックオフィス",))
    assert scim_server.members(group) == {account.native_id}
    assert scim_server.done("join", "ann", groups=(unicodedata.normalize("NFD", "バックオフィス"),))[0] == []


def test_the_employee_number_may_be_in_the_enterprise_extension_or_nowhere(scim_server):
    directory = scim_server(employee="employeeNumber")
    _, account = scim_server.done("join", "ann", directory, employee="77")
    raw = scim_server.raw("GET", f"/Users/{account.native_id}")
    assert raw[ENTERPRISE]["employeeNumber"] == "77"
    assert "externalId" not in raw
    fields, account = scim_server.done("set", "ann", directory, employee="78")
    assert (fields, account.employee) == (["employee"], "78")
    assert scim_server.done("set", "ann", scim_server(employee="none"), employee="79")[0] == []


def test_all_accounts_are_read_page_by_page_with_groups_in_groups(scim_server):
    ids = [scim_server.user(f"u{n:02}@example.jp") for n in range(23)]
    other = scim_server.user("Admin")
    inner = scim_server.group("Inner", *ids[:3])
    scim_server.group("Outer", other, groups=(inner,))
    seen = scim_server(page=5, user_name="{login}@example.jp", privileged=("Outer",)).read(Scope())
    assert len(seen.accounts) == 24
    assert seen.account("u07").native_id == ids[7]
    assert seen.account(f"admin [{other}]").native_id == other  # not made as ours are: no login of ours by accident
    assert seen.nested == {"Outer": ("Inner",)}
    assert seen.members("Outer") == {f"admin [{other}]", "u00", "u01", "u02"}
    assert {one.login for one in seen.accounts if one.privileged == "Outer"} == {f"admin [{other}]", "u00", "u01", "u02"}
    assert {one.last_seen for one in seen.accounts} == {"unknown"}


def test_what_a_directory_of_this_kind_can_do_depends_on_its_settings(scim_server):
    assert scim_server().caps == {Cap.CAS, Cap.SWITCH, Cap.NESTED, Cap.EMPLOYEE}
    assert scim_server(employee="none", last_seen="meta.lastModified").caps == {Cap.CAS, Cap.SWITCH, Cap.NESTED, Cap.LAST_SEEN}


def test_the_last_sign_in_is_known_where_the_settings_name_its_attribute(scim_server):
    scim_server.user("ann")
    seen = scim_server(last_seen="meta.lastModified").read(Scope(logins=("ann",)))
    assert isinstance(seen.account("ann").last_seen, datetime)
    assert seen.account("ann").last_seen.tzinfo is UTC
    assert scim_server(last_seen="nickName").read(Scope()).account("ann").last_seen == "unknown"


def test_names_are_the_same_in_any_case(scim_server):
    ann = scim_server.user("Ann.B")
    assert scim_server().read(Scope(logins=("ann.b",))).account("ann.b").native_id == ann
    assert scim_server().read(Scope()).account("ann.b").native_id == ann


@pytest.mark.parametrize("do", ["unlock", "reset"])
def test_what_scim_does_not_have_is_refused_with_a_way_out(scim_server, do):
    scim_server.user("ann")
    before = len(scim_server.gate.sent("POST", "PATCH", "PUT"))
    with pytest.raises(WishRefused) as caught:
        scim_server.done(do, "ann")
    assert all(explain(caught.value, lang).next for lang in LANGUAGES)
    assert len(scim_server.gate.sent("POST", "PATCH", "PUT")) == before


def test_an_unknown_group_and_one_of_two_of_the_same_name_are_refused(scim_server):
    ann = scim_server.user("ann")
    one, two = scim_server.group("Twins", ann), scim_server.group("Twins")
    with pytest.raises(WishRefused, match="no such group"):
        scim_server.done("join", "bob", groups=("Nobody",))
    with pytest.raises(WishRefused, match="two groups Twins"):
        scim_server.done("join", "bob", groups=("Twins",))
    with pytest.raises(WishRefused, match="two groups Twins"):
        scim_server.done("set", "ann", not_groups=("Twins",))
    assert (scim_server.members(one), scim_server.members(two)) == ({ann}, set())
    assert scim_server.done("set", "ann", name="Ann")[1].groups == (f"Twins [{one}]",)


def seen_and_changes(service, wish):
    directory = service()
    seen = directory.read(Scope(logins=(wish.login,)))
    return directory, seen, directory.plan(wish, seen)


def test_what_somebody_else_changed_since_is_a_conflict_and_stays(scim_server):
    ann = scim_server.user("ann", displayName="Ann")
    wish = Wish(do="disable", login="ann")
    directory, seen, changes = seen_and_changes(scim_server, wish)
    patch = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}
    scim_server.raw("PATCH", f"/Users/{ann}", {**patch, "Operations": [{"op": "replace", "path": "displayName", "value": "New"}]})
    with pytest.raises(AccountConflict):
        directory.apply(wish, changes, seen, secret=None)
    assert scim_server.raw("GET", f"/Users/{ann}").get("active") is not False


def test_what_somebody_else_changes_at_the_last_moment_is_a_conflict_by_its_version(scim_server):
    ann = scim_server.user("ann", displayName="Ann")
    patch = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}
    wish = Wish(do="disable", login="ann")
    directory, seen, changes = seen_and_changes(scim_server, wish)

    def meanwhile(asked, _):
        if asked.method == "PATCH":
            assert asked.headers["if-match"]
            other = {**patch, "Operations": [{"op": "replace", "path": "nickName", "value": "x"}]}
            scim_server.raw("PATCH", f"/Users/{ann}", other)

    scim_server.gate.ways.append(meanwhile)
    with pytest.raises(AccountConflict):
        directory.apply(wish, changes, seen, secret=None)
    assert scim_server.raw("GET", f"/Users/{ann}").get("active") is not False


def test_a_name_that_somebody_else_took_since_is_a_conflict_and_a_hidden_one_is_told(scim_server):
    wish = Wish(do="join", login="ann", name="Ann")
    directory, seen, changes = seen_and_changes(scim_server, wish)
    scim_server.user("ann", displayName="Stranger")
    with pytest.raises(AccountConflict):
        directory.apply(wish, changes, seen, secret=None)
    empty = {"totalResults": 0, "Resources": []}
    scim_server.gate.ways.append(lambda asked, _: Reply(200, empty) if asked.method == "GET" else None)
    with pytest.raises(ScimTaken):
        directory.apply(wish, changes, seen, secret=None)


@pytest.mark.parametrize("gone", ["user", "group", "renamed"])
def test_what_is_gone_or_has_another_name_since_is_a_conflict(scim_server, gone):
    ann = scim_server.user("ann")
    team = scim_server.group("Team")
    wish = Wish(do="set", login="ann", name="Ann", groups=("Team",))
    directory, seen, changes = seen_and_changes(scim_server, wish)
    if gone == "user":
        scim_server.raw("DELETE", f"/Users/{ann}")
    elif gone == "group":
        scim_server.raw("DELETE", f"/Groups/{team}")
    else:
        body = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Admins"}
        listing = scim_server.raw("GET", "/Groups")

        def renamed(asked, _):
            if asked.method == "GET" and asked.path.partition("?")[0].endswith("/Groups"):
                return Reply(200, listing)
            return None

        scim_server.raw("PUT", f"/Groups/{team}", body)
        scim_server.gate.ways.append(renamed)
    with pytest.raises(AccountConflict):
        directory.apply(wish, changes, seen, secret=None)


def test_a_service_that_says_yes_and_does_nothing_is_found_out(scim_server):
    scim_server.user("ann", displayName="Ann")
    scim_server.gate.ways.append(lambda asked, _: Reply(200, {}) if asked.method == "PATCH" else None)
    with pytest.raises(ScimIgnored) as caught:
        scim_server.done("disable", "ann")
    assert caught.value.data["detail"] == "enabled"
    assert scim_server.clock.monotonic() == 3.5  # it looked again for a while: some services show late what they took


def test_a_service_without_patch_versions_and_search_is_written_as_a_whole_and_keeps_what_we_do_not_know(scim_plain):
    bob = scim_plain.user("bob", displayName="Bob")
    more = {"nickName": "A", "title": "Boss", "emails": [{"value": "ann@example.jp"}]}
    ann = scim_plain.user("ann", displayName="Ann", name={"familyName": "B", "honorificPrefix": "Dr"}, **more)
    group = scim_plain.group("Team", bob)
    other = scim_plain.group("Other", ann, bob)
    directory = scim_plain(employee="employeeNumber")
    wish = {"name": "Ann C", "employee": "5", "groups": ("Team",), "not_groups": ("Other",)}
    fields, _ = scim_plain.done("set", "ann", directory, **wish)
    assert fields == ["name", "employee", "groups"]
    raw = scim_plain.raw("GET", f"/Users/{ann}")
    assert (raw["displayName"], raw["nickName"], raw["title"], raw["emails"][0]["value"]) == (
        "Ann C",
        "A",
        "Boss",
        "ann@example.jp",
    )
    assert raw["name"] == {"formatted": "Ann C", "familyName": "Ann", "givenName": "C", "honorificPrefix": "Dr"}
    assert raw[ENTERPRISE]["employeeNumber"] == "5"
    assert (scim_plain.members(group), scim_plain.members(other)) == ({ann, bob}, {bob})
    assert not scim_plain.gate.sent("PATCH")
    assert scim_plain.done("disable", "ann", directory)[1].enabled is False
    assert scim_plain.done("set", "ann", directory, **wish) == ([], scim_plain.done("disable", "ann", directory)[1])


def test_a_service_that_refuses_patch_without_having_said_so_is_written_as_a_whole(scim_server):
    scim_server.user("ann", displayName="Ann")
    scim_server.gate.ways.append(lambda asked, _: Reply(405) if asked.method == "PATCH" else None)
    assert scim_server.done("set", "ann", name="Ann B")[1].name == "Ann B"
    assert scim_server.gate.sent("PUT")[0].headers["if-match"]


def test_a_member_is_taken_out_by_name_alone_never_all_of_them(scim_server):
    ann, bob = scim_server.user("ann"), scim_server.user("bob")
    scim_server.group("Team", ann, bob)
    scim_server.done("set", "ann", not_groups=("Team",))
    (operation,) = scim_server.gate.sent("PATCH")[-1].json["Operations"]
    assert operation == {"op": "remove", "path": f'members[value eq "{ann}"]'}


def test_a_service_that_wants_to_be_told_the_address_of_a_member_is_told(scim_server):
    group = scim_server.group("Team")
    ann = scim_server.user("ann")

    def strict(asked, _):
        if asked.method != "PATCH" or "/Groups/" not in asked.path:
            return None
        (operation,) = asked.json["Operations"]
        wanting = operation["op"] == "add" and "$ref" not in operation["value"][0]
        return Reply(400, {"detail": "Field 'ref' is required"}) if wanting or operation["op"] == "remove" else None

    scim_server.gate.ways.append(strict)
    assert scim_server.done("set", "ann", groups=("Team",))[1].groups == ("Team",)
    assert scim_server.gate.sent("PATCH")[-1].json["Operations"][0]["value"] == [
        {"value": ann, "$ref": f"{scim_server.base}/Users/{ann}"}
    ]
    with pytest.raises(ScimRefused):
        scim_server.done("set", "ann", not_groups=("Team",))
    assert scim_server.members(group) == {ann}


def test_members_that_are_told_only_one_by_one_are_asked_for(scim_server):
    ann = scim_server.user("ann")
    scim_server.group("Team", ann)

    def short(asked, real):
        reply = real()
        if "/Groups?" in asked.path:
            import json

            body = json.loads(reply.raw)
            reply.raw = {**body, "Resources": [{k: v for k, v in one.items() if k != "members"} for one in body["Resources"]]}
        return reply

    scim_server.gate.ways.append(short)
    assert scim_server().read(Scope()).account("ann").groups == ()
    assert scim_server(members="asked").read(Scope()).account("ann").groups == ("Team",)


def test_a_service_with_no_groups_has_accounts_all_the_same(scim_server):
    scim_server.user("ann")
    for status in (404, 501):
        scim_server.gate.ways[:] = [lambda asked, _, status=status: Reply(status) if "/Groups" in asked.path else None]
        seen = scim_server().read(Scope())
        assert (len(seen.accounts), dict(seen.groups)) == (1, {})


def test_a_service_that_takes_addresses_only_and_fails_when_asked_for_pages_is_served(scim_server):
    def strict(asked, _):
        if asked.method == "POST" and any(set(one) != {"value"} for one in asked.json.get("emails", [])):
            return Reply(400, {"detail": "Extra inputs are not permitted: emails, 0, type"})
        return Reply(500) if "count=" in asked.path else None

    scim_server.gate.ways.append(strict)
    directory = scim_server(page=0, email="{login}@example.jp")
    account = scim_server.done("join", "ann", directory)[1]
    assert scim_server.raw("GET", f"/Users/{account.native_id}")["emails"] == [{"value": "ann@example.jp"}]
    scim_server.gate.ways.append(lambda asked, _: Reply(400) if asked.method == "POST" else None)
    with pytest.raises(ScimRefused):
        scim_server.done("join", "bob", directory)


def test_a_service_that_gives_less_than_everything_at_once_is_asked_on(scim_server):
    pages = [{"totalResults": 3, "Resources": [{"id": str(n), "userName": f"u{n}"}]} for n in (1, 2, 3)]
    asked_for = []

    def short(asked, _):
        if "/Groups" in asked.path:
            return Reply(200, {"totalResults": 0})
        asked_for.append(asked.path.partition("?")[2])
        return Reply(200, pages[len(asked_for) - 1])

    scim_server.gate.ways.append(short)
    assert len(scim_server(page=0).read(Scope()).accounts) == 3
    assert asked_for == ["", "startIndex=2", "startIndex=3"]


def test_two_users_of_one_name_stop_the_read(scim_server):
    two = [{"id": "1", "userName": "ann"}, {"id": "2", "userName": "ANN"}]
    listing = {"totalResults": 2, "Resources": two}
    scim_server.gate.ways.append(lambda asked, _: Reply(200, listing) if "/Users" in asked.path else None)
    for scope in (Scope(), Scope(logins=("ann",))):
        with pytest.raises(IncompleteRead, match="two users ann"):
            scim_server().read(scope)
