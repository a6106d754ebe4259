"""Who is signed in by a real LDAP directory is looked up in it again: gone means signed out, and groups are followed."""

from datetime import UTC, datetime, timedelta

import pytest

from fixtures_prefect import make_place
from fixtures_slapd import LDAP_PASSWORD, SUFFIX
from signin.conftest import PEOPLE, Hand
from temanashi.people import Actor
from temanashi.settings_directories import LdapSettings
from temanashi.signin.directory_faults import DirectoryDown
from temanashi.signin.ldap import Ldap
from temanashi.signin.rereading import reread
from temanashi.signin.roles import roles_of
from temanashi.signin.sessions import open_sessions
from temanashi.signin.signing_in import sign_in_by_ldap
from temanashi.signin.tokens import find_token, make_token
from temanashi.signin.users import read_user, set_password
from temanashi.workspace.first_admin import book_of
from temanashi.workspace.opening import open_installation
from temanashi.workspace.rereading_people import reread_people

READER = {"bind_dn": f"cn=reader,{SUFFIX}", "bind_password": "env:READER"}
GROUPS = {"group_base": f"ou=groups,{SUFFIX}", "roles": {"*": "staff", "ops": "operator"}}
IDLE = timedelta(hours=12)


def directory(slapd, tmp_path, **more):
    given = {"url": slapd.plain, "ca": str(slapd.ca), "user_base": f"ou=people,{SUFFIX}", **GROUPS, **READER}
    settings = {name: value for name, value in (given | more).items() if value is not None}
    return Ldap(LdapSettings.model_validate(settings), root=tmp_path, secret=lambda _: LDAP_PASSWORD)


@pytest.fixture
def ldap(slapd, tmp_path):
    return directory(slapd, tmp_path)


@pytest.fixture
def enter(book, ldap):
    def enter(name, *, ldap=ldap):
        more = {"people": PEOPLE, "today": book.now().date(), "address": "10.0.0.7", "lasting": timedelta(hours=12)}
        return sign_in_by_ldap(book, ldap, name, LDAP_PASSWORD, **more)[0].id

    return enter


@pytest.fixture
def again(book, ldap):
    def again(ldap=ldap, people=PEOPLE):
        return reread(book, ldap, people=people, today=book.now().date())

    return again


def sessions(book, user):
    with book.database.reading() as connection:
        return len(open_sessions(connection, user, now=book.now(), idle=IDLE))


def roles(book, user):
    with book.database.reading() as connection:
        return roles_of(read_user(connection, user), PEOPLE)


def token_of(book, user):
    with book.database.transaction() as connection:
        return make_token(
            book, connection, "script", user=user, scopes=("read",), until=None, actor=Actor(name=user), channel="cli"
        )[1]


def works(book, secret):
    with book.database.reading() as connection:
        return find_token(connection, secret, now=book.now()) is not None


def test_who_is_still_there_stays_and_nothing_is_recorded(slapd, book, enter, again, events):
    with slapd.somebody("stays", "ops"):
        enter("stays")
        before = events()
        assert again() == (("stays",), ())
        assert sessions(book, "stays") == 1
        assert events() == before


def test_who_was_removed_is_signed_out_everywhere_and_their_tokens_end(slapd, book, enter, again, events):
    with slapd.somebody("leaves", "ops"):
        enter("leaves")
        enter("leaves")
        secret = token_of(book, "leaves")
    assert again() == (("leaves",), ("leaves",))
    assert (sessions(book, "leaves"), works(book, secret), roles(book, "leaves")) == (0, False, frozenset())
    assert events()[-3:] == [("ldap", "role-taken"), ("ldap", "role-taken"), ("ldap", "sessions-ended")]
    assert again() == ((), ())


def test_who_was_locked_there_is_no_longer_found_by_the_filter_and_is_signed_out(slapd, tmp_path, book, enter, again):
    """Active Directory marks an account; a filter that leaves those out is all that it takes."""
    with slapd.somebody("locked") as name:
        ldap = directory(slapd, tmp_path, user_filter="(&(uid={name})(!(description=locked)))")
        enter("locked", ldap=ldap)
        with slapd.changing() as tree:
            tree.modify(name, {"description": [("MODIFY_ADD", ["locked"])]})
        assert again(ldap).ended == ("locked",)
        assert sessions(book, "locked") == 0


def test_groups_are_followed_while_the_session_goes_on(slapd, book, enter, again, events):
    with slapd.somebody("moves", "ops") as name:
        enter("moves")
        assert roles(book, "moves") == {"staff", "operator"}
        with slapd.changing() as tree:
            tree.modify(f"cn=ops,ou=groups,{SUFFIX}", {"member": [("MODIFY_DELETE", [name])]})
        assert again().ended == ()
        assert (roles(book, "moves"), sessions(book, "moves")) == ({"staff"}, 1)
        assert events()[-1] == ("ldap", "role-taken")


def test_who_has_no_role_left_is_signed_out(slapd, tmp_path, book, enter, again):
    ldap = directory(slapd, tmp_path, roles={"ops": "operator"})
    with slapd.somebody("nothing", "ops") as name:
        enter("nothing", ldap=ldap)
        with slapd.changing() as tree:
            tree.modify(f"cn=ops,ou=groups,{SUFFIX}", {"member": [("MODIFY_DELETE", [name])]})
        assert again(ldap).ended == ("nothing",)
    assert sessions(book, "nothing") == 0


def test_another_person_who_got_the_same_user_name_is_not_taken_for_them(slapd, book, enter, again):
    with slapd.somebody("reused"):
        enter("reused")
    with slapd.somebody("reused"):
        assert again().ended == ("reused",)
    assert sessions(book, "reused") == 0


def test_who_has_a_password_here_too_keeps_their_tokens(slapd, book, enter, again):
    with slapd.somebody("both"):
        enter("both")
        with book.database.transaction() as connection:
            set_password(book, connection, "both", "another four short words", actor=Actor(name="x"), channel="cli")
        enter("both")
        secret = token_of(book, "both")
    assert again().ended == ("both",)
    assert (sessions(book, "both"), works(book, secret)) == (0, True)


def test_who_left_by_the_list_of_people_is_signed_out(slapd, book, enter, again):
    people = PEOPLE.model_validate({"people": {"quits": {"name": "Quits", "left": "2026-11-19"}}})
    with slapd.somebody("quits"):
        enter("quits")
        assert again(people=people).ended == ("quits",)
    assert sessions(book, "quits") == 0


def test_without_an_account_that_searches_people_are_looked_up_and_their_roles_left_alone(slapd, tmp_path, book, enter, again):
    ldap = directory(slapd, tmp_path, bind_dn=None, bind_password=None)
    with slapd.somebody("alone", "ops") as name:
        enter("alone", ldap=ldap)
        with slapd.changing() as tree:
            tree.modify(f"cn=ops,ou=groups,{SUFFIX}", {"member": [("MODIFY_DELETE", [name])]})
        assert again(ldap).ended == ()
        assert roles(book, "alone") == {"staff", "operator"}
    assert again(ldap).ended == ("alone",)


def test_a_directory_that_is_away_ends_nothing(slapd, tmp_path, book, enter, again):
    with slapd.somebody("waits"):
        enter("waits")
        with pytest.raises(DirectoryDown):
            again(directory(slapd, tmp_path, ca=str(slapd.wrong_ca)))
        assert sessions(book, "waits") == 1


@pytest.fixture
def clock():
    return Hand()


def workplace(tmp_path, slapd, **more):
    place = make_place(tmp_path, sign_in=True)
    roles = '{ "*" = "staff" }'
    given = {"url": slapd.plain, "ca": str(slapd.ca), "user_base": f"ou=people,{SUFFIX}"} | more
    lines = [f"{name} = {value}" if isinstance(value, int) else f'{name} = "{value}"' for name, value in given.items()]
    with (tmp_path / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write("\n".join(["[tool.temanashi.gate.ldap]", *lines, f"roles = {roles}", ""]))
    return place


def signed_in(opened, name):
    ldap = Ldap(opened.settings.gate.ldap, root=opened.settings.root)
    more = {"people": PEOPLE, "today": opened.clock.now().date(), "address": "", "lasting": timedelta(hours=12)}
    sign_in_by_ldap(book_of(opened), ldap, name, LDAP_PASSWORD, **more)


def test_the_watch_asks_once_an_hour(slapd, tmp_path, clock):
    place = workplace(tmp_path, slapd)
    with open_installation(place.root, clock=clock) as opened:
        with slapd.somebody("hourly"):
            signed_in(opened, "hourly")
            assert reread_people(opened) == []
        clock.sleep(3599)
        assert reread_people(opened) == []
        assert sessions(book_of(opened), "hourly") == 1
        clock.sleep(1)
        assert reread_people(opened) == []
        assert sessions(book_of(opened), "hourly") == 0


def test_a_directory_that_does_not_answer_is_told_and_asked_again_when_it_is_due(slapd, tmp_path, clock):
    place = workplace(tmp_path, slapd, ca=str(slapd.wrong_ca))
    with open_installation(place.root, clock=clock) as opened:
        with slapd.somebody("told"):
            right = Ldap(opened.settings.gate.ldap.model_copy(update={"ca": str(slapd.ca)}), root=place.root)
            more = {"people": PEOPLE, "today": datetime.now(UTC).date(), "address": "", "lasting": timedelta(hours=12)}
            sign_in_by_ldap(book_of(opened), right, "told", LDAP_PASSWORD, **more)
            [problem] = reread_people(opened)
            assert slapd.plain in problem.text("ja")
            assert reread_people(opened) == []
        assert sessions(book_of(opened), "told") == 1


@pytest.mark.parametrize("how", ["off", "nobody signs in", "no directory"])
def test_where_there_is_nothing_to_ask_nothing_is_asked(slapd, tmp_path, clock, how):
    if how == "off":
        place = workplace(tmp_path, slapd, recheck_minutes=0, url="ldap://127.0.0.1:1")
    else:
        place = make_place(tmp_path, sign_in=how == "no directory")
    with open_installation(place.root, clock=clock) as opened:
        assert reread_people(opened) == []
