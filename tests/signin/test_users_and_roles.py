import pytest

from signin.conftest import PASSWORD, YAMADA
from temanashi.people import ROLES, Actor, People
from temanashi.signin.faults import (
    BadUserId,
    LastAdmin,
    NameOfSomebodyElse,
    NoRoleRequest,
    NoSuchUser,
    OldPassword,
    OwnRoleRequest,
    UnknownRole,
    UserExists,
    WeakPassword,
)
from temanashi.signin.passwords import check_strength, made_up
from temanashi.signin.rights import EVERY_RIGHT, RIGHTS, rights_of
from temanashi.signin.roles import ask_role, decide_role, role_named, role_requests, roles_of, with_given
from temanashi.signin.users import actor_of, disable_user, enable_user, list_users, read_user, set_password
from temanashi.text import LANGUAGES, has

SATO, TANAKA = Actor(name="佐藤 次郎"), Actor(name="tanaka")


@pytest.fixture
def ask(book, people):
    def ask(user, role, verb="give", *, actor=YAMADA):
        with book.database.transaction() as connection:
            return ask_role(book, connection, user, role_named(role), verb, actor=actor, people=people, channel="cli")

    return ask


@pytest.fixture
def decide(book, people):
    def decide(request, *, actor, yes=True):
        with book.database.transaction() as connection:
            return decide_role(book, connection, request, yes=yes, actor=actor, people=people, channel="cli")

    return decide


@pytest.fixture
def read(book):
    def read(user):
        with book.database.reading() as connection:
            return read_user(connection, user)

    return read


def test_a_user_is_the_person_of_the_same_id(add, people):
    assert actor_of(add("yamada"), people) == Actor(name="山田 花子", assurance="verified", account="yamada")


def test_a_user_whom_nobody_lists_has_a_name_of_their_own(add, people):
    assert actor_of(add("suzuki", name="鈴木 一郎"), people).name == "鈴木 一郎"


@pytest.mark.parametrize("name", ["佐藤 次郎", "ｓａｔｏ", "hanako@example.jp"])
def test_nobody_gets_the_name_of_somebody_else(add, name):
    with pytest.raises(NameOfSomebodyElse):
        add("mallory", name=name)


def test_a_name_that_became_somebody_elses_is_no_longer_used(add, people):
    user = add("suzuki", name="鈴木 一郎")
    later = People.model_validate({"people": {**people.model_dump()["people"], "ichiro": {"name": "鈴木 一郎"}}})
    assert actor_of(user, later).name == "suzuki"
    taken = People.model_validate({"people": {"ichiro": {"name": "鈴木 一郎", "os": "suzuki"}}})
    with pytest.raises(NameOfSomebodyElse):
        actor_of(user, taken)


@pytest.mark.parametrize("user", ["", "Yamada", "山田", "a b", "../x", "-x", "x" * 81])
def test_odd_names_are_refused(add, user):
    with pytest.raises(BadUserId):
        add(user)


def test_a_name_is_taken_once(add):
    add("yamada")
    with pytest.raises(UserExists):
        add("yamada")


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaa", "yamada-yamada", "yamadayamada1", "x" * 201, "１２３"])
def test_weak_passwords_are_refused(password):
    with pytest.raises(WeakPassword):
        check_strength(password, names=("yamada", "山田 花子"))


def test_a_password_that_we_made_up_is_good_and_never_the_same():
    first, second = made_up(), made_up()
    check_strength(first, names=("admin",))
    assert first != second


def test_the_new_password_is_not_the_old_one(book, add):
    add("yamada")
    with pytest.raises(OldPassword), book.database.transaction() as connection:
        set_password(book, connection, "yamada", PASSWORD, actor=YAMADA, channel="page")


def test_who_is_not_there_is_told_with_the_closest_name(book, add):
    add("yamada")
    with pytest.raises(NoSuchUser) as caught, book.database.transaction() as connection:
        disable_user(book, connection, "yamda", actor=YAMADA, channel="cli")
    assert caught.value.data["close"] == "yamada"


def test_the_only_admin_stays(book, add, ask):
    add("yamada", roles=("admin",))
    with pytest.raises(LastAdmin), book.database.transaction() as connection:
        disable_user(book, connection, "yamada", actor=SATO, channel="cli")
    with pytest.raises(LastAdmin):
        ask("yamada", "admin", "take")


def test_disabled_and_enabled_again(book, add, read, events):
    add("yamada")
    with book.database.transaction() as connection:
        disable_user(book, connection, "yamada", actor=SATO, channel="cli", reason="left")
    assert read("yamada").state == "disabled"
    with book.database.transaction() as connection:
        enable_user(book, connection, "yamada", actor=SATO, channel="cli")
        assert [user.state for user in list_users(connection)] == ["active"]
    assert [event for _, event in events()][-2:] == ["user-disabled", "user-enabled"]


@pytest.mark.parametrize("role", ["viewer", "staff"])
def test_one_person_gives_what_lets_somebody_see(add, ask, read, role):
    add("sato")
    assert ask("sato", role) is None
    assert read("sato").roles == (role,)


@pytest.mark.parametrize("role", ["operator", "approver", "auditor", "admin", "publisher", "emergency", "manager"])
def test_more_takes_two_people(add, ask, decide, read, role):
    add("yamada", roles=("admin",))
    add("tanaka", roles=("admin",))
    add("suzuki")
    request = ask("suzuki", role)
    assert read("suzuki").roles == ()
    with pytest.raises(OwnRoleRequest):
        decide(request.id, actor=Actor(name="ｙａｍａｄａ"))
    decide(request.id, actor=TANAKA)
    assert read("suzuki").roles == (role,)
    with pytest.raises(NoRoleRequest):
        decide(request.id, actor=TANAKA)


def test_who_gets_a_role_does_not_say_yes_where_another_admin_could(add, ask, decide, read):
    for user in ("yamada", "sato"):
        add(user, roles=("admin",))
    add("tanaka")
    request = ask("tanaka", "admin")
    with pytest.raises(OwnRoleRequest):
        decide(request.id, actor=TANAKA)
    assert read("tanaka").roles == ()


def test_the_second_admin_of_all_says_yes_themselves(add, ask, decide, read):
    add("yamada", roles=("admin",))
    add("tanaka")
    decide(ask("tanaka", "admin").id, actor=TANAKA)
    assert read("tanaka").roles == ("admin",)


def test_a_change_is_declined_and_a_later_one_takes_its_place(book, add, ask, decide):
    add("yamada", roles=("admin",))
    add("suzuki")
    first = ask("suzuki", "operator")
    second = ask("suzuki", "operator")
    with pytest.raises(NoRoleRequest):
        decide(first.id, actor=TANAKA)
    decide(second.id, actor=TANAKA, yes=False)
    with book.database.reading() as connection:
        assert role_requests(connection) == []


def test_one_person_takes_a_role_away(add, ask, read):
    add("sato", roles=("operator",))
    assert ask("sato", "operator", "take") is None
    assert read("sato").roles == ()


def test_a_part_of_the_system_is_no_second_person(add, ask, decide):
    add("yamada", roles=("admin",))
    add("suzuki")
    with pytest.raises(OwnRoleRequest):
        decide(ask("suzuki", "operator").id, actor=Actor(name="temanashi", kind="system"))


def test_roles_of_people_yaml_and_of_here_add_up(book, add, people):
    user = add("sato", roles=("viewer",))
    assert roles_of(user, people) == {"viewer", "operator"}
    add("yamada", roles=("operator",))
    with book.database.reading() as connection:
        assert with_given(connection, people).members(("role:operator",)) == {"sato", "yamada"}


def test_an_unknown_role_is_told_with_those_that_there_are():
    with pytest.raises(UnknownRole) as caught:
        role_named("root")
    assert "operator" in caught.value.data["known"]


def test_only_a_worker_works_and_only_an_admin_manages():
    assert not any("work" in rights for rights in RIGHTS.values())
    assert [role for role, rights in RIGHTS.items() if "manage" in rights] == ["admin"]
    for role in ("viewer", "auditor", "manager", "publisher"):
        assert rights_of([role]) - {"audit", "close"} == {"see-own", "see-all", "ask"}
    assert {role for role, rights in RIGHTS.items() if "audit" in rights} == {"auditor", "manager", "admin"}
    assert {role for role, rights in RIGHTS.items() if "close" in rights} == {"operator", "approver", "manager", "admin"}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_role_and_every_right_has_a_name(lang):
    wanted = [f"signin.role-{role}" for role in ROLES] + [f"signin.right-{right}" for right in EVERY_RIGHT if right != "work"]
    assert [key for key in wanted if not has(key, lang)] == []
